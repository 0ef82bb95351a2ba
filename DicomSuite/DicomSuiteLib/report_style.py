"""How the report page looks: light and dark, on a screen and on paper, without anything from elsewhere."""

STYLE = """
:root {
  color-scheme: light dark;
  --page: #f4f6f8; --card: #ffffff; --ink: #17212b; --soft: #566573; --line: #dde3e9;
  --bar: #9fcbd0; --code: #eef2f5;
  --good: #1b6e3c; --good-back: #e4f4ea; --warn: #8a5300; --warn-back: #fdf1dc; --bad: #a32020; --bad-back: #fce8e8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #10161c; --card: #1a222b; --ink: #e7edf3; --soft: #9fb0bf; --line: #303c48;
    --bar: #2d6d75; --code: #253039;
    --good: #86d9a4; --good-back: #163424; --warn: #f2c27a; --warn-back: #3a2b12; --bad: #ff9d9d; --bad-back: #431d1f;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif;
}
main { max-width: 62rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
header p { margin: 0; color: var(--soft); }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .25rem; letter-spacing: -.01em; }
h2 { font-size: 1.2rem; margin: 0 0 .75rem; }
h3 { font-size: 1rem; margin: 1.75rem 0 .4rem; }
p { margin: .5rem 0; max-width: 54rem; }
section {
  background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: 1.4rem 1.6rem; margin-top: 1.25rem;
}
.verdict { display: flex; gap: 1rem; align-items: flex-start; border-left-width: 6px; }
.verdict strong { display: block; font-size: 1.2rem; line-height: 1.35; }
.verdict p { margin: .3rem 0 0; }
.verdict .sign { font-size: 1.6rem; line-height: 1.2; font-weight: 700; }
.good { background: var(--good-back); border-color: var(--good); } .good .sign, .good strong { color: var(--good); }
.warn { background: var(--warn-back); border-color: var(--warn); } .warn .sign, .warn strong { color: var(--warn); }
.bad { background: var(--bad-back); border-color: var(--bad); } .bad .sign, .bad strong { color: var(--bad); }
.sum { display: flex; flex-wrap: wrap; align-items: stretch; gap: .75rem; }
.sum > div { flex: 1 1 7.5rem; border: 1px solid var(--line); border-radius: 8px; padding: .7rem .9rem; }
.sum > span { align-self: center; color: var(--soft); font-size: 1.4rem; }
.sum + p, table + p { margin-top: 1rem; }
.number { display: block; font-size: 1.7rem; line-height: 1.2; font-weight: 650; font-variant-numeric: tabular-nums; }
.label { color: var(--soft); font-size: .9rem; }
dl { display: grid; grid-template-columns: minmax(9rem, max-content) 1fr; gap: .45rem 1.5rem; margin: 0; }
dt { color: var(--soft); } dd { margin: 0; }
ul { margin: .5rem 0; padding-left: 1.2rem; } li { margin: .4rem 0; max-width: 54rem; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th { text-align: left; color: var(--soft); font-weight: 600; border-bottom: 2px solid var(--line); }
td { border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
th, td { padding: .4rem .9rem .4rem 0; } th:last-child, td:last-child { padding-right: 0; }
.count { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; width: 1%; }
.key { white-space: nowrap; width: 1%; }
.tags { width: 27%; } .rule { width: 24%; } .bars { width: 34%; }
.bar { display: block; height: .75rem; margin-top: .4rem; border-radius: 3px; background: var(--bar); min-width: 2px; }
code {
  font: .88em/1.4 ui-monospace, "SF Mono", Consolas, "DejaVu Sans Mono", monospace;
  background: var(--code); border-radius: 4px; padding: .1em .35em;
}
td code { background: none; padding: 0; }
pre { background: var(--code); border-radius: 8px; padding: .8rem 1rem; overflow-x: auto; margin: .6rem 0; }
pre code { background: none; padding: 0; }
@media (max-width: 40rem) { dl { grid-template-columns: 1fr; } dd { margin-bottom: .5rem; } }
@media print {
  :root {
    color-scheme: light;
    --page: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #bbb; --bar: #999; --code: #f2f2f2;
    --good: #14522d; --good-back: #fff; --warn: #6b4000; --warn-back: #fff; --bad: #801616; --bad-back: #fff;
  }
  body { font-size: 10pt; }
  main { max-width: none; padding: 0; }
  section { border: 0; border-top: 1px solid var(--line); border-radius: 0; padding: .9rem 0; }
  .verdict { border: 2px solid; padding: .8rem 1rem; }
  h2, h3 { break-after: avoid; } tr, .verdict, .sum, li { break-inside: avoid; } thead { display: table-header-group; }
  .bar { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  pre { white-space: pre-wrap; }
}
"""

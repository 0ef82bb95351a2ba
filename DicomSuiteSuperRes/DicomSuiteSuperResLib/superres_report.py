"""The results of a run as one HTML page that stands alone: what was made of what, how good it is, and pictures."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from DicomSuiteLib.report_page import banner, escape, page, section, table

TITLE = "Thin slices from thick ones"

PICTURE = "width:100%;height:auto;border-radius:6px;background:#000;margin-top:.75rem"

FIGURES = {
    "psnr_db": ("PSNR, dB", "{:.2f}"),
    "ssim": ("SSIM", "{:.4f}"),
    "mae": ("Mean absolute error", "{:.4g}"),
    "edge_sharpness": ("Edge sharpness", "{:.3f}"),
}
"""Heading of a measure, and how its number is shown."""
FIGURES_MEAN = (
    "Inside the head of the reference, over all voxels. PSNR is scaled by the range from the 0.1th to the 99.9th "
    "percentile of the reference; edge sharpness is 1 where edges are as steep as the reference's."
)


def render(content: Mapping[str, Any], folder: Path) -> str:
    """The page for the content of superres.json; pictures and drawings are read from `folder`."""
    body = _header(content)
    body += "".join(
        banner("bad", "!", f"{entry['input']}: no {entry['what']}", entry["reason"]) for entry in content["refused"]
    )
    body += "".join(section(_heading(output), _output(output, folder)) for output in content["outputs"])
    return page(TITLE, body)


def _header(content: Mapping[str, Any]) -> str:
    model = content["model"]
    words = f"Model {model['name']}, version {model['version']} (SHA-256 {model['sha256'][:12]}…)."
    warning = f"Every result is {content['derived']}: what lies between the acquired slices is an estimate."
    return f"<header><h1>{TITLE}</h1><p>{escape(words)}</p></header>\n" + banner("warn", "!", "Derived images", warning)


def _heading(output: Mapping[str, Any]) -> str:
    return f"{output['number']}. {output['input']}"


def _output(output: Mapping[str, Any], folder: Path) -> str:
    parts = [_facts(output)]
    if output["warnings"]:
        parts.append("<ul>" + "".join(f"<li>{escape(words)}</li>" for words in output["warnings"]) + "</ul>")
    if output["metrics"]:
        parts.append(f"<h3>Against the reference</h3>{_metrics(output['metrics'])}")
    parts += [(folder / name).read_text(encoding="utf-8") for name in output["files"] if name.endswith(".svg")]
    parts += [_picture(folder / name) for name in output["pictures"]]
    return "".join(parts)


def _facts(output: Mapping[str, Any]) -> str:
    facts = {
        "File": output["file"],
        "As acquired": _grid(output["input_size"], output["input_spacing"]),
        "Result": _grid(output["size"], output["spacing"]),
        "Thick axis": output["axis"],
        "Time": f"{output['seconds']:.1f} s",
    }
    lines = (f"<dt>{escape(name)}</dt><dd>{escape(words)}</dd>" for name, words in facts.items())
    return f"<dl>{''.join(lines)}</dl>"


def _grid(size: Sequence[int], spacing: Sequence[float]) -> str:
    voxels, lengths = (" × ".join(f"{number:.4g}" for number in numbers) for numbers in (size, spacing))
    return f"{voxels} voxels of {lengths} mm"


def _metrics(metrics: Mapping[str, Mapping[str, float | None]]) -> str:
    rows = [
        (escape(method), *(_shown(figures[name], form) for name, (_, form) in FIGURES.items()))
        for method, figures in metrics.items()
    ]
    headings = ("Method", *(words for words, _ in FIGURES.values()))
    counts = ("", *("count" for _ in FIGURES))
    return table(headings, counts, rows) + f'<p class="label">{escape(FIGURES_MEAN)}</p>'


def _shown(figure: float | None, form: str) -> str:
    return "–" if figure is None else form.format(figure)


def _picture(path: Path) -> str:
    data = base64.b64encode(path.read_bytes()).decode("ascii")
    words = "A plane across the slices: as acquired, by cubic interpolation, and super-resolved"
    return f'<img src="data:image/png;base64,{data}" alt="{words}" style="{PICTURE}">'

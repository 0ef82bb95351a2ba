"""The report as one HTML page for people: what was done, what stays, what was quarantined, what nobody checked.

Self-contained: no script, nothing loaded from elsewhere. It shows no value of any attribute, and no date of its own, so
that two runs over the same files give the same page.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from functools import cache

from DicomSuiteAnonymizeLib.ps315 import Option, row_for, rows
from DicomSuiteAnonymizeLib.report_words import DATES, EDITS, KEPT, MEANINGS, PSEUDONYMS
from DicomSuiteLib.report_page import banner, escape, page, section, table

TYPE_CHECKING = False  # typing and html are not imported: the command's start is short
if TYPE_CHECKING:
    from typing import Any

_PRIVATE = "private attribute"


def render(report: Mapping[str, Any]) -> str:
    """The page for the content of report.json."""
    body = "".join(
        (
            _header(report),
            _verdict(report),
            _files(report),
            _rules(report),
            _kept(report),
            _edits(report),
            _quarantined(report),
            _actions(report["actions"]),
            _not_covered(report),
            _verification(report),
            _attributes(report["attributes"]),
        )
    )
    return page("De-identification report", body)


def _header(report: Mapping[str, Any]) -> str:
    return (
        "<header><h1>De-identification report</h1>"
        f"<p>{escape(report['tool'])} · rules of DICOM PS3.15, edition {escape(report['edition'])}</p></header>\n"
    )


def _verdict(report: Mapping[str, Any]) -> str:
    files = report["files"]
    dicom = files["written"] - sum(report["other_formats"].values())
    refused = f"{_was(files['quarantined'])} quarantined and left out of this folder; the reasons are below."
    if not _is_ps315(report):
        unchanged = (
            f"Only single attributes were changed in {_counted(dicom, 'file')}. UIDs, private attributes, "
            "descriptions and whatever else the profile does not name are as they were. Treat the files as patient "
            "data."
        )
        headline = "This is not a de-identification according to PS3.15."
        return banner("bad", "!", headline, f"{unchanged} {refused}" if files["quarantined"] else unchanged)
    if not files["written"]:
        return banner("warn", "!", "No file was written.", refused)
    caveats = _caveats(report) + [refused] * bool(files["quarantined"])
    headline = f"{_was(dicom)} de-identified according to PS3.15."
    searched = "Each of them was searched for the original values of its own source before it was written."
    if caveats:
        return banner("warn", "!", headline, " ".join((searched, *caveats)))
    return banner("good", "✓", headline, f"{searched} No file was quarantined.")


def _caveats(report: Mapping[str, Any]) -> list[str]:
    """What somebody has to look at before the files are given away."""
    caveats = []
    if any(edit["action"] in ("keep", "replace") for edit in report["profile"]["edits"]):
        caveats.append("Edits of the profile let stay, or put in, what the standard would not: see below.")
    if report["pixel_risk_allowed"]:
        caveats.append("Pictures that may show text were let through, because the user asked for it.")
    if others := report["other_formats"]:
        counted = ", ".join(f"{count} {name}" for name, count in others.items())
        caveats.append(
            f"Files of other formats ({counted}) hold only what their format needs; PS3.15 says nothing of them, and "
            "as they name no patient, nothing could be looked for in them."
        )
    return caveats


def _files(report: Mapping[str, Any]) -> str:
    files = report["files"]
    terms = [
        _number(files["in"], "files in"), "<span>=</span>",
        _number(files["written"], "written"), "<span>+</span>",
        _number(files["quarantined"], "quarantined"), "<span>+</span>",
        _number(files["not_dicom"], "not DICOM"),
    ]  # fmt: skip
    scope = ", ".join(
        _counted(report[plural], singular)
        for plural, singular in (("patients", "patient"), ("studies", "study"), ("series", "series"))
    )
    return section(
        "Files",
        f'<div class="sum">{"".join(terms)}</div><p>The written files are of {escape(scope)}. Patients, studies and '
        "series are folders here, named by pseudonyms.</p>",
    )


def _rules(report: Mapping[str, Any]) -> str:
    profile = report["profile"]
    entries = [
        ("Profile", f"{escape(profile['title'])} (<code>{escape(profile['name'])}</code>)"),
        ("In words", escape(profile["notes"])),
        ("Patients' pseudonyms", PSEUDONYMS[report["pseudonyms"]]),
        ("Dates", escape(DATES.get(report["dates"], report["dates"]))),
        ("Copies of original values", _on_leak(profile["on_leak"])),
        ("Pictures that may show text", _pixel_risk(report)),
        ("Digest of the rules", f"<code>{escape(report['profile_digest'])}</code>"),
        ("Each file says", _markers(report)),
    ]
    content = "".join(f"<dt>{name}</dt><dd>{text}</dd>" for name, text in entries if text)
    codes = [(f"<code>{escape(code)}</code>", escape(meaning)) for code, meaning in report["method_codes"]]
    if codes:
        title = "<h3>De-identification Method Code Sequence (0012,0064), codes of CID 7050</h3>"
        return section("Rules", f"<dl>{content}</dl>{title}{table(('Code', 'Meaning'), ('key', ''), codes)}")
    return section("Rules", f"<dl>{content}</dl>")


def _on_leak(choice: str) -> str:
    if choice == "fail":
        return "Their file is quarantined."
    return "They are taken out; where that cannot be done the file is quarantined."


def _pixel_risk(report: Mapping[str, Any]) -> str:
    if _cleans_pixels(report):
        reading = " Text recognition looked for more." if report["pixel_text_read"] else ""
        others = "let through on request" if report["pixel_risk_allowed"] else "quarantined"
        return (
            "Text blanked where a rule or the file's ultrasound regions say that it is; other samples are as they were."
            f"{reading} What could not be cleaned was {others}."
        )
    if report["pixel_risk_allowed"]:
        return "<strong>Let through, because the user asked for it.</strong> Their pixels are unchanged."
    return "Quarantined: ultrasound, screen captures, scanned documents and others whose kind often shows names."


def _cleans_pixels(report: Mapping[str, Any]) -> bool:
    return Option.CLEAN_PIXEL_DATA.cli in report["profile"]["options"]


def _markers(report: Mapping[str, Any]) -> str:
    removed = "YES" if _is_ps315(report) else "NO"
    dates = f"; (0028,0303) <code>{escape(report['dates'])}</code>" if report["dates"] else ""
    return f"(0012,0062) <code>{removed}</code>; (0012,0063) <code>{escape(report['method'])}</code>{dates}"


def _kept(report: Mapping[str, Any]) -> str:
    if not _is_ps315(report):
        return ""
    chosen = set(report["profile"]["options"])
    kept = [texts for option, texts in KEPT.items() if option.cli in chosen]
    if kept:
        items = "".join(f"<li><strong>{escape(what)}.</strong> {escape(meaning)}</li>" for what, meaning in kept)
        return section("What the options let stay", f"<ul>{items}</ul>")
    none = "<p>No option of PS3.15 was used: the Basic Profile applies in full.</p>"
    return section("What the options let stay", none)


def _edits(report: Mapping[str, Any]) -> str:
    edits = report["profile"]["edits"]
    if not edits:
        return ""
    lines = [
        (_attribute(edit["attribute"]), escape(EDITS[edit["action"]]), escape(_scope(edit["scope"]))) for edit in edits
    ]
    listed = table(("Attribute", "Edit", "For"), ("", "", "key"), lines)
    if not _is_ps315(report):
        return section("Edits of single attributes", listed)
    note = "<p>These come before the rules of the standard, and may let stay what the standard removes.</p>"
    return section("Edits of single attributes", note + listed)


def _scope(scope: str) -> str:
    return "all files" if scope == "all" else f"one {scope}"


def _quarantined(report: Mapping[str, Any]) -> str:
    if not report["reasons"]:
        return ""
    by_count = sorted(report["reasons"].items(), key=lambda item: (-item[1], item[0]))
    lines = [(escape(reason), f"{count:,}") for reason, count in by_count]
    note = (
        "<p>The list of these files, <code>quarantined.csv</code>, lies beside the key file and not in this folder, "
        "because paths may name patients.</p>"
    )
    return section("Quarantined files", table(("Reason", "Files"), ("", "count"), lines) + note)


def _actions(actions: Mapping[str, int]) -> str:
    if not actions:
        return ""
    most = max(actions.values())
    order = [*MEANINGS, *sorted(actions.keys() - MEANINGS.keys())]
    lines = [
        (
            f"<strong>{escape(code)}</strong>",
            escape(MEANINGS.get(code, "other")),
            f'<span class="bar" style="width:{max(100 * actions[code] / most, 0.5):.1f}%"></span>',
            f"{actions[code]:,}",
        )
        for code in order
        if code in actions
    ]
    headings, classes = ("Code", "What was done", "Share", "Values"), ("key", "", "bars", "count")
    return section("What was done, over all files", table(headings, classes, lines))


def _not_covered(report: Mapping[str, Any]) -> str:
    pictures = (
        "Files whose kind often shows text were let through on request; look at every one of them."
        if report["pixel_risk_allowed"]
        else "Other files whose kind often shows text were quarantined."
        if _cleans_pixels(report)
        else "Files whose kind often shows text were quarantined, but no picture was looked at."
    )
    unchanged = (
        "Text was blanked only where rules, regions or text recognition place it; all of them can miss some. Look at "
        "the cleaned pictures before you pass them on."
        if _cleans_pixels(report)
        else "Pixel data is copied unchanged."
    )
    points = (
        ("Text in the pictures.", f"{unchanged} {pictures}"),
        ("Faces.", "From a CT or MR of the head a face can be rendered that people recognise."),
        ("The body itself.", "Implants, scars, rare diseases and unusual anatomy may identify a patient."),
        (
            "Free text that stays.",
            "It is searched for what the file itself says about the patient and others; a name that stands nowhere "
            "else in the file cannot be known.",
        ),
        (
            "Other knowledge.",
            "Whether somebody can be recognised by combining these files with other data, no program can decide.",
        ),
        (
            "The key.",
            "Whoever has the key file and the original IDs can compute the pseudonyms. While it exists, the files are "
            "pseudonymised: keep it apart from them.",
        ),
    )
    items = "".join(f"<li><strong>{escape(what)}</strong> {escape(text)}</li>" for what, text in points)
    return section("What is not covered", f"<ul>{items}</ul>")


def _verification(report: Mapping[str, Any]) -> str:
    return section(
        "How to check this",
        "<p>The first command reads every file with another library than the one that wrote it and compares it with "
        "the "
        "rules above. The second also needs the originals: it searches for what is left of them, and compares pixel "
        "data, references and dates.</p>"
        "<pre><code>dicomsuite verify THIS_FOLDER\ndicomsuite verify THIS_FOLDER --against ORIGINALS</code></pre>"
        "<p><code>audit.jsonl</code> has a line for each file with the SHA-256 before and after, and what was done to "
        "each attribute by which rule; <code>report.json</code> holds the numbers of this page. Neither holds an "
        "original value.</p>",
    )


def _attributes(attributes: Sequence[Mapping[str, Any]]) -> str:
    by_action: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for attribute in attributes:
        by_action[attribute["action"]].append(attribute)
    order = [*MEANINGS, *sorted(by_action.keys() - MEANINGS.keys())]
    tables = "".join(_action_table(action, by_action[action]) for action in order if action in by_action)
    note = (
        "<p>A rule like “E.1-1 X/Z” is the action that table E.1-1 of PS3.15 gives for the attribute; where it leaves "
        "a choice, the kind of object decides.</p>"
    )
    return section("Attributes", note + tables) if tables else ""


def _action_table(action: str, attributes: Sequence[Mapping[str, Any]]) -> str:
    private = [one for one in attributes if one["rule"] == _PRIVATE]
    lines = [
        (_name(one["path"]), f"<code>{escape(one['path'])}</code>", escape(one["rule"]), f"{one['count']:,}")
        for one in attributes
        if one["rule"] != _PRIVATE
    ]
    if private:
        groups = Counter(one["path"].rpartition("/")[2][1:5] for one in private)
        name = f"Private attributes, {len(private):,} different"
        where = "groups " + ", ".join(sorted(groups))
        lines.append((name, escape(where), escape(_PRIVATE), f"{sum(one['count'] for one in private):,}"))
    total = sum(one["count"] for one in attributes)
    title = f"<h3>{escape(action)}: {escape(MEANINGS.get(action, 'other'))} ({total:,})</h3>"
    return title + table(("Attribute", "Tag", "Rule", "Values"), ("", "tags", "rule", "count"), lines)


def _attribute(text: str) -> str:
    """An edited attribute, which a profile names by keyword or by path of tags."""
    return f"{_name(text)} <code>{escape(text)}</code>" if text.startswith("(") else escape(text)


def _name(path: str) -> str:
    """Names for a path of tags such as "(0040,0275)/(0008,0050)"; other texts stay."""
    parts = path.split("/")
    if not all(len(part) == 11 and part[0] == "(" for part in parts):
        return escape(path)
    return " › ".join(escape(_tag_name(int(part[1:5] + part[6:10], 16))) for part in parts)


@cache
def _tag_name(tag: int) -> str:
    if tag >> 16 & 1:
        return "private attribute"
    if tag & 0xFFFF == 0:
        return "Group Length"
    row = row_for(tag) or next((row for row in rows() if tag & row.mask == row.tag), None)
    if row is not None:
        return row.name.partition(" (see Note")[0]
    from pydicom.datadict import dictionary_description  # takes longer to import than a hundred files to rewrite

    try:
        return dictionary_description(tag)
    except KeyError:
        return "unknown attribute"


def _number(count: int, label: str) -> str:
    return f'<div><span class="number">{count:,}</span><span class="label">{escape(label)}</span></div>'


def _counted(count: int, singular: str) -> str:
    plurals = {"study": "studies", "series": "series"}
    return f"{count:,} {singular if count == 1 else plurals.get(singular, singular + 's')}"


def _was(count: int) -> str:
    return f"{_counted(count, 'file')} {'was' if count == 1 else 'were'}"


def _is_ps315(report: Mapping[str, Any]) -> bool:
    return report["profile"]["basis"].startswith("ps3.15")

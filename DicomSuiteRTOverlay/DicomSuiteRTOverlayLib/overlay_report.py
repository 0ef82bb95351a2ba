"""The result of a run as one HTML page for people: verdicts, pictures, measures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from DicomSuiteLib.report_page import banner, escape, page, section, table, volume_header
from DicomSuiteRTOverlayLib.measure_columns import Cell, MeasureTable

TITLE = "Masks on their volume"

SIGNS = {"placed": ("good", "✓"), "waits": ("warn", "?"), "refused": ("bad", "!")}
"""How the state of a mask is shown: the kind of banner, and a sign that says the same without colour."""

HEADLINES = {
    "placed": "{number}. {source}: {verdict}.",
    "waits": "{number}. {source}: waits for your choice.",
    "refused": "{number}. {source}: refused.",
}

WHOLE_FROM = 1000
"""Numbers from here on are shown without decimals."""

STATS_SHOWN = {
    "mask": "Mask",
    "segment": "Segment",
    "voxel_volume_ml": "Voxels, mL",
    "surface_volume_mm3": "Surface, mm³",
    "surface_area_mm2": "Area, mm²",
    "hu_mean": "Mean, HU",
    "hu_sd": "SD, HU",
    "intensity_mean": "Mean",
    "intensity_sd": "SD",
}
PAIRS_SHOWN = {
    "first": "A",
    "second": "B",
    "dice": "Dice",
    "jaccard": "Jaccard",
    "volume_difference_percent_of_second": "Volume, % of B",
    "hd_boundary_mm": "HD, mm",
    "hd95_boundary_mm": "HD95, mm",
    "mean_surface_distance_boundary_mm": "Mean distance, mm",
}
"""Columns on the page, by their names in the tables; the CSV and JSON files hold all, with their definitions."""


@dataclass(frozen=True)
class RunTables:
    """What was measured; None where it was not asked for."""

    stats: MeasureTable | None
    pairs: MeasureTable | None


def render(content: Mapping[str, Any], tables: RunTables) -> str:
    """The page for the content of alignment.json; pictures are referred to, beside it."""
    body = volume_header(TITLE, content["volume"], content["notes"]) + "".join(_mask(mask) for mask in content["masks"])
    if tables.pairs is not None:
        pictures = [name for name in content["files"] if name.endswith(".png")]
        body += section("Comparison", "".join(map(_picture, pictures)) + _shown(tables.pairs, PAIRS_SHOWN))
    if tables.stats is not None:
        body += section("Measures", _shown(tables.stats, STATS_SHOWN))
    return page(TITLE, body)


def _mask(mask: Mapping[str, Any]) -> str:
    kind, sign = SIGNS[mask["state"]]
    verdict = mask["verdict"] if mask["accepted"] is None else f"accepted by the user ({mask['accepted']})"
    headline = HEADLINES[mask["state"]].format(number=mask["number"], source=mask["source"], verdict=verdict)
    if kind == "good" and (mask["verdict"] != "placed" or mask["findings"]):
        kind, sign = "warn", "!"
    content = "" if mask["picture"] is None else _picture(mask["picture"])
    remarks = [*mask["findings"], *mask["notes"]]
    if remarks:
        content += "<ul>" + "".join(f"<li>{escape(remark)}</li>" for remark in remarks) + "</ul>"
    if mask["segments"]:
        content += _segments(mask["segments"])
    content += "".join(_candidate(candidate) for candidate in mask["candidates"] if candidate["picture"])
    return banner(kind, sign, headline, mask["reason"]) + (section(mask["source"], content) if content else "")


def _segments(segments: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        (_swatch(segment["colour"]) + escape(segment["name"]), f"{segment['voxels']:,}") for segment in segments
    ]
    return table(("Segment", "Voxels"), ("", "count"), rows)


def _candidate(candidate: Mapping[str, Any]) -> str:
    words = f"{candidate['words']} ({candidate['probability']:.0%})"
    return f"<h3>{escape(words)} <code>{escape(candidate['key'])}</code></h3>" + _picture(candidate["picture"])


def _swatch(colour: Sequence[float]) -> str:
    red, green, blue = (round(255 * part) for part in colour)
    shape = "display:inline-block;width:.8em;height:.8em;margin-right:.5em;border-radius:2px"
    return f'<span style="{shape};background:rgb({red},{green},{blue})" aria-hidden="true"></span>'


def _picture(name: str) -> str:
    return f'<img src="{escape(name)}" alt="Three orthogonal slices with the outline" style="max-width:100%">'


def _shown(measures: MeasureTable, columns: Mapping[str, str]) -> str:
    """A table of the columns that `columns` names and `measures` has."""
    names = measures.column_names
    places = [(names.index(name), words) for name, words in columns.items() if name in names]
    numeric = [any(isinstance(row[place], int | float) for row in measures.rows) for place, _ in places]
    rows = [[_cell(row[place]) for place, _ in places] for row in measures.rows]
    return table([words for _, words in places], ["count" if number else "" for number in numeric], rows)


def _cell(cell: Cell) -> str:
    if cell is None:
        return "–"
    if isinstance(cell, float):
        return f"{cell:,.0f}" if abs(cell) >= WHOLE_FROM else f"{cell:.4g}"
    return escape(str(cell))

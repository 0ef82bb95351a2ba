"""The frame and the parts that every report page shares: self-contained HTML, no script, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from DicomSuiteLib.report_style import STYLE

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"})


def page(title: str, body: str) -> str:
    """A whole page; `title` is text, `body` is HTML."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="robots" content="noindex">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n{body}</main>\n</body>\n</html>\n"
    )


def volume_header(title: str, volume: Mapping[str, Any], notes: Iterable[str]) -> str:
    """The head of a page about a volume, of which `volume` gives modality, size (columns, rows, slices) and notes."""
    columns, rows, slices = volume["size"]
    words = f"{volume['modality'] or 'Volume'} of {columns} × {rows} × {slices} voxels"
    items = "".join(f"<li>{escape(note)}</li>" for note in (*volume["notes"], *notes))
    listed = f"<ul>{items}</ul>" if items else ""
    return f"<header><h1>{escape(title)}</h1><p>{escape(words)}</p>{listed}</header>\n"


def banner(kind: str, sign: str, headline: str, text: str) -> str:
    """A verdict; `kind` is good, warn or bad, `sign` a character that says the same without colour."""
    return (
        f'<section class="verdict {kind}"><span class="sign" aria-hidden="true">{escape(sign)}</span>'
        f"<div><strong>{escape(headline)}</strong><p>{escape(text)}</p></div></section>\n"
    )


def section(title: str, content: str) -> str:
    """A part of the page under its heading; `content` is HTML."""
    return f"<section><h2>{escape(title)}</h2>{content}</section>\n"


def table(headings: Sequence[str], classes: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of HTML cells; `classes` holds the CSS class of each column, "" for none."""
    attributes = [f' class="{name}"' if name else "" for name in classes]
    head = "".join(f'<th scope="col"{extra}>{name}</th>' for extra, name in zip(attributes, headings, strict=True))
    lines = (
        "<tr>" + "".join(f"<td{extra}>{cell}</td>" for extra, cell in zip(attributes, cells, strict=True)) + "</tr>"
        for cells in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>\n" + "\n".join(lines) + "\n</tbody></table>"


def escape(text: str) -> str:
    """Text as HTML shows it."""
    return text.translate(_ESCAPES)

"""The pictures of a run as one HTML page that stands alone: it can be passed on without the files beside it."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from DicomSuiteLib.report_page import banner, escape, page, section, table, volume_header

TITLE = "Pictures of a volume"

MOST_PICTURES = 24
"""Of one kind on the page; whole stacks are files beside it."""

MEDIA_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
}
"""What browsers show in a page; TIFF and films are not among them."""

HEADINGS = {"mode": "3D", "turntable": "Turntables", "sweep": "Slice by slice", "slice": "Slices"}
"""Of the kinds of pictures, in the order of the page."""

GRID = "display:grid;grid-template-columns:repeat(auto-fill,minmax(17rem,1fr));gap:1rem"
FIGURE = "margin:0;overflow-wrap:anywhere"
PICTURE = "width:100%;height:auto;border-radius:6px;background:#000"


def render(content: Mapping[str, Any], folder: Path) -> str:
    """The page for the content of render.json; the pictures are read from `folder`."""
    body = volume_header(TITLE, content["volume"], content["notes"])
    body += "".join(banner("bad", "!", f"{entry['what']}: not made", entry["reason"]) for entry in content["refused"])
    for kind, heading in HEADINGS.items():
        pictures = [picture for picture in content["pictures"] if picture["kind"] == kind]
        if pictures:
            body += section(heading, _gallery(pictures, folder))
    if content["surfaces"]:
        body += section("Surfaces", _surfaces(content["surfaces"]))
    body += section("Volume", _facts(content["volume"]["facts"]))
    return page(TITLE, body)


def _gallery(pictures: Sequence[Mapping[str, Any]], folder: Path) -> str:
    shown = [picture for picture in pictures if Path(picture["file"]).suffix in MEDIA_TYPES][:MOST_PICTURES]
    figures = "".join(_figure(picture, folder) for picture in shown)
    left = len(pictures) - len(shown)
    more = f"<p>{left} more are in files beside this page.</p>" if left else ""
    return f'<div style="{GRID}">{figures}</div>{more}'


def _figure(picture: Mapping[str, Any], folder: Path) -> str:
    path = folder / picture["file"]
    data = base64.b64encode(path.read_bytes()).decode("ascii")
    source = f"data:{MEDIA_TYPES[path.suffix]};base64,{data}"
    words = escape(picture["words"])
    notes = "".join(f'<br><span class="label">{escape(note)}</span>' for note in picture["notes"])
    caption = f"<figcaption>{words}{notes}</figcaption>"
    return f'<figure style="{FIGURE}"><img src="{source}" alt="{words}" style="{PICTURE}">{caption}</figure>'


def _surfaces(surfaces: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        (escape(surface["file"]), escape(surface["words"]), f"{surface['volume_ml']:,.1f}", f"{surface['triangles']:,}")
        for surface in surfaces
    ]
    return table(("File", "Values", "Volume, mL", "Triangles"), ("", "", "count", "count"), rows)


def _facts(facts: Sequence[Mapping[str, str]]) -> str:
    lines = (f"<dt>{escape(fact['name'])}</dt><dd>{escape(fact['value'])}</dd>" for fact in facts)
    return f"<dl>{''.join(lines)}</dl>"

"""Which series may show text in their pictures, and what would blank it; the list names patients and is not stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from DicomSuiteAnonymizeLib.character_sets import decode_text
from DicomSuiteAnonymizeLib.elements import wire
from DicomSuiteAnonymizeLib.engine import Engine, NotDicom, Rewritten
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.instance_task import rewrite, unforeseen
from DicomSuiteAnonymizeLib.parts_file import open_parts
from DicomSuiteAnonymizeLib.pixels.cleaning_plan import (
    CleaningPlan,
    NotCleanable,
    Origin,
    cleaning_plan,
    picture_facts,
    require_cleanable,
)
from DicomSuiteAnonymizeLib.pixels.embedded_overlay import EMBEDDED_OVERLAY
from DicomSuiteAnonymizeLib.pixels.pixel_edit import PixelFile
from DicomSuiteAnonymizeLib.pixels.pixel_rules import PictureFacts
from DicomSuiteAnonymizeLib.pixels.pixel_settings import PixelSettings
from DicomSuiteAnonymizeLib.pixels.text_findings import TextFinding, text_findings
from DicomSuiteAnonymizeLib.pixels.text_verdict import HeaderWords
from DicomSuiteAnonymizeLib.profiles.profile import BUILT_IN
from DicomSuiteAnonymizeLib.source_file import SourceFile
from DicomSuiteAnonymizeLib.sources import Sources
from DicomSuiteLib.printable import printable

_ROWS = wire(0x00280010)
_NAME, _ID, _MODALITY, _DESCRIPTION = map(wire, (0x00100010, 0x00100020, 0x00080060, 0x0008103E))


@dataclass
class SeriesPictures:
    """The pictures of one size in one series, of which the first file was looked at.

    `reason` says why nothing can clean them, "" where something does or nothing has to.
    """

    label: str
    targets: Mapping[str, str]
    file: str
    facts: PictureFacts
    frames: int
    risk: str
    plan: CleaningPlan
    reason: str
    findings: list[TextFinding]
    files: int = field(default=1)

    def as_json(self) -> dict[str, Any]:
        """JSON value; boxes are [left, top, width, height] in pixels, frames are counted from 0."""
        origin = Origin.OCR if self.findings and self.plan.origin is Origin.NONE else self.plan.origin
        return {
            "label": self.label,
            "targets": dict(self.targets),
            "file": self.file,
            "files": self.files,
            "frames": self.frames,
            **self.facts._asdict(),
            "risk": self.risk,
            "rule": self.plan.rule,
            "boxes": [list(box) for box in self.plan.boxes],
            "from": origin.value,
            "reason": self.reason,
            "findings": [finding.as_json() for finding in self.findings],
        }


def pixel_survey(
    sources: Sources,
    key: bytes,
    settings: PixelSettings,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[list[SeriesPictures], dict[str, int]]:
    """The pictures of all series in the order in which they were met, and reason -> number of files not readable.

    Never raises for a bad file. `on_progress` gets the files done, and of all.
    """
    looking = _Survey(Engine(BUILT_IN["basic"], key), settings)
    entries = list(sources.entries(looking.engine.pseudonyms))
    unreadable: dict[str, int] = {}
    for done, entry in enumerate(entries, start=1):
        reason = entry.unreadable or looking.add(entry.path)
        if reason:
            unreadable[reason] = unreadable.get(reason, 0) + 1
        on_progress(done, len(entries))
    return list(looking.found.values()), unreadable


class _Survey:
    def __init__(self, engine: Engine, settings: PixelSettings) -> None:
        self.engine = engine
        self.found: dict[tuple, SeriesPictures] = {}
        self._settings = settings

    def add(self, path: str) -> str:
        """Look at one file; why it cannot be read, or ""."""
        try:
            with SourceFile(path) as source:
                rewritten = rewrite(source, self.engine)
                if _ROWS in rewritten.facts:
                    self._add_picture(source, rewritten, path)
        except NotDicom:
            return "not DICOM"
        except AnonymizeError as error:
            return str(error)
        except Exception as error:  # broken bytes can raise anything; the export will refuse them with a reason
            return unforeseen(error)
        return ""

    def _add_picture(self, source: SourceFile, rewritten: Rewritten, path: str) -> None:
        identity = rewritten.subject.identity
        targets = identity.targets
        pixels = PixelFile(open_parts(source, rewritten.parts))
        facts = picture_facts(rewritten.facts, pixels.form.rows, pixels.form.columns)
        known = self.found.get((*targets.values(), facts))
        if known is not None:
            known.files += 1
            return
        plan, reason = self._plan(facts, rewritten.risk, pixels)
        findings = []
        if self._settings.ocr and rewritten.risk not in ("", EMBEDDED_OVERLAY) and not reason:
            header = HeaderWords(rewritten.subject.needles.words)
            findings = text_findings(pixels, header, plan.boxes)
        self.found[(*targets.values(), facts)] = SeriesPictures(
            _label(rewritten), targets, path, facts, pixels.form.frames, rewritten.risk, plan, reason, findings
        )

    def _plan(self, facts: PictureFacts, risk: str, pixels: PixelFile) -> tuple[CleaningPlan, str]:
        try:
            if risk:
                require_cleanable(risk)
            return cleaning_plan(facts, risk, pixels.dataset, self._settings), ""
        except NotCleanable as reason:
            return CleaningPlan(Origin.NONE, ()), str(reason)


def _label(rewritten: Rewritten) -> str:
    """What people know the series by."""

    def text(tag: int) -> str:
        value = rewritten.facts.get(tag, b"").strip(b"\0 ")
        try:
            return printable(decode_text(value, rewritten.subject.character_set))
        except ValueError:
            return printable(value.decode("latin-1"))

    return ", ".join(filter(None, (text(_NAME), text(_ID), f"{text(_MODALITY)} {text(_DESCRIPTION)}".strip())))

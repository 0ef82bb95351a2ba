"""What is done to the pixels of one instance after its attributes were de-identified, where the profile asks for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from DicomSuiteAnonymizeLib.elements import wire
from DicomSuiteAnonymizeLib.emitter import Change, path_text
from DicomSuiteAnonymizeLib.engine import ChangeSet, Rewritten
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.faces.face_edit import NO_HEAD, PIXEL_DATA, FaceEdit, face_order_for
from DicomSuiteAnonymizeLib.instance_task import FileTask, TaskSettings
from DicomSuiteAnonymizeLib.parts_file import open_parts
from DicomSuiteAnonymizeLib.pixels.cleaning_plan import (
    CleaningPlan,
    NotCleanable,
    Origin,
    boxes_in_words,
    cleaning_plan,
    picture_facts,
    require_cleanable,
)
from DicomSuiteAnonymizeLib.pixels.embedded_overlay import EMBEDDED_OVERLAY, embedded_overlay_risk
from DicomSuiteAnonymizeLib.pixels.pixel_black import black, blank
from DicomSuiteAnonymizeLib.pixels.pixel_edit import DatasetUpdate, EditedFile, PixelFile
from DicomSuiteAnonymizeLib.pixels.pixel_markers import mark_cleaned, remove_icons
from DicomSuiteAnonymizeLib.pixels.pixel_rules import Box
from DicomSuiteAnonymizeLib.pixels.pixel_settings import PixelSettings
from DicomSuiteAnonymizeLib.pixels.text_findings import boxes_to_blank, text_findings
from DicomSuiteAnonymizeLib.pixels.text_verdict import HeaderWords
from DicomSuiteAnonymizeLib.pixels.unused_bits import clear_unused_bits, uses_unused_bits
from DicomSuiteAnonymizeLib.ps315 import Option
from DicomSuiteAnonymizeLib.source_file import SourceFile
from DicomSuiteAnonymizeLib.steps import Action

_ROWS = wire(0x00280010)
_OVERLAY_CLEARED, _NO_OVERLAY = "overlay in unused bits cleared", "no overlay found in unused bits"
_NO_RULE = "no rule for this kind of picture, and no ultrasound regions that tell its text from the scan"


@dataclass(frozen=True)
class PixelTreatment:
    """One thing that is done to an instance's pixels.

    Attributes
    ----------
    change
        Changes a frame, given with its index from 0, in place; None where all pixels stay.
    update
        Changes the attributes to match.
    words
        What the report says was done; without any value.
    check
        Looks at the finished file. Raises AnonymizeError where it must not be written.
    """

    change: Callable[[np.ndarray, int], None] | None
    update: DatasetUpdate
    words: tuple[str, ...]
    check: Callable[[PixelFile], None] | None = None


@contextmanager
def treated(
    source: SourceFile, rewritten: Rewritten, settings: TaskSettings, task: FileTask
) -> Iterator[tuple[SourceFile | EditedFile, Rewritten]]:
    """The instance with its pixels treated, and what its ranges are read from.

    Raises AnonymizeError where the profile's pixel options leave it identifying.
    """
    pixels = _LazyPixels(source, rewritten)
    treatments = [*_text_treatment(pixels, rewritten, settings), *_face_treatment(pixels, rewritten, settings, task)]
    if not treatments:
        yield source, _with_face_note(rewritten, settings, task)
        return
    with _edited(pixels.file, treatments) as edited:
        for treatment in treatments:
            if treatment.check is not None:
                treatment.check(PixelFile(open_parts(edited, edited.parts)))
        icons, done = pixels.icons, [word for treatment in treatments for word in treatment.words]
        changes = [(path_text((pixels.file.pixel_tag,)), Action.CLEAN.value, word) for word in done]
        yield edited, rewritten._replace(parts=edited.parts, changes=_with(rewritten.changes, [*changes, *icons]))


class _LazyPixels:
    """The instance's pixels, opened when they are first needed, its icons removed."""

    def __init__(self, source: SourceFile, rewritten: Rewritten) -> None:
        self._source = source
        self._parts = rewritten.parts
        self._file: PixelFile | None = None
        self.icons: list[Change] = []

    @property
    def file(self) -> PixelFile:
        if self._file is None:
            self._file = PixelFile(open_parts(self._source, self._parts))
            self.icons = remove_icons(self._file.dataset)
        return self._file


def _edited(file: PixelFile, treatments: Sequence[PixelTreatment]) -> EditedFile:
    changes = [treatment.change for treatment in treatments if treatment.change is not None]

    def change(frame: np.ndarray, index: int) -> None:
        for one in changes:
            one(frame, index)

    def update(dataset) -> None:
        for treatment in treatments:
            treatment.update(dataset)

    return file.edited(change, update) if changes else file.with_attributes(update)


def _with(changes: ChangeSet, more: list[Change]) -> ChangeSet:
    counts = Counter({tuple(change): count for *change, count in changes.elements})
    counts.update(more)
    return ChangeSet(counts)


def _face_treatment(
    pixels: _LazyPixels, rewritten: Rewritten, settings: TaskSettings, task: FileTask
) -> Iterator[PixelTreatment]:
    """How the face is taken out, if the profile asks for that; raises AnonymizeError where that cannot be done."""
    if Option.CLEAN_FACES not in settings.profile.options:
        return
    order = face_order_for(rewritten.facts, task.face)
    if order is not None and order.mask:
        edit = FaceEdit(order, pixels.file.form)
        yield PixelTreatment(edit.change if edit.changes_pixels else None, edit.update, (edit.words,))


def _with_face_note(rewritten: Rewritten, settings: TaskSettings, task: FileTask) -> Rewritten:
    """The instance, whose report says so where a face was looked for and there is no head."""
    if Option.CLEAN_FACES not in settings.profile.options or face_order_for(rewritten.facts, task.face) is None:
        return rewritten
    note = path_text((PIXEL_DATA,)), Action.KEEP.value, NO_HEAD
    return rewritten._replace(changes=_with(rewritten.changes, [note]))


def _text_treatment(pixels: _LazyPixels, rewritten: Rewritten, settings: TaskSettings) -> Iterator[PixelTreatment]:
    """How burned-in text is taken out, if the profile asks for that and the picture may show some."""
    wanted = settings.pixels or PixelSettings()
    try:
        if not rewritten.risk and not _may_have_own_rule(rewritten, wanted):
            return
        if Option.CLEAN_PIXEL_DATA not in settings.profile.options:
            raise NotCleanable
        keeps_regions = Option.CLEAN_GRAPHICS in settings.profile.options
        yield from _text_cleaning(pixels, rewritten, wanted, keeps_regions)
    except NotCleanable as reason:
        if not (rewritten.risk and settings.allow_pixel_risk):
            risk = f"pixel risk: {rewritten.risk}" if rewritten.risk else "pixels"
            raise AnonymizeError("; ".join(filter(None, (risk, str(reason))))) from None


def _may_have_own_rule(rewritten: Rewritten, settings: PixelSettings) -> bool:
    """Whether a rule of the user's own is about pictures of this kind; their size is not known yet."""
    if not settings.own or _ROWS not in rewritten.facts:
        return False
    facts = picture_facts(rewritten.facts, 0, 0)
    return any(rule.matches_kind(facts) for rule in settings.own)


def _text_cleaning(
    pixels: _LazyPixels, rewritten: Rewritten, settings: PixelSettings, keeps_regions: bool
) -> Iterator[PixelTreatment]:
    """Raises NotCleanable where nothing is known to clean the picture."""
    if rewritten.risk:
        require_cleanable(rewritten.risk)
    file = pixels.file
    facts = picture_facts(rewritten.facts, file.form.rows, file.form.columns)
    plan = cleaning_plan(facts, rewritten.risk, file.dataset, settings)
    hides_overlay = bool(embedded_overlay_risk(rewritten.facts, keeps_regions))
    if rewritten.risk not in ("", EMBEDDED_OVERLAY) and settings.ocr:
        yield _with_reading(file, plan, rewritten, hides_overlay)
    elif plan.origin is not Origin.NONE:
        yield _blanking(file, plan.boxes, _words(plan), hides_overlay)
    elif rewritten.risk:
        raise NotCleanable(_NO_RULE)


def _words(plan: CleaningPlan) -> tuple[str, ...]:
    return () if plan.origin in (Origin.NONE, Origin.OVERLAY) else (plan.words,)


def _blanking(file: PixelFile, boxes: tuple[Box, ...], words: tuple[str, ...], hides_overlay: bool) -> PixelTreatment:
    """Boxes made black and unused bits cleared; all pixels stay where there is neither a box nor an overlay's bit."""
    overlay = hides_overlay and any(uses_unused_bits(one, file.dataset, file.frame_form) for one in file.frames())
    words += (_OVERLAY_CLEARED,) if overlay else (_NO_OVERLAY,) if hides_overlay else ()

    def change(frame: np.ndarray, _index: int) -> None:
        blank(frame, boxes, black(file.dataset, file.frame_form), file.frame_form)
        clear_unused_bits(frame, file.dataset, file.frame_form)

    update = partial(mark_cleaned, blanked=bool(boxes))
    return PixelTreatment(change if boxes or overlay else None, update, words)


def _with_reading(file: PixelFile, plan: CleaningPlan, rewritten: Rewritten, hides_overlay: bool) -> PixelTreatment:
    """The plan, and the text that is read outside of its boxes; the finished picture is read once more."""
    header = HeaderWords(rewritten.subject.needles.words)
    found = boxes_to_blank(text_findings(file, header, plan.boxes))

    def check(finished: PixelFile) -> None:
        if any(header.found_in(finding.text) for finding in text_findings(finished, header)):
            why = "a value of the header can still be read after blanking"
            raise AnonymizeError(f"pixel risk: {rewritten.risk}; {why}")

    words = (*_words(plan), f"text recognition: {boxes_in_words(found)}")
    treatment = _blanking(file, plan.boxes + found, words, hides_overlay)
    return replace(treatment, check=check)

"""What a profile makes of one file, attribute by attribute, without writing anything."""

from __future__ import annotations

import warnings
from bisect import bisect_right
from dataclasses import dataclass
from io import SEEK_SET, BufferedReader, RawIOBase
from itertools import accumulate
from typing import Any

from DicomSuiteAnonymizeLib.elements import FileRange
from DicomSuiteAnonymizeLib.emitter import path_text
from DicomSuiteAnonymizeLib.engine import Engine, NotDicom
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.instance_task import NOT_DICOM, rewrite, unforeseen
from DicomSuiteAnonymizeLib.profiles.profile import Profile
from DicomSuiteAnonymizeLib.source_file import SourceFile
from DicomSuiteAnonymizeLib.steps import Action
from DicomSuiteAnonymizeLib.survey import Shown, joined, shown_attributes
from DicomSuiteAnonymizeLib.tag_path import TagPath
from DicomSuiteAnonymizeLib.verification.verify_reading import read_instance


@dataclass(frozen=True, slots=True)
class Difference:
    """One attribute of one file before and after; None where it does not exist.

    `action` is what was done (KEEP where the attribute stays as it is) and `rule` why. `is_same` says that the value
    stays, whole, also where only its beginning or its size is shown.
    """

    path: TagPath
    vr: str
    before: str | None
    after: str | None
    action: Action
    rule: str
    is_same: bool


@dataclass(frozen=True, slots=True)
class FilePreview:
    """One file under a profile: its attributes in the order of their paths, or why it would be quarantined."""

    differences: tuple[Difference, ...]
    refusal: str = ""

    def of(self, path: TagPath) -> Difference | None:
        """What becomes of one attribute; None where it is neither in the file nor in the result."""
        return next((difference for difference in self.differences if difference.path == path), None)


def preview_file(path: str, engine: Engine, rank: int | None = None, allow_pixel_risk: bool = True) -> FilePreview:
    """Rewrite one file in memory, without its pixels, and compare.

    `rank` is its place in the series (from 0) where the profile renumbers. Never raises for a bad file.
    """
    try:
        with SourceFile(path) as source, open(path, "rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom's warnings quote values
            result = rewrite(source, engine, rank)
            before = shown_attributes(read_instance(file, strict=False))
            after = shown_attributes(read_instance(BufferedReader(_NewFile(source, result.parts)), strict=False))
    except NotDicom:
        return FilePreview((), NOT_DICOM)
    except AnonymizeError as error:
        return FilePreview((), str(error))
    except Exception as error:  # as in a run
        return FilePreview((), unforeseen(error))
    refusal = f"pixel risk: {result.risk}" if result.risk and not allow_pixel_risk else ""
    done = {text: (Action(action), rule) for text, action, rule, _ in result.changes.elements}
    return FilePreview(tuple(_differences(before, after, done)), refusal)


def _differences(
    before: dict[TagPath, list[Shown]], after: dict[TagPath, list[Shown]], done: dict[str, tuple[Action, str]]
) -> list[Difference]:
    found = []
    for path in sorted({*before, *after}):
        old, new = before.get(path), after.get(path)
        action, rule = done.get(path_text(path), (Action.KEEP, ""))
        if new is None and action is Action.KEEP:
            action, rule = _of_an_ancestor(path, done)
        elif new is not None and action is Action.REMOVE:  # and written anew: a marker
            action = Action.REPLACE
        elif old is None and action is Action.KEEP:  # a marker that the source did not have
            action, rule = Action.REPLACE, "added"
        texts = old and joined(old), new and joined(new)
        is_same = bool(old and new) and texts[0] == texts[1] and _encoded(old) == _encoded(new)
        found.append(Difference(path, (old or new)[0].vr, *texts, action, rule, is_same))
    return found


def _of_an_ancestor(path: TagPath, done: dict[str, tuple[Action, str]]) -> tuple[Action, str]:
    """What was done to the sequence that an attribute went with."""
    for depth in range(len(path) - 1, 0, -1):
        if path_text(path[:depth]) in done:
            return done[path_text(path[:depth])]
    return Action.REMOVE, ""


def _encoded(occurrences: list[Shown]) -> list[bytes]:
    """The values without padding."""
    return [one.encoded.rstrip(b"\0 ") for one in occurrences]


class _NewFile(RawIOBase):
    """The new file to be read from; what is copied unread comes from the source."""

    def __init__(self, source: SourceFile, parts: list[bytes | FileRange]) -> None:
        self._source = source
        self._parts = parts
        lengths = [len(part) if type(part) is bytes else part.length for part in parts]
        *self._starts, self._size = accumulate(lengths, initial=0)
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        self._position = offset + (0, self._position, self._size)[whence]
        return self._position

    def readinto(self, buffer: memoryview) -> int:
        number = bisect_right(self._starts, self._position) - 1
        part, start = self._parts[number], self._position - self._starts[number]
        if type(part) is bytes:
            chunk = part[start : start + len(buffer)]
        else:
            chunk = self._source.read_at(part.offset + start, max(min(len(buffer), part.length - start), 0))
        buffer[: len(chunk)] = chunk
        self._position += len(chunk)
        return len(chunk)


def kept_against_ps315(preview: FilePreview, reference: FilePreview) -> frozenset[TagPath]:
    """Attributes that still say what they said, and that PS3.15 with the same options would have changed.

    `reference` is the preview of the same file with `reference_profile`.
    """
    expected = {difference.path: difference for difference in reference.differences}
    return frozenset(
        difference.path
        for difference in preview.differences
        if difference.before
        and difference.is_same
        and difference.path in expected
        and not expected[difference.path].is_same
    )


def reference_profile(profile: Profile) -> Profile:
    """What PS3.15 asks for with the profile's options and its lists of safe private attributes, and nothing else."""
    return Profile(
        "reference",
        "",
        options=profile.options,
        private_lists=profile.private_lists,
        safe_private=profile.safe_private,
    )


def as_json(preview: FilePreview, kept: frozenset[TagPath]) -> dict[str, Any]:
    """JSON value of a preview, with the attributes that `kept_against_ps315` names; see `from_json`."""
    rows = [
        [one.path, one.vr, one.before, one.after, one.action.value, one.rule, one.is_same, one.path in kept]
        for one in preview.differences
    ]
    return {"refusal": preview.refusal, "attributes": rows}


def from_json(content: dict[str, Any]) -> tuple[FilePreview, frozenset[TagPath]]:
    """The preview, and the attributes kept against PS3.15, from their JSON value."""
    differences, kept = [], set()
    for path, vr, before, after, action, rule, is_same, is_kept in content["attributes"]:
        differences.append(Difference(tuple(path), vr, before, after, Action(action), rule, is_same))
        if is_kept:
            kept.add(tuple(path))
    return FilePreview(tuple(differences), content["refusal"]), frozenset(kept)

"""What a profile makes of one file, attribute by attribute, without writing anything."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

from DicomSuiteAnonymizeLib.elements import LONG_VRS, FileRange
from DicomSuiteAnonymizeLib.emitter import path_text
from DicomSuiteAnonymizeLib.engine import Engine, NotDicom
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.instance_task import rewrite
from DicomSuiteAnonymizeLib.profile import Profile
from DicomSuiteAnonymizeLib.source_file import SourceFile
from DicomSuiteAnonymizeLib.steps import Action
from DicomSuiteAnonymizeLib.survey import Path, Shown, joined, shown_attributes
from DicomSuiteAnonymizeLib.verify_reading import read_instance


@dataclass(frozen=True, slots=True)
class Difference:
    """One attribute of one file before and after; None where it does not exist.

    `action` is what was done (KEEP where the attribute stays as it is) and `rule` why.
    """

    path: Path
    vr: str
    before: str | None
    after: str | None
    action: Action
    rule: str


@dataclass(frozen=True, slots=True)
class FilePreview:
    """One file under a profile: its attributes in the order of their paths, or why it would be quarantined."""

    differences: tuple[Difference, ...]
    refusal: str = ""

    def of(self, path: Path) -> Difference | None:
        """What becomes of one attribute; None where it is neither in the file nor in the result."""
        return next((difference for difference in self.differences if difference.path == path), None)


def preview_file(path: str, engine: Engine, rank: int | None = None, allow_pixel_risk: bool = True) -> FilePreview:
    """Rewrite one file in memory, without its pixels, and compare.

    `rank` is its place in the series (from 0) where the profile renumbers. Never raises for a bad file.
    """
    try:
        with open(path, "rb") as file:
            before = shown_attributes(read_instance(file, strict=False))
        with SourceFile(path) as source:
            result = rewrite(source, engine, rank)
        after = shown_attributes(read_instance(BytesIO(_without_bulk(result.parts)), strict=False))
    except NotDicom:
        return FilePreview((), "not DICOM")
    except AnonymizeError as error:
        return FilePreview((), str(error))
    except OSError as error:
        return FilePreview((), f"cannot be read: {error.strerror or type(error).__name__}")
    refusal = f"pixel risk: {result.risk}" if result.risk and not allow_pixel_risk else ""
    done = {text: (Action(action), rule) for text, action, rule, _ in result.changes.elements}
    return FilePreview(tuple(_differences(before, after, done)), refusal)


def _differences(
    before: dict[Path, list[Shown]], after: dict[Path, list[Shown]], done: dict[str, tuple[Action, str]]
) -> list[Difference]:
    found = []
    for path in sorted({*before, *after}):
        old, new = before.get(path), after.get(path)
        action, rule = done.get(path_text(path), (Action.KEEP, ""))
        if new is None and action is Action.KEEP:
            action, rule = _of_an_ancestor(path, done)
        elif new is not None and action is Action.REMOVE:  # and written anew: a marker
            action = Action.REPLACE
        found.append(
            Difference(path, (old or new)[0].vr, old and joined(old), new and joined(new), action, rule)
        )
    return found


def _of_an_ancestor(path: Path, done: dict[str, tuple[Action, str]]) -> tuple[Action, str]:
    """What was done to the sequence that an attribute went with."""
    for depth in range(len(path) - 1, 0, -1):
        if path_text(path[:depth]) in done:
            return done[path_text(path[:depth])]
    return Action.REMOVE, ""


def _without_bulk(parts: list[bytes | FileRange]) -> bytes:
    """The new file up to the first value that is copied unread, which is nearly always the pixels."""
    head = []
    for part in parts:
        if type(part) is not bytes:
            return _without_last_header(b"".join(head))
        head.append(part)
    return b"".join(head)


def _without_last_header(head: bytes) -> bytes:
    """Bytes that end with the header of an element whose value is copied unread, without that header.

    Such an element has a VR with a 32-bit length (PS3.5 7.1.2), or no VR in the file.
    """
    return head[:-12] if head[-8:-6] in LONG_VRS else head[:-8]


def kept_against_ps315(preview: FilePreview, reference: FilePreview) -> frozenset[Path]:
    """Attributes that still say what they said, and that PS3.15 with the same options would have changed.

    `reference` is the preview of the same file with the profile's options and without its edits.
    """
    expected = {difference.path: difference for difference in reference.differences}
    return frozenset(
        difference.path
        for difference in preview.differences
        if difference.before
        and difference.after == difference.before
        and difference.path in expected
        and expected[difference.path].after != difference.before
    )


def reference_profile(profile: Profile) -> Profile:
    """What PS3.15 asks for with the profile's options, and nothing else."""
    return Profile("reference", "", options=profile.options)

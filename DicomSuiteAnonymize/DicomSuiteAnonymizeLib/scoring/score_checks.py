"""The ten actions by which MIDI-B scores a de-identification, each as a check of one attribute or of the pixels.

What passes follows the challenge's published validation program (github.com/CBIIT/MIDI_validation_script), so that
figures can be compared with the published ones. The checks know nothing of the program that wrote the files.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import md5, sha256

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from DicomSuiteAnonymizeLib.scoring.score_place import Place
from DicomSuiteAnonymizeLib.scoring.score_text import has_all_words_of, has_any_word_of

_PIXELS = (0x7FE0, 0x0010)
_DAY = re.compile(r"(\d{4})[.-]?(\d{2})[.-]?(\d{2})")


class ScoredAction(enum.Enum):
    """What should have been done; `keeps` says that an instance that is missing from the output fails the check."""

    TAG_RETAINED = ("tag_retained", True)
    TEXT_NOTNULL = ("text_notnull", True)
    TEXT_RETAINED = ("text_retained", True)
    TEXT_REMOVED = ("text_removed", False)
    DATE_SHIFTED = ("date_shifted", False)
    UID_CHANGED = ("uid_changed", False)
    UID_CONSISTENT = ("uid_consistent", True)
    PATID_CONSISTENT = ("patid_consistent", True)
    PIXELS_HIDDEN = ("pixels_hidden", False)
    PIXELS_RETAINED = ("pixels_retained", True)

    def __init__(self, word: str, keeps: bool) -> None:
        self.word = word
        self.keeps = keeps


class Result(enum.Enum):
    """How a check ended; one that could not be judged counts as not passed."""

    PASSED = "passed"
    FAILED = "failed"
    UNJUDGED = "not judged"


@dataclass(frozen=True)
class AnswerCheck:
    """One line of an answer key.

    Attributes
    ----------
    sop_instance
        SOP Instance UID of the source.
    place
        The attribute; None for the pixels, and where the key names it in a way that is not understood.
    value
        The source's value of the attribute, which date_shifted, uid_changed and the two consistent actions look at.
    text
        What the two text actions look for; for pixels_retained the digest of Pixel Data (7FE0,0010) as it stands in
        the file, MD5 or SHA-256 in hexadecimal digits; for pixels_hidden JSON {"text", "top_left", "bottom_right"},
        the corners as [column, row] in pixels from 0, the second outside of the box.
    category
        "hipaa", "dicom" or "tcia" and a subcategory, e.g. "hipaa HIPAA-C".
    """

    sop_instance: str
    action: ScoredAction
    place: Place | None
    value: str
    text: str
    category: str


@dataclass(frozen=True)
class Maps:
    """What the de-identification made of each original UID and Patient ID."""

    uids: Mapping[str, str]
    patients: Mapping[str, str]


def judge(check: AnswerCheck, dataset: Dataset, maps: Maps) -> Result:
    """The result of every action but pixels_hidden, which score_pixels judges.

    UNJUDGED where the check does not say where to look. Raises ValueError where it does not say what to look for, and
    what pydicom raises for values that cannot be converted.
    """
    if check.action is ScoredAction.PIXELS_RETAINED:
        return _of(_digest_of_pixels(dataset, check.text) == check.text.lower())
    if check.place is None:
        return Result.UNJUDGED
    element = check.place.find_in(dataset)
    if element is None:
        # As in the challenge, an attribute that is gone is not inconsistent.
        return _of(check.action not in _NEED_THE_ATTRIBUTE)
    return _of(_JUDGES[check.action](check, element, maps))


def text_of(element: DataElement) -> str:
    """The value as text, several values separated by backslash; of a sequence all that its items hold."""
    value = element.value
    if element.VR == "SQ":
        return " ".join(text_of(nested) for item in value for nested in item)
    if value is None:
        return ""
    if isinstance(value, bytes):
        return _decoded(value).strip("\0 ")
    values = value if isinstance(value, MultiValue | list | tuple) else [value]
    return "\\".join(str(part).strip("\0 ") for part in values)


def _decoded(value: bytes) -> str:
    """Text of a value whose VR does not say that it is one."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _of(passed: bool) -> Result:
    return Result.PASSED if passed else Result.FAILED


def _digest_of_pixels(dataset: Dataset, expected: str) -> str:
    if not expected:
        raise ValueError("no digest to compare with")
    pixels = dataset.get(_PIXELS)
    if pixels is None:
        return ""
    if len(expected) == 64:
        return sha256(pixels.value).hexdigest()
    return md5(pixels.value, usedforsecurity=False).hexdigest()


def _is_not_null(check: AnswerCheck, element: DataElement, maps: Maps) -> bool:
    if element.VR == "SQ" or isinstance(element.value, bytes):
        return len(element.value) > 0
    return bool(text_of(element))


def _is_gone(check: AnswerCheck, element: DataElement, maps: Maps) -> bool:
    if not check.value:
        raise ValueError("no value to look for")
    return check.value.replace("\\", "") not in text_of(element).replace("\\", "")


def _is_shifted(check: AnswerCheck, element: DataElement, maps: Maps) -> bool:
    """Gone, and not only its time of day or the way in which the day is written."""
    days = zip(_days(check.value), _days(text_of(element)), strict=False)
    return _is_gone(check, element, maps) and not any(old and old == new for old, new in days)


def _days(text: str) -> list[str]:
    """YYYYMMDD of each date; empty for what is none."""
    found = (_DAY.match(value.strip()) for value in text.split("\\"))
    return ["".join(match.groups()) if match else "" for match in found]


def _maps_uid(check: AnswerCheck, element: DataElement, maps: Maps) -> bool:
    old = re.findall(r"[0-9.]+", check.value)
    return text_of(element).split("\\") == [maps.uids.get(uid) for uid in old]


def _maps_patient(check: AnswerCheck, element: DataElement, maps: Maps) -> bool:
    return text_of(element) == maps.patients.get(check.value)


_NEED_THE_ATTRIBUTE = frozenset((ScoredAction.TAG_RETAINED, ScoredAction.TEXT_NOTNULL, ScoredAction.TEXT_RETAINED))
_JUDGES = {
    ScoredAction.TAG_RETAINED: lambda check, element, maps: True,
    ScoredAction.TEXT_NOTNULL: _is_not_null,
    ScoredAction.TEXT_RETAINED: lambda check, element, maps: has_all_words_of(text_of(element), check.text),
    ScoredAction.TEXT_REMOVED: lambda check, element, maps: not has_any_word_of(text_of(element), check.text),
    ScoredAction.DATE_SHIFTED: _is_shifted,
    ScoredAction.UID_CHANGED: _is_gone,
    ScoredAction.UID_CONSISTENT: _maps_uid,
    ScoredAction.PATID_CONSISTENT: _maps_patient,
}

"""What the panels call actions, options and attributes."""

from __future__ import annotations

from pydicom.datadict import dictionary_description, keyword_for_tag
from slicer.i18n import tr as _

from DicomSuiteAnonymizeLib.found_values import FoundValues
from DicomSuiteAnonymizeLib.pixels.pixel_rules import Box
from DicomSuiteAnonymizeLib.preview import Difference
from DicomSuiteAnonymizeLib.profiles.profile import Scope
from DicomSuiteAnonymizeLib.ps315 import Option
from DicomSuiteAnonymizeLib.steps import Action
from DicomSuiteAnonymizeLib.tag_path import TagPath

NOTHING = "–"


def actionWord(action: Action | None) -> str:
    """What a user chooses or sees done; None: whatever the profile's own rules do."""
    return {
        None: _("by profile"),
        Action.KEEP: _("keep"),
        Action.REMOVE: _("remove"),
        Action.EMPTY: _("empty"),
        Action.DUMMY: _("dummy value"),
        Action.UID: _("new UID"),
        Action.CLEAN: _("clean text"),
        Action.PSEUDONYM: _("pseudonym"),
        Action.SHIFT: _("shift date"),
        Action.REPLACE: _("replace"),
        Action.RENUMBER: _("renumber"),
        Action.CAP_AGE: _("age up to 89"),
        Action.POSTAL_AREA: _("postal area"),
        Action.INSPECT: _("keep"),
        Action.RECURSE: _("keep"),
    }[action]


def countedActionWord(code: str) -> str:
    """What an action code of a report stands for."""
    action = Action(code)
    if action in (Action.REMOVE, Action.EMPTY, Action.DUMMY, Action.UID, Action.CLEAN):
        return _("{word} ({code})").format(word=actionWord(action), code=code)
    return actionWord(action)


def optionWord(option: Option) -> str:
    """The name of a PS3.15 option, without the word "Option"."""
    return {
        Option.RETAIN_SAFE_PRIVATE: _("Retain safe private attributes"),
        Option.RETAIN_UIDS: _("Retain UIDs"),
        Option.RETAIN_DEVICE_IDENTITY: _("Retain device identity"),
        Option.RETAIN_INSTITUTION_IDENTITY: _("Retain institution identity"),
        Option.RETAIN_PATIENT_CHARACTERISTICS: _("Retain patient characteristics"),
        Option.RETAIN_FULL_DATES: _("Retain full dates"),
        Option.RETAIN_MODIFIED_DATES: _("Retain modified dates"),
        Option.CLEAN_DESCRIPTORS: _("Clean descriptors"),
        Option.CLEAN_STRUCTURED_CONTENT: _("Clean structured content"),
        Option.CLEAN_GRAPHICS: _("Clean graphics"),
        Option.CLEAN_PIXEL_DATA: _("Clean pixel data"),
        Option.CLEAN_FACES: _("Clean recognizable faces"),
    }[option]


def optionExplanation(option: Option) -> str:
    """One line that says what stays because of the option."""
    return {
        Option.RETAIN_SAFE_PRIVATE: _("Makers' attributes known to hold no identity stay; all others go."),
        Option.RETAIN_UIDS: _("Original UIDs stay: whoever has the originals can match them."),
        Option.RETAIN_DEVICE_IDENTITY: _("Serial number, station name and calibration of the scanner stay."),
        Option.RETAIN_INSTITUTION_IDENTITY: _("Name and address of the institution stay."),
        Option.RETAIN_PATIENT_CHARACTERISTICS: _("Age, sex, size, weight and similar stay; names and IDs go."),
        Option.RETAIN_FULL_DATES: _("Real dates and times stay."),
        Option.RETAIN_MODIFIED_DATES: _("Dates are shifted by one offset per patient; intervals stay."),
        Option.CLEAN_DESCRIPTORS: _("Descriptions and comments stay, without the names and numbers found in them."),
        Option.CLEAN_STRUCTURED_CONTENT: _("Reports' content stays, without the names and numbers found in it."),
        Option.CLEAN_GRAPHICS: _("Overlays that mark regions stay; text and drawings go."),
        Option.CLEAN_PIXEL_DATA: _("Text burned into pictures is blanked; what no rule covers is set aside."),
        Option.CLEAN_FACES: _("The face is taken out of CT and MRI of the head."),
    }[option]


def boxText(box: Box) -> str:
    """Where a box lies, in pixels."""
    left, top, width, height = box
    return _("{left}, {top}: {width} × {height}").format(left=left, top=top, width=width, height=height)


def scopeWord(scope: Scope) -> str:
    """Whom an edit is for."""
    return {
        Scope.ALL: _("All files"),
        Scope.PATIENT: _("Patient"),
        Scope.STUDY: _("Study"),
        Scope.SERIES: _("Series"),
    }[scope]


def attributeName(path: TagPath) -> str:
    """The attribute as DICOM calls it; inside sequences with their names before it."""
    return " ▸ ".join(_name(tag) for tag in path)


def attributeToolTip(path: TagPath, vr: str) -> str:
    """Tags, keyword and VR."""
    tags = " ▸ ".join(f"({tag >> 16:04X},{tag & 0xFFFF:04X})" for tag in path)
    return f"{tags} {keyword_for_tag(path[-1]) or ''} {vr}".strip()


def _name(tag: int) -> str:
    if tag >> 16 & 1:
        return _("private ({group:04X},{element:04X})").format(group=tag >> 16, element=tag & 0xFFFF)
    try:
        return dictionary_description(tag)
    except KeyError:
        return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


def foundText(found: FoundValues) -> str:
    """The value, or how many there are."""
    if not found.vr:
        return NOTHING
    if len(found.values) == 1 and found.is_complete:
        return found.values[0][0] or _("(empty)")
    if found.is_complete:
        return _("varies: {count} values").format(count=len(found.values))
    return _("varies: more than {count} values").format(count=len(found.values))


def foundToolTip(found: FoundValues) -> str:
    """The most frequent values with the number of files that hold them."""
    if not found.vr:
        return _("No file has this attribute.")
    lines = [
        _("{value} ({count} files)").format(value=value or _("(empty)"), count=count)
        for value, count in found.values[:10]
    ]
    if len(found.values) > len(lines) or not found.is_complete:
        lines.append("…")
    if found.absent:
        lines.append(_("absent in {count} files").format(count=found.absent))
    return "\n".join(lines)


def resultText(difference: Difference | None) -> str:
    """What becomes of an attribute in one file."""
    if difference is None:
        return NOTHING
    if difference.after is None:
        return _("(removed)")
    return difference.after or _("(empty)")

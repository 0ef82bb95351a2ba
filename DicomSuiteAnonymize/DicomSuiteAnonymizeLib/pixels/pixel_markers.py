"""What an instance says about its pixels once they were cleaned (PS3.15 E.3.1, PS3.3 C.7.6.1, PS3.16 CID 7050)."""

from __future__ import annotations

from collections.abc import Iterator

from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from DicomSuiteAnonymizeLib.emitter import Change
from DicomSuiteAnonymizeLib.ps315 import Option
from DicomSuiteAnonymizeLib.steps import Action

_METHOD_CODES, _ICON = 0x00120064, 0x00880200
_ICON_ENCODED = (b"\x88\x00\x00\x02", b"\x00\x88\x02\x00")
"""Icon Image Sequence's tag in little and big endian."""
_DERIVATION = "Burned-in text blanked"
ICON_RULE = "icon of a cleaned picture"


def add_method_code(dataset: Dataset, option: Option) -> None:
    """Say in De-identification Method Code Sequence (0012,0064) that the option was applied; codes stay in order."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = option.code, "DCM", option.meaning
    items = [*(dataset.get(_METHOD_CODES) or ()), item]
    dataset.DeidentificationMethodCodeSequence = Sequence(sorted(items, key=lambda one: str(one.CodeValue)))


def mark_cleaned(dataset: Dataset, blanked: bool) -> None:
    """The picture shows no identifying text any more; `blanked` says that pixels had to be changed for that."""
    add_method_code(dataset, Option.CLEAN_PIXEL_DATA)
    dataset.BurnedInAnnotation = "NO"
    if blanked:
        mark_derived(dataset, _DERIVATION)


def mark_derived(dataset: Dataset, how: str) -> None:
    """A picture whose pixels were changed is a derived one (PS3.3 C.7.6.1.1.2); `how` describes the change.

    Image Type stays where frames have types of their own, which would have to agree with it.
    """
    said = str(dataset.get("DerivationDescription") or "")
    dataset.DerivationDescription = f"{said}; {how}" if said else how
    image_type = dataset.get("ImageType")
    if image_type and image_type[0] == "ORIGINAL" and "SharedFunctionalGroupsSequence" not in dataset:
        dataset.ImageType = ["DERIVED", *image_type[1:]]
    for keyword in ("SmallestImagePixelValue", "LargestImagePixelValue"):  # may be no longer true
        dataset.pop(keyword, None)


def remove_icons(dataset: Dataset) -> list[Change]:
    """Remove every Icon Image Sequence, however deep: an icon shows the picture as it was. What was removed."""
    found = list(_with_icons(dataset, ""))
    for holder, _ in found:
        del holder[_ICON]
    return sorted((f"{path}(0088,0200)", Action.REMOVE.value, ICON_RULE) for _, path in found)


def _may_hold_icons(element: DataElement | RawDataElement) -> bool:
    """Whether to look inside: what is not looked at keeps its bytes."""
    if isinstance(element, DataElement):
        return element.VR == "SQ"
    if not any(tag in (element.value or b"") for tag in _ICON_ENCODED):
        return False
    return element.VR == "SQ" or (dictionary_has_tag(element.tag) and dictionary_VR(element.tag) == "SQ")


def _with_icons(dataset: Dataset, path: str) -> Iterator[tuple[Dataset, str]]:
    if _ICON in dataset:
        yield dataset, path
    for tag in dataset.keys() - {_ICON}:
        if _may_hold_icons(dataset.get_item(tag)):
            for item in dataset[tag].value:
                yield from _with_icons(item, f"{path}({tag.group:04X},{tag.elem:04X})/")

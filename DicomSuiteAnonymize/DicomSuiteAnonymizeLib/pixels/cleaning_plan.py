"""How the picture of one instance is to be cleaned: by a rule, by its regions, of hidden overlays, by reading it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from pydicom.dataset import Dataset

from DicomSuiteAnonymizeLib.elements import wire
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.pixels.embedded_overlay import EMBEDDED_OVERLAY
from DicomSuiteAnonymizeLib.pixels.pixel_risk import is_cleanable, is_ultrasound
from DicomSuiteAnonymizeLib.pixels.pixel_rules import Box, PictureFacts, PixelRule, RuleAction, rule_for
from DicomSuiteAnonymizeLib.pixels.pixel_settings import PixelSettings
from DicomSuiteAnonymizeLib.pixels.ultrasound_regions import boxes_outside_regions

_TEXTS = {
    "sop_class": wire(0x00080016),
    "modality": wire(0x00080060),
    "manufacturer": wire(0x00080070),
    "model": wire(0x00081090),
    "image_type": wire(0x00080008),
}


class Origin(Enum):
    """What says where text is; OVERLAY: in none of the samples, only in their unused bits."""

    RULE = "rule"
    REGIONS = "regions"
    OVERLAY = "overlay"
    OCR = "ocr"
    NONE = "none"


@dataclass(frozen=True)
class CleaningPlan:
    """What to blank in every frame, by whom, and as what the report names it; `rule` is the rule's name or ""."""

    origin: Origin
    boxes: tuple[Box, ...]
    rule: str = ""

    @property
    def words(self) -> str:
        """For the report: what was blanked by what; no value of the file."""
        count = boxes_in_words(self.boxes)
        if self.origin is Origin.RULE:
            return f"rule {self.rule}: {count if self.boxes else 'known to hold no identifying text'}"
        if self.origin is Origin.OVERLAY:
            return "clearing unused bits, in which an overlay may hide"
        return f"outside of the ultrasound regions: {count}" if self.origin is Origin.REGIONS else "nothing"


class NotCleanable(AnonymizeError):
    """A picture that may identify the patient, and that nothing is known to clean; says why, without any value."""


def picture_facts(facts: Mapping[int, bytes], rows: int, columns: int) -> PictureFacts:
    """What rules are matched with; `facts` are the source's values by wire tag."""
    texts = {name: facts.get(tag, b"").strip(b"\0 ").decode("latin-1") for name, tag in _TEXTS.items()}
    return PictureFacts(rows=rows, columns=columns, **texts)


def require_cleanable(risk: str) -> None:
    """Raises NotCleanable for a picture that identifies by more than its text."""
    if not is_cleanable(risk):
        raise NotCleanable("it shows more than text that could be blanked")


def boxes_in_words(boxes: Sequence[Box]) -> str:
    """How many they are."""
    return "1 box" if len(boxes) == 1 else f"{len(boxes)} boxes"


def cleaning_plan(facts: PictureFacts, risk: str, dataset: Dataset, settings: PixelSettings) -> CleaningPlan:
    """How to clean a picture of which `risk` says why it may identify the patient, "" if there is no sign of that.

    A rule of the user's own applies in any case. Origin.NONE where nothing but reading the picture can help. Raises
    NotCleanable where nothing may.
    """
    own, hides_overlay = rule_for(settings.own, facts), risk == EMBEDDED_OVERLAY
    rule = own or (rule_for(settings.bundled, facts) if risk and not hides_overlay else None)
    if rule is not None and rule.action is RuleAction.REFUSE:
        raise NotCleanable(f"refused by rule {rule.name}")
    outside = boxes_outside_regions(dataset, facts.rows, facts.columns) if is_ultrasound(risk) else ()
    if rule is not None:
        boxes = _inside_picture(rule, facts)
        return CleaningPlan(Origin.RULE, boxes if own or not boxes else boxes + outside, rule.name)
    if outside:
        return CleaningPlan(Origin.REGIONS, outside)
    return CleaningPlan(Origin.OVERLAY if hides_overlay else Origin.NONE, ())


def _inside_picture(rule: PixelRule, facts: PictureFacts) -> tuple[Box, ...]:
    """The rule's boxes, cut off at the picture's edges. Raises NotCleanable where one lies beyond them."""
    boxes = []
    for left, top, width, height in rule.boxes:
        if left >= facts.columns or top >= facts.rows:
            raise NotCleanable(f"a box of rule {rule.name} lies outside of a picture of this size")
        boxes.append((left, top, min(width, facts.columns - left), min(height, facts.rows - top)))
    return tuple(boxes)

"""What `dicomsuite pixels` reports of a series whose pictures may show text, as a panel needs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from DicomSuiteAnonymizeLib.pixels.pixel_rules import Box, PictureFacts, PixelRule


@dataclass(frozen=True)
class Finding:
    """Text that was read in a picture: where, in which frame (from 0), and whether it identifies somebody.

    `verdict` is "identifying", "harmless" or "unknown"; `confidence` lies between 0 and 1.
    """

    box: Box
    frame: int
    text: str
    verdict: str
    confidence: float

    @property
    def is_to_be_blanked(self) -> bool:
        """Whether an export that reads text would blank it; what is not known counts as identifying."""
        return self.verdict != "harmless"


@dataclass(frozen=True)
class PixelSeries:
    """One series: what people know it by, one of its files, and what would be blanked in it.

    `origin` says where the boxes come from: "rule", "regions", "ocr" or "none"; "overlay" needs none, for it hides in
    unused bits. `rule` is the rule's name, `risk` why the pixels may identify somebody, "" where there is no sign of
    it, and `reason` why nothing can clean them; `was_read` tells whether text was looked for in the pixels.
    """

    label: str
    target: str
    file: str
    frames: int
    facts: PictureFacts
    risk: str
    reason: str
    rule: str
    origin: str
    boxes: tuple[Box, ...]
    findings: tuple[Finding, ...]
    was_read: bool = False

    @property
    def is_set_aside(self) -> bool:
        """Whether an export would not let the pictures pass."""
        return bool(self.reason) or bool(self.risk and self.origin == "none" and not self.was_read)

    def after(self, rule: PixelRule) -> PixelSeries:
        """The series as it would be reported with this rule first."""
        if not rule.matches(self.facts):
            return self
        return replace(self, reason="", rule=rule.name, origin="rule", boxes=rule.boxes)

    @classmethod
    def from_json(cls, content: Mapping[str, Any], was_read: bool = False) -> PixelSeries:
        """A series of the command's result."""
        facts = PictureFacts(*(content[name] for name in PictureFacts._fields))
        return cls(
            content["label"],
            content["targets"]["series"],
            content["file"],
            content["frames"],
            facts,
            *(content[name] for name in ("risk", "reason", "rule")),
            content["from"],
            tuple(map(tuple, content["boxes"])),
            tuple(_finding(finding) for finding in content["findings"]),
            was_read,
        )


def _finding(content: Mapping[str, Any]) -> Finding:
    values = (content[name] for name in ("frame", "text", "verdict", "confidence"))
    return Finding(tuple(content["box"]), *values)

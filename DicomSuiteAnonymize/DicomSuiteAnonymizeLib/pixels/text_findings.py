"""Text in the frames of one file, each with whether it identifies somebody."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from DicomSuiteAnonymizeLib.pixels.appearance import appearance
from DicomSuiteAnonymizeLib.pixels.ocr import read_text
from DicomSuiteAnonymizeLib.pixels.pixel_black import black, blank
from DicomSuiteAnonymizeLib.pixels.pixel_edit import PixelFile
from DicomSuiteAnonymizeLib.pixels.pixel_rules import Box
from DicomSuiteAnonymizeLib.pixels.text_verdict import HeaderWords, Verdict, verdict


@dataclass(frozen=True)
class TextFinding:
    """Text in one frame (counted from 0); `confidence` is 0 to 1. Holds what may identify the patient."""

    frame: int
    box: Box
    text: str
    confidence: float
    verdict: Verdict

    def as_json(self) -> dict[str, Any]:
        """JSON value."""
        return {
            "box": list(self.box), "frame": self.frame, "text": self.text, "verdict": self.verdict.value,
            "confidence": round(self.confidence, 3),
        }  # fmt: skip


def text_findings(pixels: PixelFile, header: HeaderWords, blanked: Iterable[Box] = ()) -> list[TextFinding]:
    """What is written in each frame outside of the boxes that will be blanked; equal frames are read once."""
    boxes, findings, before = tuple(blanked), [], np.empty(0)
    for index, frame in enumerate(pixels.frames()):
        form = pixels.frame_form
        blank(frame, boxes, black(pixels.dataset, form), form)
        if np.array_equal(frame, before):
            continue
        before = frame
        for found in read_text(appearance(frame, pixels.dataset, form)):
            judged = verdict(found.text, header)
            findings.append(TextFinding(index, found.box, found.text, found.confidence, judged))
    return findings


def boxes_to_blank(findings: Iterable[TextFinding]) -> tuple[Box, ...]:
    """The different places of all text that is not known to be harmless."""
    return tuple(dict.fromkeys(found.box for found in findings if found.verdict is not Verdict.HARMLESS))

"""Where a mask belongs, how sure that is, and in what words it is told."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from DicomSuiteLib.geometry import ImageGeometry


class Verdict(StrEnum):
    """How a mask came to its place; the values are stable words for JSON."""

    PLACED = "placed"
    """The header was trusted."""
    REPAIRED = "repaired"
    """The header had one known defect, which was put right."""
    GUESSED = "guessed"
    """The header does not say; the picture does. Only a probability of at least `AUTOMATIC` is used unasked."""
    REFUSED = "refused"
    """There is no place that can be believed."""


AUTOMATIC = 0.9
"""From this probability on a guess is used without being asked about; below, the user chooses."""

SHOWN_CANDIDATES = 3
"""How many candidates are kept and shown."""


@dataclass(frozen=True)
class Candidate:
    """One place where a mask may belong.

    Parameters
    ----------
    key : stable word for JSON and for choosing it ("header", "ras-for-lps", "flip-i.transpose-kji", …)
    words : what it assumes, for a clinician
    geometry : of the mask's own voxels
    probability : 0 to 1 among all candidates that were considered
    """

    key: str
    words: str
    geometry: ImageGeometry
    probability: float


@dataclass(frozen=True)
class Placement:
    """The verdict on one mask.

    Parameters
    ----------
    verdict : how it came to its place
    reason : one or two sentences for a clinician
    candidates : best first; one where placed or repaired, up to `SHOWN_CANDIDATES` where guessed, none where refused
    findings : what else is worth knowing: partial overlap and clipping (mm, %), another frame of reference, …
    """

    verdict: Verdict
    reason: str
    candidates: tuple[Candidate, ...] = ()
    findings: tuple[str, ...] = ()

    @property
    def is_automatic(self) -> bool:
        """True if the first candidate may be used unasked."""
        if self.verdict is Verdict.GUESSED:
            return self.candidates[0].probability >= AUTOMATIC
        return self.verdict is not Verdict.REFUSED

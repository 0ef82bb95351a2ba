"""What `dicomsuite faces` reports of a series, as a panel needs it, and what the user thinks of the result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Approval(Enum):
    """Whether the user has looked at the picture of a face that was taken out, and is content with it."""

    OPEN = "open"
    APPROVED = "approved"
    REFUSED = "refused"
    ABSENT = "absent"
    """Nothing could be judged, and the user has seen that there is no face."""


@dataclass(frozen=True)
class FaceSeries:
    """One series: what people know it by, the target of edits for it, and what was found in it.

    `verdict` is the command's own word and `reason` what it adds; `voxels` are those that would be replaced; `picture`
    is the path of the picture before and after, "" where there is no face to take out.
    """

    label: str
    target: str
    verdict: str
    reason: str
    voxels: int
    picture: str

    @property
    def has_face(self) -> bool:
        """Whether there is something to approve."""
        return bool(self.picture)

    @property
    def is_unsure(self) -> bool:
        """Whether an export sets the series aside, unless the user says that it shows no face."""
        return self.verdict == "unsure"

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> FaceSeries:
        """A series of the command's result."""
        names = ("verdict", "reason", "voxels")
        return cls(
            content["label"],
            content["targets"]["series"],
            *(content[name] for name in names),
            content["picture"] or "",
        )

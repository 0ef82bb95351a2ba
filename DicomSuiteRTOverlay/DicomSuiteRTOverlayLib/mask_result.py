"""What one run made of each mask, as facts for alignment.json, the report and the GUI."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.segments import Segmentation
from DicomSuiteLib.volumes import Volume
from DicomSuiteRTOverlayLib.accepted_place import AcceptedPlace
from DicomSuiteRTOverlayLib.placed_mask import PlacedMask
from DicomSuiteRTOverlayLib.placement import Verdict


@dataclass
class MaskResult:
    """One mask of a run: `number` from 1, the verdict, and the names of the files written for it.

    `segmentation` is None where the mask was refused or waits for the user's choice; `findings` are about the place it
    has, or else about its first candidate.
    """

    number: int
    source_name: str
    placed: PlacedMask
    accepted: AcceptedPlace | None = None
    segmentation: Segmentation | None = None
    findings: tuple[str, ...] = ()
    file: str | None = None
    source_file: str | None = None
    picture: str | None = None
    candidate_pictures: tuple[str, ...] = ()
    exports: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def state(self) -> str:
        """"placed", "waits" (for the user's choice) or "refused"."""
        if self.segmentation is not None:
            return "placed"
        return "refused" if self.placed.placement.verdict is Verdict.REFUSED else "waits"

    def as_json(self) -> dict[str, Any]:
        """Its entry in alignment.json."""
        placement = self.placed.placement
        segmentation = self.segmentation
        pictures = (*self.candidate_pictures, *[None] * len(placement.candidates))
        return {
            "number": self.number,
            "source": self.source_name,
            "state": self.state,
            "verdict": placement.verdict.value,
            "is_automatic": bool(placement.is_automatic),
            "accepted": None if self.accepted is None else str(self.accepted),
            "reason": placement.reason,
            "findings": list(self.findings),
            "notes": self.notes,
            "candidates": [
                {
                    "key": candidate.key,
                    "words": candidate.words,
                    "probability": round(float(candidate.probability), 4),
                    **geometry_as_json(candidate.geometry),
                    "picture": picture,
                }
                for candidate, picture in zip(placement.candidates, pictures, strict=False)
            ],
            "segments": [] if segmentation is None else segments_as_json(segmentation),
            "file": self.file,
            "source_file": self.source_file,
            "picture": self.picture,
            "exports": self.exports,
        }


def volume_as_json(volume: Volume) -> dict[str, Any]:
    """The volume's part of alignment.json: for uneven slices with the position (LPS mm) of each."""
    grid = volume.grid
    is_even = grid.geometry is not None
    return {
        **geometry_as_json(grid.nominal_geometry),
        "is_even": is_even,
        "slice_positions": None if is_even else [list(position) for position in grid.positions],
        "modality": volume.modality,
        "notes": list(volume.notes),
    }


def geometry_as_json(geometry: ImageGeometry) -> dict[str, Any]:
    """Size (i, j, k) and the 4x4 matrix from indices to LPS mm."""
    return {"size": list(geometry.size), "ijk_to_lps": geometry.ijk_to_lps.tolist()}


def segments_as_json(segmentation: Segmentation) -> list[dict[str, Any]]:
    """Name, colour (0 to 1), value in the source and number of voxels of each segment."""
    return [
        {
            "name": segment.name,
            "colour": [round(part, 4) for part in segment.colour],
            "value": segment.value,
            "voxels": int(segment.voxels.sum()),
        }
        for segment in segmentation.segments
    ]

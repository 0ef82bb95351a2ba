"""How probable each of several places of a mask is: by its header, and by the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from DicomSuiteLib.geometry import FloatArray
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteRTOverlayLib.hypotheses import Hypothesis
from DicomSuiteRTOverlayLib.mask_file import MaskFile
from DicomSuiteRTOverlayLib.mask_samples import LabelSamples, has_value
from DicomSuiteRTOverlayLib.picture_cues import PictureFit, picture_fit
from DicomSuiteRTOverlayLib.reference_cues import ReferenceCues
from DicomSuiteRTOverlayLib.voxel_map import VoxelMap

PICTURE_LIMIT = 8.0
"""Log odds that the picture is allowed at most: masks of air, couches or bolus are nothing that it was fitted to."""

UNRELATED = -17.0
"""Log odds, before the picture, that a mask does not belong to the volume at all."""

UNRELATED_WITHOUT_OVERLAP = -14.0
"""The same where the header of the mask puts all of it outside the volume."""

ELSEWHERE = 16
"""Random places that stand for those where an unrelated mask may come to lie."""

OUTSIDE = -3.0
"""Log odds of a mask that lies half or more beyond the volume, in proportion to what does."""

SAME_PLACE = 0.995
"""Part of a mask's points that two places have to share to be the same place (a symmetric mask, turned)."""


@dataclass(frozen=True)
class WeighedPlace:
    """A hypothesis, what the picture says of it, and how probable it is among all."""

    hypothesis: Hypothesis
    fit: PictureFit
    probability: float


def weigh_places(
    hypotheses: Sequence[Hypothesis],
    mask: MaskFile,
    samples: Sequence[LabelSamples],
    cues: ReferenceCues,
    grid: SliceGrid,
) -> tuple[WeighedPlace, ...]:
    """Probabilities of places, the best first; those that hold the same voxels count as one.

    Places outside the volume are left out. That the mask belongs to none of them is considered too, so that
    probabilities add up to less than 1.
    """
    places = [VoxelMap(hypothesis.geometry, grid) for hypothesis in hypotheses]
    looked_at = [(one, place, picture_fit(samples, cues, place)) for one, place in zip(hypotheses, places, strict=True)]
    header_misses = any(one.key == "header" and not fit.in_volume for one, _, fit in looked_at)
    inside = [(one, place, fit) for one, place, fit in looked_at if fit.in_volume]
    if not inside:
        return ()
    believed = np.array([one.log_odds + OUTSIDE * (1 - fit.in_volume) for one, _, fit in inside])
    unrelated = UNRELATED_WITHOUT_OVERLAP if header_misses else UNRELATED
    seen = np.array([fit.log_odds for _, _, fit in inside])
    shares = _shares(believed, seen, unrelated, np.array(_elsewhere(samples, cues, inside[0][1])))
    weighed = [WeighedPlace(one, fit, share) for (one, _, fit), share in zip(inside, shares, strict=True)]
    return _merged(sorted(weighed, key=lambda one: -one.probability), mask, samples, grid)


def _shares(believed: FloatArray, seen: FloatArray, unrelated: float, seen_elsewhere: FloatArray) -> list[float]:
    """Probabilities by Bayes' rule, from log odds before the picture and those that the picture gives."""
    best = max(seen.max(), seen_elsewhere.max(initial=-np.inf))
    at_places, elsewhere = (np.maximum(odds - best, -PICTURE_LIMIT) for odds in (seen, seen_elsewhere))
    elsewhere_on_average = np.log(np.mean(np.exp(elsewhere))) if elsewhere.size else -PICTURE_LIMIT
    log_odds = np.append(believed + at_places, unrelated + elsewhere_on_average)
    odds = np.exp(log_odds - log_odds.max())
    return (odds / odds.sum())[:-1].tolist()


def _elsewhere(samples: Sequence[LabelSamples], cues: ReferenceCues, place: VoxelMap) -> list[float]:
    """What the picture says of the mask at random other places in the volume; nothing where it has no room to move."""
    points = np.concatenate([place.volume_from_mask(part.inside) for part in samples])
    room_below, room_above = -points.min(axis=0), np.array(cues.size) - 1 - points.max(axis=0)
    if np.any(room_above < room_below):
        return []
    random = np.random.default_rng(0)
    moves = random.uniform(room_below, room_above, (ELSEWHERE, 3))
    return [picture_fit(samples, cues, _Moved(place, move)).log_odds for move in moves]


@dataclass(frozen=True)
class _Moved:
    """A `VoxelMap` and a translation, in voxels of the volume."""

    place: VoxelMap
    move: FloatArray

    @property
    def matrix(self) -> FloatArray:
        return self.place.matrix

    def volume_from_mask(self, ijk: FloatArray) -> FloatArray:
        return self.place.volume_from_mask(ijk) + self.move


def _merged(
    weighed: Sequence[WeighedPlace], mask: MaskFile, samples: Sequence[LabelSamples], grid: SliceGrid
) -> tuple[WeighedPlace, ...]:
    """Places that hold the same voxels become one, with the most believable hypothesis and the sum of probabilities."""
    groups: list[list[WeighedPlace]] = []
    for one in weighed:
        place = VoxelMap(one.hypothesis.geometry, grid)
        for group in groups:
            if _is_same_place(mask, samples, place, VoxelMap(group[0].hypothesis.geometry, grid)):
                group.append(one)
                break
        else:
            groups.append([one])
    merged = []
    for group in groups:
        best = max(group, key=lambda one: one.hypothesis.log_odds)
        merged.append(WeighedPlace(best.hypothesis, best.fit, sum(one.probability for one in group)))
    return tuple(sorted(merged, key=lambda one: -one.probability))


def _is_same_place(mask: MaskFile, samples: Sequence[LabelSamples], one: VoxelMap, other: VoxelMap) -> bool:
    """True if the mask's voxels at one place are its voxels at the other, segment by segment."""
    first = other.volume_from_mask(np.zeros(3))
    same, total = 0, 0
    for part in samples:
        points = one.volume_from_mask(part.inside)
        centre = points.mean(axis=0) - other.volume_from_mask(part.inside).mean(axis=0)
        if np.abs(centre).max() > 1 + 0.05 * np.ptp(points, axis=0).max():
            return False
        back = np.rint(np.linalg.solve(other.matrix, (points - first).T).T).astype(int)
        same += np.count_nonzero(has_value(mask.layers[part.layer], back, part.value))
        total += len(points)
    return same >= SAME_PLACE * total

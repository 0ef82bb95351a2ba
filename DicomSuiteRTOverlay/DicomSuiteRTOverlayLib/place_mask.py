"""Decide where a mask belongs on a volume, how sure that is, and say so in words."""

from __future__ import annotations

from collections.abc import Sequence

from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volumes import Volume
from DicomSuiteRTOverlayLib.header_repairs import header_places, is_complete
from DicomSuiteRTOverlayLib.hypotheses import Hypothesis, without_twins
from DicomSuiteRTOverlayLib.mask_file import HeaderClaims, MaskFile
from DicomSuiteRTOverlayLib.mask_samples import LabelSamples, mask_samples
from DicomSuiteRTOverlayLib.orientation_search import covering_places
from DicomSuiteRTOverlayLib.overlap import distance_apart, overlap_findings
from DicomSuiteRTOverlayLib.placement import AUTOMATIC, SHOWN_CANDIDATES, Candidate, Placement, Verdict
from DicomSuiteRTOverlayLib.reference_cues import reference_cues
from DicomSuiteRTOverlayLib.scale_to_extent import scaled_places
from DicomSuiteRTOverlayLib.voxel_map import VoxelMap
from DicomSuiteRTOverlayLib.weigh_places import WeighedPlace, weigh_places

MOSTLY_IN_AIR = 0.5
"""A mask with less than this part of its voxels inside the body is not believed without being asked about."""


def place_mask(mask: MaskFile, volume: Volume) -> Placement:
    """Decide where a mask belongs.

    Places that the header allows, that repairs of known defects give, and in which the mask covers the volume are
    weighed by how usual they are and by how the mask fits the picture there. The header is trusted where nothing speaks
    against it; nothing else is taken unasked unless it is `AUTOMATIC`.
    """
    samples = mask_samples(mask)
    if not samples:
        return Placement(
            Verdict.REFUSED, "The mask is empty: no voxel belongs to a segment, so there is nothing to place."
        )
    hypotheses = without_twins(_hypotheses(mask.claims, volume.grid))
    weighed = weigh_places(hypotheses, mask, samples, reference_cues(volume), volume.grid) if hypotheses else ()
    if not weighed:
        return Placement(Verdict.REFUSED, _why_nowhere(mask.claims, hypotheses, volume.grid))
    return _judged(weighed, mask, samples, volume.grid)


def _hypotheses(claims: HeaderClaims, grid: SliceGrid) -> list[Hypothesis]:
    covering = covering_places(claims, grid)
    by_header = header_places(claims, grid.nominal_geometry)
    # On uneven slices a header that says the same as the volume's nominal grid means the volume's slices.
    places = covering + by_header if grid.geometry is None else by_header + covering
    return places or scaled_places(claims, grid.nominal_geometry)


def _judged(
    weighed: Sequence[WeighedPlace], mask: MaskFile, samples: Sequence[LabelSamples], grid: SliceGrid
) -> Placement:
    best = weighed[0]
    verdict = _verdict(best, grid)
    shown = _shown(weighed) if verdict is Verdict.GUESSED else weighed[:1]
    belief = best.fit.in_body if best.fit.in_body < MOSTLY_IN_AIR else 1.0
    places = ((one.hypothesis, one.probability * belief) for one in shown)
    candidates = tuple(Candidate(one.key, one.words, one.geometry, probability) for one, probability in places)
    findings = overlap_findings(best.hypothesis.geometry, samples, grid)
    return Placement(verdict, _reason(verdict, best, weighed, mask.claims, grid), candidates, findings)


def _verdict(best: WeighedPlace, grid: SliceGrid) -> Verdict:
    if best.probability < AUTOMATIC or best.fit.in_body < MOSTLY_IN_AIR:
        return Verdict.GUESSED
    if best.hypothesis.verdict is Verdict.PLACED and _follows_slices(best, grid):
        return Verdict.REPAIRED
    return best.hypothesis.verdict


def _follows_slices(place: WeighedPlace, grid: SliceGrid) -> bool:
    """True where the volume's slices are uneven and the mask goes with them, not with its header's even grid."""
    return grid.geometry is None and VoxelMap(place.hypothesis.geometry, grid).lattice is not None


def _shown(weighed: Sequence[WeighedPlace]) -> Sequence[WeighedPlace]:
    """The best ones; the header's own place is always among them."""
    first = list(weighed[:SHOWN_CANDIDATES])
    header = [one for one in weighed[SHOWN_CANDIDATES:] if one.hypothesis.key == "header"]
    return first[: SHOWN_CANDIDATES - 1] + header if header else first


def _reason(
    verdict: Verdict, best: WeighedPlace, weighed: Sequence[WeighedPlace], claims: HeaderClaims, grid: SliceGrid
) -> str:
    words = best.hypothesis.words
    if verdict is Verdict.PLACED:
        return "The header is complete, and nothing in the picture speaks against it."
    if verdict is Verdict.REPAIRED and _follows_slices(best, grid):
        return "The volume's slices are uneven; each slice of the mask goes with its slice of the volume."
    if verdict is Verdict.REPAIRED:
        return f"The header was repaired: {words}."
    chance = f"probability {best.probability:.2f}"
    if best.fit.in_body < MOSTLY_IN_AIR:
        share = 100 * (1 - best.fit.in_body)
        return f"{share:.0f} % of the mask would lie in air, outside the body ({words}); please check."
    if not is_complete(claims):
        return f"The header does not say where the mask belongs. It fits the picture best so: {words} ({chance})."
    if best.hypothesis.key == "header":
        other = weighed[1].hypothesis.words if len(weighed) > 1 else "none of the known repairs"
        return f"The header places the mask, but that is not certain ({chance}); it may also be: {other}."
    return f"The header is complete, but the mask fits better otherwise: {words} ({chance})."


def _why_nowhere(claims: HeaderClaims, hypotheses: Sequence[Hypothesis], grid: SliceGrid) -> str:
    size, own = (" x ".join(map(str, numbers)) for numbers in (grid.size, claims.size))
    if not hypotheses:
        return (
            f"The header does not say where the mask lies, and its {own} voxels fit the volume's {size} in no order "
            "and at no scale; choose the volume that it was drawn on, or save it with its geometry."
        )
    header = next((one for one in hypotheses if one.key == "header"), hypotheses[0])
    return (
        f"The mask lies {distance_apart(header.geometry, grid):.0f} mm away from the volume, and no known repair of "
        "its header brings it there; choose the volume that it was drawn on."
    )

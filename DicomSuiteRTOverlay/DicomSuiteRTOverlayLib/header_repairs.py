"""Places that follow from a mask's header: as it stands, and with one known defect put right."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from DicomSuiteLib.geometry import RAS_SIGNS, FloatArray, ImageGeometry
from DicomSuiteRTOverlayLib.hypotheses import (
    KNOWN_DEFECT,
    OFF_GRID,
    REVERSED_ARRAY,
    Hypothesis,
    grid_log_odds,
)
from DicomSuiteRTOverlayLib.mask_file import Gap, HeaderClaims
from DicomSuiteRTOverlayLib.placement import Verdict

HALF_DEFECT = KNOWN_DEFECT - 2
"""Of one of two numbers that belong together being wrong: rarer."""

UNNAMED_RAS, UNNAMED_LAS = -0.7, -4.0
"""Of these, against LPS, where the header names no space."""

SAME_SIZE_ELSEWHERE = -3.0
"""Of a mask with the volume's size that nevertheless covers another place."""

OFFERED = -16.0
"""Of a place that only the volume suggests; no better than that the mask belongs elsewhere."""

UNIT_SLIPS = {"divided-by-1000": 1e-3, "divided-by-10": 0.1, "times-10": 10.0, "times-1000": 1000.0}
"""Numbers in um, cm or m under the name of mm, or the reverse."""

SLIPPED_RATIO = 4.0
"""A slip of the unit is looked for only where mask and volume differ in extent by more than this factor."""


def header_places(claims: HeaderClaims, volume: ImageGeometry) -> list[Hypothesis]:
    """All places that follow from what the header says, the reference filling in for one thing that it does not."""
    if claims.axes is None:
        return [] if claims.origin is None or claims.spacing is None else list(_without_directions(claims, volume))
    if claims.origin is None:
        return list(_without_origin(claims, volume))
    if Gap.NO_SPACE in claims.gaps:
        return list(_spaces(claims, volume))
    header = _complete(claims, volume)
    lost = [] if np.any(claims.origin) else list(_without_origin(claims, volume))
    return [header, *_repairs(claims, volume), *lost, *_mirrored(header)]


def is_complete(claims: HeaderClaims) -> bool:
    """True if the header says all that is needed to place the mask."""
    return claims.axes is not None and claims.origin is not None and Gap.NO_SPACE not in claims.gaps


def has_default_directions(axes: FloatArray) -> bool:
    """True if axes (columns) run along x, y and z, in this order: what writers put where they know no better."""
    return bool(np.allclose(np.abs(axes / np.linalg.norm(axes, axis=0)), np.eye(3), atol=1e-6))


def _complete(claims: HeaderClaims, volume: ImageGeometry) -> Hypothesis:
    geometry = ImageGeometry.from_axes(claims.size, claims.axes, claims.origin)
    log_odds = grid_log_odds(geometry, volume)
    is_elsewhere = not _covers(geometry, volume) and tuple(claims.size) == volume.size
    if is_elsewhere and not np.any(claims.origin):
        log_odds = OFF_GRID  # an origin of zero is a default rather than a place
    return Hypothesis(
        "header",
        "where its header puts it",
        geometry,
        log_odds + (SAME_SIZE_ELSEWHERE if is_elsewhere else 0),
        Verdict.PLACED,
    )


def _covers(geometry: ImageGeometry, volume: ImageGeometry) -> bool:
    """True if both boxes are the same, whatever the order of their axes."""
    half_voxel = 0.5 * min(volume.spacing)
    gaps = np.linalg.norm(geometry.corners[:, None] - volume.corners[None], axis=2).min(axis=1)
    return bool(gaps.max() < half_voxel)


def _spaces(claims: HeaderClaims, volume: ImageGeometry) -> Iterator[Hypothesis]:
    for key, name, signs, odds in (
        ("lps", "LPS", (1, 1, 1), 0.0),
        ("ras", "RAS", (-1, -1, 1), UNNAMED_RAS),
        ("las", "LAS", (1, -1, 1), UNNAMED_LAS),
    ):
        words = f"the header names no patient space; its numbers taken as {name}"
        yield _moved(key, words, claims, volume, odds, axes=np.array(signs), origin=np.array(signs))


def _without_origin(claims: HeaderClaims, volume: ImageGeometry) -> Iterator[Hypothesis]:
    """Mere offers: nothing tells where a mask of another size than the volume's begins."""
    middle = volume.lps_from_ijk((np.array(volume.size) - 1) / 2)
    half = claims.axes @ ((np.array(claims.size) - 1) / 2)
    for key, words, origin in (
        ("origin-centred", "the header has no origin; mask and volume share their centre", middle - half),
        ("origin-of-volume", "the header has no origin; that of the volume is taken", np.array(volume.origin)),
    ):
        geometry = ImageGeometry.from_axes(claims.size, claims.axes, origin)
        yield Hypothesis(key, words, geometry, OFFERED, Verdict.GUESSED)


def _without_directions(claims: HeaderClaims, volume: ImageGeometry) -> Iterator[Hypothesis]:
    lengths = np.array(claims.spacing)
    for key, words, directions in (
        ("volume-directions", "the header has no directions; those of the volume are taken", volume.directions),
        ("upright", "the header has no directions; left, posterior and superior are taken", np.eye(3)),
    ):
        geometry = ImageGeometry.from_axes(claims.size, np.array(directions) * lengths, claims.origin)
        log_odds = grid_log_odds(geometry, volume) + (0 if np.any(claims.origin) else KNOWN_DEFECT)
        yield Hypothesis(key, words, geometry, log_odds, Verdict.REPAIRED)


def _repairs(claims: HeaderClaims, volume: ImageGeometry) -> Iterator[Hypothesis]:
    both = "x and y have the wrong sign: numbers of RAS under the name LPS, or the reverse; sign changed"
    yield _moved("ras-for-lps", both, claims, volume, KNOWN_DEFECT, axes=RAS_SIGNS, origin=RAS_SIGNS)
    words = "x and y of the origin have the wrong sign"
    yield _moved("ras-origin", words, claims, volume, HALF_DEFECT, origin=RAS_SIGNS)
    words = "x and y of the directions have the wrong sign"
    yield _moved("ras-directions", words, claims, volume, HALF_DEFECT, axes=RAS_SIGNS)
    corner = ImageGeometry.from_axes(claims.size, claims.axes, claims.origin + claims.axes.sum(axis=1) / 2)
    if grid_log_odds(corner, volume) > OFF_GRID:  # elsewhere, half a voxel is nothing that a picture can tell
        yield _repaired("corner-origin", "its origin is the corner of the first voxel", corner, volume, HALF_DEFECT)
    if has_default_directions(claims.axes) and not has_default_directions(volume.axes):
        lengths = np.linalg.norm(claims.axes, axis=0)
        is_bare = bool(np.all(lengths == 1))  # even the spacing is a default, or the mask was resampled to 1 mm
        axes = volume.axes if is_bare else np.array(volume.directions) * lengths
        geometry = ImageGeometry.from_axes(claims.size, axes, claims.origin)
        words = "its directions are a default; the volume's taken"
        log_odds = HALF_DEFECT if is_bare else KNOWN_DEFECT
        yield _repaired("volume-directions", words, geometry, volume, log_odds)
    yield from _units(claims, volume)


def _units(claims: HeaderClaims, volume: ImageGeometry) -> Iterator[Hypothesis]:
    ratio = _extent(ImageGeometry.from_axes(claims.size, claims.axes, claims.origin)) / _extent(volume)
    if 1 / SLIPPED_RATIO < ratio < SLIPPED_RATIO:
        return
    for key, scale in UNIT_SLIPS.items():
        if abs(np.log(ratio * scale)) < abs(np.log(ratio)):
            factor = np.full(3, scale)
            words = f"its numbers are not in the unit that the header names; multiplied by {scale:g}"
            yield _moved(key, words, claims, volume, KNOWN_DEFECT, axes=factor, origin=factor)


def _extent(geometry: ImageGeometry) -> float:
    return float(np.linalg.norm(np.array(geometry.size) * np.array(geometry.spacing)))


def _moved(
    key: str,
    words: str,
    claims: HeaderClaims,
    volume: ImageGeometry,
    log_odds: float,
    axes: FloatArray | None = None,
    origin: FloatArray | None = None,
) -> Hypothesis:
    """The header with x, y and z of its axes and its origin multiplied by these factors."""
    steps = claims.axes if axes is None else claims.axes * axes[:, None]
    first = np.array(claims.origin) * (1 if origin is None else origin)
    return _repaired(key, words, ImageGeometry.from_axes(claims.size, steps, first), volume, log_odds)


def _repaired(key: str, words: str, geometry: ImageGeometry, volume: ImageGeometry, log_odds: float) -> Hypothesis:
    return Hypothesis(key, words, geometry, grid_log_odds(geometry, volume) + log_odds, Verdict.REPAIRED)


def _mirrored(header: Hypothesis) -> Iterator[Hypothesis]:
    """The header's box with the array reversed along one or more axes."""
    geometry = header.geometry
    for signs in np.array([(i, j, k) for i in (1, -1) for j in (1, -1) for k in (1, -1)])[1:]:
        first = np.where(signs < 0, np.array(geometry.size) - 1, 0)
        reversed_axes = "".join(axis for axis, sign in zip("ijk", signs, strict=True) if sign < 0)
        yield Hypothesis(
            f"reversed-{reversed_axes}",
            f"in its header's box, but with the array reversed along {', '.join(reversed_axes)}",
            ImageGeometry.from_axes(geometry.size, geometry.axes * signs, geometry.lps_from_ijk(first)),
            header.log_odds + REVERSED_ARRAY,
            Verdict.GUESSED,
        )

"""Find the affine map between a head and a template, whatever their contrast and orientation."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import product
from typing import TypeVar

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial.transform import Rotation

from DicomSuiteLib.affine_resampling import CUBIC, even_geometry, resample_affine
from DicomSuiteLib.check_intensities import check_intensities
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.geometry import FloatArray, ImageGeometry
from DicomSuiteLib.head_attitudes import likely_poses
from DicomSuiteLib.head_mask import head_mask
from DicomSuiteLib.head_template import HeadTemplate
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.tasks import CancelToken
from DicomSuiteLib.volumes import Volume

WORKING_SPACING = 3.0
"""mm: finer changes the affine map by less than a voxel and takes many times as long."""
BRIGHTEST = 99.8
"""Percentile that becomes white: fat and vessels are brighter than all that is to be matched."""
SURROUNDINGS_MM = 18.0
"""How far around the template's brain voxels are compared: skull and scalp hold the borders, face and neck differ."""
STARTS_MM = (-40.0, -20.0, 0.0, 20.0, 40.0)
"""Heights that are tried for the template's centre: how much neck is in the picture differs."""
_SCREENED, _REFINED = 12, 6
"""Steps from each start, and how many starts are followed further."""
_POSES = 16
"""How many of the turns that match best at first sight are starts, where heads may lie anyhow."""
OTHERWISE_DEG = 60.0
"""By how much more a head is turned that lies otherwise."""
BINS = 32
"""Of the joint histogram of Mattes' mutual information (doi:10.1109/TMI.2003.809072)."""
_FIRST_STEP_MM, _LAST_STEP_MM = 2.0, 1e-3
_LEAST_VOXELS = 8
_LEAST_SIMILARITY = 1e-6
"""What is less similar (nat) counts as this."""
_EDGE_BLUR = 0.8
"""Voxels (deviation) of the working image."""
_STRONGEST_EDGE = 99.5
"""Percentile that becomes white."""


class Matched(enum.Enum):
    """What of two heads is laid over each other."""

    VALUES = "values"
    """The most exact where the contrast is the template's."""
    EDGES = "edges"
    """How steep the values are: finds heads of any contrast, with a dark scalp too, but their brains less exactly."""


SCALES = {Matched.VALUES: (1.0,), Matched.EDGES: (0.9, 1.0)}
"""Sizes of heads, in those of the template, that are tried: it is a large one."""

LARGEST = {Matched.VALUES: np.inf, Matched.EDGES: 1.15}
"""Size up to which a match counts: beyond, much of the template is outside of the picture, and few edges match well."""


Turned = TypeVar("Turned", sitk.Similarity3DTransform, sitk.AffineTransform)


class RegistrationError(DicomSuiteError):
    """A volume cannot be laid over a template; the message says why and what to do."""


@dataclass(frozen=True, eq=False)
class Registration:
    """Where the points of a template lie in the patient.

    Parameters
    ----------
    patient_from_template : 4x4, takes LPS points (mm) of the template to those of the patient
    similarity : Mattes mutual information (nat) at the end, at the working resolution: higher is better, and
        comparable only between registrations to the same template
    lead : how many times as similar it is as the best match in which the head lies otherwise, turned by more than
        60 degrees; below 1 where that one is more similar but too large; infinite where none was tried, or all led
        to this one or out of the picture
    """

    patient_from_template: FloatArray
    similarity: float
    lead: float = np.inf

    @property
    def template_from_patient(self) -> FloatArray:
        """The inverse: takes LPS points (mm) of the patient to those of the template."""
        return np.linalg.inv(self.patient_from_template)


def register(
    volume: Volume,
    template: HeadTemplate,
    token: CancelToken | None = None,
    matched: Matched = Matched.VALUES,
) -> Registration:
    """Find the affine map that lays `volume`, a head, over `template`.

    Rotation, shift and one scale are searched for from several heights, and with `Matched.EDGES` from all turns that
    are likely; then all twelve parameters are refined.

    Raises
    ------
    VolumeError, GeometryError
        If the voxels are no intensities; if slices lie unevenly.
    RegistrationError
        If the volume has fewer than 8 voxels along an axis or nothing to match.
    Cancelled
        If `token` asks for it.
    """
    check_intensities(volume)
    if min(volume.voxels.shape) < _LEAST_VOXELS or volume.voxels.min() == volume.voxels.max():
        raise RegistrationError("There is too little in the volume to register it; a whole head is needed.")
    fixed, moving = _working_image(template.head), _working_image(volume)
    centres = _head_centre(fixed), _head_centre(moving)
    search = _Search(fixed, moving, _compared_region(template), token, matched)
    starts = list(_starts(centres, matched))
    if matched is Matched.EDGES:
        starts += search.turned(centres)
    best, *others = search.best(starts)
    matches = [(search.refine_wholly(best), best)]
    for other in others:
        with suppress(RegistrationError):  # it leads out of the picture
            matches.append((search.refine_wholly(other), other))
    (value, affine), *rest = search.ranked(matches)
    return Registration(_matrix(affine), -value, value / min(rest[0][0], -_LEAST_SIMILARITY) if rest else np.inf)


def resampled_to_template(volume: Volume, registration: Registration, template: HeadTemplate) -> Volume:
    """The volume as float32 on the template's grid, cubic between voxels, 0 outside; in no DICOM frame of reference."""
    voxels = resample_affine(
        volume.voxels, even_geometry(volume), template.grid, registration.patient_from_template, CUBIC
    )
    grid = SliceGrid.from_geometry(template.grid)
    return replace(volume, voxels=voxels, grid=grid, frame_of_reference_uid="", series_uid="", files=())


class _Search:
    """Two images at the working resolution, and the search for the map from `fixed` to `moving`."""

    def __init__(
        self,
        fixed: sitk.Image,
        moving: sitk.Image,
        region: sitk.Image | None,
        token: CancelToken | None,
        matched: Matched,
    ) -> None:
        self._region, self._token, self._largest = region, token, LARGEST[matched]
        compared = (fixed, moving) if matched is Matched.VALUES else (_edges(fixed), _edges(moving))
        self._compared = {shrink: tuple(_smoothed(image, shrink) for image in compared) for shrink in (1, 2, 4)}

    def best(self, starts: Iterable[sitk.Similarity3DTransform]) -> list[sitk.AffineTransform]:
        """The best match to which `starts` lead, coarsely refined, and the best one of a head that lies otherwise."""
        screened = [start for _, start in self._refined(starts, _SCREENED)]
        others = [start for start in screened if _angle(start, screened[0]) > OTHERWISE_DEG]
        chosen = screened[:_REFINED]
        chosen += [start for start in others[:2] if start not in chosen]
        best, *rest = self._refined(chosen, steps=40)
        others = [match for match in rest if _angle(match[1], best[1]) > OTHERWISE_DEG]
        return [_as_affine(start) for _, start in (best, *others[:1])]

    def turned(self, centres: tuple[FloatArray, FloatArray]) -> list[sitk.Similarity3DTransform]:
        """Starts for a head that lies anyhow, its centre over the template's."""
        scale = SCALES[Matched.EDGES][0]
        poses = likely_poses(*self._compared[4], self._region, centres, STARTS_MM, scale, _POSES, OTHERWISE_DEG)
        return [_start(centres, turn, turn[:, 2] * height, scale) for turn, height in poses]

    def _refined(
        self, starts: Iterable[sitk.Similarity3DTransform], steps: int
    ) -> list[tuple[float, sitk.Similarity3DTransform]]:
        """The starts, refined by so many steps, as `ranked` sorts them.

        Those that lead out of the picture are left out; RegistrationError where all do.
        """
        matches, failure = [], None
        for start in starts:
            try:
                matches.append((self.refine_turned(start, steps), start))
            except RegistrationError as error:
                failure = error
        if failure is not None and not matches:
            raise failure
        return self.ranked(matches)

    def ranked(self, matches: Iterable[tuple[float, Turned]]) -> list[tuple[float, Turned]]:
        """Minus the mutual information and the transforms, the best first; behind them those grown too large."""
        return sorted(matches, key=lambda match: (_size(match[1]) > self._largest, match[0]))

    def refine_wholly(self, affine: sitk.AffineTransform) -> float:
        """Improve all twelve parameters in place, on finer grids; returns as `refine` does."""
        self.refine(affine, shrink=2, steps=60)
        return self.refine(affine, shrink=1, steps=20)

    def refine_turned(self, start: sitk.Similarity3DTransform, steps: int) -> float:
        """Improve `start` in place on the coarsest grid, as `refine` does; as well from any turn.

        Only what is added to the turn is searched for: versors of half a turn lie at the end of their range.
        """
        turn = np.reshape(start.GetMatrix(), (3, 3)) / start.GetScale()
        turned = sitk.AffineTransform(turn.ravel().tolist(), start.GetTranslation(), start.GetCenter())
        added = sitk.Similarity3DTransform()
        added.SetCenter(start.GetCenter())
        added.SetScale(start.GetScale())
        value = self.refine(added, shrink=4, steps=steps, onward=turned)
        start.SetMatrix((turn @ np.reshape(added.GetMatrix(), (3, 3))).ravel().tolist())
        start.SetTranslation((start.GetTranslation() + turn @ added.GetTranslation()).tolist())
        return value

    def refine(self, transform: sitk.Transform, shrink: int, steps: int, onward: sitk.Transform | None = None) -> float:
        """Improve `transform` in place on grids `shrink` times coarser; returns minus the mutual information.

        Where `onward` is given, it takes the points on from where `transform` takes them.
        """
        method = sitk.ImageRegistrationMethod()
        method.SetNumberOfThreads(1)
        method.SetNumberOfWorkUnits(1)  # sums do not depend on how many cores there are
        method.SetMetricAsMattesMutualInformation(BINS)
        method.SetInterpolator(sitk.sitkLinear)
        method.MetricUseFixedImageGradientFilterOff()  # smoothed already; as exact, and several times as fast
        method.MetricUseMovingImageGradientFilterOff()
        method.SetShrinkFactorsPerLevel([shrink])
        method.SetSmoothingSigmasPerLevel([0])
        method.SetOptimizerAsRegularStepGradientDescent(
            _FIRST_STEP_MM, _LAST_STEP_MM, steps, relaxationFactor=0.6, gradientMagnitudeTolerance=1e-6
        )
        method.SetOptimizerScalesFromPhysicalShift()
        if self._region is not None:
            method.SetMetricFixedMask(self._region)
        method.SetInitialTransform(transform, True)
        if onward is not None:
            method.SetMovingInitialTransform(onward)
        if self._token is not None:
            token = self._token
            method.AddCommand(sitk.sitkIterationEvent, lambda: method.StopRegistration() if token.cancelled else None)
        try:
            method.Execute(*self._compared[shrink])
        except RuntimeError as error:
            raise RegistrationError(
                "The volume could not be registered: it has too little in common with the template. Check that it is "
                "a head, and that its orientation is right."
            ) from error
        if self._token is not None:
            self._token.raise_if_cancelled()
        return method.GetMetricValue()


def _working_image(volume: Volume) -> sitk.Image:
    """The volume on a grid along x, y, z that covers it; values 0 to 1, their square root, so that fat rules less."""
    source = even_geometry(volume)
    target = _covering_grid(source)
    blurs = [WORKING_SPACING / 2 / spacing if spacing < WORKING_SPACING else 0 for spacing in source.spacing[::-1]]
    smooth = ndimage.gaussian_filter(np.asarray(volume.voxels, np.float32), blurs, truncate=3)
    smooth -= smooth.min()
    values = resample_affine(smooth, source, target, np.eye(4))
    image = sitk.GetImageFromArray(np.sqrt(np.clip(values / max(np.percentile(values, BRIGHTEST), 1e-30), 0, 1)))
    target.set_on_sitk(image)
    return image


def _edges(image: sitk.Image) -> sitk.Image:
    """How steep the values are, 0 to 1, on the same grid."""
    steepness = ndimage.gaussian_gradient_magnitude(sitk.GetArrayViewFromImage(image), _EDGE_BLUR)
    white = max(float(np.percentile(steepness, _STRONGEST_EDGE)), 1e-30)
    edges = sitk.GetImageFromArray(np.clip(steepness / white, 0, 1))
    edges.CopyInformation(image)
    return edges


def _smoothed(image: sitk.Image, shrink: int) -> sitk.Image:
    """The image as it is compared on grids `shrink` times coarser."""
    return image if shrink == 1 else sitk.SmoothingRecursiveGaussian(image, shrink / 2 * WORKING_SPACING)


def _covering_grid(geometry: ImageGeometry) -> ImageGeometry:
    low, high = geometry.corners.min(axis=0), geometry.corners.max(axis=0)
    size = np.maximum(np.ceil((high - low) / WORKING_SPACING), _LEAST_VOXELS).astype(int)
    origin = (low + high) / 2 - (size - 1) / 2 * WORKING_SPACING
    return ImageGeometry.from_axes(size.tolist(), np.eye(3) * WORKING_SPACING, origin)


def _compared_region(template: HeadTemplate) -> sitk.Image | None:
    """Where images are compared: the template's brain and what is around it; everywhere if it is not known."""
    if template.brain is None:
        return None
    geometry = even_geometry(template.head)
    distances = ndimage.distance_transform_edt(template.brain < 0.5, sampling=geometry.spacing[::-1])
    target = _covering_grid(geometry)
    near = resample_affine(distances <= SURROUNDINGS_MM, geometry, target, np.eye(4)) > 0.5
    image = sitk.GetImageFromArray(near.astype(np.uint8))
    target.set_on_sitk(image)
    return image


def _starts(centres: tuple[FloatArray, FloatArray], matched: Matched) -> Iterator[sitk.Similarity3DTransform]:
    """Maps that shift head to head, upright, at several heights and sizes."""
    for height, scale in product(STARTS_MM, SCALES[matched]):
        yield _start(centres, np.eye(3), np.array((0, 0, height)), scale)


def _start(
    centres: tuple[FloatArray, FloatArray], turn: FloatArray, shift: FloatArray, scale: float
) -> sitk.Similarity3DTransform:
    """The map that lays centre over centre, then shifts by LPS mm; `turn` is a 3x3 rotation."""
    start = sitk.Similarity3DTransform()
    start.SetCenter(centres[0].tolist())
    start.SetMatrix((turn * scale).ravel().tolist())
    start.SetTranslation((centres[1] - centres[0] + shift).tolist())
    return start


def _angle(one: sitk.Similarity3DTransform, other: sitk.Similarity3DTransform) -> float:
    """Degrees between the turns of two maps."""
    turns = [Rotation.from_matrix(np.reshape(each.GetMatrix(), (3, 3)) / each.GetScale()) for each in (one, other)]
    return float(np.degrees((turns[0].inv() * turns[1]).magnitude()))


def _size(transform: sitk.Similarity3DTransform | sitk.AffineTransform) -> float:
    """In those of the template."""
    return float(np.cbrt(np.linalg.det(np.reshape(transform.GetMatrix(), (3, 3)))))


def _head_centre(image: sitk.Image) -> FloatArray:
    """LPS mm."""
    centre: Sequence[float] = ndimage.center_of_mass(head_mask(sitk.GetArrayViewFromImage(image)))
    return np.array(image.TransformContinuousIndexToPhysicalPoint(list(map(float, centre[::-1]))))


def _as_affine(start: sitk.Similarity3DTransform) -> sitk.AffineTransform:
    affine = sitk.AffineTransform(3)
    affine.SetCenter(start.GetCenter())
    affine.SetMatrix(start.GetMatrix())
    affine.SetTranslation(start.GetTranslation())
    return affine


def _matrix(affine: sitk.AffineTransform) -> FloatArray:
    matrix: NDArray = np.eye(4)
    matrix[:3, :3] = np.array(affine.GetMatrix()).reshape(3, 3)
    matrix[:3, 3] = affine.TransformPoint((0.0, 0.0, 0.0))
    return matrix

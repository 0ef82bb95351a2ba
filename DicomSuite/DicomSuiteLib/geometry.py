"""Where the voxels of a volume lie: `ImageGeometry` and its translations to the formats DicomSuite speaks.

Everything inside DicomSuite is LPS (DICOM, ITK): x grows to the patient's left, y to posterior, z to
superior. MRML and NIfTI are RAS; the sign flip happens here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from DicomSuiteLib.errors import DicomSuiteError

if TYPE_CHECKING:
    import SimpleITK

Vector3 = tuple[float, float, float]
FloatArray = NDArray[np.float64]

LPS_FROM_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
"""RAS -> LPS and LPS -> RAS alike: x and y change sign."""

RAS_SIGNS = np.diag(LPS_FROM_RAS)[:3]
"""The same for the coordinates of a point: x, y, z are multiplied by it."""

UNIT_TOLERANCE = 1e-6
"""How far the length of a direction may be from 1 in a geometry built by hand."""

COSINE_TOLERANCE = 1e-3
"""How far from perpendicular (cosine; 0.06 degrees) axes still count as perpendicular: 0.3 mm over 300 mm.

ImageOrientationPatient rounded to four decimals stays below it.
"""

SINGULAR_TOLERANCE = 1e-6
"""Smallest volume spanned by the three unit directions; below it they lie in one plane."""

NRRD_SPACES: Mapping[str, tuple[int, int, int]] = {
    "right-anterior-superior": (-1, -1, 1),
    "ras": (-1, -1, 1),
    "left-anterior-superior": (1, -1, 1),
    "las": (1, -1, 1),
    "left-posterior-superior": (1, 1, 1),
    "lps": (1, 1, 1),
}
"""NRRD's names of patient-based 3D spaces, each with the signs that turn its axes into LPS."""


STACKING_COSINE = 0.5
"""Slices whose line is further than 60 degrees off their normal lie side by side; a gantry tilts up to 30."""


class GeometryError(DicomSuiteError):
    """The numbers given do not describe, or the target format cannot hold, the place of a volume."""


def slice_position_tolerance(slice_spacing: float) -> float:
    """How far (mm) a slice may lie from its place on an even grid of `slice_spacing` mm.

    One per cent of the spacing, plus 0.01 mm because positions are decimal strings, rounded by many scanners; at
    most a tenth of the spacing.
    """
    return min(0.01 + 0.01 * slice_spacing, 0.1 * slice_spacing)


@dataclass(frozen=True, slots=True)
class ImageGeometry:
    """Place of a regular 3D grid of voxels in the patient.

    Axes may be left-handed or sheared (gantry tilt); they are kept so and flagged, never straightened.

    Parameters
    ----------
    size : number of voxels along i, j, k (columns, rows, slices)
    spacing : mm between voxel centres along i, j, k
    origin : centre of voxel (0, 0, 0), LPS mm
    directions : 3x3, rows x, y, z; column n is the LPS unit vector along which index n grows

    Raises
    ------
    GeometryError
        If a number is not finite, a size or spacing not positive, or the directions are no unit vectors or
        lie in one plane.
    """

    size: tuple[int, int, int]
    spacing: Vector3
    origin: Vector3
    directions: tuple[Vector3, Vector3, Vector3]

    def __post_init__(self) -> None:
        size = _numbers(self.size, (3,), "size")
        if np.any(size != np.floor(size)) or np.any(size < 1):
            raise GeometryError(f"Size must be three whole numbers of at least 1, not {self.size}.")
        spacing = _numbers(self.spacing, (3,), "spacing")
        if np.any(spacing <= 0):
            raise GeometryError(f"Spacing must be three positive lengths in mm, not {self.spacing}.")
        directions = _numbers(self.directions, (3, 3), "directions")
        if np.any(np.abs(np.linalg.norm(directions, axis=0) - 1) > UNIT_TOLERANCE):
            raise GeometryError(f"The columns of directions must be unit vectors: {directions.tolist()}.")
        if abs(np.linalg.det(directions)) < SINGULAR_TOLERANCE:
            raise GeometryError(f"The three directions lie in one plane: {directions.tolist()}.")
        set_field = object.__setattr__
        set_field(self, "size", tuple(int(n) for n in size))
        set_field(self, "spacing", tuple(spacing.tolist()))
        set_field(self, "origin", tuple(_numbers(self.origin, (3,), "origin").tolist()))
        set_field(self, "directions", tuple(tuple(row) for row in directions.tolist()))

    @classmethod
    def from_axes(cls, size: Sequence[int], axes: ArrayLike, origin: ArrayLike) -> ImageGeometry:
        """Build from a 3x3 LPS matrix whose columns are the steps (mm) to the next voxel along i, j, k."""
        steps = _numbers(axes, (3, 3), "axes")
        lengths = np.linalg.norm(steps, axis=0)
        if np.any(lengths == 0):
            raise GeometryError(f"An axis has no length: {steps.tolist()}.")
        return cls(tuple(size), tuple(lengths), tuple(np.asarray(origin)), tuple(map(tuple, steps / lengths)))

    @property
    def axes(self) -> FloatArray:
        """3x3 LPS matrix whose columns are the steps (mm) to the next voxel along i, j, k."""
        return np.array(self.directions) * np.array(self.spacing)

    @property
    def ijk_to_lps(self) -> FloatArray:
        """4x4 matrix from voxel indices to LPS mm."""
        matrix = np.eye(4)
        matrix[:3, :3] = self.axes
        matrix[:3, 3] = self.origin
        return matrix

    @property
    def ijk_to_ras(self) -> FloatArray:
        """4x4 matrix from voxel indices to RAS mm: what MRML calls IJKToRAS and NIfTI the affine."""
        return LPS_FROM_RAS @ self.ijk_to_lps

    @classmethod
    def from_ijk_to_lps(cls, matrix: ArrayLike, size: Sequence[int]) -> ImageGeometry:
        """Build from a 4x4 matrix that takes voxel indices to LPS mm."""
        values = _numbers(matrix, (4, 4), "matrix")
        if not np.array_equal(values[3], (0, 0, 0, 1)):
            raise GeometryError(f"The last row of the matrix must be 0 0 0 1, not {values[3].tolist()}.")
        return cls.from_axes(size, values[:3, :3], values[:3, 3])

    @classmethod
    def from_ijk_to_ras(cls, matrix: ArrayLike, size: Sequence[int]) -> ImageGeometry:
        """Build from a 4x4 matrix that takes voxel indices to RAS mm (MRML IJKToRAS, NIfTI affine)."""
        return cls.from_ijk_to_lps(LPS_FROM_RAS @ _numbers(matrix, (4, 4), "matrix"), size)

    def lps_from_ijk(self, ijk: ArrayLike) -> FloatArray:
        """Turn voxel indices (..., 3), fractions allowed, into LPS points (..., 3) in mm."""
        return np.asarray(ijk, dtype=float) @ self.axes.T + np.array(self.origin)

    def ijk_from_lps(self, lps: ArrayLike) -> FloatArray:
        """Turn LPS points (..., 3) in mm into fractional voxel indices (..., 3)."""
        return (np.asarray(lps, dtype=float) - np.array(self.origin)) @ np.linalg.inv(self.axes).T

    @property
    def corners(self) -> FloatArray:
        """The eight outer corners (8, 3) of the volume, LPS mm: half a voxel beyond the outermost centres."""
        return self.lps_from_ijk(_box_indices(-0.5, np.array(self.size) - 0.5))

    @property
    def is_left_handed(self) -> bool:
        """True if i, j, k turn like a left hand; DICOM series sorted along their normal never do."""
        return bool(np.linalg.det(np.array(self.directions)) < 0)

    @property
    def is_sheared(self) -> bool:
        """True if two axes are not perpendicular within `COSINE_TOLERANCE`, as after a gantry tilt."""
        directions = np.array(self.directions)
        return bool(np.any(np.abs(directions.T @ directions - np.eye(3)) > COSINE_TOLERANCE))

    def is_close(self, other: ImageGeometry, tolerance_mm: float = 1e-3) -> bool:
        """True if sizes are equal and no voxel centre is more than `tolerance_mm` from its counterpart."""
        if self.size != other.size:
            return False
        corners = _box_indices(0, np.array(self.size) - 1)
        distances = np.linalg.norm(self.lps_from_ijk(corners) - other.lps_from_ijk(corners), axis=1)
        return bool(distances.max() <= tolerance_mm)

    @classmethod
    def from_sitk(cls, image: SimpleITK.Image) -> ImageGeometry:
        """Take the geometry of a 3D SimpleITK image."""
        if image.GetDimension() != 3:
            raise GeometryError(f"The image has {image.GetDimension()} dimensions; a volume has 3.")
        directions = np.array(image.GetDirection()).reshape(3, 3)
        if np.allclose(np.linalg.norm(directions, axis=0), 1, rtol=0, atol=1e-12):
            return cls(image.GetSize(), image.GetSpacing(), image.GetOrigin(), tuple(map(tuple, directions)))
        return cls.from_axes(image.GetSize(), directions * np.array(image.GetSpacing()), image.GetOrigin())

    def set_on_sitk(self, image: SimpleITK.Image) -> None:
        """Give a SimpleITK image of the same size this geometry.

        Raises
        ------
        GeometryError
            If the sizes differ, or the axes are sheared: ITK's filters and writers take them for
            perpendicular.
        """
        if tuple(image.GetSize()) != self.size:
            raise GeometryError(f"The image has {image.GetSize()} voxels, the geometry {self.size}.")
        if self.is_sheared:
            raise GeometryError("ITK cannot hold sheared axes (gantry tilt); resample the volume first.")
        image.SetSpacing(self.spacing)
        image.SetOrigin(self.origin)
        image.SetDirection([value for row in self.directions for value in row])

    @classmethod
    def from_nrrd_header(cls, header: Mapping[str, Any]) -> ImageGeometry:
        """Take the geometry of a 3D NRRD from its header, a mapping as pynrrd's `read_header` returns it.

        Raises
        ------
        GeometryError
            If the header is incomplete or unusual (no space, no origin, list axes, units other than mm):
            a guess could put the volume into the wrong place.
        """
        sizes = np.asarray(header.get("sizes", ()))
        if sizes.shape != (3,):
            raise GeometryError(f"The NRRD has {sizes.size} axes; only volumes of exactly 3 are placed.")
        space = str(header.get("space", "")).strip().lower()
        if space not in NRRD_SPACES:
            raise GeometryError(f"The NRRD's space is {space or 'missing'!r}; it must be RAS, LAS or LPS.")
        units = header.get("space units")
        if units is not None and any(unit != "mm" for unit in units):
            raise GeometryError(f"The NRRD's space units are {list(units)}; only mm is understood.")
        for field in ("space directions", "space origin"):
            if header.get(field) is None:
                raise GeometryError(f"The NRRD has no {field!r}, so its place in the patient is unknown.")
        signs = np.array(NRRD_SPACES[space], dtype=float)
        axes = _numbers(header["space directions"], (3, 3), "space directions").T * signs[:, None]
        return cls.from_axes(sizes, axes, _numbers(header["space origin"], (3,), "space origin") * signs)

    def to_nrrd_header(self) -> dict[str, Any]:
        """Return the header fields, as pynrrd wants them, that place an array indexed [i, j, k]."""
        return {
            "dimension": 3,
            "sizes": np.array(self.size),
            "space": "left-posterior-superior",
            "space directions": self.axes.T,
            "space origin": np.array(self.origin),
            "kinds": ["domain", "domain", "domain"],
        }

    @classmethod
    def from_volume_node(cls, node: Any) -> ImageGeometry:
        """Take the geometry of a vtkMRMLVolumeNode, without its parent transforms."""
        import vtk

        voxels = node.GetImageData()
        if voxels is None:
            raise GeometryError("The volume node holds no voxels yet, so it has no size.")
        matrix = vtk.vtkMatrix4x4()
        node.GetIJKToRASMatrix(matrix)
        values = [[matrix.GetElement(row, column) for column in range(4)] for row in range(4)]
        return cls.from_ijk_to_ras(values, voxels.GetDimensions())

    def set_on_volume_node(self, node: Any) -> None:
        """Give a vtkMRMLVolumeNode this geometry; MRML holds sheared and left-handed axes as they are.

        Raises
        ------
        GeometryError
            If the node's voxels have another size.
        """
        import vtk

        voxels = node.GetImageData()
        if voxels is not None and tuple(voxels.GetDimensions()) != self.size:
            raise GeometryError(f"The node has {voxels.GetDimensions()} voxels, the geometry {self.size}.")
        matrix = vtk.vtkMatrix4x4()
        matrix.DeepCopy(self.ijk_to_ras.ravel().tolist())
        node.SetIJKToRASMatrix(matrix)

    @classmethod
    def from_dicom_slices(
        cls,
        positions: ArrayLike,
        orientation: Sequence[float],
        pixel_spacing: Sequence[float],
        rows: int,
        columns: int,
        single_slice_spacing: float | None = None,
    ) -> ImageGeometry:
        """Build from the attributes of DICOM slices, in the order in which they are stacked.

        Parameters
        ----------
        positions : (n, 3) ImagePositionPatient of each slice, LPS mm
        orientation : ImageOrientationPatient, 6 cosines: along a row (i grows), down a column (j grows)
        pixel_spacing : PixelSpacing in its own order: mm between rows (so along j), between columns (along i)
        rows, columns : size in j and in i
        single_slice_spacing : mm along the normal, needed for and used with exactly one slice

        Raises
        ------
        GeometryError
            If the slices do not lie evenly on a straight line (within `slice_position_tolerance`), or the
            orientation is not made of two perpendicular unit vectors.

        Notes
        -----
        PS3.3 sections C.7.6.2.1.1 and 10.7.1.3. k runs from the first to the last slice; a line of slices
        that is not along the normal (gantry tilt) gives sheared axes.
        """
        row, column = checked_orientation(orientation)
        between_rows, between_columns = _numbers(pixel_spacing, (2,), "PixelSpacing")
        if between_rows <= 0 or between_columns <= 0:
            raise GeometryError(f"PixelSpacing must be two positive lengths, not {list(pixel_spacing)}.")
        places = np.atleast_2d(np.asarray(positions, dtype=float))
        count = len(_numbers(places, (len(places), 3), "positions"))
        if count == 1:
            if single_slice_spacing is None:
                raise GeometryError("One slice alone does not tell its spacing; its thickness is needed.")
            step = np.cross(row, column) * single_slice_spacing
        else:
            step = (places[-1] - places[0]) / (count - 1)
            if not are_stacked(places, np.cross(row, column)):
                raise GeometryError("The slices lie side by side, not on top of each other.")
            worst = slice_offsets(places).max()
            if worst > slice_position_tolerance(float(np.linalg.norm(step))):
                raise GeometryError(f"The slices are not evenly spaced on a line: one is {worst:.3g} mm off.")
        axes = np.column_stack([row * between_columns, column * between_rows, step])
        return cls.from_axes((columns, rows, count), axes, places[0])


def checked_orientation(orientation: Sequence[float]) -> tuple[FloatArray, FloatArray]:
    """Return the unit row and column vectors (LPS) of ImageOrientationPatient, or raise `GeometryError`."""
    row, column = _numbers(orientation, (6,), "ImageOrientationPatient").reshape(2, 3)
    lengths = np.linalg.norm(row), np.linalg.norm(column)
    if any(abs(length - 1) > 0.01 for length in lengths) or abs(row @ column) > 0.01:
        raise GeometryError(
            f"ImageOrientationPatient must be two perpendicular unit vectors, not {list(orientation)}."
        )
    return row / lengths[0], column / lengths[1]


def are_stacked(positions: FloatArray, normal: FloatArray) -> bool:
    """True if slices at `positions` (n >= 2, 3) lie on top of each other rather than side by side."""
    line = positions[-1] - positions[0]
    return bool(abs(line @ normal) > STACKING_COSINE * np.linalg.norm(line))


def slice_offsets(positions: FloatArray) -> FloatArray:
    """How far (mm, (n,)) slices at `positions` (n, 3) lie from even steps between the first and the last."""
    return np.linalg.norm(positions - np.linspace(positions[0], positions[-1], len(positions)), axis=1)


def _numbers(values: ArrayLike, shape: tuple[int, ...], name: str) -> FloatArray:
    try:
        array = np.array(values, dtype=float) + 0.0  # so that -0.0 is never shown
    except (TypeError, ValueError) as error:
        raise GeometryError(f"The {name} must be numbers, not {values!r}.") from error
    if array.shape != shape:
        raise GeometryError(f"The {name} must have the shape {shape}, not {array.shape}.")
    if not np.all(np.isfinite(array)):
        raise GeometryError(f"The {name} must be finite: {array.tolist()}.")
    return array


def _box_indices(low: ArrayLike, high: ArrayLike) -> FloatArray:
    """The eight corners (8, 3) of a box in index space, from its lowest and highest indices."""
    choice = np.array([[n & 1, n >> 1 & 1, n >> 2 & 1] for n in range(8)])
    return np.where(choice == 0, low, high).astype(float)

"""ImageGeometry keeps every voxel where it is, in and out of each format, or refuses."""

import dataclasses
import pickle

import nrrd
import numpy as np
import pytest
import SimpleITK
from hypothesis import given, settings
from hypothesis import strategies as st

from DicomSuiteLib.geometry import GeometryError, ImageGeometry

PLAIN = ImageGeometry((4, 3, 2), (0.5, 0.75, 3.0), (-10.0, 20.0, 30.0), ((1, 0, 0), (0, 1, 0), (0, 0, 1)))

finite = st.floats(-1, 1)
sizes = st.tuples(*[st.integers(1, 600)] * 3)
spacings = st.tuples(*[st.floats(0.01, 20)] * 3)
origins = st.tuples(*[st.floats(-2000, 2000)] * 3)


@st.composite
def rotations(draw):
    """Orthonormal bases, right- and left-handed."""
    quaternion = np.array(
        draw(st.tuples(finite, finite, finite, finite).filter(lambda q: np.dot(q, q) > 0.01))
    )
    w, x, y, z = quaternion / np.linalg.norm(quaternion)
    rotation = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    return rotation * np.array(draw(st.tuples(*[st.sampled_from([1, -1])] * 3)))


@st.composite
def geometries(draw, sheared=True):
    """Oblique, flipped, left-handed and, if wanted, sheared geometries."""
    axes = draw(rotations()) * np.array(draw(spacings))
    if sheared:
        axes[:, 2] += axes[:, 1] * draw(finite) + axes[:, 0] * draw(finite)
    return ImageGeometry.from_axes(draw(sizes), axes, draw(origins))


def voxel_places(geometry, indices):
    """LPS points of voxel indices, one by one from the definition."""
    return [
        [
            geometry.origin[x]
            + sum(geometry.directions[x][n] * geometry.spacing[n] * ijk[n] for n in range(3))
            for x in range(3)
        ]
        for ijk in indices
    ]


@given(geometries(), st.lists(st.tuples(*[st.integers(-5, 600)] * 3), min_size=1, max_size=5))
def test_indices_become_points_by_the_definition_and_come_back(geometry, indices):
    points = geometry.lps_from_ijk(indices)
    assert np.allclose(points, voxel_places(geometry, indices), atol=1e-6)
    assert np.allclose(geometry.ijk_from_lps(points), indices, atol=1e-4)


def test_points_of_any_leading_shape_are_converted():
    grid = np.stack(np.meshgrid(range(4), range(3), range(2), indexing="ij"), axis=-1)
    points = PLAIN.lps_from_ijk(grid)
    assert points.shape == (4, 3, 2, 3)
    assert points[3, 2, 1].tolist() == [-8.5, 21.5, 33.0]
    assert PLAIN.ijk_from_lps([-8.5, 21.5, 33.0]).tolist() == [3, 2, 1]


@given(geometries())
def test_both_matrices_rebuild_the_geometry(geometry):
    assert ImageGeometry.from_ijk_to_lps(geometry.ijk_to_lps, geometry.size).is_close(geometry, 1e-6)
    assert ImageGeometry.from_ijk_to_ras(geometry.ijk_to_ras, geometry.size).is_close(geometry, 1e-6)


def test_ras_matrix_is_that_of_a_nifti_file_that_itk_writes(tmp_path):
    image = SimpleITK.Image(PLAIN.size, SimpleITK.sitkInt16)
    oblique = ((0.8, -0.6, 0), (0.6, 0.8, 0), (0, 0, -1))
    geometry = dataclasses.replace(PLAIN, directions=oblique)
    geometry.set_on_sitk(image)
    SimpleITK.WriteImage(image, tmp_path / "volume.nii")
    header = (tmp_path / "volume.nii").read_bytes()[:348]
    sform = np.frombuffer(header[280:328], "<f4").reshape(3, 4)  # srow_x, srow_y, srow_z of nifti1.h
    assert np.allclose(geometry.ijk_to_ras[:3], sform, atol=1e-5)
    assert ImageGeometry.from_ijk_to_ras(np.vstack([sform, [0, 0, 0, 1]]), geometry.size).is_close(geometry)


@given(geometries(sheared=False))
def test_itk_puts_every_voxel_where_the_geometry_does_and_gives_it_back_unchanged(geometry):
    geometry = dataclasses.replace(geometry, size=(3, 4, 5))
    image = SimpleITK.Image(geometry.size, SimpleITK.sitkUInt8)
    geometry.set_on_sitk(image)
    for ijk in [(0, 0, 0), (2, 0, 0), (0, 3, 0), (0, 0, 4), (2, 3, 4)]:
        assert np.allclose(image.TransformIndexToPhysicalPoint(ijk), geometry.lps_from_ijk(ijk), atol=1e-6)
    assert ImageGeometry.from_sitk(image) == geometry


def test_itk_refuses_sheared_axes_and_another_size():
    image = SimpleITK.Image(PLAIN.size, SimpleITK.sitkUInt8)
    tilted = ImageGeometry.from_axes(PLAIN.size, [[1, 0, 0], [0, 1, 0.3], [0, 0, 0.95]], (0, 0, 0))
    with pytest.raises(GeometryError, match="sheared"):
        tilted.set_on_sitk(image)
    assert image.GetDirection() == (1, 0, 0, 0, 1, 0, 0, 0, 1)
    with pytest.raises(GeometryError, match="voxels"):
        PLAIN.set_on_sitk(SimpleITK.Image([4, 3, 1], SimpleITK.sitkUInt8))
    with pytest.raises(GeometryError, match="dimensions"):
        ImageGeometry.from_sitk(SimpleITK.Image([4, 3], SimpleITK.sitkUInt8))


@given(geometries())
def test_nrrd_header_survives_a_file(tmp_path_factory, geometry):
    geometry = dataclasses.replace(geometry, size=(2, 3, 4))
    path = str(tmp_path_factory.getbasetemp() / "volume.nrrd")
    nrrd.write(path, np.zeros(geometry.size, np.uint8), geometry.to_nrrd_header())
    assert ImageGeometry.from_nrrd_header(nrrd.read_header(path)).is_close(geometry, 1e-6)


@given(geometries(sheared=False))
def test_itk_reads_our_nrrd_header_at_the_same_place(tmp_path_factory, geometry):
    geometry = dataclasses.replace(geometry, size=(2, 3, 4))
    path = str(tmp_path_factory.getbasetemp() / "volume.nrrd")
    nrrd.write(path, np.zeros(geometry.size, np.uint8), geometry.to_nrrd_header())
    assert ImageGeometry.from_sitk(SimpleITK.ReadImage(path)).is_close(geometry, 1e-4)


@pytest.mark.parametrize(
    ("space", "signs"),
    [
        ("left-posterior-superior", (1, 1, 1)),
        ("LPS", (1, 1, 1)),
        ("right-anterior-superior", (-1, -1, 1)),
        ("RAS", (-1, -1, 1)),
        ("left-anterior-superior", (1, -1, 1)),
        ("las", (1, -1, 1)),
    ],
)
def test_nrrd_spaces_are_turned_into_lps(space, signs):
    header = PLAIN.to_nrrd_header()
    header["space"] = space
    header["space origin"] = np.array(PLAIN.origin) * signs
    header["space directions"] = PLAIN.axes.T * signs
    assert ImageGeometry.from_nrrd_header(header) == PLAIN


@pytest.mark.parametrize(
    ("field", "value", "word"),
    [
        ("space", None, "space"),
        ("space", "scanner-xyz", "scanner-xyz"),
        ("space", "left-posterior-superior-time", "time"),
        ("space directions", None, "space directions"),
        ("space directions", [[np.nan] * 3, [0, 1, 0], [0, 0, 1]], "finite"),
        ("space directions", [[0, 1, 0], [0, 1, 0], [0, 0, 1]], "plane"),
        ("space origin", None, "space origin"),
        ("space origin", [np.nan, 0, 0], "finite"),
        ("space units", ["um", "um", "um"], "um"),
        ("sizes", [2, 4, 3, 2], "4 axes"),
    ],
)
def test_unusual_nrrd_headers_are_refused_not_guessed(field, value, word):
    header = PLAIN.to_nrrd_header() | {field: value}
    if value is None:
        del header[field]
    with pytest.raises(GeometryError, match=word):
        ImageGeometry.from_nrrd_header(header)


@pytest.mark.parametrize(
    "change",
    [
        {"size": (4, 3, 0)},
        {"size": (4, 3, 1.5)},
        {"size": (4, 3)},
        {"spacing": (0.5, 0.0, 3.0)},
        {"spacing": (0.5, -0.75, 3.0)},
        {"spacing": (0.5, float("inf"), 3.0)},
        {"origin": (0.0, float("nan"), 0.0)},
        {"origin": ("left", 0.0, 0.0)},
        {"directions": ((1, 0, 0), (0, 1, 0), (0, 0, 2))},
        {"directions": ((1, 1, 0), (0, 0, 0), (0, 0, 1))},
        {"directions": ((1, 0), (0, 1), (0, 0))},
    ],
)
def test_numbers_that_are_no_geometry_are_refused(change):
    with pytest.raises(GeometryError):
        dataclasses.replace(PLAIN, **change)


def test_corners_are_half_a_voxel_beyond_the_outermost_centres():
    corners = PLAIN.corners
    assert corners.shape == (8, 3)
    assert corners.min(axis=0).tolist() == [-10.25, 19.625, 28.5]
    assert corners.max(axis=0).tolist() == [-8.25, 21.875, 34.5]
    assert len(np.unique(corners, axis=0)) == 8


def test_closeness_is_measured_at_the_voxel_that_is_farthest_off():
    turned = ImageGeometry.from_axes(
        PLAIN.size, PLAIN.axes + [[0, 0, 0.01], [0, 0, 0], [0, 0, 0]], PLAIN.origin
    )
    assert turned.is_close(PLAIN, tolerance_mm=0.0101)
    assert not turned.is_close(PLAIN, tolerance_mm=0.0099)
    assert not PLAIN.is_close(dataclasses.replace(PLAIN, size=(4, 3, 3)), tolerance_mm=100)


@given(geometries())
def test_handedness_is_that_of_the_matrix(geometry):
    assert geometry.is_left_handed == (np.linalg.det(geometry.axes) < 0)


def test_geometry_is_a_value_that_travels_between_processes():
    assert pickle.loads(pickle.dumps(PLAIN)) == PLAIN
    assert len({PLAIN, dataclasses.replace(PLAIN)}) == 1


def test_dicom_pixel_spacing_is_between_rows_first():
    geometry = ImageGeometry.from_dicom_slices(
        [(0, 0, 0), (0, 0, 5)], (1, 0, 0, 0, 1, 0), pixel_spacing=(2.0, 0.5), rows=10, columns=40
    )
    assert geometry.size == (40, 10, 2)
    assert geometry.spacing == (0.5, 2.0, 5.0)  # i runs along a row, from column to column
    assert geometry.lps_from_ijk((1, 0, 0)).tolist() == [0.5, 0, 0]
    assert geometry.lps_from_ijk((0, 1, 0)).tolist() == [0, 2, 0]


@given(
    rotations(), st.floats(0.2, 5), st.floats(0.2, 5), st.floats(0.5, 8), finite, finite, st.integers(2, 9)
)
@settings(max_examples=60)
def test_dicom_slices_lie_where_their_positions_say(
    basis, between_rows, between_columns, gap, aslant, across, count
):
    row, column, normal = basis[:, 0], basis[:, 1], np.cross(basis[:, 0], basis[:, 1])
    positions = [(7, -8, 9) + n * gap * (normal + aslant * column + across * row) for n in range(count)]
    geometry = ImageGeometry.from_dicom_slices(
        positions, (*row, *column), (between_rows, between_columns), rows=6, columns=5
    )
    assert np.allclose(geometry.lps_from_ijk([(0, 0, n) for n in range(count)]), positions, atol=1e-6)
    assert np.allclose(geometry.lps_from_ijk((1, 0, 0)) - positions[0], row * between_columns, atol=1e-6)
    assert np.allclose(geometry.lps_from_ijk((0, 1, 0)) - positions[0], column * between_rows, atol=1e-6)
    assert not geometry.is_left_handed
    slant = np.hypot(aslant, across)
    if abs(slant - 1e-3) > 1e-4:
        assert geometry.is_sheared == (max(abs(aslant), abs(across)) / np.hypot(1, slant) > 1e-3)


def test_slices_that_are_no_even_grid_are_refused():
    def stack(*heights):
        positions = [(0, 0, height) for height in heights]
        return ImageGeometry.from_dicom_slices(positions, (1, 0, 0, 0, 1, 0), (1, 1), rows=2, columns=2)

    assert stack(0, 2.004, 4, 6).spacing[2] == 2
    for heights in [(0, 2, 4, 8), (0, 2, 2, 4), (0, 2.5, 4, 6), (0, 0)]:
        with pytest.raises(GeometryError):
            stack(*heights)


def test_slices_side_by_side_are_refused():
    with pytest.raises(GeometryError, match="side by side"):
        ImageGeometry.from_dicom_slices([(0, 0, 0), (9, 0, 1)], (1, 0, 0, 0, 1, 0), (1, 1), rows=2, columns=2)


def test_one_slice_needs_its_thickness():
    arguments = [(1, 2, 3)], (1, 0, 0, 0, 0, -1), (1, 1), 2, 2
    with pytest.raises(GeometryError, match="thickness"):
        ImageGeometry.from_dicom_slices(*arguments)
    geometry = ImageGeometry.from_dicom_slices(*arguments, single_slice_spacing=4)
    assert geometry.lps_from_ijk((0, 0, 1)).tolist() == [1, 6, 3]


@pytest.mark.parametrize(
    "orientation",
    [(0, 0, 0, 0, 0, 0), (1, 0, 0, 1, 0, 0), (2, 0, 0, 0, 1, 0), (1, 0, 0, 0, 1), (1, 0, 0, 0, np.nan, 0)],
)
def test_orientation_that_is_none_is_refused(orientation):
    with pytest.raises(GeometryError, match="ImageOrientationPatient"):
        ImageGeometry.from_dicom_slices([(0, 0, 0)], orientation, (1, 1), 2, 2, single_slice_spacing=1)


def test_volume_node_holds_sheared_and_left_handed_axes():
    slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
    import vtk

    geometry = ImageGeometry.from_axes((4, 3, 2), [[-1, 0, 0], [0, 2, 1], [0, 0, 3]], (5, 6, 7))
    voxels = vtk.vtkImageData()
    voxels.SetDimensions(geometry.size)
    node = slicer.vtkMRMLScalarVolumeNode()
    with pytest.raises(GeometryError, match="no voxels"):
        ImageGeometry.from_volume_node(node)
    node.SetAndObserveImageData(voxels)
    geometry.set_on_volume_node(node)
    assert ImageGeometry.from_volume_node(node).is_close(geometry, 1e-9)
    assert geometry.is_left_handed and geometry.is_sheared
    ijk_to_ras = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(ijk_to_ras)
    x, y, z = geometry.lps_from_ijk((1, 2, 1))
    assert ijk_to_ras.MultiplyPoint((1, 2, 1, 1))[:3] == pytest.approx((-x, -y, z))
    with pytest.raises(GeometryError, match="voxels"):
        dataclasses.replace(geometry, size=(4, 3, 1)).set_on_volume_node(node)

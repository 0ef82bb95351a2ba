"""RTSTRUCT to segments: shapes, planes, defects, names; against analytic truth and published masks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydicom import dcmread

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.read_volume import read_volume
from DicomSuiteLib.segment_colours import segment_colour
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volumes import Volume
from DicomSuiteRTOverlayLib.contour_data import parse_decimals
from DicomSuiteRTOverlayLib.errors import OverlayError
from DicomSuiteRTOverlayLib.placed_mask import PlacedMask
from DicomSuiteRTOverlayLib.placement import Verdict
from DicomSuiteRTOverlayLib.read_rtstruct import read_rtstruct
from real_data import real_data
from rtstruct_phantom import (
    Contour,
    Owner,
    PhantomRoi,
    Shape,
    box_contour,
    circle,
    contours,
    cylinder,
    local_axes,
    phantom_geometry,
    sphere,
    torus,
    truth,
    write_rtstruct,
)

ORIENTATIONS = ("axial", "sagittal", "oblique", "sheared")
SQUARE = ImageGeometry((40, 30, 12), (1.0, 1.0, 3.0), (0.0, 0.0, 0.0), ((1, 0, 0), (0, 1, 0), (0, 0, 1)))


def volume_on(geometry: ImageGeometry) -> Volume:
    grid = SliceGrid.from_geometry(geometry)
    return Volume(np.broadcast_to(np.int16(0), grid.shape), grid)


def read(folder: Path, *rois: PhantomRoi, geometry: ImageGeometry = SQUARE) -> PlacedMask:
    return read_rtstruct(write_rtstruct(folder / "rs.dcm", rois), volume_on(geometry))


def masks(placed: PlacedMask) -> list[np.ndarray]:
    segmentation = placed.segmentation
    return [segment.full_mask(segmentation.grid.shape) for segment in segmentation.segments]


def dice(a: np.ndarray, b: np.ndarray) -> float:
    return float(2 * np.sum(a & b) / (a.sum() + b.sum()))


def boxes(*heights: float, side: float = 10) -> list[Contour]:
    """A square of `side` mm at each height."""
    return [box_contour(4.5, 4.5, 4.5 + side, 4.5 + side, z) for z in heights]


def slices_of(mask: np.ndarray) -> list[int]:
    return np.flatnonzero(mask.any(axis=(1, 2))).tolist()


# Shapes


@pytest.mark.parametrize("shape", [sphere(25), sphere(4), torus(20, 8), cylinder(12, 30)], ids=lambda one: one.name)
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_contours_on_the_slices_give_every_voxel_of_the_shape(tmp_path: Path, orientation: str, shape: Shape) -> None:
    geometry = phantom_geometry(orientation)
    placed = read(tmp_path, PhantomRoi("shape", contours(shape, geometry)), geometry=geometry)
    expected = truth(shape, geometry)
    assert dice(masks(placed)[0], expected) >= 0.9999
    assert np.sum(masks(placed)[0] != expected) <= 1
    assert placed.segmentation.notes == ()


@pytest.mark.parametrize(
    ("sampling", "least"),
    [({"offset": 1.0}, 0.995), ({"offset": -1.0}, 0.995), ({"every": 2}, 0.997)],
    ids=["1 mm above", "1 mm below", "every second"],
)
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_sphere_between_the_contours_is_round(tmp_path: Path, orientation: str, sampling: dict, least: float) -> None:
    geometry, shape = phantom_geometry(orientation), sphere(25)
    placed = read(tmp_path, PhantomRoi("shape", contours(shape, geometry, **sampling)), geometry=geometry)
    assert dice(masks(placed)[0], truth(shape, geometry)) >= least
    assert "interpolated" in placed.segmentation.notes[0]


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_rod_along_the_normal_stays_straight_between_the_contours(tmp_path: Path, orientation: str) -> None:
    geometry, rod = phantom_geometry(orientation), cylinder(12, 24.5)
    placed = read(tmp_path, PhantomRoi("rod", contours(rod, geometry, every=2)), geometry=geometry)
    (mask,), expected = masks(placed), truth(rod, geometry)
    inner = slice(slices_of(expected)[0], slices_of(expected)[-1] + 1)
    np.testing.assert_array_equal(mask[inner], expected[inner])


@pytest.mark.parametrize("order", [[1, 2, 0], [2, 0, 1]], ids=["sagittal", "coronal"])
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_contours_across_the_slices_are_filled_too(tmp_path: Path, orientation: str, order: list[int]) -> None:
    geometry, shape = phantom_geometry(orientation), sphere(25)
    axes = local_axes(geometry)[:, order]
    drawn = [Contour(circle(radius, z) @ axes.T) for z in np.arange(-25, 25, 1.4).tolist() for radius in shape.radii(z)]
    placed = read(tmp_path, PhantomRoi("shape", drawn), geometry=geometry)
    assert dice(masks(placed)[0], truth(shape, geometry)) >= (0.995 if orientation == "sheared" else 0.999)
    assert "do not run along the slices" in placed.segmentation.notes[0]


def test_contours_in_any_direction_are_filled_on_planes_of_their_own(tmp_path: Path) -> None:
    geometry, shape = phantom_geometry("axial"), torus(16, 6)
    axes = local_axes(phantom_geometry("oblique"))
    drawn = [Contour(circle(r, z) @ axes.T) for z in np.arange(-5.5, 6, 1.0).tolist() for r in shape.radii(z)]
    astray = Contour(circle(5, 3))
    placed = read(tmp_path, PhantomRoi("shape", [*drawn, replace(astray, points=astray.points[:, [2, 0, 1]])]),
                  geometry=geometry)  # fmt: skip
    assert dice(masks(placed)[0], truth(shape, geometry, axes)) >= 0.98
    assert any("1 of" in note and "do not run along the others" in note for note in placed.segmentation.notes)


def test_xor_contours_keyholes_and_islands_follow_the_even_odd_rule(tmp_path: Path) -> None:
    nested = [
        box_contour(0.5, 0.5, 29.5, 24.5, 9),
        box_contour(4.5, 4.5, 24.5, 20.5, 9),
        box_contour(8.5, 8.5, 12.5, 12.5, 9),
    ]
    keyhole = np.concatenate([nested[0].points, nested[0].points[:1], nested[1].points, nested[1].points[:1]])
    placed = read(
        tmp_path,
        PhantomRoi("nested", [replace(contour, kind="CLOSEDPLANAR_XOR") for contour in nested]),
        PhantomRoi("keyhole", [Contour(keyhole), nested[2]]),
    )
    first, second = masks(placed)
    assert first.sum() == 29 * 24 - 20 * 16 + 4 * 4
    np.testing.assert_array_equal(first, second)


def test_slices_of_their_own_spacing_get_the_contours_drawn_on_them(tmp_path: Path) -> None:
    folder = real_data("ge_tilt")
    volume = read_volume(folder)
    grid = volume.grid
    square = np.array([[200.5, 180.5], [300.5, 180.5], [300.5, 320.5], [200.5, 320.5]])
    drawn_on = range(3, len(grid.positions) - 3)
    drawn = [Contour(grid.lps_from_ijk(np.column_stack([square + k, np.full(4, k)]))) for k in drawn_on]
    owner = Owner(volume.frame_of_reference_uid, series_uid=volume.series_uid)
    placed = read_rtstruct(write_rtstruct(tmp_path / "rs.dcm", [PhantomRoi("rod", drawn)], owner), volume)
    (mask,) = masks(placed)
    assert slices_of(mask) == list(drawn_on)
    for k in slices_of(mask):
        rows, columns = np.nonzero(mask[k])
        assert (columns.min(), columns.max(), rows.min(), rows.max()) == (201 + k, 300 + k, 181 + k, 320 + k)


@pytest.mark.parametrize("patient", ["STS_002", "STS_008", "STS_010", "STS_019", "STS_025", "STS_041"])
def test_real_structure_set_equals_its_published_mask_in_every_voxel(patient: str) -> None:
    folder = real_data("sts", patient)
    placed = read_rtstruct(folder / "rtstruct" / "RS.dcm", read_volume(folder / "ct"))
    published = sitk.GetArrayFromImage(sitk.ReadImage(str(folder / "mask.nii.gz"))) > 0
    np.testing.assert_array_equal(masks(placed)[0], published)
    assert (placed.placement.findings, placed.segmentation.notes) == ((), ())


def test_structure_set_of_another_real_patient_is_refused() -> None:
    folder = real_data("sts")
    placed = read_rtstruct(folder / "STS_002" / "rtstruct" / "RS.dcm", read_volume(folder / "STS_008" / "ct"))
    assert (placed.placement.verdict, placed.segmentation) == (Verdict.REFUSED, None)


# Planes: gaps, ends, rounding


@pytest.mark.parametrize(
    ("heights", "slices"),
    [
        ((6, 9, 12), [2, 3, 4]),
        ((6, 12, 18), [1, 2, 3, 4, 5, 6]),  # every second: between, and half a spacing beyond, one end of two
        ((3, 6, 18, 21, 24), [1, 2, 6, 7, 8]),  # two islands
        ((3, 6, 9, 15, 18), [1, 2, 3, 5, 6]),  # one slice without: as drawn
        ((3, 6, 9, 15, 21), [1, 2, 3, 4, 5, 6, 7]),  # drawn more sparsely towards one end
        ((3, 27), [1, 9]),  # two lone planes far apart
        ((7.0, 10.0, 13.0), [2, 3, 4]),  # 1 mm off the slices
        ((7.5, 10.5, 13.5), [2, 3, 4]),  # half-way: as many slices as planes
        ((6.04, 8.96, 12.02), [2, 3, 4]),  # rounded
        ((6,), [2]),
        ((7.0,), [2]),
    ],
    ids=str,
)
def test_planes_become_these_slices(tmp_path: Path, heights: tuple[float, ...], slices: list[int]) -> None:
    frame = PhantomRoi("all slices", boxes(*range(0, 34, 3), side=20))
    _, mask = masks(read(tmp_path, frame, PhantomRoi("part", boxes(*heights))))
    assert slices_of(mask) == slices
    assert set(mask.sum(axis=(1, 2)).tolist()) <= {0, 100}


def test_far_islands_evenly_spaced_are_not_joined(tmp_path: Path) -> None:
    (mask,) = masks(read(tmp_path, PhantomRoi("nodes", boxes(-3, 15, 33))))
    assert slices_of(mask) == [5, 11]


def test_slices_that_stay_empty_between_parts_are_told(tmp_path: Path) -> None:
    placed = read(tmp_path, PhantomRoi("part", boxes(3, 6, 9, 15, 18)))
    assert "1 slices between them have no contours near and stay empty" in placed.segmentation.notes[0]


def test_fine_contours_on_thick_slices_are_sampled_at_the_slices(tmp_path: Path) -> None:
    (mask,) = masks(read(tmp_path, PhantomRoi("fine", boxes(*np.arange(5.5, 16, 1.0)))))
    assert slices_of(mask) == [2, 3, 4, 5]


def test_gap_too_small_for_the_slices_to_show_is_none(tmp_path: Path) -> None:
    (mask,) = masks(read(tmp_path, PhantomRoi("fine", boxes(5.5, 6.5, 7.5, 10.5, 11.5, 12.5))))
    assert slices_of(mask) == [2, 3, 4]


def test_contour_that_is_there_twice_counts_once(tmp_path: Path) -> None:
    placed = read(tmp_path, PhantomRoi("twice", [*boxes(3, 6), *boxes(6)]))
    assert masks(placed)[0].sum() == 200
    assert "1 contours left out: each is there twice" in placed.segmentation.notes[0]


def test_roi_beyond_the_border_is_cut_there_and_says_by_how_much(tmp_path: Path) -> None:
    inner = PhantomRoi("inner", boxes(3))
    wide = PhantomRoi("wide", [box_contour(-8, 4.5, 60, 14.5, z) for z in (-6, -3, 0, 3)])
    beside = PhantomRoi("beside", [box_contour(60, 4.5, 70, 14.5, 3)])
    around = PhantomRoi("around", [box_contour(-50, -50, 90, 90, z) for z in range(-30, 60, 3)])
    placed = read(tmp_path, inner, wide, beside, around)
    assert [segment.name for segment in placed.segmentation.segments] == ["inner", "wide", "around"]
    assert masks(placed)[1].sum() == 2 * 40 * 10
    assert masks(placed)[2].all()
    assert "wide (ROI 2): it reaches 21.0 mm beyond the volume and is cut off there" in placed.segmentation.notes
    assert "beside (ROI 3): left out: it lies outside the volume, 20.5 mm away" in placed.segmentation.notes


# Names, colours, defects


def test_names_colours_and_numbers_are_kept(tmp_path: Path) -> None:
    placed = read(
        tmp_path,
        PhantomRoi("Größe", boxes(3), (0, 51, 255), 7),
        PhantomRoi("twin", boxes(3), None, 9),
        PhantomRoi("twin", boxes(6), (255, 0, 0), 4),
        PhantomRoi("", boxes(6), (255, 0, 0), 5),
    )
    found = [(segment.name, segment.colour, segment.value) for segment in placed.segmentation.segments]
    assert found == [
        ("Größe", (0.0, 0.2, 1.0), 7),
        ("twin", segment_colour(1), 9),
        ("twin", (1.0, 0.0, 0.0), 4),
        ("ROI 5", (1.0, 0.0, 0.0), 5),
    ]


def test_roi_with_a_damaged_colour_gets_another(tmp_path: Path) -> None:
    path = write_rtstruct(tmp_path / "rs.dcm", [PhantomRoi("good", boxes(3), (255, 0, 0))])
    path.write_bytes(path.read_bytes().replace(b"255\\0\\0", b"2,5\\0\\0"))
    (segment,) = read_rtstruct(path, volume_on(SQUARE)).segmentation.segments
    assert segment.colour == segment_colour(0)


GOOD = box_contour(4.5, 4.5, 14.5, 14.5, 6)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (replace(GOOD, kind="POINT", points=GOOD.points[:1]), "of type POINT, which encloses nothing"),
        (replace(GOOD, kind="OPEN_PLANAR"), "of type OPEN_PLANAR, which encloses nothing"),
        (replace(GOOD, kind="OPEN_NONPLANAR"), "of type OPEN_NONPLANAR, which encloses nothing"),
        (replace(GOOD, kind=None), "without ContourGeometricType"),
        (replace(GOOD, points=GOOD.points[:2]), "of fewer than three points"),
        (replace(GOOD, text=b""), "without ContourData"),
        (replace(GOOD, text=b"1\\2\\6\\9\\2\\6\\9\\nan\\6\\1\\9\\6"), "not finite"),
        (replace(GOOD, text=b"1\\2\\6\\9\\2\\6\\9\\9e300\\6\\1\\9\\6"), "beyond any patient"),
        (replace(GOOD, text=b"1\\2\\6\\9\\2\\6\\9\\9\\6\\1\\9"), "not three numbers a point"),
        (replace(GOOD, text=b"1\\2\\6\\9\\2\\6\\9\\9\\6"), "do not fit NumberOfContourPoints"),
        (replace(GOOD, count=400), "do not fit NumberOfContourPoints"),
        (replace(GOOD, text=b"1\\2\\6\\9\\2\\6\\9,5\\9\\6\\1\\9\\6"), "no decimal numbers"),
        (replace(GOOD, text=b"\\\\\\\\\\\\\\\\\\\\\\"), "no decimal numbers"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_contour_is_listed_and_the_others_are_kept(tmp_path: Path, bad: Contour, reason: str) -> None:
    placed = read(tmp_path, PhantomRoi("mixed", [*boxes(3), bad]), PhantomRoi("only", [bad]))
    assert [segment.name for segment in placed.segmentation.segments] == ["mixed"]
    assert masks(placed)[0].sum() == 100
    mixed, only = placed.segmentation.notes
    assert mixed.startswith("mixed (ROI 1): 1 of 2 contours left out: ")
    assert only.startswith("only (ROI 2): 1 of 1 contours left out: ")
    assert reason in mixed
    assert reason in only


def test_rois_without_contours_are_listed(tmp_path: Path) -> None:
    placed = read(tmp_path, PhantomRoi("good", boxes(3)), PhantomRoi("empty", []), PhantomRoi("undrawn", None))
    assert [segment.name for segment in placed.segmentation.segments] == ["good"]
    assert set(placed.segmentation.notes) == {
        "empty (ROI 2): it has no contours",
        "undrawn (ROI 3): it has no item in ROIContourSequence",
    }


def test_roi_between_the_voxel_centres_is_listed(tmp_path: Path) -> None:
    tiny = PhantomRoi("tiny", [box_contour(5.2, 5.2, 5.8, 5.8, 3)])
    placed = read(tmp_path, PhantomRoi("good", boxes(3)), tiny)
    assert placed.segmentation.notes == ("tiny (ROI 2): left out: no voxel centre lies inside it",)


def test_structure_set_without_any_closed_contour_is_refused(tmp_path: Path) -> None:
    placed = read(tmp_path, PhantomRoi("iso", [Contour(np.array([[5.0, 5, 3]]), "POINT")]))
    assert placed.placement.verdict is Verdict.REFUSED
    assert "no closed contour" in placed.placement.reason
    assert "of type POINT" in placed.placement.findings[0]


def test_file_is_read_only_and_source_is_named(tmp_path: Path) -> None:
    path = write_rtstruct(tmp_path / "rs.dcm", [PhantomRoi("good", boxes(3))])
    before = path.read_bytes()
    assert read_rtstruct(path, volume_on(SQUARE)).path == path
    assert path.read_bytes() == before


# Damaged files


@pytest.mark.parametrize("content", [b"", b"a text file\n" * 40, b"\0" * 4096], ids=["empty", "text", "zeros"])
def test_file_that_is_no_dicom_is_an_error_that_names_it(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "rs.dcm"
    path.write_bytes(content)
    with pytest.raises(OverlayError, match=r"rs\.dcm"):
        read_rtstruct(path, volume_on(SQUARE))


def test_other_dicom_object_is_an_error(tmp_path: Path) -> None:
    path = write_rtstruct(tmp_path / "rs.dcm", [PhantomRoi("good", boxes(3))])
    dataset = dcmread(path)
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    dataset.save_as(path)
    with pytest.raises(OverlayError, match="no DICOM RTSTRUCT"):
        read_rtstruct(path, volume_on(SQUARE))


def test_file_cut_off_anywhere_is_an_error_or_gives_nothing(tmp_path: Path) -> None:
    rois = [PhantomRoi(f"roi {number}", boxes(3, 6, 9)) for number in range(3)]
    whole = write_rtstruct(tmp_path / "rs.dcm", rois).read_bytes()
    cut = tmp_path / "cut.dcm"
    for length in range(0, len(whole) - 2, 37):
        cut.write_bytes(whole[:length])
        try:
            placed = read_rtstruct(cut, volume_on(SQUARE))
        except OverlayError as error:
            assert "cut.dcm" in str(error)
        else:
            assert placed.placement.verdict is Verdict.REFUSED, length


@given(st.lists(st.lists(st.floats(-1e4, 1e4).map(lambda value: f"{value:.6g}"), min_size=1, max_size=9), max_size=5))
def test_decimal_strings_are_read_as_python_reads_them(values: list[list[str]]) -> None:
    parsed = parse_decimals(["\\".join(group).encode() for group in values])
    assert [group.tolist() for group in parsed] == [[float(value) for value in group] for group in values]


NEARLY_DECIMALS = st.lists(st.sampled_from(list("012.-+eE_,\\ \0x")), max_size=9).map(
    lambda some: "".join(some).encode()
)


@example(b"1.2.3\\4", b"1\\2.5")
@example(b"1_0\\4", b"")
@example(b"1-2\\4", b"1\\2.5")
@settings(max_examples=300)
@given(st.one_of(st.binary(max_size=12), NEARLY_DECIMALS), st.sampled_from([b"1\\2.5", b"", b"-"]))
def test_any_bytes_are_read_as_numbers_or_not_at_all(text: bytes, other: bytes) -> None:
    def expected(raw: bytes) -> list[float] | None:
        try:
            return None if b"_" in raw else [float(value) for value in raw.rstrip(b" \0").split(b"\\")]
        except ValueError:
            return None

    for raw, numbers in zip([text, other], parse_decimals([text, other]), strict=True):
        assert (numbers is None) == (expected(raw) is None)
        if numbers is not None:
            np.testing.assert_array_equal(numbers, expected(raw))

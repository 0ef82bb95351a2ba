"""Every way in which an NRRD header tells the place of its voxels is understood, and what it leaves open is told."""

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st

from DicomSuiteLib.geometry import NRRD_SPACES, GeometryError, ImageGeometry
from DicomSuiteRTOverlayLib.errors import OverlayError
from DicomSuiteRTOverlayLib.mask_file import Gap
from DicomSuiteRTOverlayLib.nrrd_axes import nrrd_axes
from DicomSuiteRTOverlayLib.nrrd_claims import nrrd_claims
from DicomSuiteRTOverlayLib.nrrd_header import read_nrrd_header
from mask_variants import write_nrrd

AXES = np.array([[0.9, 0.1, 0.0], [-0.1, 1.1, 0.3], [0.0, -0.2, 2.5]])
ORIGIN = np.array([-120.5, 30.25, -7.0])
DIRECTIONS = "(0.9,-0.1,0) (0.1,1.1,-0.2) (0,0.3,2.5)"
PLACE = {"space directions": DIRECTIONS, "space origin": "(-120.5,30.25,-7)"}
SPACINGS = {"spacings": "0.5 0.75 2", "axis mins": "10 20 30"}


def claims_of(folder, shape=(2, 3, 4), **fields):
    """The claims of a file of zeros of `shape` (slowest first); "_" in names stands for a blank."""
    path = folder / "mask.nrrd"
    write_nrrd(path, np.zeros(shape, np.uint8), {name.replace("_", " "): value for name, value in fields.items()})
    header = read_nrrd_header(path).fields
    return nrrd_claims(header, nrrd_axes(header))


@pytest.mark.parametrize(
    ("name", "signs"),
    [(name, signs) for name, signs in NRRD_SPACES.items()]
    + [("RAS", (-1, -1, 1)), ("Left-Posterior-Superior", (1, 1, 1))],
)
def test_named_spaces_are_turned_into_lps(tmp_path, name, signs):
    claims = claims_of(tmp_path, space=name, **PLACE)
    np.testing.assert_allclose(claims.axes, AXES * np.array(signs)[:, None])
    np.testing.assert_allclose(claims.origin, ORIGIN * signs)
    assert claims.size == (4, 3, 2)
    assert not claims.gaps


@pytest.mark.parametrize(
    ("name", "signs"),
    [
        ("right-anterior-superior-time", (-1, -1, 1)),
        ("left-anterior-superior-time", (1, -1, 1)),
        ("left-posterior-superior-time", (1, 1, 1)),
        ("RAST", (-1, -1, 1)),
        ("LAST", (1, -1, 1)),
        ("LPST", (1, 1, 1)),
    ],
)
def test_spaces_with_time_are_turned_into_lps(tmp_path, name, signs):
    in_time = "(0.9,-0.1,0,0) (0.1,1.1,-0.2,0) (0,0.3,2.5,0) (0,0,0,1)"
    claims = claims_of(tmp_path, (1, 2, 3, 4), space=name, space_directions=in_time, space_origin="(-120.5,30.25,-7,0)")
    np.testing.assert_allclose(claims.axes, AXES * np.array(signs)[:, None])
    np.testing.assert_allclose(claims.origin, ORIGIN * signs)
    assert claims.size == (4, 3, 2)


@pytest.mark.parametrize("name", ["scanner-xyz", "3D-right-handed", "3D-left-handed", "mars"])
def test_spaces_that_are_not_the_patients_keep_their_numbers_and_are_told(tmp_path, name):
    claims = claims_of(tmp_path, space=name, **PLACE)
    np.testing.assert_allclose(claims.axes, AXES)
    assert claims.gaps == {Gap.NO_SPACE}
    assert bool(claims.remarks) == (name in ("3D-left-handed", "mars"))


def test_a_number_of_dimensions_is_no_name_of_a_space(tmp_path):
    claims = claims_of(tmp_path, space_dimension=3, **PLACE)
    np.testing.assert_allclose(claims.origin, ORIGIN)
    assert claims.gaps == {Gap.NO_SPACE}


def test_spellings_without_blanks_and_blanks_in_vectors_are_understood(tmp_path):
    claims = claims_of(
        tmp_path, space="LPS", spacedirections="( 0.9, -0.1 ,0) (0.1, 1.1,-0.2) (0,0.3,2.5 )", SpaceOrigin="(1, 2, 3)"
    )
    np.testing.assert_allclose(claims.axes, AXES)
    assert claims.origin == (1, 2, 3)


@pytest.mark.parametrize(
    ("unit", "scale"), [("mm", 1), ("um", 1e-3), ("µm", 1e-3), ("micron", 1e-3), ("cm", 10), ("m", 1000), ("nm", 1e-6)]
)
def test_units_of_length_become_mm(tmp_path, unit, scale):
    claims = claims_of(tmp_path, space="RAS", space_units=f'"{unit}" "{unit}" "{unit}"', **PLACE)
    np.testing.assert_allclose(claims.axes, AXES * np.array([-1, -1, 1])[:, None] * scale)
    np.testing.assert_allclose(claims.origin, ORIGIN * (-1, -1, 1) * scale)
    assert claims.unit_scale == scale
    assert not claims.remarks


def test_units_of_the_axes_count_where_there_are_only_spacings(tmp_path):
    claims = claims_of(tmp_path, spacings="0.05 0.075 0.2", units='"cm" "cm" "cm"')
    assert claims.spacing == pytest.approx((0.5, 0.75, 2))
    assert claims.unit_scale == 10


def test_an_unknown_unit_is_told_and_taken_for_mm(tmp_path):
    claims = claims_of(tmp_path, space="LPS", space_units='"furlong" "furlong" "furlong"', **PLACE)
    assert claims.unit_scale == 1
    assert "unit" in claims.remarks[0]


def test_differing_units_are_refused(tmp_path):
    with pytest.raises(OverlayError, match="unit of length"):
        claims_of(tmp_path, space="LPS", space_units='"mm" "mm" "cm"', **PLACE)


@pytest.mark.parametrize(
    ("fields", "gaps"),
    [
        ({}, {Gap.NO_SPACE, Gap.NO_ORIGIN, Gap.NO_DIRECTIONS, Gap.NO_SPACING}),
        ({"spacings": "1 1 2"}, {Gap.NO_SPACE, Gap.NO_ORIGIN, Gap.NO_DIRECTIONS}),
        (SPACINGS, {Gap.NO_SPACE, Gap.NO_DIRECTIONS}),
        ({"space": "LPS", "space_origin": "(1,2,3)", "spacings": "1 1 2"}, {Gap.NO_DIRECTIONS}),
        ({"space": "LPS", "space_directions": DIRECTIONS}, {Gap.NO_ORIGIN}),
        ({"space": "LPS", "space_directions": DIRECTIONS, "space_origin": "(NaN,NaN,NaN)"}, {Gap.NO_ORIGIN}),
        ({"space": "LPS", "space_directions": DIRECTIONS, "space_origin": "none"}, {Gap.NO_ORIGIN}),
        ({"spacings": "1 NaN 2"}, {Gap.NO_SPACE, Gap.NO_ORIGIN, Gap.NO_DIRECTIONS, Gap.NO_SPACING}),
    ],
)
def test_what_a_header_leaves_open_is_told(tmp_path, fields, gaps):
    claims = claims_of(tmp_path, **fields)
    assert claims.gaps == gaps
    assert (claims.origin is None) == (Gap.NO_ORIGIN in gaps)
    assert (claims.axes is None) == (Gap.NO_DIRECTIONS in gaps)


@pytest.mark.parametrize("centering", ["cell", "node", "???", None])
def test_axis_mins_give_the_origin_that_itk_gives_them(tmp_path, centering):
    fields = SPACINGS | ({} if centering is None else {"centers": " ".join([centering] * 3)})
    claims = claims_of(tmp_path, **fields)
    image = sitk.ReadImage(str(tmp_path / "mask.nrrd"))
    assert claims.origin == pytest.approx(image.GetOrigin())
    assert claims.spacing == pytest.approx(image.GetSpacing())
    assert "axis mins" in claims.remarks[0]


@pytest.mark.parametrize(("centering", "first"), [("cell", (10.5, 20.5, 29)), ("node", (10, 20, 30))])
def test_axis_mins_and_maxs_give_spacing_and_origin(tmp_path, centering, first):
    maxs = "14 23 26" if centering == "cell" else "13 22 28"
    claims = claims_of(tmp_path, axis_mins="10 20 30", axis_maxs=maxs, centerings=" ".join([centering] * 3))
    assert claims.spacing == pytest.approx((1, 1, 2))
    assert claims.origin == pytest.approx(first)


def test_axis_mins_above_axis_maxs_run_backwards(tmp_path):
    claims = claims_of(tmp_path, axis_mins="10 20 30", axis_maxs="14 23 26", centerings="cell cell cell")
    assert claims.origin == pytest.approx((10.5, 20.5, 29))


def test_a_slice_thickness_stands_in_for_a_missing_spacing(tmp_path):
    claims = claims_of(tmp_path, spacings="0.5 0.5 NaN", thicknesses="NaN NaN 3")
    assert claims.spacing == (0.5, 0.5, 3)
    assert "thickness" in claims.remarks[0]


def test_a_measurement_frame_changes_nothing_and_is_told(tmp_path):
    claims = claims_of(tmp_path, space="LPS", measurement_frame="(0,1,0) (1,0,0) (0,0,1)", **PLACE)
    np.testing.assert_allclose(claims.axes, AXES)
    assert "measurement frame" in claims.remarks[0]


@pytest.mark.parametrize(
    ("shape", "fields", "spatial", "layer"),
    [
        ((2, 3, 4, 5), {"space directions": f"none {DIRECTIONS}"}, (1, 2, 3), 0),
        ((5, 2, 3, 4), {"space directions": f"{DIRECTIONS} none"}, (0, 1, 2), 3),
        ((2, 3, 4, 1), {"space directions": f"none {DIRECTIONS}"}, (1, 2, 3), None),
        ((2, 3, 4, 5), {"kinds": "vector domain domain domain"}, (1, 2, 3), 0),
        ((5, 2, 3, 4), {"kinds": "domain domain domain list"}, (0, 1, 2), 3),
        ((1, 2, 3, 4), {}, (0, 1, 2), None),
        ((2, 3, 4, 1), {}, (1, 2, 3), None),
        ((1, 2, 3, 1), {}, (0, 1, 2), None),
        ((2, 30, 40, 50), {}, (0, 1, 2), 3),
        ((30, 40, 50, 2), {}, (1, 2, 3), 0),
        ((1, 2, 3, 4, 1), {"kinds": "list domain domain domain list"}, (1, 2, 3), None),
        ((2, 3, 1), {}, (0, 1, 2), None),
    ],
)
def test_axes_of_space_are_told_from_lists(tmp_path, shape, fields, spatial, layer):
    path = tmp_path / "mask.nrrd"
    write_nrrd(path, np.zeros(shape, np.uint8), {"space": "LPS"} | fields)
    axes = nrrd_axes(read_nrrd_header(path).fields)
    assert (axes.spatial, axes.layer) == (spatial, layer)


@pytest.mark.parametrize(
    ("shape", "fields", "message"),
    [
        ((3, 4), {}, "2 of its 2 axes"),
        ((2, 3, 4), {"kinds": "RGB-color domain domain"}, "2 of its 3 axes"),
        ((2, 3, 4), {"space": "LPS", "space_directions": "(1,0,0) (0,1,0) none"}, "2 of its 3 axes"),
        ((2, 3, 4), {"space": "LPS", "space_directions": "(1,0,0) (0,1,0) (0,NaN,1)"}, "finite"),
        ((2, 3, 4), {"space": "LPS", "space_directions": "(1,0,0) (0,1,0) (1,1,0)"}, "one plane"),
        ((2, 3, 4), {"space": "LPS", "space_directions": "(1,0,0) (0,1,0) (0,0,0)"}, "no length"),
        ((2, 3, 4), {"space": "LPS", "space_directions": "(1,0,0) (0,1,0)"}, "2 space directions for 3 axes"),
        ((2, 3, 4), {"space": "LPS", "space_directions": "(1,0) (0,1) (1,1)"}, "space of 3 dimensions"),
        ((5, 2, 3, 4), {"kinds": "domain domain domain time"}, "more than one volume"),
        ((5, 2, 3, 4, 5), {"kinds": "list domain domain domain list"}, "more than one volume"),
        ((2, 3, 4), {"spacings": "1 1"}, "2 spacings for 3 axes"),
        ((2, 3, 4), {"space": "LPS", "space_directions": "(1,0,0) (0,one,0) (0,0,1)"}, "cannot be understood"),
        ((2, 3, 4), {"space": "LPS", "space_units": '"mm" "mm'}, "cannot be understood"),
        ((2, 3, 4), {"space": "LPS", "Space": "RAS"}, "cannot be understood"),
    ],
)
def test_headers_of_no_volume_are_refused(tmp_path, shape, fields, message):
    with pytest.raises(OverlayError, match=message):
        claims_of(tmp_path, shape, **fields)


numbers = st.floats(-1000, 1000, allow_subnormal=False)


@settings(deadline=None)
@given(
    steps=st.lists(numbers, min_size=9, max_size=9),
    origin=st.lists(numbers, min_size=3, max_size=3),
    space=st.sampled_from(sorted(NRRD_SPACES)),
)
def test_a_complete_header_means_what_image_geometry_makes_of_it(steps, origin, space):
    fields = {
        "sizes": np.array([4, 3, 2]),
        "space": space,
        "space directions": np.array(steps).reshape(3, 3),
        "space origin": np.array(origin),
    }
    axes = nrrd_axes(fields)
    try:
        expected = ImageGeometry.from_nrrd_header(fields)
    except GeometryError:
        with pytest.raises(OverlayError, match="no volume"):
            nrrd_claims(fields, axes)
    else:
        claims = nrrd_claims(fields, axes)
        assert ImageGeometry.from_axes(claims.size, claims.axes, claims.origin).is_close(expected, 1e-9)

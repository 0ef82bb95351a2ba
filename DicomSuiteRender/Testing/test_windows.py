"""Windows turn values into shades as DICOM says, and are found in the images and the lists that offer them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels import apply_voi_lut

from ct_volumes import ct_volume, multi_frame_ct_volume, write_ct_series
from DicomSuiteLib.volumes import Volume
from DicomSuiteRenderLib.automatic_window import automatic_window
from DicomSuiteRenderLib.errors import RenderError
from DicomSuiteRenderLib.voi_lut import VoiLut, dicom_windows
from DicomSuiteRenderLib.window_level import VoiFunction, WindowLevel
from DicomSuiteRenderLib.window_presets import WindowPreset, window_presets
from placed_volumes import placed_volumes
from real_data import real_data

CT_VALUES = np.arange(-1100, 3200, dtype=np.int16)
SHAPE = (3, 8, 8)


def by_pydicom(values: NDArray, window: WindowLevel) -> NDArray[np.float64]:
    """Shades by pydicom, whose windowing gives values of the pixels' own range: here 0 to 65535."""
    image = Dataset()
    image.PhotometricInterpretation = "MONOCHROME2"
    image.BitsStored, image.PixelRepresentation = 16, 0
    image.WindowCenter, image.WindowWidth = window.level, window.width
    image.VOILUTFunction = window.function.value
    with np.errstate(over="ignore"):  # far below the window, for SIGMOID
        return apply_voi_lut(values, image) / 65535


@pytest.mark.parametrize("preset", window_presets(), ids=lambda preset: preset.key)
def test_every_preset_equals_dicoms_linear_formula_at_every_ct_value(preset: WindowPreset) -> None:
    assert preset.window.function is VoiFunction.LINEAR
    np.testing.assert_allclose(preset.window.shades(CT_VALUES), by_pydicom(CT_VALUES, preset.window), atol=1e-6)


@given(
    function=st.sampled_from(VoiFunction),
    level=st.floats(-5000, 5000),
    width=st.floats(1, 8000),
    values=st.lists(st.floats(-20000, 20000), min_size=1),
)
def test_any_window_equals_dicoms_formula(
    function: VoiFunction, level: float, width: float, values: list[float]
) -> None:
    window, array = WindowLevel(level, width, function), np.array(values)
    expected = by_pydicom(array, window)
    if function is VoiFunction.LINEAR and width - 1 < 1e-6:
        return  # the slope is so steep that the last digit of a value decides
    np.testing.assert_allclose(window.shades(array), expected, atol=1e-6)


def test_a_linear_window_of_width_one_is_a_step() -> None:
    assert WindowLevel(40, 1).shades([39, 39.5, 39.6, 40]).tolist() == [0, 0, 1, 1]


def test_missing_values_have_no_shade() -> None:
    for function in VoiFunction:
        shades = WindowLevel(40, 400, function).shades([np.nan, np.inf, -np.inf])
        assert np.isnan(shades[0])
        assert shades[1:].tolist() == [1, 0]


@pytest.mark.parametrize("values", [np.array([-32768, 32767], np.int16), np.array([0, 255], np.uint8)])
def test_small_integers_do_not_overflow(values: NDArray) -> None:
    assert WindowLevel(100, 100).shades(values).tolist() == [0, 1]


@pytest.mark.parametrize(
    ("level", "width", "function"),
    [(40, 0.5, "LINEAR"), (40, 0, "LINEAR_EXACT"), (40, -1, "SIGMOID"), (np.nan, 4, "LINEAR"), (0, np.inf, "LINEAR")],
)
def test_a_window_that_dicom_does_not_allow_is_refused(level: float, width: float, function: str) -> None:
    with pytest.raises(RenderError, match="window"):
        WindowLevel(level, width, VoiFunction(function))


def test_a_window_of_given_ends_is_black_and_white_there() -> None:
    window = WindowLevel.from_ends(0.25, 0.75)
    assert (window.low, window.high) == (0.25, 0.75)
    assert window.shades([0.25, 0.5, 0.75]).tolist() == [0, 0.5, 1]


def test_the_windows_of_the_original_viewer_are_among_the_presets() -> None:
    by_key = {preset.key: preset.window for preset in window_presets()}
    assert len(by_key) == len(window_presets())
    assert {"lung", "bone", "soft-tissue", "brain", "abdomen", "mediastinum"} <= set(by_key)
    assert by_key["lung"] == WindowLevel(-600, 1500)
    assert by_key["bone"] == WindowLevel(480, 2500)
    assert by_key["soft-tissue"] == WindowLevel(40, 400)
    assert {preset.modality for preset in window_presets()} == {"CT"}


def test_every_window_of_an_image_is_found_with_its_explanation(tmp_path: Path) -> None:
    files = write_ct_series(
        tmp_path,
        SHAPE,
        WindowCenter=[40, -600, 40],
        WindowWidth=[400, 1500, 400],
        WindowCenterWidthExplanation=["ABDOMEN", "LUNG\x1b", "ABDOMEN"],
        VOILUTFunction="LINEAR_EXACT",
    )
    exact = VoiFunction.LINEAR_EXACT
    assert dicom_windows(files) == (
        WindowPreset("dicom-1", "ABDOMEN", WindowLevel(40, 400, exact)),
        WindowPreset("dicom-2", "LUNG\\x1b", WindowLevel(-600, 1500, exact)),
    )


@pytest.mark.parametrize(
    "attributes",
    [
        {"WindowCenter": 40, "WindowWidth": 0},
        {"WindowCenter": 40},
        {"WindowCenter": None, "WindowWidth": None},
        {"WindowCenter": 40, "WindowWidth": 400, "VOILUTFunction": "OTHER"},
        {},
    ],
)
def test_a_window_that_makes_no_sense_is_left_out(tmp_path: Path, attributes: dict[str, object]) -> None:
    assert dicom_windows(write_ct_series(tmp_path, SHAPE, **attributes)) == ()


def test_the_middle_slice_decides_where_slices_differ(tmp_path: Path) -> None:
    files = [
        write_ct_series(tmp_path / str(level), (1, 4, 4), WindowCenter=level, WindowWidth=10)[0] for level in (1, 2, 3)
    ]
    assert [preset.window.level for preset in dicom_windows(files)] == [2]


def test_windows_of_a_multi_frame_image_stand_in_its_functional_groups(tmp_path: Path) -> None:
    import pydicom

    path = tmp_path / "enhanced.dcm"
    multi_frame_ct_volume(path, SHAPE)
    image = pydicom.dcmread(path)
    for number, frame in enumerate(image.PerFrameFunctionalGroupsSequence):
        window = Dataset()
        window.WindowCenter, window.WindowWidth = 10 * number, 50
        frame.FrameVOILUTSequence = [window]
    image.save_as(path)
    assert [preset.window for preset in dicom_windows([path] * 3)] == [WindowLevel(10, 50)]


def lut_item(first: int, bits: int, entries: NDArray, explanation: str = "", as_words: bool = True) -> Dataset:
    item = Dataset()
    item.add_new("LUTDescriptor", "SS" if first < 0 else "US", [len(entries) % 65536, first, bits])
    item.add_new("LUTData", "OW" if as_words else "US", entries.astype("<u2").tobytes() if as_words else list(entries))
    if explanation:
        item.LUTExplanation = explanation
    return item


@pytest.mark.parametrize("as_words", [True, False])
@pytest.mark.parametrize(("first", "bits", "count"), [(-1000, 12, 2000), (100, 8, 256), (0, 16, 4096)])
def test_a_voi_lut_equals_pydicoms(tmp_path: Path, first: int, bits: int, count: int, as_words: bool) -> None:
    entries = np.rint(np.linspace(0, 1, count) ** 2 * (2**bits - 1)).astype(int)
    sequence = [lut_item(first, bits, entries, "SOFT", as_words)]
    files = write_ct_series(tmp_path, SHAPE, VOILUTSequence=sequence)
    (lut,) = dicom_windows(files)
    assert isinstance(lut, VoiLut)
    assert (lut.key, lut.name) == ("dicom-lut-1", "SOFT")
    image = Dataset()
    image.VOILUTSequence = [lut_item(first, bits, entries, as_words=False)]
    values = np.arange(first - 50, first + count + 50).astype(np.int32)
    below_end = values[values < min(first + count, first + 2**8)] if bits == 8 else values  # pydicom wraps 8 bits
    np.testing.assert_allclose(
        lut.shades(below_end), apply_voi_lut(below_end, image) / (2**bits - 1), rtol=0, atol=1e-6
    )
    np.testing.assert_array_equal(lut.shades([first - 1e6, first + 1e6]), lut.entries[[0, -1]])
    assert np.isnan(lut.shades(np.nan))


def test_a_voi_lut_becomes_a_table_of_few_points_that_looks_the_same(tmp_path: Path) -> None:
    entries = np.rint(4095 / (1 + np.exp(-np.linspace(-6, 6, 4096)))).astype(int)
    (lut,) = dicom_windows(write_ct_series(tmp_path, SHAPE, VOILUTSequence=[lut_item(-1024, 12, entries)]))
    table = lut.display_lut()
    assert len(table.points) < 30
    values = np.arange(-1100, 3200)
    assert np.abs(table.shades(values) - lut.shades(values)).max() <= 0.5 / 255 + 1e-6


def test_a_broken_voi_lut_is_left_out(tmp_path: Path) -> None:
    cut_short = lut_item(0, 12, np.arange(100))
    cut_short.LUTDescriptor = [4096, 0, 12]
    no_data = Dataset()
    no_data.LUTDescriptor = [4096, 0, 12]
    assert dicom_windows(write_ct_series(tmp_path, SHAPE, VOILUTSequence=[cut_short, no_data])) == ()


def test_a_ct_is_seen_through_its_own_window_else_as_soft_tissue(tmp_path: Path) -> None:
    own = ct_volume(tmp_path / "own", SHAPE, WindowCenter=35, WindowWidth=85)
    assert automatic_window(own) == WindowLevel(35, 85)
    assert automatic_window(ct_volume(tmp_path / "none", SHAPE)) == WindowLevel(40, 400)


def test_other_modalities_are_seen_by_their_percentiles() -> None:
    volume = placed_volumes()["upright"]
    window = automatic_window(Volume(np.linspace(0, 8, volume.voxels.size).reshape(volume.voxels.shape), volume.grid))
    assert (window.low, window.high) == pytest.approx((0.08, 7.92), abs=1e-6)


def test_a_real_head_ct_has_a_brain_window() -> None:
    files = sorted(real_data("ge_tilt").glob("*.dcm"))
    assert [preset.window for preset in dicom_windows(files)] == [WindowLevel(35, 85)]

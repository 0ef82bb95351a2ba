"""What a reader is told before volumes are compared."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ct_volumes import ct_volume
from DicomSuiteLib.comparability import ComparisonError, comparability
from DicomSuiteLib.volumes import Volume
from placed_volumes import placed_volumes

UPRIGHT = replace(placed_volumes()["upright"], frame_of_reference_uid="1.2.3", modality="CT")


def series(folder: Path, **attributes: object) -> Volume:
    return replace(ct_volume(folder, (3, 4, 5), **attributes), frame_of_reference_uid="1.2.3")


def test_nothing_is_said_of_volumes_that_can_be_compared(tmp_path: Path) -> None:
    assert comparability([UPRIGHT, UPRIGHT]) == ()
    assert comparability([series(tmp_path / "a"), series(tmp_path / "b")]) == ()


@pytest.mark.parametrize("count", [0, 1, 7])
def test_only_two_to_six_volumes_are_compared(count: int) -> None:
    with pytest.raises(ComparisonError, match="two to 6"):
        comparability([UPRIGHT] * count)


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"frame_of_reference_uid": "1.2.4"}, "different frames of reference"),
        ({"frame_of_reference_uid": ""}, "frame of reference of 1 of 2 volumes is unknown"),
        ({"modality": "MR"}, "different modalities (CT, MR)"),
    ],
)
def test_what_speaks_against_comparing_is_told(changes: dict[str, str], note: str) -> None:
    (told,) = comparability([UPRIGHT, replace(UPRIGHT, **changes)])
    assert note in told


def test_volumes_without_a_place_in_common_are_told() -> None:
    moved = tuple((x + 500, y, z) for x, y, z in UPRIGHT.grid.positions)
    away = replace(UPRIGHT, grid=replace(UPRIGHT.grid, positions=moved))
    assert comparability([UPRIGHT, UPRIGHT, away]) == ("volume 3 has no place in common with the first",)


def test_much_thicker_slices_are_told() -> None:
    stretched = np.array(UPRIGHT.grid.positions)
    stretched = stretched[0] + 2 * (stretched - stretched[0])
    thick = replace(UPRIGHT, grid=replace(UPRIGHT.grid, positions=tuple(map(tuple, stretched.tolist()))))
    assert "2.9 to 5.8 mm apart" in comparability([UPRIGHT, thick])[0]


def test_other_tube_voltage_and_kernel_are_told(tmp_path: Path) -> None:
    first = series(tmp_path / "a", KVP="100", ConvolutionKernel="B30f")
    second = series(tmp_path / "b", KVP="120", ConvolutionKernel="B70f")
    notes = comparability([first, second])
    assert "tube voltage (kV) differs: 100, 120" in notes[0]
    assert "kernel differs: B30f, B70f" in notes[1]


def test_numbers_written_otherwise_are_the_same(tmp_path: Path) -> None:
    assert comparability([series(tmp_path / "a", KVP="120"), series(tmp_path / "b", KVP="120.0")]) == ()


def test_contrast_agent_in_one_volume_only_is_told(tmp_path: Path) -> None:
    (note,) = comparability([series(tmp_path / "a", ContrastBolusAgent="Secretol"), series(tmp_path / "b")])
    assert "contrast agent" in note
    assert "Secretol" not in note


def test_different_patients_are_told_without_who_they_are(tmp_path: Path) -> None:
    first, second = series(tmp_path / "a", PatientID="SECRET-1"), series(tmp_path / "b", PatientID="SECRET-2")
    (note,) = comparability([first, second])
    assert "different patients" in note
    assert "SECRET" not in note

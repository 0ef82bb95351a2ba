"""Volumes that a model was not made for are warned of, each for its own reason, and others are not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.read_volume import read_volume
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volumes import Volume
from DicomSuiteSuperResLib.domain_check import domain_warnings
from DicomSuiteSuperResLib.models import LoadedModel, ModelIdentity, ModelScope, Upsampling
from DicomSuiteSuperResLib.output_plan import plan
from DicomSuiteSuperResLib.super_resolution import SuperResRequest
from thick_series import SPACING, thick_geometry, write_thick_series

UPRIGHT = tuple(map(tuple, np.eye(3).tolist()))


def model(upsampling: Upsampling = Upsampling.THROUGH_PLANE, **scope: Any) -> LoadedModel:
    return LoadedModel(ModelIdentity("m", "1", ""), upsampling, (2, 4), lambda _: None, scope=ModelScope(**scope))


def volume(spacing: tuple[float, float, float] = (1, 1, 4), modality: str = "MR", **changes: Any) -> Volume:
    """A head-like volume: dark around, noise in the middle."""
    voxels = np.zeros((8, 16, 16), np.float32)
    voxels[1:-1, 3:-3, 3:-3] = np.random.default_rng(1).uniform(50, 900, (6, 10, 10))
    grid = SliceGrid.from_geometry(ImageGeometry((16, 16, 8), spacing, (0, 0, 0), UPRIGHT))
    return replace(Volume(voxels, grid, modality), **changes)


def warnings(of: Volume, by: LoadedModel) -> tuple[str, ...]:
    return domain_warnings(of, by, plan(of.grid, by))


def test_volume_that_the_model_was_made_for_is_not_warned_of() -> None:
    scope = {"modalities": ("MR",), "thick_spacing": (2, 6), "fine_spacing": (0.7, 1.2)}
    assert warnings(volume(), model(**scope)) == ()
    assert warnings(volume(modality=""), model(**scope)) == ()
    assert warnings(volume(), model()) == ()


def test_other_modality_is_warned_of() -> None:
    (words,) = warnings(volume(modality="CT"), model(modalities=("MR",)))
    assert "are CT" in words and "made for MR" in words
    assert warnings(volume(modality="CT"), model()) == ()


def test_file_that_does_not_say_its_modality_is_judged_by_its_values() -> None:
    hounsfield = volume(modality="", voxels=volume().voxels - 1000)
    (words,) = warnings(hounsfield, model(modalities=("MR",)))
    assert "HU of a CT" in words


def test_spacing_outside_the_scope_is_warned_of_with_the_numbers() -> None:
    (words,) = warnings(volume(spacing=(1, 1, 8)), model(thick_spacing=(2, 6)))
    assert "8 mm apart" in words and "from 2 to 6 mm" in words
    (words,) = warnings(volume(spacing=(0.4, 0.4, 3.2)), model(fine_spacing=(0.7, 1)))
    assert "voxels of 0.4 mm" in words


@pytest.mark.parametrize(("thick", "is_warned_of"), [(4.0, False), (1.35, False), (1.25, True)])
def test_slices_that_are_thin_already_are_warned_of(thick: float, is_warned_of: bool) -> None:
    thin = volume(spacing=(1, 1, thick))
    found = domain_warnings(thin, model(), plan(thin.grid, model(), SuperResRequest(factor=2)))
    assert bool(found) == is_warned_of
    assert all("little to restore" in words for words in found)


def test_isotropic_voxels_are_what_an_isotropic_model_is_for() -> None:
    assert warnings(volume(spacing=(1, 1, 1)), model(Upsampling.ISOTROPIC)) == ()


@pytest.mark.parametrize(
    ("thickness", "expected"),
    [(SPACING[2], ()), (4.0, ()), (3.0, ("not measured",)), (8.4, ("overlap",)), (None, ())],
)
def test_gaps_and_overlaps_of_slices_are_warned_of(
    thickness: float | None, expected: tuple[str, ...], tmp_path: Path
) -> None:
    source = read_volume(write_thick_series(tmp_path / "source", thick_geometry(), _noise(), SliceThickness=thickness))
    found = warnings(source, model())
    assert len(found) == len(expected)
    assert all(part in words for part, words in zip(expected, found, strict=True))


@pytest.mark.parametrize(("part", "count"), [("KNEE", 1), ("HEAD", 0), ("BRAINW", 0), (None, 0)])
def test_other_parts_of_the_body_than_the_model_has_learned_from_are_warned_of(
    part: str | None, count: int, tmp_path: Path
) -> None:
    source = read_volume(write_thick_series(tmp_path / "source", thick_geometry(), _noise(), BodyPartExamined=part))
    found = warnings(source, model(data="T1-weighted heads of two people"))
    assert len(found) == count
    assert all("show KNEE" in words for words in found)
    assert warnings(source, model(data="knees")) == ()


def test_words_that_are_no_known_part_of_the_body_are_not_told(tmp_path: Path) -> None:
    source = read_volume(write_thick_series(tmp_path / "source", thick_geometry(), _noise(), BodyPartExamined="DOE J"))
    (words,) = warnings(source, model(data="T1-weighted heads of two people"))
    assert "another part of the body" in words
    assert "DOE" not in words


def _noise() -> np.ndarray:
    columns, rows, slices = thick_geometry().size
    return np.random.default_rng(2).integers(0, 900, (slices, rows, columns)).astype(np.int16)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda voxels: (voxels > 0).astype(np.uint8), "as in a mask"),
        (lambda voxels: voxels - voxels.mean(), "negative"),
        (lambda voxels: np.minimum(voxels, 700), "cut off"),
    ],
)
def test_odd_values_are_warned_of(change: Any, expected: str) -> None:
    found = warnings(volume(voxels=change(volume().voxels)), model())
    assert len(found) == 1
    assert expected in found[0]


def test_constant_volume_is_not_warned_of() -> None:
    assert warnings(volume(voxels=np.full((8, 16, 16), 7)), model()) == ()

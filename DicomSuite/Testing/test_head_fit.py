"""A head of another size or contrast than the template's is found, and it is told how well it fits."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from DicomSuiteLib.affine_resampling import even_geometry
from DicomSuiteLib.geometry import FloatArray, ImageGeometry
from DicomSuiteLib.head_fit import HeadFit, fit_head
from DicomSuiteLib.head_template import bundled_template
from DicomSuiteLib.read_volume import read_volume
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volumes import Volume
from head_series import head_grid, head_voxels, small_move
from real_data import real_data

GRID = head_grid(tilt_mm=1.2)
NODDING = Rotation.from_euler("x", 25, degrees=True).as_matrix()
BRAIN_POINTS = np.array([(x, y, z, 1) for x in (-50, 50) for y in (-50, 60) for z in (-20, 60)], dtype=float)
"""LPS mm, near the outside of the template's brain."""


def head() -> Volume:
    """Nine tenths of the template's size, in slices of a tilted gantry."""
    return Volume(head_voxels(GRID), SliceGrid.from_geometry(GRID), modality="MR")


def nodding(volume: Volume) -> tuple[Volume, FloatArray]:
    """The head as it lies where the patient nods by 25 degrees more; and the 4x4 from there to here (LPS mm)."""
    geometry = even_geometry(volume)
    move = np.eye(4)
    move[:3, :3] = NODDING
    place = move @ geometry.ijk_to_lps
    nodded = ImageGeometry.from_axes(geometry.size, place[:3, :3], place[:3, 3])
    return replace(volume, grid=SliceGrid.from_geometry(nodded)), move


@pytest.fixture(scope="module")
def found() -> HeadFit:
    return fit_head(head(), bundled_template())


def test_small_head_in_tilted_slices_is_found_within_two_millimetres(found):
    off = BRAIN_POINTS @ (found.registration.patient_from_template - small_move()).T
    assert np.linalg.norm(off[:, :3], axis=1).max() < 2


def test_outline_and_reach_of_a_whole_head_are_good(found):
    assert found.outline > 0.95
    assert found.brain_covered > 0.99


@pytest.mark.slow
@pytest.mark.parametrize("name", ["t1_child_0.86mm.nii.gz", "t1_adult_0.7mm.nii.gz"])
def test_head_that_nods_is_found_as_it_is_without(name):
    volume = read_volume(real_data("mri", name))
    volume = replace(volume, voxels=volume.voxels.astype(np.float32))
    nodded, move = nodding(volume)
    upright, nods = (fit_head(one, bundled_template()) for one in (volume, nodded))
    off = BRAIN_POINTS @ (nods.registration.patient_from_template - move @ upright.registration.patient_from_template).T
    assert np.linalg.norm(off[:, :3], axis=1).max() < 6
    assert min(upright.outline, nods.outline) > 0.93


@pytest.mark.slow
def test_head_of_another_contrast_with_a_dark_scalp_is_found():
    volume = read_volume(real_data("mri", "t2_thick_2.5mm.nii.gz"))
    fit = fit_head(replace(volume, voxels=volume.voxels.astype(np.float32)), bundled_template())
    assert fit.outline > 0.93
    assert fit.brain_covered > 0.95


@pytest.mark.slow
def test_what_is_no_head_fits_badly():
    k, j, i = np.indices(GRID.size[::-1])
    limbs = ((i - 20) ** 2 + (j - 40) ** 2 < 150) | ((i - 50) ** 2 + (j - 40) ** 2 < 150)
    fit = fit_head(replace(head(), voxels=np.where(limbs, 500, 0).astype(np.int16)), bundled_template())
    sizes = np.linalg.svd(fit.registration.patient_from_template[:3, :3])[1]
    assert fit.outline < 0.93 or fit.registration.similarity < 0.12 or sizes.max() > 1.35 * sizes.min()

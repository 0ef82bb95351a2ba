"""Table removal: on made-up patients whose truth is known, on real CTs whose patients were drawn by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.read_volume import read_volume
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volumes import Volume
from DicomSuiteRenderLib.errors import RenderError
from DicomSuiteRenderLib.table_removal import REMOVED, table_mask, without_table
from drawn_patients import DRAWN_PATIENTS, drawn_patient
from placed_volumes import DATA
from table_phantoms import (
    Phantom,
    head_in_holder,
    patient_on_mattress,
    patient_on_shell,
    patient_on_shell_like_flesh,
    patient_on_solid_table,
    patient_on_thin_shell,
    patient_with_arms_on_table,
)

LEFT = 0.05
"""Largest share of the table that may stay."""
LOST = 0.005
"""Largest share of the patient that may go."""

BODY_HU = -500
"""Half-way between air and fat."""
THING_HU = -800
"""What is denser is no foam."""
BLUR_MM = 2
"""How far the skin blurs: within, what is not the patient's cannot be told from what is."""

PHANTOMS = [
    patient_on_mattress,
    patient_on_shell,
    patient_on_shell_like_flesh,
    patient_on_solid_table,
    patient_on_thin_shell,
    patient_with_arms_on_table,
]


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    return patient_on_shell()


@pytest.fixture(scope="module")
def mask(phantom: Phantom) -> np.ndarray:
    return table_mask(phantom.volume)


@pytest.mark.parametrize("made", PHANTOMS, ids=lambda made: made.__name__)
def test_table_goes_and_patient_stays(made) -> None:
    phantom = made()
    kept = ~table_mask(phantom.volume)
    assert phantom.left_of_table(kept) <= LEFT
    assert phantom.lost_of_patient(kept) <= LOST


def test_head_holder_goes_and_ears_that_touch_it_stay() -> None:
    phantom = head_in_holder()
    kept = ~table_mask(phantom.volume)
    assert phantom.left_of_table(kept) <= LEFT
    assert phantom.lost_of_patient(kept) <= LOST
    x = np.arange(phantom.patient.shape[2]) - (phantom.patient.shape[2] - 1) / 2
    ears = phantom.patient & (np.abs(x) * 1.5 > 75)
    assert ears.sum() > 500
    assert kept[ears].mean() > 2 / 3


def test_what_stays_is_not_changed_and_the_rest_is_air(phantom: Phantom, mask: np.ndarray) -> None:
    before = phantom.volume.voxels.copy()
    volume = without_table(replace(phantom.volume, notes=("a note",)))
    assert np.array_equal(phantom.volume.voxels, before)
    assert np.array_equal(volume.voxels[~mask], before[~mask])
    assert np.all(volume.voxels[mask] == -1000)
    assert volume.voxels.dtype == before.dtype
    assert volume.notes == ("a note", REMOVED)
    assert volume.grid == phantom.volume.grid


@pytest.mark.parametrize(
    ("order", "turned"), [((0, 1, 2), (0, 1)), ((1, 0, 2), ()), ((2, 1, 0), (1,)), ((1, 2, 0), (0, 2))]
)
def test_storage_order_does_not_matter(
    phantom: Phantom, mask: np.ndarray, order: tuple[int, ...], turned: tuple[int, ...]
) -> None:
    found = table_mask(_stored_otherwise(phantom.volume, order, turned))
    assert np.array_equal(np.flip(found, turned).transpose(np.argsort(order)), mask)


@pytest.mark.parametrize("quarters", [1, 2])
def test_patient_may_lie_on_either_side_or_face_down(phantom: Phantom, quarters: int) -> None:
    quarter = np.array(((0, -1, 0), (1, 0, 0), (0, 0, 1)))
    turn = np.linalg.matrix_power(quarter, quarters)
    geometry = phantom.volume.grid.nominal_geometry
    axes = turn @ geometry.axes
    grid = SliceGrid.from_geometry(ImageGeometry.from_axes(geometry.size, axes, geometry.origin))
    kept = ~table_mask(replace(phantom.volume, grid=grid))
    assert phantom.left_of_table(kept) <= LEFT
    assert phantom.lost_of_patient(kept) <= LOST


@pytest.mark.parametrize("slices", [1, 2, 5])
def test_few_slices_are_enough_where_there_is_a_gap(slices: int) -> None:
    phantom = patient_on_mattress()
    volume = _first_slices(phantom.volume, slices)
    kept = ~table_mask(volume)
    assert kept[phantom.table[:slices]].mean() <= LEFT
    assert 1 - kept[phantom.patient[:slices]].mean() <= LOST


def test_uneven_slices_are_not_mixed(phantom: Phantom) -> None:
    heights = np.cumsum(np.where(np.arange(40) < 20, 2.0, 5.0))
    grid = phantom.volume.grid
    positions = tuple((grid.positions[0][0], grid.positions[0][1], float(height)) for height in heights)
    kept = ~table_mask(replace(phantom.volume, grid=replace(grid, positions=positions)))
    assert phantom.left_of_table(kept) <= LEFT
    assert phantom.lost_of_patient(kept) <= LOST


def test_voxels_that_are_no_numbers_count_as_air(phantom: Phantom, mask: np.ndarray) -> None:
    voxels = phantom.volume.voxels.astype(np.float32)
    voxels[:, :10] = np.nan
    found = table_mask(replace(phantom.volume, voxels=voxels))
    assert not found[:, :10].any()
    assert np.array_equal(found[:, 10:], mask[:, 10:])


def test_only_ct_in_hu_has_a_table_to_remove(phantom: Phantom) -> None:
    with pytest.raises(RenderError, match="MR"):
        table_mask(replace(phantom.volume, modality="MR"))
    with pytest.raises(RenderError, match="not HU"):
        table_mask(replace(phantom.volume, voxels=(phantom.volume.voxels + 1000).clip(0)))
    with pytest.raises(RenderError, match="No patient"):
        table_mask(replace(phantom.volume, voxels=np.full_like(phantom.volume.voxels, -1000)))


@pytest.mark.parametrize("folder", DRAWN_PATIENTS)
def test_tables_of_real_scanners_go_and_patients_stay(folder: str) -> None:
    if not (DATA / folder).is_dir():
        pytest.skip(f"{DATA / folder} is absent; set DICOMSUITE_TEST_DATA")
    volume = read_volume(DATA / folder)
    kept = ~table_mask(volume)
    pixel = np.linalg.norm(volume.grid.row_step)
    patient, lost, things, left = 0, 0, 0, 0
    for k in DRAWN_PATIENTS[folder]:
        drawn, values = drawn_patient(folder, k, volume.voxels.shape[1:]), volume.voxels[k]
        body = drawn & (values > BODY_HU)
        thing = (ndimage.distance_transform_edt(~drawn) * pixel > BLUR_MM) & (values > THING_HU)
        patient, lost = patient + body.sum(), lost + np.count_nonzero(body & ~kept[k])
        things, left = things + thing.sum(), left + np.count_nonzero(thing & kept[k])
    print(f"{folder}: {1 - left / things:.2%} of {things} voxels gone, {lost / patient:.3%} of the patient")
    assert left <= LEFT * things
    assert lost <= LOST * patient


def _stored_otherwise(volume: Volume, order: tuple[int, ...], turned: tuple[int, ...]) -> Volume:
    """The same voxels at the same places, with the array's axes in another order and some of them turned."""
    geometry = volume.grid.nominal_geometry
    steps = geometry.axes[:, ::-1][:, order]
    sizes = np.array(volume.voxels.shape)[list(order)]
    origin = np.array(geometry.origin)
    for axis in turned:
        origin = origin + steps[:, axis] * (sizes[axis] - 1)
        steps[:, axis] *= -1
    grid = SliceGrid.from_geometry(ImageGeometry.from_axes(sizes[::-1], steps[:, ::-1], origin))
    return replace(volume, voxels=np.flip(volume.voxels.transpose(order), turned), grid=grid)


def _first_slices(volume: Volume, count: int) -> Volume:
    grid = replace(volume.grid, positions=volume.grid.positions[:count])
    return replace(volume, voxels=volume.voxels[:count], grid=grid)

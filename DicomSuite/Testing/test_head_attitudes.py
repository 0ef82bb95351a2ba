"""A head is found however it lies, and what looks alike from several sides is told from one."""

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
from scipy.spatial.transform import Rotation

from DicomSuiteLib import registration
from DicomSuiteLib.affine_resampling import even_geometry
from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.head_attitudes import attitudes, likely_poses
from DicomSuiteLib.head_fit import fit_head
from DicomSuiteLib.head_template import bundled_template
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volumes import Volume
from head_series import head_grid, head_voxels, small_move

GRID = head_grid()
POINTS = np.array([(x, y, z, 1) for x in (-50, 50) for y in (-50, 60) for z in (-20, 60)], dtype=float)
"""LPS mm, near the outside of the template's brain."""


def head() -> Volume:
    """Nine tenths of the template's size, nodding and turned a little."""
    return Volume(head_voxels(GRID), SliceGrid.from_geometry(GRID), modality="MR")


def test_every_rotation_has_an_attitude_near_to_it():
    tried = attitudes()
    for rotation in Rotation.random(300, rng=5):
        assert np.degrees((tried * rotation.inv()).magnitude().min()) < 32


def test_a_pose_of_a_head_that_lies_otherwise_is_always_among_the_likely_ones():
    k, j, i = np.indices((30, 40, 20))
    image = sitk.GetImageFromArray((i + 2.0 * j + 5.0 * k) * (j > 12))
    centre = np.array((10.0, 20.0, 15.0))
    poses = likely_poses(image, image, None, (centre, centre), (0.0,), 1.0, 3, 60)
    turns = [Rotation.from_matrix(turn) for turn, _ in poses]
    assert len(turns) == 4
    angles = [np.degrees((turn * turns[0].inv()).magnitude()) for turn in turns]
    assert max(angles[:3]) < 60 < angles[3]


def with_rival(monkeypatch, rival):
    """Registration of the head where the search finds its true place and this map from the template."""
    found = sitk.AffineTransform(small_move()[:3, :3].ravel().tolist(), small_move()[:3, 3].tolist())
    monkeypatch.setattr(registration._Search, "turned", lambda *_: [])
    monkeypatch.setattr(registration._Search, "best", lambda *_: [found, rival])
    return registration.register(head(), bundled_template(), matched=registration.Matched.EDGES)


def test_a_match_that_leads_out_of_the_picture_is_no_rival(monkeypatch):
    outside = sitk.AffineTransform(np.eye(3).ravel().tolist(), (5000.0, 0.0, 0.0))
    assert with_rival(monkeypatch, outside).lead == np.inf


def test_same_map_is_found_however_many_threads_there_are(monkeypatch):
    threads = sitk.ProcessObject.GetGlobalDefaultNumberOfThreads()
    maps = []
    try:
        for count in (1, 3):
            sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(count)
            rival = sitk.AffineTransform(np.eye(3).ravel().tolist(), (0.0, 0.0, 0.0))
            maps.append(with_rival(monkeypatch, rival).patient_from_template)
    finally:
        sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)
    np.testing.assert_array_equal(*maps)


def test_a_match_that_has_grown_too_large_does_not_win(monkeypatch):
    monkeypatch.setattr(registration._Search, "refine_wholly", lambda _, affine: -affine.GetMatrix()[0])
    large = sitk.AffineTransform((np.eye(3) * 1.3).ravel().tolist(), (0.0, 0.0, 0.0))
    found = with_rival(monkeypatch, large)
    np.testing.assert_allclose(found.patient_from_template, small_move())
    assert found.lead < 1


@pytest.mark.parametrize(("axis", "degrees"), [
    pytest.param("z", 180, id="back to front"),
    pytest.param("x", 60, id="nodding", marks=pytest.mark.slow),
    pytest.param("z", 60, id="looking aside", marks=pytest.mark.slow),
    pytest.param("y", 180, id="upside down", marks=pytest.mark.slow),
])  # fmt: skip
def test_head_is_found_however_it_lies(axis, degrees):
    move = np.eye(4)
    move[:3, :3] = Rotation.from_euler(axis, degrees, degrees=True).as_matrix()
    place = move @ even_geometry(head()).ijk_to_lps
    turned = ImageGeometry.from_axes(GRID.size, place[:3, :3], place[:3, 3])
    fit = fit_head(replace(head(), grid=SliceGrid.from_geometry(turned)), bundled_template())
    off = POINTS @ (fit.registration.patient_from_template - move @ small_move()).T
    assert np.linalg.norm(off[:, :3], axis=1).max() < 4
    assert fit.registration.lead > 1.2


@pytest.mark.slow
def test_ball_fits_one_way_as_well_as_another():
    k, j, i = np.indices(GRID.size[::-1])
    ball = ((i - 35) * 3.0) ** 2 + ((j - 40) * 3.0) ** 2 + ((k - 24) * 4.0) ** 2 < 85**2
    fit = fit_head(replace(head(), voxels=np.where(ball, 500, 0).astype(np.int16)), bundled_template())
    assert fit.registration.lead < 1.1

"""The brain is found in the picture of a head, whichever way its voxels lie, and what is doubtful is said."""

import stat
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from DicomSuiteLib.head_template import bundled_template
from DicomSuiteLib.missing_package import MissingPackageError
from DicomSuiteLib.registration import Registration
from DicomSuiteLib.tasks import Cancelled, CancelToken
from DicomSuiteLib.volumes import VolumeError
from DicomSuiteSuperResLib import brain_mask as brain_mask_module
from DicomSuiteSuperResLib.atlas_mask import APPROXIMATE, atlas_brain
from DicomSuiteSuperResLib.brain_mask import BrainMethod, brain_mask
from DicomSuiteSuperResLib.errors import SuperResError
from moved_heads import dice, known_move, moved_brain, moved_head, sagittal_grid

GRID, MOVE = sagittal_grid(), known_move()


def program(folder: Path, name: str, lines: str) -> None:
    """A program of that name on the PATH, which runs `lines` with its input and output files as `head` and `brain`."""
    start = f"#!{sys.executable}\nimport sys\nhead, brain = (sys.argv[sys.argv.index(o) + 1] for o in ('-i', '-o'))\n"
    path = folder / name
    path.write_text(start + textwrap.dedent(lines), encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def programs(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_atlas_lays_the_templates_brain_where_the_registration_says_also_on_sheared_slices():
    for geometry in (GRID, sagittal_grid(shear=0.3)):
        brain, _ = atlas_brain(moved_head(geometry, MOVE), bundled_template(), Registration(MOVE, 1.0))
        assert dice(brain, moved_brain(geometry, MOVE)) == 1


def test_atlas_says_that_it_is_approximate_and_what_shows_that_it_does_not_fit():
    head = moved_head(GRID, MOVE)
    assert atlas_brain(head, bundled_template(), Registration(MOVE, 1.0))[1] == (APPROXIMATE,)
    aside = np.eye(4)
    aside[:3, 3] = (120, 0, 0)
    _, warnings = atlas_brain(head, bundled_template(), Registration(aside @ MOVE, 1.0))
    assert any("outside the head" in warning for warning in warnings)
    assert any("no usual brain" in warning for warning in warnings)


def test_automatic_choice_is_the_atlas_where_deepbet_is_absent(monkeypatch):
    monkeypatch.setattr(brain_mask_module, "_has_deepbet", lambda: False)
    monkeypatch.setattr(brain_mask_module, "register", lambda *_: Registration(MOVE, 1.0))
    found = brain_mask(moved_head(GRID, MOVE))
    assert found.method is BrainMethod.ATLAS
    assert found.registration is not None


def test_missing_deepbet_is_named_with_what_to_do(monkeypatch):
    monkeypatch.setattr(brain_mask_module, "find_spec", lambda name: None)
    with pytest.raises(MissingPackageError, match=r"torch.*superres"):
        brain_mask(moved_head(GRID, MOVE), BrainMethod.DEEPBET)


def test_network_sees_right_anterior_superior_and_its_brain_comes_back_to_the_voxels(monkeypatch):
    pytest.importorskip("torch")
    from DicomSuiteSuperResLib import torch_deepbet

    k, j, i = np.indices(GRID.size[::-1])
    x, y, z = np.moveaxis(GRID.lps_from_ijk(np.stack([i, j, k], axis=-1)), -1, 0)
    order, flips = brain_mask_module._to_canonical(GRID)
    turned = [np.flip(axis.transpose(order), flips) for axis in (-x, -y, z)]
    assert all((np.diff(place, axis=axis) > 0).all() for axis, place in enumerate(turned))
    monkeypatch.setattr(torch_deepbet, "deepbet_weights", lambda: ())
    monkeypatch.setattr(torch_deepbet, "brain_voxels", lambda voxels, _: voxels > 400)
    head = moved_head(GRID, MOVE)
    assert np.array_equal(brain_mask(head, BrainMethod.DEEPBET).voxels, head.voxels > 400)


def test_program_of_the_user_gets_a_nameless_positive_image_and_its_brain_is_taken(programs):
    head = moved_head(GRID, MOVE)
    program(
        programs,
        "mri_synthstrip",
        """
        import SimpleITK as sitk
        image = sitk.ReadImage(head)
        voxels = sitk.GetArrayFromImage(image)
        assert voxels.min() > 0
        voxels[:, :, :20] = 0
        sitk.WriteImage(sitk.GetImageFromArray(voxels), brain)
        """,
    )
    found = brain_mask(head, BrainMethod.SYNTHSTRIP)
    assert not found.voxels[:, :, :20].any()
    assert found.voxels[:, :, 20:].all()


def test_program_that_is_absent_or_fails_is_told(programs):
    head = moved_head(GRID, MOVE)
    with pytest.raises(SuperResError, match="hd-bet is not found"):
        brain_mask(head, BrainMethod.HD_BET)
    program(programs, "hd-bet", "sys.exit(4)")
    with pytest.raises(SuperResError, match="exit code 4"):
        brain_mask(head, BrainMethod.HD_BET)
    program(programs, "hd-bet", "")
    with pytest.raises(SuperResError, match="no image"):
        brain_mask(head, BrainMethod.HD_BET)


def test_cancel_ends_the_program(programs):
    program(programs, "hd-bet", "import time; time.sleep(60)")
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        brain_mask(moved_head(GRID, MOVE), BrainMethod.HD_BET, token)


def test_voxels_that_are_no_numbers_are_refused():
    head = moved_head(GRID, MOVE)
    voxels = head.voxels.astype(np.float32)
    voxels[3, 3, 3] = np.nan
    with pytest.raises(VolumeError, match="not finite"):
        brain_mask(replace(head, voxels=voxels))

"""Run a brain extraction program that the user has installed with its weights: HD-BET or SynthStrip."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage

from DicomSuiteLib.affine_resampling import even_geometry
from DicomSuiteLib.tasks import CancelToken
from DicomSuiteLib.volumes import Volume
from DicomSuiteSuperResLib.errors import SuperResError
from DicomSuiteSuperResLib.volume_output import write_volume

HD_BET, SYNTHSTRIP = "hd-bet", "mri_synthstrip"
"""What the programs are called; their folder has to be on the PATH."""
_ARGUMENTS = {HD_BET: ("-device", "cpu"), SYNTHSTRIP: ()}
_POLL_S = 0.1


def program_brain(program: str, volume: Volume, token: CancelToken | None = None) -> NDArray[np.bool_]:
    """Give the brain mask (k, j, i) that `program` makes of `volume`, which reaches it without a name.

    Raises
    ------
    SuperResError
        If the program is not there, fails, or leaves no mask of the volume's size.
    Cancelled
        If `token` asks for it; the program is ended.
    """
    path = shutil.which(program)
    if path is None:
        raise SuperResError(
            f"The program {program} is not found; install it with its weights and put its folder on the PATH, or "
            "choose another method."
        )
    with tempfile.TemporaryDirectory(prefix="dicomsuite-brain-") as folder:
        head, brain = Path(folder, "head.nii.gz"), Path(folder, "brain.nii.gz")
        voxels = np.asarray(volume.voxels, dtype=np.float32)
        write_volume(head, voxels - voxels.min() + 1, even_geometry(volume))  # above 0: what becomes 0 is no brain
        _run([path, "-i", str(head), "-o", str(brain), *_ARGUMENTS[program]], program, token)
        return _mask(brain, program, volume)


def _run(command: list[str], program: str, token: CancelToken | None) -> None:
    child = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        while child.poll() is None:
            if token is not None:
                token.raise_if_cancelled()
            time.sleep(_POLL_S)
    finally:
        _end(child)
    if child.returncode:
        raise SuperResError(
            f"{program} ended with exit code {child.returncode} and made no mask; run it once by itself to see why "
            "(its weights may be missing)."
        )


def _end(child: subprocess.Popen) -> None:
    """End the program and all that it started, if it still runs."""
    if child.poll() is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL) if hasattr(os, "killpg") else child.kill()
    child.wait()


def _mask(brain: Path, program: str, volume: Volume) -> NDArray[np.bool_]:
    try:
        mask = sitk.GetArrayFromImage(sitk.ReadImage(str(brain))) > 0
    except RuntimeError as error:
        raise SuperResError(f"{program} left no image that can be read; run it once by itself to see why.") from error
    if mask.shape != volume.voxels.shape or not mask.any():
        raise SuperResError(f"{program} found no brain, or changed the size of the volume; choose another method.")
    return ndimage.binary_fill_holes(mask)

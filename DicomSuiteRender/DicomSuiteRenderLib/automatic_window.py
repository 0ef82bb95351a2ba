"""The window in which a volume is seen well when nobody has chosen one."""

from __future__ import annotations

from DicomSuiteLib.volumes import Volume
from DicomSuiteLib.voxel_window import VoxelWindow
from DicomSuiteRenderLib.voi_lut import dicom_windows
from DicomSuiteRenderLib.window_level import WindowLevel
from DicomSuiteRenderLib.window_presets import SOFT_TISSUE, WindowPreset


def automatic_window(volume: Volume) -> WindowLevel:
    """DICOM's own window for CT, else soft tissue; for every other modality the ends are percentiles.

    The values of MR and PET have no fixed meaning, and the windows that scanners write differ from slice to slice.

    Raises
    ------
    RenderError
        If a DICOM file of the volume is gone.
    """
    if volume.modality == "CT":
        own = dicom_windows(volume.files) if volume.is_dicom else ()
        return next((found.window for found in own if isinstance(found, WindowPreset)), SOFT_TISSUE)
    ends = VoxelWindow.of(volume)
    return WindowLevel.from_ends(ends.low, ends.high)

"""Windows by name: the usual ones of CT."""

from __future__ import annotations

from dataclasses import dataclass

from DicomSuiteRenderLib.window_level import WindowLevel


@dataclass(frozen=True)
class WindowPreset:
    """A window with a name.

    Parameters
    ----------
    key : stable name for files and command lines: lower-case letters, digits, hyphens
    name : as users read it
    window : in the units of the volume
    modality : DICOM's word for what it is meant for, e.g. CT; empty where it may be anything
    """

    key: str
    name: str
    window: WindowLevel
    modality: str = ""


SOFT_TISSUE = WindowLevel(40, 400)
"""HU: the window in which the abdomen is usually read."""

CT_WINDOWS = (
    ("lung", "Lung", -600, 1500),
    ("mediastinum", "Mediastinum", 50, 350),
    ("soft-tissue", "Soft tissue", SOFT_TISSUE.level, SOFT_TISSUE.width),
    ("abdomen", "Abdomen", 50, 400),
    ("liver", "Liver", 30, 150),
    ("bone", "Bone", 480, 2500),
    ("spine", "Spine, soft tissue", 50, 250),
    ("brain", "Brain", 40, 80),
    ("subdural", "Subdural", 75, 215),
    ("stroke", "Stroke", 40, 40),
    ("temporal-bone", "Temporal bone", 600, 2800),
    ("angiography", "Angiography", 300, 600),
)
"""Key, name, level and width in HU. Lung, soft tissue and bone are the project's own; the rest are usual ones."""


def window_presets() -> tuple[WindowPreset, ...]:
    """The built-in windows, all of CT."""
    return tuple(WindowPreset(key, name, WindowLevel(level, width), "CT") for key, name, level, width in CT_WINDOWS)

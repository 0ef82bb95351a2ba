"""A render mode: everything that decides what a 3D view shows, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from DicomSuiteLib.segments import Colour

Point = tuple[float, float]
"""A value of the volume, and the opacity (0 to 1) there."""
ColourPoint = tuple[float, float, float, float]
"""A value of the volume, and red, green, blue (0 to 1) there."""


class Technique(StrEnum):
    """How a ray through the volume becomes a pixel."""

    COMPOSITE = "composite"
    MAXIMUM = "maximum"
    MINIMUM = "minimum"
    AVERAGE = "average"


class ValueScale(StrEnum):
    """What the values of a mode's points mean."""

    NATIVE = "native"
    """Values of the volume as they are: HU for CT."""
    WINDOW = "window"
    """0 is the low end of the volume's display window, 1 its high end: for whatever has no fixed unit."""


class ViewDirection(StrEnum):
    """From where the camera looks at the patient."""

    ANTERIOR = "anterior"
    POSTERIOR = "posterior"
    LEFT = "left"
    RIGHT = "right"
    SUPERIOR = "superior"
    INFERIOR = "inferior"


@dataclass(frozen=True)
class Shading:
    """Parts of the light that a surface gives back (0 to 1), and how sharp its highlights are (1 to 100)."""

    ambient: float
    diffuse: float
    specular: float
    specular_power: float


@dataclass(frozen=True)
class VolumeLook:
    """How the voxels are shown.

    Parameters
    ----------
    technique : how values along a ray are put together
    opacity : ascending by value
    colours : ascending by value
    gradient_opacity : by the length of the gradient, as VTK counts it: units of value over the mean of the volume's
        three spacings; empty where it does not matter
    shading : None where the volume is not lit
    """

    technique: Technique
    opacity: tuple[Point, ...]
    colours: tuple[ColourPoint, ...]
    gradient_opacity: tuple[Point, ...] = ()
    shading: Shading | None = None


@dataclass(frozen=True)
class IsoLevel:
    """One isosurface: everything of at least `value`."""

    name: str
    value: float
    colour: Colour
    opacity: float = 1.0


@dataclass(frozen=True)
class RenderMode:
    """Everything that one click sets.

    Parameters
    ----------
    key : stable name for files and command lines: lower-case letters, digits, hyphens
    name : as users read it, in English
    look : of the voxels, or None for a mode of surfaces alone
    levels : the isosurfaces, none for a mode of voxels alone
    scale : what the values in `look` and `levels` mean
    background : colours at the bottom and at the top of the view
    direction : from where the camera looks; the whole volume fits the view
    removes_table : whether the scanner's table and head holder are hidden
    """

    key: str
    name: str
    look: VolumeLook | None = None
    levels: tuple[IsoLevel, ...] = ()
    scale: ValueScale = ValueScale.NATIVE
    background: tuple[Colour, Colour] = ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0))
    direction: ViewDirection = ViewDirection.ANTERIOR
    removes_table: bool = False

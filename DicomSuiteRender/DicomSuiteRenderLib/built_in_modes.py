"""The render modes that come with DicomSuite."""

from __future__ import annotations

from functools import cache

from DicomSuiteLib.segments import Colour
from DicomSuiteRenderLib.render_mode import (
    ColourPoint,
    IsoLevel,
    Point,
    RenderMode,
    Shading,
    Technique,
    ValueScale,
    VolumeLook,
)

BONE_HU = 175.0
"""Surface of bone, as the original viewer had it."""
SKIN_HU = -200.0
"""Surface of skin, as the original viewer had it."""

WHITE: Colour = (1.0, 1.0, 1.0)
BLACK: Colour = (0.0, 0.0, 0.0)
PEACHPUFF: Colour = (1.0, 218 / 255, 185 / 255)
"""CSS Color Module Level 4."""
_SLATE: Colour = (0.20, 0.24, 0.30)

_DARK = (BLACK, BLACK)
_BRIGHT = (WHITE, WHITE)
_STUDIO = (BLACK, _SLATE)
"""Behind lit surfaces, whose shadows would be lost on plain black."""

_MATT = Shading(ambient=0.0, diffuse=1.0, specular=0.1, specular_power=10.0)
_GLOSSY = Shading(ambient=0.0, diffuse=0.9, specular=0.25, specular_power=20.0)
"""Without ambient light, which VTK's ray caster on the processor leaves out: a picture is the same on every machine."""

_BONE_MAP: tuple[ColourPoint, ...] = (
    (0.0, 0.0, 0.0, 0.0),
    (0.365079, 0.319444, 0.319444, 0.444444),
    (0.746032, 0.652778, 0.777778, 0.777778),
    (1.0, 1.0, 1.0, 1.0),
)
"""The colour map "bone" of MATLAB and Matplotlib."""

_HOT_IRON: tuple[ColourPoint, ...] = (
    (0.0, 0.0, 0.0, 0.0),
    (0.5, 1.0, 0.0, 0.0),
    (0.75, 1.0, 0.5, 0.0),
    (1.0, 1.0, 1.0, 1.0),
)
"""DICOM's well-known colour palette Hot Iron (PS3.6 annex B), which is linear between these."""

_RAMP: tuple[Point, ...] = ((0.0, 0.0), (1.0, 1.0))


@cache
def built_in_modes() -> tuple[RenderMode, ...]:
    """All modes, in the order in which they are offered; values of scale NATIVE are HU."""
    return (*_surfaces(), *_projections(), *_composites())


def _surfaces() -> tuple[RenderMode, ...]:
    bone = IsoLevel("Bone", BONE_HU, WHITE)
    skin = IsoLevel("Skin", SKIN_HU, PEACHPUFF, opacity=0.5)
    return (
        _ct("bone-surface", "Bone surface", levels=(bone,)),
        _ct("skin-surface", "Skin surface", levels=(skin,)),
        _ct("skin-and-bone", "Skin and bone", levels=(bone, skin)),
    )


def _projections() -> tuple[RenderMode, ...]:
    maximum, minimum = (_grey(technique, WHITE, _RAMP) for technique in (Technique.MAXIMUM, Technique.MINIMUM))
    return (
        RenderMode("mip", "Maximum intensity (MIP)", maximum, scale=ValueScale.WINDOW),
        RenderMode("minip", "Minimum intensity (MinIP)", minimum, scale=ValueScale.WINDOW),
        RenderMode("average", "Average intensity", _average(), scale=ValueScale.WINDOW),
        _ct("x-ray", "CT as X-ray", _x_ray(), background=_DARK),
        _ct("ct-mip", "CT bones and vessels (MIP)", _ct_maximum(), background=_DARK),
        _ct("ct-minip", "CT airways (MinIP)", _ct_minimum(), background=_DARK),
        _pet("pet-mip", "PET (MIP, inverted)", _grey(Technique.MAXIMUM, BLACK, _RAMP), _BRIGHT),
        _pet("pet-hot", "PET (MIP, hot iron)", VolumeLook(Technique.MAXIMUM, _OPAQUE, _HOT_IRON), _DARK),
    )


def _composites() -> tuple[RenderMode, ...]:
    return (
        RenderMode(
            "composite-bone",
            "Composite, bone colours",
            VolumeLook(Technique.COMPOSITE, ((0.0, 0.0), (1.0, 0.5)), _BONE_MAP, shading=_MATT),
            scale=ValueScale.WINDOW,
            background=_STUDIO,
        ),
        _ct("ct-bone", "CT bone", _ct_bone()),
        _ct("ct-soft-tissue", "CT soft tissue", _ct_soft_tissue()),
        _ct("ct-lung", "CT lung", _ct_lung()),
        _ct("ct-vessels", "CT vessels and bone", _ct_vessels()),
        RenderMode("mr", "MR", _mr(), scale=ValueScale.WINDOW, background=_STUDIO),
    )


_OPAQUE: tuple[Point, ...] = ((0.0, 1.0), (1.0, 1.0))
"""For looks whose background has the colour of their lowest value."""


def _ct(
    key: str,
    name: str,
    look: VolumeLook | None = None,
    levels: tuple[IsoLevel, ...] = (),
    background: tuple[Colour, Colour] = _STUDIO,
) -> RenderMode:
    """A mode in HU; the scanner's table has the density of tissue and is in the way of every one of them."""
    return RenderMode(key, name, look, levels, ValueScale.NATIVE, background, removes_table=True)


def _pet(key: str, name: str, look: VolumeLook, background: tuple[Colour, Colour]) -> RenderMode:
    return RenderMode(key, name, look, scale=ValueScale.WINDOW, background=background)


def _grey(technique: Technique, colour: Colour, opacity: tuple[Point, ...]) -> VolumeLook:
    """One colour, so that opacity alone makes the shades, and a transparent background stays one."""
    return VolumeLook(technique, opacity, tuple((value, *colour) for value, _ in opacity))


def _average() -> VolumeLook:
    """Rays pass through air before and behind the patient, so their means fill the lower part of the window."""
    return _grey(Technique.AVERAGE, WHITE, ((0.0, 0.0), (0.6, 1.0)))


def _x_ray() -> VolumeLook:
    """The mean of HU along a ray grows with the matter on it, as the absorption of X-rays does."""
    return _grey(Technique.AVERAGE, WHITE, ((-950.0, 0.0), (-500.0, 0.45), (50.0, 1.0)))


def _ct_maximum() -> VolumeLook:
    """Vessels with contrast medium in the darker half, so that bone is not all of one white."""
    return _grey(Technique.MAXIMUM, WHITE, ((50.0, 0.0), (400.0, 0.4), (1600.0, 1.0)))


def _ct_minimum() -> VolumeLook:
    """Airways black, lungs dark, tissue white; where there is no patient, the lowest value is that of no tissue."""
    return _grey(Technique.MINIMUM, WHITE, ((-1000.0, 0.0), (-300.0, 0.85), (100.0, 1.0), (400.0, 1.0), (500.0, 0.0)))


def _ct_bone() -> VolumeLook:
    return VolumeLook(
        Technique.COMPOSITE,
        opacity=((150.0, 0.0), (350.0, 0.5), (1200.0, 0.9)),
        colours=((150.0, 0.75, 0.55, 0.40), (350.0, 0.93, 0.84, 0.68), (1200.0, 1.0, 1.0, 0.97)),
        shading=_MATT,
    )


def _ct_soft_tissue() -> VolumeLook:
    """Muscle and organs, without fat; bone shines through where it is near."""
    return VolumeLook(
        Technique.COMPOSITE,
        opacity=((-30.0, 0.0), (20.0, 0.25), (90.0, 0.5), (300.0, 0.85)),
        colours=(
            (-30.0, 0.75, 0.45, 0.30),
            (20.0, 0.72, 0.32, 0.24),
            (90.0, 0.80, 0.38, 0.28),
            (220.0, 0.93, 0.80, 0.62),
            (300.0, 1.0, 0.95, 0.85),
        ),
        shading=_MATT,
    )


def _ct_lung() -> VolumeLook:
    """Vessels and walls of the airways inside the lungs; what is denser stays away."""
    return VolumeLook(
        Technique.COMPOSITE,
        opacity=((-950.0, 0.0), (-850.0, 0.004), (-600.0, 0.02), (-400.0, 0.15), (-300.0, 0.0)),
        colours=((-950.0, 0.35, 0.55, 0.85), (-700.0, 0.75, 0.80, 0.90), (-400.0, 0.95, 0.65, 0.55)),
        shading=_MATT,
    )


def _ct_vessels() -> VolumeLook:
    """Vessels with contrast medium in red, bone in white."""
    return VolumeLook(
        Technique.COMPOSITE,
        opacity=((120.0, 0.0), (180.0, 0.35), (350.0, 0.6), (900.0, 0.9)),
        colours=(
            (120.0, 0.55, 0.05, 0.05),
            (220.0, 0.85, 0.15, 0.10),
            (350.0, 0.95, 0.75, 0.60),
            (900.0, 1.0, 1.0, 0.95),
        ),
        shading=_GLOSSY,
    )


def _mr() -> VolumeLook:
    return VolumeLook(
        Technique.COMPOSITE,
        opacity=((0.05, 0.0), (0.2, 0.05), (0.6, 0.35), (1.0, 0.6)),
        colours=((0.05, 0.25, 0.12, 0.10), (0.35, 0.65, 0.42, 0.32), (0.7, 0.92, 0.80, 0.70), (1.0, 1.0, 1.0, 1.0)),
        shading=_MATT,
    )

"""A `VolumeLook` in MRML: the points and the light of a vtkMRMLVolumePropertyNode."""

from __future__ import annotations

from typing import Any

from DicomSuiteRenderLib.render_mode import ColourPoint, Point, Shading, Technique, VolumeLook

UNLIT = Shading(ambient=0.1, diffuse=0.7, specular=0.2, specular_power=10.0)
"""VTK's defaults, for a look without light: so that what is left of another look does not matter."""

EVERY_GRADIENT: tuple[Point, ...] = ((0.0, 1.0), (255.0, 1.0))
"""Gradients of any length count alike; written as Slicer's presets do it."""


def set_look(property_node: Any, look: VolumeLook) -> None:
    """Give a vtkMRMLVolumePropertyNode a look; the technique is no part of it in MRML.

    Opacities are for 1 mm of way through the volume.
    """
    modified = property_node.StartModify()
    light = look.shading or UNLIT
    volume_property = property_node.GetVolumeProperty()
    # While gradients are disabled, VTK gives out a function of its own.
    volume_property.SetDisableGradientOpacity(False)
    _set_points(property_node.GetScalarOpacity(), look.opacity)
    _set_points(property_node.GetGradientOpacity(), look.gradient_opacity or EVERY_GRADIENT)
    _set_colours(property_node.GetColor(), look.colours)
    # Only a matter of speed.
    volume_property.SetDisableGradientOpacity(not look.gradient_opacity)
    volume_property.SetScalarOpacityUnitDistance(1.0)
    volume_property.SetInterpolationTypeToLinear()
    volume_property.SetShade(look.shading is not None)
    volume_property.SetAmbient(light.ambient)
    volume_property.SetDiffuse(light.diffuse)
    volume_property.SetSpecular(light.specular)
    volume_property.SetSpecularPower(light.specular_power)
    property_node.CalculateEffectiveRange()
    property_node.EndModify(modified)


def look_of(volume_property: Any, technique: Technique) -> VolumeLook:
    """Read a vtkVolumeProperty as a look."""
    gradient = _points(volume_property.GetGradientOpacity())
    return VolumeLook(
        technique,
        _points(volume_property.GetScalarOpacity()),
        _colours(volume_property.GetRGBTransferFunction()),
        () if all(opacity == 1 for _, opacity in gradient) else gradient,
        _shading(volume_property) if volume_property.GetShade() else None,
    )


def _shading(volume_property: Any) -> Shading:
    return Shading(
        volume_property.GetAmbient(),
        volume_property.GetDiffuse(),
        volume_property.GetSpecular(),
        volume_property.GetSpecularPower(),
    )


def _set_points(function: Any, points: tuple[Point, ...]) -> None:
    import vtk

    wanted = vtk.vtkPiecewiseFunction()
    for value, opacity in points:
        wanted.AddPoint(value, opacity)
    function.DeepCopy(wanted)


def _set_colours(function: Any, points: tuple[ColourPoint, ...]) -> None:
    import vtk

    wanted = vtk.vtkColorTransferFunction()
    for value, *colour in points:
        wanted.AddRGBPoint(value, *colour)
    function.DeepCopy(wanted)


def _points(function: Any) -> tuple[Point, ...]:
    return tuple(_node_values(function, 4, 2))


def _colours(function: Any) -> tuple[ColourPoint, ...]:
    return tuple(_node_values(function, 6, 4))


def _node_values(function: Any, length: int, used: int) -> list[tuple[float, ...]]:
    """The first `used` of the `length` numbers of every point; the others are how it bends towards the next."""
    values = [0.0] * length
    points = []
    for number in range(function.GetSize()):
        function.GetNodeValue(number, values)
        points.append(tuple(values[:used]))
    return points

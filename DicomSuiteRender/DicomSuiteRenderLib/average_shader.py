"""Average intensity along a ray, for Slicer's volume rendering, which knows maximum, minimum and composite alone.

Slicer's displayable manager sets the blend mode of its mapper from the view's technique whenever something changes, and
has none for an average. VTK's own average would not do either: it weights every sample by its opacity and leaves the
colours out. So the shader of the maximum, to which VTK applies opacity and colours once, at the end of the ray, gets
the mean in place of the largest value. It is part of the scene, so it holds in every view of the application and
headless; it needs the ray caster of OpenGL, be that done by a graphics card or by software.
"""

from __future__ import annotations

from typing import Any

_START = "//VTK::Shading::Init"
_START_CODE = """
  float l_mean = 0.0;
  float l_sampleCount = 0.0;
"""
_SAMPLE = "//VTK::Shading::Impl"
_SAMPLE_CODE = """
    if (!g_skip)
      {
      float l_value = texture3D(in_volume[0], g_dataPos).r * in_volume_scale[0].r + in_volume_bias[0].r;
      l_sampleCount += 1.0;
      l_mean += (l_value - l_mean) / l_sampleCount;
      }
"""
_END = "//VTK::Shading::Exit"
_END_CODE = """
  if (l_sampleCount == 0.0)
    {
    discard;
    }
  g_srcColor = computeColor(vec4(l_mean), computeOpacity(vec4(l_mean)));
  g_fragColor = vec4(g_srcColor.rgb * g_srcColor.a, g_srcColor.a);
"""
"""No variable of the maximum's own is used: a view may draw for a moment with another technique, as when it closes."""

_REPLACEMENTS = {_START: _START_CODE, _SAMPLE: _SAMPLE_CODE, _END: _END_CODE}


def average_along_rays(shader_node: Any) -> None:
    """Let a vtkMRMLShaderPropertyNode turn maximum intensity projection into that of the mean."""
    shader = shader_node.GetShaderProperty()
    for tag, code in _REPLACEMENTS.items():
        shader.AddFragmentShaderReplacement(tag, True, code, False)


def is_average(shader_property: Any) -> bool:
    """True if a vtkShaderProperty, or None, holds this shader."""
    count = 0 if shader_property is None else shader_property.GetNumberOfShaderReplacements()
    return dict(_replacement(shader_property, number) for number in range(count)) == _REPLACEMENTS


def _replacement(shader_property: Any, number: int) -> tuple[str, str]:
    """A tag, and the code in its place."""
    import vtk

    tag, code = vtk.reference(""), vtk.reference("")
    shader_property.GetNthShaderReplacement(number, tag, vtk.reference(False), code, vtk.reference(False))
    return str(tag), str(code)

"""Which of Slicer's two ray casters draws volumes: on the processor, or on the graphics card."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cache

from DicomSuiteRenderLib.errors import RenderError
from DicomSuiteRenderLib.render_window import offscreen_window

SOFTWARE_RENDERERS = re.compile(
    r"llvmpipe|softpipe|swrast|software rasterizer|swiftshader|gdi generic|basic render|swr\b", re.IGNORECASE
)
"""How OpenGL calls itself where no graphics card does the work: Mesa's, Google's and Microsoft's."""

_RENDERER = re.compile(r"OpenGL renderer string:\s*(.*)")


class RayCaster(StrEnum):
    """A ray caster, by the MRML class of the display nodes that ask for it."""

    CPU = "vtkMRMLCPURayCastVolumeRenderingDisplayNode"
    GPU = "vtkMRMLGPURayCastVolumeRenderingDisplayNode"


def fastest_ray_caster() -> RayCaster:
    """The one on the graphics card, unless OpenGL is done by software, where it would be the slower one."""
    return RayCaster.CPU if is_software_rendering() else RayCaster.GPU


def is_software_rendering() -> bool:
    """True if OpenGL has no graphics card here; also where there is no OpenGL at all."""
    renderer = opengl_renderer()
    return not renderer or bool(SOFTWARE_RENDERERS.search(renderer))


@cache
def opengl_renderer() -> str:
    """What OpenGL calls itself, e.g. "NVIDIA GeForce RTX 3060/PCIe/SSE2"; empty where there is none."""
    try:
        window = offscreen_window((1, 1))
    except RenderError:
        return ""
    found = _RENDERER.search(window.ReportCapabilities() or "")
    window.Finalize()
    return found.group(1).strip() if found else ""

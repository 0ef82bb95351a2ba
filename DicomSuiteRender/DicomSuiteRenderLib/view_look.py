"""What a render mode sets in a 3D view's node: technique, background, shadows, and what would lie over the picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from DicomSuiteLib.segments import Colour
from DicomSuiteRenderLib.render_mode import RenderMode, Technique

_TECHNIQUES: Mapping[Technique, str] = MappingProxyType(
    {
        Technique.COMPOSITE: "Composite",
        Technique.MAXIMUM: "MaximumIntensityProjection",
        Technique.MINIMUM: "MinimumIntensityProjection",
        # The shader in average_shader.py makes the difference.
        Technique.AVERAGE: "MaximumIntensityProjection",
    }
)
"""What vtkMRMLViewNode calls a technique."""


@dataclass(frozen=True)
class ViewLook:
    """Properties of a vtkMRMLViewNode.

    Parameters
    ----------
    technique : vtkMRMLViewNode's name of how rays are put together
    background : colours at the bottom and at the top
    shows_box, shows_axis_labels : the box around everything, and the letters at its sides
    casts_shadows : ambient shadows, which darken a lit volume or surface once more
    peels_depth : translucent surfaces are put in order, those of other modules included
    """

    technique: str
    background: tuple[Colour, Colour]
    shows_box: bool
    shows_axis_labels: bool
    casts_shadows: bool
    peels_depth: bool

    @classmethod
    def of_mode(cls, mode: RenderMode) -> ViewLook:
        """What a mode wants; the technique of one without voxels is Slicer's default."""
        return cls(
            technique=_TECHNIQUES[mode.look.technique if mode.look else Technique.COMPOSITE],
            background=mode.background,
            shows_box=False,
            shows_axis_labels=False,
            casts_shadows=False,
            peels_depth=True,
        )

    @classmethod
    def of(cls, view_node: Any) -> ViewLook:
        """Read a vtkMRMLViewNode."""
        return cls(
            view_node.GetRaycastTechniqueAsString(view_node.GetRaycastTechnique()),
            (tuple(view_node.GetBackgroundColor()), tuple(view_node.GetBackgroundColor2())),
            bool(view_node.GetBoxVisible()),
            bool(view_node.GetAxisLabelsVisible()),
            bool(view_node.GetShadowsVisibility()),
            bool(view_node.GetUseDepthPeeling()),
        )

    def set_on(self, view_node: Any) -> None:
        """Give a vtkMRMLViewNode these properties."""
        bottom, top = self.background
        modified = view_node.StartModify()
        view_node.SetRaycastTechnique(view_node.GetRaycastTechniqueFromString(self.technique))
        view_node.SetBackgroundColor(bottom)
        view_node.SetBackgroundColor2(top)
        view_node.SetBoxVisible(self.shows_box)
        view_node.SetAxisLabelsVisible(self.shows_axis_labels)
        view_node.SetShadowsVisibility(self.casts_shadows)
        view_node.SetUseDepthPeeling(self.peels_depth)
        view_node.EndModify(modified)

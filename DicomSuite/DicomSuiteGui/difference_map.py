"""The difference of two volumes as a volume of the scene: blue where it has become less, red where more."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np
import slicer
from slicer.i18n import tr as _

from DicomSuiteLib.node_roles import NodeRoles, remove_with_companions
from DicomSuiteLib.value_unit import NO_UNIT, ValueUnit
from DicomSuiteLib.volume_difference import difference
from DicomSuiteLib.volume_nodes import node_of_volume, remove_volume_node
from DicomSuiteLib.volumes import Volume

SHOWN_PERCENTILE = 99.5
"""Of the differences without their sign, at which the colours end; voxels that are the same do not count."""

_COLOURS = 255
_UNCHANGED = 0.15
"""Part of the scale around no change, each way, that is left transparent: most of the noise of a CT."""
_LESS = ((0.0, 0.2, 0.9), (0.3, 1.0, 1.0))
_MORE = ((0.85, 0.0, 0.0), (1.0, 1.0, 0.2))
"""Red, green, blue of the least and the greatest change that is coloured, as functional imaging has them.

Readers who confuse red and green tell them apart.
"""
SOFT_TISSUE_LIMIT = 200.0
"""HU at which the colours of a CT end at most: more is bone or air that has moved, and would pale the rest."""
_MOST_SAMPLES = 1_000_000
_LEGEND_FORMAT = "%.4g"
_LEGEND_SIZE = (0.12, 0.35)
"""Parts of the view's width and height: small enough to leave the picture free."""
_LEGEND_FONT = 12


class _Role(StrEnum):
    DIFFERENCE = "difference"
    COLOURS = "colours"


_ROLES = NodeRoles("DicomSuite.DifferenceMap", _Role)


@dataclass(frozen=True)
class Difference:
    """A difference that can be shown: NaN where the second volume has no voxel; colours end at -`limit` and `limit`."""

    volume: Volume
    limit: float


def differenceOf(
    first: Volume, second: Volume, firstUnit: ValueUnit = NO_UNIT, secondUnit: ValueUnit = NO_UNIT
) -> Difference:
    """Subtract `first` from `second` in their units; touches neither Qt nor MRML. Errors as for `difference`."""
    volume = difference(first, second, firstUnit, secondUnit)
    limit = _shownLimit(volume)
    areHounsfield = first.modality == second.modality == "CT"
    return Difference(volume, min(limit, SOFT_TISSUE_LIMIT) if areHounsfield else limit)


def showDifference(found: Difference, name: str) -> Any:
    """Put a difference into the scene, in place of a former one; returns its volume node."""
    removeDifference()
    voxels = found.volume.voxels
    isUnknown = np.isnan(voxels)
    node = _ROLES.mark(node_of_volume(_withoutGaps(found.volume, isUnknown), name), _Role.DIFFERENCE)
    if isUnknown.any():  # "no value" is what shall be read there, not the zero that the views are given
        slicer.util.arrayFromVolume(node)[isUnknown] = np.nan
        slicer.util.arrayFromVolumeModified(node)
    display = node.GetDisplayNode()
    display.SetAndObserveColorNodeID(_addColours().GetID())
    display.SetAutoWindowLevel(False)
    setLimit(node, found.limit)
    display.SetAutoThreshold(False)
    most = float(np.finfo(voxels.dtype).max)
    display.SetThreshold(-most, most)  # NaN lies in no range, and so is transparent
    display.SetApplyThreshold(True)
    return node


def setLimit(node: Any, limit: float) -> None:
    """Let the colours of a difference end at -`limit` and `limit`."""
    node.GetScalarVolumeDisplayNode().SetWindowLevelMinMax(-limit, limit)


def showLegend(node: Any) -> None:
    """What the colours mean, in the views that show the difference now; Slicer's legend does not notice by itself."""
    legend = slicer.modules.colors.logic().AddDefaultColorLegendDisplayNode(node)
    legend.SetTitleText(_("Change"))
    legend.SetLabelFormat(_LEGEND_FORMAT)
    legend.SetSize(*_LEGEND_SIZE)
    legend.GetTitleTextProperty().SetFontSize(_LEGEND_FONT)
    legend.GetLabelTextProperty().SetFontSize(_LEGEND_FONT)
    legend.Modified()


def differenceNode() -> Any:
    """The difference that the scene holds, or None; it is none of the volumes that a user compares."""
    return next(iter(_ROLES.nodes([_Role.DIFFERENCE])), None)


def removeDifference() -> None:
    """Take it away with its colours and their legend."""
    for node in _ROLES.nodes([_Role.DIFFERENCE]):
        remove_volume_node(node)
    for node in _ROLES.nodes([_Role.COLOURS]):
        remove_with_companions(node)


def _shownLimit(volume: Volume) -> float:
    step = max(1, round((volume.voxels.size / _MOST_SAMPLES) ** (1 / 3)))
    samples = np.abs(volume.voxels[::step, ::step, ::step])
    changed = samples[np.isfinite(samples) & (samples > 0)]
    return float(np.percentile(changed, SHOWN_PERCENTILE)) if changed.size else 1.0


def _withoutGaps(volume: Volume, isUnknown: np.ndarray) -> Volume:
    return replace(volume, voxels=np.where(isUnknown, volume.voxels.dtype.type(0), volume.voxels))


def _addColours() -> Any:
    node = _ROLES.new_node("vtkMRMLColorTableNode", _("Difference"), _Role.COLOURS)
    node.SetHideFromEditors(True)
    node.SetTypeToUser()
    node.SetNumberOfColors(_COLOURS)
    for number, position in enumerate(np.linspace(-1, 1, _COLOURS)):
        share = abs(position)
        weakest, strongest = np.array(_MORE if position > 0 else _LESS)
        colour = (1 - share) * weakest + share * strongest
        node.SetColor(number, str(number), *colour.tolist(), 0.0 if share < _UNCHANGED else 1.0)
    return slicer.mrmlScene.AddNode(node)

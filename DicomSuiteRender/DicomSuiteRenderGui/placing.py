"""Puts the points of one markups node where the user clicks in the views, until all are placed or it is stopped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import slicer


class Placing:
    """Calls `ended` with the node when the user has placed it, stops it, or chooses another mouse mode."""

    def __init__(self, ended: Callable[[Any], None]) -> None:
        self._ended = ended
        self._node: Any = None
        self._observed: list[tuple[Any, int]] = []

    @property
    def node(self) -> Any:
        """The node whose points are being placed, or None."""
        return self._node

    def start(self, node: Any, isPersistent: bool) -> None:
        """Begin; a persistent node takes points until it is stopped."""
        self.stop()
        slicer.modules.markups.logic().SetActiveList(node)
        interaction, selection = _interaction(), _selection()
        if isPersistent:
            interaction.SwitchToPersistentPlaceMode()
        else:
            interaction.SwitchToSinglePlaceMode()
        self._node = node
        for observed, event in (
            (interaction, interaction.InteractionModeChangedEvent),
            (selection, selection.ActivePlaceNodeIDChangedEvent),
        ):
            self._observed.append((observed, observed.AddObserver(event, self._onChanged)))

    def stop(self) -> None:
        """Go back to the mode in which the mouse moves the views, unless nothing is being placed."""
        node = self._forget()
        if node is not None:
            if _selection().GetActivePlaceNodeID() == node.GetID():
                _interaction().SwitchToViewTransformMode()
            self._ended(node)

    def _forget(self) -> Any:
        node, self._node = self._node, None
        for observed, tag in self._observed:
            observed.RemoveObserver(tag)
        self._observed = []
        return node

    def _onChanged(self, caller, event) -> None:
        isPlacing = _interaction().GetCurrentInteractionMode() == slicer.vtkMRMLInteractionNode.Place
        if not isPlacing or _selection().GetActivePlaceNodeID() != self._node.GetID():
            self._ended(self._forget())


def _interaction() -> Any:
    return slicer.app.applicationLogic().GetInteractionNode()


def _selection() -> Any:
    return slicer.app.applicationLogic().GetSelectionNode()

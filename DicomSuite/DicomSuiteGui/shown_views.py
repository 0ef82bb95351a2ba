"""Whether the application has views to show something in, and why not."""

from __future__ import annotations

import slicer
from slicer.i18n import tr as _


def whyNoViews() -> str:
    """Why nothing can be done to the views; "" where it can."""
    return "" if slicer.app.layoutManager() is not None else _("There are no views: Slicer runs without its window.")


def whyNoSlices() -> str:
    """Why nothing can be shown on slices; "" where it can."""
    return "" if slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode") else _("There are no slice views.")

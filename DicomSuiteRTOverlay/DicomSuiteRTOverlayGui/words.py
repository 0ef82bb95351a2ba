"""What the panels call verdicts and directions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import qt
from slicer.i18n import tr as _

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteRTOverlayLib.placement import Verdict

AXES = "ijk"

_SIGN_PIXELS = 16


def verdictWord(facts: Mapping[str, Any]) -> str:
    """The verdict on a mask, as alignment.json has it, in the user's words."""
    if facts["state"] == "waits":
        return _("choose")
    if facts["accepted"] is not None:
        return _("chosen")
    return {
        Verdict.PLACED: _("placed"),
        Verdict.REPAIRED: _("repaired"),
        Verdict.GUESSED: _("guessed"),
        Verdict.REFUSED: _("refused"),
    }[Verdict(facts["verdict"])]


def clearIcon(pixmap: qt.QPixmap) -> qt.QIcon:
    """An icon that looks the same in a selected row, where Qt would tint it."""
    icon = qt.QIcon(pixmap)
    icon.addPixmap(pixmap, qt.QIcon.Selected)
    return icon


def verdictIcon(facts: Mapping[str, Any], style: qt.QStyle) -> qt.QIcon:
    """The sign that goes with the word."""
    signs = {
        Verdict.PLACED: qt.QStyle.SP_DialogApplyButton,
        Verdict.REPAIRED: qt.QStyle.SP_MessageBoxInformation,
        Verdict.GUESSED: qt.QStyle.SP_MessageBoxWarning,
        Verdict.REFUSED: qt.QStyle.SP_MessageBoxCritical,
    }
    verdict = Verdict.PLACED if facts["accepted"] is not None else Verdict(facts["verdict"])
    sign = qt.QStyle.SP_MessageBoxQuestion if facts["state"] == "waits" else signs[verdict]
    return clearIcon(style.standardIcon(sign).pixmap(_SIGN_PIXELS, _SIGN_PIXELS))


def axisWords(geometry: ImageGeometry | None) -> tuple[str, str, str]:
    """For each axis of a volume (None: an axial one) the patient's direction nearest to it, or letters if in doubt."""
    directions = (_("left–right"), _("front–back"), _("head–feet"))
    if geometry is None:
        return directions
    nearest = np.abs(np.array(geometry.directions)).argmax(axis=0)
    return tuple(directions[axis] for axis in nearest) if len(set(nearest)) == len(AXES) else tuple(AXES)

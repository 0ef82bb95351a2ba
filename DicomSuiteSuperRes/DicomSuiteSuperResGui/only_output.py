"""What a command of `dicomsuite` has made of the one volume that it was given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from DicomSuiteSuperResLib.errors import SuperResError


def onlyOutput(facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """The entry of the report on what was made; raises SuperResError with the reason where nothing was."""
    if not facts["outputs"]:
        raise SuperResError(facts["refused"][0]["reason"])
    (output,) = facts["outputs"]
    return output

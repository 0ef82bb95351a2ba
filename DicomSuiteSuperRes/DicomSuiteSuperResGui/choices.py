"""What the user can choose between, and how each choice is called; the values are the command line's words."""

from __future__ import annotations

from enum import Enum

from slicer.i18n import tr as _


class ThickAxis(Enum):
    """Along which axis of the voxels the slices are thick."""

    AUTO = "auto"
    COLUMNS = "i"
    ROWS = "j"
    SLICES = "k"

    @property
    def index(self) -> int | None:
        """0, 1, 2 for i, j, k; None for the axis with the largest spacing."""
        return None if self is ThickAxis.AUTO else "ijk".index(self.value)

    def label(self) -> str:
        """As the user reads it."""
        words = {
            "auto": _("Automatic (largest spacing)"),
            "i": _("I, across columns"),
            "j": _("J, across rows"),
            "k": _("K, across slices"),
        }
        return words[self.value]


class ComputeDevice(Enum):
    """Where the network runs."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"
    MPS = "mps"

    def label(self) -> str:
        """As the user reads it."""
        words = {
            "auto": _("Automatic"),
            "cpu": _("Processor"),
            "cuda": _("NVIDIA graphics card"),
            "mps": _("Apple graphics"),
        }
        return words[self.value]


class BrainMethod(Enum):
    """How the brain is found, where all else shall be taken away."""

    NONE = "none"
    AUTO = "auto"
    DEEPBET = "deepbet"
    ATLAS = "atlas"
    HD_BET = "hd-bet"
    SYNTHSTRIP = "synthstrip"

    def label(self) -> str:
        """As the user reads it."""
        words = {
            "none": _("No, keep the head"),
            "auto": _("Best method installed"),
            "deepbet": _("deepbet (T1)"),
            "atlas": _("Template (rough)"),
            "hd-bet": _("HD-BET"),
            "synthstrip": _("SynthStrip"),
        }
        return words[self.value]


class ValueScale(Enum):
    """What is done to the values so that those of different scans mean the same."""

    NONE = "none"
    PERCENTILE = "percentile"
    ZSCORE = "z-score"
    WHITE_STRIPE = "white-stripe"
    WHITE_STRIPE_T2 = "white-stripe-t2"

    @property
    def needsBrain(self) -> bool:
        """Whether it looks for white matter, and so must know where the brain is."""
        return self in (ValueScale.WHITE_STRIPE, ValueScale.WHITE_STRIPE_T2)

    def label(self) -> str:
        """As the user reads it."""
        words = {
            "none": _("Leave as they are"),
            "percentile": _("0 to 1, by percentiles"),
            "z-score": _("Mean 0, deviation 1"),
            "white-stripe": _("By white matter (T1)"),
            "white-stripe-t2": _("By white matter (T2, FLAIR)"),
        }
        return words[self.value]

"""What the user can choose between when exporting, and how each choice is called."""

from __future__ import annotations

from enum import Enum

from slicer.i18n import tr as _


class TurntableFormat(Enum):
    """How a turntable is written; the values are those of `AnimationFormat`."""

    PNG = "png"
    GIF = "gif"
    WEBP = "webp"
    MP4 = "mp4"

    def label(self) -> str:
        """As the user reads it."""
        words = {"png": _("PNG files"), "gif": _("GIF"), "webp": _("WebP"), "mp4": _("MP4 film")}
        return words[self.value]


class SlicePlanes(Enum):
    """Which slices are written."""

    AXIAL = "axial"
    CORONAL = "coronal"
    SAGITTAL = "sagittal"
    ALL = "all"

    def label(self) -> str:
        """As the user reads it."""
        words = {"axial": _("Axial"), "coronal": _("Coronal"), "sagittal": _("Sagittal"), "all": _("All planes")}
        return words[self.value]


class SliceFormat(Enum):
    """How slices are written; the values are those of `PictureFormat`."""

    PNG = "png"
    JPEG = "jpeg"
    TIFF = "tiff"

    def label(self) -> str:
        """As the user reads it."""
        return {"png": _("PNG"), "jpeg": _("JPEG"), "tiff": _("TIFF")}[self.value]


class SurfaceFormat(Enum):
    """How surfaces are written; the values are the endings of the files."""

    STL = "stl"
    OBJ = "obj"
    PLY = "ply"

    def label(self) -> str:
        """As the user reads it."""
        return {"stl": _("STL"), "obj": _("OBJ"), "ply": _("PLY")}[self.value]

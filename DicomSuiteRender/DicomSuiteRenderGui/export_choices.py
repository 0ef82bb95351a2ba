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
    """How slices are written; the values are those of `PictureFormat` and, for all in one, of `AnimationFormat`."""

    PNG = "png"
    JPEG = "jpeg"
    TIFF = "tiff"
    GIF = "gif"
    WEBP = "webp"
    MP4 = "mp4"

    @property
    def isAnimation(self) -> bool:
        """Whether the slices of a plane are one file."""
        return self in (SliceFormat.GIF, SliceFormat.WEBP, SliceFormat.MP4)

    def label(self) -> str:
        """As the user reads it."""
        pictures = {"png": _("PNG"), "jpeg": _("JPEG"), "tiff": _("TIFF")}
        animations = {"gif": _("GIF, in one"), "webp": _("WebP, in one"), "mp4": _("MP4 film")}
        return (pictures | animations)[self.value]


class SurfaceFormat(Enum):
    """How surfaces are written; the values are the endings of the files."""

    STL = "stl"
    OBJ = "obj"
    PLY = "ply"

    def label(self) -> str:
        """As the user reads it."""
        return {"stl": _("STL"), "obj": _("OBJ"), "ply": _("PLY")}[self.value]

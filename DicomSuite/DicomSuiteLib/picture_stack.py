"""Pictures of slices, PNG, JPEG or TIFF, become a volume."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from DicomSuiteLib.geometry import ImageGeometry, Vector3
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volumes import Volume, VolumeError

PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff")
"""Ends of the names, in lower-case letters, of files that are read as pictures."""

LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)
"""Shares of red, green and blue in the brightness of a colour (ITU-R BT.601)."""

ORIENTATION_NOTE = (
    "pictures do not say how they lie in the patient: taken as axial slices from inferior to superior, "
    "with the patient's right at their left and the front at their top"
)
LUMINANCE_NOTE = "the pictures are in colour: their brightness was taken"

_COLOURS = 3
"""Red, green, blue; a fourth value, the opacity, is left out."""


def is_picture(path: Path) -> bool:
    """Whether a file's name is that of a picture; hidden files are none."""
    return path.name.lower().endswith(PICTURE_SUFFIXES) and not path.name.startswith(".")


def pictures_in(folder: Path) -> tuple[Path, ...]:
    """The pictures in a folder itself, ordered by name; numbers count by value, so that 10 follows 9."""
    found = (path for path in folder.iterdir() if is_picture(path) and path.is_file())
    return tuple(sorted(found, key=lambda path: _name_order(path.name)))


def read_picture_stack(paths: Sequence[Path], spacing: Vector3, luminance: bool = False) -> Volume:
    """Read pictures, or the pages of a TIFF, as one volume of axial slices, the first picture the lowest.

    Parameters
    ----------
    paths : in the order in which the slices are stacked
    spacing : mm between columns, between rows, and between slices
    luminance : whether the brightness of colours is taken; else they are refused. Pictures whose red, green and blue
        are the same are grey.

    Raises
    ------
    VolumeError
        If there are fewer than two slices, or a picture cannot be read, has colours, or differs in size.
    GeometryError
        If the spacing is not three positive lengths.
    """
    slices, had_colours = _grey_slices(_alike((path, _pages(path)) for path in paths), luminance)
    if len(slices) < 2:
        raise VolumeError(
            f"{paths[0] if paths else 'The folder'} makes no volume: that needs two slices at least; name the folder "
            "that holds them all."
        )
    voxels = np.stack(slices)
    grid = SliceGrid.from_geometry(ImageGeometry(voxels.shape[::-1], spacing, (0, 0, 0), np.eye(3)))
    notes = (ORIENTATION_NOTE, LUMINANCE_NOTE) if had_colours else (ORIENTATION_NOTE,)
    return Volume(voxels, grid, files=tuple(paths), notes=notes)


def _grey_slices(pictures: Iterable[tuple[Path, NDArray]], luminance: bool) -> tuple[list[NDArray], bool]:
    """Slices (rows, columns), and whether one of them had colours."""
    slices, had_colours = [], False
    for path, pages in pictures:
        if pages.ndim > 3 and np.any(pages[..., 1:_COLOURS] != pages[..., :1]):
            if not luminance:
                raise VolumeError(
                    f"{path} has colours, so its voxels have no single value; give grey pictures, or ask for the "
                    "brightness of these."
                )
            pages = (pages[..., :_COLOURS] @ LUMINANCE).round().astype(pages.dtype)
            had_colours = True
        slices.extend(pages[..., 0] if pages.ndim > 3 else pages)
    return slices, had_colours


def _alike(pictures: Iterable[tuple[Path, NDArray]]) -> Iterable[tuple[Path, NDArray]]:
    first_size = None
    for path, pages in pictures:
        rows, columns = pages.shape[1:3]
        first_size = first_size or (rows, columns)
        if (rows, columns) != first_size:
            raise VolumeError(
                f"{path} has {columns} x {rows} pixels, the first picture {first_size[1]} x {first_size[0]}; take it "
                "out of the folder."
            )
        yield path, pages


def _pages(path: Path) -> NDArray:
    """(pages, rows, columns) or (pages, rows, columns, red-green-blue or more)."""
    try:
        image = sitk.ReadImage(os.fspath(path))
    except RuntimeError as error:
        raise VolumeError(
            f"{path} cannot be read as a picture: it is damaged, cut short, of an unusual kind, or its pages differ in "
            "size; save it as a grey PNG."
        ) from error
    pages = sitk.GetArrayFromImage(image)
    return pages if image.GetDimension() == 3 else pages[None]


def _name_order(name: str) -> list[tuple[int, str]]:
    """Texts and the numbers between them, by turns."""
    texts = re.split(r"(\d+)", name.lower())
    return [(int(text), "") if index % 2 else (0, text) for index, text in enumerate(texts)] + [(0, name)]

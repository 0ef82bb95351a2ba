"""Write slices of a volume as picture files: some of them, or whole stacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Unpack

from DicomSuiteLib.output_file import OutputError
from DicomSuiteLib.slice_views import Plane
from DicomSuiteLib.volumes import Volume
from DicomSuiteRenderLib.grey_transform import GreyTransform
from DicomSuiteRenderLib.picture_files import PictureFormat, write_picture_file
from DicomSuiteRenderLib.slice_pictures import SliceLook, SlicePictures

FEWEST_DIGITS = 3
"""Of the number in a file's name, so that names of most stacks sort alike."""


def write_slice_pictures(
    volume: Volume,
    slices: Mapping[Plane, Sequence[int] | None],
    folder: Path,
    grey: GreyTransform,
    picture_format: PictureFormat = PictureFormat.PNG,
    **look: Unpack[SliceLook],
) -> Iterator[str]:
    """Write pictures one by one, and give each file's name ("axial_012.png") as it is written.

    A name holds the plane and the number of the slice, nothing of the patient. Whoever stops asking stops the writing.

    Parameters
    ----------
    slices : numbers of the slices of each plane, from 0; None for all of them
    folder : made where it is missing
    look : as for `SlicePictures`

    Raises
    ------
    RenderError
        If there is no such slice, before anything is written; else as for `SlicePictures`.
    OutputError
        If a file cannot be written.
    """
    drawn = [(SlicePictures(volume, plane, grey, **look), indices) for plane, indices in slices.items()]
    wanted = [
        (pictures, index)
        for pictures, indices in drawn
        for index in (range(pictures.native.count) if indices is None else indices)
    ]
    for pictures, index in wanted:
        pictures.native.check(index)
    _make(folder)
    return _written(wanted, folder, picture_format)


def _written(
    wanted: Sequence[tuple[SlicePictures, int]], folder: Path, picture_format: PictureFormat
) -> Iterator[str]:
    for pictures, index in wanted:
        digits = max(FEWEST_DIGITS, len(str(pictures.native.count - 1)))
        name = f"{pictures.plane.name.lower()}_{index:0{digits}}{picture_format.suffix}"
        write_picture_file(folder / name, pictures.picture(index), picture_format)
        yield name


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder} cannot be made: {error.strerror}; choose another folder.") from error

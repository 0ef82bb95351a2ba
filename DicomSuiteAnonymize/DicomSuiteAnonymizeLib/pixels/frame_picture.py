"""One frame of a DICOM file, sent to a panel in which people choose what is to be blanked in it."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from DicomSuiteAnonymizeLib.engine import Engine
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.instance_task import rewrite
from DicomSuiteAnonymizeLib.parts_file import open_parts
from DicomSuiteAnonymizeLib.pixels.appearance import appearance
from DicomSuiteAnonymizeLib.pixels.pixel_edit import PixelFile
from DicomSuiteAnonymizeLib.profiles.profile import BUILT_IN
from DicomSuiteAnonymizeLib.source_file import SourceFile
from DicomSuiteLib.geometry import GeometryError, ImageGeometry
from DicomSuiteLib.quiet_pydicom import quiet_pydicom

_ANY_KEY = bytes(32)
"""Nothing of the new attributes is shown."""
_UNPLACED = ImageGeometry((1, 1, 1), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), ((1, 0, 0), (0, 1, 0), (0, 0, 1)))


@dataclass(frozen=True)
class FramePicture:
    """A frame: uint8 pixels (rows, columns) or, in RGB, (rows, columns, 3); `frames` says how many the file has.

    `geometry` is where the pixels lie in the patient: index i is the column, j the row. A file that does not say where
    gets pixels of 1 mm, columns towards the patient's left and rows towards the back.
    """

    pixels: NDArray[np.uint8]
    frames: int
    geometry: ImageGeometry

    def as_json(self) -> dict[str, Any]:
        """JSON value; `FramePicture.from_json` of it is an equal picture. The pixels are a PNG in base64."""
        from PIL import Image

        file = BytesIO()
        Image.fromarray(self.pixels).save(file, "PNG", compress_level=1)
        place = {name: getattr(self.geometry, name) for name in ("size", "spacing", "origin", "directions")}
        return {"png": b64encode(file.getvalue()).decode("ascii"), "frames": self.frames, "geometry": place}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> FramePicture:
        """The picture from its JSON value."""
        from PIL import Image

        with Image.open(BytesIO(b64decode(content["png"]))) as image:
            pixels = np.asarray(image)
        place = {name: _tuples(value) for name, value in content["geometry"].items()}
        return cls(pixels, content["frames"], ImageGeometry(**place))


def frame_picture(path: Path, frame: int) -> FramePicture:
    """The frame with this number, from 0, decoded as it is for cleaning; see `appearance`.

    Raises
    ------
    AnonymizeError
        If the file has no such frame, or its pixels cannot be decoded; the message quotes no value.
    """
    try:
        with quiet_pydicom(), SourceFile(str(path)) as source:
            file = PixelFile(open_parts(source, rewrite(source, Engine(BUILT_IN["basic"], _ANY_KEY)).parts))
            pixels = appearance(file.frame(frame), file.dataset, file.frame_form)
    except Exception as error:  # broken files raise anything, with values of theirs in the message
        reason = error if isinstance(error, AnonymizeError) else type(error).__name__
        raise AnonymizeError(
            f"{path}: frame {frame + 1} cannot be decoded ({reason}). Another viewer may open it."
        ) from error
    return FramePicture(pixels, file.form.frames, _geometry(file.dataset, pixels))


def _geometry(header: Dataset, pixels: NDArray) -> ImageGeometry:
    rows, columns = pixels.shape[:2]
    try:
        return ImageGeometry.from_dicom_slices(
            header.ImagePositionPatient,
            header.ImageOrientationPatient,
            header.PixelSpacing,
            rows,
            columns,
            float(header.get("SliceThickness") or 1.0),
        )
    except (AttributeError, TypeError, ValueError, GeometryError):  # absent, empty or senseless: ultrasound has none
        return ImageGeometry((columns, rows, 1), _UNPLACED.spacing, _UNPLACED.origin, _UNPLACED.directions)


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value

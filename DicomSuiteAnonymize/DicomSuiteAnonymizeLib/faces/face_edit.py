"""The face in the frames of one file becomes air; every other voxel stays bit for bit."""

from __future__ import annotations

from numpy.typing import NDArray
from pydicom.dataset import Dataset

from DicomSuiteAnonymizeLib.elements import wire
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.faces.face_mask import FileMasks
from DicomSuiteAnonymizeLib.faces.face_order import FACE_CLASSES, NOT_JUDGED, FaceOrder
from DicomSuiteAnonymizeLib.pixels.frame_format import FrameFormat
from DicomSuiteAnonymizeLib.pixels.pixel_markers import add_method_code, mark_derived
from DicomSuiteAnonymizeLib.ps315 import Option
from DicomSuiteAnonymizeLib.subject import SOP_CLASS_UID, Facts

PIXEL_DATA = 0x7FE00010
DERIVATION = "Face replaced by background"
REPLACED, NOT_IN_IMAGE, NO_HEAD = "face replaced by background", "no face in this image of a head", "no head, no face"
_ROWS, _STANDARD_CLASSES = wire(0x00280010), b"1.2.840.10008."
_OTHER_FRAMES = "faces: its frames are none in which a face can be replaced"


def face_order_for(facts: Facts, order: FaceOrder | None) -> FaceOrder | None:
    """The order for an instance that says this of itself; None where nothing is to be done to its kind.

    Raises AnonymizeError where it must not be written.
    """
    if not _may_show_face(facts):
        return None
    order = order or NOT_JUDGED
    if order.reason:
        raise AnonymizeError(f"faces: {order.reason}")
    return order


def _may_show_face(facts: Facts) -> bool:
    """Of an image of a private class, or of none, nobody knows what it shows."""
    sop_class = facts.get(SOP_CLASS_UID, b"").strip(b"\0 ")
    return sop_class in FACE_CLASSES or (_ROWS in facts and not sop_class.startswith(_STANDARD_CLASSES))


class FaceEdit:
    """What an order does to a file whose frames have a format. Raises AnonymizeError where the two do not fit."""

    def __init__(self, order: FaceOrder, form: FrameFormat) -> None:
        self._order = order
        self._form = form
        try:
            self._masks = FileMasks(order.mask, form.rows, form.columns)
        except ValueError:
            raise AnonymizeError(_OTHER_FRAMES) from None
        if len(self._masks) != form.frames or form.samples != 1:
            raise AnonymizeError(_OTHER_FRAMES)

    @property
    def changes_pixels(self) -> bool:
        """Whether there is a face voxel in any frame."""
        return self._masks.any()

    @property
    def words(self) -> str:
        """What the report says was done."""
        return REPLACED if self.changes_pixels else NOT_IN_IMAGE

    def change(self, frame: NDArray, index: int) -> None:
        """Replace the face in a frame, given with its index from 0."""
        fills = self._order.fills
        frame[self._masks[index]] = self._storable(fills[index] if len(fills) > 1 else fills[0])

    def update(self, dataset: Dataset) -> None:
        """Say what was done (PS3.15 E.3.2, PS3.3 C.7.6.1); all instances of a series say the same."""
        add_method_code(dataset, Option.CLEAN_FACES)
        dataset.RecognizableVisualFeatures = "NO"
        if self._order.changes_series:
            mark_derived(dataset, DERIVATION)

    def _storable(self, value: float) -> float:
        if self._form.dtype.kind == "f":
            return value
        bits = self._form.stored
        low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if self._form.signed else (0, (1 << bits) - 1)
        return min(max(round(value), low), high)

"""What is to be done to the face in one file's images, decided for its series as a whole; small, and picklable."""

from collections import namedtuple

TYPE_CHECKING = False  # typing is not imported: see the start-up budget in test_cli.py
if TYPE_CHECKING:
    from collections.abc import Sequence

FACE_CLASSES = frozenset((
    b"1.2.840.10008.5.1.4.1.1.2",  # CT
    b"1.2.840.10008.5.1.4.1.1.2.1",  # Enhanced CT
    b"1.2.840.10008.5.1.4.1.1.2.2",  # Legacy Converted Enhanced CT
    b"1.2.840.10008.5.1.4.1.1.4",  # MR
    b"1.2.840.10008.5.1.4.1.1.4.1",  # Enhanced MR
    b"1.2.840.10008.5.1.4.1.1.4.3",  # Enhanced MR Color
    b"1.2.840.10008.5.1.4.1.1.4.4",  # Legacy Converted Enhanced MR
    b"1.2.840.10008.5.1.4.1.1.128",  # PET
    b"1.2.840.10008.5.1.4.1.1.128.1",  # Legacy Converted Enhanced PET
    b"1.2.840.10008.5.1.4.1.1.130",  # Enhanced PET
    b"1.2.840.10008.5.1.4.1.1.13.1.1",  # X-Ray 3D Angiographic
    b"1.2.840.10008.5.1.4.1.1.13.1.2",  # X-Ray 3D Craniofacial
))  # fmt: skip
"""SOP classes of images from which the surface of a face can be made."""


class FaceOrder(namedtuple("FaceOrder", ("reason", "mask", "fills", "changes_series"), defaults=("", b"", (), False))):
    """What is to be done to one file.

    Attributes
    ----------
    reason
        Why the file must be quarantined, or "".
    mask
        Face voxels of its frames: for every frame the bits of its rows, each frame beginning a byte; deflated. Empty
        where the series shows no head.
    fills
        Stored value that stands for air, for every frame, or one for all.
    changes_series
        Whether any file of the series has face voxels.
    """

    __slots__ = ()
    reason: str
    mask: bytes
    fills: "Sequence[float]"
    changes_series: bool


NOT_JUDGED = FaceOrder("the image could not be read together with its series, so that a face in it cannot be found")
REFUSED = FaceOrder("its user was not content with how the face was taken out of the series")


class FaceSettings(namedtuple("FaceSettings", ("refused", "absent"), defaults=((), ()))):
    """What a user decided about series, by their targets: not content with the result, and no face in the picture."""

    __slots__ = ()
    refused: tuple[str, ...]
    absent: tuple[str, ...]

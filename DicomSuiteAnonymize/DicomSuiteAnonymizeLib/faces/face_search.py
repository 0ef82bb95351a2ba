"""Whether the series of one patient's position show a head, and what to do to the face in each of their files."""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom

from DicomSuiteAnonymizeLib.faces.face_mask import FaceMasks, air, deflated
from DicomSuiteAnonymizeLib.faces.face_order import FACE_CLASSES, FaceOrder
from DicomSuiteAnonymizeLib.faces.face_region import template
from DicomSuiteAnonymizeLib.faces.head_volume import is_wide_everywhere, largest_volume, parts_for_a_head
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.head_fit import HeadFit, fit_head
from DicomSuiteLib.quiet_pydicom import quiet_pydicom
from DicomSuiteLib.registration import Registration
from DicomSuiteLib.series import Series
from DicomSuiteLib.series_files import TRAITS, Frame
from DicomSuiteLib.volumes import Volume

GOOD_OUTLINE, GOOD_SIMILARITY = 0.93, 0.15
"""From which a fit is that of a head: Dice coefficient of the outlines, and mutual information (nat) of the edges.

Whole heads (T1 and T2 of adults and children, CT), however they lay, had .955 to .983 and .216 to .360. Limbs that were
as good by their outline had .082 to .202, and were fitted by maps that no head has; a cylinder had .971 and .141.
"""
LEAST_LEAD = 1.12
"""How many times as well a head must fit as the best one that lies otherwise: then it is known where its front is.

Whole heads, however they lay, had 1.15 and more, balls and ellipsoids 1.03 and less.
"""
SIZES = (0.6, 1.25)
"""How long heads are, in lengths of the template, along any direction."""
MOST_DISTORTED = 1.35
"""By how much two of these may differ."""
LEAST_COVERED = 0.5
"""Share of the brain that must be in the picture."""

OTHER_BODY_PARTS = frozenset((
    "ABDOMEN", "ABDOMENPELVIS", "ADRENAL", "ANKLE", "AORTA", "ARM", "AXILLA", "BACK", "BILEDUCT", "BLADDER", "BREAST",
    "BRONCHUS", "BUTTOCK", "CALCANEUS", "CALF", "CHEST", "CHESTABDOMEN", "CHESTABDPELVIS", "CLAVICLE", "COCCYX",
    "COLON", "ELBOW", "EXTREMITY", "FEMUR", "FINGER", "FOOT", "FOREARM", "GALLBLADDER", "HAND", "HEART", "HIP",
    "HUMERUS", "ILIUM", "KIDNEY", "KNEE", "LEG", "LIVER", "LOWERLEG", "LSPINE", "LSSPINE", "LUNG", "MEDIASTINUM",
    "OVARY", "PANCREAS", "PATELLA", "PELVIS", "PROSTATE", "RADIUS", "RECTUM", "RIB", "SACRUM", "SCAPULA", "SCROTUM",
    "SHOULDER", "SIJOINT", "SPLEEN", "SSPINE", "STERNUM", "STOMACH", "TESTIS", "THIGH", "THUMB", "TIBIA", "TLSPINE",
    "TOE", "TSPINE", "ULNA", "UPPERARM", "UTERUS", "VAGINA", "WRIST",
))  # fmt: skip
"""Values of Body Part Examined (PS3.16 annex L) in whose pictures no face is, if there is no head."""

_SEARCHED_MODALITIES = frozenset(("CT", "MR"))
"""In which heads are found by themselves; others take the map of a series in the same frame of reference."""
_IMAGE_TYPE = [source.keyword for source in TRAITS].index("ImageType")
_PROJECTIONS = ("MIP", "MAX_IP", "MIN_IP", "MINIP", "PROJECTION IMAGE", "RENDER", "SSD")
"""Parts of Image Type's values for pictures that show, on one plane, what lies behind each other."""
_PROJECTED = "an image is a projection through the head, out of which a face cannot be taken"
_MOVED = "its images lie in several frames of reference, so that a face in all of them cannot be found"
_HEADS = ("HEAD", "BRAIN", "SKULL", "FACE", "NECK", "ORBIT", "SINUS")
"""Parts of values of Body Part Examined with which a picture is not taken for one of the trunk."""
_UNPLACED = "an image does not say where it lies in the patient, so that a face in it cannot be found"
_NOT_FOUND = (
    "it cannot be told whether a face is in the picture: no whole head was found, and the header does not name another "
    "part of the body"
)


class Verdict(enum.StrEnum):
    """What was found in a series."""

    HEAD = "head, face found"
    FACELESS = "head, face not in the picture"
    NO_HEAD = "no head"
    UNSURE = "unsure"


@dataclass(frozen=True, eq=False)
class FoundFace:
    """One series: what was found, how well its head fits, how many voxels are face, and what to do to its files.

    `quality` is the agreement of outlines, 0 to 1, None where there is no head; `registration` is the map that was
    used, and `volume` what it was laid over, where the series makes one.
    """

    series: Series
    verdict: Verdict
    quality: float | None
    voxels: int
    orders: Mapping[str, FaceOrder]
    reason: str = ""
    volume: Volume | None = None
    registration: Registration | None = None


def shows_anatomy(series: Series) -> bool:
    """Whether a face may be seen in it."""
    return any(instance.sop_class_uid.encode() in FACE_CLASSES for instance in series.instances)


def positions(all_series: Iterable[Series]) -> list[tuple[Series, ...]]:
    """Series in which a face may be seen, those together that share patient, study and frame of reference."""
    groups: dict[tuple[str, ...], list[Series]] = defaultdict(list)
    for series in filter(shows_anatomy, all_series):
        frames = [frame for stack in series.stacks for frame in stack.frames]
        place = frames[0].frame_of_reference_uid if frames else ""
        groups[series.instances[0].patient_id, series.study_uid, place or series.series_uid].append(series)
    return [tuple(group) for group in groups.values()]


def find_faces(group: Sequence[Series], faceless: frozenset[str] = frozenset()) -> list[FoundFace]:
    """Judge series that share a frame of reference; `faceless` are UIDs of series that a user says show no face.

    A series in which no head is found by itself, because it is thin or of another kind, takes the map of the one that
    fits best.
    """
    searched = [_searched(series) for series in group]
    fits = [fit for _, fit in searched if fit is not None]
    best = max(fits, key=lambda fit: fit.outline * fit.brain_covered, default=None)
    return [
        _found(series, volume, fit, best, series.series_uid in faceless)
        for series, (volume, fit) in zip(group, searched, strict=True)
    ]


def _searched(series: Series) -> tuple[Volume | None, HeadFit | None]:
    """The volume of a series, where it makes one, and how its head lies over the template, where there is one."""
    if series.modality not in _SEARCHED_MODALITIES:
        return None, None
    try:
        volume = largest_volume(series)
    except DicomSuiteError:
        return None, None
    if is_wide_everywhere(volume):
        return volume, None
    return volume, next(filter(_is_head, _fits(volume)), None)


def _fits(volume: Volume) -> Iterator[HeadFit]:
    for part in parts_for_a_head(volume):
        try:
            yield fit_head(part, template())
        except DicomSuiteError:  # too thin, or empty
            continue


def _is_head(fit: HeadFit) -> bool:
    sizes = np.linalg.svd(fit.registration.patient_from_template[:3, :3])[1]
    return (
        fit.outline >= GOOD_OUTLINE
        and fit.registration.similarity >= GOOD_SIMILARITY
        and fit.registration.lead >= LEAST_LEAD
        and fit.brain_covered >= LEAST_COVERED
        and SIZES[0] <= sizes.min() <= sizes.max() <= SIZES[1]
        and sizes.max() <= sizes.min() * MOST_DISTORTED
    )


def _found(
    series: Series, volume: Volume | None, own: HeadFit | None, best: HeadFit | None, is_faceless: bool
) -> FoundFace:
    fit = own or best
    if is_faceless or fit is None and _shows_other_body_part(series, volume):
        orders = dict.fromkeys(map(str, series.files), FaceOrder())
        return FoundFace(series, Verdict.NO_HEAD, None, 0, orders)
    if fit is None:
        return _unsure(series, _NOT_FOUND)
    frames = [frame for instance in series.instances for frame in instance.frames]
    obstacle = _obstacle(frames)
    if obstacle:
        return _unsure(series, obstacle)
    orders, voxels = _orders(series, FaceMasks(fit.registration.template_from_patient))
    verdict = Verdict.HEAD if voxels else Verdict.FACELESS
    return FoundFace(series, verdict, fit.outline, voxels, orders, "", volume, fit.registration)


def _obstacle(frames: Sequence[Frame]) -> str:
    """Why the face cannot be taken out of a series with these frames, or ""."""
    if not frames or not all(frame.is_placed and frame.pixel_spacing for frame in frames):
        return _UNPLACED
    if len({frame.frame_of_reference_uid for frame in frames}) > 1:
        return _MOVED
    return _PROJECTED if any(map(_is_projection, frames)) else ""


def _is_projection(frame: Frame) -> bool:
    image_type = " ".join(map(str, frame.traits[_IMAGE_TYPE][1:])).upper()
    return any(sign in image_type for sign in _PROJECTIONS)


def _unsure(series: Series, reason: str) -> FoundFace:
    orders = dict.fromkeys(map(str, series.files), FaceOrder(reason))
    return FoundFace(series, Verdict.UNSURE, None, 0, orders, reason)


def _orders(series: Series, masks: FaceMasks) -> tuple[dict[str, FaceOrder], int]:
    """What to do to each file, and how many voxels of the series are face."""
    orders: dict[str, FaceOrder] = {}
    total = 0
    for instance in series.instances:
        packed = [masks.of(frame) for frame in instance.frames]
        total += sum(count for _, count in packed)
        fills = _fills(instance.frames, series.modality)
        orders[str(instance.path)] = FaceOrder(mask=deflated([mask for mask, _ in packed]), fills=fills)
    return {path: order._replace(changes_series=total > 0) for path, order in orders.items()}, total


def _fills(frames: Sequence[Frame], modality: str) -> tuple[float, ...]:
    fills = tuple(air(frame, modality) for frame in frames)
    return fills[:1] if len(set(fills)) == 1 else fills


def _shows_other_body_part(series: Series, volume: Volume | None) -> bool:
    part = _body_part(series.files[0])
    is_trunk = volume is not None and is_wide_everywhere(volume) and not any(head in part for head in _HEADS)
    return is_trunk or part in OTHER_BODY_PARTS


def _body_part(path: Path) -> str:
    with quiet_pydicom():
        header = pydicom.dcmread(path, stop_before_pixels=True, force=True, specific_tags=["BodyPartExamined"])
        return str(header.get("BodyPartExamined", "") or "").strip().upper()

"""Does an RTSTRUCT or SEG belong to a volume? By its frame of reference, referenced images, study and patient."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import pydicom

from DicomSuiteLib.file_walk import reason_of
from DicomSuiteLib.quiet_pydicom import quiet_pydicom
from DicomSuiteLib.volumes import Volume
from DicomSuiteRTOverlayLib.errors import OverlayError
from DicomSuiteRTOverlayLib.rtstruct_contours import References


@dataclass(frozen=True)
class Identity:
    """Whether a mask belongs to a volume; words hold no identifying value.

    Parameters
    ----------
    belongs : False where it must not be laid over the volume
    reason : what speaks for it, or against it, in one or two sentences
    findings : what else is worth knowing
    """

    belongs: bool
    reason: str
    findings: tuple[str, ...] = ()


class _Evidence(StrEnum):
    """What mask and volume may have in common, strongest first; the values are words for a sentence."""

    FRAME = "frame of reference"
    IMAGES = "referenced images"
    STUDY = "study"
    PATIENT = "patient ID"


@dataclass(frozen=True)
class _Comparison:
    """What is the same on both sides, and what both sides state and differs."""

    same: tuple[_Evidence, ...]
    different: tuple[_Evidence, ...]


def check_identity(references: References, volume: Volume) -> Identity:
    """Weigh what an RTSTRUCT or SEG says about its images against a volume, strongest evidence first.

    Raises
    ------
    OverlayError
        If a file of the volume cannot be read any more.
    """
    if not volume.is_dicom:
        finding = "The volume is not DICOM, so it cannot be checked whose it is; only that the mask reaches into it."
        return Identity(True, "The mask is taken to be in the volume's coordinates.", (finding,))
    compared = _compare(references, volume)
    if _Evidence.FRAME in compared.same:
        return _same_frame(compared)
    if _Evidence.IMAGES in compared.same:
        return _same_images(compared)
    if compared.same:
        return _same_patient(compared)
    if compared.different:
        return Identity(False, f"The mask belongs to other images: its {_listed(compared.different)} differ.")
    finding = "The mask does not say whose it is; only that it reaches into the volume was checked."
    return Identity(True, "The mask is taken to be in the volume's coordinates.", (finding,))


def _same_frame(compared: _Comparison) -> Identity:
    others = {_Evidence.IMAGES, _Evidence.STUDY, _Evidence.PATIENT}
    if others <= set(compared.different):
        reason = (
            "The frame of reference is the volume's, but referenced images, study and patient ID are others; "
            "such contradictory data must not be laid over each other. Check where they come from."
        )
        return Identity(False, reason)
    reason = "The mask is in the volume's frame of reference."
    return Identity(True, reason, _differences(compared, (_Evidence.STUDY, _Evidence.PATIENT)))


def _same_images(compared: _Comparison) -> Identity:
    reason = "The mask references the images of the volume."
    return Identity(True, reason, _differences(compared, (_Evidence.FRAME, _Evidence.STUDY, _Evidence.PATIENT)))


def _same_patient(compared: _Comparison) -> Identity:
    reason = f"The mask is of the same {_listed(compared.same)}; its coordinates are taken as they are."
    finding = (
        "It was drawn in another frame of reference: a registration may be needed."
        if _Evidence.FRAME in compared.different
        else "It does not say in which frame of reference it was drawn: check that it fits."
    )
    return Identity(True, reason, (finding, *_differences(compared, (_Evidence.STUDY, _Evidence.PATIENT))))


def _differences(compared: _Comparison, of_interest: Iterable[_Evidence]) -> tuple[str, ...]:
    found = [what for what in of_interest if what in compared.different]
    if not found:
        return ()
    return (f"The {_listed(found)} of mask and volume differ: make sure that they belong together.",)


def _listed(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def _compare(references: References, volume: Volume) -> _Comparison:
    """The images are compared last, one file after the other, and only where the frame of reference does not decide."""
    first = _header(volume.files[0], ("PatientID", "StudyInstanceUID"))
    patient = str(first.get("PatientID") or "").strip()
    study = str(first.get("StudyInstanceUID") or "")
    pairs = {
        _Evidence.FRAME: (references.frame_of_reference_uids, volume.frame_of_reference_uid),
        _Evidence.IMAGES: (references.series_uids, volume.series_uid),
        _Evidence.STUDY: ({references.study_uid} - {""}, study),
        _Evidence.PATIENT: ({references.patient_id} - {""}, patient),
    }
    known = {what: own in stated for what, (stated, own) in pairs.items() if stated and own}
    if not known.get(_Evidence.FRAME) and not known.get(_Evidence.IMAGES) and references.instance_uids:
        known[_Evidence.IMAGES] = _references_a_file(references.instance_uids, volume)
    same = tuple(what for what in pairs if known.get(what))
    return _Comparison(same, tuple(what for what in pairs if known.get(what) is False))


def _references_a_file(instance_uids: frozenset[str], volume: Volume) -> bool:
    files = dict.fromkeys(volume.files)
    return any(_header(path, ("SOPInstanceUID",)).get("SOPInstanceUID") in instance_uids for path in files)


def _header(path: Path, keywords: tuple[str, ...]) -> pydicom.Dataset:
    with quiet_pydicom():
        try:
            return pydicom.dcmread(path, stop_before_pixels=True, specific_tags=list(keywords))
        except Exception as error:  # damaged DICOM can raise anything
            raise OverlayError(f"{path} cannot be read again: {reason_of(error)}; is it still there?") from error

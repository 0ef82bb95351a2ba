"""A small synthetic study on disk: CT, RTSTRUCT, ultrasound and mask of a patient who does not exist.

It shows and tests what DicomSuite does where no real data may be used. Identifying strings are planted
wherever real files carry them, and the result lists them, so that anyone can count what is left afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import SimpleITK as sitk
from pydicom.dataset import FileDataset

from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.synthetic_ct import ct_slice, structure_set
from DicomSuiteLib.synthetic_identity import make_identity, synthetic_uid
from DicomSuiteLib.synthetic_phantom import GEOMETRY, Phantom, make_phantom
from DicomSuiteLib.synthetic_ultrasound import ultrasound_capture


class SyntheticStudyError(DicomSuiteError):
    """The study cannot be written into the folder that was named."""


@dataclass(frozen=True)
class SyntheticStudy:
    """Where the parts of the study are, and which strings in them identify the patient."""

    folder: Path
    ct_files: tuple[Path, ...]
    structure_set_file: Path
    ultrasound_file: Path
    mask_file: Path
    planted: tuple[str, ...]

    @property
    def dicom_files(self) -> tuple[Path, ...]:
        """Every DICOM file of the study."""
        return (*self.ct_files, self.structure_set_file, self.ultrasound_file)


def write_synthetic_study(folder: Path, *, seed: int = 0) -> SyntheticStudy:
    """Write the study into `folder`, which is created; the same seed writes the same bytes.

    40 CT slices of 128x128 (2.5 mm pixels, 3 mm apart), one RTSTRUCT with body, lesion and heart, a gzipped
    NRRD labelmap of the lesion (1 inside) on the CT's grid, and an ultrasound capture with burned-in text.

    Raises
    ------
    SyntheticStudyError
        If `folder` holds anything: nothing is ever overwritten.
    """
    _require_empty(folder)
    phantom = make_phantom(seed)
    who = make_identity(seed)
    study_folder = folder / f"{who.family_name}_{who.patient_id}"
    slices = [ct_slice(phantom, who, seed, index) for index in range(GEOMETRY.size[2])]
    ct_folder = study_folder / "CT"
    structures = structure_set(phantom, who, seed)
    capture = ultrasound_capture(who, seed)
    return SyntheticStudy(
        folder=folder,
        ct_files=tuple(
            _save(image, ct_folder / f"{number:03d}.dcm") for number, image in enumerate(slices, start=1)
        ),
        structure_set_file=_save(structures, study_folder / "RTSTRUCT" / "structures.dcm"),
        ultrasound_file=_save(capture, study_folder / "US" / "capture.dcm"),
        mask_file=_save_mask(phantom, study_folder / "lesion.nrrd"),
        planted=(*who.planted, *_planted_uids([*slices, structures, capture], seed)),
    )


def _require_empty(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise SyntheticStudyError(f"{folder} is not empty; name a folder that does not exist yet.")


def _planted_uids(instances: list[FileDataset], seed: int) -> tuple[str, ...]:
    """The UIDs that lead back to the source: study, series, instances and frame of reference."""
    shared = [synthetic_uid(seed, purpose) for purpose in ("study", "frame of reference", "patient")]
    series = {instance.SeriesInstanceUID for instance in instances}
    return tuple(map(str, (*shared, *sorted(series), *(instance.SOPInstanceUID for instance in instances))))


def _save(instance: FileDataset, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    instance.save_as(path, enforce_file_format=True)
    return path


def _save_mask(phantom: Phantom, path: Path) -> Path:
    mask = sitk.GetImageFromArray(phantom.lesion_mask())
    GEOMETRY.set_on_sitk(mask)
    sitk.WriteImage(mask, str(path), useCompression=True)
    return path

"""Keep the map between a patient and a template in files that ITK and 3D Slicer, and people, can read."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import SimpleITK as sitk

from DicomSuiteLib.geometry import FloatArray
from DicomSuiteLib.output_file import OutputError, output_file, write_json
from DicomSuiteLib.registration import Registration
from DicomSuiteLib.unfinished_files import PART_SUFFIX
from DicomSuiteSuperResLib.errors import SuperResError

SCHEMA = "dicomsuite-registration-1"


def write_transform(registration: Registration, path: Path) -> None:
    """Write the map as ITK's text (.tfm): from template to patient, LPS mm, as resampling wants it.

    Loaded in 3D Slicer and applied to the patient's volume, it lays the volume over the template.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    matrix = registration.patient_from_template
    transform = sitk.AffineTransform(matrix[:3, :3].ravel().tolist(), matrix[:3, 3].tolist())
    with (
        output_file(path) as partial,
        TemporaryDirectory(prefix=".", suffix=PART_SUFFIX, dir=path.parent) as folder,
    ):
        text = Path(folder, "transform.tfm")  # ITK chooses the format by the name
        try:
            sitk.WriteTransform(transform, str(text))
        except RuntimeError as error:
            raise OutputError(f"{path} cannot be written; make room or choose another folder.") from error
        text.replace(partial)


def write_registration_facts(registration: Registration, template_name: str, path: Path) -> None:
    """Write both directions of the map as 4x4 matrices (LPS mm), and how good it is, as JSON."""
    facts = {
        "schema": SCHEMA,
        "template": template_name,
        "space": "LPS, mm",
        "patient_from_template": registration.patient_from_template.tolist(),
        "template_from_patient": registration.template_from_patient.tolist(),
        "mutual_information_nat": registration.similarity,
    }
    write_json(path, facts)


def read_transform(path: Path) -> FloatArray:
    """The 4x4 matrix from template to patient (LPS mm) of an affine ITK transform file.

    Raises
    ------
    SuperResError
        If the file is no transform, or none that is affine.
    """
    try:
        transform = sitk.ReadTransform(str(path))
    except RuntimeError as error:
        raise SuperResError(f"{path} is no transform file of ITK; name a .tfm, .txt or .h5 file.") from error
    if not transform.IsLinear():
        raise SuperResError(f"{path} holds a transform that is not affine; name an affine one.")
    origin = np.array(transform.TransformPoint((0.0, 0.0, 0.0)))
    steps = [np.array(transform.TransformPoint(unit)) - origin for unit in np.eye(3).tolist()]
    return np.vstack([np.column_stack([*steps, origin]), [0, 0, 0, 1]])

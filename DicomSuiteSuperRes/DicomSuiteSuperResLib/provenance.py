"""What a result says of itself, wherever it is saved: which model made it, with what settings, and that it was derived.

It names no patient, file or machine, and two runs say the same.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.missing_package import missing_package
from DicomSuiteLib.nrrd_text import NRRD_TYPES, nrrd_header
from DicomSuiteLib.output_file import output_file, write_text
from DicomSuiteLib.version import TOOL
from DicomSuiteSuperResLib.errors import SuperResError
from DicomSuiteSuperResLib.models import DERIVED, ModelIdentity
from DicomSuiteSuperResLib.super_resolution import SuperResResult

SCHEMA = "dicomsuite-superres-provenance-1"
"""What the sidecar's `schema` says; a change that readers must know of gets another number."""

NIFTI, NRRD = ".nii.gz", ".nrrd"
"""Endings of the files that can be written."""

NIFTI_SCANNER = 1
"""NIfTI's code of a space whose coordinates are the scanner's: the patient's own, registered to nothing."""

NO_SHEARED_NIFTI = "the slices are sheared (gantry tilt), and 3D Slicer cannot open NIfTI files with sheared axes"
"""Nor can any other reader that is built on ITK."""

COMPRESSION = 1
"""zlib's fastest: the others take several times as long to save some per cent."""


def provenance(result: SuperResResult) -> dict[str, Any]:
    """Tell of a result in JSON values."""
    geometry = result.volume.grid.nominal_geometry
    return {
        "schema": SCHEMA,
        "statement": DERIVED,
        "software": TOOL,
        "model": asdict(result.model),
        "settings": dict(result.settings),
        "warnings": list(result.warnings),
        "size": list(geometry.size),
        "spacing_mm": list(geometry.spacing),
    }


def model_words(model: ModelIdentity) -> str:
    """A model in one line: name, version where it has one, and hash."""
    return " ".join(filter(None, (model.name, model.version, f"(SHA-256 {model.sha256})")))


def sidecar_of(path: Path) -> Path:
    """The JSON file beside a volume's, in which its provenance stands."""
    return path.with_name(f"{_stem(path)}.json")


def write_result(result: SuperResResult, path: Path) -> tuple[Path, ...]:
    """Write a result as NIfTI (.nii.gz) or NRRD (.nrrd), and beside it what it says of itself, as JSON.

    The header says in words that it was derived. NIfTI holds the place in float32, some 1e-5 mm off, and of axes that
    are perpendicular within `COSINE_TOLERANCE` readers make perpendicular ones. Where the volume stands, its JSON
    does, too.

    Returns
    -------
    tuple of Path
        The volume's file and the JSON file.

    Raises
    ------
    SuperResError
        If the name has another ending, or the axes are sheared and it is NIfTI, which ITK could not read.
    OutputError
        If a file cannot be written.
    MissingPackageError
        If it is NIfTI, and nibabel is missing.
    """
    voxels, is_nifti = _storable(result.volume.voxels), path.name.endswith(NIFTI)
    if not (is_nifti or path.name.endswith(NRRD)):
        raise SuperResError(f"{path} was not written: the name must end in {NIFTI} or {NRRD}.")
    if is_nifti and result.volume.grid.nominal_geometry.is_sheared:
        raise SuperResError(f"{path} was not written: {NO_SHEARED_NIFTI}; write NRRD.")
    header = (_nifti_header if is_nifti else _nrrd_header)(result, voxels.dtype)
    sidecar = sidecar_of(path)
    with output_file(path) as partial:
        with partial.open("wb") as file:
            if is_nifti:
                _pack(file, chain([header], _planes(voxels)))
            else:
                file.write(header)
                _pack(file, _planes(voxels))
        write_text(sidecar, json.dumps(provenance(result), indent=2, ensure_ascii=False) + "\n")
    return path, sidecar


def _stem(path: Path) -> str:
    return path.name.removesuffix(NIFTI).removesuffix(NRRD)


def _storable(voxels: NDArray) -> NDArray:
    """The voxels in the machine's byte order, and of a type that both formats have."""
    dtype = voxels.dtype.newbyteorder("=")
    return voxels.astype(dtype if dtype.char in NRRD_TYPES else np.float32, copy=False)


def _planes(voxels: NDArray) -> Iterator[bytes]:
    return (plane.tobytes() for plane in voxels)


def _pack(file: IO[bytes], parts: Iterable[bytes]) -> None:
    """Compress the parts into the file; the same parts give the same bytes, for neither name nor time goes in."""
    with gzip.GzipFile("", "wb", COMPRESSION, file, mtime=0) as packed:
        for part in parts:
            packed.write(part)


def _nrrd_header(result: SuperResResult, dtype: np.dtype) -> bytes:
    keys = {
        "Derived": DERIVED,
        "Software": TOOL,
        "Model": model_words(result.model),
        "Settings": json.dumps(dict(result.settings)),
    }
    return nrrd_header(dtype, result.volume.grid.nominal_geometry, endian=sys.byteorder, encoding="gzip", keys=keys)


def _nifti_header(result: SuperResResult, dtype: np.dtype) -> bytes:
    """The header, and that no extensions follow."""
    try:
        import nibabel
    except ImportError as error:
        raise missing_package("nibabel", "NIfTI") from error
    geometry = result.volume.grid.nominal_geometry
    header = nibabel.Nifti1Header()
    header.set_data_shape(geometry.size)
    header.set_data_dtype(dtype)
    header.set_xyzt_units("mm")
    header.set_slope_inter(1, 0)
    header.set_sform(geometry.ijk_to_ras, NIFTI_SCANNER)
    header.set_zooms(geometry.spacing)
    header.set_qform(geometry.ijk_to_ras, NIFTI_SCANNER)
    header["descrip"] = f"{DERIVED}; {TOOL}".encode("ascii", "replace")
    header["vox_offset"] = header.single_vox_offset
    return header.binaryblock + bytes(4)

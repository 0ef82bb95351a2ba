"""What a result says of itself, wherever it is saved: which model made it, with what settings, and that it was derived.

It names no patient, file or machine, and two runs say the same.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.missing_package import missing_package
from DicomSuiteLib.nrrd_text import NRRD_TYPES, nrrd_header
from DicomSuiteLib.output_file import output_file
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

    The header says in words that it was derived. Where the volume stands, its JSON does, too: it is written first.

    Returns
    -------
    tuple of Path
        The volume's file and the JSON file.

    Raises
    ------
    SuperResError
        If the name has another ending.
    OutputError
        If a file cannot be written.
    MissingPackageError
        If it is NIfTI, and nibabel is missing.
    """
    geometry, voxels = result.volume.grid.nominal_geometry, _storable(result.volume.voxels)
    if path.name.endswith(NIFTI):
        header = _nifti_header(voxels.dtype, geometry)
    elif path.name.endswith(NRRD):
        header = _nrrd_header(result, voxels.dtype, geometry)
    else:
        raise SuperResError(f"{path} was not written: the name must end in {NIFTI} or {NRRD}.")
    sidecar = sidecar_of(path)
    with output_file(sidecar) as partial:
        text = json.dumps(provenance(result), indent=2, ensure_ascii=False) + "\n"
        partial.write_text(text, encoding="utf-8", newline="\n")
    with output_file(path) as partial, partial.open("wb") as file:
        if path.name.endswith(NIFTI):
            _pack(file, [header, *_planes(voxels)])
        else:
            file.write(header)
            _pack(file, _planes(voxels))
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


def _nrrd_header(result: SuperResResult, dtype: np.dtype, geometry: ImageGeometry) -> bytes:
    keys = {
        "Derived": DERIVED,
        "Software": TOOL,
        "Model": model_words(result.model),
        "Settings": json.dumps(dict(result.settings)),
    }
    return nrrd_header(dtype, geometry, endian=sys.byteorder, encoding="gzip", keys=keys)


def _nifti_header(dtype: np.dtype, geometry: ImageGeometry) -> bytes:
    """The header, and that no extensions follow; the sform holds sheared axes, the qform cannot and is left out."""
    try:
        import nibabel
    except ImportError as error:
        raise missing_package("nibabel", "NIfTI") from error
    header = nibabel.Nifti1Header()
    header.set_data_shape(geometry.size)
    header.set_data_dtype(dtype)
    header.set_xyzt_units("mm")
    header.set_slope_inter(1, 0)
    header.set_sform(geometry.ijk_to_ras, NIFTI_SCANNER)
    header.set_zooms(geometry.spacing)
    if not geometry.is_sheared:
        header.set_qform(geometry.ijk_to_ras, NIFTI_SCANNER)
    header["descrip"] = f"{DERIVED}; {TOOL}".encode("ascii", "replace")
    header["vox_offset"] = header.single_vox_offset
    return header.binaryblock + bytes(4)

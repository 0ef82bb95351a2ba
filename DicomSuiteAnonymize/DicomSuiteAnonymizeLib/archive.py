"""Packing a finished output folder's DICOM files into one ZIP archive."""

import os
import shutil
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteLib.tasks import CancelToken

ARCHIVE = "dicom.zip"


def pack(folder: Path, token: CancelToken) -> Path:
    """Move the folders in `folder` into `folder`/dicom.zip, which appears complete or not at all.

    The archive depends on the files alone: sorted names, fixed time stamps, no compression (pixel data does not gain).
    """
    patients = sorted(path for path in folder.iterdir() if path.is_dir())
    partial = folder / f".{ARCHIVE}.part"
    try:
        with ZipFile(partial, "w", ZIP_STORED, allowZip64=True) as archive:
            for patient in patients:
                for path in sorted(path for path in patient.rglob("*") if path.is_file()):
                    token.raise_if_cancelled()
                    entry = ZipInfo(path.relative_to(folder).as_posix())
                    entry.external_attr = 0o644 << 16
                    entry.file_size = path.stat().st_size
                    with open(path, "rb") as source, archive.open(entry, "w") as target:
                        shutil.copyfileobj(source, target, 1 << 20)
        os.replace(partial, folder / ARCHIVE)
    except OSError as error:
        raise AnonymizeError(f"{folder / ARCHIVE}: {error.strerror}. The files themselves are complete.") from error
    finally:
        partial.unlink(missing_ok=True)
    for patient in patients:
        shutil.rmtree(patient)
    return folder / ARCHIVE

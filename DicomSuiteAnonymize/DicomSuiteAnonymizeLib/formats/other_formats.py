"""What a run does with files that are no DICOM but hold images, or belong to some: NIfTI, NRRD, pictures, sidecars.

Nothing in such a file says whose it is, so nothing can be looked for: what stays is what the format needs, and the
names are made of the run's key. Files that have one name but for its ending keep one name.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import tempfile
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from DicomSuiteAnonymizeLib.engine import ChangeSet
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.formats.cleaned_nrrd import NRRD, cleaned_nrrd
from DicomSuiteAnonymizeLib.formats.cleaned_picture import JPEG, PNG, Cleaned, cleaned_jpeg, cleaned_png
from DicomSuiteAnonymizeLib.formats.cleaned_sidecar import checked_gradients, cleaned_json
from DicomSuiteAnonymizeLib.formats.cleaned_tiff import BIG_TIFF, TIFF, cleaned_tiff
from DicomSuiteAnonymizeLib.instance_task import (
    NOT_DICOM,
    QUARANTINED,
    WRITTEN,
    FileResult,
    FileTask,
    TaskSettings,
    unforeseen,
)
from DicomSuiteAnonymizeLib.keys import Pseudonyms
from DicomSuiteAnonymizeLib.ps315 import Option
from DicomSuiteAnonymizeLib.sources import FolderSources, Sources
from DicomSuiteAnonymizeLib.steps import Action
from DicomSuiteLib.audit import file_sha256
from DicomSuiteLib.ephemeral_folder import ephemeral_folder
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.nifti_header import clean_nifti
from DicomSuiteLib.output_file import OutputError, output_file
from DicomSuiteLib.unusable_file import UnusableFileError

_RULE = "not needed to read the voxels or pixels"
_FOLDER_LETTERS, _FILE_LETTERS = 12, 16
_NIFTI_SIZES = frozenset(size.to_bytes(4, order) for size in (348, 540) for order in ("little", "big"))
_GZIP = b"\x1f\x8b"
_MOST_IN_MEMORY = 1 << 30
_FIRST_BYTES = 16


@dataclass(frozen=True)
class _Format:
    """One format: its name, the endings that its files have, how to clean one, and what may show in it.

    `clean` writes the new file and returns what was left out; it raises AnonymizeError or UnusableFileError.
    """

    name: str
    suffixes: tuple[str, ...]
    clean: Callable[[Path, Path], list[str]]
    is_picture: bool = False
    is_volume: bool = False


def roots_of(sources: Sources) -> tuple[str, ...]:
    """The folders below which names count, in the order of the sources' names; for TaskSettings.other_formats."""
    if not isinstance(sources, FolderSources):
        return (os.path.commonpath([os.path.dirname(path) for path in sources.roots]),)
    ordered = sorted(set(sources.roots), key=lambda path: (path.name, str(path)))
    return tuple(str(root if root.is_dir() else root.parent) for root in ordered)


def path_below(roots: tuple[str, ...], source: str | os.PathLike[str]) -> str:
    """Path below the innermost of the roots, after the root's number where there are several."""
    path = Path(source)
    inside = [number for number, root in enumerate(roots) if path.is_relative_to(root)]
    number = max(inside, key=lambda number: len(roots[number]))
    relative = path.relative_to(roots[number]).as_posix()
    return f"{number}/{relative}" if len(roots) > 1 else relative


def process_other(settings: TaskSettings, task: FileTask, changes: dict[str, list]) -> FileResult:
    """Clean the task's file if it is of one of the formats, or say why it is quarantined.

    Raises OutputError where the output cannot be written at all.
    """
    try:
        kind = _format_of(Path(task.path))
        if kind is None:
            return FileResult(task.key, NOT_DICOM, "", "{}")
        _check(kind, settings)
        return _process(settings, task, kind, changes)
    except AnonymizeError as error:
        reason = str(error)
    except UnusableFileError as error:
        reason = error.reason
    except DicomSuiteError:
        raise
    except Exception as error:  # one bad file never stops a run
        reason = unforeseen(error)
    return FileResult(task.key, QUARANTINED, "", json.dumps({"reason": reason}))


def _check(kind: _Format, settings: TaskSettings) -> None:
    """Raises AnonymizeError where files of this format have to be quarantined."""
    if kind.is_picture and not settings.allow_pixel_risk:
        raise AnonymizeError(f"pixel risk: a {kind.name} picture, which may show a name or a face")
    if kind.is_volume and Option.CLEAN_FACES in settings.profile.options:
        raise AnonymizeError(f"a {kind.name} volume: only a DICOM series can be rid of its face")


def _process(settings: TaskSettings, task: FileTask, kind: _Format, changes: dict[str, list]) -> FileResult:
    source = Path(task.path)
    name = _output_name(settings, source, kind)
    digests, removed = _written(source, settings.target, name, kind)
    change_set = ChangeSet(Counter((what, Action.REMOVE.value, _RULE) for what in removed))
    changes[change_set.id] = change_set.elements
    payload = {**digests, "hashed": "file", "changes": change_set.id, "format": kind.name}
    return FileResult(task.key, WRITTEN, name, json.dumps(payload))


def checked_again(stream: BinaryIO, name: str) -> tuple[str, bool]:
    """SHA-256 of an output of this name, and whether cleaning it would leave it as it is."""
    with tempfile.TemporaryDirectory(dir=ephemeral_folder()) as folder:
        source = Path(folder, Path(name).name)
        with open(source, "wb") as file:
            shutil.copyfileobj(stream, file)
        digest = file_sha256(source)
        return digest, _is_clean(source, source.with_name(f"again-{source.name}"), digest)


def _is_clean(source: Path, target: Path, digest: str) -> bool:
    try:
        kind = _format_of(source)
        return kind is not None and not kind.clean(source, target) and file_sha256(target) == digest
    except (AnonymizeError, UnusableFileError):
        return False


def _written(source: Path, target: str, name: str, kind: _Format) -> tuple[dict[str, str], list[str]]:
    """Write the output, or without a target a file that is gone afterwards; digests, and what was left out."""
    if not target:
        with tempfile.TemporaryDirectory(dir=ephemeral_folder()) as folder:
            return _written(source, folder, name, kind)
    path = Path(target, name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{path.parent}: {error.strerror}. Make room or choose another folder.") from error
    removed = kind.clean(source, path)
    return {"sha256_in": file_sha256(source), "sha256_out": file_sha256(path)}, removed


def _output_name(settings: TaskSettings, source: Path, kind: _Format) -> str:
    """Path below the output folder: codes of the source's folder and of its name without the format's ending."""
    pseudonyms = Pseudonyms(settings.key)
    relative = path_below(settings.other_formats, source)
    suffix = next((suffix for suffix in kind.suffixes if relative.endswith(suffix)), "")
    folder = pseudonyms.code(b"other folder", os.fsencode(os.path.dirname(relative)), _FOLDER_LETTERS)
    domain = b"other file" if suffix else b"other file without its ending"
    stem = pseudonyms.code(domain, os.fsencode(relative.removesuffix(suffix)), _FILE_LETTERS)
    return f"other/FO-{folder.decode()}/FI-{stem.decode()}{suffix or kind.suffixes[0]}"


def _format_of(path: Path) -> _Format | None:
    """The format that the file's first bytes show, or for text without any its ending; None for anything else."""
    with open(path, "rb") as file:
        head = file.read(_FIRST_BYTES)
        if head.startswith(_GZIP):
            file.seek(0)
            head = _unpacked_head(gzip.GzipFile(fileobj=file))
            return _NIFTI_GZ if head[:4] in _NIFTI_SIZES else None
    if head[:4] in _NIFTI_SIZES:
        return _NIFTI
    if head.startswith(BIG_TIFF):
        raise AnonymizeError("a BigTIFF file, which cannot be cleaned; convert it to TIFF")
    by_head = {NRRD: _NRRD, PNG: _PNG, JPEG: _JPEG, **dict.fromkeys(TIFF, _TIFF)}
    by_suffix = {".json": _SIDECAR, ".bval": _GRADIENTS, ".bvec": _GRADIENTS}
    found = next((kind for start, kind in by_head.items() if head.startswith(start)), None)
    return found or by_suffix.get(path.suffix.lower())


def _unpacked_head(file: gzip.GzipFile) -> bytes:
    try:
        return file.read(_FIRST_BYTES)
    except (EOFError, OSError, zlib.error):
        return b""  # no NIfTI file, or a damaged one: its name says nothing


def _in_memory(clean: Callable[[bytes], Cleaned]) -> Callable[[Path, Path], list[str]]:
    """Cleaning of a whole file's content."""

    def run(source: Path, target: Path) -> list[str]:
        if source.stat().st_size > _MOST_IN_MEMORY:
            raise AnonymizeError("a picture or sidecar of more than 1 GiB")
        content, removed = clean(source.read_bytes())
        with output_file(target) as partial:
            partial.write_bytes(content)
        return removed

    return run


def _nifti(source: Path, target: Path) -> list[str]:
    return [f"NIfTI {what}" for what in clean_nifti(source, target)]


def _nrrd(source: Path, target: Path) -> list[str]:
    with output_file(target) as partial, open(partial, "wb") as file:
        return cleaned_nrrd(source, file)


_NIFTI = _Format("NIfTI", (".nii",), _nifti, is_volume=True)
_NIFTI_GZ = _Format("NIfTI", (".nii.gz",), _nifti, is_volume=True)
_NRRD = _Format("NRRD", (".nrrd",), _nrrd, is_volume=True)
_PNG = _Format("PNG", (".png",), _in_memory(cleaned_png), is_picture=True)
_JPEG = _Format("JPEG", (".jpg", ".jpeg"), _in_memory(cleaned_jpeg), is_picture=True)
_TIFF = _Format("TIFF", (".tif", ".tiff"), _in_memory(cleaned_tiff), is_picture=True)
_SIDECAR = _Format("JSON sidecar", (".json",), _in_memory(cleaned_json))
_GRADIENTS = _Format("gradient table", (".bval", ".bvec"), _in_memory(checked_gradients))

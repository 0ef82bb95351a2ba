"""What kind of file a user's model is in, by its content; nothing of it is run to find out."""

from __future__ import annotations

import enum
import hashlib
import zipfile
from collections.abc import Sequence
from pathlib import Path

from DicomSuiteSuperResLib.errors import ModelError

LARGEST = 2 * 1024**3
"""Bytes of a model's file, unpacked too; a SwinUNETR of 62 million weights with its optimiser's state takes 750 MB."""

BUNDLE_FOLDER = "configs"
"""Where a MONAI bundle keeps its configuration."""

_TORCH_PICKLE = b"\x80"
_HDF5 = b"\x89HDF\r\n\x1a\n"
_SAFETENSORS_HEADER = 8
"""Bytes before the JSON header of a safetensors file: its length."""


class ModelFormat(enum.StrEnum):
    """How a file holds a model; the value is what people call it."""

    SAFETENSORS = "safetensors"
    TORCH = "PyTorch checkpoint"
    TORCHSCRIPT = "TorchScript"
    ONNX = "ONNX"
    BUNDLE = "MONAI bundle"


def model_format(path: Path) -> ModelFormat:
    """Say what kind of model is at `path`, a file or the folder of a MONAI bundle.

    Raises
    ------
    ModelError
        If there is none, it cannot be read, is of a kind that is not understood, or larger than `LARGEST`.
    """
    try:
        if path.is_dir():
            return _format_of_folder(path)
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(_SAFETENSORS_HEADER + 1)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}; name the file of a model.") from error
    if size > LARGEST:
        raise _too_big(path, size)
    if zipfile.is_zipfile(path):
        return _format_of_archive(path)
    return _format_of_file(path, start)


def file_sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _too_big(path: Path, size: int) -> ModelError:
    return ModelError(
        f"{path} would take {size / 1024**3:.1f} GiB, and a model may have {LARGEST // 1024**3} GiB: is it a model? "
        "Save its weights alone, without the state of the optimiser."
    )


def _format_of_folder(path: Path) -> ModelFormat:
    if (path / BUNDLE_FOLDER).is_dir():
        return ModelFormat.BUNDLE
    raise ModelError(f"{path} is a folder, but no MONAI bundle: it has no {BUNDLE_FOLDER} in it; name a model's file.")


def _format_of_archive(path: Path) -> ModelFormat:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except Exception as error:  # a damaged archive can raise anything
        raise ModelError(f"{path} is damaged or cut short; copy it again from its source.") from error
    size = sum(member.file_size for member in members)
    if size > LARGEST:
        raise _too_big(path, size)
    names = [member.filename.split("/") for member in members]
    if _has(names, BUNDLE_FOLDER, folder=True):
        return ModelFormat.BUNDLE
    if _has(names, "constants.pkl"):
        return ModelFormat.TORCHSCRIPT
    if _has(names, "data.pkl"):
        return ModelFormat.TORCH
    raise ModelError(
        f"{path} is an archive, but neither a PyTorch checkpoint nor a MONAI bundle; name the model's own file."
    )


def _has(names: Sequence[Sequence[str]], wanted: str, folder: bool = False) -> bool:
    """Whether an archive has a file or folder of this name, at its top or in the one folder there."""
    return any(wanted in (parts[:-1] if folder else parts[-1:]) for parts in names if len(parts) <= 2 + folder)


def _format_of_file(path: Path, start: bytes) -> ModelFormat:
    if start[_SAFETENSORS_HEADER:] == b"{":
        return ModelFormat.SAFETENSORS
    if start.startswith(_TORCH_PICKLE):
        return ModelFormat.TORCH
    if path.suffix.lower() == ".onnx":
        return ModelFormat.ONNX
    if start.startswith(_HDF5):
        raise ModelError(f"{path} is a Keras or HDF5 file, which is not understood; export the model to ONNX.")
    raise ModelError(
        f"{path} is no model that is understood, or it is damaged: models are .safetensors, PyTorch checkpoints "
        "(.pt, .pth, .ckpt), .onnx, and MONAI bundles."
    )

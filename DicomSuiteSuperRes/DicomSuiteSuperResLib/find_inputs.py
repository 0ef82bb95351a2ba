"""The volumes below some paths: DICOM series, and NRRD, NIfTI and MetaImage files."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from DicomSuiteLib.dicom_volume import read_dicom_volume
from DicomSuiteLib.errors import UsageError
from DicomSuiteLib.file_names import file_name, without_folders
from DicomSuiteLib.file_walk import UnreadablePath, walk_files
from DicomSuiteLib.read_volume import IMAGE_SUFFIXES, read_volume
from DicomSuiteLib.series import Series, find_series
from DicomSuiteLib.volumes import Volume

SEGMENTATION_SUFFIX = ".seg.nrrd"
"""Files of masks, passed over in folders."""
NAMELESS = "a file"
"""What is said in place of a file's name."""


@dataclass(frozen=True)
class FoundInput:
    """One volume that has been found, but not read.

    Parameters
    ----------
    number : from 1, in the order in which they are treated
    words : what people recognise it by: a file's own name; of a series, which may be called after a patient, its number
    stem : what names of files made from it begin with
    source : the image file, or the series
    is_nameless : whether messages leave out the names of its files, too
    """

    number: int
    words: str
    stem: str
    source: Path | Series
    is_nameless: bool = False

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that hold it."""
        return (self.source,) if isinstance(self.source, Path) else tuple(self.source.files)

    @property
    def is_nifti(self) -> bool:
        """Whether it is a NIfTI file."""
        return isinstance(self.source, Path) and self.source.name.lower().endswith((".nii", ".nii.gz"))

    def read(self) -> Volume:
        """Read it; errors as those of `read_volume` and `read_dicom_volume`."""
        return read_volume(self.source) if isinstance(self.source, Path) else read_dicom_volume(self.source)

    def tellable(self, message: str, *folders: Path) -> str:
        """A message with the files of this input, and those in other `folders`, by their names alone, if at all."""
        text = without_folders(message, *folders, *(path.parent for path in self.files))
        for path in self.files if self.is_nameless else ():
            text = text.replace(path.name, NAMELESS)
        return text

    def size_on_disk(self) -> int:
        """Bytes of its files, by which one input's share in the work is estimated; at least 1."""
        return max(sum(_facts(path)[0] for path in self.files), 1)

    def key(self) -> str:
        """A digest by which it is known again: other files, or changed ones, have another."""
        facts = [(os.path.realpath(path), *_facts(path)) for path in self.files]
        return hashlib.sha256(repr(facts).encode("utf-8", "surrogateescape")).hexdigest()


@dataclass(frozen=True)
class FoundInputs:
    """Every volume below some paths, and what cannot be read: its name, and why."""

    volumes: tuple[FoundInput, ...]
    unreadable: tuple[tuple[str, str], ...]

    def nameless(self) -> FoundInputs:
        """The same, called by their numbers alone: names of files are often those of patients."""
        volumes = tuple(
            replace(found, words=f"input {found.number}", stem=f"{found.number}-image", is_nameless=True)
            for found in self.volumes
        )
        return FoundInputs(volumes, tuple((NAMELESS, reason) for _, reason in self.unreadable))


def find_inputs(paths: Sequence[str | os.PathLike[str]]) -> FoundInputs:
    """Find the image files and the DICOM series with images at and below `paths`, sorted; each is found once.

    What is neither is passed over in folders, and told as unreadable where it is named itself.

    Raises
    ------
    UsageError
        If a path does not exist, or there is no volume at all.
    """
    for path in paths:
        if not os.path.exists(path):
            raise UsageError(f"{path} does not exist; name image files, DICOM files, or folders of them.")
    walked = list(walk_files(paths))
    images = [path for path in walked if not isinstance(path, UnreadablePath) and _is_image(path)]
    scan = find_series(path for path in walked if not isinstance(path, UnreadablePath) and not _is_image(path))
    unreadable = [entry for entry in walked if isinstance(entry, UnreadablePath)]
    named = {os.path.realpath(path) for path in paths}
    no_volumes = [path for path in (*scan.not_dicom, *scan.dicomdirs) if os.path.realpath(path) in named]
    found = _numbered(images, [series for series in scan.series if series.stacks])
    told = [(path.name, reason) for path, reason in (*unreadable, *scan.unreadable)]
    told += [(path.name, "it is no DICOM image, and no NRRD, NIfTI or MetaImage file") for path in no_volumes]
    if not found and not told:
        raise UsageError(f"{_listed(paths)}: no DICOM images, NRRD, NIfTI or MetaImage files; name other folders.")
    return FoundInputs(found, tuple(told))


def _numbered(images: Iterable[Path], series: Iterable[Series]) -> tuple[FoundInput, ...]:
    sources: list[Path | Series] = [*images, *series]
    return tuple(_input(number, source) for number, source in enumerate(sources, start=1))


def _input(number: int, source: Path | Series) -> FoundInput:
    if isinstance(source, Path):
        return FoundInput(number, source.name, f"{number}-{image_stem(source) or 'volume'}", source)
    modality = source.modality or "DICOM"
    images = sum(len(stack.frames) for stack in source.stacks)
    words = f"series {number} ({modality}, {images} images)"
    return FoundInput(number, words, f"{number}-{file_name(modality) or 'DICOM'}", source)


def image_stem(path: Path) -> str:
    """The name of an image file without what tells its kind, fit for the names of other files; may be empty."""
    suffix = next((suffix for suffix in sorted(IMAGE_SUFFIXES, key=len, reverse=True) if _ends(path, suffix)), "")
    return file_name(path.name[: len(path.name) - len(suffix)])


def _is_image(path: Path) -> bool:
    return _ends(path, IMAGE_SUFFIXES) and not _ends(path, SEGMENTATION_SUFFIX)


def _ends(path: Path, suffix: str | tuple[str, ...]) -> bool:
    return path.name.lower().endswith(suffix)


def _facts(path: Path) -> tuple[int, int]:
    """Size in bytes and time of the last change, ns; zeros where the file has gone, which reading it will tell."""
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns


def _listed(paths: Sequence[str | os.PathLike[str]]) -> str:
    return ", ".join(map(str, paths)) or "The list of files"

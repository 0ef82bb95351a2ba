"""What results are compared with: one volume for all, or a folder with a file for each input."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from DicomSuiteLib.errors import DicomSuiteError, UsageError
from DicomSuiteLib.read_volume import IMAGE_SUFFIXES, read_volume
from DicomSuiteLib.volumes import Volume
from DicomSuiteSuperResLib.errors import SuperResError
from DicomSuiteSuperResLib.find_inputs import FoundInput


class References:
    """The references at `path`: an image file or DICOM series for every input, or a folder of image files, of which
    each input has the one that is called like it.

    Raises UsageError if the path does not exist.
    """

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise UsageError(f"{path} does not exist; name the volume, or the folder of volumes, to compare with.")
        self.path = path
        self._by_name: dict[str, list[Path]] = defaultdict(list)
        for file in filter(_is_image, path.iterdir() if path.is_dir() else ()):
            self._by_name[_name(file)].append(file)
        self._last: tuple[Path, Volume] | None = None

    def of(self, found: FoundInput) -> Volume:
        """Read the reference of an input; errors do not tell where it lies.

        Raises
        ------
        SuperResError
            If a folder has none that is called like it, or several, or it cannot be read.
        """
        path = self._path_of(found)
        if self._last is None or self._last[0] != path:
            try:
                self._last = path, read_volume(path)
            except DicomSuiteError as error:
                raise SuperResError(str(error).replace(str(path), "The reference")) from error
        return self._last[1]

    def _path_of(self, found: FoundInput) -> Path:
        if not self._by_name:
            return self.path
        paths = self._by_name.get(_name(found.source), ()) if isinstance(found.source, Path) else ()
        if len(paths) != 1:
            how_many = "Several references are" if paths else "No reference is"
            raise SuperResError(f"{how_many} called like {found.words}; give one, and only one, the input's name.")
        return paths[0]


def _is_image(path: Path) -> bool:
    return path.is_file() and path.name.lower().endswith(IMAGE_SUFFIXES)


def _name(path: Path) -> str:
    """The whole name but for what tells the kind of an image file."""
    suffixes = filter(path.name.lower().endswith, IMAGE_SUFFIXES)
    return path.name[: len(path.name) - max(map(len, suffixes), default=0)]

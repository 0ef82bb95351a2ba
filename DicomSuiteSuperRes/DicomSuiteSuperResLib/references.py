"""What results are compared with: one volume for all, or a folder with a file for each input."""

from __future__ import annotations

from pathlib import Path

from DicomSuiteLib.errors import DicomSuiteError, UsageError
from DicomSuiteLib.read_volume import IMAGE_SUFFIXES, read_volume
from DicomSuiteLib.volumes import Volume
from DicomSuiteSuperResLib.errors import SuperResError
from DicomSuiteSuperResLib.find_inputs import FoundInput, image_stem


class References:
    """The references at `path`: an image file or DICOM series for every input, or a folder of image files, of which
    each input has the one that is called like it.

    Raises UsageError if the path does not exist.
    """

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise UsageError(f"{path} does not exist; name the volume, or the folder of volumes, to compare with.")
        self.path = path
        images = [file for file in path.iterdir() if _is_image(file)] if path.is_dir() else []
        self._by_name = {image_stem(file): file for file in sorted(images)}
        self._last: tuple[Path, Volume] | None = None

    def of(self, found: FoundInput) -> Volume:
        """Read the reference of an input; errors do not tell where it lies.

        Raises
        ------
        SuperResError
            If a folder has none that is called like it, or it cannot be read.
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
        path = self._by_name.get(image_stem(found.source)) if isinstance(found.source, Path) else None
        if path is None:
            raise SuperResError(f"No reference is called like {found.words}; give it the input's name.")
        return path


def _is_image(path: Path) -> bool:
    return path.is_file() and path.name.lower().endswith(IMAGE_SUFFIXES)


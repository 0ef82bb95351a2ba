"""The profiles that a user has saved, as JSON files in one folder."""

import re
from pathlib import Path

from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.profile import BUILT_IN, Profile
from DicomSuiteAnonymizeLib.profile_file import read_profile, write_profile

_NAME = re.compile(r"\w[\w .()+-]{0,60}\w|\w")
_SUFFIX = ".json"


class ProfileStore:
    """Profiles by name; the built-in ones stand first and cannot be replaced.

    Parameters: `folder` is made when the first profile is saved.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> list[str]:
        """The built-in profiles, then the saved ones in alphabetical order."""
        saved = [path.stem for path in self._folder.glob(f"*{_SUFFIX}") if not path.name.startswith(".")]
        return [*BUILT_IN, *sorted(set(saved) - BUILT_IN.keys(), key=str.casefold)]

    def read(self, name: str) -> Profile:
        """The profile of this name. Raises AnonymizeError where its file is gone or damaged."""
        return BUILT_IN.get(name) or read_profile(self._path(name))

    def save(self, profile: Profile) -> None:
        """Keep the profile under its name; one that was saved under it before is replaced.

        Raises AnonymizeError for a name that cannot be used, or where the folder cannot be written.
        """
        if profile.name in BUILT_IN:
            raise AnonymizeError(f"{profile.name} is a built-in profile: save yours under another name.")
        path = self._path(profile.name)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise AnonymizeError(f"{self._folder}: {error.strerror}. Profiles cannot be saved there.") from error
        write_profile(profile, path)

    def delete(self, name: str) -> None:
        """Forget a saved profile. Raises AnonymizeError where that is impossible."""
        if name in BUILT_IN:
            raise AnonymizeError(f"{name} is a built-in profile and stays.")
        try:
            self._path(name).unlink()
        except OSError as error:
            raise AnonymizeError(f"Profile {name}: {error.strerror}.") from error

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise AnonymizeError(
                "A profile name has up to 62 letters, digits, spaces and . ( ) + - _, and no space at its ends."
            )
        return self._folder / f"{name}{_SUFFIX}"

"""The profiles that a user has saved, as JSON files in one folder."""

import re
from pathlib import Path

from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.markers import profile_digest
from DicomSuiteAnonymizeLib.profiles.profile import BUILT_IN, Profile
from DicomSuiteAnonymizeLib.profiles.profile_file import read_profile, write_profile

_NAME = re.compile(r"\w([\w .()+-]{0,60}[\w)])?")
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
        """The profile of this name, whatever its file was called before.

        Raises AnonymizeError where the file is gone or damaged.
        """
        return BUILT_IN.get(name) or read_profile(self._path(name)).but(name=name)

    def save(self, profile: Profile) -> None:
        """Keep the profile under its name; one that was saved under it before is replaced.

        Raises AnonymizeError for a name that cannot be used, or where the folder cannot be written.
        """
        if profile.name in BUILT_IN:
            raise AnonymizeError(f"{profile.name} is a built-in profile: save yours under another name.")
        path = self._path(profile.name)
        _make(self._folder)
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
                "A profile name has up to 62 letters, digits, spaces and . ( ) + - _; it begins with a letter or digit "
                "and ends with one or with a bracket."
            )
        return self._folder / f"{name}{_SUFFIX}"


def store_used(profile: Profile, folder: Path) -> Path:
    """Keep the rules of a run in the private `folder`, named by their content, so that it can be run again.

    Raises AnonymizeError where that is impossible.
    """
    path = folder / "rules" / f"{profile_digest(profile)}{_SUFFIX}"
    if not path.exists():
        _make(path.parent)
        write_profile(profile, path)
    return path


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AnonymizeError(f"{folder}: {error.strerror}. Profiles cannot be saved there.") from error

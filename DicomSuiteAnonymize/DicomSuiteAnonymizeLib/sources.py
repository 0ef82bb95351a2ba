"""What a run reads: files below folders, or a list of files; each with a key that tells nothing about its name."""

import os
from collections import namedtuple
from collections.abc import Iterator, Sequence
from pathlib import Path

from DicomSuiteAnonymizeLib.keys import Pseudonyms
from DicomSuiteLib.errors import UsageError
from DicomSuiteLib.file_walk import UnreadablePath, walk_files


class SourceEntry(namedtuple("SourceEntry", ("path", "key", "unreadable"))):
    """One path below the sources; `unreadable` says why it cannot be read, "" for an ordinary file."""

    __slots__ = ()
    path: str
    key: str
    unreadable: str


class FolderSources:
    """Every file at and below some paths, in the order of the file system's names.

    Raises UsageError where a path does not exist, or a file would be read twice.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self.roots = tuple(paths)
        for source in self.roots:
            if not source.exists():
                raise UsageError(f"{source} does not exist: name the folder or file to de-identify.")
        # A network's folder that is away for a moment is a folder none the less: keys depend on it.
        self._folders = {root: root if root.is_dir() else root.parent for root in self.roots}
        self._check_overlap()

    def __str__(self) -> str:
        return ", ".join(map(str, self.roots))

    @property
    def places(self) -> tuple[str, ...]:
        """Where the sources are; the same for every way to name them."""
        return tuple(str(root.resolve()) for root in self.roots)

    def check(self, target: Path, key_file: Path) -> None:
        """Raise UsageError unless source, target and key are apart from each other."""
        for source in self.roots:
            inner, outer = source.resolve(), target.resolve()
            if outer == inner or inner in outer.parents:
                raise UsageError(f"The output folder {target} lies in the source {source}: choose a folder outside it.")
            if outer in inner.parents:
                raise UsageError(
                    f"The source {source} lies in the output folder {target}: choose another output folder."
                )
            if inner in key_file.resolve().parents:
                raise UsageError(
                    f"The key file {key_file} lies in the source {source}, where nothing is written: move it."
                )

    def _check_overlap(self) -> None:
        seen: dict[Path, Path] = {}
        for source in set(self.roots):
            other = seen.setdefault(source.resolve(), source)
            if other != source:
                raise UsageError(f"{source} and {other} are the same: name it once.")
        for inner, source in seen.items():
            for outer in inner.parents:
                if outer in seen:
                    raise UsageError(
                        f"{source} lies in {seen[outer]}, which is read as a whole: name only one of them."
                    )

    def entries(self, pseudonyms: Pseudonyms) -> Iterator[SourceEntry]:
        """Every file with its key.

        A key depends on the path below its source, not on where the source lies, so that a copy of the source gives
        the same keys; with several sources also on their order by name.
        """
        for number, root in enumerate(sorted(set(self.roots), key=lambda path: (path.name, str(path)))):
            label = b"%d\0" % number if len(self.roots) > 1 else b""
            below = len(os.path.join(self._folders[root], ""))
            yield from _entries((root,), below, label, pseudonyms)


class ListedSources:
    """Files named one by one, as a selection in a database gives them; what lies beside them is not read.

    Raises UsageError where the list is empty.
    """

    def __init__(self, paths: Sequence[str]) -> None:
        self.roots = tuple(sorted({os.path.abspath(path) for path in paths}))
        if not self.roots:
            raise UsageError("The list of files is empty: name at least one file.")

    def __str__(self) -> str:
        return f"the list of {len(self.roots)} files"

    @property
    def places(self) -> tuple[str, ...]:
        """Where the sources are."""
        return self.roots

    def check(self, target: Path, key_file: Path) -> None:
        """Raise UsageError where a listed file lies in the output folder, or is the key."""
        outer = os.path.join(target.resolve(), "")
        for folder in {os.path.dirname(path) for path in self.roots}:
            if os.path.join(os.path.realpath(folder), "").startswith(outer):
                raise UsageError(f"A listed file lies in the output folder {target}: choose another output folder.")
        if str(key_file.resolve()) in map(os.path.realpath, self.roots):
            raise UsageError(f"The key file {key_file} is among the listed files: take it off the list.")

    def entries(self, pseudonyms: Pseudonyms) -> Iterator[SourceEntry]:
        """Every listed file with its key, which depends on its path below the folder that all have in common.

        So the list of a folder's files gives the same keys as the folder.
        """
        common = os.path.commonpath([os.path.dirname(path) for path in self.roots])
        return _entries(self.roots, len(os.path.join(common, "")), b"", pseudonyms)


Sources = FolderSources | ListedSources


def check_places(sources: Sources, target: Path, key_file: Path) -> None:
    """Raise UsageError unless sources, target and key are apart from each other."""
    sources.check(target, key_file)
    if target.resolve() in key_file.resolve().parents:
        raise UsageError(f"The key file {key_file} lies in the output folder and would be handed on with it: move it.")


def _entries(
    paths: Sequence[str | os.PathLike[str]], below: int, label: bytes, pseudonyms: Pseudonyms
) -> Iterator[SourceEntry]:
    """The files at and below `paths`; a key is made of `label` and the path without its first `below` characters."""
    for found in walk_files(paths):
        path = str(found.path if isinstance(found, UnreadablePath) else found)
        relative = os.fsencode(path[below:].replace(os.sep, "/"))
        key = pseudonyms.digest(b"source file", label + relative).hex()[:32]
        yield SourceEntry(path, key, found.reason if isinstance(found, UnreadablePath) else "")

"""What a run reads: the files below its sources, each with a key that tells nothing about its name."""

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


def check_places(sources: Sequence[Path], target: Path, key_file: Path) -> None:
    """Raise UsageError unless source, target and key are apart from each other."""
    for source in sources:
        if not source.exists():
            raise UsageError(f"{source} does not exist: name the folder or file to de-identify.")
        inner, outer = source.resolve(), target.resolve()
        if outer == inner or inner in outer.parents:
            raise UsageError(f"The output folder {target} lies in the source {source}: choose a folder outside it.")
        if outer in inner.parents:
            raise UsageError(f"The source {source} lies in the output folder {target}: choose another output folder.")
        if inner in key_file.resolve().parents:
            raise UsageError(f"The key file {key_file} lies in the source {source}, where nothing is written: move it.")
    _check_overlap(sources)
    if target.resolve() in key_file.resolve().parents:
        raise UsageError(f"The key file {key_file} lies in the output folder and would be handed on with it: move it.")


def _check_overlap(sources: Sequence[Path]) -> None:
    """Raise UsageError where a file would be read twice."""
    seen: dict[Path, Path] = {}
    for source in set(sources):
        other = seen.setdefault(source.resolve(), source)
        if other != source:
            raise UsageError(f"{source} and {other} are the same: name it once.")
    for inner, source in seen.items():
        for outer in inner.parents:
            if outer in seen:
                raise UsageError(f"{source} lies in {seen[outer]}, which is read as a whole: name only one of them.")


def source_entries(sources: Sequence[Path], pseudonyms: Pseudonyms) -> Iterator[SourceEntry]:
    """Every file below `sources`, in the order of the file system's names.

    A key depends on the path below its source, not on where the source lies, so that a copy of the source gives the
    same keys; with several sources also on their order by name.
    """
    for number, root in enumerate(sorted(set(sources), key=lambda path: (path.name, str(path)))):
        label = b"%d\0" % number if len(sources) > 1 else b""
        below = len(os.path.join(root if root.is_dir() else root.parent, ""))
        for found in walk_files([root]):
            path = str(found.path if isinstance(found, UnreadablePath) else found)
            relative = os.fsencode(path[below:].replace(os.sep, "/"))
            key = pseudonyms.digest(b"source file", label + relative).hex()[:32]
            yield SourceEntry(path, key, found.reason if isinstance(found, UnreadablePath) else "")

"""Which files of a folder that others write into are complete."""

from __future__ import annotations

import os

TYPE_CHECKING = False  # typing is not imported: see the start-up budget in test_cli.py
if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from DicomSuiteAnonymizeLib.sources import SourceEntry

UNFINISHED_NAMES = (".part", ".partial", ".filepart", ".tmp", ".temp", ".crdownload")
"""Endings of names that senders give to files until they are complete; so do hidden names, which begin with a dot."""


class Arrivals:
    """Tells complete files from those that still grow, from one look at the folder to the next.

    A file is complete when size and times have stayed the same for `settle_s` seconds of this computer's clock,
    whatever the clock of a file server says. It is given out once, and again if it changes.
    """

    def __init__(self, settle_s: float) -> None:
        self._settle_s = settle_s
        self._since: dict[str, tuple[Hashable, float]] = {}  # stamp, and when it was first seen
        self._given: dict[str, Hashable] = {}

    @property
    def waiting(self) -> int:
        """How many files were not complete at the last look."""
        return len(self._since)

    def await_again(self, key: str) -> None:
        """Give out the file with this key once more, though it has not changed."""
        self._given.pop(key, None)

    def complete(self, entries: Iterable[SourceEntry], now: float) -> list[SourceEntry]:
        """Those of `entries` that are complete and new, or have changed; `now` in seconds, never going back."""
        before, self._since = self._since, {}
        given, self._given = self._given, {}
        ready = []
        for entry in entries:
            stamp = _stamp(entry)
            if stamp is None:
                continue
            if given.get(entry.key) == stamp:
                self._given[entry.key] = stamp
                continue
            known, since = before.get(entry.key, (None, now))
            if known == stamp and now - since >= self._settle_s:
                self._given[entry.key] = stamp
                ready.append(entry)
            else:
                self._since[entry.key] = stamp, since if known == stamp else now
        return ready


def _stamp(entry: SourceEntry) -> Hashable | None:
    """What changes whenever the file does; None for one that has gone, or is unfinished by its name."""
    name = os.path.basename(entry.path)
    if name.startswith(".") or name.lower().endswith(UNFINISHED_NAMES):
        return None
    try:
        found = os.stat(entry.path)
    except FileNotFoundError:
        return None
    except OSError:
        return entry.unreadable
    return entry.unreadable, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns

"""One export: pieces written one after the other between the window's events, into a folder that appears complete."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from slicer.i18n import tr as _

from DicomSuiteGui.new_folder import newFolder
from DicomSuiteGui.paced import Paced
from DicomSuiteLib.errors import DicomSuiteError, describe_safely
from DicomSuiteLib.plain_signal import Signal
from DicomSuiteRenderGui.export_pieces import CountedPiece, Written

_FOLDER_KIND = "pictures"


class ExportRun:
    """Writes one export at a time.

    `progressed` is emitted with how many of how many parts are done, `ended` with the folder, or None, and with what
    became of it in words.
    """

    def __init__(self) -> None:
        self.progressed = Signal()
        self.ended = Signal()
        self._paced = Paced()
        self._parts: Iterator[bool] | None = None
        self._partial: Path | None = None
        self._done = self._total = 0

    @property
    def isBusy(self) -> bool:
        """Whether something is being written."""
        return self._parts is not None

    def start(self, parent: Path, pieces: Sequence[CountedPiece], finish: Callable[[Path, Written], Any]) -> None:
        """Write the pieces into a new folder in `parent`; `finish` is called with it before it gets its name."""
        self._done, self._total = 0, sum(piece.parts for piece in pieces)
        target = newFolder(parent, _FOLDER_KIND)
        self._partial = target.with_name(f".{target.name}.part")
        self._parts = self._written(target, pieces, finish)
        self.progressed.emit(0, self._total)
        self._paced.start(self._safely(), self._onPart, lambda: None)

    def cancel(self) -> None:
        """Stop, and leave nothing behind."""
        if self.isBusy:
            self._stop()
            self.ended.emit(None, _("Cancelled; nothing was written."))

    def cleanup(self) -> None:
        """Stop without a word."""
        if self.isBusy:
            self._stop()

    def _written(
        self, target: Path, pieces: Sequence[CountedPiece], finish: Callable[[Path, Written], Any]
    ) -> Iterator[bool]:
        self._partial.mkdir(parents=True)
        written = Written()
        for piece in pieces:
            yield from piece.write(self._partial, written)
        finish(self._partial, written)
        self._partial.rename(target)
        self._parts = self._partial = None
        self.ended.emit(target, _summary(written))

    def _safely(self) -> Iterator[bool]:
        """The parts, until one fails."""
        try:
            yield from self._parts
        except DicomSuiteError as error:
            self._fail(str(error))
        except OSError as error:
            words = _("{path} cannot be written: {reason}; make room or choose another folder.")
            self._fail(words.format(path=error.filename or self._partial, reason=error.strerror or error))
        except Exception as error:
            logging.error(describe_safely(error))
            self._fail(_("The export failed; the log says where."))

    def _onPart(self, isDone: bool) -> None:
        self._done += isDone
        self.progressed.emit(self._done, self._total)

    def _fail(self, reason: str) -> None:
        self._stop()
        self.ended.emit(None, reason)

    def _stop(self) -> None:
        self._paced.stop()
        self._parts.close()
        shutil.rmtree(self._partial, ignore_errors=True)
        self._parts = self._partial = None


def _summary(written: Written) -> str:
    count = len(written.pictures) + len(written.surfaces)
    words = _("1 file written.") if count == 1 else _("{count} files written.").format(count=count)
    return "\n".join([words, *written.notes])

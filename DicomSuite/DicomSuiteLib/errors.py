"""The root of every error that DicomSuite raises on purpose; and how to tell of others without a message."""

import os

TYPE_CHECKING = False  # typing is not imported: see the start-up budget in test_cli.py
if TYPE_CHECKING:
    from collections.abc import Iterator

WORKER_NOTE = "in a worker process:\n"
"""How the note begins that an error brings from a worker process; what follows is `describe_safely`'s."""


class DicomSuiteError(Exception):
    """Something a user can act on; the message names the file, what is wrong and what to do."""

    exit_code = 1
    """What `dicomsuite` returns to the shell when this error ends a command."""


class UsageError(DicomSuiteError):
    """The command line asks for what cannot be meant, e.g. an output folder inside the source."""

    exit_code = 2


def is_debugging() -> bool:
    """Whether the user has asked, with DICOMSUITE_DEBUG=1, for all that is known of errors, whatever it holds."""
    return os.environ.get("DICOMSUITE_DEBUG") == "1"


def describe_safely(error: BaseException) -> str:
    """Tell the kinds of an error and its causes and the lines they came from.

    Neither messages nor values are included: those of an unexpected error may hold patient data.
    """
    return "\n".join(line for link in _chain(error) for line in (_kind(link), *_places(link)))


def _chain(error: BaseException) -> "Iterator[BaseException]":
    link: BaseException | None = error
    while link is not None:
        yield link
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)


def _kind(error: BaseException) -> str:
    name = type(error).__qualname__
    if isinstance(error, ImportError) and error.name:
        return f"{name}: {error.name}"
    if isinstance(error, OSError) and error.errno:
        return f"{name}: {os.strerror(error.errno)}"
    return name


def _places(error: BaseException) -> "Iterator[str]":
    import traceback

    for frame, line in traceback.walk_tb(error.__traceback__):
        yield f"  {frame.f_code.co_filename}:{line} in {frame.f_code.co_name}"
    for note in getattr(error, "__notes__", ()):
        if note.startswith(WORKER_NOTE):
            yield note

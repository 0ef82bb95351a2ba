"""The task that every executor runs: a batch of files in, new files and result rows out."""

import json
import os
from collections import namedtuple
from functools import lru_cache

from DicomSuiteAnonymizeLib.crosswalks.given_pseudonyms import GivenPseudonyms
from DicomSuiteAnonymizeLib.elements import Unsupported
from DicomSuiteAnonymizeLib.engine import Engine, NotDicom, Rewritten
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.output_file import holds_parts, parts_sha256, write_parts
from DicomSuiteAnonymizeLib.profiles.profile import Profile
from DicomSuiteAnonymizeLib.ps315 import PIXEL_OPTIONS
from DicomSuiteAnonymizeLib.rewriter import rewrite_bytes
from DicomSuiteAnonymizeLib.source_file import SourceFile
from DicomSuiteLib.audit import file_sha256
from DicomSuiteLib.errors import DicomSuiteError

TYPE_CHECKING = False  # typing is not imported: see the start-up budget in test_cli.py
if TYPE_CHECKING:
    from DicomSuiteAnonymizeLib.crosswalks.crosswalk_notes import Notes
    from DicomSuiteAnonymizeLib.faces.face_order import FaceOrder, FaceSettings
    from DicomSuiteAnonymizeLib.pixels.pixel_settings import PixelSettings

WRITTEN, QUARANTINED, NOT_DICOM = "written", "quarantined", "not DICOM"
TAKEN = "taken"
"""Not written yet, because another file has its name; the run settles which of them gets which number."""
_INSTANCE_LETTERS = 16


class TaskSettings(
    namedtuple(
        "TaskSettings",
        ("profile", "key", "target", "allow_pixel_risk", "hash_files", "given", "noted", "pixels", "other_formats",
         "faces"),
        defaults=(False, False, None, False, None, (), None),
    )
):
    """All that shapes an instance's output; small, hashable and picklable.

    `target` is the output folder, "" to write nothing. `hash_files` asks for digests of whole files instead of
    everything but bulk values, which costs as much as copying. `given` are patients' pseudonyms from the user; `noted`
    asks for what leads back from the outputs, for a crosswalk. `pixels` says how burned-in text is found where the
    profile has it blanked. `other_formats` are the folders below which files of other formats are named by their paths;
    without any they are left out. `faces` are the user's decisions about series where the profile has faces taken out.
    """

    __slots__ = ()
    profile: Profile
    key: bytes
    target: str
    allow_pixel_risk: bool
    hash_files: bool
    given: GivenPseudonyms | None
    noted: bool
    pixels: "PixelSettings | None"
    other_formats: tuple[str, ...]
    faces: "FaceSettings | None"


class FileTask(namedtuple("FileTask", ("path", "key", "rank", "copy", "face"), defaults=(None, 1, None))):
    """One source file: its path, the run's opaque key for it, its place in the series if needed (from 0).

    `copy` numbers files whose output would have one name, because their headers are the same; 0 lets an existing file
    of this name be, and the result is TAKEN if that is not the output itself. `face` says what is to be done to a face
    where the profile has it taken out.
    """

    __slots__ = ()
    path: str
    key: str
    rank: int | None
    copy: int
    face: "FaceOrder | None"


class FileResult(namedtuple("FileResult", ("key", "status", "output", "payload"))):
    """A row of the run ledger; `payload` is JSON text without any value of the source."""

    __slots__ = ()


class _NameTaken(Exception):
    """Another file has the name of an output."""


class BatchResult(namedtuple("BatchResult", ("rows", "changes", "notes"), defaults=(None,))):
    """Rows, the elements of every change set that they name, and what leads back from the outputs where asked for."""

    __slots__ = ()
    rows: list[FileResult]
    changes: dict[str, list]
    notes: "Notes | None"


def process_batch(settings: TaskSettings, batch: list[FileTask]) -> BatchResult:
    """De-identify the files of a batch. Raises output_file.TargetError where the output cannot be written at all."""
    engine = _engine(settings.profile, settings.key, settings.given)
    if settings.noted:
        from DicomSuiteAnonymizeLib.crosswalks.crosswalk_notes import NotingEngine

        engine = NotingEngine(engine)
    changes: dict[str, list] = {}
    rows = [_process(engine, settings, task, changes) for task in batch]
    return BatchResult(rows, changes, engine.notes() if settings.noted else None)


@lru_cache(maxsize=1)
def _engine(profile: Profile, key: bytes, given: GivenPseudonyms | None) -> Engine:
    return Engine(profile, key, given)


def _process(engine: Engine, settings: TaskSettings, task: FileTask, changes: dict[str, list]) -> FileResult:
    try:
        with SourceFile(task.path) as source:
            rewritten = rewrite(source, engine, task.rank)
            treats_pixels = not settings.profile.options.isdisjoint(PIXEL_OPTIONS)
            if rewritten.risk and not (treats_pixels or settings.allow_pixel_risk):
                return _refused(task, f"pixel risk: {rewritten.risk}")
            name = output_name(engine, rewritten, source.size, task.copy)
            if treats_pixels:
                from DicomSuiteAnonymizeLib.pixels.pixel_treatment import treated

                with treated(source, rewritten, settings, task) as (content, rewritten):
                    payload = _write(content, rewritten, settings, name, task)
            else:
                payload = _write(source, rewritten, settings, name, task)
        changes[rewritten.changes.id] = rewritten.changes.elements
        if settings.noted:
            engine.note_written()
        return FileResult(task.key, WRITTEN, name, payload)
    except _NameTaken:
        return FileResult(task.key, TAKEN, name, "{}")
    except NotDicom:
        return _not_dicom(engine, settings, task, changes)
    except AnonymizeError as error:
        return _refused(task, str(error))
    except DicomSuiteError:
        raise
    except Exception as error:  # one bad file never stops a run
        return _refused(task, unforeseen(error))


def _not_dicom(engine: Engine, settings: TaskSettings, task: FileTask, changes: dict[str, list]) -> FileResult:
    if not settings.other_formats:
        return FileResult(task.key, NOT_DICOM, "", "{}")
    from DicomSuiteAnonymizeLib.formats.other_formats import path_below, process_other

    result = process_other(settings, task, changes)
    if settings.noted and result.status == WRITTEN:
        engine.note_file(result.output, path_below(settings.other_formats, task.path))
    return result


def unforeseen(error: Exception) -> str:
    """Why a file is quarantined that raised no AnonymizeError; its values stay out of the reason."""
    if isinstance(error, OSError):
        return f"cannot be read: {error.strerror or type(error).__name__}"
    return f"unexpected {type(error).__name__} at {_place(error)}; please report it"


def rewrite(source: SourceFile, engine: Engine, rank: int | None = None) -> Rewritten:
    """The file as it will be written, by whichever way reads it; `rank` is its place in the series, from 0.

    Raises NotDicom, and AnonymizeError where the file has to be quarantined.
    """
    if source.size == 0:
        raise AnonymizeError("empty: the file has 0 bytes")
    try:
        return rewrite_bytes(source, engine, rank)
    except Unsupported:
        from DicomSuiteAnonymizeLib.dataset_rewriter import rewrite_dataset
        from DicomSuiteLib.quiet_pydicom import quiet_pydicom

        with quiet_pydicom():
            return rewrite_dataset(source, engine, rank)


def output_name(engine: Engine, rewritten: Rewritten, size: int, copy: int) -> str:
    """Path below the output folder, from pseudonyms alone; differs for files that differ in any header byte."""
    identity = rewritten.subject.identity
    content = b"\0".join((rewritten.sop_instance, rewritten.digest.encode(), b"%d" % size))
    instance = engine.pseudonyms.code(b"instance file", content, _INSTANCE_LETTERS).decode()
    suffix = "" if copy <= 1 else f"-{copy}"
    return f"{identity.patient.decode()}/ST-{identity.study}/SE-{identity.series}/IM-{instance}{suffix}.dcm"


def without_copy_number(name: str) -> str:
    """What the outputs of files with equal headers have in common."""
    folder, _, file = name.rpartition("/")
    return f"{folder}/{file[: len('IM-') + _INSTANCE_LETTERS]}" if name else ""


def _write(source: SourceFile, rewritten: Rewritten, settings: TaskSettings, name: str, task: FileTask) -> str:
    path = f"{settings.target}/{name}"
    if task.copy == 0 and os.path.exists(path):
        if not holds_parts(path, source, rewritten.parts):
            raise _NameTaken
    elif settings.target:
        write_parts(source, rewritten.parts, path)
    digests = rewritten.digest, parts_sha256(rewritten.parts)
    if settings.hash_files and settings.target:
        digests = file_sha256(task.path), file_sha256(path)
    return json.dumps(
        {
            "sha256_in": digests[0],
            "sha256_out": digests[1],
            "hashed": "file" if settings.hash_files else "header",
            "changes": rewritten.changes.id,
        }
    )


def _refused(task: FileTask, reason: str) -> FileResult:
    return FileResult(task.key, QUARANTINED, "", json.dumps({"reason": reason}))


def _place(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "?" if trace is None else f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}"

"""What `dicomsuite faces` tells of every series in which a face may be seen, and its picture before and after."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pydicom

from DicomSuiteAnonymizeLib.elements import wire
from DicomSuiteAnonymizeLib.faces.face_picture import write_face_picture
from DicomSuiteAnonymizeLib.faces.face_search import FoundFace, Verdict, find_faces, positions
from DicomSuiteAnonymizeLib.instance_task import unforeseen
from DicomSuiteAnonymizeLib.keys import Pseudonyms
from DicomSuiteAnonymizeLib.subject import Identity
from DicomSuiteLib.executors import BatchFailure, run_batches
from DicomSuiteLib.output_file import OutputError
from DicomSuiteLib.quiet_pydicom import quiet_pydicom
from DicomSuiteLib.series import Series
from DicomSuiteLib.tasks import CancelToken

if TYPE_CHECKING:
    from DicomSuiteLib.executors import Executor

_IDENTITY = (0x00100010, 0x00100020, 0x00100030, 0x0020000D, 0x0020000E)

Report = dict[str, Any]
"""JSON value for one series."""


def face_survey(
    all_series: Sequence[Series],
    pseudonyms: Pseudonyms,
    pictures: Path,
    executor: Executor,
    token: CancelToken,
    on_progress: Callable[[int, int], None],
) -> list[Report]:
    """Judge all series in which a face may be seen and draw those where one was found, into the folder `pictures`.

    `on_progress` gets how many series are done, and of how many. Raises OutputError and Cancelled.
    """
    groups = positions(all_series)
    total = sum(map(len, groups))
    reports: dict[int, list[Report]] = {}
    done = 0
    numbered = list(enumerate(groups, start=1))
    for index, result in run_batches(executor, partial(_judged, pictures), numbered, token=token):
        failed = isinstance(result, BatchFailure)
        reports[index] = _failed(groups[index], f"not judged: {result.reason}") if failed else result
        done += len(groups[index])
        on_progress(done, total)
    return [
        _identified(series, report, pseudonyms)
        for index, group in enumerate(groups)
        for series, report in zip(group, reports[index], strict=True)
    ]


def _judged(pictures: Path, task: tuple[int, Sequence[Series]]) -> list[Report]:
    """The task: what is told of the series of one group, without anything that identifies."""
    number, group = task
    try:
        found = find_faces(group)
        return [_report(one, pictures / f"face-{number:04d}-{n:03d}.png") for n, one in enumerate(found, start=1)]
    except OutputError:
        raise
    except Exception as error:  # one bad series never stops the rest
        return _failed(group, unforeseen(error))


def _report(found: FoundFace, path: Path) -> Report:
    drawn = found.verdict is Verdict.HEAD and found.volume is not None
    if drawn:
        write_face_picture(path, found.volume, found.registration)
    return {
        "verdict": found.verdict.value,
        "reason": found.reason,
        "quality": found.quality,
        "voxels": found.voxels,
        "picture": str(path) if drawn else "",
    }


def _failed(group: Sequence[Series], reason: str) -> list[Report]:
    report = {"verdict": Verdict.UNSURE.value, "reason": reason, "quality": None, "voxels": 0, "picture": ""}
    return [report] * len(group)


def _identified(series: Series, report: Report, pseudonyms: Pseudonyms) -> Report:
    first = series.instances[0]
    words = (first.patient_name or first.patient_id, first.study_date, first.modality, first.series_description)
    with quiet_pydicom():
        header = pydicom.dcmread(first.path, stop_before_pixels=True, force=True, specific_tags=list(_IDENTITY))
        facts = {wire(tag): bytes(header.get_item(tag).value or b"") for tag in _IDENTITY if tag in header}
    targets = Identity(facts, pseudonyms).targets
    return {"label": ", ".join(filter(None, words)), "targets": targets, "files": len(series.files), **report}

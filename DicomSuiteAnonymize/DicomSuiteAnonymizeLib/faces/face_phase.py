"""Before a run's files: the series of every head is judged as a whole, and each of its files gets its order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.faces.face_order import REFUSED, FaceOrder, FaceSettings
from DicomSuiteAnonymizeLib.faces.face_search import find_faces, positions
from DicomSuiteAnonymizeLib.instance_task import unforeseen
from DicomSuiteAnonymizeLib.keys import Pseudonyms
from DicomSuiteLib.executors import BatchFailure, run_batches
from DicomSuiteLib.series import Series
from DicomSuiteLib.tasks import CancelToken

if TYPE_CHECKING:
    from DicomSuiteLib.executors import Executor

Orders = dict[str, FaceOrder]
"""What is to be done to files, by their paths."""


def face_orders(
    all_series: Sequence[Series],
    settings: FaceSettings,
    pseudonyms: Pseudonyms,
    executor: Executor,
    token: CancelToken,
    on_progress: Callable[[int], None],
) -> Orders:
    """Orders for all images in which a face may be seen.

    `settings` name series by the targets that edits have for them; one that several series share, as where their UIDs
    are missing, lets none of them pass. `on_progress` gets the number of series that are judged.

    Raises
    ------
    AnonymizeError
        If `settings` name what is no series here.
    Cancelled
        If `token` asks for it.
    """
    groups = positions(all_series)
    named = Counter((series.series_uid, series_target(series, pseudonyms)) for group in groups for series in group)
    _check_targets(settings, {target for _, target in named})
    faceless = frozenset(uid for (uid, target), uses in named.items() if target in settings.absent and uses == 1)
    orders: Orders = {}
    done = 0
    for index, result in run_batches(executor, partial(orders_of, faceless), groups, token=token):
        orders |= _all(groups[index], f"not judged: {result.reason}") if isinstance(result, BatchFailure) else result
        done += len(groups[index])
        on_progress(done)
    refused = {uid for uid, target in named if target in settings.refused}
    files = (path for group in groups for series in group if series.series_uid in refused for path in series.files)
    return orders | dict.fromkeys(map(str, files), REFUSED)


def orders_of(faceless: frozenset[str], group: Sequence[Series]) -> Orders:
    """The task: orders for the files of series that share a frame of reference; never raises for bad ones."""
    try:
        return {path: order for found in find_faces(group, faceless) for path, order in found.orders.items()}
    except Exception as error:  # one bad series never stops a run
        return _all(group, unforeseen(error))


def series_target(series: Series, pseudonyms: Pseudonyms) -> str:
    """What an edit for this series names as its target."""
    return pseudonyms.uid(series.series_uid.encode("ascii", "replace")).decode("ascii", "replace")


def _check_targets(settings: FaceSettings, targets: set[str]) -> None:
    unknown = {*settings.refused, *settings.absent} - targets
    if unknown:
        raise AnonymizeError(
            f"--faces-refused and --faces-absent: no series that may show a face has the target {min(unknown)}. Take "
            "targets from `dicomsuite faces` of the same folders, with the same key."
        )


def _all(group: Sequence[Series], reason: str) -> Orders:
    return {str(path): FaceOrder(reason) for series in group for path in series.files}

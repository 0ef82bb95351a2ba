"""Which jobs a list shows."""

import enum

import qt
from slicer.i18n import tr as _

from DicomSuiteLib.jobs import Job
from DicomSuiteLib.tasks import State


class JobFilter(enum.Enum):
    """A choice for a combo box; Slicer's parameter nodes store its name and show its label."""

    ALL = "all"
    LIVE = "live"
    DONE = "done"
    FAILED = "failed"

    def label(self) -> str:
        """The choice as the user reads it."""
        labels = {
            JobFilter.ALL: _("All jobs"),
            JobFilter.LIVE: _("Waiting and running"),
            JobFilter.DONE: _("Done"),
            JobFilter.FAILED: _("Failed and cancelled"),
        }
        return labels[self]

    def accepts(self, job: Job) -> bool:
        """Whether a list with this filter shows the job."""
        states = {
            JobFilter.ALL: set(State),
            JobFilter.LIVE: {State.PENDING, State.RUNNING},
            JobFilter.DONE: {State.SUCCESS},
            JobFilter.FAILED: {State.FAILED, State.CANCELLED},
        }
        return job.state in states[self]

    @staticmethod
    def of(box: "qt.QComboBox") -> "JobFilter":
        """The filter that is chosen in a box, which has one row per filter; all where none is."""
        return list(JobFilter)[max(box.currentIndex, 0)]

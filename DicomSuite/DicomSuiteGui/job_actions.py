"""What can be done to a job, or why not; "" where nothing stands in the way."""

from slicer.i18n import tr as _

from DicomSuiteLib.jobs import Job


def whyNotCancel(job: Job | None) -> str:
    """Why a job cannot be cancelled."""
    if job is None:
        return _("Select a job first.")
    if not job.is_live:
        return _("This job has ended.")
    return "" if job.is_own else _("This job runs in another Slicer window.")


def whyNotRerun(job: Job | None) -> str:
    """Why a job cannot be run again."""
    return _("Select a job first.") if job is None else ""


def whyNotRemove(job: Job | None) -> str:
    """Why a job cannot be taken off the list."""
    if job is None:
        return _("Select a job first.")
    return _("This job has not ended yet.") if job.is_live else ""


def whyNotOpen(job: Job | None, place: str) -> str:
    """Why the result of a job, which lies at `place` if anywhere, cannot be opened."""
    obstacle = whyNotRemove(job)
    if obstacle or place:
        return obstacle
    return _("This job has left no result, or it was moved or deleted.")

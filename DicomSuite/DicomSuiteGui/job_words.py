"""How jobs are put into words and signs for the user."""

import time

import qt
from slicer.i18n import tr as _

from DicomSuiteLib.jobs import Job
from DicomSuiteLib.tasks import State


def stateWord(state: State) -> str:
    """The state as the user reads it."""
    words = {
        State.PENDING: _("Waiting"),
        State.RUNNING: _("Running"),
        State.SUCCESS: _("Done"),
        State.FAILED: _("Failed"),
        State.CANCELLED: _("Cancelled"),
    }
    return words[state]


def stateIcon(job: Job, style: "qt.QStyle") -> "qt.QIcon":
    """The sign that goes with the word; a job that is done but refused something has a warning."""
    if job.state is State.SUCCESS and job.reason:
        return style.standardIcon(qt.QStyle.SP_MessageBoxWarning)
    signs = {  # those that are coloured, and so visible on light and dark
        State.PENDING: qt.QStyle.SP_FileDialogDetailedView,
        State.RUNNING: qt.QStyle.SP_BrowserReload,
        State.SUCCESS: qt.QStyle.SP_DialogApplyButton,
        State.FAILED: qt.QStyle.SP_MessageBoxCritical,
        State.CANCELLED: qt.QStyle.SP_DialogCancelButton,
    }
    return style.standardIcon(signs[job.state])


def durationText(seconds: float | None) -> str:
    """Return e.g. `12 s`, `3 min 05 s`, `2 h 10 min`; "" for None."""
    if seconds is None:
        return ""
    whole = round(seconds)
    if whole < 60:
        return _("{seconds} s").format(seconds=whole)
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return _("{minutes} min {seconds:02d} s").format(minutes=minutes, seconds=rest)
    hours, minutes = divmod(minutes, 60)
    return _("{hours} h {minutes:02d} min").format(hours=hours, minutes=minutes)


def leftText(seconds: float) -> str:
    """How much longer it takes."""
    return _("{left} left").format(left=durationText(seconds))


def momentText(moment: float | None) -> str:
    """A time of day if it is of today, else the date as well; "" for None."""
    if moment is None:
        return ""
    local, today = time.localtime(moment), time.localtime()
    isToday = (local.tm_year, local.tm_yday) == (today.tm_year, today.tm_yday)
    return time.strftime("%H:%M" if isToday else "%Y-%m-%d %H:%M", local)


def countsText(job: Job) -> str:
    """The numbers that the command has reported, e.g. `written 120, quarantined 2`."""
    return ", ".join(f"{_countWord(name)} {count}" for name, count in job.counts.items())


def _countWord(name: str) -> str:
    words = {
        "written": _("written"),
        "quarantined": _("quarantined"),
        "waiting": _("not complete yet"),
        "workers": _("workers"),
    }
    return words.get(name, name)


def progressText(job: Job) -> str:
    """How far the job is, and how much longer it takes if that is known."""
    if not job.total:
        return ""
    done = _("{done} of {total}").format(done=job.done, total=job.total)
    if not job.is_live or job.remaining_s is None:
        return done
    return ", ".join((done, _("{rate:.3g}/s").format(rate=job.rate), leftText(job.remaining_s)))

"""When a radiopharmaceutical was injected, and to when its images are corrected for decay."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

from pydicom.dataset import Dataset
from pydicom.valuerep import DA, DT, TM

from DicomSuiteLib.dicom_headers import header_number, header_text, private_text
from DicomSuiteRenderLib.errors import RenderError

GE_PET, GE_PET_GROUP, GE_SCAN_DATE_TIME = "GEMS_PETD_01", 0x0009, 0x0D
"""GE's private date and time of the start of the scan."""

SAME_SCAN = timedelta(minutes=1)
"""By how much the starts that are computed back from every image may differ and still be one."""

LONGEST_LIVED_ON_ONE_DAY = 6 * 3600.0
"""Half-life (s) up to which a scan within 24 hours of the injection can be taken for granted; fluorine-18 has 1.8 h.
Copper-64 (12.7 h) and zirconium-89 (78 h) are imaged days later as well."""


def scan_moment(headers: Sequence[Dataset], half_life: float) -> datetime:
    """When the scan began that all images of a PET series are corrected to (Decay Correction START).

    Parameters
    ----------
    headers : of all images
    half_life : s

    Raises
    ------
    RenderError
        If dates or times are missing, or the images were corrected to different times.

    Notes
    -----
    QIBA: the date and time of the series, unless it is later than an acquisition because the series was made
    afterwards; then GE's private element; then back from Frame Reference Time; then the earliest acquisition.
    """
    acquired = [moment for header in headers if (moment := _moment(header, "Acquisition"))]
    if len(acquired) < len(headers):
        raise RenderError("AcquisitionDate or AcquisitionTime is missing")
    series = [moment for header in headers if (moment := _moment(header, "Series"))]
    if len(series) == len(headers) and min(series) == max(series) <= min(acquired):
        return series[0]
    private = private_text(headers[0], GE_PET_GROUP, GE_PET, GE_SCAN_DATE_TIME)
    if moment := _date_time(headers[0], private):
        return moment
    computed = [_computed_start(header, moment, half_life) for header, moment in zip(headers, acquired, strict=True)]
    if None in computed:
        return min(acquired)
    if max(computed) - min(computed) > SAME_SCAN:
        raise RenderError("FrameReferenceTime says that the images are decay corrected to different times")
    return min(computed)


def injection_moment(item: Dataset, header: Dataset, scan: datetime, half_life: float) -> tuple[datetime, str]:
    """When the activity was injected, and what was assumed about it in words.

    Parameters
    ----------
    item : of RadiopharmaceuticalInformationSequence
    header : of the image
    scan : to when the image is corrected for decay
    half_life : s

    Raises
    ------
    RenderError
        If there is no time, or no date where it cannot be told.
    """
    if moment := _date_time(header, header_text(item, "RadiopharmaceuticalStartDateTime")):
        return moment, ""
    try:
        time = TM(header_text(item, "RadiopharmaceuticalStartTime"))
    except ValueError:
        time = None
    if not time:
        raise RenderError("RadiopharmaceuticalStartDateTime is missing")
    if half_life > LONGEST_LIVED_ON_ONE_DAY:
        raise RenderError("the date of the injection is missing, and the nuclide lives for days")
    injection = datetime.combine(scan.date(), time)
    if injection > scan:
        injection -= timedelta(days=1)
    return injection, "the injection has a time and no date; it is taken to be the last such time before the scan"


def _moment(header: Dataset, stem: str) -> datetime | None:
    try:
        date, time = DA(header_text(header, f"{stem}Date")), TM(header_text(header, f"{stem}Time"))
    except ValueError:
        return None
    return datetime.combine(date, time) if date and time else None


def _date_time(header: Dataset, text: str) -> datetime | None:
    """A DT as local time of the header's zone, which its dates and times are in; None where it is none."""
    try:
        moment = DT(text)
    except ValueError:
        return None
    if not moment:
        return None
    if moment.tzinfo is None:
        return moment.replace()
    zone = _zone(header) or moment.tzinfo
    return moment.astimezone(zone).replace(tzinfo=None)


def _zone(header: Dataset) -> timezone | None:
    """TimezoneOffsetFromUTC, "+0100"."""
    text = header_text(header, "TimezoneOffsetFromUTC")
    try:
        return datetime.strptime(text, "%z").tzinfo
    except ValueError:
        return None


def _computed_start(header: Dataset, acquired: datetime, half_life: float) -> datetime | None:
    """The scan's start, back from the time in the frame at which the count rate was its mean.

    Frame Reference Time (ms) is that moment's distance from the start; Actual Frame Duration is in ms as well.
    """
    reference, duration = (header_number(header, name) for name in ("FrameReferenceTime", "ActualFrameDuration"))
    if not reference or not duration or reference < 0 or duration < 0:
        return None
    decay_constant = math.log(2) / half_life
    decay = decay_constant * duration / 1000
    mean_rate = math.log(decay / -math.expm1(-decay)) / decay_constant
    return acquired + timedelta(seconds=mean_rate - reference / 1000)

"""Shifting DICOM dates by whole days, so that intervals survive."""

import re
from datetime import date, timedelta

_DA = r"(\d{4})\.?(\d{2})\.?(\d{2})"
_DT = r"(\d{4})(\d{2})?(\d{2})?((?:\d{2}){0,3}(?:\.\d{1,6})?)([+-]\d{4})?"


def shift_dates(vr: bytes, value: bytes, days: int) -> bytes | None:
    """Encoded DA or DT value (also multi-valued, also a range) moved by `days`; None where it is no date.

    The precision stays: a DT that names only year or month is moved from its first day and cut again. Time of day
    and offset from UTC are untouched. The retired form YYYY.MM.DD (PS3.5 6.2) is read and written as YYYYMMDD.
    """
    shift = _shift_da if vr == b"DA" else _shift_dt
    try:
        text = value.decode("ascii").rstrip("\0 ")
        parts = [shift(part.strip(" "), days) for part in text.split("\\")]
    except (ValueError, OverflowError):
        return None
    return "\\".join(parts).encode("ascii")


def _shift_da(text: str, days: int) -> str:
    if "-" in text:
        return "-".join(_shift_da(end, days) for end in text.split("-"))
    if not text:
        return text
    match = re.fullmatch(_DA, text)
    if match is None:
        raise ValueError(text)
    return f"{date(*map(int, match.groups())) + timedelta(days):%Y%m%d}".rjust(8, "0")


def _shift_dt(text: str, days: int) -> str:
    if not text:
        return text
    match = re.fullmatch(_DT, text)
    if match is None:
        if text.count("-") == 1:
            return "-".join(_shift_dt(end, days) for end in text.split("-"))
        raise ValueError(text)
    year, month, day, time, offset = match.groups(default="")
    moved = date(int(year), int(month or 1), int(day or 1)) + timedelta(days)
    digits = f"{moved.year:04d}{moved.month:02d}{moved.day:02d}"
    return digits[: len(year + month + day)] + time + offset

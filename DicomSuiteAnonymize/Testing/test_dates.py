"""Shifted dates."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from DicomSuiteAnonymizeLib.dates import shift_dates

days = st.integers(-3650, 3650)
dates = st.dates(date(1900, 1, 1), date(2100, 1, 1))


@given(dates, dates, days)
def test_the_interval_between_two_dates_survives(first, second, offset):
    moved = [shift_dates(b"DA", f"{day:%Y%m%d}".encode(), offset) for day in (first, second)]
    one, other = (date.fromisoformat(text.decode()) for text in moved)
    assert other - one == second - first
    assert one - first == timedelta(offset)


@given(dates, st.times(), days)
def test_the_time_of_day_and_the_offset_from_utc_stay(day, time, offset):
    text = f"{day:%Y%m%d}{time:%H%M%S.%f}+0100"
    moved = shift_dates(b"DT", text.encode(), offset).decode()
    assert moved[8:] == text[8:]
    assert moved[:8] == f"{day + timedelta(offset):%Y%m%d}"


@pytest.mark.parametrize(
    ("vr", "value", "moved"),
    [
        (b"DA", b"20200301", b"20200229"),
        (b"DA", b"2020.03.01", b"20200229"),
        (b"DA", b"20200301\\20200302 ", b"20200229\\20200301"),
        (b"DA", b"20200301-20200305", b"20200229-20200304"),
        (b"DA", b"20200301-", b"20200229-"),
        (b"DT", b"2020", b"2019"),
        (b"DT", b"202003", b"202002"),
        (b"DT", b"20200301120000-20200302", b"20200229120000-20200301"),
        (b"DT", b"20200301-0500", b"20200229-0500"),
        (b"DA", b"", b""),
    ],
)
def test_forms_of_dates(vr, value, moved):
    assert shift_dates(vr, value, -1) == moved


@pytest.mark.parametrize("value", [b"20201332", b"yesterday", b"00010101", b"2020-03-01", b"\xff", b"20200301x"])
def test_what_is_no_date_is_not_shifted(value):
    assert shift_dates(b"DA", value, -400) is None

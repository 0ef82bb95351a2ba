"""What looks like a date, a time of day, or an age that singles out a person."""

from collections.abc import Iterator

from DicomSuiteAnonymizeLib.words.descriptor_words import words_of
from DicomSuiteAnonymizeLib.words.forms import AFTER, BEFORE, Form, any_of, free, listed, numbers, with_sign, with_word

_YEARS = (
    "y", "yo", "year", "years", "yr", "yrs", "jahr", "jahre", "jährig", "jährige", "jähriger", "jährigen", "ans",
    "años", "anni",
)  # fmt: skip
_AGE = ("age", "aged", "alter", "âge", "edad", "età")
_YEAR = r"(?:19|20)\d\d"
_MONTH_NUMBER, _DAY_NUMBER = r"(?:0?[1-9]|1[0-2])", r"(?:0?[1-9]|[12]\d|3[01])"


def times() -> Iterator[Form]:
    """Times of day, with a colon or a word for the hour."""
    hour = r"(?:[01]?\d|2[0-3])"
    yield numbers((rf"{hour}:[0-5]\d(?::[0-5]\d(?:\.\d+)?)?(?:\s*(?:[ap]m|uhr|h))?",), signs=":")
    yield numbers(
        (rf"{hour}h[0-5]\d", rf"{hour}(?:\.[0-5]\d)?\s*(?:uhr|[ap]\.m\.|[ap]m(?!\s+\d))"),
        with_word(("h", "uhr", "a", "p", "am", "pm")),
    )


def dates() -> Iterator[Form]:
    """Dates in the notations of many languages, of the Japanese eras, and behind words for a birth."""
    yield numbers((
        rf"{_YEAR}(?P<a>[-./_ ]?)(?:0[1-9]|1[0-2])(?P=a)(?:0[1-9]|[12]\d|3[01])(?:[T ]?\d{{4,6}}(?:\.\d+)?)?",
        rf"{_YEAR}(?P<b>[-./])\s?{_MONTH_NUMBER}(?P=b)\s?{_DAY_NUMBER}",
        rf"{_DAY_NUMBER}(?P<c>[-./])\s?{_DAY_NUMBER}(?P=c)\s?(?:{_YEAR}|\d\d)",
        rf"{_DAY_NUMBER}_{_DAY_NUMBER}_{_YEAR}",
        rf"{_DAY_NUMBER}\s{_MONTH_NUMBER}\s{_YEAR}",
        rf"{_DAY_NUMBER}\.\s?{_MONTH_NUMBER}\.(?!\d)",
        r"(?:0[1-9]|[12]\d|3[01])/(?:0[1-9]|[12]\d|3[01])",
        rf"{_MONTH_NUMBER}[-./]{_YEAR}|{_YEAR}[-./]{_MONTH_NUMBER}",
        rf"(?-i:[HRS])\d{{1,2}}\.{_MONTH_NUMBER}\.{_DAY_NUMBER}",  # the Japanese eras since 1926
    ))  # fmt: skip
    yield free(
        rf"{BEFORE}{_YEAR}\s?[年년](?:\s?\d{{1,2}}\s?[月월](?:\s?\d{{1,2}}\s?[日일])?)?|"
        rf"{BEFORE}\d{{1,2}}\s?[月월]\s?\d{{1,2}}\s?[日일]|"
        r"(?:令和|平成|昭和|大正)\s?(?:\d{1,2}|元)\s?年(?:\s?\d{1,2}\s?月(?:\s?\d{1,2}\s?日)?)?",
        with_sign("年년月월"),
    )
    yield from _dates_with_months()
    # The month is gone already where it is somebody's name as well.
    yield free(
        rf"{BEFORE}{_DAY_NUMBER}[\s.]*\0+[\s.,]*{_YEAR}{AFTER}|\0\s*{_DAY_NUMBER}\s*,\s*{_YEAR}{AFTER}", signs="\0"
    )
    born, has_label = listed("birth_label"), with_word(words_of("birth_label"))
    day = rf"(?:\d[\d./ -]*){AFTER}"
    yield free(rf"{BEFORE}{born}\W{{0,4}}(?:(?:am|on|le|il|el|in)\W{{1,3}})?{day}", has_label)
    yield free(rf"\*\s?{day}", signs="*")


def _dates_with_months() -> Iterator[Form]:
    month, has_month = listed("month"), with_word(words_of("month"))
    yield free(
        rf"{BEFORE}{_DAY_NUMBER}(?:st|nd|rd|th|er|[º°.])?[\s_-]*(?:(?:de|of|di)\s)?{month}{AFTER}\.?"
        rf"(?:[\s,_-]*(?:del?\s)?(?:{_YEAR}|'?\d\d){AFTER})?",
        has_month,
    )
    yield free(
        rf"{BEFORE}{month}(?:\.\s*|[\s_-]+){_DAY_NUMBER}(?:st|nd|rd|th)?{AFTER}(?:,?\s*{_YEAR}{AFTER})?", has_month
    )
    yield free(rf"{BEFORE}{month}[\s.,_-]*(?:del?\s)?{_YEAR}{AFTER}", has_month)
    yield free(rf"{BEFORE}{_DAY_NUMBER}[._-]?{month}[._-]?(?:{_YEAR}|\d\d){AFTER}", has_month)


def ages() -> Iterator[Form]:
    """Ages over 89 single out a person (45 CFR 164.514)."""
    old = r"0?(?:9\d|1[01]\d)"
    years = rf"(?:y/o|y\.o\.|{any_of(_YEARS)})"
    yield numbers((rf"{old}[\s-]*{years}", rf"{any_of(_AGE)}[\s:=]*{old}"), with_word((*_YEARS, *_AGE)))

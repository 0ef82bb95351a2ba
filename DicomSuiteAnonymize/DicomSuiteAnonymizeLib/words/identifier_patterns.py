"""What looks like an identifier whoever it belongs to: dates, times, numbers of telephones and files, addresses.

In descriptions an underscore separates words like a space, so that `\\b` is of no use here.
"""

import re
from collections.abc import Callable, Iterable
from functools import cache

from DicomSuiteAnonymizeLib.words.descriptor_words import is_ordinary, words_of

_BEFORE, _AFTER = r"(?<![^\W_])", r"(?![^\W_])"
_YEAR = r"(?:19|20)\d\d"
_MONTH_NUMBER, _DAY_NUMBER = r"(?:0?[1-9]|1[0-2])", r"(?:0?[1-9]|[12]\d|3[01])"
_SEPARATOR = r"[\s:.#=°º_-]"
_COUNTED = r"(?:n[or°º]?|nr|num|number|nummer|numéro|número|numero|id)"
_MOST_DIGITS = 4
"""More digits than this in a row are a file's or a person's number, not a parameter of a protocol."""
_MOST_MIXED_RUNS = 4
_DIGIT_OR_ADDRESS = re.compile(r"\d|@|www\.|[\\/]")
"""What each of the patterns needs."""


def masked(text: str) -> str:
    """The text with every character of what looks like an identifier made \\1; its length stays."""
    if _DIGIT_OR_ADDRESS.search(text) is None:
        return text
    for pattern in _compiled(_addresses_of_computers):
        text = pattern.sub(_mask, text)
    text = _ALPHANUMERIC.sub(_mask_number, text)
    for group in (_places, _times, _dates, _ages, _telephones, _numbers):
        for pattern in _compiled(group):
            text = pattern.sub(_mask, text)
    return text


def _mask(match: re.Match[str]) -> str:
    return "\1" * len(match[0])


@cache
def _compiled(group: Callable[[], Iterable[str]]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in group())


def _addresses_of_computers() -> Iterable[str]:
    yield r"[\w.+\0-]+@[\w\0-]+(?:\.[\w-]+)*"
    yield r"(?:[a-z]{2,6}://|www\.)\S+"
    yield r"(?<![\w.])(?:[a-z]:[\\/]|~[\\/]|[\\/]{1,2}(?=[\w.-]+[\\/]))[^\s,;\0\1]+"  # path of a file
    yield rf"{_BEFORE}\d[\d.]*\.\d+\.\d+\.\d[\d.]*{_AFTER}"  # UID, IP address


def _places() -> Iterable[str]:
    street, number = _any_of("street"), r"\d{1,4}\s?[a-z]?"
    name = r"(?-i:[A-ZÀ-Þ])[^\W\d_]*\.?"
    road = r"(?:(?-i:St|Rd|Ave|Ln)\.?|street|road|avenue|lane|drive|boulevard|blvd\.?|court|str\.|straße|strasse)"
    yield rf"{_BEFORE}[^\W\d_]+(?:straße|strasse|str\.?|weg|platz|allee|gasse|damm|ufer)\s+{number}{_AFTER}"
    yield rf"{_BEFORE}\d{{1,5}},?\s+(?:{name}\s+){{1,3}}{road}{_AFTER}"
    yield rf"{_BEFORE}(?:{name}\s+){{1,2}}{road}\s+{number}{_AFTER}"
    yield (
        rf"{_BEFORE}(?:\d{{1,4}},?\s+)?(?:rue|quai|avenue|boulevard|impasse|calle|avenida|avda|paseo|plaza|viale|via|"
        rf"piazza|corso|vicolo)\.?\s+(?:{name}\s+){{1,4}}{number}{_AFTER}"
    )
    yield rf"{_BEFORE}\d{{1,4}},?\s+(?:rue|quai|avenue|boulevard|impasse)\s+{name}(?:\s+{name}){{0,3}}"
    yield rf"{_BEFORE}(?:p\.?\s?o\.?\s?box|postfach|apartado|casella\spostale|{street}\s+(?:no|nr)\.?)\s*\d+{_AFTER}"


def _times() -> Iterable[str]:
    yield rf"{_BEFORE}(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?(?:\s*(?:[ap]m|uhr|h))?{_AFTER}"
    yield rf"{_BEFORE}(?:[01]?\d|2[0-3])h[0-5]\d{_AFTER}"
    yield rf"{_BEFORE}(?:[01]?\d|2[0-3])(?:\.[0-5]\d)?\s*(?:uhr|[ap]\.m\.|[ap]m(?!\s+\d)){_AFTER}"


def _dates() -> Iterable[str]:
    month = _any_of("month")
    yield rf"{_BEFORE}{_YEAR}([-./_ ]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])(?:[T ]?\d{{4,6}}(?:\.\d+)?)?{_AFTER}"
    yield rf"{_BEFORE}{_YEAR}([-./])\s?{_MONTH_NUMBER}\1\s?{_DAY_NUMBER}{_AFTER}"
    yield rf"{_BEFORE}{_DAY_NUMBER}([-./])\s?{_DAY_NUMBER}\1\s?(?:{_YEAR}|\d\d){_AFTER}"
    yield rf"{_BEFORE}{_DAY_NUMBER}_{_DAY_NUMBER}_{_YEAR}{_AFTER}"
    yield rf"{_BEFORE}{_DAY_NUMBER}\s{_MONTH_NUMBER}\s{_YEAR}{_AFTER}"
    yield rf"{_BEFORE}{_YEAR}\s?年(?:\s?\d{{1,2}}\s?月(?:\s?\d{{1,2}}\s?日)?)?|{_BEFORE}\d{{1,2}}\s?月\s?\d{{1,2}}\s?日"
    yield rf"{_BEFORE}{_DAY_NUMBER}\.\s?{_MONTH_NUMBER}\.(?!\d)"
    yield rf"{_BEFORE}(?:0[1-9]|[12]\d|3[01])/(?:0[1-9]|[12]\d|3[01]){_AFTER}"
    yield rf"{_BEFORE}{_MONTH_NUMBER}[-./]{_YEAR}{_AFTER}|{_BEFORE}{_YEAR}[-./]{_MONTH_NUMBER}{_AFTER}"
    yield (
        rf"{_BEFORE}{_DAY_NUMBER}(?:st|nd|rd|th|er|[º°.])?[\s_-]*(?:(?:de|of|di)\s)?{month}{_AFTER}\.?"
        rf"(?:[\s,_-]*(?:del?\s)?(?:{_YEAR}|'?\d\d){_AFTER})?"
    )
    yield rf"{_BEFORE}{month}(?:\.\s*|[\s_-]+){_DAY_NUMBER}(?:st|nd|rd|th)?{_AFTER}(?:,?\s*{_YEAR}{_AFTER})?"
    yield rf"{_BEFORE}{month}[\s.,_-]*(?:del?\s)?{_YEAR}{_AFTER}"
    yield rf"{_BEFORE}{_DAY_NUMBER}[._-]?{month}[._-]?(?:{_YEAR}|\d\d){_AFTER}"
    # The month is gone already where it is somebody's name as well.
    yield rf"{_BEFORE}{_DAY_NUMBER}[\s.]*\0+[\s.,]*{_YEAR}{_AFTER}|\0\s*{_DAY_NUMBER}\s*,\s*{_YEAR}{_AFTER}"
    born = _any_of("birth_label")
    yield rf"(?:{_BEFORE}{born}\W{{0,4}}(?:(?:am|on|le|il|el|in)\W{{1,3}})?|\*\s?)(?:\d[\d./ -]*){_AFTER}"


def _ages() -> Iterable[str]:
    """Ages over 89 single out a person (45 CFR 164.514)."""
    years = r"(?:y/o|y\.o\.|years?|yrs?|yo|y|jahre?|jährige?[rn]?|ans|años|anni)"
    yield rf"{_BEFORE}0?(?:9\d|1[01]\d)[\s-]*{years}{_AFTER}"
    yield rf"{_BEFORE}(?:aged?|alter|âge|edad|età)[\s:=]*0?(?:9\d|1[01]\d){_AFTER}"


def _telephones() -> Iterable[str]:
    yield rf"{_BEFORE}{_any_of('phone_label')}[\s:.#/-]*\+?\(?\d[\d\s()/.-]{{2,}}\d{_AFTER}"
    yield rf"(?<![\w.])(?:\+|\(|0(?=\d))(?=(?:[\s()/-]{{0,2}}\d){{6}})[\d\s()/-]*\d{_AFTER}"
    yield rf"{_BEFORE}\d{{3}}[-.\s]\d{{3}}[-.\s]\d{{4}}{_AFTER}|{_BEFORE}\d{{3}}-\d{{4}}{_AFTER}"
    yield rf"{_BEFORE}\d{{2}}(?:[ .]\d{{2}}){{4}}{_AFTER}"


def _numbers() -> Iterable[str]:
    token = r"(?=[^\s,;()]*\d)[^\s,;()\0]+"
    person = r"(?:patient(?:in|en|e)?|paciente|paziente|pat|pt|subject|proband)"
    yield rf"{_BEFORE}{_any_of('id_label')}(?:{_SEPARATOR}*{_COUNTED}{_AFTER})?(?:{_SEPARATOR}+|(?=\d)){token}"
    yield rf"{_BEFORE}{person}\.?\s*-?(?:[:#=]|{_COUNTED}{_AFTER})[\s:.#=-]*{token}"
    yield r"#\s?\d{2,}"
    yield rf"{_BEFORE}\d{{3}}-\d{{2}}-\d{{4}}{_AFTER}"
    yield rf"{_BEFORE}\d{{1,2}}-\d{{4,}}{_AFTER}|{_BEFORE}(?=(?:-?\d){{6}})\d+(?:-\d+){{2,}}{_AFTER}"
    yield rf"(?<![.,]){_BEFORE}\d{{5,}}{_AFTER}"


_ALPHANUMERIC = re.compile(r"[^\W_]+(?:[-/.#:]\d{3,})?")
_RUNS = re.compile(r"\d+|[^\W\d_]+")


def _mask_number(match: re.Match[str]) -> str:
    token = match[0]
    return "\1" * len(token) if _is_number_of_someone(token) else token


def _is_number_of_someone(token: str) -> bool:
    """AB1234, HOSP-4711, 4F7G2K9; not TE80, b1000, 512x512, CT-2019, t2spcrstp2iso."""
    runs = _RUNS.findall(token)
    digits = [run for run in runs if run.isdecimal()]
    letters = [run for run in runs if not run.isdecimal()]
    if not digits or not letters:
        return False
    if max(map(len, digits)) > _MOST_DIGITS:
        return True
    if all(map(_is_parameter, letters)):
        return False
    is_code = token.isupper() and len(runs) > _MOST_MIXED_RUNS
    return sum(map(len, digits)) >= _MOST_DIGITS or is_code or (_is_cased(letters[0]) and "-" in token)


def _is_parameter(letters: str) -> bool:
    return letters in ("b", "B", "x", "v", "V", "s", "p", "k", "e", "i") or (len(letters) > 1 and is_ordinary(letters))


def _is_cased(letters: str) -> bool:
    return len(letters) > 1 and letters[0].isupper()


def _any_of(kind: str) -> str:
    longest_first = sorted(words_of(kind), key=lambda word: (-len(word), word))
    return rf"(?:{'|'.join(map(re.escape, longest_first))})"

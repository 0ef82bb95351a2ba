"""What looks like a number of a person, a file or a telephone, or like the address of a computer."""

import re
from collections.abc import Iterator

from DicomSuiteAnonymizeLib.words.descriptor_words import is_ordinary, words_of
from DicomSuiteAnonymizeLib.words.forms import AFTER, BEFORE, TAKEN, Form, free, listed, numbers, with_word

_MOST_DIGITS = 4
"""More digits than this in a row are a file's or a person's number, not a parameter of a protocol."""
_MOST_MIXED_RUNS = 4
_SEPARATOR = r"[\s:.#=°º_-]"
_COUNTED = r"(?:n[or°º]?|nr|num|number|nummer|numéro|número|numero|id)"
_PERSONS = (
    "patient", "patientin", "patienten", "patiente", "paciente", "paziente", "pat", "pt", "subject", "proband",
)  # fmt: skip


def addresses_of_computers() -> Iterator[Form]:
    """Mail and web addresses, paths of files, UIDs."""
    yield free(r"[\w.+\0-]+@[\w\0-]+(?:\.[\w-]+)*", signs="@")
    yield free(r"[a-z]{2,6}://\S+", signs="/")
    yield free(r"www\.\S+", with_word(("www",)))
    yield free(r"(?<![\w.])(?:[a-z]:[\\/]|~[\\/]|[\\/]{1,2}(?=[\w.-]+[\\/]))[^\s,;\0\1]+", signs="/\\")
    yield numbers((r"\d[\d.]*\.\d+\.\d+\.\d[\d.]*",), signs=".")


def grouped_numbers() -> Iterator[Form]:
    """Numbers of persons and files whose groups of digits must not be taken for numbers of their own."""
    yield numbers((
        r"(?=[\d./-]{0,20}\d{5})(?!\d{1,3}[.,]\d+(?![\d./-]))\d{1,12}(?:[./-]\d{1,12}){1,8}[a-z]?",
        r"\d{1,9}/(?<=\d{4}/)\d{1,9}-\d{1,9}",
        r"\d{1,3}(?:\.\d{3}){2,5}(?:-[\dk]{1,2})?",  # DNI, RUT, CPF
        r"\d{6}[-+a]\d{3}[\da-z]",  # Nordic personal numbers
    ), signs="./-+")  # fmt: skip


def telephones() -> Iterator[Form]:
    """Telephone numbers behind a label and in the formats of many countries."""
    extension = r"(?:\s?(?:x|ext\.?)\s?\d{1,6})?"
    labels = "phone_label"
    yield free(
        rf"{BEFORE}{listed(labels)}[\s:.#/-]*\+?\(?\d[\d\s()/.-]{{2,}}\d{extension}{AFTER}",
        with_word(words_of(labels)),
    )
    yield free(rf"\+\d{{1,3}}(?:[\s().-]{{0,3}}\d){{6,12}}{extension}{AFTER}", signs="+")
    round_or_year = r"(?:(?:19|20)\d\d|\d{3}0)"
    forms = (
        rf"(?:(?:00)?\d{{1,3}}[-.\s]?)?\(?\d{{3}}\)?[-.\s]?\d{{3}}[-.\s]\d{{4}}{extension}",
        r"\(?\d{2,4}\)?[-\s]\d{4,5}-\d{4}",
        r"(?:\(\d{1,3}\)\s)?\d{3}(?P<a>[\s.])\d{3}(?P=a)\d{3}",
        r"\d\s\d{3}\s\d{3}\s\d{2}\s\d{2}",
        r"\d{2,4}[\s/-]\d{6,8}",
        r"\d{3}[-\s]\d{3}\s\d{2}\s\d{2}",
        r"\d{2}\s\d{4}\s\d{4}",
        r"\d{3}\s\d{2}\s\d{3}",
        r"\d{4}\s\d{3}\s\d{3}",
        r"\d{2}/\d{3}\s\d{4}",
        r"(?:\(|0(?=\d))(?=(?:[\s()/-]{0,2}\d){6})[\d\s()/-]*\d",
        r"(?=(?:-?\d){6})\d+(?:-\d+){2,}",
        r"\d{3}-\d{4}",
        rf"(?!{round_or_year}[-\s]{round_or_year})\d{{4}}[-\s]\d{{4}}",
        r"\d{2}(?:[ .]\d{2}){3,4}",
    )
    yield free(rf"{BEFORE}(?<!\.)(?:{'|'.join(forms)}){AFTER}")


def labelled_numbers() -> Iterator[Form]:
    """Numbers behind words like MRN and Fallnummer, and what is too long for a parameter."""
    token = r"(?=[^\s,;()]*\d)[^\s,;()\0]+"
    labels = listed("id_label")
    yield free(
        rf"{BEFORE}{labels}(?:{_SEPARATOR}*{_COUNTED}{AFTER})?(?:{_SEPARATOR}+|(?=\d)){token}",
        with_word(words_of("id_label")),
    )
    yield free(
        rf"{BEFORE}(?:{'|'.join(_PERSONS)})\.?\s*-?(?:[:#=]|{_COUNTED}{AFTER})[\s:.#=-]*{token}", with_word(_PERSONS)
    )
    yield free(r"#\s?\d{2,}", signs="#")
    yield numbers((r"\d{3}-\d{2}-\d{4}", r"\d{1,2}-\d{4,}", r"(?<![.,])\d{5,}"))


_ALPHANUMERIC = re.compile(
    rf"{BEFORE}(?:\d+[^\W\d_]|[^\W\d_]+\d)[^\W_]*(?:[-/.#:]\d{{3,}}){{0,4}}|{BEFORE}[^\W\d_]+(?:[-/.#:]\d{{3,}}){{1,4}}"
)
_RUNS = re.compile(r"\d+|[^\W\d_]+")
_CODE = re.compile(r"[A-Z]{2,}-\d{4,}-\d{3,}")
"""A file's number whatever its letters mean: CT-4711-093."""
_PARAMETERS = frozenset("bBxvVspkei")


def without_codes(text: str) -> str:
    """The text with TAKEN for AB1234, HOSP-4711, 4F7G2K9; not for TE80, b1000, 512x512, CT-2019, t2spcrstp2iso."""
    return _ALPHANUMERIC.sub(_without_code, text)


def _without_code(match: re.Match[str]) -> str:
    return TAKEN * len(match[0]) if _is_number_of_someone(match[0]) else match[0]


def _is_number_of_someone(token: str) -> bool:
    runs = _RUNS.findall(token)
    digits = [run for run in runs if run.isdecimal()]
    letters = [run for run in runs if not run.isdecimal()]
    if max(map(len, digits)) > _MOST_DIGITS:
        return True
    if all(map(_is_parameter, letters)):
        return _CODE.fullmatch(token) is not None
    is_code = token.isupper() and len(runs) > _MOST_MIXED_RUNS
    return sum(map(len, digits)) >= _MOST_DIGITS or is_code or (_is_cased(letters[0]) and "-" in token)


def _is_parameter(letters: str) -> bool:
    return letters in _PARAMETERS or (len(letters) > 1 and is_ordinary(letters))


def _is_cased(letters: str) -> bool:
    return len(letters) > 1 and letters[0].isupper()

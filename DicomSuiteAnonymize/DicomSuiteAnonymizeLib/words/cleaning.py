"""Clean options for text: the words stay, identifiers go (PS3.15 E.3.4, E.3.5).

What is taken out becomes \\0 (names) or \\1 (numbers, dates) in a text of unchanged length, so that each step sees what
the steps before it found; at last these signs become spaces.
"""

import re
import unicodedata
from functools import lru_cache

from DicomSuiteAnonymizeLib.character_sets import decode_text, encode_text
from DicomSuiteAnonymizeLib.leaks import Needles
from DicomSuiteAnonymizeLib.subject import Subject
from DicomSuiteAnonymizeLib.words.identifier_patterns import masked
from DicomSuiteAnonymizeLib.words.known_words import KnownWords
from DicomSuiteAnonymizeLib.words.unknown_words import without_names

_SINGLE_VALUED = frozenset((b"LT", b"ST", b"UT"))
_LINE_ENDS, _BACKSLASHES = re.compile(r"(\r\n|[\r\n\f])"), re.compile(r"(\\)")
_TAKEN_OUT = re.compile(r"[\0\1]")
_SPACE, _JOINER, _LINK = r"\s{0,20}", r"[\s.,:;'’^&/+_=*#|-]{0,20}", r"[-'’/&+^_]{0,20}"
_TIDY = (
    (r"[\0\1]['’]s(?![^\W_])", "\0"),
    (rf"[\0\1](?:{_JOINER}[\0\1])*", "\0"),
    (rf"[(\[<]{_JOINER}\0{_JOINER}[)\]>]", "\0"),
    (rf"\0(?:{_JOINER}\0)+", "\0"),
    (rf"^{_JOINER}\0{_JOINER}|{_JOINER}\0{_JOINER}$", ""),
    (rf"[_^]{_SPACE}\0{_SPACE}(?=[_^])", ""),
    (rf"[,;:]{_SPACE}\0{_SPACE}(?=[,;:.])|{_SPACE}\0{_SPACE}(?=[,;:.!?)\]])|(?<=[(\[])\0{_SPACE}", ""),
    (rf"{_SPACE}{_LINK}\0{_LINK}{_SPACE}", " "),
)
"""What is put in place of what, in this order, so that no separators are left behind."""

_LONGEST_PIECE = 1000
"""Characters that are searched at a time: the time for some patterns grows with the square of the length."""
_LONGEST_WORD = 150
_BREAK = r"\s。、，；：,;"
_ENDLESS_WORD = re.compile(rf"[^{_BREAK}]{{{_LONGEST_WORD},}}")
_PIECE = re.compile(rf".{{1,{_LONGEST_PIECE}}}(?<=[.!?;。]\s)|.{{1,{_LONGEST_PIECE}}}(?:(?<=[{_BREAK}])|\Z)", re.DOTALL)
"""Up to the end of a sentence where there is one, otherwise of a word."""


def clean_text(value: bytes, vr: bytes, subject: Subject) -> bytes | None:
    """Encoded value of a description without names, dates, numbers and places; unchanged where there are none.

    None where the value cannot be read in the data set's character set: then nothing of it may stay.
    """
    return _cleaned(value, vr, subject, without_names)


def clean_machine_text(value: bytes, vr: bytes, subject: Subject) -> bytes | None:
    """The same for text that a device has written, whose words nobody else knows: unknown words stay.

    None where the value cannot be read in the data set's character set.
    """
    return _cleaned(value, vr, subject, _without_known_names)


def _cleaned(value: bytes, vr: bytes, subject: Subject, without) -> bytes | None:
    try:
        text = unicodedata.normalize("NFC", decode_text(value.rstrip(b"\0 "), subject.character_set))
        parts = (_LINE_ENDS if vr in _SINGLE_VALUED else _BACKSLASHES).split(text)
        known = _known_words(subject.needles)
        lines = {part: _cleaned_line(part, subject.needles, known, without) for part in set(parts[::2])}
        parts[::2] = map(lines.__getitem__, parts[::2])
        cleaned = "".join(parts)
        if cleaned == text:
            return value
        return encode_text(cleaned if any(parts[::2]) else "", vr, subject.character_set)
    except ValueError:
        return None


@lru_cache(maxsize=16)
def _known_words(needles: Needles) -> KnownWords:
    return KnownWords(needles)


def _cleaned_line(line: str, needles: Needles, known: KnownWords, without) -> str:
    found = "".join(without(masked(piece), known) for piece in _pieces(needles.masked(line)))
    if _TAKEN_OUT.search(found) is None:
        return line
    for pattern, replacement in _TIDY:
        found = re.sub(pattern, replacement, found)
    return found if any(map(str.isalnum, found)) else ""


def _pieces(line: str) -> list[str]:
    """The line in parts that are short enough; what is too long to be a word is taken out."""
    return [line] if len(line) <= _LONGEST_PIECE else _PIECE.findall(_ENDLESS_WORD.sub("\0", line))


_WORD = re.compile(r"[^\W\d_]+")


def _without_known_names(text: str, known: KnownWords) -> str:
    return _WORD.sub(lambda match: "\0" * len(match[0]) if known.holds(match[0]) else match[0], text)

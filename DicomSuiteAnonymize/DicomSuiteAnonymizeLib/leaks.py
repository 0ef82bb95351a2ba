"""Finding original values in what was written: names copied into comments, IDs inside descriptions, old UIDs."""

import re
from functools import cached_property

from DicomSuiteAnonymizeLib.character_sets import ESCAPE_SEQUENCES, decode_text, encode_text
from DicomSuiteAnonymizeLib.keys import WELL_KNOWN_ROOT

NAME_VRS = frozenset(b"LO LT PN SH ST UC UR UT".split())
"""Where parts of names are looked for; in code strings, numbers and dates they would be chance hits."""
CODE_VRS = frozenset((b"AE", b"CS"))
"""Where only whole identifiers are looked for."""

_SEPARATORS = re.compile(r"[\^=\s,;/\\]+")
_COMMON_WORDS = frozenset(
    [
        "anonym",
        "anonymous",
        "anonymized",
        "anonymised",
        "unknown",
        "none",
        "null",
        "patient",
        "phantom",
        "test",
        "name",
        "doctor",
        "prof",
        "mrs",
        "miss",
        "the",
        "and",
        "von",
        "van",
        "der",
        "den",
        "del",
        "dos",
        "las",
        "los",
    ]
)
"""Parts of "names" that say nothing about a person and stand in ordinary text."""
_MIN_NAME, _MIN_IDEOGRAPHIC_NAME = 3, 2
_MIN_ID, _MIN_NUMERIC_ID = 4, 5
_FREE_STANDING = 6
"""From this length on a word is found inside longer words too (mueller in "muellerthorax")."""
_IDEOGRAPHS = 0x2E80
_UID_PREFIX = 24


class Needles:
    """The original values of one instance that its output must not contain.

    Parameters
    ----------
    identifying
        (tag, VR, encoded value) of the attributes that were changed because they identify somebody.
    character_set
        Value of (0008,0005); values are looked for in it and in UTF-8.
    """

    def __init__(self, identifying: tuple[tuple[int, bytes, bytes], ...], character_set: bytes) -> None:
        self.identifying = identifying
        self.character_set = character_set
        self._names: set[str] = set()
        self._ids: set[str] = set()
        for _, vr, value in identifying:
            self._add(vr, value)
        self._tokens = self._encoded_tokens()

    @property
    def words(self) -> frozenset[str]:
        """Parts of names, identifiers and dates as text."""
        return frozenset(self._names | self._ids)

    def may_contain(self, elements: bytes) -> bool:
        """Quick look at the bytes of encoded elements; False is certain."""
        return any(map(elements.lower().__contains__, self._tokens))

    def found_in(self, vr: bytes, value: bytes) -> bool:
        """Whether a text value contains one of the originals."""
        pattern = self._pattern_for(vr)
        return pattern is not None and pattern.search(self._text(value)) is not None

    def without(self, vr: bytes, value: bytes) -> bytes:
        """The value with the originals taken out; never empty. Raises ValueError where it cannot be encoded."""
        pattern = self._pattern_for(vr)
        if pattern is None:
            return value
        text = " ".join(pattern.sub(" ", self._text(value)).split()) or "ANONYMIZED"
        return encode_text(text, vr, self.character_set)

    def masked(self, text: str) -> str:
        """Text of the same length with \\0 for every character of an original."""
        return self._in_text.sub(lambda match: "\0" * len(match[0]), text) if self._in_text else text

    def _text(self, value: bytes) -> str:
        try:
            return decode_text(value, self.character_set)
        except ValueError:
            return value.decode("latin-1")

    def _pattern_for(self, vr: bytes) -> re.Pattern[str] | None:
        if vr in NAME_VRS:
            return self._in_text
        return self._in_codes if vr in CODE_VRS else None

    @cached_property
    def _in_text(self) -> re.Pattern[str] | None:
        return _pattern(self._names | self._ids)

    @cached_property
    def _in_codes(self) -> re.Pattern[str] | None:
        return _pattern(self._ids)

    def _add(self, vr: bytes, value: bytes) -> None:
        text = self._text(value).strip("\0 ")
        if vr == b"PN":
            self._names.update(part for part in _SEPARATORS.split(text) if _is_telling_name(part))
        elif vr == b"DA":
            self._ids.update(_date_forms(text))
        else:
            for part in text.split("\\"):
                self._add_identifier(part.strip(), vr)

    def _add_identifier(self, text: str, vr: bytes) -> None:
        if len(text) >= (_MIN_NUMERIC_ID if text.isdecimal() else _MIN_ID) and text.lower() not in _COMMON_WORDS:
            self._ids.add(text)
        digits = re.sub(r"\D", "", text)
        if vr in (b"SH", b"LT", b"UT") and len(digits) >= 7 and len(digits) > len(text) // 2:
            self._ids.add(digits)  # a telephone number, however it is spaced

    def _encoded_tokens(self) -> tuple[bytes, ...]:
        tokens = set()
        for word in self._names | self._ids:
            for form in {word, word.lower(), word.upper()} if not word.isascii() else {word}:
                tokens.add(form.encode("utf-8").lower())
                try:
                    tokens.add(ESCAPE_SEQUENCES.sub(b"", encode_text(form, b"LO", self.character_set)).lower())
                except ValueError:
                    continue  # this form cannot occur in this character set
        return tuple(sorted(tokens))


class OldUIDs:
    """The UIDs of one instance that were replaced; the standard's own never are."""

    def __init__(self, uids: frozenset[bytes]) -> None:
        self._uids = frozenset(uid for uid in uids if not uid.startswith(WELL_KNOWN_ROOT))
        self.prefixes = frozenset([uid[:_UID_PREFIX] for uid in self._uids])

    def may_contain(self, elements: bytes) -> bool:
        """Quick look at the bytes of encoded elements; False is certain, and the same for the same prefixes."""
        return any(map(elements.__contains__, self.prefixes))

    def found_in(self, vr: bytes, value: bytes) -> bool:
        """Whether the value is, or for text contains, one of the old UIDs."""
        return any(part in self._uids for part in _uids_in(vr, value))

    def replaced(self, vr: bytes, value: bytes, new_uid) -> bytes:
        """Value with every old UID mapped."""
        if not self.found_in(vr, value):
            return value
        return _UID_LIKE.sub(lambda match: new_uid(match[0]) if match[0] in self._uids else match[0], value)


_UID_LIKE = re.compile(rb"[0-9]+(?:\.[0-9]+){3,}")


def _uids_in(vr: bytes, value: bytes) -> list[bytes]:
    return _UID_LIKE.findall(value) if vr == b"UI" or vr in NAME_VRS else []


def _is_telling_name(part: str) -> bool:
    part = part.strip(".-'\"()")
    if any(ord(letter) >= _IDEOGRAPHS for letter in part):
        return len(part) >= _MIN_IDEOGRAPHIC_NAME
    return len(part) >= _MIN_NAME and not part.isdecimal() and part.lower() not in _COMMON_WORDS


def _date_forms(text: str) -> set[str]:
    digits = text.replace(".", "")
    if len(digits) != 8 or not digits.isdecimal():
        return set()
    year, month, day = digits[:4], digits[4:6], digits[6:]
    return {digits} | {
        separator.join(order)
        for separator in ".-/ "
        for order in ((year, month, day), (day, month, year), (month, day, year))
    }


def _pattern(words: set[str]) -> re.Pattern[str] | None:
    if not words:
        return None
    longest_first = sorted(words, key=lambda word: (-len(word), word))
    return re.compile("|".join(map(_bounded, longest_first)), re.IGNORECASE)


def _bounded(word: str) -> str:
    if len(word) >= _FREE_STANDING or ord(word[0]) >= _IDEOGRAPHS:
        return re.escape(word)
    return rf"(?<![^\W_]){re.escape(word)}(?![^\W_])"

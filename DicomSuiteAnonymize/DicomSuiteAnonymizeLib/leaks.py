"""Finding original values in what was written: names copied into comments, IDs inside descriptions, old UIDs."""

import re
import unicodedata
from functools import cached_property, lru_cache

from DicomSuiteAnonymizeLib.character_sets import ESCAPE_SEQUENCES, decode_text, encode_text
from DicomSuiteAnonymizeLib.keys import WELL_KNOWN_ROOT
from DicomSuiteAnonymizeLib.name_writings import IDEOGRAPHS, joined_writings, writings, writings_with_initials

NAME_VRS = frozenset(b"LO LT PN SH ST UC UR UT".split())
"""Where parts of names are looked for; in code strings, numbers and dates they would be chance hits."""
CODE_VRS = frozenset((b"AE", b"CS"))
"""Where only whole identifiers are looked for."""

_SEPARATORS = re.compile(r"[\^=\s,;/\\]+")
_WORD = re.compile(r"[^\W\d_]+")
_GROUPS = re.compile(r"[\\=]")
_COMPONENT = re.compile(r"[^\\^=,]+")
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
_MIN_WITH_INITIAL = 5
"""Han^Dong must not make a hand."""
_MIN_ID, _MIN_NUMERIC_ID = 4, 5
_FREE_STANDING, _FREE_STANDING_JOINED = 6, 8
"""From this length on a word is found inside longer words too: mueller in "muellerthorax", but for Han^Tom no hantom in
"phantom"."""
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
        self._full_names: set[str] = set()
        self._looked_for: set[str] = set()
        for _, vr, value in identifying:
            self._add(vr, value)
        self._tokens = self._encoded_tokens()

    @property
    def words(self) -> frozenset[str]:
        """Parts and variants of names, identifiers and dates as text."""
        return frozenset(self._names | self._ids | self._variants.keys())

    def may_contain(self, elements: bytes) -> bool:
        """Quick look at the bytes of encoded elements; False is certain."""
        return any(map(elements.lower().__contains__, self._tokens))

    def found_in(self, vr: bytes, value: bytes) -> bool:
        """Whether a text value contains one of the originals."""
        if not (vr in NAME_VRS or vr in CODE_VRS) or not self.may_contain(value):
            return False
        text = self._text(value)
        pattern = _pattern(self._words_for(vr), text)
        return pattern is not None and pattern.search(text) is not None

    def without(self, vr: bytes, value: bytes) -> bytes:
        """The value with the originals taken out; never empty. Raises ValueError where it cannot be encoded."""
        text = self._text(value)
        pattern = _pattern(self._words_for(vr), text)
        if pattern is None:
            return value
        text = " ".join(pattern.sub(" ", text).split()) or "ANONYMIZED"
        return encode_text(text, vr, self.character_set)

    def masked(self, text: str) -> str:
        """Text of the same length with \\0 for every character of an original."""
        pattern = _pattern(self._in_text, text)
        return pattern.sub(lambda match: "\0" * len(match[0]), text) if pattern else text

    def _text(self, value: bytes) -> str:
        try:
            return decode_text(value, self.character_set)
        except ValueError:
            return value.decode("latin-1")

    def _words_for(self, vr: bytes) -> dict[str, int]:
        if vr in NAME_VRS:
            return self._in_text
        return self._in_codes if vr in CODE_VRS else {}

    @cached_property
    def _in_text(self) -> dict[str, int]:
        return self._variants | dict.fromkeys(self._names | self._ids, _FREE_STANDING)

    @cached_property
    def _in_codes(self) -> dict[str, int]:
        return dict.fromkeys(self._ids, _FREE_STANDING)

    @cached_property
    def _variants(self) -> dict[str, int]:
        """How else the names are written, and from which length on each is found inside longer words.

        Words of descriptions are not among them: no lung for Ng^Lu, no spine for Pine^Sam.
        """
        from DicomSuiteAnonymizeLib.words.descriptor_words import is_listed  # its file is only read where it is needed

        variants: dict[str, int] = {}
        for name in self._full_names:
            variants |= dict.fromkeys(_joined(name), _FREE_STANDING_JOINED) | dict.fromkeys(
                _words(name), _FREE_STANDING
            )
        return {variant: length for variant, length in variants.items() if not is_listed(variant)}

    def _add(self, vr: bytes, value: bytes) -> None:
        text = self._text(value).strip("\0 ")
        if vr == b"PN":
            parts, looked_for = _parts_of(text)
            self._full_names.add(text)
            self._names |= parts
            self._looked_for |= looked_for
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
        for word in self._looked_for | self._ids:
            for form in {word, word.lower(), word.upper(), word.title()} if not word.isascii() else {word}:
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


@lru_cache(maxsize=1024)
def _parts_of(name: str) -> tuple[frozenset[str], frozenset[str]]:
    """The parts of a PN value, and words of which every writing of the name holds one."""
    parts = frozenset(filter(_is_telling_name, _SEPARATORS.split(name)))
    words = _words(name)
    looked_for = words | {part for part in parts if words.isdisjoint(_WORD.findall(part))}
    for group in _GROUPS.split(name):
        if _has_short_words(group):
            looked_for |= _joined(group)
    return parts, looked_for


def _words(name: str) -> frozenset[str]:
    """The words of double names and of names with signs, also without accents."""
    words = _WORD.findall(unicodedata.normalize("NFC", name))
    unaccented = (writing for word in words if not word.isascii() for writing in writings(word))
    return frozenset(filter(_is_telling_name, (*words, *unaccented)))


def _joined(name: str) -> frozenset[str]:
    """The parts of a PN value in one word, and its family name with initials."""
    name = _COMPONENT.sub(lambda part: "" if _is_filler(part[0]) else part[0], unicodedata.normalize("NFC", name))
    with_initials = (word for word in writings_with_initials(name) if len(word) >= _MIN_WITH_INITIAL)
    return frozenset(filter(_is_telling_name, (*joined_writings(name), *with_initials)))


def _is_filler(component: str) -> bool:
    """Whether it says nothing about a person, so that Patient^Sam makes no "patients"."""
    return all(word.lower() in _COMMON_WORDS for word in _WORD.findall(component))


def _has_short_words(name: str) -> bool:
    """Whether a variant may consist of words alone that are not looked for by themselves: liwu of Li^Wu."""
    short = [word for word in _WORD.findall(name) if not _is_telling_name(word)]
    return len(short) > 1 and any(word.lower() not in _COMMON_WORDS for word in short)


def _is_telling_name(part: str) -> bool:
    part = part.strip(".-'\"()")
    if any(ord(letter) >= IDEOGRAPHS for letter in part):
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


def _pattern(words: dict[str, int], text: str) -> re.Pattern[str] | None:
    """Pattern of those words that are in the text: of all of a long name's writings it would take long to make."""
    text = text.casefold()
    longest_first = sorted((word for word in words if word.casefold() in text), key=lambda word: (-len(word), word))
    if not longest_first:
        return None
    return re.compile("|".join(_bounded(word, words[word]) for word in longest_first), re.IGNORECASE)


def _bounded(word: str, free_from: int) -> str:
    if len(word) >= free_from or ord(word[0]) >= IDEOGRAPHS:
        return re.escape(word)
    return rf"(?<![^\W_]){re.escape(word)}(?![^\W_])"

"""What looks like an address: streets with their numbers, postal codes, rooms.

The words of Data/descriptor_words.tsv are those of the Universal Postal Union's addressing systems and of USPS
Publication 28 (appendix C1); postal_area are the areas of the United Kingdom.
"""

import re
from collections.abc import Iterator

from DicomSuiteAnonymizeLib.words.descriptor_words import is_ordinary, is_technical, words_of
from DicomSuiteAnonymizeLib.words.forms import (
    AFTER,
    BEFORE,
    TAKEN,
    Form,
    any_of,
    free,
    listed,
    numbers,
    with_ending,
    with_sign,
    with_word,
)

_NUMBER = r"\d{1,5}\s?(?:[a-z](?![^\W_]))?"
_NAME = r"(?-i:[^\W\d_a-zà-ÿ])[^\W\d_]*\.?"
_SHORT_ROAD_BEHIND = ("St", "Rd", "Ave", "Ln", "Dr", "Ct", "Pl", "Blvd", "Hwy", "Pkwy")
_BOXES = ("box", "pobox", "postfach", "apartado", "casella")
_PARTS_OF_BUILDINGS = ("bl", "sc", "ap", "et", "стр", "корп")
_POSTAL_CODE_LABELS = (
    "plz",
    "postcode",
    "zip",
    "cep",
    "cap",
    "psč",
    "irsz",
    "postnr",
    "τκ",
    "code",
    "postal",
    "código",
)


def places() -> Iterator[Form]:
    """Streets with a number, rooms and post office boxes."""
    before, ending, room = listed("road_before"), listed("road_ending"), listed("room")
    road_behind = rf"(?:{listed('road_behind')}|(?-i:{any_of(_SHORT_ROAD_BEHIND)})\.?){AFTER}"
    has_road_behind = with_word((*words_of("road_behind"), *_SHORT_ROAD_BEHIND))
    yield numbers(
        (rf"[^\W\d_]+(?:-[^\W\d_]+){{0,3}}-?{ending}\.?\s+{_NUMBER}(?:[-/]\d{{1,4}})?",),
        with_ending(words_of("road_ending")),
    )
    yield free(rf"{BEFORE}\d{{1,5}}[a-z]?,?\s+(?:{_NAME}\s+){{1,3}}{road_behind}", has_road_behind)
    yield free(rf"{BEFORE}(?:{_NAME}\s+){{1,2}}{road_behind}\s+{_NUMBER}\.?{AFTER}", has_road_behind)
    yield numbers(
        (
            rf"(?:\d{{1,4}},?\s+)?{before}\.?\s+(?:[^\W\d_]{{1,3}}\s+){{0,2}}(?:{_NAME}[\s-]*){{1,4}},?\s*"
            rf"(?:(?:no|nr|nº|n°|д|буд)\.?\s*)?{_NUMBER}",
            rf"\d{{1,4}}(?:\s?bis)?,?\s+{before}\s+(?:[^\W\d_]{{1,3}}\s+){{0,2}}{_NAME}(?:[\s-]{_NAME}){{0,3}}",
        ),
        with_word(words_of("road_before")),
    )
    yield numbers((rf"{room}\.?\s*#?\d{{1,5}}[a-z]?",), with_word(words_of("room")))
    yield numbers((rf"{any_of(_PARTS_OF_BUILDINGS)}\.\s?\d{{1,4}}",), with_word(_PARTS_OF_BUILDINGS))
    yield numbers((r"p\.?\s?o\.?\s?box\s*\d+", r"(?:postfach|apartado|casella\spostale)\s*\d+"), with_word(_BOXES))
    yield numbers((rf"{listed('street')}\s+(?:no|nr)\.?\s*\d+",), with_word(("no", "nr")))
    yield free(
        r"\d{1,5}\s?(?:號|号|番地|丁目|巷|弄)|(?<=[路街巷段])\d{1,5}|(?<=[로길])\s?\d{1,4}(?:-\d{1,4})?(?![^\W_])",
        with_sign("號号番丁巷弄路街段로길"),
    )


def postal_codes() -> Iterator[Form]:
    """Postal codes that no words of imaging look like."""
    yield numbers((r"(?<![-/.])(?!\d{3}0-\d00)\d{4}-\d{3}",), signs="-")
    yield free(r"〒\s?\d{3}-?\d{4}", signs="〒")
    label = r"(?:plz|post\s?code|zip(?:\s?code)?|postal\scode|code\spostal|código\spostal|cep|cap|psč|irsz|postnr|τκ)"
    yield numbers(
        (rf"{label}\W{{0,3}}(?:[A-Z]{{1,2}}-)?\d[\d -]{{2,8}}(?:\s?[A-Z]{{2}})?",), with_word(_POSTAL_CODE_LABELS)
    )


_LETTERED_CODE = re.compile(
    rf"{BEFORE}(?:[1-9]\d{{3}}\s?(?P<dutch>[A-Z]{{2}})|(?P<area>[A-Z]{{1,2}})\d[A-Z\d]?\s\d[ABD-HJLNP-UW-Z]{{2}}|"
    rf"[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z][\s-]\d[ABCEGHJ-NPRSTV-Z]\d|"
    rf"[A-Z]{{2}}\s?\d{{2}}\s?\d{{2}}\s?\d{{2}}\s?[A-Z]){AFTER}"
)
"""Postal codes of the Netherlands, the United Kingdom and Canada; UK National Insurance numbers."""


def without_lettered_codes(text: str) -> str:
    """1234 AB, SW1A 1AA, K1A 0B1 and QQ 12 34 56 C become TAKEN; 2000 MS, 2019 CT and T2 3DT stay."""
    return _LETTERED_CODE.sub(_without_code, text)


def _without_code(match: re.Match[str]) -> str:
    dutch, area = match["dutch"], match["area"]
    is_term = dutch is not None and is_ordinary(dutch)
    is_nowhere = area is not None and area.lower() not in words_of("postal_area")
    return match[0] if is_term or is_nowhere else TAKEN * len(match[0])


_NO_UNIT = rf"(?!\s?(?:mm|cm|ml|mg|kg|ms|sec|min|years?|views?|of|days?|[a-z%°x×]{AFTER}|[.,:]\d|\d))"
_NUMBER_BEHIND_NAME = re.compile(
    rf"(?<=\0)(?:,?\s|[.,]\s?){{1,2}}(?:(?:no|nr|nº|n°|d)\.?\s?)?"
    rf"(?:\d{{2,5}}(?:[-/]\d{{1,5}})?|\d{{1,2}}/\d{{1,3}}|\d(?=\s?(?:[,;.]|$)))[a-zA-Z]?{AFTER}{_NO_UNIT}",
    re.IGNORECASE,
)
_NUMBER_BEFORE_NAME = re.compile(
    r"(?<![^\W_])(?<!\d[.,/])((?:[A-Z]{1,2}-)?\d{2,5}(?:[-/ ]\d{2,4}|\s?[A-Z]{2})?)(?=,?\s\0)"
)
_WORD_BEHIND = re.compile(r"([^\W\d_]+)[\s,;:#._-]{0,3}\Z")
_MOST_LETTERS_OF_ABBREVIATION, _FEWEST_DIGITS_OF_POSTAL_CODE, _LONGEST_LOOK_BACK = 5, 4, 40


def without_house_numbers(text: str, original: str) -> str:
    """\1 for numbers that stand beside a name that was taken out (\0): 12 of Nebelgata 12, 8001 before a town.

    `original` is the text with its names. A number behind a word of anatomy or technique is its own, and one behind an
    abbreviation belongs to a norm or a device as often as to a street.
    """
    if "\0" not in text:
        return text

    def behind_name(match: re.Match[str]) -> str:
        word = _WORD_BEHIND.search(original, max(match.start() - _LONGEST_LOOK_BACK, 0), match.start())
        is_abbreviation = word is not None and word[1].isupper() and len(word[1]) <= _MOST_LETTERS_OF_ABBREVIATION
        return match[0] if is_abbreviation else TAKEN * len(match[0])

    def before_name(match: re.Match[str]) -> str:
        word = _WORD_BEHIND.search(original, max(match.start() - _LONGEST_LOOK_BACK, 0), match.start())
        is_short = sum(map(str.isdecimal, match[0])) < _FEWEST_DIGITS_OF_POSTAL_CODE
        return match[0] if is_short and word is not None and is_technical(word[1]) else TAKEN * len(match[0])

    return _NUMBER_BEFORE_NAME.sub(before_name, _NUMBER_BEHIND_NAME.sub(behind_name, text))

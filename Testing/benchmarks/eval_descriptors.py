"""What text cleaning leaves of identifiers, and loses of clean words, where neither was ever used to tune its lists.

    pip install faker
    python Testing/benchmarks/eval_descriptors.py [--half 0|1] [--show KIND]

Names, addresses, postal codes, telephone and national numbers come from Faker's locales, numbers and dates from
notations of many countries; they are put into descriptions and sentences. They fall into two halves by a hash: look at
what is left (`--show`) in half 0 only, and report half 1. Prints, by kind, how many planted identifiers are found in
what was cleaned, whole or in part, and the share of clean words lost.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from DicomSuiteAnonymizeLib.keys import Pseudonyms
from DicomSuiteAnonymizeLib.leaks import Needles
from DicomSuiteAnonymizeLib.subject import Identity, Subject
from DicomSuiteAnonymizeLib.words.cleaning import clean_text

LOCALES = (
    "en_GB", "en_US", "en_CA", "en_IN", "de_DE", "de_CH", "fr_FR", "fr_CA", "nl_NL", "pt_BR", "pt_PT", "es_ES", "es_MX",
    "it_IT", "sv_SE", "no_NO", "da_DK", "fi_FI", "pl_PL", "cs_CZ", "hu_HU", "ro_RO", "tr_TR", "ru_RU", "uk_UA", "el_GR",
    "ja_JP", "zh_CN", "zh_TW", "ko_KR", "vi_VN", "id_ID", "hr_HR",
)  # fmt: skip
TEMPLATES = (
    "Ax T2 FLAIR {}", "{} CT Chest w IV Contrast", "MR Brachial Plexus w/wo {}", "t1_mprage_sag_iso_{}",
    "XR Knee 1-2 Views {}", "US Thyroid {} Limited", "NM Bone Whole Body {}", "{}", "dMRI_dir106_AP {}",
    "Cor STIR {} post", "Follow up of {}, mass in the left kidney", "The study was reviewed with {} and compared",
    "{} requested a repeat of the sagittal series", "Aufnahme für {}, Verdacht auf Fraktur",
    "Scanner abdominal pour {}, douleur", "TC abdomen de {}, control", "RM ginocchio di {}, dolore",
    "Images sent to {}; no acute findings", "discussed with {} by the resident",
    "Contrast reaction noted, see {} for details",
)  # fmt: skip
NUMBERS = (
    "MRN #######", "MRN:########", "########", "######", "###-##-####", "??######", "?#######", "##-#####",
    "ACC########",
    "???-#####", "### ### ####", "##.###.###", "??-####-###", "####/##-####", "Pat.-Nr. ######",
    "ID ?#####", "##########?", "?##-######", "NHS ### ### ####", "Case #####-##", "######-####", "######/####",
    "###########",
)  # fmt: skip
"""Notations of numbers: # is a digit, ? a capital letter."""
DATES = (
    "%Y-%m-%d", "%d.%m.%Y", "%d.%m.%y", "%m/%d/%Y", "%m/%d/%y", "%d-%b-%Y", "%d%b%Y", "%B %d, %Y", "%B %dth %Y",
    "the %dth of %B %Y", "%d %B '%y", "%Y%m%d", "%d%m%Y", "%Y/%m/%d", "%Y. %m. %d.", "%Y年%m月%d日", "%Y년 %m월 %d일",
    "%d-%m-%y", "%b %Y", "%B-%Y", "%d %m %Y", "%Y-%m-%dT%H:12:44", "令和3年%m月%d日", "H24.%m.%d",
)  # fmt: skip
_CUES = frozenset(
    [
        "mrn",
        "acc",
        "pat",
        "nr",
        "id",
        "nhs",
        "case",
        "dr",
        "prof",
        "the",
        "of",
        "th",
        "de",
        "du",
        "la",
        "le",
        "les",
        "des",
        "di",
        "da",
        "do",
        "dos",
        "van",
        "der",
        "den",
        "von",
        "y",
        "e",
        "el",
        "st",
        "road",
        "no",
        "street",
        "apt",
        "suite",
        "rue",
        "calle",
        "via",
    ]
)
"""Labels, titles and particles, which identify nobody and may stay."""


@dataclass(frozen=True)
class Planted:
    """An identifier of one kind, the parts of which none may be left, and what the header says."""

    kind: str
    text: str
    parts: tuple[str, ...]
    header: tuple[tuple[int, bytes, bytes], ...]


def planted(half: int) -> Iterator[Planted]:
    """Identifiers of every kind and locale, of one half."""
    from faker import Faker

    draw = random.Random(half)
    for locale in LOCALES:
        fake = Faker(locale)
        fake.seed_instance(1000 + half)
        for _ in range(20):
            yield from _of_one_patient(fake, draw, half)


def _of_one_patient(fake, draw: random.Random, half: int) -> Iterator[Planted]:
    def one(make: Callable[[], str]) -> str:
        values = [make() for _ in range(40)]
        return next((value for value in values if hashlib.md5(value.encode()).digest()[0] & 1 == half), values[0])

    family, given, stranger, friend, town = map(
        one, (fake.last_name, fake.first_name, fake.last_name, fake.first_name, fake.city)
    )
    institution = draw.choice((f"{town} General Hospital", f"University Hospital {town}", f"{town} Medical Center"))
    header = (
        (0x00100010, b"PN", f"{family}^{given}".encode()),
        (0x00080080, b"LO", institution.encode()),
    )

    def plant(kind: str, text: str, shortest: int = 3) -> Planted:
        words = re.findall(rf"[^\W\d_]{{2,}}|\d{{{shortest},}}", text)
        return Planted(kind, text, tuple(words), header)

    one_word = [re.sub(r"\W", "", name) for name in (family, given)]
    acronym = "".join(word[0] for word in re.findall(r"[^\W\d_]{2,}", institution)).upper()
    yield plant("known, full", draw.choice((f"{given} {family}", f"{family}, {given}", f"{family}^{given}")))
    yield plant("known, family", draw.choice((family, family.upper(), family.lower())))
    yield plant("known, joined", draw.choice(("".join(one_word), "".join(one_word[::-1]).lower())))
    yield plant("known, separated", draw.choice(("_", ".", "-")).join(one_word))
    yield plant("known, initial", draw.choice((one_word[1][0] + one_word[0], one_word[0] + one_word[1][0])))
    yield plant("institution", institution)
    yield plant("acronym", acronym)
    yield plant("stranger, titled", f"Dr. {friend} {stranger}")
    yield plant("stranger, full", f"{friend} {stranger}")
    yield plant("stranger, family", draw.choice((stranger, stranger.upper())))
    yield plant("stranger, lower case", f"{friend} {stranger}".lower())
    yield plant("telephone", fake.phone_number())
    yield plant("street", fake.street_address().replace("\n", ", "), 2)
    yield plant("postal code and town", f"{fake.postcode()} {town}")
    yield plant("mail", fake.email())
    if hasattr(fake, "ssn"):
        yield plant("national number", fake.ssn())
    yield plant("number", _drawn(draw.choice(NUMBERS), draw))
    yield plant("date", fake.date_object().strftime(draw.choice(DATES)), 2)


def _drawn(notation: str, draw: random.Random) -> str:
    signs = {"#": "0123456789", "?": "ABCDEFGHJKLMNPQRSTUVWXYZ"}
    return "".join(draw.choice(signs.get(sign, sign)) for sign in notation)


def main(arguments: list[str] | None = None) -> int:
    """Print the table of one half; exit code 0."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--half", type=int, choices=(0, 1), default=1)
    parser.add_argument("--show", metavar="KIND", default="", help="print what is left of this kind")
    args = parser.parse_args(arguments)
    draw, counts, left = random.Random(7), Counter[str](), defaultdict(list)
    clean = lost = 0
    for one in planted(args.half):
        template = draw.choice(TEMPLATES)
        text = template.format(one.text)
        output = _cleaned(text, one.header)
        context = Counter(re.findall(r"[^\W_]+", template.replace("{}", " ")))
        clean, lost = clean + context.total(), lost + (context - Counter(re.findall(r"[^\W_]+", output))).total()
        counts[one.kind] += 1
        if _left_of(one.parts, output, {word.casefold() for word in context}):
            left[one.kind].append((text, output))
    for kind in sorted(counts):
        print(f"{kind:22}{counts[kind]:6} planted {len(left[kind]):5} left {len(left[kind]) / counts[kind]:7.1%}")
    print(f"{'clean words':22}{clean:6}         {lost:5} lost {lost / clean:7.2%}")
    for text, output in left[args.show]:
        print(f"{text!r} -> {output!r}")
    return 0


def _cleaned(text: str, header: tuple[tuple[int, bytes, bytes], ...]) -> str:
    utf_8 = b"ISO_IR 192"
    subject = Subject(Identity({}, Pseudonyms(bytes(32))), Needles(header, utf_8), utf_8)
    return (clean_text(text.encode(), b"UT", subject) or b"").decode()


def _left_of(parts: tuple[str, ...], output: str, context: set[str]) -> bool:
    words = {word.casefold() for word in re.findall(r"[^\W\d_]+|\d+", output)}
    return any(part.casefold() in words - context - _CUES for part in parts)


if __name__ == "__main__":
    sys.exit(main())

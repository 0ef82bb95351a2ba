"""Originals are found in what was written, in every way in which people write a name."""

from __future__ import annotations

import string

import pytest

from DicomSuiteAnonymizeLib.leaks import Needles

UTF_8 = b"ISO_IR 192"


def needles_of(*names: str) -> Needles:
    return Needles(tuple((0x00100010, b"PN", name.encode()) for name in names), UTF_8)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Doe^John", "DOEJOHN"), ("Doe^John", "johndoe"), ("Roes^John", "knee_jroes_2"),
        ("Li^Wu", "liwu"), ("Müller-Weiß^Zoë", "for Weiss"), ("Müller^Kurt", "MUELLER"), ("Núñez^Ana", "nunez"),
        ("van den Broeck^Wouter", "vandenbroeck"), ("Pak^Jun=李^伟", "头部李伟"), ("O'Brien^Sean", "obrien"),
        ("Müller^Kurt", "MUELLERTHORAX"), ("Öz^Ül", "Özül"),
    ],
)  # fmt: skip
def test_name_is_found_joined_reversed_with_initials_and_without_accents(name, written):
    needles, value = needles_of(name), written.encode()
    assert needles.may_contain(value)
    assert needles.found_in(b"LO", value)
    assert not needles.found_in(b"LO", needles.without(b"LO", value))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Doe^John", "does"), ("Ray^Xenia", "xray"), ("Li^Wu", "LI"), ("Han^Dong", "hand"), ("Ng^Lu", "LUNG 1.0"),
        ("Pine^Sam", "C SPINE"), ("Elvis^Peter", "PELVIS"), ("Han^Tom", "PHANTOM"), ("Sun^Sam", "SAMSUNG"),
        ("Patient^Sam", "for inpatients"), ("LUNG1-001", "Lung"), ("Köpf^Uwe", "KOPF nativ"),
    ],
)  # fmt: skip
def test_words_that_only_look_alike_are_not_found(name, text):
    assert not needles_of(name).found_in(b"LO", text.encode())


def test_name_of_very_many_words_takes_no_quadratic_time():
    words = [f"word{first}{second}" for first in string.ascii_lowercase for second in string.ascii_lowercase]
    needles = needles_of(f"{' '.join(words)}^{' '.join(reversed(words))}")
    assert len(needles.words) < 2 * len(words)


def test_quick_look_searches_no_word_that_holds_another():
    assert set(needles_of("Doe^John^Quincy")._tokens) == {b"doe", b"john", b"quincy"}

"""Whether text that was read in a picture identifies somebody."""

import pytest

from DicomSuiteAnonymizeLib.pixels.text_verdict import HeaderWords, Verdict, verdict

HEADER = HeaderWords(["Müller-Lüdenscheid", "Hans", "DEMO-0001", "19610312", "St. Elsewhere", "Ng"])


@pytest.mark.parametrize(
    "text",
    [
        "MULLER", "Lüdensoheid", "DEM0-OOO1", "DEMOOOO1", "name HANS m", "HANSM", "Ng", "St. EIsewhere", "1961O312",
        "12.03.61", "2019/10/12", "12 Mar 2020", "Mar 12, 2020", "14:05", "SMITH, JOHN", "SMITH^JOHN", "7730951",
        "AB12345", "ID: 77", "Dr. No", "City Hospital", "Klinikum West", "2024 02 29", "29 2 2024", "555 1234",
        "030 123 456",
    ],
)  # fmt: skip
def test_words_of_the_header_dates_numbers_and_names_identify(text):
    assert verdict(text, HEADER) is Verdict.IDENTIFYING


@pytest.mark.parametrize(
    "text",
    [
        "TI 0.8 MI 1.2", "FR 30Hz", "Depth 12.5 cm", "WW 400 WL 40", "120kVp", "R LIVER", "P 3.5/2.0MHz", "C 50",
        "DLP 350 mGy-cm", "CTDIvol: 12.5 mGy", "Dist 23.1 mm", "1.2", "HR = 72 bpm", "+", "2D 60%", "LT OVARY",
    ],
)  # fmt: skip
def test_measures_and_their_vocabulary_are_harmless(text):
    assert verdict(text, HEADER) is Verdict.HARMLESS


@pytest.mark.parametrize("text", ["Acme", "Liver Acme", "R. Jones", "", "xyzzy 12 mm"])
def test_anything_else_is_unknown_and_so_not_harmless(text):
    assert verdict(text, HEADER) is Verdict.UNKNOWN


def test_short_parts_of_words_are_no_hit():
    assert not HEADER.found_in("KINGDOM")  # has "ng" in it
    assert verdict("LONG", HEADER) is not Verdict.IDENTIFYING

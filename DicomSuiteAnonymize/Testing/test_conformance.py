"""The conformance statement is current, complete, and says what the engine really does."""

import re
from io import BytesIO

import pytest
from pydicom import dcmread
from pydicom.datadict import dictionary_VR
from pydicom.dataset import Dataset

import generate_conformance
from conformance_words import DEVIATIONS, OPTION_NOTES, Deviation
from DicomSuiteAnonymizeLib import ps315
from DicomSuiteAnonymizeLib.ps315 import Option
from generate_conformance import STATEMENT, NoWordsError, statement
from planted import planted_dataset
from rewriting import rewritten_bytes

_ROW = re.compile(r"^\| \(([0-9A-F]{4}),([0-9A-F]{4})\) \| [^|]+ \| [^|]+ \| ([^|]+) \|", re.MULTILINE)


def test_the_statement_is_current():
    assert STATEMENT.read_text(encoding="utf-8") == statement(), "run: python Testing/generate_conformance.py"


def test_every_row_of_the_table_is_in_the_statement():
    assert statement().count("\n| (") == len(ps315.rows())


def test_every_option_and_every_kind_of_difference_has_its_words():
    assert set(OPTION_NOTES) == set(Option)
    assert set(DEVIATIONS) == set(Deviation)


def test_a_new_difference_from_the_standard_needs_words(monkeypatch):
    row = ps315.row_for(0x00100010)
    monkeypatch.setattr(ps315, "rows", lambda: (row._replace(basic="U"),))
    with pytest.raises(NoWordsError, match=r"\(0010,0010\)"):
        list(generate_conformance._differences())


def test_what_the_statement_says_of_an_attribute_is_what_happens_to_it():
    """Every top-level attribute of a planted CT: gone, empty, replaced or kept as the column "DicomSuite" says."""
    planted = planted_dataset()
    output = dcmread(BytesIO(rewritten_bytes(planted.part10())))
    said = {int(group + element, 16): action for group, element, action in _ROW.findall(statement())}
    wrong = [
        (f"{path[0]:08X}", said[path[0]])
        for path in planted.sentinels
        if len(path) == 1 and path[0] in said and not _is_done(said[path[0]], planted.dataset, output, path[0])
    ]
    assert len(said) > 640
    assert wrong == []


def test_originals_that_were_encrypted_into_the_file_do_not_stay():
    planted = planted_dataset()
    item = Dataset()
    item.EncryptedContentTransferSyntaxUID = "1.2.840.10008.1.2"
    item.EncryptedContent = b"ORIGINALS FOR THE OTHER KEY"
    planted.dataset.EncryptedAttributesSequence = [item]
    planted.dataset.ReferencedSeriesSequence[0].EncryptedAttributesSequence = [item]
    assert b"ORIGINALS" in planted.part10()
    assert b"ORIGINALS" not in rewritten_bytes(planted.part10())


def _is_done(said, source, output, tag):
    """Whether one of the actions that the statement names for the tag was carried out."""
    actions = re.findall(r"\b[XZDUKCPSI]\b", said)
    if tag not in output:
        return "X" in actions
    value, original = output[tag].value, source[tag].value
    if dictionary_VR(tag) == "SQ":
        return bool({"D", "I"} & set(actions)) or ("Z" in actions and not value)
    if value in ("", None, b""):
        return "Z" in actions
    return value == original if "K" in actions else value != original and bool({"D", "U", "P"} & set(actions))

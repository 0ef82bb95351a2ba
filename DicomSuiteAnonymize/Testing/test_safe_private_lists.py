"""Lists of private attributes that stay: the user's files, profiles that name them, and what becomes of each value."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from DicomSuiteAnonymizeLib.dataset_rewriter import rewrite_dataset
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.private_attributes.safe_attributes import (
    BUNDLED,
    MR_DIFFUSION_TIMING,
    STANDARD,
    SafeAttribute,
    read_safe_attributes,
    safe_attributes,
    safe_list,
)
from DicomSuiteAnonymizeLib.private_attributes.siemens_csa import cleaned_csa
from DicomSuiteAnonymizeLib.profiles.profile import Profile
from DicomSuiteAnonymizeLib.profiles.profile_file import profile_from_json, profile_to_json, read_profile, write_profile
from DicomSuiteAnonymizeLib.ps315 import Option
from DicomSuiteAnonymizeLib.rewriter import rewrite_bytes
from rewriting import rewritten_bytes

SAFE = Option.RETAIN_SAFE_PRIVATE
ROOT = "1.2.826.0.1.3680043.9.7133.42"


def profile(*own: SafeAttribute, options: frozenset[Option] = frozenset(), lists: frozenset[str] = frozenset()):
    return Profile("own", "own", options=options | {SAFE}, private_lists=lists, safe_private=own)


def part10(*blocks: tuple[int, int, str, dict[int, tuple[str, object]]]) -> bytes:
    """A CT of Anna Mayerhofer with private blocks: group, block number, creator, elements by their low byte."""
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID, dataset.Modality = CTImageStorage, f"{ROOT}.1", "CT"
    dataset.PatientName, dataset.PatientID, dataset.PatientBirthDate = "Mayerhofer^Anna", "HOSP471142", "19610203"
    for group, number, creator, elements in blocks:
        dataset.add_new(group << 16 | number, "LO", creator)
        for low, (vr, value) in elements.items():
            dataset.add_new(group << 16 | number << 8 | low, vr, value)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    file = io.BytesIO()
    dataset.save_as(file, enforce_file_format=True)
    return file.getvalue()


def kept(source: bytes, rules: Profile) -> dict[str, object]:
    """Private attributes of the output, on which both paths agree."""
    output = rewritten_bytes(source, rules, by=rewrite_bytes)
    assert rewritten_bytes(source, rules, by=rewrite_dataset) == output
    dataset = dcmread(io.BytesIO(output))
    return {
        f"{element.tag.group:04X},{element.tag.elem:04X}": element.value
        for element in dataset
        if element.tag.is_private
    }


def own(element: int, vr: str = "") -> SafeAttribute:
    return SafeAttribute("Acme Scanner", 0x0029, element, vr)


# Lists


def test_bundled_lists_are_read_and_the_standard_s_is_always_there():
    assert len(safe_list(STANDARD)) == 28
    assert all(one.vr for name in (STANDARD, *BUNDLED) for one in safe_list(name))
    assert safe_attributes((), ()).keys() < safe_attributes(BUNDLED, ()).keys()
    assert safe_attributes((), [own(1)])["ACME SCANNER", 0x0029, 1] == ""


@pytest.mark.parametrize(
    "text",
    [
        "Acme Scanner\t0029\t0C\nAcme Scanner\t0029\txx0D\tFD\n",
        "creator,group,element,vr\nAcme Scanner,0029,100C\nAcme Scanner,0029,0D,FD\n",
        "\ufeff# our scanner\nAcme Scanner;0029;0C;;speed\n\n ACME scanner ; 0029 ; 0d ; fd ; angle\n",
    ],
)
def test_list_is_read_however_it_is_separated(tmp_path: Path, text: str):
    (tmp_path / "list").write_text(text, encoding="utf-8")
    assert read_safe_attributes(tmp_path / "list") == (own(0x0C), own(0x0D, "FD"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Acme\t0028\t0C\n", "line 1: 0028 is no group of private attributes"),
        ("Acme\t0029\t0C\nAcme\t0029\tG1\n", "line 2: .*no private attribute"),
        ("Acme,0029\n", "line 1: .*creator, group and element"),
        (",0029,0C\n", "line 1: .*private creator"),
        ("# nothing\n", "is empty"),
        (f"Acme,0029,0C,{'x' * 200_000}\n", "cannot be understood"),
    ],
)
def test_list_with_a_mistake_is_refused_with_its_line(tmp_path: Path, text: str, words: str):
    (tmp_path / "list.csv").write_text(text, encoding="utf-8")
    with pytest.raises(AnonymizeError, match=rf"list\.csv.*{words}"):
        read_safe_attributes(tmp_path / "list.csv")


@given(st.text(max_size=200))
def test_any_text_is_a_list_or_is_refused_by_name(tmp_path_factory: pytest.TempPathFactory, text: str):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_text(text, encoding="utf-8")
    try:
        assert all(one.group & 1 for one in read_safe_attributes(path))
    except AnonymizeError as error:
        assert "any.csv" in str(error)


def test_profile_with_lists_is_saved_and_read(tmp_path: Path):
    saved = profile(own(0x0D, "FD"), own(0x0C), lists=frozenset((MR_DIFFUSION_TIMING,)))
    write_profile(saved, tmp_path / "own.json")
    assert read_profile(tmp_path / "own.json") == saved
    assert json.loads((tmp_path / "own.json").read_text(encoding="utf-8"))["private_lists"] == [MR_DIFFUSION_TIMING]


def test_profile_without_lists_is_saved_as_before():
    assert not {"private_lists", "safe_private"} & profile_to_json(Profile("plain", "")).keys()


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ({"private_lists": ["mine"]}, "list of private attributes 'mine' is unknown"),
        ({"safe_private": [{"creator": "A", "group": "0010", "element": "10"}]}, "0010 is no group"),
        ({"safe_private": [{"creator": "A", "group": "0011", "element": "10", "vr": "ZZ"}]}, "'ZZ' is no VR"),
        ({"safe_private": [{"creator": "A", "group": "0011"}]}, "lacks element"),
        ({"options": [], "private_lists": [MR_DIFFUSION_TIMING]}, "need the option safe-private"),
    ],
)
def test_profile_with_a_wrong_list_is_refused(entries: dict, words: str):
    content = {"schema": "dicomsuite-profile-1", "name": "own", "options": ["safe-private"]} | entries
    with pytest.raises(AnonymizeError, match=words):
        profile_from_json(content)


# Values


def test_each_value_is_treated_as_its_vr_asks():
    elements = {
        0x01: ("LO", "scan of Anna Mayerhofer"),
        0x02: ("DS", "1.5"),
        0x03: ("PN", "Mayerhofer^Anna"),
        0x04: ("UI", f"{ROOT}.9"),
        0x05: ("DA", "20200131"),
        0x06: ("TM", "101112"),
        0x07: ("AS", "058Y"),
        0x08: ("OB", b"\0\1\2\3"),
        0x09: ("OB", b"\0\1 HOSP471142 "),
        0x0A: ("IS", "19610203"),
        0x0B: ("US", 7),
        0x0C: ("LO", "not on the list"),
    }
    source = part10((0x0029, 0x10, "Acme Scanner", elements))
    found = kept(source, profile(*(own(element) for element in range(1, 0x0C))))
    uid = found.pop("0029,1004")
    assert uid.startswith("2.25.")
    assert found == {
        "0029,0010": "Acme Scanner",
        "0029,1001": "scan of",
        "0029,1002": 1.5,
        "0029,1008": b"\0\1\2\3",
        "0029,100B": 7,
    }


def test_dates_ages_and_uids_follow_the_options():
    elements = {4: ("UI", f"{ROOT}.9"), 5: ("DA", "20200131"), 6: ("TM", "101112"), 7: ("AS", "058Y")}
    source, listed = part10((0x0029, 0x10, "Acme Scanner", elements)), [own(element) for element in range(4, 8)]
    everything = frozenset((Option.RETAIN_UIDS, Option.RETAIN_FULL_DATES, Option.RETAIN_PATIENT_CHARACTERISTICS))
    values = {f"0029,{0x1000 + low:04X}": value for low, (_, value) in elements.items()}
    assert kept(source, profile(*listed, options=everything)) == {"0029,0010": "Acme Scanner"} | values
    shifted = kept(source, profile(*listed, options=frozenset((Option.RETAIN_MODIFIED_DATES,))))
    assert shifted["0029,1006"] == "101112"
    assert "0029,1007" not in shifted
    assert shifted["0029,1005"] < "20200131"


def test_value_of_unknown_vr_is_taken_for_what_it_looks_like():
    values = (b"seen by Anna", b"\0\0\x80\x3f", b"\0HOSP471142\0", b"1.5 ")
    elements = {low: ("UN", value) for low, value in enumerate(values, 1)}
    source = part10((0x0029, 0x10, "Acme Scanner", elements))
    unknown = kept(source, profile(*(own(low) for low in elements)))
    assert unknown == {
        "0029,0010": "Acme Scanner", "0029,1001": b"seen by ", "0029,1002": b"\0\0\x80\x3f", "0029,1004": b"1.5 ",
    }  # fmt: skip
    named = kept(source, profile(own(1, "PN"), own(2, "FL"), own(4, "DS")))
    assert named.keys() == {"0029,0010", "0029,1002", "0029,1004"}


def test_blocks_of_two_creators_in_one_group_are_told_apart():
    source = part10(
        (0x0029, 0x10, "Other Maker", {0x01: ("DS", "1"), 0x02: ("LO", "Anna")}),
        (0x0029, 0x11, "ACME SCANNER ", {0x01: ("DS", "2"), 0x02: ("LO", "Anna")}),
        (0x0029, 0x12, "Acme Scanner", {0x01: ("DS", "3")}),
    )
    assert kept(source, profile(own(1))) == {
        "0029,0011": "ACME SCANNER", "0029,1101": 2, "0029,0012": "Acme Scanner", "0029,1201": 3,
    }  # fmt: skip


def test_sequence_of_a_list_stays_with_items_judged_by_the_table():
    inner = Dataset()
    inner.PatientName, inner.DiffusionBValue = "Mayerhofer^Anna", 1000.0
    inner.add_new(0x00290010, "LO", "Acme Scanner")
    inner.add_new(0x00291002, "DS", "1.5")
    inner.add_new(0x00291003, "LO", "secret")
    source = part10((0x0029, 0x10, "Acme Scanner", {0x01: ("SQ", [inner])}))
    output = rewritten_bytes(source, profile(own(1), own(2)), by=rewrite_bytes)
    assert output == rewritten_bytes(source, profile(own(1), own(2)), by=rewrite_dataset)
    item = dcmread(io.BytesIO(output))[0x00291001].value[0]
    assert (item.DiffusionBValue, item[0x00291002].value) == (1000.0, 1.5)
    assert "Mayerhofer" not in str(item)
    assert 0x00291003 not in item


def test_name_copied_into_a_sequence_of_unknown_vr_is_found_there():
    text = b"\x28\x00\x55\x10" + (10).to_bytes(4, "little") + b"Mayerhofer"  # an attribute that the table does not list
    value = b"\xfe\xff\x00\xe0" + len(text).to_bytes(4, "little") + text
    source = part10((0x0029, 0x10, "Acme Scanner", {1: ("UN", value), 2: ("DS", "1")}))
    kept_value = kept(source, profile(own(1, "SQ"), own(2)))["0029,1001"]
    assert b"Mayerhofer" not in kept_value
    assert kept_value.startswith(b"\xfe\xff\x00\xe0")


@pytest.mark.parametrize(
    "value",
    [
        b"\xfe\xff\x00\xe0\x10\x00\x00\x00broken",
        b"\xfe\xff\x00\xe0\xff\xff\xff\xff",
        b"\xfe\xff\x00\xe0\x08\x00\x00\x00\x10\x00\x10\x00\xff\x00\x00\x00",
    ],
)
def test_sequence_that_cannot_be_taken_apart_goes_and_the_file_does_not(value: bytes):
    source = part10((0x0029, 0x10, "Acme Scanner", {1: ("UN", value + bytes(len(value) % 2)), 2: ("DS", "1")}))
    assert kept(source, profile(own(1, "SQ"), own(2))) == {"0029,0010": "Acme Scanner", "0029,1002": 1}


# Siemens CSA headers


@given(st.binary(max_size=600))
def test_any_bytes_are_a_header_or_none(content: bytes):
    for value in (content, b"SV10\4\3\2\1" + content):
        cleaned = cleaned_csa(value)
        assert cleaned is None or (len(cleaned) % 2 == 0 and cleaned_csa(cleaned) in (cleaned, None))


def csa(*elements: tuple[bytes, bytes, list[bytes]]) -> bytes:
    """A header with elements of name (64 bytes at most), VR and items."""
    parts = [b"SV10\4\3\2\1", len(elements).to_bytes(4, "little"), (77).to_bytes(4, "little")]
    for name, vr, items in elements:
        numbers = (len(items), 0, len(items), 205)
        head = [number.to_bytes(4, "little") for number in numbers]
        parts += [name.ljust(64, b"\0"), head[0], vr.ljust(4, b"\0"), *head[1:]]
        for item in items:
            length = len(item).to_bytes(4, "little")
            parts += [length, length, (77).to_bytes(4, "little"), length, item + bytes(-len(item) % 4)]
    return b"".join(parts)


def test_header_of_siemens_keeps_numbers_and_no_memory_behind_them():
    protocol = (
        b'<XProtocol> "Mayerhofer"\n### ASCCONV BEGIN ###\ntProtocolName = "Anna"\nalTR[0] = 2500000\n'
        b'sPat.lAccelFactPE = 2\nsPat.ucPATMode = "Anna"\nsKSpace.lBaseResolution = 128 # Anna\n### ASCCONV END ###"\0'
    )
    cleaned = cleaned_csa(
        csa(
            (b"B_value", b"IS", [b"1000\0Anna"]),
            (b"B_matrix\0Mayerhofer", b"FD", [b"1.5\0", b"", b"-2e-3\0"]),
            (b"TimeAfterStart", b"DS", [b"Anna\0"]),
            (b"DiffusionDirectionality", b"CS", [b"DIRECTIONAL\0"]),
            (b"PatReinPattern", b"ST", [b"1;HFS;88.00\0"]),
            (b"MrPhoenixProtocol", b"UN", [protocol]),
        )
    )
    assert cleaned is not None
    for word in (b"Anna", b"Mayerhofer", b"88.00", b"TimeAfterStart", b"lBaseResolution"):
        assert word not in cleaned
    for word in (b"B_value", b"1000\0", b"-2e-3\0", b"DIRECTIONAL\0", b"alTR[0] = 2500000\nsPat.lAccelFactPE = 2\n###"):
        assert word in cleaned


@pytest.mark.parametrize("vr", [b"IS", b"ZY", b""])
def test_header_of_siemens_keeps_only_directions_and_vrs_that_exist(vr: bytes):
    cleaned = cleaned_csa(csa((b"DiffusionDirectionality", b"CS", [b"MAYERHOFER\0"]), (b"B_value", vr, [b"1000\0"])))
    assert cleaned is not None
    assert b"MAYERHOFER" not in cleaned
    assert (b"B_value" in cleaned) is (vr == b"IS")


def test_header_of_siemens_goes_where_a_number_in_it_is_the_patient_s():
    lists = frozenset((MR_DIFFUSION_TIMING,))
    protocol = b"### ASCCONV BEGIN ###\nalTR[0] = %d\n### ASCCONV END ###\0"
    for number, stays in ((471142, False), (471143, True)):
        for element in ((b"ICE_Dims", b"SH", [b"X_%d\0" % number]), (b"MrPhoenixProtocol", b"UN", [protocol % number])):
            source = part10((0x0029, 0x10, "SIEMENS CSA HEADER", {0x10: ("OB", csa(element))}))
            dataset = dcmread(io.BytesIO(source))
            dataset.PatientID = "471142"
            file = io.BytesIO()
            dataset.save_as(file, enforce_file_format=True)
            assert ("0029,1010" in kept(file.getvalue(), profile(lists=lists))) is stays


def test_older_or_broken_header_of_siemens_goes_as_a_whole():
    lists = frozenset((MR_DIFFUSION_TIMING,))
    whole = csa((b"B_value", b"IS", [b"1000\0"]))
    for header, stays in ((whole, True), (whole[:-6], False), (b"old header", False)):
        source = part10((0x0029, 0x10, "SIEMENS CSA HEADER", {0x10: ("OB", header)}))
        assert ("0029,1010" in kept(source, profile(lists=lists))) is stays

"""The data tables against their sources: PS3.15 Table E.1-1, pydicom's dictionary, highdicom's maps."""

import csv
import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path

import pytest
from pydicom.datadict import DicomDictionary, tag_for_keyword
from pydicom.sr.codedict import codes

import generate_tables
import real_data
from DicomSuiteAnonymizeLib.attribute_types import types_at
from DicomSuiteAnonymizeLib.dictionary import public_vrs
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.ps315 import (
    BASIC_PROFILE_CODE,
    BASIC_PROFILE_MEANING,
    EDITION,
    PIXEL_OPTIONS,
    PRIVATE_BIT,
    WHOLE_TAG,
    Option,
    action,
    check_options,
    rows,
)

REPOSITORY = Path(__file__).parents[2]
CSV = real_data.DATA / f"ps315_e1_1_{EDITION}.csv"
DATA = generate_tables.DATA

needs_csv = pytest.mark.skipif(not CSV.is_file(), reason=f"Table E.1-1 of the standard is not at {CSV}")
needs_highdicom = pytest.mark.skipif(find_spec("highdicom") is None, reason="highdicom is not installed")

CONTENT_SEQUENCE = 0x0040A730
DEMAND = ["1", "1C", "2", "2C", "3"]


def records() -> list[dict[str, str]]:
    with CSV.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def rows_for(attribute: int) -> list[str]:
    return [row.name for row in rows() if attribute & row.mask == row.tag]


def compound_tags() -> set[int]:
    return {row.tag for row in rows() if "/" in row.basic}


def highdicom_map(name: str) -> dict:
    path = Path(find_spec("highdicom").origin).parent / "_standard" / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8"))


# --- Table E.1-1


@needs_csv
def test_table_has_every_row_of_the_standard():
    expected = [(record["tag"], record["name"], record["basic"]) for record in records()]
    assert len(expected) == 656
    assert [(row.name, row.basic) for row in rows()] == [(name, basic) for _, name, basic in expected]
    concrete = [tag for tag, _, _ in expected if re.fullmatch(r"\([0-9A-F]{4},[0-9A-F]{4}\)", tag)]
    tags = [row.tag for row in rows() if row.mask == WHOLE_TAG]
    assert [f"({tag >> 16:04X},{tag & 0xFFFF:04X})" for tag in tags] == concrete


@needs_csv
@pytest.mark.parametrize("option", [option for option in Option if option not in PIXEL_OPTIONS])
def test_option_gives_every_row_the_action_of_the_standard(option):
    expected = [(record["tag"], record[option.column] or record["basic"]) for record in records()]
    actual = [action(row, {option}) for row in rows()]
    assert list(zip([tag for tag, _ in expected], actual, strict=True)) == expected
    assert any(record[option.column] for record in records())


@needs_csv
def test_options_are_the_columns_of_the_standard():
    assert {option.column for option in set(Option) - PIXEL_OPTIONS} == set(records()[0]) - {"tag", "name", "basic"}


def test_basic_actions_are_those_of_dicom_anonymizer():
    """It groups the actions as the standard does; only private attributes are no row of its own there."""
    pytest.importorskip("dicomanonymizer", reason="dicom-anonymizer is not installed")
    from dicomanonymizer.dicom_anonymization_databases import dicomfields_2026c as peer

    groups = {
        "X": peer.X_TAGS, "Z": peer.Z_TAGS, "D": peer.D_TAGS, "U": peer.U_TAGS, "X/Z": peer.X_Z_TAGS,
        "X/D": peer.X_D_TAGS, "Z/D": peer.Z_D_TAGS, "X/Z/D": peer.X_Z_D_TAGS, "X/Z/U*": peer.X_Z_U_STAR_TAGS,
    }
    expected = {group << 16 | element: basic for basic, tags in groups.items() for group, element, *_ in tags}
    actual = {row.tag: row.basic for row in rows()}
    assert actual.pop(PRIVATE_BIT) == "X"
    assert actual == expected


@pytest.mark.parametrize(
    ("attribute", "names"),
    [
        (0x00080020, ["Study Date"]),
        (0x00080016, []),
        (0x50000010, ["Curve Data"]),
        (0x501E3000, ["Curve Data"]),
        (0x60003000, ["Overlay Data"]),
        (0x60FE4000, ["Overlay Comments"]),
        (0x60003001, []),
        (0x00090010, ["Private Attributes"]),
        (0x50010010, ["Private Attributes"]),
        (0x60013000, ["Private Attributes"]),
        (0x7FE00010, []),
    ],
)
def test_row_covers_its_attributes_and_no_other(attribute, names):
    assert rows_for(attribute) == names


def test_no_attribute_is_covered_by_two_rows():
    assert all(rows_for(row.tag) == [row.name] for row in rows() if row.mask == WHOLE_TAG)


# --- options


def test_every_option_has_its_code_of_cid_7050():
    concepts = {code.value: code.meaning for code in codes.cid7050.concepts.values()}
    assert {option.code for option in Option} == set(concepts) - {BASIC_PROFILE_CODE}
    assert {option.code: option.meaning for option in Option}.items() <= concepts.items()
    assert concepts[BASIC_PROFILE_CODE] == BASIC_PROFILE_MEANING


def test_every_option_has_its_own_command_line_word():
    retain = {option.cli for option in Option if option.column.startswith("Retain")}
    clean = {option.cli for option in Option if option.column.startswith("Clean")}
    assert retain == {
        "uids", "full-dates", "modified-dates", "patient-characteristics", "device", "institution",
        "safe-private",
    }
    assert clean == {
        "descriptors", "structured-content", "graphics", "pixel-data", "recognizable-visual-features",
    }


def test_full_and_modified_dates_exclude_each_other():
    with pytest.raises(AnonymizeError, match="full-dates and modified-dates"):
        check_options(list(Option))


def test_every_other_combination_is_legal():
    others = [option for option in Option if option is not Option.RETAIN_FULL_DATES]
    assert check_options(others) == frozenset(others)
    others[others.index(Option.RETAIN_MODIFIED_DATES)] = Option.RETAIN_FULL_DATES
    assert check_options(others) == frozenset(others)
    assert check_options(()) == frozenset()


def test_without_options_the_basic_action_applies():
    assert [action(row, frozenset()) for row in rows()] == [row.basic for row in rows()]


def test_only_device_dates_are_both_kept_and_cleaned_and_they_are_cleaned():
    conflicts = defaultdict(list)
    for pair in combinations(Option, 2):
        for row in rows():
            if {row.options.get(option) for option in pair} == {"K", "C"}:
                conflicts[frozenset(pair)].append(row)
    device_and_shift = frozenset({Option.RETAIN_DEVICE_IDENTITY, Option.RETAIN_MODIFIED_DATES})
    excluded = frozenset({Option.RETAIN_FULL_DATES, Option.RETAIN_MODIFIED_DATES})
    assert set(conflicts) == {device_and_shift, excluded}
    assert len(conflicts[device_and_shift]) == 11
    assert {action(row, device_and_shift) for row in conflicts[device_and_shift]} == {"C"}


def test_each_option_keeps_its_entry_beside_options_without_one():
    study_date = next(row for row in rows() if row.tag == 0x00080020)
    assert action(study_date, set(Option) - {Option.RETAIN_MODIFIED_DATES}) == "K"
    assert action(study_date, set(Option) - {Option.RETAIN_FULL_DATES}) == "C"


# --- dictionary


def test_dictionary_is_pydicoms_and_the_rows_it_does_not_know_yet():
    expected = {}
    for tag, (vr, *_) in DicomDictionary.items():
        if vr != "NONE":
            expected[tag] = {"OB or OW": b"OW"}.get(vr, vr.encode()[:2])
    vrs = public_vrs()
    assert {tag: vrs[tag] for tag in expected} == expected
    concrete = {row.tag for row in rows() if row.mask == WHOLE_TAG}
    assert set(vrs) - set(expected) == concrete - set(expected)


@pytest.mark.parametrize(
    ("tag", "vr"),
    [(0x7FE00010, b"OW"), (0x00280106, b"US"), (0x00283006, b"US"), (0x00100010, b"PN"), (0x0040A730, b"SQ")],
)
def test_choice_of_vrs_is_settled(tag, vr):
    assert public_vrs()[tag] == vr


def test_every_row_has_the_vr_that_its_name_promises():
    suffixes = (("Sequence", b"SQ"), ("DateTime", b"DT"), ("URI", b"UR"), ("Instance UID", b"UI"))
    for row in rows():
        for suffix, vr in suffixes:
            if row.mask == WHOLE_TAG and row.name.endswith(suffix):
                assert public_vrs()[row.tag] == vr, row.name


# --- types of attributes

CT = "1.2.840.10008.5.1.4.1.1.2"
ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.4.1"
PET = "1.2.840.10008.5.1.4.1.1.128"
RT_STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"
RT_PLAN = "1.2.840.10008.5.1.4.1.1.481.5"
KEY_OBJECTS = "1.2.840.10008.5.1.4.1.1.88.59"
COMPREHENSIVE_SR = "1.2.840.10008.5.1.4.1.1.88.33"
ENCAPSULATED_PDF = "1.2.840.10008.5.1.4.1.1.104.1"


@pytest.mark.parametrize(
    ("sop_class_uid", "path", "keyword", "type_"),
    [
        (CT, (), "PatientID", "2"),
        (CT, (), "SeriesDate", "3"),
        (CT, (), "ContentDate", "2C"),
        (CT, (), "ContrastBolusAgent", "2"),
        (CT, ("IssuerOfAccessionNumberSequence",), "PatientID", None),
        (CT, ("OtherPatientIDsSequence",), "PatientID", "1"),
        (PET, (), "SeriesDate", "1"),
        (PET, (), "AcquisitionDate", "2"),
        (ENHANCED_MR, (), "AcquisitionDateTime", "1C"),
        (ENHANCED_MR, (), "ContentDate", "1"),
        (ENHANCED_MR, (), "DeviceSerialNumber", "1"),
        (RT_STRUCTURE_SET, (), "OperatorsName", "2"),
        (RT_PLAN, (), "RTPlanDate", "2"),
        (RT_PLAN, ("BeamSequence",), "TreatmentMachineName", "2"),
        (KEY_OBJECTS, (), "ContentDate", "1"),
        (COMPREHENSIVE_SR, (), "ContentDate", "1"),
        (COMPREHENSIVE_SR, (), "ReferencedPerformedProcedureStepSequence", "2"),
    ],
)
def test_type_is_that_of_the_standard(sop_class_uid, path, keyword, type_):
    tags = tuple(tag_for_keyword(sequence) for sequence in path)
    assert types_at(sop_class_uid, tags).get(tag_for_keyword(keyword)) == type_


def test_path_outside_the_iod_has_no_types():
    assert types_at(CT, (tag_for_keyword("BeamSequence"),)) == {}


def test_content_sequence_nested_in_itself_counts_once():
    types = types_at(ENCAPSULATED_PDF, (CONTENT_SEQUENCE,))
    assert types == {tag_for_keyword("ObservationDateTime"): "1C"}
    assert types_at(ENCAPSULATED_PDF, (CONTENT_SEQUENCE,) * 4) == types


def test_unknown_sop_class_gets_the_most_demanding_types():
    assert types_at("1.2.3", ())[tag_for_keyword("SeriesDate")] == "1"
    assert types_at("", (tag_for_keyword("BeamSequence"),))[tag_for_keyword("TreatmentMachineName")] == "2"


@needs_highdicom
def test_types_are_those_of_highdicoms_maps_for_every_iod_and_path():
    compound = compound_tags()
    found_in_module = {}
    for module, items in highdicom_map("module_attribute_map").items():
        found = found_in_module[module] = defaultdict(lambda: defaultdict(set))
        for item in items:
            path = collapsed(item["path"])
            tag = tag_for_keyword(item["keyword"])
            found[path]  # a path without compound attributes counts too: nothing may be listed there
            if tag in compound:
                found[path][tag].add(item["type"])
    found_in_iod = {}
    for iod, modules in highdicom_map("iod_module_map").items():
        found_in_iod[iod] = union(found_in_module.get(module["key"], {}) for module in modules)

    sop_classes = highdicom_map("sop_class_iod_map")
    assert len(sop_classes) >= 180
    for sop_class_uid, iod in sop_classes.items():
        for path, found in found_in_iod[iod].items():
            assert types_at(sop_class_uid, path) == most_demanding(found), (iod, path)
    for path, found in union(found_in_iod.values()).items():
        assert types_at("1.2.3", path) == most_demanding(found), path


def collapsed(keywords: list[str]) -> tuple[int, ...]:
    text = "/".join(keywords)
    while "ContentSequence/ContentSequence" in text:
        text = text.replace("ContentSequence/ContentSequence", "ContentSequence")
    return tuple(tag_for_keyword(keyword) for keyword in text.split("/") if keyword)


def union(parts) -> dict:
    merged = defaultdict(lambda: defaultdict(set))
    for part in parts:
        for path, attributes in part.items():
            merged[path]
            for tag, types in attributes.items():
                merged[path][tag] |= types
    return merged


def most_demanding(found: dict[int, set[str]]) -> dict[int, str]:
    return {tag: min(types, key=DEMAND.index) for tag, types in found.items()}


# --- the files


@needs_csv
def test_committed_table_is_what_the_script_generates():
    generated = generate_tables.confidentiality_table(CSV)
    assert (DATA / f"ps315_{EDITION}.tsv").read_bytes() == generated.encode()
    assert generate_tables.compound_tags(CSV) == compound_tags()


def test_committed_dictionary_is_what_the_script_generates():
    assert (DATA / "dictionary.tsv").read_bytes() == generate_tables.dictionary_table().encode()


@needs_highdicom
def test_committed_types_are_what_the_script_generates():
    generated = generate_tables.attribute_types_table(compound_tags())
    assert (DATA / "attribute_types.tsv").read_bytes() == generated.encode()


def test_script_names_the_source_that_is_missing(tmp_path, capsys):
    assert generate_tables.main([str(tmp_path / "absent.csv")]) == 1
    assert "absent.csv" in capsys.readouterr().err
    assert generate_tables.main([]) == 2


def test_tables_load_without_the_packages_that_are_slow_to_import():
    program = (
        "import sys\n"
        "before = set(sys.modules)\n"
        "from DicomSuiteAnonymizeLib import attribute_types, dictionary, ps315\n"
        "ps315.rows(), dictionary.public_vrs(), attribute_types.types_at('', ())\n"
        "print(sorted({'pydicom', 'highdicom', 'numpy', 'typing'} & (set(sys.modules) - before)))\n"
    )
    folders = [str(REPOSITORY / module) for module in ("DicomSuite", "DicomSuiteAnonymize")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(folders)}
    result = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert result.stdout == "[]\n"

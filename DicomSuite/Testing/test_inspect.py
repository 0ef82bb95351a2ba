"""`dicomsuite inspect` shows what is there and what is odd, and nobody's identity unless asked."""

import argparse
import csv
import json
import re
import shutil

import pytest
from pydicom.data import get_testdata_file
from pydicom.datadict import dictionary_VR, keyword_for_tag
from pydicom.dataset import Dataset

from dicom_slices import FRAME_OF_REFERENCE_UID, SERIES_UID, STUDY_UID, write_slice, write_stack
from DicomSuiteLib import inspect_command
from DicomSuiteLib.errors import DicomSuiteError, UsageError
from real_data import real_data

IDENTITY = {
    "PatientName": "Planted^Petra",
    "PatientID": "PLANTED-4711",
    "PatientBirthDate": "19500203",
    "StudyDate": "20240305",
    "StudyDescription": "planted study text",
    "SeriesDescription": "planted series text",
    "ProtocolName": "planted protocol",
    "StationName": "PLANTEDSTATION",
    "ImageComments": "planted comment",
}
SECRETS = ("lanted", "PLANTED", "1950", "2024", STUDY_UID, SERIES_UID, FRAME_OF_REFERENCE_UID)


def inspect(*arguments):
    parser = argparse.ArgumentParser()
    inspect_command.add_arguments(parser)
    return inspect_command.run(parser.parse_args([str(argument) for argument in arguments]))


@pytest.fixture
def study(tmp_path):
    """Two patients below a folder that is named after one of them."""
    folder = tmp_path / "Planted Petra"
    write_stack(
        folder, [0, 2, 4, 8, 10, 12, 14], **IDENTITY, RescaleSlope=1, RescaleIntercept=-1024, SeriesNumber=4
    )
    write_stack(folder, [0, 2, 4], PatientID="PLANTED-2", SeriesInstanceUID="1.2.3", StudyInstanceUID="1.2")
    (folder / "planted.txt").write_text("no DICOM")
    return folder


def test_table_shows_each_series_and_what_is_irregular(study, capsys):
    assert inspect(study) == 0
    lines = capsys.readouterr().out.splitlines()
    assert " ".join(lines[0].split()) == "Patient Study Series Modality Files Size Spacing mm Slope/intercept"
    assert " ".join(lines[2].split()) == "1 1 - CT 3 4 x 3 x 3 0.5 x 0.75 x 2 -"
    assert " ".join(lines[3].split()) == "2 1 4 CT 7 4 x 3 x 7 0.5 x 0.75 x ? 1 / -1024"
    assert lines[4] == (
        "    ! 1 slice missing at a spacing of 2.00 mm: 1 after slice 3 (between 4.0 and 8.0 mm from the"
    )
    assert lines[5] == "      first)"
    assert lines[7] == "2 series in 10 files; 1 not DICOM, 0 DICOMDIR, 0 unreadable"


def test_table_is_aligned_and_fits_100_columns(study, capsys):
    inspect(study, "--show-phi")
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 100
    rows = [line for line in lines if " CT " in line]
    for title in ("Modality", "Size", "Spacing mm", "Slope/intercept"):
        start = lines[0].index(title)
        assert all(row[start - 1] == " " and row[start] != " " for row in rows)


def test_nothing_identifying_is_printed_unless_asked_for(study, capsys):
    (study / "Planted^Petra.dcm").touch()  # unreadable: empty
    path = write_slice(study.parent / "one.dcm", **IDENTITY)
    for arguments in [(study,), (study, "--json"), (path, "--tags"), (path, "--tags", "--json")]:
        inspect(*arguments)
        output = "".join(capsys.readouterr())
        assert not [secret for secret in SECRETS if secret in output], arguments


def test_show_phi_prints_who_it_is(study, capsys):
    inspect(study, "--show-phi")
    output = capsys.readouterr().out
    assert "Patient 2: Planted^Petra, ID PLANTED-4711; study 1: 20240305, planted study text" in output
    assert '    "planted series text"' in output
    inspect(study, "--show-phi", "--json")
    series = json.loads(capsys.readouterr().out)["series"][1]
    assert series["patient_name"] == "Planted^Petra" and len(series["paths"]) == 7


def test_json_holds_the_geometry_in_full(study, capsys):
    inspect(study, "--json")
    content = json.loads(capsys.readouterr().out)
    assert content["not_dicom"] == 1 and content["unreadable"] == []
    regular, gapped = content["series"]
    assert regular["stacks"] == [
        {
            "columns": 4,
            "rows": 3,
            "frames": 3,
            "spacing_mm": [0.5, 0.75, 2.0],
            "origin_lps_mm": [0.0, 0.0, 0.0],
            "directions_lps": [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        }
    ]
    assert gapped["stacks"][0]["spacing_mm"] is None
    assert [irregularity["kind"] for irregularity in gapped["irregularities"]] == ["gap"]
    assert (gapped["rescale_slope"], gapped["rescale_intercept"]) == (1, -1024)


def test_dynamic_series_is_one_row(tmp_path, capsys):
    for time in range(1, 31):
        write_stack(tmp_path, [0, 2, 4], TemporalPositionIdentifier=time)
    inspect(tmp_path)
    output = capsys.readouterr().out
    assert "30 of 4 x 3 x 3" in output
    assert "30 volumes at the same positions, told apart by TemporalPositionIdentifier" in output
    assert len(output.splitlines()) == 7


def test_patients_and_studies_without_any_identity_are_not_one_patient(tmp_path, capsys):
    for study_uid in ("1.1", "1.2"):
        nobody = {"PatientID": "", "PatientName": "", "StudyInstanceUID": study_uid}
        write_stack(tmp_path, [0, 1], SeriesInstanceUID=study_uid + ".1", **nobody)
    inspect(tmp_path, "--json")
    series = json.loads(capsys.readouterr().out)["series"]
    assert [(one["patient"], one["study"]) for one in series] == [(1, 1), (2, 1)]


def test_unreadable_files_give_exit_code_3_and_their_reasons(study, capsys):
    (study / "empty.dcm").touch()
    assert inspect(study) == 3
    assert "unreadable: 1 x empty file" in capsys.readouterr().out
    assert inspect(study, "--show-phi") == 3
    assert f"unreadable: {study / 'empty.dcm'}: empty file" in capsys.readouterr().out


def test_nothing_to_show_is_an_error(tmp_path, capsys):
    with pytest.raises(DicomSuiteError, match="no series"):
        inspect(tmp_path)
    assert "0 series in 0 files" in capsys.readouterr().out
    with pytest.raises(DicomSuiteError, match="no such file"):
        inspect(tmp_path / "absent")
    (tmp_path / "text").write_text("no DICOM")
    with pytest.raises(DicomSuiteError, match="not a DICOM file"):
        inspect(tmp_path / "text", "--tags")


def test_tags_wants_exactly_one_file(study):
    for paths in [(study,), sorted(study.glob("*.dcm"))[:2]]:
        with pytest.raises(UsageError):
            inspect(*paths, "--tags")


def test_tags_shows_nested_attributes_and_only_the_length_of_binary_ones(tmp_path, capsys):
    code, item = Dataset(), Dataset()
    code.CodeValue = "T-D3000"
    code.CodeMeaning = "planted meaning"
    item.ScheduledProtocolCodeSequence = [code]
    path = write_slice(tmp_path / "1.dcm", RequestAttributesSequence=[item], Manufacturer="ACME", KVP="120")
    inspect(path, "--tags")
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["(0008,0070)", "LO", "Manufacturer", "ACME"] in lines
    assert ["(0018,0060)", "DS", "KVP", "120"] in lines
    assert [
        "(0008,0016)",
        "UI",
        "SOPClassUID",
        "1.2.840.10008.5.1.4.1.1.2",
        "(CT",
        "Image",
        "Storage)",
    ] in lines
    nested = lines.index(["(0040,0275)", "SQ", "RequestAttributesSequence", "1", "items"])
    assert lines[nested + 1 : nested + 6] == [
        ["item", "1"],
        ["(0040,0008)", "SQ", "ScheduledProtocolCodeSequence", "1", "items"],
        ["item", "1"],
        ["(0008,0100)", "SH", "CodeValue", "T-D3000"],
        ["(0008,0104)", "LO", "CodeMeaning", "(hidden)"],
    ]
    assert lines[-1] == ["(7FE0,0010)", "OB", "PixelData", "12", "bytes"]


def test_tags_hides_every_attribute_of_table_e_1_1(tmp_path, capsys):
    table = real_data("ps315_e1_1_2026c.csv")
    values = {"UI": "2.25.7", "DA": "19771123", "TM": "071123", "DT": "19771123", "AS": "077Y"}
    dataset = Dataset()
    for row in csv.DictReader(table.read_text().splitlines()):
        digits = row["tag"].strip("()").replace(",", "")
        keyword = keyword_for_tag(digits) if re.fullmatch("[0-9A-F]{8}", digits) else ""
        vr = dictionary_VR(keyword) if keyword else ""
        if row["tag"] >= "(0008" and vr and vr not in {"SQ", "OB", "OW", "UN", "OB or OW"}:
            setattr(dataset, keyword, values.get(vr, 77 if vr in {"DS", "IS", "FD", "US"} else "ZZTOP"))
    planted = {element.keyword for element in dataset}
    assert len(planted) > 300
    path = write_slice(tmp_path / "1.dcm", RequestAttributesSequence=[dataset])
    inspect(path, "--tags")
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if line.startswith("    (")]
    assert {line[2] for line in lines if line[-1] == "(hidden)"} == planted


def test_control_characters_of_a_file_never_reach_the_terminal(tmp_path, capsys):
    name = "Evil\x1b[2J^Name"
    path = write_slice(
        tmp_path / "1.dcm", PatientName=name, SeriesDescription="a\x1b]0;b\x07", Modality="C\x1bT"
    )
    for arguments in [(path, "--show-phi"), (path, "--tags", "--show-phi"), (path,)]:
        inspect(*arguments)
        assert "\x1b" not in capsys.readouterr().out


AWKWARD_FILES = (
    *(
        "CT_small.dcm",
        "rtplan.dcm",
        "rtstruct.dcm",
        "JPEG2000.dcm",
        "image_dfl.dcm",
        "priv_SQ.dcm",
        "DICOMDIR",
    ),
    *("ExplVR_BigEndNoMeta.dcm", "UN_sequence.dcm", "badVR.dcm", "meta_missing_tsyntax.dcm", "reportsi.dcm"),
)


@pytest.mark.parametrize("name", AWKWARD_FILES)
def test_tags_reads_awkward_files(name, capsys):
    assert inspect(get_testdata_file(name), "--tags") == 0
    output = capsys.readouterr().out
    assert output.startswith("(0") and max(map(len, output.splitlines())) <= 100


def test_source_is_left_as_it_was(study):
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in study.iterdir()}
    inspect(study)
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in study.iterdir()} == before


def test_tilted_head_ct_is_told_in_the_table(capsys, tmp_path):
    shutil.copytree(real_data("ge_tilt"), tmp_path / "ct")
    assert inspect(tmp_path) == 0
    output = capsys.readouterr().out
    assert "! 3 different slice spacings: 4.00 mm x 13, 1.08 mm x 1, 7.00 mm x 13" in output
    assert "! gantry tilt of 18.5 degrees" in output
    assert "512 x 512 x 28  0.4883 x 0.4883 x ?  1 / 0" in output

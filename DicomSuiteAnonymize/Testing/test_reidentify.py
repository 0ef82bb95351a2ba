"""De-identify, re-identify: what comes back, what cannot, and which files are refused."""

from __future__ import annotations

import json
import shutil
import stat
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    SegmentationStorage,
)

from anonymize_runs import KEY, anonymize, tree, write_key
from copied_study import copied_study
from dicom_slices import write_slice
from DicomSuiteAnonymizeLib.crosswalks.crosswalk_notes import NotingReplacer, OriginalSubject, OriginalValue
from DicomSuiteAnonymizeLib.crosswalks.restored_values import RestoredSubject, RestoringReplacer
from DicomSuiteAnonymizeLib.dates import shift_dates
from DicomSuiteAnonymizeLib.instance_task import WRITTEN, FileTask, TaskSettings, process_batch
from DicomSuiteAnonymizeLib.keys import Pseudonyms
from DicomSuiteAnonymizeLib.profiles.profile import BUILT_IN, TagEdit
from DicomSuiteAnonymizeLib.profiles.profile_file import write_profile
from DicomSuiteAnonymizeLib.steps import Action, Step
from DicomSuiteAnonymizeLib.values import padded
from DicomSuiteLib import cli
from restored_files import NUMBERS, PATIENT, leads, read

RESEARCH = ("--profile", "research")
OTHER_KEY = bytes(range(32, 64))


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    return write_key(tmp_path / "key")


def reidentify(source: Path, target: Path, key_file: Path, *options: object) -> int:
    words = ("reidentify", source, target, "--key-file", key_file, "--workers", "1", "--progress", "none", *options)
    return cli.main(list(map(str, words)))


def summary(target: Path) -> dict:
    return json.loads((target / "reidentification.json").read_text(encoding="utf-8"))


def only(folder: Path) -> Path:
    """The one DICOM file below the folder."""
    (path,) = folder.rglob("*.dcm")
    return path


def there_and_back(
    source: Path, folder: Path, key_file: Path, *options: object, between: Callable[[Path], None] = lambda out: None
) -> Path:
    """Folder with the restored files; `between` may change the de-identified ones."""
    assert anonymize(source, folder / "out", key_file, "--crosswalk", *options).code == 0
    between(folder / "out")
    assert reidentify(folder / "out", folder / "back", key_file) == 0
    return folder / "back"


# the whole way


def test_synthetic_study_has_its_ids_uids_and_dates_back(tmp_path: Path, key_file: Path):
    study = copied_study(tmp_path / "source")
    before = tree(tmp_path / "source")
    options = (*RESEARCH, "--allow-pixel-risk")
    assert anonymize(study.folder, tmp_path / "out", key_file, "--crosswalk", *options).code == 0
    de_identified = tree(tmp_path / "out")
    assert reidentify(tmp_path / "out", tmp_path / "back", key_file) == 0
    originals = {str(dataset.SOPInstanceUID): dataset for dataset in map(read, study.dicom_files)}
    restored = list(map(read, (tmp_path / "back").rglob("*.dcm")))
    assert len(restored) == len(originals) == 42
    for dataset in restored:
        original = originals.pop(str(dataset.SOPInstanceUID))
        assert dataset.file_meta.MediaStorageSOPInstanceUID == dataset.SOPInstanceUID
        assert leads(dataset).items() <= leads(original).items()
        assert top_level(dataset) == top_level(original)
        if "PixelData" in original:
            assert dataset.PixelData == original.PixelData
    assert tree(tmp_path / "source") == before
    assert tree(tmp_path / "out") == de_identified
    assert summary(tmp_path / "back")["left"] == []


def top_level(dataset: Dataset) -> dict[str, str]:
    keywords = (
        "PatientID", "PatientName", "PatientBirthDate", "AccessionNumber", "StudyID", "StudyInstanceUID",
        "SeriesInstanceUID", "FrameOfReferenceUID", "StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate",
    )  # fmt: skip
    return {keyword: str(dataset.get(keyword, "")) for keyword in keywords}


def test_every_real_file_has_its_ids_uids_and_dates_back(tmp_path: Path, key_file: Path):
    folder = Path(pydicom.__file__).parent / "data"
    end = anonymize(folder, tmp_path / "out", key_file, "--crosswalk", *RESEARCH, "--allow-pixel-risk")
    assert end.code == 3
    assert reidentify(tmp_path / "out", tmp_path / "back", key_file) == 0
    settings = TaskSettings(BUILT_IN["research"], KEY, "", allow_pixel_risk=True)
    tasks = [FileTask(str(path), str(path)) for path in folder.rglob("*") if path.is_file()]
    names = {row.key: row.output for row in process_batch(settings, tasks).rows if row.status == WRITTEN}
    assert len(names) > 100
    for path, name in names.items():
        original = leads(read(Path(path)))
        copies = (tmp_path / "back" / name).parent.glob(f"{Path(name).stem}*.dcm")  # of files with equal headers
        restored = [leads(read(copy)) for copy in copies]
        assert any(copy.items() <= original.items() for copy in restored), path
    assert {entry["path"] for entry in summary(tmp_path / "back")["left"]} <= {NAME_OF_ANOTHER_PATIENT}


NAME_OF_ANOTHER_PATIENT = "(0032,1064)/(0010,0010)"
"""A name inside a sequence, with the pseudonym of the patient at top level who has another name."""


@pytest.mark.parametrize(
    "syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian]
)
def test_every_encoding_comes_back(tmp_path: Path, key_file: Path, syntax: str):
    dataset, model = Dataset(), dcmread(write_slice(tmp_path / "model.dcm", PatientID="4711", StudyDate="20200131"))
    dataset.update(model)
    dataset.StudyID, dataset.OperatorsName = "S1", "Quill^Ada"
    dataset.file_meta = model.file_meta
    dataset.file_meta.TransferSyntaxUID = syntax
    (tmp_path / "source").mkdir()
    dataset.save_as(tmp_path / "source/1.dcm", enforce_file_format=True)
    restored = read(only(there_and_back(tmp_path / "source", tmp_path, key_file, *RESEARCH)))
    assert restored.file_meta.TransferSyntaxUID == syntax
    assert leads(restored) == leads(dataset)
    assert restored.PixelData == dataset.PixelData
    assert restored.PatientIdentityRemoved == "NO"
    assert "DeidentificationMethod" not in restored


def test_two_workers_restore_what_one_restores(tmp_path: Path, key_file: Path):
    study = copied_study(tmp_path / "source")
    anonymize(study.folder, tmp_path / "out", key_file, "--crosswalk", *RESEARCH, "--allow-pixel-risk")
    for workers in ("1", "2"):
        assert reidentify(tmp_path / "out", tmp_path / workers, key_file, "--workers", workers) == 0
    assert tree(tmp_path / "1") == tree(tmp_path / "2")


def test_encrypted_crosswalk_leads_back_too(tmp_path: Path, key_file: Path):
    pytest.importorskip("cryptography")
    write_slice(tmp_path / "source/1.dcm", PatientID="4711")
    back = there_and_back(tmp_path / "source", tmp_path, key_file, "--encrypt-crosswalk")
    assert read(only(back)).PatientID == "4711"


SHARED_IDS = [
    {"PatientID": "1", "PatientName": "Quill^Ada", "IssuerOfPatientID": "NORTH"},
    {"PatientID": "1", "PatientName": "Quill^Bea", "IssuerOfPatientID": "SOUTH"},
    {"PatientID": "1", "PatientName": "Quill^Cleo"},
]
NO_IDS = [
    {"PatientID": "", "PatientName": "Quill^Ada"},
    {"PatientID": "", "PatientName": ""},
    {"PatientID": "", "PatientName": "", "PatientBirthDate": "19500101"},
]
NEARLY_EQUAL = [
    {"PatientID": "abc", "AccessionNumber": "a1"},
    {"PatientID": "ABC", "AccessionNumber": "A1"},
    {"PatientID": " abc", "AccessionNumber": " A1"},
]
DATES = [
    {"StudyDate": "2020.01.31", "DateOfLastCalibration": ["20190101", "", "20180203"]},
    {"StudyDate": "20200229", "SeriesDate": "18000101", "ContentDate": "99991231"},
    {"StudyDate": "", "AcquisitionDateTime": "20200131101112.123456+0100"},
]
UIDS = [
    {"SOPInstanceUID": "1.2.03.4", "FrameOfReferenceUID": "2.25.1234"},
    {"SOPInstanceUID": "2.25.329800735698586629295641978511506172918", "StudyInstanceUID": "2.25.1"},
]
LETTERS = [
    {"SpecificCharacterSet": "ISO_IR 192", "PatientName": "Núñez^Zoë", "PatientID": "Ä1", "AccessionNumber": "Ö1"},
    {"SpecificCharacterSet": "ISO_IR 100", "PatientName": "Núñez^Zoë", "PatientID": "Ä1", "AccessionNumber": "Ö1"},
]


@pytest.mark.parametrize("patients", [SHARED_IDS, NO_IDS, NEARLY_EQUAL, DATES, UIDS, LETTERS])
def test_patients_that_are_easily_mixed_up_keep_their_own(tmp_path: Path, key_file: Path, patients: list[dict]):
    originals = {}
    for number, values in enumerate(patients, 1):
        uids = {"SOPInstanceUID": f"1.2.3.{number}", "StudyInstanceUID": f"1.2.4.{number}"}
        original = read(write_slice(tmp_path / f"source/{number}.dcm", **uids | values))
        originals[str(original.SOPInstanceUID)] = original
    back = there_and_back(tmp_path / "source", tmp_path, key_file, *RESEARCH)
    for restored in map(read, back.rglob("*.dcm")):
        original = originals.pop(str(restored.SOPInstanceUID))
        assert leads(restored).items() <= leads(original).items()
        for keyword in (*PATIENT, *NUMBERS):
            assert str(restored.get(keyword)).strip() == str(original.get(keyword)).strip(), keyword
    assert not originals
    assert summary(back)["left"] == []


def test_runs_over_the_same_files_share_one_crosswalk(tmp_path: Path, key_file: Path):
    """By other rules, with other pseudonyms, and once more over what the first run wrote."""
    for number in (1, 2):
        write_slice(
            tmp_path / f"source/{number}.dcm", PatientID=f"P{number}", PatientName=f"Quill^{number}",
            SOPInstanceUID=f"1.2.3.{number}", StudyInstanceUID=f"1.2.4.{number}", StudyDate="20200131",
        )  # fmt: skip
    originals = {str(one.SOPInstanceUID): leads(one) for one in map(read, (tmp_path / "source").iterdir())}
    tables = ("P1,SITE-1,-5\nP2,SITE-2,-5\n", "P1,SITE-2,-6\nP2,SITE-1,-7\n")  # the second swaps them
    runs: list[tuple[object, ...]] = [RESEARCH]
    for number, table in enumerate(tables):
        (tmp_path / f"{number}.csv").write_text(f"id_old,id_new,date_offset\n{table}", encoding="utf-8")
        runs.append((*RESEARCH, "--pseudonyms", tmp_path / f"{number}.csv"))
    outputs = [tmp_path / f"out {number}" for number in range(len(runs))]
    for out, options in zip(outputs, runs, strict=True):
        assert anonymize(tmp_path / "source", out, key_file, "--crosswalk", *options).code == 0
    assert anonymize(outputs[0], tmp_path / "twice", key_file, "--crosswalk", *RESEARCH).code == 0
    assert reidentify(tmp_path / "twice", tmp_path / "once", key_file) == 0
    for number, out in enumerate((*outputs, tmp_path / "once")):
        assert reidentify(out, tmp_path / f"back {number}", key_file) == 0
        back = (tmp_path / f"back {number}").rglob("*.dcm")
        assert {str(one.SOPInstanceUID): leads(one) for one in map(read, back)} == originals


# single attributes


def test_markers_are_set_back_and_say_that_removed_dates_are_gone(tmp_path: Path, key_file: Path):
    write_slice(tmp_path / "source/1.dcm", StudyDate="20200131")
    for profile, dates, left in (("research", None, 0), ("basic", "REMOVED", 1)):
        folder = tmp_path / profile
        back = there_and_back(tmp_path / "source", folder, key_file, "--profile", profile)
        restored = read(only(back))
        assert restored.PatientIdentityRemoved == "NO"
        assert "DeidentificationMethod" not in restored
        assert "DeidentificationMethodCodeSequence" not in restored
        assert restored.get("LongitudinalTemporalInformationModified") == dates
        assert summary(back)["dates_removed"] == left


def test_patients_that_differ_in_name_alone_keep_their_own(tmp_path: Path, key_file: Path):
    names = {f"1.2.3.{number}": name for number, name in enumerate(("Quill^Ada", "Quill^Adele", "", "Quill^Ada"), 1)}
    for uid, name in names.items():
        write_slice(tmp_path / f"source/{uid}.dcm", PatientID="4711", PatientName=name, SOPInstanceUID=uid)
    back = there_and_back(tmp_path / "source", tmp_path, key_file)
    assert {str(one.SOPInstanceUID): str(one.PatientName) for one in map(read, back.rglob("*.dcm"))} == names


def test_name_in_a_sequence_that_cannot_be_told_is_left_and_counted(tmp_path: Path, key_file: Path):
    item = Dataset()
    item.PatientName = "Other^Eve"
    for uid, name in (("1.2.3.1", "Quill^Ada"), ("1.2.3.2", "Quill^Ada")):
        path = write_slice(tmp_path / f"source/{uid}.dcm", PatientID="4711", PatientName=name, SOPInstanceUID=uid)
        dataset = dcmread(path)
        dataset.RequestedProcedureCodeSequence = Sequence([item])
        dataset.save_as(path)
    back = there_and_back(tmp_path / "source", tmp_path, key_file)
    for dataset in map(read, back.rglob("*.dcm")):
        assert dataset.PatientName == "Quill^Ada"
        assert str(dataset.RequestedProcedureCodeSequence[0].PatientName).startswith("DS-")
    assert summary(back)["left"] == [{"path": NAME_OF_ANOTHER_PATIENT, "what": "pseudonym", "count": 2}]


def test_uids_inside_text_come_back(tmp_path: Path, key_file: Path):
    uid = "1.2.826.0.1.3680043.9.7133.77.1"
    write_slice(tmp_path / "source/1.dcm", SOPInstanceUID=uid, WindowCenterWidthExplanation=f"from {uid}")
    back = there_and_back(tmp_path / "source", tmp_path, key_file)
    assert read(only(back)).WindowCenterWidthExplanation == f"from {uid}"


def test_uid_in_a_private_attribute_that_stayed_comes_back(tmp_path: Path, key_file: Path):
    uid = "1.2.826.0.1.3680043.9.7133.77.1"
    path = write_slice(tmp_path / "source/1.dcm", SOPInstanceUID=uid)
    dataset = dcmread(path)
    dataset.private_block(0x0029, "WORKSTATION 1", create=True).add_new(0x01, "UI", uid)
    dataset.save_as(path)
    (tmp_path / "list.tsv").write_text("WORKSTATION 1\t0029\t01\tUI\n", encoding="utf-8")

    def check(out: Path) -> None:
        assert str(dcmread(only(out))[0x00291001].value).startswith("2.25.")

    keep = "--safe-private", tmp_path / "list.tsv"
    back = there_and_back(tmp_path / "source", tmp_path, key_file, *keep, between=check)
    assert read(only(back))[0x00291001].value == uid


def test_retained_uids_stay(tmp_path: Path, key_file: Path):
    write_slice(tmp_path / "source/1.dcm", SOPInstanceUID="1.2.3.4", PatientID="4711")
    restored = read(only(there_and_back(tmp_path / "source", tmp_path, key_file, "--retain", "uids")))
    assert (restored.SOPInstanceUID, restored.PatientID) == ("1.2.3.4", "4711")


def test_shifted_birth_date_and_pseudonym_by_an_edit_come_back(tmp_path: Path, key_file: Path):
    edits = (
        TagEdit((0x00100030,), Action.SHIFT),
        TagEdit((0x00081010,), Action.PSEUDONYM),
        TagEdit((0x00080055,), Action.PSEUDONYM),
    )
    write_profile(BUILT_IN["basic"].but(name="mine", edits=edits), tmp_path / "profile.json")
    write_slice(tmp_path / "source/1.dcm", PatientBirthDate="19501231", StationName="CT7", RetrieveAETitle="NODE")
    rules = "--profile-file", tmp_path / "profile.json"
    restored = read(only(there_and_back(tmp_path / "source", tmp_path, key_file, *rules)))
    assert (restored.PatientBirthDate, restored.StationName) == ("19501231", "CT7")


def test_dates_that_no_rule_shifted_stay(tmp_path: Path, key_file: Path):
    """The profile shifts the study date alone, and the series date happens to be the shifted one."""
    shifted = shift_dates(b"DA", b"20200131", Pseudonyms(KEY).date_offset(b"id\x004711")).decode()
    write_slice(tmp_path / "source/1.dcm", PatientID="4711", StudyDate="20200131", SeriesDate=shifted)
    restored = read(only(there_and_back(tmp_path / "source", tmp_path, key_file, "--profile", "seventeen")))
    assert (restored.StudyDate, restored.SeriesDate) == ("20200131", shifted)


# files that were made later


def derived_from(path: Path, **attributes: object) -> Dataset:
    """A segmentation of a de-identified image, as other software makes it."""
    image = dcmread(path)
    made = dcmread(write_slice(path.with_name("derived.dcm"), SOPClassUID=SegmentationStorage, SOPInstanceUID="1.2.9"))
    for keyword in ("PatientID", "PatientName", "StudyInstanceUID", "StudyDate", "AccessionNumber"):
        setattr(made, keyword, image.get(keyword))
    made.SeriesInstanceUID, made.ContentDate = "1.2.9.1", "20261122"
    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = image.SOPClassUID, image.SOPInstanceUID
    made.SourceImageSequence = Sequence([reference])
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
    made.save_as(path.with_name("derived.dcm"))
    return made


def test_derived_object_leads_to_its_patient_study_and_images(tmp_path: Path, key_file: Path):
    source = tmp_path / "source"
    write_slice(
        source / "1.dcm", PatientID="4711", PatientName="Quill^Ada", StudyDate="20200131", SOPInstanceUID="1.2.3.4",
        AccessionNumber="A17", StudyInstanceUID="1.2.3",
    )  # fmt: skip
    back = there_and_back(source, tmp_path, key_file, *RESEARCH, between=lambda out: derived_from(only(out)))
    (restored,) = [one for one in map(read, back.rglob("*.dcm")) if one.SOPClassUID == SegmentationStorage]
    assert (restored.PatientID, str(restored.PatientName), restored.AccessionNumber) == ("4711", "Quill^Ada", "A17")
    assert (restored.StudyInstanceUID, restored.StudyDate) == ("1.2.3", "20200131")
    assert restored.SourceImageSequence[0].ReferencedSOPInstanceUID == "1.2.3.4"
    assert (restored.SOPInstanceUID, restored.SeriesInstanceUID, restored.ContentDate) == (
        "1.2.9", "1.2.9.1", "20261122",
    )  # fmt: skip


def test_name_comes_back_in_the_character_set_of_the_file(tmp_path: Path, key_file: Path):
    name = "Núñez^Zoë"
    write_slice(tmp_path / "source/1.dcm", SpecificCharacterSet="ISO_IR 100", PatientName=name, PatientID="4711")
    for number, (character_set, expected) in enumerate({"ISO_IR 192": name, "ISO_IR 144": "DS-"}.items()):
        folder = tmp_path / f"{number}"
        back = there_and_back(
            tmp_path / "source", folder, key_file,
            between=lambda out, used=character_set: derived_from(only(out), SpecificCharacterSet=used),
        )  # fmt: skip
        (restored,) = [one for one in map(read, back.rglob("*.dcm")) if one.SOPClassUID == SegmentationStorage]
        assert restored.PatientID == "4711"
        assert str(restored.PatientName).startswith(expected)


# what is refused


def test_foreign_file_is_refused_and_the_rest_restored(tmp_path: Path, key_file: Path):
    write_slice(tmp_path / "source/1.dcm", PatientID="4711")
    anonymize(tmp_path / "source", tmp_path / "out", key_file, "--crosswalk")
    write_slice(tmp_path / "out/foreign.dcm", PatientID="F1", StudyInstanceUID="1.2.99", SeriesInstanceUID="1.2.99.1")
    assert reidentify(tmp_path / "out", tmp_path / "back", key_file) == 3
    assert [dcmread(path).PatientID for path in (tmp_path / "back").rglob("*.dcm")] == ["4711"]
    assert "foreign.dcm,not in this crosswalk" in (tmp_path / "back/refused.csv").read_text(encoding="utf-8")
    assert summary(tmp_path / "back")["files"] == {"in": 5, "written": 1, "refused": 1, "not_dicom": 3}


def test_file_whose_patient_and_study_do_not_belong_together_is_refused(tmp_path: Path, key_file: Path):
    for number in (1, 2):
        write_slice(
            tmp_path / f"source/{number}.dcm", PatientID=f"4711-{number}", StudyInstanceUID=f"1.2.3.{number}",
            SeriesInstanceUID=f"1.2.3.{number}.1",
        )  # fmt: skip
    anonymize(tmp_path / "source", tmp_path / "out", key_file, "--crosswalk")
    one, other = sorted((tmp_path / "out").rglob("*.dcm"))
    derived_from(one, PatientID=dcmread(other).PatientID)
    assert reidentify(tmp_path / "out", tmp_path / "back", key_file) == 3
    assert list(summary(tmp_path / "back")["reasons"]) == [
        "its Patient ID and its UIDs belong to different patients of the crosswalk"
    ]


def test_file_whose_patient_was_corrected_since_is_not_given_the_first_ones_name(tmp_path: Path, key_file: Path):
    for number in (1, 2):
        write_slice(tmp_path / f"source/{number}.dcm", PatientID=f"4711-{number}", StudyInstanceUID=f"1.2.3.{number}")
    anonymize(tmp_path / "source", tmp_path / "out", key_file, "--crosswalk")
    one, other = sorted((tmp_path / "out").rglob("*.dcm"))
    corrected = dcmread(one)
    corrected.PatientID = dcmread(other).PatientID
    corrected.save_as(one)
    assert reidentify(tmp_path / "out", tmp_path / "back", key_file) == 3
    assert list(summary(tmp_path / "back")["reasons"]) == [
        "its Patient ID and its UIDs belong to different patients of the crosswalk"
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="file modes of POSIX")
def test_new_folder_of_restored_files_is_the_owners_alone(tmp_path: Path, key_file: Path):
    write_slice(tmp_path / "source/1.dcm")
    back = there_and_back(tmp_path / "source", tmp_path, key_file)
    assert stat.S_IMODE(back.stat().st_mode) == 0o700


def test_wrong_key_missing_key_and_used_target_end_before_anything_is_written(tmp_path: Path, key_file: Path, capsys):
    write_slice(tmp_path / "source/1.dcm")
    anonymize(tmp_path / "source", tmp_path / "out", key_file, "--crosswalk")
    crosswalk = "--crosswalk", key_file.with_name("crosswalk.sqlite")
    other = write_key(tmp_path / "other", OTHER_KEY)
    assert reidentify(tmp_path / "out", tmp_path / "back", other, *crosswalk) == 1
    assert "crosswalk.sqlite belongs to another key" in capsys.readouterr().err
    assert reidentify(tmp_path / "out", tmp_path / "back", tmp_path / "no key", *crosswalk) == 1
    assert not (tmp_path / "no key").exists()
    assert not (tmp_path / "back").exists()
    assert reidentify(tmp_path / "out", tmp_path / "source", key_file) == 2
    assert reidentify(tmp_path / "out", tmp_path / "out/back", key_file) == 2


def test_truncated_file_is_refused(tmp_path: Path, key_file: Path):
    write_slice(tmp_path / "source/1.dcm")
    anonymize(tmp_path / "source", tmp_path / "out", key_file, "--crosswalk")
    path = only(tmp_path / "out")
    path.write_bytes(path.read_bytes()[:-4])
    assert reidentify(tmp_path / "out", tmp_path / "back", key_file) == 3
    assert not list((tmp_path / "back").rglob("*.dcm"))


def test_nothing_that_names_a_patient_is_printed(tmp_path: Path, key_file: Path, capsys):
    study = copied_study(tmp_path / "source")
    anonymize(study.folder, tmp_path / "out", key_file, "--crosswalk", *RESEARCH, "--allow-pixel-risk")
    reidentify(tmp_path / "out", tmp_path / "back", key_file, "--progress", "json")
    shown = "".join(capsys.readouterr()) + (tmp_path / "back/reidentification.json").read_text(encoding="utf-8")
    assert shown
    assert not [planted for planted in study.planted if planted in shown]


def test_single_file_and_folder_give_the_same(tmp_path: Path, key_file: Path):
    write_slice(tmp_path / "source/1.dcm", PatientID="4711")
    back = there_and_back(tmp_path / "source", tmp_path, key_file)
    shutil.copy(only(tmp_path / "out"), tmp_path / "one.dcm")
    assert reidentify(tmp_path / "one.dcm", tmp_path / "single", key_file) == 0
    assert only(tmp_path / "single").read_bytes() == only(back).read_bytes()


# any date

DAYS = st.dates(min_value=date(1930, 1, 1), max_value=date(2100, 1, 1)).map(lambda day: f"{day:%Y%m%d}")
TIMES = st.sampled_from(("", "09", "0930", "093015", "093015.5", "093015.123456"))
DATE_TIMES = st.tuples(DAYS, TIMES, st.sampled_from(("", "+0100", "-0500"))).map("".join)


def one_or_more(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(values, min_size=1, max_size=3).map("\\".join)


VALUES = st.one_of(
    st.tuples(st.just(b"DA"), one_or_more(DAYS)),
    st.tuples(st.just(b"DA"), DAYS.map(lambda day: f"{day[:4]}.{day[4:6]}.{day[6:]}")),
    st.tuples(st.just(b"DA"), st.tuples(DAYS, DAYS).map("-".join)),
    st.tuples(st.just(b"DT"), one_or_more(DATE_TIMES)),
    st.tuples(st.just(b"DT"), DAYS.map(lambda day: day[:4]) | DAYS.map(lambda day: day[:6])),
)


class Noted:
    """Stands for a crosswalk that holds what a replacer noted."""

    def __init__(self, replacer: NotingReplacer) -> None:
        self._values = replacer.values

    def old_values(self, domain: str, new: bytes) -> list[OriginalValue]:
        return [value for value in self._values if (value.domain, value.new) == (domain, new)]


@given(values=st.lists(VALUES, min_size=1, max_size=6), offset=st.integers(-3650, -1))
def test_any_shifted_date_comes_back_unless_two_became_one(values: list[tuple[bytes, str]], offset: int):
    tags = {b"DA": 0x00080020, b"DT": 0x0008002A}
    subject = SimpleNamespace(identity=SimpleNamespace(patient=b"DS-X", date_offset=offset), character_set=b"")
    noting = NotingReplacer(Pseudonyms(KEY))
    originals: dict[tuple[bytes, bytes], set[bytes]] = {}
    for vr, text in values:
        old = text.encode()
        new, action = noting.replace(Step(Action.SHIFT, "shifted"), tags[vr], vr, padded(vr, old), subject)
        assert action is Action.SHIFT
        originals.setdefault((vr, new), set()).add(padded(vr, shift_dates(vr, old, 0)))
    whom = OriginalSubject(b"DS-X", b"", b"", b"", b"", b"", b"", offset)
    restoring, restored_subject = RestoringReplacer(Noted(noting)), RestoredSubject((whom,), True, b"", b"MODIFIED")
    for (vr, new), olds in originals.items():
        restored, action = restoring.replace(Step(Action.KEEP, "date"), tags[vr], vr, new, restored_subject)
        assert {restored} == olds if len(olds) == 1 else action is Action.DUMMY

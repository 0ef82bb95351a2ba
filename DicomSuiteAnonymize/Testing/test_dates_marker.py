"""(0028,0303) says what was done to dates; where edits of single attributes make that untrue, it is left out."""

from __future__ import annotations

import io

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from anonymize_runs import anonymize, read_report, write_key
from dicom_slices import write_slice
from DicomSuiteAnonymizeLib.dataset_rewriter import rewrite_dataset
from DicomSuiteAnonymizeLib.profiles.profile import PS315, Profile, TagEdit
from DicomSuiteAnonymizeLib.profiles.profile_file import write_profile
from DicomSuiteAnonymizeLib.ps315 import Option
from DicomSuiteAnonymizeLib.rewriter import rewrite_bytes
from DicomSuiteAnonymizeLib.steps import Action
from DicomSuiteAnonymizeLib.verification.verify import verify
from rewriting import rewritten_bytes

STUDY_DATE, STUDY_TIME, STUDY_DESCRIPTION = 0x00080020, 0x00080030, 0x00081030
MODIFIED, FULL = Option.RETAIN_MODIFIED_DATES, Option.RETAIN_FULL_DATES
KEEP_DATE, SHIFT_DATE = TagEdit((STUDY_DATE,), Action.KEEP), TagEdit((STUDY_DATE,), Action.SHIFT)
TYPE_DATE = TagEdit((STUDY_DATE,), Action.REPLACE, "19000101")
EMPTY_DATE = TagEdit((STUDY_DATE,), Action.EMPTY)
KEEP_TIME = TagEdit((STUDY_TIME,), Action.KEEP)
KEEP_INSIDE = TagEdit((0x00081110, STUDY_DATE), Action.KEEP)
KEEP_OTHER = TagEdit((STUDY_DESCRIPTION,), Action.KEEP)


def profile(option: Option | None, edits: tuple[TagEdit, ...], basis: str = PS315) -> Profile:
    return Profile("dates", "Dates", basis, frozenset((option,) if option else ()), edits)


def marker_of(rules: Profile) -> str:
    """The marker in the output, on which both paths agree."""
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = CTImageStorage, "1.2.826.0.1.3680043.9.7133.1"
    dataset.PatientID, dataset.StudyDate, dataset.StudyTime = "HOSP-471142", "20200131", "101112"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    file = io.BytesIO()
    dataset.save_as(file, enforce_file_format=True)
    output = rewritten_bytes(file.getvalue(), rules, by=rewrite_bytes)
    assert rewritten_bytes(file.getvalue(), rules, by=rewrite_dataset) == output
    return dcmread(io.BytesIO(output)).get("LongitudinalTemporalInformationModified", "")


@pytest.mark.parametrize(
    ("option", "edits", "marker"),
    [
        (None, (), "REMOVED"),
        (None, (KEEP_OTHER,), "REMOVED"),
        (None, (EMPTY_DATE, KEEP_OTHER), "REMOVED"),
        (None, (TYPE_DATE,), "REMOVED"),
        (None, (KEEP_DATE,), ""),
        (None, (KEEP_INSIDE,), ""),
        (None, (KEEP_TIME,), ""),
        (None, (SHIFT_DATE,), "MODIFIED"),
        (None, (SHIFT_DATE, KEEP_TIME), "MODIFIED"),
        (None, (SHIFT_DATE, KEEP_INSIDE), ""),
        (MODIFIED, (), "MODIFIED"),
        (MODIFIED, (KEEP_TIME, EMPTY_DATE), "MODIFIED"),
        (MODIFIED, (KEEP_DATE,), ""),
        (FULL, (), "UNMODIFIED"),
        (FULL, (KEEP_DATE, KEEP_TIME), "UNMODIFIED"),
        (FULL, (EMPTY_DATE,), "UNMODIFIED"),
        (FULL, (SHIFT_DATE,), ""),
        (FULL, (TYPE_DATE,), ""),
    ],
)
def test_marker_is_true_of_what_options_and_edits_leave(option, edits, marker):
    assert marker_of(profile(option, edits)) == marker


def test_nothing_is_said_without_the_standard_s_profile():
    assert marker_of(profile(None, (SHIFT_DATE,), "none")) == ""


@pytest.mark.parametrize(("edit", "marker"), [(KEEP_DATE, ""), (SHIFT_DATE, "MODIFIED")])
def test_run_report_and_verify_agree(tmp_path, edit, marker):
    write_slice(tmp_path / "in" / "a.dcm", PatientID="HOSP-471142", StudyDate="20200131")
    write_profile(profile(None, (edit,)), tmp_path / "profile.json")
    options = ("--profile-file", tmp_path / "profile.json")
    assert anonymize(tmp_path / "in", tmp_path / "out", write_key(tmp_path / "key"), *options).code == 0
    assert read_report(tmp_path / "out")["dates"] == marker
    assert verify(tmp_path / "out", [tmp_path / "in"], lambda done, total: None).findings == ()
    output = next((tmp_path / "out").rglob("*.dcm"))
    dataset = dcmread(output)
    dataset.LongitudinalTemporalInformationModified = "REMOVED"
    dataset.save_as(output)
    found = verify(tmp_path / "out", [], lambda done, total: None).findings
    assert "(0028,0303)" in {finding.path for finding in found}

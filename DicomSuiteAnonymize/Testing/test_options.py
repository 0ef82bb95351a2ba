"""The ten options of PS3.15: what each lets stay, what it cleans, and that everything else still goes."""

from __future__ import annotations

import io
import re
from collections.abc import Collection
from datetime import date, timedelta
from itertools import combinations

import pytest
from pydicom import dcmread, dcmwrite
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import (
    ComprehensiveSRStorage,
    CTImageStorage,
    ExplicitVRLittleEndian,
    GrayscaleSoftcopyPresentationStateStorage,
)

from DicomSuiteAnonymizeLib.dataset_rewriter import rewrite_dataset
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.keys import Pseudonyms
from DicomSuiteAnonymizeLib.profiles.profile import Profile
from DicomSuiteAnonymizeLib.ps315 import PIXEL_OPTIONS, Option
from DicomSuiteAnonymizeLib.rewriter import rewrite_bytes
from rewriting import KEY, rewritten_bytes

ROOT = "1.2.826.0.1.3680043.9.7133"
MARKERS = frozenset((0x00120062, 0x00120063, 0x00120064, 0x00280303))
CODES = {
    "safe-private": ("113111", "Retain Safe Private Option"),
    "uids": ("113110", "Retain UIDs Option"),
    "device": ("113109", "Retain Device Identity Option"),
    "institution": ("113112", "Retain Institution Identity Option"),
    "patient-characteristics": ("113108", "Retain Patient Characteristics Option"),
    "full-dates": ("113106", "Retain Longitudinal Temporal Information Full Dates Option"),
    "modified-dates": ("113107", "Retain Longitudinal Temporal Information Modified Dates Option"),
    "descriptors": ("113105", "Clean Descriptors Option"),
    "structured-content": ("113104", "Clean Structured Content Option"),
    "graphics": ("113103", "Clean Graphics Option"),
}
"""PS3.16 CID 7050, coding scheme DCM, by the word for the option on the command line."""

UIDS, DEVICE, INSTITUTION = Option.RETAIN_UIDS, Option.RETAIN_DEVICE_IDENTITY, Option.RETAIN_INSTITUTION_IDENTITY
CHARACTERISTICS, SAFE_PRIVATE = Option.RETAIN_PATIENT_CHARACTERISTICS, Option.RETAIN_SAFE_PRIVATE
FULL_DATES, MODIFIED_DATES = Option.RETAIN_FULL_DATES, Option.RETAIN_MODIFIED_DATES
DESCRIPTORS, CONTENT, GRAPHICS = (
    Option.CLEAN_DESCRIPTORS, Option.CLEAN_STRUCTURED_CONTENT, Option.CLEAN_GRAPHICS,
)  # fmt: skip

KEYED = {
    r"2\.25\.\d+": "new UID",
    r"AE[0-9A-Z]{12}": "new AE title",
    r"DS[-^][0-9A-Z]{12}|[ASP][0-9A-Z]{13}": "pseudonym",
}
"""What is made from the key, by its form."""

Content = dict[str, object]
"""Values by keyword, those of first items by keywords joined with ".", private and repeating ones by tag."""


# Data sets and what becomes of them


def profile(options: Collection[Option]) -> Profile:
    return Profile("test", "", options=frozenset(options))


def part10(dataset: Dataset) -> bytes:
    """The data set as a file in explicit VR little endian."""
    file = FileDataset(None, dataset, preamble=bytes(128), file_meta=FileMetaDataset())
    file.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    buffer = io.BytesIO()
    dcmwrite(buffer, file, enforce_file_format=True)
    return buffer.getvalue()


def output_of(dataset: Dataset, *options: Option, key: bytes = KEY) -> FileDataset:
    """The new data set, on which both paths agree."""
    source = part10(dataset)
    output = rewritten_bytes(source, profile(options), key, rewrite_bytes)
    assert rewritten_bytes(source, profile(options), key, rewrite_dataset) == output
    return dcmread(io.BytesIO(output))


def content_of(dataset: Dataset, prefix: str = "") -> Content:
    """Everything but the markers; what is made from the key is called by its kind."""
    content: Content = {}
    for element in dataset:
        if element.tag in MARKERS:
            continue
        name = prefix + (element.keyword or f"{element.tag.group:04X},{element.tag.elem:04X}")
        if element.VR == "SQ" and element.value:
            content |= content_of(element.value[0], f"{name}.")
        else:
            content[name] = [] if element.VR == "SQ" else shown(element)
    return content


def shown(element: DataElement) -> object:
    value = element.value
    if value is None or isinstance(value, (bytes, int, float, list)):
        return "" if value is None else value
    text = "\\".join(map(str, value)) if element.VM > 1 else str(value)
    return next((kind for form, kind in KEYED.items() if re.fullmatch(form, text)), text)


def item(**attributes: object) -> Dataset:
    dataset = Dataset()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def ct() -> Dataset:
    """A CT image that has something for every option, and much that no option is about."""
    dataset = item(
        SOPClassUID=CTImageStorage,
        SOPInstanceUID=f"{ROOT}.1",
        StudyInstanceUID=f"{ROOT}.2",
        SeriesInstanceUID=f"{ROOT}.3",
        FrameOfReferenceUID=f"{ROOT}.4",
        Modality="CT",
        Manufacturer="ACME",
        SliceThickness="2.5",
        PatientName="Mayerhofer^Anna",
        PatientID="HOSP-4711",
        PatientBirthDate="19610203",
        PatientAddress="Elm Street 13",
        PatientSex="F",
        PatientAge="059Y",
        PatientSize="1.68",
        PatientWeight="64",
        EthnicGroup="Sorbian",
        SmokingStatus="NO",
        PregnancyStatus=1,
        Allergies="penicillin, says Mayerhofer",
        PatientState="tired",
        ReferringPhysicianName="Quackenbush^Ben",
        OperatorsName="Zimmermann^Eva",
        AccessionNumber="ACC-0815",
        StudyID="ST-99",
        InstitutionName="Mercy Hospital",
        InstitutionAddress="Church Road 7",
        InstitutionalDepartmentName="Radiology",
        StationName="CT-ROOM-2",
        StationAETitle="CTAE2",
        DeviceSerialNumber="SN-31337",
        DeviceUID=f"{ROOT}.5",
        GantryID="G-12",
        DateOfLastCalibration="20191224",
        TimeOfLastCalibration="081500",
        StudyDate="20200131",
        StudyTime="101112",
        SeriesDate="20200201",
        ContentDate="20200229",
        AcquisitionDateTime="20200131101112.500000+0100",
        TimezoneOffsetFromUTC="+0100",
        ReferencedImageSequence=[
            item(ReferencedSOPClassUID=CTImageStorage, ReferencedSOPInstanceUID=f"{ROOT}.6")
        ],
        ReferencedStudySequence=[
            item(ReferencedSOPClassUID="1.2.840.10008.3.1.2.3.1", ReferencedSOPInstanceUID=f"{ROOT}.7")
        ],
        StudyDescription="Knee of Mayerhofer, 31.01.2020",
        SeriesDescription="thin slices",
        ImageComments="motion, call 030 555 1234",
        RequestAttributesSequence=[
            item(ScheduledProcedureStepDescription="knee, HOSP-4711", ScheduledProcedureStepID="SPS-1")
        ],
        AcquisitionContextSequence=[
            item(
                ValueType="TEXT",
                ConceptNameCodeSequence=[
                    item(CodeValue="121070", CodingSchemeDesignator="DCM", CodeMeaning="Findings")
                ],
                TextValue="Anna was tired",
            )
        ],
    )
    add_overlay(dataset, 0x6000, "G", "Anna Mayerhofer")
    add_overlay(dataset, 0x6002, "R", "lesion of Mayerhofer")
    dataset.add_new(0x50000022, "LO", "curve of Anna")
    dataset.add_new(0x00190010, "LO", "GEMS_ACQU_01")
    dataset.add_new(0x00191023, "DS", "39.37")
    dataset.add_new(0x00191024, "DS", "17")
    dataset.add_new(0x0019109E, "LO", "SE for Mayerhofer")
    dataset.add_new(0x00191025, "SS", 7)
    dataset.add_new(0x00290010, "LO", "ACME SECRETS")
    dataset.add_new(0x00291023, "LO", "Anna")
    dataset.add_new(0x7FE00010, "OW", bytes(range(8)))
    return dataset


def add_overlay(dataset: Dataset, group: int, kind: str, text: str) -> None:
    for element, vr, value in (
        (0x0010, "US", 4), (0x0011, "US", 4), (0x0022, "LO", text), (0x0040, "CS", kind),
        (0x0050, "SS", [1, 1]), (0x0100, "US", 1), (0x0102, "US", 0), (0x3000, "OW", b"\x0f\xf0"), (0x4000, "LT", text),
    ):  # fmt: skip
        dataset.add_new(group << 16 | element, vr, value)


BASIC: Content = {
    "SOPClassUID": CTImageStorage,
    "SOPInstanceUID": "new UID",
    "StudyDate": "",
    "ContentDate": "",
    "StudyTime": "",
    "AccessionNumber": "pseudonym",
    "Modality": "CT",
    "Manufacturer": "ACME",
    "ReferringPhysicianName": "",
    "PatientName": "pseudonym",
    "PatientID": "pseudonym",
    "PatientBirthDate": "",
    "PatientSex": "",
    "SliceThickness": "2.5",
    "DeviceUID": "new UID",
    "StudyInstanceUID": "new UID",
    "SeriesInstanceUID": "new UID",
    "StudyID": "pseudonym",
    "FrameOfReferenceUID": "new UID",
    "ReferencedImageSequence.ReferencedSOPClassUID": CTImageStorage,
    "ReferencedImageSequence.ReferencedSOPInstanceUID": "new UID",
    "PixelData": bytes(range(8)),
}
"""What the Basic Profile leaves of `ct`: X/Z, X/D and X/Z/D by the type in the CT Image IOD (type 3: X)."""

EFFECTS: dict[Option, Content] = {
    SAFE_PRIVATE: {"0019,0010": "GEMS_ACQU_01", "0019,1023": "39.37", "0019,1024": "17", "0019,109E": "SE for"},
    UIDS: {
        "SOPInstanceUID": f"{ROOT}.1",
        "StudyInstanceUID": f"{ROOT}.2",
        "SeriesInstanceUID": f"{ROOT}.3",
        "FrameOfReferenceUID": f"{ROOT}.4",
        "DeviceUID": f"{ROOT}.5",
        "ReferencedImageSequence.ReferencedSOPInstanceUID": f"{ROOT}.6",
        "ReferencedStudySequence.ReferencedSOPClassUID": "1.2.840.10008.3.1.2.3.1",
        "ReferencedStudySequence.ReferencedSOPInstanceUID": f"{ROOT}.7",
    },
    DEVICE: {
        "StationName": "CT-ROOM-2",
        "StationAETitle": "new AE title",
        "DeviceSerialNumber": "SN-31337",
        "DeviceUID": f"{ROOT}.5",
        "GantryID": "G-12",
        "DateOfLastCalibration": "20191224",
        "TimeOfLastCalibration": "081500",
    },
    INSTITUTION: {
        "InstitutionName": "Mercy Hospital",
        "InstitutionAddress": "Church Road 7",
        "InstitutionalDepartmentName": "Radiology",
    },
    CHARACTERISTICS: {
        "PatientSex": "F",
        "PatientAge": "059Y",
        "PatientSize": "1.68",
        "PatientWeight": "64",
        "EthnicGroup": "Sorbian",
        "SmokingStatus": "NO",
        "PregnancyStatus": 1,
        "Allergies": "penicillin, says",
        "PatientState": "tired",
    },
    FULL_DATES: {
        "StudyDate": "20200131",
        "StudyTime": "101112",
        "SeriesDate": "20200201",
        "ContentDate": "20200229",
        "AcquisitionDateTime": "20200131101112.500000+0100",
        "TimezoneOffsetFromUTC": "+0100",
        "DateOfLastCalibration": "20191224",
        "TimeOfLastCalibration": "081500",
    },
    MODIFIED_DATES: {
        "StudyDate": "20200131 moved",
        "StudyTime": "101112",
        "SeriesDate": "20200201 moved",
        "ContentDate": "20200229 moved",
        "AcquisitionDateTime": "20200131 moved101112.500000+0100",
        "TimezoneOffsetFromUTC": "+0100",
        "DateOfLastCalibration": "20191224 moved",
        "TimeOfLastCalibration": "081500",
    },
    DESCRIPTORS: {
        "StudyDescription": "Knee of",
        "SeriesDescription": "thin slices",
        "ImageComments": "motion",
        "Allergies": "penicillin, says",
        "PatientState": "tired",
        "RequestAttributesSequence.ScheduledProcedureStepDescription": "knee",
    },
    CONTENT: {
        "AcquisitionContextSequence.ValueType": "TEXT",
        "AcquisitionContextSequence.ConceptNameCodeSequence.CodeValue": "121070",
        "AcquisitionContextSequence.ConceptNameCodeSequence.CodingSchemeDesignator": "DCM",
        "AcquisitionContextSequence.ConceptNameCodeSequence.CodeMeaning": "Findings",
        "AcquisitionContextSequence.TextValue": "was tired",
    },
    GRAPHICS: {
        "6002,0010": 4,
        "6002,0011": 4,
        "6002,0022": "lesion of",
        "6002,0040": "R",
        "6002,0050": [1, 1],
        "6002,0100": 1,
        "6002,0102": 0,
        "6002,3000": b"\x0f\xf0",
        "6002,4000": "lesion of",
    },
    **dict.fromkeys(PIXEL_OPTIONS, {}),  # `ct` has nothing in its pixels
}
"""What each option adds to, or changes in, what is left of `ct`."""


def expected(*options: Option) -> Content:
    """Basic with the effects of the options; where one keeps a date that another shifts, it is shifted."""
    content = dict(BASIC)
    for option in sorted(options, key=lambda option: option is MODIFIED_DATES):
        content |= EFFECTS[option]
    return {name: with_moved_date(value) for name, value in content.items()}


def with_moved_date(value: object) -> object:
    if not isinstance(value, str):
        return value
    return re.sub(r"(\d{8}) moved", lambda match: f"{day_of(match[1]) + timedelta(DAYS):%Y%m%d}", value)


def day_of(text: str) -> date:
    return date(int(text[:4]), int(text[4:6]), int(text[6:8]))


DAYS = Pseudonyms(KEY).date_offset(b"id\0HOSP-4711")
"""By which the dates of the patient in `ct` are moved."""


def legal(options: Collection[Option]) -> bool:
    return not {FULL_DATES, MODIFIED_DATES} <= set(options)


def words(options: Collection[Option]) -> str:
    return "+".join(option.cli for option in options) or "basic"


TABLE_OPTIONS = [option for option in Option if option not in PIXEL_OPTIONS]
COMBINATIONS = [chosen for count in range(len(TABLE_OPTIONS) + 1) for chosen in combinations(TABLE_OPTIONS, count)]


# What each option does


def test_without_options_nothing_identifying_stays():
    assert content_of(output_of(ct())) == BASIC


@pytest.mark.parametrize("option", Option, ids=lambda option: option.cli)
def test_option_keeps_and_cleans_its_own_attributes_and_no_other(option):
    assert content_of(output_of(ct(), option)) == expected(option)


@pytest.mark.parametrize("pair", [*filter(legal, combinations(Option, 2))], ids=words)
def test_two_options_do_what_each_does_alone(pair):
    assert content_of(output_of(ct(), *pair)) == expected(*pair)


@pytest.mark.parametrize("left_out", [FULL_DATES, MODIFIED_DATES], ids=lambda option: f"without-{option.cli}")
def test_all_options_together_do_what_each_does_alone(left_out):
    options = [option for option in Option if option is not left_out]
    assert content_of(output_of(ct(), *options)) == expected(*options)


def test_full_and_modified_dates_are_refused_whatever_stands_beside_them():
    illegal = [options for options in COMBINATIONS if not legal(options)]
    assert len(illegal) == 256
    for options in illegal:
        with pytest.raises(AnonymizeError, match="exclude each other"):
            profile(options)


def test_name_of_an_institution_goes_from_a_description_also_where_it_is_retained():
    source = item(
        SOPClassUID=CTImageStorage,
        SOPInstanceUID=f"{ROOT}.1",
        InstitutionName="Mercy Hospital",
        StudyDescription="sent by Mercy Hospital",
    )
    output = output_of(source, DESCRIPTORS, INSTITUTION)
    assert (output.InstitutionName, output.StudyDescription) == ("Mercy Hospital", "sent by")


def test_retained_uids_stay_in_the_file_meta_information():
    assert output_of(ct(), UIDS).file_meta.MediaStorageSOPInstanceUID == f"{ROOT}.1"
    assert output_of(ct()).file_meta.MediaStorageSOPInstanceUID.startswith("2.25.")


# Markers


def test_markers_name_exactly_the_options_of_every_legal_combination():
    source = part10(marked_before())
    methods = set()
    chosen = list(filter(legal, COMBINATIONS))
    assert len(chosen) == 768
    for options in chosen:
        output = dcmread(io.BytesIO(rewritten_bytes(source, profile(options), by=rewrite_bytes)))
        codes = [
            (code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning)
            for code in output.DeidentificationMethodCodeSequence
        ]
        of_options = [(code, "DCM", meaning) for code, meaning in sorted(CODES[option.cli] for option in options)]
        assert codes == [("113100", "DCM", "Basic Application Confidentiality Profile"), *of_options]
        assert output.PatientIdentityRemoved == "YES"
        assert output.LongitudinalTemporalInformationModified == dates_marker(options)
        assert re.fullmatch(r"DicomSuite PS3\.15-2026c test [0-9a-f]{16}", output.DeidentificationMethod)
        methods.add(output.DeidentificationMethod)
    assert len(methods) == len(chosen)


def marked_before() -> Dataset:
    """A data set that says how somebody else de-identified it."""
    return item(
        SOPClassUID=CTImageStorage,
        SOPInstanceUID=f"{ROOT}.1",
        PatientIdentityRemoved="NO",
        DeidentificationMethod="by hand",
        DeidentificationMethodCodeSequence=[item(CodeValue="113103", CodingSchemeDesignator="DCM")],
        LongitudinalTemporalInformationModified="UNMODIFIED",
    )


def dates_marker(options: Collection[Option]) -> str:
    """Value of (0028,0303)."""
    if FULL_DATES in options:
        return "UNMODIFIED"
    return "MODIFIED" if MODIFIED_DATES in options else "REMOVED"


@pytest.mark.parametrize("options", [(), tuple(set(Option) - {FULL_DATES})])
def test_what_the_table_forgets_beside_its_like_goes_at_every_depth(options: tuple[Option, ...]):
    forgotten = {
        "PatientBirthDateInAlternativeCalendar": "1340-11-14",
        "PatientDeathDateInAlternativeCalendar": "1399-01-02",
        "PlacerOrderNumberProcedure": "ORD-47114",
        "FillerOrderNumberProcedure": "ORD-47115",
    }
    inner = item(**forgotten)
    source = item(SOPClassUID=CTImageStorage, SOPInstanceUID=f"{ROOT}.1", **forgotten, ReferencedSeriesSequence=[inner])
    output = output_of(source, *options)
    for dataset in (output, output.ReferencedSeriesSequence[0]):
        assert not any(keyword in dataset for keyword in forgotten)


# Modified Dates


def visit(patient: str, study: str, day: str, number: int = 1) -> Dataset:
    return item(
        SOPClassUID=CTImageStorage,
        SOPInstanceUID=f"{ROOT}.{study}.{number}",
        StudyInstanceUID=f"{ROOT}.{study}",
        SeriesInstanceUID=f"{ROOT}.{study}.0",
        PatientID=patient,
        StudyDate=day,
    )


def moved_by(source: Dataset, output: Dataset) -> int:
    return (day_of(output.StudyDate) - day_of(source.StudyDate)).days


def test_modified_dates_have_one_offset_per_patient_over_all_studies():
    first, follow_up = visit("HOSP-1", "1", "20191230"), visit("HOSP-1", "2", "20200302", 2)
    moved = [moved_by(source, output_of(source, MODIFIED_DATES)) for source in (first, follow_up)]
    assert len(set(moved)) == 1
    assert -3650 <= moved[0] <= -1


def test_modified_dates_move_patients_apart_and_follow_the_key():
    sources = [visit(f"HOSP-{number}", "1", "20191230") for number in range(8)]
    with_one_key = [moved_by(source, output_of(source, MODIFIED_DATES)) for source in sources]
    with_another = [moved_by(source, output_of(source, MODIFIED_DATES, key=KEY[::-1])) for source in sources]
    assert len(set(with_one_key)) > 6
    assert sum(one != another for one, another in zip(with_one_key, with_another, strict=True)) > 6


def test_modified_dates_are_moved_at_every_depth_and_in_every_form():
    source = visit("HOSP-1", "1", "20200131")
    source.AcquisitionDateTime = "20200131235959.123456-0500"
    source.ScheduledStudyStartDate = "20200301-20200305"
    source.DateOfLastCalibration = ["20200101", "20200201"]
    source.ContributionDateTime = "202003"
    source.FilterType = "20200131"
    source.ProcedureCreationDate = "20180228"
    source.TimezoneOffsetFromUTC = "-0500"
    source.AcquisitionTime = "235959"
    inner = item(AcquisitionDate="20200229", RadiopharmaceuticalStartDateTime="20200228103000+0100")
    source.ReferencedSeriesSequence = [inner]
    output = output_of(source, MODIFIED_DATES)
    days = moved_by(source, output)

    def moved(text: str) -> str:
        return f"{day_of(text) + timedelta(days):%Y%m%d}"

    assert output.AcquisitionDateTime == moved("20200131") + "235959.123456-0500"
    assert output.ScheduledStudyStartDate == f"{moved('20200301')}-{moved('20200305')}"
    assert list(output.DateOfLastCalibration) == [moved("20200101"), moved("20200201")]
    assert output.ContributionDateTime == moved("20200301")[:6]
    assert output.FilterType == "20200131"
    assert output.ProcedureCreationDate == moved("20180228")  # no row of the table
    assert (output.AcquisitionTime, output.TimezoneOffsetFromUTC) == ("235959", "-0500")
    nested = output.ReferencedSeriesSequence[0]
    assert nested.AcquisitionDate == moved("20200229")
    assert nested.RadiopharmaceuticalStartDateTime == moved("20200228") + "103000+0100"


def test_modified_dates_drop_what_is_no_date_and_do_not_bring_back_the_birth_date():
    source = visit("HOSP-1", "1", "20200131")
    source.PatientBirthDate = "19610203"
    source.add_new("SeriesDate", "DA", "Januar20")
    source.add_new("AcquisitionDateTime", "DT", "yesterday")
    output = output_of(source, MODIFIED_DATES)
    assert output.PatientBirthDate == ""
    assert "SeriesDate" not in output
    assert "AcquisitionDateTime" not in output


@pytest.mark.parametrize(
    ("options", "calibrated", "manufactured"),
    [
        ((), None, None),
        ((DEVICE,), "20191224", "20150607"),
        ((FULL_DATES,), "20191224", "20150607"),
        ((FULL_DATES, DEVICE), "20191224", "20150607"),
        ((MODIFIED_DATES,), "moved", "moved"),
        ((MODIFIED_DATES, DEVICE), "moved", "moved"),
    ],
    ids=lambda value: words(value) if isinstance(value, tuple) else value,
)
def test_dates_of_the_device_are_moved_where_modified_dates_meets_device(options, calibrated, manufactured):
    source = visit("HOSP-1", "1", "20200131")
    source.DateOfLastCalibration, source.DateOfManufacture = "20191224", "20150607"
    source.TimeOfLastCalibration = "0815"
    output = output_of(source, *options)
    days = moved_by(source, output) if MODIFIED_DATES in options else 0
    for keyword, outcome in (("DateOfLastCalibration", calibrated), ("DateOfManufacture", manufactured)):
        original = day_of(source[keyword].value)
        wanted = f"{original + timedelta(days):%Y%m%d}" if outcome == "moved" else outcome
        assert output.get(keyword) == wanted
    assert output.get("TimeOfLastCalibration") == ("0815" if options else None)


# Safe private attributes


def private(*blocks: tuple[int, int, str, dict[int, tuple[str, object]]]) -> Dataset:
    """A CT with private blocks: group, block number, creator ("" for none) and elements by their low byte."""
    dataset = item(SOPClassUID=CTImageStorage, SOPInstanceUID=f"{ROOT}.1", PatientName="Mayerhofer^Anna")
    for group, block, creator, elements in blocks:
        if creator:
            dataset.add_new(group << 16 | block, "LO", creator)
        for low, (vr, value) in elements.items():
            dataset.add_new(group << 16 | block << 8 | low, vr, value)
    return dataset


def private_content(dataset: Dataset) -> Content:
    return {name: value for name, value in content_of(dataset).items() if re.match(r"[0-9A-F]{3}[13579BDF],", name)}


def test_safe_private_keeps_the_listed_attributes_of_general_electric():
    source = private(
        (0x0019, 0x10, "GEMS_ACQU_01", {0x23: ("DS", "39.37"), 0x02: ("SL", 912), 0x9E: ("LO", "FSE Anna 31.01.2020")}),
        (0x0025, 0x10, "GEMS_SERS_01", {0x07: ("SL", 140), 0x1B: ("OB", b"Mayerhofer")}),
        (0x0009, 0x10, "GEMS_IDEN_01", {0x02: ("SH", "SUITE7"), 0x27: ("SL", 1580000000)}),
        (0x0043, 0x11, "GEMS_PARM_01", {0x39: ("IS", ["1000", "8", "0", "0"]), 0x27: ("SH", "0.9:1")}),
    )
    assert private_content(output_of(source, SAFE_PRIVATE)) == {
        "0019,0010": "GEMS_ACQU_01",
        "0019,1023": "39.37",
        "0019,109E": "FSE",
        "0025,0010": "GEMS_SERS_01",
        "0025,1007": 140,
        "0043,0011": "GEMS_PARM_01",
        "0043,1139": "1000\\8\\0\\0",
        "0043,1127": "0.9:1",
    }
    assert private_content(output_of(source)) == {}


def test_safe_private_keeps_the_diffusion_attributes_of_siemens():
    source = private(
        (0x0019, 0x10, "SIEMENS CT VA0  COAD", {0x0C: ("LO", "Anna"), 0x92: ("DS", "1")}),
        (0x0019, 0x12, "SIEMENS MR HEADER", {0x0C: ("IS", "800"), 0x0D: ("CS", "DIRECTIONAL"), 0x0F: ("SH", "Fast")}),
        (0x0029, 0x10, "SIEMENS CSA HEADER", {0x10: ("OB", b"Mayerhofer"), 0x08: ("CS", "IMAGE NUM 4")}),
        (0x0051, 0x10, "SIEMENS MR HEADER", {0x0C: ("LO", "FoV 220*220"), 0x0F: ("LO", "HEA;HEP")}),
    )
    assert private_content(output_of(source, SAFE_PRIVATE)) == {
        "0019,0012": "SIEMENS MR HEADER",
        "0019,120C": "800",
        "0019,120D": "DIRECTIONAL",
    }


def test_safe_private_keeps_nothing_of_a_block_without_its_creator():
    source = private(
        (0x0019, 0x10, "", {0x23: ("DS", "39.37")}),
        (0x0019, 0x11, "GEMS_ACQU_01", {}),
        (0x0043, 0x10, "GEMS_ACQU_01", {0x23: ("DS", "1")}),
    )
    assert private_content(output_of(source, SAFE_PRIVATE)) == {}


def test_safe_private_judges_each_item_of_a_sequence_by_its_own_creators():
    source = private((0x0019, 0x10, "GEMS_ACQU_01", {0x23: ("DS", "39.37")}))
    with_creator = private((0x0019, 0x10, "GEMS_ACQU_01", {0x23: ("DS", "2"), 0x05: ("DS", "3")}))
    source.ReferencedSeriesSequence = [private((0x0019, 0x10, "", {0x23: ("DS", "1")})), with_creator]
    first, second = output_of(source, SAFE_PRIVATE).ReferencedSeriesSequence
    assert private_content(first) == {}
    assert private_content(second) == {"0019,0010": "GEMS_ACQU_01", "0019,1023": "2"}


# Graphics and structured content


def test_clean_graphics_keeps_overlays_of_type_r_in_any_group_and_no_curve():
    source = item(SOPClassUID=CTImageStorage, SOPInstanceUID=f"{ROOT}.1")
    for group, kind in ((0x6000, "R"), (0x6004, "G"), (0x601E, "R "), (0x6010, "")):
        add_overlay(source, group, kind, "text")
    source.add_new(0x60060022, "LO", "an overlay without type")
    source.add_new(0x50003000, "OW", b"curve data")
    groups = {element.tag.group for element in output_of(source, GRAPHICS)}
    assert groups & {*range(0x5000, 0x50FF), *range(0x6000, 0x60FF)} == {0x6000, 0x601E}


def presentation_state() -> Dataset:
    text = item(UnformattedTextValue="lesion of Anna, 31.01.2020", BoundingBoxAnnotationUnits="PIXEL")
    line = item(GraphicType="POLYLINE", GraphicDimensions=2, NumberOfGraphicPoints=2, GraphicData=[1.0, 1.0, 4.0, 4.0])
    return item(
        SOPClassUID=GrayscaleSoftcopyPresentationStateStorage,
        SOPInstanceUID=f"{ROOT}.1",
        Modality="PR",
        PatientName="Mayerhofer^Anna",
        ContentDescription="marked by Dr. Quillfeather",
        GraphicLayerSequence=[
            item(GraphicLayer="ONE", GraphicLayerOrder=1, GraphicLayerDescription="arrows, Zimmermann")
        ],
        GraphicAnnotationSequence=[
            item(
                GraphicLayer="ONE",
                ReferencedImageSequence=[item(ReferencedSOPInstanceUID=f"{ROOT}.8", ReferencedFrameNumber="3")],
                TextObjectSequence=[text],
                GraphicObjectSequence=[line],
            )
        ],
    )


@pytest.mark.parametrize(
    ("options", "text"),
    [((), "ANONYMIZED"), ((GRAPHICS,), "lesion of"), ((GRAPHICS, DESCRIPTORS), "lesion of")],
    ids=["basic", "graphics", "graphics+descriptors"],
)
def test_graphic_annotations_keep_their_drawings_and_cleaned_or_no_text(options, text):
    annotation = output_of(presentation_state(), *options).GraphicAnnotationSequence[0]
    assert annotation.TextObjectSequence[0].UnformattedTextValue == text
    assert annotation.TextObjectSequence[0].BoundingBoxAnnotationUnits == "PIXEL"
    assert list(annotation.GraphicObjectSequence[0].GraphicData) == [1.0, 1.0, 4.0, 4.0]
    assert annotation.ReferencedImageSequence[0].ReferencedFrameNumber == 3
    assert annotation.ReferencedImageSequence[0].ReferencedSOPInstanceUID.startswith("2.25.")


@pytest.mark.parametrize(
    ("options", "texts"),
    [((), ("marked by Dr. Quillfeather", "arrows, Zimmermann")), ((GRAPHICS,), ("marked by", "arrows"))],
    ids=["basic", "graphics"],
)
def test_descriptions_of_graphics_that_the_table_does_not_list_are_cleaned_with_graphics(options, texts):
    output = output_of(presentation_state(), *options)
    assert (output.ContentDescription, output.GraphicLayerSequence[0].GraphicLayerDescription) == texts


def structured_report() -> Dataset:
    code = item(CodeValue="121071", CodingSchemeDesignator="DCM", CodeMeaning="Finding")
    unit = item(CodeValue="mm", CodingSchemeDesignator="UCUM", CodeMeaning="mm")
    text = item(ValueType="TEXT", ConceptNameCodeSequence=[code], TextValue="nodule in Anna, seen 31.01.2020")
    measured = item(
        ValueType="NUM",
        ConceptNameCodeSequence=[code],
        MeasuredValueSequence=[item(NumericValue="12.5", MeasurementUnitsCodeSequence=[unit])],
    )
    person = item(ValueType="PNAME", PersonName="Quackenbush^Ben")
    day = item(ValueType="DATE", Date="20200131")
    image = item(
        ValueType="IMAGE",
        ReferencedSOPSequence=[item(ReferencedSOPClassUID=CTImageStorage, ReferencedSOPInstanceUID=f"{ROOT}.8")],
    )
    return item(
        SOPClassUID=ComprehensiveSRStorage,
        SOPInstanceUID=f"{ROOT}.1",
        Modality="SR",
        PatientName="Mayerhofer^Anna",
        PatientID="HOSP-4711",
        ValueType="CONTAINER",
        ContentSequence=[text, measured, person, day, image],
    )


@pytest.mark.parametrize(
    ("options", "text"), [((), "ANONYMIZED"), ((CONTENT,), "nodule in, seen")], ids=["basic", "structured-content"]
)
def test_structured_content_keeps_its_codes_and_numbers_and_cleaned_or_no_text(options, text):
    output = output_of(structured_report(), *options)
    written, measured, person, day, image = output.ContentSequence
    assert written.TextValue == text
    assert written.ConceptNameCodeSequence[0].CodeMeaning == "Finding"
    assert measured.MeasuredValueSequence[0].NumericValue == 12.5
    assert measured.MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0].CodeValue == "mm"
    assert "Quackenbush" not in str(person.PersonName)
    assert day.Date != "20200131"
    assert image.ReferencedSOPSequence[0].ReferencedSOPInstanceUID.startswith("2.25.")
    assert image.ReferencedSOPSequence[0].ReferencedSOPClassUID == CTImageStorage


def test_clean_structured_content_with_modified_dates_moves_the_dates_in_it():
    output = output_of(structured_report(), CONTENT, MODIFIED_DATES)
    assert output.ContentSequence[3].Date == f"{date(2020, 1, 31) + timedelta(DAYS):%Y%m%d}"

"""What is told of how images were made: everything that matters, and nothing that could identify unless asked for."""

import csv
import re
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.datadict import keyword_for_tag
from pydicom.dataset import Dataset
from pydicom.uid import EnhancedMRImageStorage

from dicom_slices import write_slice
from DicomSuiteLib.read_volume import read_volume
from DicomSuiteLib.volumes import VolumeError
from DicomSuiteRenderLib.metadata_attributes import ATTRIBUTES, IDENTIFYING_ATTRIBUTES, FactGroup
from DicomSuiteRenderLib.technical_metadata import Fact, technical_metadata
from DicomSuiteRenderLib.volume_facts import volume_facts
from placed_volumes import DATA, placed_volumes

IDENTITY = {
    "PatientName": "Secret^Jane",
    "PatientID": "SECRET-1",
    "PatientBirthDate": "19010203",
    "StudyDate": "20240305",
    "StudyTime": "101500.25",
    "InstitutionName": "Secret Hospital",
    "StationName": "SECRET7",
    "SeriesDescription": "Secret, Jane",
}


def told(files: list[Path], **options: bool) -> dict[str, str]:
    facts = technical_metadata(files, **options)
    assert len({fact.name for fact in facts}) == len(facts)
    return {fact.name: fact.value for fact in facts}


def test_ct_is_told_with_units_and_ranges(tmp_path: Path) -> None:
    files = [
        write_slice(
            tmp_path / f"{number}.dcm",
            Manufacturer="Phantoms",
            ManufacturerModelName="One",
            ConvolutionKernel=["Br40d", "3"],
            KVP="120",
            Exposure=str(exposure),
            GantryDetectorTilt="-12.5",
            RescaleSlope="1",
            RescaleIntercept="-1024",
            **IDENTITY,
        )
        for number, exposure in enumerate((180, 95, 240))
    ]
    facts = told(files)
    assert facts["Manufacturer"] == "Phantoms"
    assert facts["Kernel"] == "Br40d, 3"
    assert facts["Tube voltage"] == "120 kV"
    assert facts["Exposure"] == "95 to 240 mAs"
    assert facts["Gantry tilt"] == "-12.5°"
    assert facts["Rescale intercept"] == "-1024"
    assert facts["Pixel spacing (rows, columns)"] == "0.75, 0.5 mm"
    assert facts["Stored numbers"] == "unsigned"
    assert facts["Transfer syntax"] == "Explicit VR Little Endian"


def test_nothing_identifying_is_told_unless_asked_for(tmp_path: Path) -> None:
    file = write_slice(tmp_path / "1.dcm", **IDENTITY)
    hidden = technical_metadata([file])
    assert not any(fact.is_identifying for fact in hidden)
    text = " ".join(fact.value for fact in hidden).lower()
    assert not any(secret in text for secret in ("secret", "1901", "2024", "1.2.826"))
    shown = told([file], with_identifying=True)
    assert shown["Patient's name"] == "Secret^Jane"
    assert shown["Study date"] == "2024-03-05"
    assert shown["Study time"] == "10:15:00"
    assert {fact.name for fact in technical_metadata([file], with_identifying=True) if fact.is_identifying} >= {
        "Patient ID", "Birth date", "Institution", "Station", "Series", "Series UID",
    }  # fmt: skip


def test_attributes_are_identifying_exactly_where_ps315_lists_them() -> None:
    table = DATA / "ps315_e1_1_2026c.csv"
    if not table.is_file():
        pytest.skip(f"needs {table}")
    with table.open(encoding="utf-8") as file:
        tags = [re.fullmatch(r"\(([0-9A-F]{4}),([0-9A-F]{4})\)", row["tag"]) for row in csv.DictReader(file)]
    listed = {keyword_for_tag(int(tag[1] + tag[2], 16)) for tag in tags if tag}
    assert len(listed) > 500
    for attributes, is_identifying in ((ATTRIBUTES, False), (IDENTIFYING_ATTRIBUTES, True)):
        for of_group in attributes.values():
            for attribute in of_group:
                for keyword in attribute.sources:
                    assert (keyword in listed) == is_identifying, keyword


def test_enhanced_mr_is_told_from_its_functional_groups(tmp_path: Path) -> None:
    shared, frames = Dataset(), []
    timing = Dataset()
    timing.RepetitionTime, timing.FlipAngle = 2000, 90
    shared.MRTimingAndRelatedParametersSequence = [timing]
    for echo_time in (10, 20, 30):
        echo, frame = Dataset(), Dataset()
        echo.EffectiveEchoTime = echo_time
        frame.MREchoSequence = [echo]
        frames.append(frame)
    file = write_slice(
        tmp_path / "1.dcm",
        SOPClassUID=EnhancedMRImageStorage,
        Modality="MR",
        NumberOfFrames=3,
        SharedFunctionalGroupsSequence=[shared],
        PerFrameFunctionalGroupsSequence=frames,
    )
    facts = told([file])
    assert facts["Repetition time TR"] == "2000 ms"
    assert facts["Flip angle"] == "90°"
    assert facts["Echo time TE"] == "10 to 30 ms"


def test_radiopharmaceutical_is_told_in_clinical_units(tmp_path: Path) -> None:
    item = Dataset()
    item.RadionuclideTotalDose, item.RadionuclideHalfLife = "370000000", "6586.2"
    item.RadiopharmaceuticalStartTime = "100000"
    file = write_slice(tmp_path / "1.dcm", Modality="PT", RadiopharmaceuticalInformationSequence=[item])
    facts = told([file])
    assert facts["Injected activity"] == "370 MBq"
    assert facts["Half-life"] == "109.77 min"
    assert "Injection" not in facts


def test_many_different_texts_are_counted(tmp_path: Path) -> None:
    files = [write_slice(tmp_path / f"{n}.dcm", ScanOptions=f"OPTION {n}") for n in range(7)]
    assert told(files)["Scan options"] == "OPTION 0; OPTION 1; OPTION 2; OPTION 3; 3 more"


def test_control_characters_and_broken_numbers_do_no_harm(tmp_path: Path) -> None:
    file = write_slice(tmp_path / "1.dcm", ConvolutionKernel="B30\x1b[31m", SliceThickness=None)
    content = file.read_bytes()
    assert content.count(b"0.75\\0.5") == 1
    file.write_bytes(content.replace(b"0.75\\0.5", b"many\\mm "))
    facts = told([file])
    assert facts["Kernel"] == "B30\\x1b[31m"
    assert "Pixel spacing (rows, columns)" not in facts


def test_file_without_a_preamble_is_read(tmp_path: Path) -> None:
    file = write_slice(tmp_path / "1.dcm", KVP="100")
    header = pydicom.dcmread(file)
    del header.file_meta
    header.save_as(file, implicit_vr=True, little_endian=True, enforce_file_format=False)
    assert told([file])["Tube voltage"] == "100 kV"


def test_file_that_is_no_dicom_is_said(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("notes")
    with pytest.raises(VolumeError, match="is not DICOM"):
        technical_metadata([file])


def test_file_that_is_gone_is_said(tmp_path: Path) -> None:
    with pytest.raises(VolumeError, match="load the series again"):
        technical_metadata([tmp_path / "gone.dcm"])


@pytest.mark.parametrize(
    ("name", "spacing", "orientation"),
    [
        ("upright", "0.7 × 1.3 × 2.9 mm", "axial"),
        ("tilted", "0.7 × 1.3 × 2.9 mm", "axial, slices shifted by 18.5° (gantry tilt)"),
        ("oblique", "0.7 × 1.3 × 2.9 mm", "sagittal, turned by 36.9°"),
        ("uneven", "0.7 × 1.3 × 1.1 to 7 mm", "sagittal, turned by 36.9°"),
        ("one slice", "0.7 × 1.3 × 2.9 mm", "sagittal, turned by 36.9°"),
    ],
)
def test_volume_tells_its_spacing_and_orientation(name: str, spacing: str, orientation: str) -> None:
    facts = {fact.name: fact.value for fact in volume_facts(placed_volumes()[name])}
    assert facts["Spacing"] == spacing
    assert facts["Orientation"] == orientation
    assert facts["Voxels (columns × rows × slices)"].startswith("11 × 9 × ")


def test_real_head_ct_tells_that_it_is_tilted_and_uneven() -> None:
    folder = DATA / "ge_tilt"
    if not folder.is_dir():
        pytest.skip(f"needs {folder}")
    volume = read_volume(folder)
    facts = technical_metadata(volume.files) + volume_facts(volume)
    assert Fact(FactGroup.ACQUISITION, "Gantry tilt", "18.5°") in facts
    assert Fact(FactGroup.ACQUISITION, "Tube current", "160 to 180 mA") in facts
    assert any(fact.name == "Spacing" and fact.value.endswith("× 1.081 to 6.999 mm") for fact in facts)
    assert np.count_nonzero([fact.name == "Irregular" for fact in facts]) == 2

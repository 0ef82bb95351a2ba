"""SUV by body weight: equal to hand-made examples by QIBA's definition, and refused where it cannot be known."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import PositronEmissionTomographyImageStorage

from ct_volumes import ct_volume
from dicom_slices import write_slice
from DicomSuiteLib.value_unit import HOUNSFIELD, NO_UNIT, ValueUnit
from DicomSuiteLib.volumes import VolumeError
from DicomSuiteRenderLib.errors import RenderError
from DicomSuiteRenderLib.standard_uptake import suv_factor
from DicomSuiteRenderLib.volume_units import value_unit, value_unit_of_files
from placed_volumes import placed_volumes

FLUORINE_18 = 6586.2
"""Half-life, s."""

BY_HAND = 2.7633668e-4
"""70 kg = 70000 g; an hour is 3600 / 6586.2 = 0.5465974 half-lives; of 370 MBq 2^-0.5465974 = 0.68463292, so
253.31418 MBq were left; 70000 g / 253.31418e6 Bq."""


def header(**attributes: object) -> Dataset:
    """A whole-body FDG scan, 11:00 to 11:12, injected at 10:00; `attributes` override, None leaves one out."""
    dataset = Dataset()
    values = {
        "Modality": "PT",
        "Units": "BQML",
        "CorrectedImage": ["NORM", "DTIM", "ATTN", "SCAT", "DECY"],
        "DecayCorrection": "START",
        "PatientWeight": "70",
        "SeriesDate": "20240305",
        "SeriesTime": "110000",
        "AcquisitionDate": "20240305",
        "AcquisitionTime": "110000.00",
        **attributes,
    }
    item = Dataset()
    for keyword, value in values.items():
        if value is not None and not keyword.startswith("Radio"):
            setattr(dataset, keyword, value)
    drug = {
        "RadionuclideTotalDose": "370000000",
        "RadionuclideHalfLife": str(FLUORINE_18),
        "RadiopharmaceuticalStartTime": "100000",
        "RadiopharmaceuticalStartDateTime": "20240305100000",
        **attributes,
    }
    for keyword, value in drug.items():
        if value is not None and keyword.startswith("Radio"):
            setattr(item, keyword, value)
    dataset.RadiopharmaceuticalInformationSequence = [item]
    return dataset


def factor(*headers: Dataset) -> float:
    return suv_factor(headers).factor


def test_factor_equals_the_example_by_hand() -> None:
    assert factor(header()) == pytest.approx(BY_HAND, rel=1e-6)


def test_every_bed_position_is_corrected_to_the_start_of_the_series() -> None:
    beds = [header(AcquisitionTime=time) for time in ("110000", "110400", "110800")]
    assert factor(*beds) == pytest.approx(BY_HAND, rel=1e-6)


def test_decay_corrected_to_the_injection_needs_no_times() -> None:
    no_times = {"SeriesTime": None, "AcquisitionTime": None, "RadiopharmaceuticalStartTime": None}
    assert factor(header(DecayCorrection="ADMIN", **no_times)) == pytest.approx(70000 / 370e6, rel=1e-12)


@pytest.mark.parametrize("series_time", ["110200", "153000"])
def test_a_series_made_later_counts_from_its_earliest_acquisition(series_time: str) -> None:
    beds = [header(SeriesTime=series_time, AcquisitionTime=time) for time in ("110400", "110000")]
    assert factor(*beds) == pytest.approx(BY_HAND, rel=1e-6)


def test_a_series_made_later_counts_from_ge_s_own_scan_time() -> None:
    bed = header(SeriesTime="153000", AcquisitionTime="110400")
    bed.private_block(0x0009, "GEMS_PETD_01", create=True).add_new(0x0D, "DT", "20240305110000.00")
    assert factor(bed) == pytest.approx(BY_HAND, rel=1e-6)


def test_a_series_made_later_counts_back_from_the_time_in_its_frames() -> None:
    """The mean count rate of a frame of 240 s is 119.75 s after its start, just before its middle."""
    decay = math.log(2) / FLUORINE_18 * 240
    mean_rate = math.log(decay / (1 - math.exp(-decay))) / math.log(2) * FLUORINE_18
    assert mean_rate == pytest.approx(119.75, abs=0.01)
    beds = [
        header(
            SeriesTime="153000",
            AcquisitionTime=f"11{minute:02}00",
            FrameReferenceTime=f"{(minute * 60 + mean_rate) * 1000:.3f}",
            ActualFrameDuration="240000",
        )
        for minute in (4, 8)
    ]
    assert factor(*beds) == pytest.approx(BY_HAND, rel=1e-6)


def test_an_injection_without_date_is_the_last_such_time_before_the_scan() -> None:
    same_day = suv_factor([header(RadiopharmaceuticalStartDateTime=None)])
    assert same_day.factor == pytest.approx(BY_HAND, rel=1e-6)
    assert "no date" in same_day.notes[0]
    past_midnight = header(
        RadiopharmaceuticalStartDateTime=None,
        RadiopharmaceuticalStartTime="233000",
        SeriesTime="003000",
        AcquisitionTime="003000",
    )
    assert factor(past_midnight) == pytest.approx(BY_HAND, rel=1e-6)


def test_time_zone_of_the_injection_is_taken_into_account() -> None:
    moved = header(RadiopharmaceuticalStartDateTime="20240305090000+0000", TimezoneOffsetFromUTC="+0100")
    assert factor(moved) == pytest.approx(BY_HAND, rel=1e-6)


def test_values_in_g_per_ml_are_suv_already() -> None:
    assert factor(header(Units="GML")) == 1.0
    assert factor(header(Units="GML", SUVType="BW")) == 1.0


def test_philips_counts_have_their_own_factor() -> None:
    counts = header(Units="CNTS")
    block = counts.private_block(0x7053, "Philips PET Private Group", create=True)
    block.add_new(0x09, "DS", "2.5")
    assert factor(counts) == pytest.approx(2.5 * BY_HAND, rel=1e-6)
    block.add_new(0x00, "DS", "0.000551")
    assert factor(counts) == 0.000551


@pytest.mark.parametrize(
    ("attributes", "why"),
    [
        ({"PatientWeight": None}, "PatientWeight is missing"),
        ({"PatientWeight": "0"}, "PatientWeight is not above 0"),
        ({"PatientWeight": "70000"}, "PatientWeight of more than 500 kg"),
        ({"RadionuclideTotalDose": None}, "RadionuclideTotalDose is missing"),
        ({"RadionuclideTotalDose": "370"}, "RadionuclideTotalDose of less than 10000 Bq"),
        ({"RadionuclideHalfLife": None}, "RadionuclideHalfLife is missing"),
        ({"RadiopharmaceuticalStartDateTime": None, "RadiopharmaceuticalStartTime": None}, "StartDateTime is missing"),
        ({"RadiopharmaceuticalStartDateTime": "20240305120000"}, "contradict"),
        ({"RadiopharmaceuticalStartDateTime": "20231001100000"}, "contradict"),
        ({"RadiopharmaceuticalStartDateTime": None, "RadionuclideHalfLife": "282240"}, "lives for days"),
        ({"AcquisitionTime": None}, "AcquisitionTime is missing"),
        ({"AcquisitionDate": "unknown"}, "AcquisitionDate"),
        ({"DecayCorrection": "NONE"}, "not corrected for decay"),
        ({"DecayCorrection": None}, "DecayCorrection is missing"),
        ({"CorrectedImage": ["DECY"]}, "ATTN"),
        ({"CorrectedImage": None}, "ATTN, DECY"),
        ({"Units": None}, "Units is missing"),
        ({"Units": "PROPCPS"}, "PROPCPS"),
        ({"Units": "CNTS"}, "Philips"),
        ({"Units": "GML", "SUVType": "LBM"}, "LBM"),
    ],
)
def test_what_cannot_be_known_is_refused(attributes: dict[str, object], why: str) -> None:
    with pytest.raises(RenderError, match=why):
        suv_factor([header(**attributes)])


def test_two_tracers_are_refused() -> None:
    both = header()
    both.RadiopharmaceuticalInformationSequence.append(both.RadiopharmaceuticalInformationSequence[0])
    with pytest.raises(RenderError, match="2 radiopharmaceuticals"):
        suv_factor([both])


def test_images_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(RenderError, match="PatientWeight differs"):
        suv_factor([header(), header(PatientWeight="71")])
    starts = [
        header(SeriesTime="153000", FrameReferenceTime=milliseconds, ActualFrameDuration="1000")
        for milliseconds in ("60000", "600000")
    ]
    with pytest.raises(RenderError, match="different times"):
        suv_factor(starts)


def test_refusal_tells_nothing_about_the_patient() -> None:
    with pytest.raises(RenderError) as refusal:
        suv_factor([header(PatientName="Doe^Jane", RadiopharmaceuticalStartDateTime="19010101000000")])
    assert not any(word in str(refusal.value) for word in ("Doe", "1901", "2024"))


PET = {
    "SOPClassUID": PositronEmissionTomographyImageStorage,
    "ImagePositionPatient": [0, 0, 0],
    "RescaleSlope": "1.5",
    "RescaleIntercept": "0",
}


def written(path: Path, dataset: Dataset) -> Path:
    return write_slice(path, **PET, **{element.keyword: element.value for element in dataset})


def test_unit_of_a_pet_series_on_disk_is_suv(tmp_path: Path) -> None:
    unit = value_unit_of_files([written(tmp_path / "1.dcm", header())], "PT")
    assert (unit.symbol, unit.quantity) == ("g/ml", "SUVbw")
    assert unit.text(5000.0) == "SUVbw 1.38168 g/ml"


def test_unit_of_a_pet_series_that_lacks_the_weight_stays_what_it_is_and_says_why(tmp_path: Path) -> None:
    unit = value_unit_of_files([written(tmp_path / "1.dcm", header(PatientWeight=None))], "PT")
    assert unit == ValueUnit("Bq/ml", note="SUV cannot be computed: PatientWeight is missing.")


@pytest.mark.parametrize(
    ("attributes", "symbol"),
    [
        ({"RescaleSlope": 1, "RescaleIntercept": -1024}, "HU"),
        ({"RescaleSlope": 1, "RescaleIntercept": -1024, "RescaleType": "HU"}, "HU"),
        ({"RescaleSlope": 1, "RescaleIntercept": 0, "RescaleType": "US"}, ""),
        ({"RescaleSlope": 1, "RescaleIntercept": 0, "RescaleType": "Z_EFF"}, ""),
        ({}, ""),
    ],
)
def test_hu_is_told_only_of_rescaled_ct(tmp_path: Path, attributes: dict[str, object], symbol: str) -> None:
    unit = value_unit_of_files([write_slice(tmp_path / "1.dcm", **attributes)], "CT")
    assert unit.symbol == symbol
    assert bool(unit.note) == (symbol == "")


def test_unit_of_a_volume_is_that_of_its_files(tmp_path: Path) -> None:
    scaled = ct_volume(tmp_path / "scaled", (3, 4, 5))
    assert value_unit(scaled) == HOUNSFIELD
    assert value_unit(replace(scaled, modality="MR")) == NO_UNIT


def test_unit_of_a_volume_without_files_is_hu_only_where_it_is_said_to_be_ct() -> None:
    volume = placed_volumes()["upright"]
    assert value_unit(volume) == NO_UNIT
    assert value_unit(replace(volume, modality="CT")) == HOUNSFIELD


def test_one_unscaled_image_takes_hu_from_the_whole_series(tmp_path: Path) -> None:
    scaled = write_slice(tmp_path / "1.dcm", RescaleSlope=1, RescaleIntercept=-1024)
    assert value_unit_of_files([scaled, write_slice(tmp_path / "2.dcm")], "CT").symbol == ""


def test_a_file_that_is_gone_is_said(tmp_path: Path) -> None:
    with pytest.raises(VolumeError, match="cannot be read as DICOM"):
        value_unit_of_files([tmp_path / "gone.dcm"], "CT")

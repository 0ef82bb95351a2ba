"""Generated input of the de-identification benchmark: as large and as wordy as what scanners write.

Every image has a header of more than 100 elements with nested sequences and private attributes, and pixel
data that look like tissue to a compressor. Folders are generated once and kept for later runs.
"""

from __future__ import annotations

import functools
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian, JPEG2000Lossless, MRImageStorage

CACHE = Path(tempfile.gettempdir()) / "dicomsuite-benchmark-1"
"""Where the folders stay between runs; the number changes when the generated files do."""

FILES_PER_SERIES = 100


@dataclass(frozen=True)
class Collection:
    """What one folder holds: `count` images of `edge` x `edge` 16-bit pixels."""

    name: str
    count: int
    edge: int
    modality: str
    transfer_syntax: UID = ExplicitVRLittleEndian

    @property
    def folder(self) -> Path:
        """The folder, whether or not it has been generated."""
        return CACHE / f"{self.name}-{self.count}"


CT = Collection("ct", 300, 512, "CT")
JPEG_2000 = Collection("j2k", 100, 512, "CT", JPEG2000Lossless)
MR = Collection("mr", 1000, 256, "MR")
SMALL_EDGE = 64


def many_small_files(count: int) -> Collection:
    """`count` images of a few kilobytes, with which the work per file outweighs the work per byte."""
    return Collection("small", count, SMALL_EDGE, "MR")


def generated(collection: Collection) -> Path:
    """The collection's folder, all files directly in it; complete or absent at any moment."""
    folder = collection.folder
    if not folder.is_dir():
        partial = folder.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        for number, image in enumerate(_images(collection)):
            image.save_as(partial / f"{number:06d}.dcm", enforce_file_format=True)
        partial.rename(folder)
    return folder


def _images(collection: Collection) -> Iterator[FileDataset]:
    random = np.random.default_rng(20260)
    for number in range(collection.count):
        image = _header(collection, number)
        _add_pixels(image, _tissue(collection.edge, number % 16, random))
        if collection.transfer_syntax.is_compressed:
            image.compress(
                collection.transfer_syntax, encoding_plugin="pylibjpeg", generate_instance_uid=False
            )
        yield image


@functools.cache
def _anatomy(edge: int, shape: int) -> np.ndarray:
    """A round body with lungs and a bright spine, in stored values around 1024: float, shape (edge, edge)."""
    y, x = np.mgrid[-1 : 1 : edge * 1j, -1 : 1 : edge * 1j]
    lungs = (np.hypot((abs(x) - 0.36) / 0.26, (y + 0.05) / (0.3 + 0.01 * shape)) < 1) * -830.0
    spine = (np.hypot(x, y - 0.4) < 0.12) * 500.0
    texture = 25 * np.sin(9 * x + shape) * np.cos(11 * y)
    return np.where(np.hypot(x / 0.85, y / 0.65) < 1, 1070 + lungs + spine + texture, 24)


def _tissue(edge: int, shape: int, random: np.random.Generator) -> np.ndarray:
    """The anatomy with scanner noise (standard deviation 14 stored values): uint16, 12 bits used."""
    noisy = _anatomy(edge, shape) + random.normal(0, 14, size=(edge, edge))
    return np.clip(noisy, 0, 4095).astype("<u2")


def _add_pixels(image: Dataset, pixels: np.ndarray) -> None:
    image.SamplesPerPixel = 1
    image.PhotometricInterpretation = "MONOCHROME2"
    image.Rows, image.Columns = pixels.shape
    image.BitsAllocated, image.BitsStored, image.HighBit = 16, 12, 11
    image.PixelRepresentation = 0
    image.PixelData = pixels.tobytes()


def _uid(*parts: object) -> UID:
    return UID(f"1.2.826.0.1.3680043.10.999.{'.'.join(map(str, parts))}")


def _header(collection: Collection, number: int) -> FileDataset:
    series = number // FILES_PER_SERIES
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image = FileDataset(None, {}, file_meta=meta, preamble=bytes(128))
    image.update(_series_header(collection.modality, series))
    image.update(_slice_header(series, number))
    return image


@functools.cache
def _series_header(modality: str, series: int) -> Dataset:
    """What all images of one series share; encoded anew for each, but built once."""
    header = Dataset()
    header.SpecificCharacterSet = "ISO_IR 100"
    header.SOPClassUID = CTImageStorage if modality == "CT" else MRImageStorage
    header.Modality = modality
    header.update(_patient_and_study(patient=series // 3, series=series))
    header.update(_series_and_equipment(series))
    header.update(_ct_acquisition() if modality == "CT" else _mr_acquisition())
    _add_private_attributes(header)
    return header


def _slice_header(series: int, number: int) -> Dataset:
    position = number % FILES_PER_SERIES * 1.25
    dataset = Dataset()
    dataset.SOPInstanceUID = _uid(3, series, number)
    dataset.InstanceNumber = number + 1
    dataset.ImagePositionPatient = [-250, -250, position]
    dataset.SliceLocation = position
    for moment in ("Acquisition", "Content", "InstanceCreation"):
        setattr(dataset, f"{moment}Time", f"1016{number % 60:02d}.000000")
    return dataset


def _patient_and_study(patient: int, series: int) -> Dataset:
    dataset = Dataset()
    dataset.PatientName = f"Doe{patient}^Joséphine^Q"
    dataset.PatientID = f"MRN{patient:07d}"
    dataset.IssuerOfPatientID = "GENERAL"
    dataset.PatientBirthDate = "19510312"
    dataset.PatientSex = "F"
    dataset.PatientAge = "072Y"
    dataset.PatientSize, dataset.PatientWeight = 1.64, 71.3
    dataset.PatientAddress = "1 Long Road, Smalltown"
    dataset.PatientTelephoneNumbers = "+00 555 0100"
    dataset.AdditionalPatientHistory = "cough for six weeks, smoker"
    dataset.PregnancyStatus = 4
    dataset.StudyInstanceUID = _uid(patient, series // 3)
    dataset.StudyDate, dataset.StudyTime = "20240311", "101500.000000"
    dataset.StudyID = f"S{patient:05d}"
    dataset.StudyDescription = "CHEST WITH CONTRAST"
    dataset.AccessionNumber = f"A{patient:08d}"
    dataset.ReferringPhysicianName = "Family^Doctor"
    dataset.PhysiciansOfRecord = "Ward^Doctor"
    dataset.NameOfPhysiciansReadingStudy = "Radio^Logist"
    dataset.OperatorsName = "Tech^Nician"
    dataset.PerformingPhysicianName = "Radio^Logist"
    dataset.RequestingPhysician = "Ward^Doctor"
    dataset.RequestedProcedureDescription = "Chest CT"
    dataset.InstitutionName = "General Hospital"
    dataset.InstitutionAddress = "2 Wide Street, Smalltown"
    dataset.InstitutionalDepartmentName = "Radiology"
    dataset.CurrentPatientLocation = "Ward 7"
    dataset.AdmissionID = f"ADM{patient:06d}"
    dataset.OtherPatientIDsSequence = Sequence([_item(PatientID=f"X{patient}", TypeOfPatientID="TEXT")])
    dataset.ReferencedStudySequence = Sequence([_reference("1.2.840.10008.3.1.2.3.1", _uid(patient, 8))])
    dataset.ReferencedPatientSequence = Sequence([_reference("1.2.840.10008.3.1.2.1.1", _uid(patient, 9))])
    dataset.ProcedureCodeSequence = Sequence([_code("71260", "C4", "CT thorax with contrast")])
    return dataset


def _series_and_equipment(series: int) -> Dataset:
    dataset = Dataset()
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.SeriesInstanceUID = _uid(7, series)
    dataset.SeriesNumber = series + 1
    dataset.SeriesDescription = "THIN LUNG"
    dataset.ProtocolName = "5.1 Chest routine"
    dataset.BodyPartExamined = "CHEST"
    dataset.PatientPosition = "HFS"
    dataset.AcquisitionNumber = 1
    dataset.FrameOfReferenceUID = _uid(6, series)
    dataset.PositionReferenceIndicator = "SN"
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.PixelSpacing = [0.976562, 0.976562]
    dataset.SliceThickness = dataset.SpacingBetweenSlices = 1.25
    dataset.WindowCenter, dataset.WindowWidth = [40, -600], [400, 1600]
    dataset.WindowCenterWidthExplanation = ["SOFT", "LUNG"]
    for moment in ("Series", "Acquisition", "Content", "InstanceCreation"):
        setattr(dataset, f"{moment}Date", "20240311")
    dataset.SeriesTime = "101600.000000"
    dataset.Manufacturer, dataset.ManufacturerModelName = "BENCHMARK", "Model 64"
    dataset.StationName, dataset.DeviceSerialNumber = "ROOM2", "0123456"
    dataset.SoftwareVersions = ["1.2.3", "rev B"]
    dataset.DateOfLastCalibration, dataset.TimeOfLastCalibration = "20240310", "060000"
    dataset.PerformedProcedureStepStartDate, dataset.PerformedProcedureStepStartTime = "20240311", "101400"
    dataset.PerformedProcedureStepID = f"PPS{series}"
    dataset.PerformedProcedureStepDescription = "CT Chest"
    dataset.ReferencedPerformedProcedureStepSequence = Sequence(
        [_reference("1.2.840.10008.3.1.2.3.3", _uid(5, series))]
    )
    dataset.RequestAttributesSequence = Sequence([_request(series)])
    dataset.ReferencedImageSequence = Sequence([_localizer(series, which) for which in range(2)])
    return dataset


def _ct_acquisition() -> Dataset:
    dataset = _item(
        ScanOptions="HELICAL MODE", KVP=120, DataCollectionDiameter=500, ReconstructionDiameter=500,
        DistanceSourceToDetector=949.147, DistanceSourceToPatient=541, GantryDetectorTilt=0,
        TableHeight=155.5, RotationDirection="CW", ExposureTime=500, XRayTubeCurrent=240, Exposure=120,
        FilterType="BODY FILTER", GeneratorPower=28800, FocalSpots=0.7, ConvolutionKernel="LUNG",
        RevolutionTime=0.5, SingleCollimationWidth=0.625, TotalCollimationWidth=40.0, TableSpeed=110.0,
        TableFeedPerRotation=55.0, SpiralPitchFactor=1.375, CTDIvol=7.25, ContrastBolusAgent="Contrast",
        ContrastBolusRoute="IV", RescaleIntercept=-1024, RescaleSlope=1, RescaleType="HU",
    )  # fmt: skip
    dataset.CTDIPhantomTypeCodeSequence = Sequence([_code("113691", "DCM", "IEC Body Dosimetry Phantom")])
    return dataset


def _mr_acquisition() -> Dataset:
    return _item(
        ScanningSequence=["SE", "IR"], SequenceVariant="SK", ScanOptions="FAST_GEMS", MRAcquisitionType="2D",
        SequenceName="T2FLAIR", AngioFlag="N", RepetitionTime=8002, EchoTime=126.7, InversionTime=2000,
        NumberOfAverages=1, ImagingFrequency=63.86, ImagedNucleus="1H", EchoNumbers=1,
        MagneticFieldStrength=1.5, NumberOfPhaseEncodingSteps=224, EchoTrainLength=1, PercentSampling=100,
        PercentPhaseFieldOfView=75, PixelBandwidth=122.1, HeartRate=0, CardiacNumberOfImages=0,
        TriggerWindow=0, ReconstructionDiameter=240, ReceiveCoilName="8HRBRAIN", TransmitCoilName="BODY",
        AcquisitionMatrix=[0, 320, 224, 0], InPlanePhaseEncodingDirection="ROW", FlipAngle=90,
        VariableFlipAngleFlag="N", SAR=0.41, dBdt=0.0,
    )  # fmt: skip


def _add_private_attributes(image: Dataset) -> None:
    identity = image.private_block(0x0009, "BENCH_IDEN_01", create=True)
    for element, value in enumerate(("BENCH_CT", "CT01", "LiteSpeed", "0.0.1")):
        identity.add_new(element, "LO", value)
    acquisition = image.private_block(0x0043, "BENCH_ACQU_01", create=True)
    for element in range(20):
        acquisition.add_new(element, "DS", f"{element * 1.5:.3f}")
    acquisition.add_new(0x40, "SQ", Sequence([_code("P1", "99BENCH", "private code")]))
    acquisition.add_new(0x41, "OB", bytes(range(256)) * 2)


def _item(**attributes: object) -> Dataset:
    dataset = Dataset()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def _reference(sop_class: str, instance: str) -> Dataset:
    return _item(ReferencedSOPClassUID=sop_class, ReferencedSOPInstanceUID=instance)


def _localizer(series: int, which: int) -> Dataset:
    item = _reference(CTImageStorage, _uid(4, series, which))
    item.PurposeOfReferenceCodeSequence = Sequence([_code("121311", "DCM", "Localizer")])
    return item


def _request(series: int) -> Dataset:
    return _item(
        RequestedProcedureID=f"RP{series}",
        ScheduledProcedureStepID=f"SPS{series}",
        ScheduledProcedureStepDescription="Chest CT with contrast",
        ScheduledProtocolCodeSequence=Sequence([_code("CTCHEST", "99LOCAL", "CT chest")]),
    )


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    return _item(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)

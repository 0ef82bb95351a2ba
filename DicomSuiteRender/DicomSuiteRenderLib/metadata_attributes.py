"""Which DICOM attributes tell how images were made, and which of them could identify the patient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


class FactGroup(StrEnum):
    """The headings of technical metadata, in their order."""

    SCANNER = "Scanner"
    ACQUISITION = "Acquisition"
    GEOMETRY = "Geometry"
    VALUES = "Values"
    TIMES = "Dates and times"
    IDENTITY = "Patient and study"


@dataclass(frozen=True)
class Attribute:
    """One attribute.

    Parameters
    ----------
    name : what people call it
    keyword : DICOM's
    unit : written behind the value
    factor : DICOM's value times this is in `unit`
    sequence : keyword of the sequence in whose only item it stands; empty for the data set itself
    others : keywords that other kinds of image have for the same, with their factors
    meanings : words for DICOM's coded values
    """

    name: str
    keyword: str
    unit: str = ""
    factor: float = 1.0
    sequence: str = ""
    others: Mapping[str, float] = field(default_factory=dict)
    meanings: Mapping[str, str] = field(default_factory=dict)

    @property
    def sources(self) -> Mapping[str, float]:
        """Every keyword that may hold it, with its factor; the first that is there counts."""
        return {self.keyword: self.factor, **self.others}


RADIOPHARMACEUTICAL = "RadiopharmaceuticalInformationSequence"

ATTRIBUTES: Mapping[FactGroup, tuple[Attribute, ...]] = MappingProxyType(
    {
        FactGroup.SCANNER: (
            Attribute("Modality", "Modality"),
            Attribute("Manufacturer", "Manufacturer"),
            Attribute("Model", "ManufacturerModelName"),
            Attribute("Software", "SoftwareVersions"),
            Attribute("Field strength", "MagneticFieldStrength", "T"),
        ),
        FactGroup.ACQUISITION: (
            Attribute("Body part", "BodyPartExamined"),
            Attribute("Tube voltage", "KVP", "kV"),
            Attribute("Tube current", "XRayTubeCurrent", "mA", others={"XRayTubeCurrentInmA": 1.0}),
            Attribute("Exposure", "Exposure", "mAs", others={"ExposureInmAs": 1.0, "ExposureInuAs": 1e-3}),
            Attribute("Exposure time", "ExposureTime", "ms", others={"ExposureTimeInms": 1.0}),
            Attribute("CTDIvol", "CTDIvol", "mGy"),
            Attribute("Kernel", "ConvolutionKernel"),
            Attribute("Filter", "FilterType"),
            Attribute("Pitch", "SpiralPitchFactor"),
            Attribute("Rotation time", "RevolutionTime", "s"),
            Attribute("Single collimation", "SingleCollimationWidth", "mm"),
            Attribute("Total collimation", "TotalCollimationWidth", "mm"),
            Attribute("Gantry tilt", "GantryDetectorTilt", "°"),
            Attribute("Reconstruction diameter", "ReconstructionDiameter", "mm"),
            Attribute("Scan options", "ScanOptions"),
            Attribute("Acquisition type", "MRAcquisitionType"),
            Attribute("Scanning sequence", "ScanningSequence"),
            Attribute("Sequence variant", "SequenceVariant"),
            Attribute("Sequence name", "SequenceName", others={"PulseSequenceName": 1.0}),
            Attribute("Echo time TE", "EchoTime", "ms", others={"EffectiveEchoTime": 1.0}),
            Attribute("Repetition time TR", "RepetitionTime", "ms"),
            Attribute("Inversion time TI", "InversionTime", "ms", others={"InversionTimes": 1.0}),
            Attribute("Flip angle", "FlipAngle", "°"),
            Attribute("Echo train length", "EchoTrainLength"),
            Attribute("Averages", "NumberOfAverages"),
            Attribute("Bandwidth", "PixelBandwidth", "Hz/pixel"),
            Attribute("b-value", "DiffusionBValue", "s/mm²"),
            Attribute("Parallel reduction", "ParallelReductionFactorInPlane"),
            Attribute("Receive coil", "ReceiveCoilName"),
            Attribute("Radiopharmaceutical", "Radiopharmaceutical", sequence=RADIOPHARMACEUTICAL),
            Attribute("Injected activity", "RadionuclideTotalDose", "MBq", 1e-6, RADIOPHARMACEUTICAL),
            Attribute("Half-life", "RadionuclideHalfLife", "min", 1 / 60, RADIOPHARMACEUTICAL),
            Attribute("Corrections", "CorrectedImage"),
            Attribute("Decay correction", "DecayCorrection"),
            Attribute("Frame duration", "ActualFrameDuration", "s", 1e-3),
            Attribute("Reconstruction", "ReconstructionMethod"),
        ),
        FactGroup.GEOMETRY: (
            Attribute("Columns", "Columns"),
            Attribute("Rows", "Rows"),
            Attribute("Pixel spacing (rows, columns)", "PixelSpacing", "mm"),
            Attribute("Slice thickness", "SliceThickness", "mm"),
            Attribute("Spacing between slices", "SpacingBetweenSlices", "mm"),
            Attribute("Row and column direction (LPS)", "ImageOrientationPatient"),
            Attribute("Patient position", "PatientPosition"),
        ),
        FactGroup.VALUES: (
            Attribute("Image type", "ImageType"),
            Attribute("Units", "Units"),
            Attribute("Rescale slope", "RescaleSlope"),
            Attribute("Rescale intercept", "RescaleIntercept"),
            Attribute("Rescale type", "RescaleType"),
            Attribute("Window level", "WindowCenter"),
            Attribute("Window width", "WindowWidth"),
            Attribute("VOI LUT function", "VOILUTFunction"),
            Attribute("Bits stored", "BitsStored"),
            Attribute("Stored numbers", "PixelRepresentation", meanings={"0": "unsigned", "1": "signed"}),
            Attribute("Photometric interpretation", "PhotometricInterpretation"),
            Attribute("Lossy compression", "LossyImageCompression", meanings={"00": "no", "01": "yes"}),
            Attribute("Compression ratio", "LossyImageCompressionRatio"),
        ),
    }
)
"""What tells nothing about who the patient is: none of it stands in PS3.15 Table E.1-1 (2026c)."""

IDENTIFYING_ATTRIBUTES: Mapping[FactGroup, tuple[Attribute, ...]] = MappingProxyType(
    {
        FactGroup.SCANNER: (
            Attribute("Station", "StationName"),
            Attribute("Serial number", "DeviceSerialNumber"),
            Attribute("Institution", "InstitutionName"),
        ),
        FactGroup.ACQUISITION: (
            Attribute("Protocol", "ProtocolName"),
            Attribute("Contrast agent", "ContrastBolusAgent"),
        ),
        FactGroup.TIMES: (
            Attribute("Study date", "StudyDate"),
            Attribute("Study time", "StudyTime"),
            Attribute("Series date", "SeriesDate"),
            Attribute("Series time", "SeriesTime"),
            Attribute("Acquisition date", "AcquisitionDate"),
            Attribute("Acquisition time", "AcquisitionTime"),
            Attribute(
                "Injection",
                "RadiopharmaceuticalStartDateTime",
                sequence=RADIOPHARMACEUTICAL,
                others={"RadiopharmaceuticalStartTime": 1.0},
            ),
        ),
        FactGroup.IDENTITY: (
            Attribute("Patient's name", "PatientName"),
            Attribute("Patient ID", "PatientID"),
            Attribute("Birth date", "PatientBirthDate"),
            Attribute("Sex", "PatientSex"),
            Attribute("Age", "PatientAge"),
            Attribute("Height", "PatientSize", "m"),
            Attribute("Weight", "PatientWeight", "kg"),
            Attribute("Study", "StudyDescription"),
            Attribute("Series", "SeriesDescription"),
            Attribute("Accession number", "AccessionNumber"),
            Attribute("Referring physician", "ReferringPhysicianName"),
            Attribute("Study UID", "StudyInstanceUID"),
            Attribute("Series UID", "SeriesInstanceUID"),
            Attribute("Frame of reference UID", "FrameOfReferenceUID"),
        ),
    }
)
"""What PS3.15 Table E.1-1 (2026c) lists, so that it could identify the patient."""

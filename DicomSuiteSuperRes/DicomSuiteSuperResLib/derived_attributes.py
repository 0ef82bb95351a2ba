"""What DICOM images that were derived by super-resolution say of how they were acquired, and of their derivation."""

from __future__ import annotations

from collections.abc import Mapping

from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, MRImageStorage

from DicomSuiteLib.dicom_headers import header_values
from DicomSuiteLib.dicom_source import set_type_2, set_usable, usable_value
from DicomSuiteLib.version import TOOL
from DicomSuiteSuperResLib.models import DERIVED
from DicomSuiteSuperResLib.provenance import model_words
from DicomSuiteSuperResLib.super_resolution import SuperResResult

SOP_CLASSES: Mapping[str, str] = {"MR": MRImageStorage, "CT": CTImageStorage}
"""Of the images that are written, by modality."""

SOURCE_PURPOSE = ("121322", "Source image for image processing operation")
ACQUISITION_EQUIPMENT = ("109101", "Acquisition Equipment")
SPATIAL_RESAMPLING = ("113085", "Spatial resampling")
"""Codes of DCM: PS3.16 CID 7202, CID 7005 and CID 7203."""

SERIES_SUFFIX = "super-resolved"
LONGEST_DESCRIPTION = 64
"""Characters of an LO."""
LONGEST_TEXT = 1024
"""Characters of an ST."""

TYPE_2: Mapping[str, tuple[str, ...]] = {
    "MR": ("ScanOptions", "MRAcquisitionType", "EchoTime", "EchoTrainLength", "RepetitionTime", "AcquisitionNumber"),
    "CT": ("KVP", "AcquisitionNumber"),
}
"""PS3.3 C.8.3.1 and C.8.2.1: stand in every image, empty where unknown."""

ACQUISITION: Mapping[str, tuple[str, ...]] = {
    "MR": (
        *("ScanningSequence", "SequenceVariant", "SequenceName", "InversionTime", "TriggerTime", "AngioFlag"),
        *("NumberOfAverages", "ImagingFrequency", "ImagedNucleus", "EchoNumbers", "MagneticFieldStrength"),
        *("NumberOfPhaseEncodingSteps", "PercentSampling", "PercentPhaseFieldOfView", "PixelBandwidth"),
        *("ReceiveCoilName", "TransmitCoilName", "InPlanePhaseEncodingDirection", "FlipAngle"),
        *("VariableFlipAngleFlag", "SAR", "dBdt"),
    ),
    "CT": (
        *("ScanOptions", "DataCollectionDiameter", "ReconstructionDiameter", "GantryDetectorTilt", "TableHeight"),
        *("RotationDirection", "ExposureTime", "XRayTubeCurrent", "Exposure", "FilterType", "FocalSpots"),
        *("GeneratorPower", "ConvolutionKernel"),
    ),
}
"""What else of the acquisition (the same sections) still holds."""

OF_ANY_MODALITY = (
    *("AcquisitionDate", "AcquisitionTime", "ProtocolName", "BodyPartExamined", "Laterality", "PatientPosition"),
    *("ContrastBolusAgent", "ContrastBolusRoute", "ContrastBolusVolume", "BurnedInAnnotation"),
    *("LossyImageCompression", "LossyImageCompressionRatio", "LossyImageCompressionMethod"),
    *("WindowCenter", "WindowWidth", "WindowCenterWidthExplanation"),
)
"""What holds of the derived images as of the acquired (PS3.3 C.7.3.1, C.7.6.1, C.7.6.4, C.11.2)."""

EQUIPMENT = (
    *("Manufacturer", "InstitutionName", "StationName", "ManufacturerModelName", "DeviceSerialNumber"),
    "SoftwareVersions",
)
"""What names the scanner (PS3.3 C.12.1.1.5)."""

SEQUENCES_OF_PULSES = {"SPIN": "SE", "GRADIENT": "GR"}
"""ScanningSequence, by what enhanced images have in its place (EchoPulseSequence)."""
RESEARCH, NO_VARIANT = "RM", "NONE"
"""ScanningSequence and SequenceVariant that say least, for images that do not say theirs: both may not be empty."""


def code(value: str, meaning: str) -> Dataset:
    """An item of a code sequence, of the scheme DCM."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "DCM", meaning
    return item


def third_image_type(header: Dataset, modality: str) -> str:
    """The third value of ImageType: the source's, where it is a single image; else what says least."""
    values = header.get("ImageType") or ()
    if "NumberOfFrames" not in header and not isinstance(values, str) and len(values) > 2 and values[2]:
        return str(values[2])
    return "OTHER" if modality == "MR" else "AXIAL"


def copy_acquisition(header: Dataset, target: Dataset) -> None:
    """Give `target` what the image of `header` says of its acquisition, wherever it keeps it."""
    modality = target.Modality
    for keyword in TYPE_2[modality]:
        set_type_2(target, keyword, _value(header, keyword))
    for keyword in (*OF_ANY_MODALITY, *ACQUISITION[modality]):
        set_usable(target, keyword, _value(header, keyword))
    if modality == "MR":
        _complete_sequence(header, target)


def derivation(result: SuperResResult, header: Dataset) -> Dataset:
    """The attributes that say that the images were derived, how, by what, and on what scanner they were acquired."""
    dataset = Dataset()
    settings = ", ".join(f"{name} {value}" for name, value in result.settings.items())
    text = f"{DERIVED}; model {model_words(result.model)}; {settings}; {TOOL}"
    dataset.DerivationDescription = text[:LONGEST_TEXT]
    dataset.DerivationCodeSequence = [code(*SPATIAL_RESAMPLING)]
    dataset.ImageComments = DERIVED
    own = str(_value(header, "SeriesDescription") or "").strip()
    room = LONGEST_DESCRIPTION - len(SERIES_SUFFIX) - 1
    dataset.SeriesDescription = f"{own[:room].strip()} {SERIES_SUFFIX}".strip()
    equipment = _equipment(header)
    if equipment is not None:
        dataset.ContributingEquipmentSequence = [equipment]
    return dataset


def _equipment(header: Dataset) -> Dataset | None:
    """The scanner; None where the source does not name its maker, without whom it must not be named."""
    if not usable_value(header, "Manufacturer"):
        return None
    item = Dataset()
    item.PurposeOfReferenceCodeSequence = [code(*ACQUISITION_EQUIPMENT)]
    for keyword in EQUIPMENT:
        set_usable(item, keyword, usable_value(header, keyword) or None)
    return item


def _value(header: Dataset, keyword: str) -> object:
    """The value of an attribute, at top level or in the functional groups; None where there is none."""
    values = header_values(header, keyword)
    if not values:
        return None
    return list(values[0]) if isinstance(values[0], tuple) else values[0]


def _complete_sequence(header: Dataset, target: Dataset) -> None:
    if not target.get("ScanningSequence"):
        target.ScanningSequence = SEQUENCES_OF_PULSES.get(str(_value(header, "EchoPulseSequence")), RESEARCH)
    if not target.get("SequenceVariant"):
        target.SequenceVariant = NO_VARIANT

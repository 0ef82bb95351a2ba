"""The CT images and the RTSTRUCT of the synthetic study (PS3.3 A.3 CT Image, A.19 RT Structure Set)."""

from __future__ import annotations

import numpy as np
from pydicom.dataset import Dataset, FileDataset
from pydicom.sequence import Sequence
from pydicom.uid import CTImageStorage, RTStructureSetStorage

from DicomSuiteLib import synthetic_identity as identity
from DicomSuiteLib.synthetic_identity import Identity, synthetic_uid
from DicomSuiteLib.synthetic_phantom import GEOMETRY, SLICE_POSITIONS_MM, Ellipsoid, Phantom

RESCALE_INTERCEPT_HU = -1024
_DETACHED_STUDY_MANAGEMENT = "1.2.840.10008.3.1.2.3.1"
_OVERLAY_GROUP = 0x6000


def ct_slice(phantom: Phantom, who: Identity, seed: int, index: int) -> FileDataset:
    """Slice `index` (0 at the feet) of the CT series; stored value = HU - `RESCALE_INTERCEPT_HU`, slope 1."""
    image = identity.new_instance(seed, CTImageStorage, f"ct {index}")
    image.SpecificCharacterSet = "ISO_IR 100"
    identity.plant_patient_and_study(image, who, seed)
    identity.plant_request(image, who)
    _add_series(image, who, seed)
    _add_plane(image, who, seed, index)
    _add_pixels(image, phantom.hounsfield[index])
    _plant_overlay(image, who)
    image.WindowCenterWidthExplanation = f"Lung of {who.spoken_name}"
    identity.plant_private_attributes(image, who)
    identity.plant_outside_the_modules(image, who)
    return image


def structure_set(phantom: Phantom, who: Identity, seed: int) -> FileDataset:
    """The RTSTRUCT with body, lesion and heart as closed planar contours (LPS mm) on the CT slices."""
    drawn = {
        "BODY": (phantom.body, "EXTERNAL", (255, 220, 180)),
        "LESION": (phantom.lesion, "GTV", (255, 64, 64)),
        "HEART": (phantom.heart, "ORGAN", (96, 160, 255)),
    }
    instance = identity.new_instance(seed, RTStructureSetStorage, "structure set")
    instance.SpecificCharacterSet = "ISO_IR 192"
    identity.plant_patient_and_study(instance, who, seed)
    instance.Modality = "RTSTRUCT"
    instance.SeriesInstanceUID = synthetic_uid(seed, "structure set series")
    instance.SeriesNumber = 2
    instance.SeriesDescription = f"Contours {who.family_name}"
    instance.FrameOfReferenceUID = synthetic_uid(seed, "frame of reference")
    instance.PositionReferenceIndicator = None
    instance.StructureSetLabel = f"RS {who.patient_id}"
    instance.StructureSetName = f"Planning {who.spoken_name}"
    instance.StructureSetDate = who.study_date
    instance.StructureSetTime = who.study_time
    instance.ApprovalStatus = "APPROVED"
    instance.ReviewDate = who.study_date
    instance.ReviewTime = who.study_time
    instance.ReviewerName = who.performing_physician
    instance.ReferencedFrameOfReferenceSequence = Sequence([_referenced_frame(seed)])
    instance.StructureSetROISequence = Sequence(
        [_roi(number, name, who, seed) for number, name in enumerate(drawn, start=1)]
    )
    instance.ROIContourSequence = Sequence(
        [
            _contours(number, shape, colour, seed)
            for number, (shape, _, colour) in enumerate(drawn.values(), start=1)
        ]
    )
    instance.RTROIObservationsSequence = Sequence(
        [_observation(number, kind, who) for number, (_, kind, _) in enumerate(drawn.values(), start=1)]
    )
    identity.plant_private_attributes(instance, who)
    identity.plant_outside_the_modules(instance, who)
    return instance


def _add_series(image: Dataset, who: Identity, seed: int) -> None:
    image.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    image.Modality = "CT"
    image.SeriesInstanceUID = synthetic_uid(seed, "ct series")
    image.SeriesNumber = 1
    image.SeriesDescription = f"Chest 3 mm {who.family_name}"
    image.ProtocolName = f"Follow-up {who.family_name}"
    image.SeriesDate = image.AcquisitionDate = image.ContentDate = image.InstanceCreationDate = who.study_date
    image.SeriesTime = image.AcquisitionTime = image.ContentTime = image.InstanceCreationTime = who.study_time
    image.BodyPartExamined = "CHEST"
    image.PatientPosition = "HFS"
    image.KVP = 120
    image.XRayTubeCurrent = 200
    image.ExposureTime = 500
    image.ConvolutionKernel = "STANDARD"
    image.DataCollectionDiameter = 500
    image.FrameOfReferenceUID = synthetic_uid(seed, "frame of reference")
    image.PositionReferenceIndicator = None


def _add_plane(image: Dataset, who: Identity, seed: int, index: int) -> None:
    x, y, _ = GEOMETRY.origin
    image.InstanceNumber = index + 1
    image.AcquisitionNumber = 1
    image.ImageComments = f"{who.spoken_name} {who.patient_id}"
    image.ImagePositionPatient = [x, y, SLICE_POSITIONS_MM[index]]
    image.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    image.PixelSpacing = list(GEOMETRY.spacing[1::-1])
    image.SliceThickness = GEOMETRY.spacing[2]
    image.SliceLocation = SLICE_POSITIONS_MM[index]
    if index:
        neighbour = _image_reference(seed, index - 1)
        image.ReferencedImageSequence = Sequence([neighbour])


def _add_pixels(image: Dataset, hounsfield: np.ndarray) -> None:
    image.SamplesPerPixel = 1
    image.PhotometricInterpretation = "MONOCHROME2"
    image.Rows, image.Columns = hounsfield.shape
    image.BitsAllocated = 16
    image.BitsStored = 12
    image.HighBit = 11
    image.PixelRepresentation = 0
    image.RescaleIntercept = RESCALE_INTERCEPT_HU
    image.RescaleSlope = 1
    image.RescaleType = "HU"
    image.WindowCenter = -500
    image.WindowWidth = 1500
    image.PixelData = (hounsfield - RESCALE_INTERCEPT_HU).astype("<u2").tobytes()


def _plant_overlay(image: Dataset, who: Identity) -> None:
    """A one-bit overlay plane (PS3.3 C.9.2) whose label names the patient."""
    plane = np.zeros((image.Rows, image.Columns), dtype=np.uint8)
    plane[:8, :] = 1
    elements = {
        0x0010: ("US", image.Rows),
        0x0011: ("US", image.Columns),
        0x0022: ("LO", f"marks by {who.operator}"),
        0x0040: ("CS", "G"),
        0x0050: ("SS", [1, 1]),
        0x0100: ("US", 1),
        0x0102: ("US", 0),
        0x1500: ("LO", f"Overlay {who.spoken_name}"),
        0x3000: ("OW", np.packbits(plane, bitorder="little").tobytes()),
    }
    for element, (vr, value) in elements.items():
        image.add_new((_OVERLAY_GROUP, element), vr, value)


def _image_reference(seed: int, index: int) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = CTImageStorage
    item.ReferencedSOPInstanceUID = synthetic_uid(seed, f"ct {index}")
    return item


def _referenced_frame(seed: int) -> Dataset:
    series = Dataset()
    series.SeriesInstanceUID = synthetic_uid(seed, "ct series")
    series.ContourImageSequence = Sequence([_image_reference(seed, k) for k in range(GEOMETRY.size[2])])
    study = Dataset()
    study.ReferencedSOPClassUID = _DETACHED_STUDY_MANAGEMENT
    study.ReferencedSOPInstanceUID = synthetic_uid(seed, "study")
    study.RTReferencedSeriesSequence = Sequence([series])
    frame = Dataset()
    frame.FrameOfReferenceUID = synthetic_uid(seed, "frame of reference")
    frame.RTReferencedStudySequence = Sequence([study])
    return frame


def _roi(number: int, name: str, who: Identity, seed: int) -> Dataset:
    item = Dataset()
    item.ROINumber = number
    item.ReferencedFrameOfReferenceUID = synthetic_uid(seed, "frame of reference")
    item.ROIName = name
    item.ROIDescription = f"{name.lower()} of {who.spoken_name}"
    item.ROIGenerationAlgorithm = "AUTOMATIC"
    return item


def _contours(number: int, shape: Ellipsoid, colour: tuple[int, int, int], seed: int) -> Dataset:
    outlines = ((k, shape.outline(z)) for k, z in enumerate(SLICE_POSITIONS_MM))
    contours = [_contour(points, seed, k) for k, points in outlines if points is not None]
    item = Dataset()
    item.ROIDisplayColor = list(colour)
    item.ContourSequence = Sequence(contours)
    item.ReferencedROINumber = number
    return item


def _contour(points: np.ndarray, seed: int, index: int) -> Dataset:
    item = Dataset()
    item.ContourImageSequence = Sequence([_image_reference(seed, index)])
    item.ContourGeometricType = "CLOSED_PLANAR"
    item.NumberOfContourPoints = len(points)
    item.ContourData = [f"{value:.3f}" for value in points.ravel()]
    return item


def _observation(number: int, kind: str, who: Identity) -> Dataset:
    item = Dataset()
    item.ObservationNumber = number
    item.ReferencedROINumber = number
    item.RTROIInterpretedType = kind
    item.ROIInterpreter = who.operator
    return item

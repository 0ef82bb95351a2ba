"""A study of one fictional patient: CT images, and one object of every kind that references images."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from pydicom.dataset import Dataset, FileDataset
from pydicom.sr.codedict import codes
from pydicom.uid import (
    UID,
    CTImageStorage,
    RTDoseStorage,
    RTPlanStorage,
    SpatialRegistrationStorage,
)

from DicomSuiteLib.synthetic_ct import ct_slice, structure_set
from DicomSuiteLib.synthetic_identity import (
    Identity,
    make_identity,
    new_instance,
    plant_patient_and_study,
    synthetic_uid,
)
from DicomSuiteLib.synthetic_phantom import GEOMETRY, make_phantom

SEED = 7
CLASSES_BY_KIND = ("SEG", "SR", "KO", "PR", "RTSTRUCT", "RTPLAN", "RTDOSE", "REG")
_MAKER = {
    "manufacturer": "DicomSuite tests",
    "manufacturer_model_name": "referencing objects",
    "software_versions": "1",
    "device_serial_number": "0",
}


@cache
def who() -> Identity:
    """The patient."""
    return make_identity(SEED)


@cache
def ct_images() -> tuple[FileDataset, ...]:
    """Every slice, since the RTSTRUCT references all of them."""
    phantom = make_phantom(SEED)
    return tuple(ct_slice(phantom, who(), SEED, index) for index in range(GEOMETRY.size[2]))


@cache
def referencing_objects() -> dict[str, Dataset]:
    """An object by modality; needs highdicom."""
    images = ct_images()[10:13]
    segmentation = _segmentation(images)
    structures = structure_set(make_phantom(SEED), who(), SEED)
    plan = _plan(structures)
    return {
        "SEG": segmentation,
        "SR": _measurements(images),
        "KO": _key_objects(images),
        "PR": _presentation(images),
        "RTSTRUCT": structures,
        "RTPLAN": plan,
        "RTDOSE": _dose(plan),
        "REG": _registration(images),
    }


def _identified(kind: str) -> dict[str, str | int]:
    return {
        "series_instance_uid": synthetic_uid(SEED, f"{kind} series"),
        "sop_instance_uid": synthetic_uid(SEED, kind),
        "series_number": 20 + CLASSES_BY_KIND.index(kind),
        "instance_number": 1,
    }


def _segmentation(images: Sequence[Dataset]) -> Dataset:
    import highdicom as hd

    lesion = hd.seg.SegmentDescription(
        segment_number=1,
        segment_label="lesion",
        segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
        segmented_property_type=codes.SCT.Neoplasm,
        algorithm_type="MANUAL",
        tracking_uid=synthetic_uid(SEED, "tracked lesion"),
        tracking_id="lesion 1",
    )
    mask = np.zeros((len(images), images[0].Rows, images[0].Columns), dtype=np.uint8)
    for index in range(len(images)):
        mask[index, 40 : 50 + index, 60:70] = 1
    return hd.seg.Segmentation(images, mask, "BINARY", [lesion], **_identified("SEG"), **_MAKER)


def _measurements(images: Sequence[Dataset]) -> Dataset:
    """TID 1500 with a polyline on the second image; reported by a person, about the patient by name."""
    import highdicom as hd

    observer = hd.sr.PersonObserverIdentifyingAttributes(who().performing_physician)
    person = hd.sr.ObserverContext(codes.DCM.Person, observer)
    region = hd.sr.ImageRegion(
        graphic_type=hd.sr.GraphicTypeValues.POLYLINE,
        graphic_data=np.array([[60.0, 40.0], [70.0, 40.0], [70.0, 50.0], [60.0, 40.0]]),
        source_image=hd.sr.SourceImageForRegion(CTImageStorage, images[1].SOPInstanceUID),
    )
    group = hd.sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        hd.sr.TrackingIdentifier(synthetic_uid(SEED, "tracked lesion"), "lesion 1"),
        referenced_region=region,
        finding_type=codes.SCT.Neoplasm,
        measurements=[hd.sr.Measurement(codes.SCT.Area, 50.0, codes.UCUM.SquareMillimeter)],
    )
    report = hd.sr.MeasurementReport(
        hd.sr.ObservationContext(observer_person_context=person), codes.LN.CTUnspecifiedBodyRegion, [group]
    )
    return hd.sr.ComprehensiveSR(images, report, **_identified("SR"), manufacturer=_MAKER["manufacturer"])


def _key_objects(images: Sequence[Dataset]) -> Dataset:
    import highdicom as hd

    selection = hd.ko.KeyObjectSelection(codes.DCM.OfInterest, images[:2], description=f"shown to {who().spoken_name}")
    maker = _MAKER["manufacturer"]
    return hd.ko.KeyObjectSelectionDocument(images[:2], selection, **_identified("KO"), manufacturer=maker)


def _presentation(images: Sequence[Dataset]) -> Dataset:
    """Grey-scale presentation state with an arrow-like line and a text that names the patient."""
    import highdicom as hd

    layer = hd.pr.GraphicLayer("LAYER1", order=1, description=f"by {who().operator}")
    annotation = hd.pr.GraphicAnnotation(
        images[1:2],
        layer,
        graphic_objects=[hd.pr.GraphicObject("POLYLINE", np.array([[10.0, 10.0], [20.0, 20.0]]), "PIXEL")],
        text_objects=[hd.pr.TextObject(f"Tumour of {who().spoken_name}", "PIXEL", anchor_point=(10.0, 10.0))],
    )
    return hd.pr.GrayscaleSoftcopyPresentationState(
        images, content_label="MARKED", graphic_annotations=[annotation], graphic_layers=[layer],
        content_creator_name=who().operator, **_identified("PR"), **_MAKER,
    )  # fmt: skip


def _plan(structures: Dataset) -> Dataset:
    plan = _rt_instance(RTPlanStorage, "RTPLAN")
    plan.RTPlanLabel = "PLAN1"
    plan.RTPlanDate, plan.RTPlanTime = who().study_date, who().study_time
    plan.RTPlanGeometry = "PATIENT"
    plan.ReferencedStructureSetSequence = [_reference(structures)]
    plan.FrameOfReferenceUID = synthetic_uid(SEED, "frame of reference")
    plan.PositionReferenceIndicator = None
    fractions = Dataset()
    fractions.FractionGroupNumber, fractions.NumberOfFractionsPlanned = 1, 30
    fractions.NumberOfBeams = fractions.NumberOfBrachyApplicationSetups = 0
    plan.FractionGroupSequence = [fractions]
    plan.ApprovalStatus = "UNAPPROVED"
    return plan


def _dose(plan: Dataset) -> Dataset:
    dose = _rt_instance(RTDoseStorage, "RTDOSE")
    dose.FrameOfReferenceUID = synthetic_uid(SEED, "frame of reference")
    dose.PositionReferenceIndicator = None
    dose.SamplesPerPixel, dose.PhotometricInterpretation = 1, "MONOCHROME2"
    dose.Rows = dose.Columns = 4
    dose.NumberOfFrames = 2
    dose.FrameIncrementPointer = 0x3004000C
    dose.GridFrameOffsetVector = [0, 3]
    dose.BitsAllocated = dose.BitsStored = 16
    dose.HighBit, dose.PixelRepresentation = 15, 0
    dose.ImagePositionPatient, dose.ImageOrientationPatient = [0, 0, 0], [1, 0, 0, 0, 1, 0]
    dose.PixelSpacing, dose.SliceThickness = [2.5, 2.5], 3
    dose.DoseUnits, dose.DoseType, dose.DoseSummationType = "GY", "PHYSICAL", "PLAN"
    dose.DoseGridScaling = 0.001
    dose.ReferencedRTPlanSequence = [_reference(plan)]
    dose.PixelData = np.arange(32, dtype="<u2").tobytes()
    dose["PixelData"].VR = "OW"
    return dose


def _registration(images: Sequence[Dataset]) -> Dataset:
    """Maps the CT's frame of reference to another one, and lists the images that lie in it (PS3.3 A.39.1)."""
    registration = new_instance(SEED, SpatialRegistrationStorage, "REG")
    registration.SpecificCharacterSet = "ISO_IR 100"
    plant_patient_and_study(registration, who(), SEED)
    registration.Modality = "REG"
    registration.SeriesInstanceUID, registration.SeriesNumber = synthetic_uid(SEED, "REG series"), 27
    registration.InstanceNumber, registration.ContentLabel, registration.ContentDescription = 1, "REG", None
    registration.ContentDate, registration.ContentTime = who().study_date, who().study_time
    registration.ContentCreatorName = who().operator
    registration.FrameOfReferenceUID = synthetic_uid(SEED, "registered frame of reference")
    registration.PositionReferenceIndicator = None
    matrix = Dataset()
    matrix.FrameOfReferenceTransformationMatrixType = "RIGID"
    matrix.FrameOfReferenceTransformationMatrix = np.eye(4).ravel().tolist()
    step = Dataset()
    step.MatrixSequence, step.FrameOfReferenceTransformationComment = [matrix], None
    step.RegistrationTypeCodeSequence = []
    item = Dataset()
    item.FrameOfReferenceUID = synthetic_uid(SEED, "frame of reference")
    item.ReferencedImageSequence = [_reference(image) for image in images]
    item.MatrixRegistrationSequence = [step]
    registration.RegistrationSequence = [item]
    series = Dataset()
    series.SeriesInstanceUID = images[0].SeriesInstanceUID
    series.ReferencedInstanceSequence = [_reference(image) for image in images]
    registration.ReferencedSeriesSequence = [series]
    return registration


def _rt_instance(sop_class: UID, kind: str) -> FileDataset:
    instance = new_instance(SEED, sop_class, kind)
    instance.SpecificCharacterSet = "ISO_IR 100"
    plant_patient_and_study(instance, who(), SEED)
    instance.Modality, instance.OperatorsName = kind, who().operator
    instance.SeriesInstanceUID = synthetic_uid(SEED, f"{kind} series")
    instance.SeriesNumber, instance.InstanceNumber = 20 + CLASSES_BY_KIND.index(kind), 1
    return instance


def _reference(to: Dataset) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = to.SOPClassUID, to.SOPInstanceUID
    return item

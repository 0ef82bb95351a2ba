"""Structured reports that tell of people in every kind of content item; each names what must not be left of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from pydicom.dataset import Dataset
from pydicom.uid import ComprehensiveSRStorage, XRayRadiationDoseSRStorage

from DicomSuiteLib.synthetic_identity import new_instance, plant_patient_and_study, synthetic_uid
from referencing_objects import SEED, ct_images, referencing_objects, who

STRANGERS = ("Featherstonehaugh", "Zubizarreta", "Pasqualotto", "Wijnbergen", "Csikszent", "Holunderbach")
"""People and places that stand in the content alone."""
NUMBERS = ("PL-7741209", "FI-5530178", "SN-88172635", "STAFF-40917")
BIRTH_DATE, SEEN_ON, SEEN_AT = "19430214", "20110709", "20110709101112"
KEPT = ("Solid nodule, 12 mm", "lower lobe", "no pleural effusion")
"""Words of the report that say nothing about anybody."""


@dataclass(frozen=True)
class PlantedReport:
    """A report, and the strings that must not be left in what is made of it."""

    dataset: Dataset
    planted: tuple[str, ...]


@cache
def planted_reports() -> Mapping[str, PlantedReport]:
    """A report of each kind; needs highdicom."""
    times = {who().study_date, who().study_time, SEEN_ON}  # which options let stay
    identity = tuple({*who().planted, *STRANGERS, *NUMBERS, BIRTH_DATE} - times)
    objects = referencing_objects()
    return {
        "measurements": PlantedReport(objects["SR"], identity),
        "key objects": PlantedReport(objects["KO"], identity),
        "narrative": PlantedReport(narrative(), identity),
        "dose": PlantedReport(dose_report(), identity),
    }


def narrative() -> Dataset:
    """A comprehensive report with observers, a subject, order numbers, private codes, coordinates and references."""
    image = ct_images()[11]
    reference = item(ReferencedSOPClassUID=image.SOPClassUID, ReferencedSOPInstanceUID=image.SOPInstanceUID)
    quoted = content("IMAGE", None, "SELECTED FROM", ReferencedSOPSequence=[reference])
    text = f"{KEPT[0]} in the {KEPT[1]} of {who().spoken_name}, seen by Dr. {STRANGERS[0]} on 09.07.2011; {KEPT[2]}."
    return report(
        ComprehensiveSRStorage,
        code("18748-4", "LN", "Diagnostic Imaging Report"),
        [
            content(
                "CODE", dcm("121005", "Observer Type"), "HAS OBS CONTEXT", ConceptCodeSequence=[dcm("121006", "Person")]
            ),
            content(
                "PNAME", dcm("121008", "Person Observer Name"), "HAS OBS CONTEXT", PersonName=f"{STRANGERS[1]}^Ane"
            ),
            content(
                "TEXT", dcm("121009", "Person Observer's Organization Name"), "HAS OBS CONTEXT", TextValue=STRANGERS[5]
            ),
            content("TEXT", dcm("121016", "Device Observer Serial Number"), "HAS OBS CONTEXT", TextValue=NUMBERS[2]),
            content("TEXT", dcm("121015", "Device Observer Model Name"), "HAS OBS CONTEXT", TextValue="Xyloscan Q"),
            content(
                "UIDREF", dcm("121018", "Procedure Study Instance UID"), "HAS OBS CONTEXT", UID=image.StudyInstanceUID
            ),
            content("PNAME", dcm("121029", "Subject Name"), "HAS OBS CONTEXT", PersonName=who().patient_name),
            content("TEXT", dcm("121030", "Subject ID"), "HAS OBS CONTEXT", TextValue=who().patient_id),
            content("DATE", dcm("121031", "Subject Birth Date"), "HAS OBS CONTEXT", Date=BIRTH_DATE),
            content(
                "NUM",
                dcm("121033", "Subject Age"),
                "HAS OBS CONTEXT",
                MeasuredValueSequence=[
                    item(NumericValue="97", MeasurementUnitsCodeSequence=[code("a", "UCUM", "year")])
                ],
            ),
            content("TEXT", dcm("121020", "Placer Number"), "HAS OBS CONTEXT", TextValue=NUMBERS[0]),
            content("TEXT", dcm("121021", "Filler Number"), "HAS OBS CONTEXT", TextValue=NUMBERS[1]),
            content("TEXT", dcm("121022", "Accession Number"), "HAS OBS CONTEXT", TextValue=who().accession_number),
            content("TEXT", dcm("121071", "Finding"), "CONTAINS", TextValue=text),
            content(
                "CODE",
                dcm("121071", "Finding"),
                "CONTAINS",
                ConceptCodeSequence=[code("N-17", "99CLINIC", f"nodule as {STRANGERS[2]} defines it")],
            ),
            content(
                "CODE",
                dcm("121071", "Finding"),
                "CONTAINS",
                ConceptCodeSequence=[code("27925004", "SCT", "Nodule")],
            ),
            content("DATETIME", dcm("122146", "Procedure DateTime"), "CONTAINS", DateTime=SEEN_AT),
            content("TIME", dcm("122165", "Time of Start"), "CONTAINS", Time="101112"),
            content(
                "NUM",
                dcm("121211", "Path length"),
                "CONTAINS",
                MeasuredValueSequence=[
                    item(NumericValue="12.5", MeasurementUnitsCodeSequence=[code("mm", "UCUM", "millimeter")])
                ],
            ),
            content(
                "SCOORD",
                dcm("121055", "Path"),
                "CONTAINS",
                GraphicType="POLYLINE",
                GraphicData=[1.0, 2.0, 3.0, 4.0],
                ContentSequence=[quoted],
            ),
        ],
    )


def dose_report() -> Dataset:
    """A radiation dose report (TID 10001) that names who was responsible, and one irradiation event."""
    event = content(
        "CONTAINER", dcm("113819", "CT Acquisition"), "CONTAINS", ContinuityOfContent="SEPARATE",
        ContentSequence=[
            content("TEXT", dcm("125203", "Acquisition Protocol"), "CONTAINS", TextValue=f"Thorax {STRANGERS[3]}"),
            content("UIDREF", dcm("113769", "Irradiation Event UID"), "CONTAINS", UID=synthetic_uid(SEED, "event")),
            content("TEXT", dcm("121106", "Comment"), "CONTAINS", TextValue=f"repeated, asked Mrs. {STRANGERS[4]}"),
            content(
                "NUM", dcm("113838", "DLP"), "CONTAINS",
                MeasuredValueSequence=[
                    item(NumericValue="250.5", MeasurementUnitsCodeSequence=[code("mGy.cm", "UCUM", "mGy.cm")])
                ],
            ),
        ],
    )  # fmt: skip
    return report(
        XRayRadiationDoseSRStorage,
        code("113701", "DCM", "X-Ray Radiation Dose Report"),
        [
            content(
                "UIDREF", dcm("121012", "Device Observer UID"), "HAS OBS CONTEXT", UID=synthetic_uid(SEED, "device")
            ),
            content("TEXT", dcm("121013", "Device Observer Name"), "HAS OBS CONTEXT", TextValue=who().station_name),
            content("TEXT", dcm("121014", "Device Observer Manufacturer"), "HAS OBS CONTEXT", TextValue="Xylotech"),
            content("PNAME", dcm("113870", "Person Name"), "CONTAINS", PersonName=who().operator),
            content("TEXT", dcm("113871", "Person ID"), "CONTAINS", TextValue=NUMBERS[3]),
            content("TEXT", dcm("113873", "Organization Name"), "CONTAINS", TextValue=who().institution),
            content("DATETIME", dcm("113809", "Start of X-Ray Irradiation"), "HAS OBS CONTEXT", DateTime=SEEN_AT),
            event,
        ],
    )


def report(sop_class: str, title: Dataset, items: list[Dataset]) -> Dataset:
    """A complete report of one patient whose root contains the items."""
    dataset = new_instance(SEED, sop_class, str(sop_class))
    dataset.SpecificCharacterSet = "ISO_IR 100"
    plant_patient_and_study(dataset, who(), SEED)
    dataset.Modality = "SR"
    dataset.SeriesInstanceUID, dataset.SeriesNumber = synthetic_uid(SEED, f"{sop_class} series"), 30
    dataset.InstanceNumber, dataset.CompletionFlag, dataset.VerificationFlag = 1, "COMPLETE", "UNVERIFIED"
    dataset.ContentDate, dataset.ContentTime = who().study_date, who().study_time
    dataset.ReferencedPerformedProcedureStepSequence, dataset.PerformedProcedureCodeSequence = [], []
    dataset.ValueType, dataset.ContinuityOfContent = "CONTAINER", "SEPARATE"
    dataset.ConceptNameCodeSequence = [title]
    dataset.ContentSequence = items
    image = ct_images()[11]
    reference = item(ReferencedSOPClassUID=image.SOPClassUID, ReferencedSOPInstanceUID=image.SOPInstanceUID)
    series = item(SeriesInstanceUID=image.SeriesInstanceUID, ReferencedSOPSequence=[reference])
    dataset.CurrentRequestedProcedureEvidenceSequence = [
        item(StudyInstanceUID=image.StudyInstanceUID, ReferencedSeriesSequence=[series])
    ]
    return dataset


def content(value_type: str, concept: Dataset | None, relationship: str, **attributes: object) -> Dataset:
    """A content item (PS3.3 C.17.3)."""
    made = item(RelationshipType=relationship, ValueType=value_type)
    if concept is not None:
        made.ConceptNameCodeSequence = [concept]
    made.update(item(**attributes))
    return made


def dcm(value: str, meaning: str) -> Dataset:
    """A concept of the standard's own coding scheme."""
    return code(value, "DCM", meaning)


def code(value: str, scheme: str, meaning: str) -> Dataset:
    """An item of a code sequence."""
    return item(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)


def item(**attributes: object) -> Dataset:
    """A data set with these attributes."""
    dataset = Dataset()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset

"""Answer keys for planted data sets: what a de-identification has to do to each attribute, by MIDI-B's ten actions.

    python Testing/answer_keys.py FOLDER

writes the synthetic study into FOLDER/source, its answer key in each layout that `dicomsuite score` reads as
FOLDER/answers.db, answers.csv and answers.json, and pixel_rules.json for the text in its ultrasound image. The rules
here know the planted values, not the program under test.
"""

from __future__ import annotations

import csv
import json
import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from pydicom import dcmread
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from DicomSuiteAnonymizeLib.pixels.pixel_rules import PixelRule, write_rules
from DicomSuiteLib.synthetic_identity import Identity, make_identity
from DicomSuiteLib.synthetic_study import write_synthetic_study
from planted import Planted

COLUMNS = ("sop_instance_uid", "action", "attribute", "value", "text", "category")

NEVER_EMPTY = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "Modality", "PatientName")
NEVER_GONE = ("PatientBirthDate", "StudyDate", "StudyTime", "AccessionNumber", "ReferringPhysicianName", "StudyID")
KEPT = (
    "Modality", "Manufacturer", "BodyPartExamined", "SliceThickness", "KVP", "PatientSex", "PatientAge", "PatientSize",
    "PatientWeight", "Rows", "Columns", "PixelSpacing", "ImagePositionPatient", "ImageOrientationPatient",
    "RescaleSlope", "RescaleIntercept", "PhotometricInterpretation",
)  # fmt: skip
"""What research needs and identifies nobody."""

CAPTIONS = ((4, 4, 320, 18), (4, 22, 320, 36), (4, 40, 320, 54))
"""Boxes of the three lines of text in the synthetic ultrasound image: left, top, right, bottom in pixels."""

CAPTION_RULE = PixelRule(
    "synthetic ultrasound", modality="US", manufacturer="Phantom Works", rows=240, columns=320, boxes=((0, 0, 320, 58),)
)
"""Blanks them, and some rows around."""

_TEXT_VRS = frozenset(("AE", "CS", "LO", "LT", "SH", "ST", "UC", "UT", "UN", "OB"))
_STANDARDS_OWN = "1.2.840.10008."


class Answer(NamedTuple):
    """One check, as the CSV and JSON layouts have it."""

    sop_instance_uid: str
    action: str
    attribute: str
    value: str = ""
    text: str = ""
    category: str = ""


def answers_for_study(files: Iterable[Path], who: Identity) -> list[Answer]:
    """Answers for the files of a synthetic study of `who`."""
    return [answer for path in files for answer in _answers_for_file(dcmread(path), who)]


def answers_for_planted(planted: Planted) -> list[Answer]:
    """Answers for a data set with a sentinel in each place that may identify."""
    instance = str(planted.dataset.SOPInstanceUID)
    return [
        answer
        for place, element in _walk(planted.dataset)
        if not _is_short(element)
        for answer in _answers_for_identifier(instance, place, element)
    ]


def write_sqlite(answers: Iterable[Answer], path: Path) -> Path:
    """As the MIDI-B collection writes its keys."""
    rows: dict[str, dict[str, dict]] = {}
    for answer in answers:
        checks = rows.setdefault(answer.sop_instance_uid, {})
        checks[str(len(checks))] = _midi_check(answer)
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE answer_data (SOPInstanceUID TEXT, AnswerData TEXT)")
        database.executemany(
            "INSERT INTO answer_data VALUES (?, ?)",
            [(instance, json.dumps(checks)) for instance, checks in rows.items()],
        )
    database.close()
    return path


def write_csv(answers: Iterable[Answer], path: Path) -> Path:
    """One row for each check."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(answers)
    return path


def write_json(answers: Iterable[Answer], path: Path) -> Path:
    """One object for each check."""
    content = {"schema": "dicomsuite-answers-1", "checks": [answer._asdict() for answer in answers]}
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def write_map(pairs: Iterable[tuple[str, str]], path: Path) -> Path:
    """A CSV file with the columns id_old and id_new."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("id_old", "id_new"))
        writer.writerows(pairs)
    return path


def _answers_for_file(dataset: Dataset, who: Identity) -> Iterator[Answer]:
    instance = str(dataset.SOPInstanceUID)
    for action, keywords in (("text_notnull", NEVER_EMPTY), ("tag_retained", NEVER_GONE)):
        for keyword in keywords:
            yield Answer(instance, action, _tag_text(dataset[keyword]), category="dicom TYPE-1-AND-2")
    for keyword in KEPT:
        if keyword in dataset:
            yield Answer(
                instance, "text_retained", _tag_text(dataset[keyword]), text=_as_text(dataset[keyword]),
                category="tcia RESEARCH",
            )  # fmt: skip
    for place, element in _walk(dataset):
        yield from _answers_for_identifier(instance, place, element)
        yield from _answers_for_planted_text(instance, place, element, who)
    yield from _answers_for_pixels(instance, dataset, who)


def _answers_for_identifier(instance: str, place: str, element: DataElement) -> Iterator[Answer]:
    """What an attribute asks for by its kind, whatever it holds."""
    value = _as_text(element)
    if not value:
        return
    if element.VR == "UI" and not value.startswith(_STANDARDS_OWN):
        yield Answer(instance, "uid_changed", place, value)
        yield Answer(instance, "uid_consistent", place, value)
    elif element.VR in ("DA", "DT"):
        yield Answer(instance, "date_shifted", place, value)
    elif element.VR == "PN" or "ZQ" in value:
        yield Answer(instance, "text_removed", place, value, value, "hipaa HIPAA-Z")
    if place == "(0010,0020)":
        yield Answer(instance, "patid_consistent", place, value)


def _answers_for_planted_text(instance: str, place: str, element: DataElement, who: Identity) -> Iterator[Answer]:
    """Each of the patient's particulars that stands in free text, and the word that belongs to the study."""
    if element.VR not in _TEXT_VRS:
        return
    value = _as_text(element)
    for planted in who.planted:
        if planted in value:
            yield Answer(instance, "text_removed", place, value, planted, "hipaa HIPAA-M")
    if place == "(0008,1030)" and value.startswith("Chest"):
        yield Answer(instance, "text_retained", place, value, "Chest", "tcia DESCRIPTIONS")


def _answers_for_pixels(instance: str, dataset: Dataset, who: Identity) -> Iterator[Answer]:
    if "PixelData" not in dataset:
        return
    if dataset.Modality != "US":
        yield Answer(instance, "pixels_retained", "", text=sha256(dataset.PixelData).hexdigest())
        return
    captions = (who.spoken_name, f"{who.patient_id} {who.birth_date}", who.institution)
    for caption, (left, top, right, bottom) in zip(captions, CAPTIONS, strict=True):
        box = {"text": caption, "top_left": [left, top], "bottom_right": [right, bottom]}
        yield Answer(instance, "pixels_hidden", "", text=json.dumps(box))


def _walk(dataset: Dataset, prefix: str = "") -> Iterator[tuple[str, DataElement]]:
    """Every attribute but sequences, with its place as answer keys write it."""
    for element in dataset:
        place = prefix + _tag_text(element)
        if element.VR != "SQ":
            yield place, element
            continue
        for number, item in enumerate(element.value):
            yield from _walk(item, f"{place}[{number}]/")


def _tag_text(element: DataElement) -> str:
    return f"({element.tag.group:04X},{element.tag.element:04X})"


def _as_text(element: DataElement) -> str:
    value = element.value
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace").strip("\0 ")
    values = value if isinstance(value, MultiValue) else [value]
    return "\\".join(str(part) for part in values)


def _is_short(element: DataElement) -> bool:
    """Numbers and ages say little, and may stand in an output by chance."""
    return len(_as_text(element)) < 6


def _midi_check(answer: Answer) -> dict:
    family, _, code = answer.category.partition(" ")
    field = {"hipaa": "hipaa.z", "dicom": "dicom.iod", "tcia": "tcia.ptkb"}.get(family)
    return {
        "action": f"<{answer.action}>",
        "action_text": f"<{answer.text}>" if answer.text else None,
        "value": f"<{answer.value}>",
        "tag_ds": _midi_place(answer.attribute),
        "answer_category_v2": {field: code} if field else {},
    }


def _midi_place(attribute: str) -> str:
    *sequences, last = attribute.split("/")
    outer = (part.removesuffix("]").split("[") for part in sequences)
    return "".join(f"<{tag.lower()}>[<{int(item):04d}>]" for tag, item in outer) + f"<{last.lower()}>"


def main(arguments: list[str]) -> int:
    """Write source and keys; exit code 2 without a folder."""
    if len(arguments) != 1:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    folder = Path(arguments[0])
    study = write_synthetic_study(folder / "source")
    answers = answers_for_study(study.dicom_files, make_identity(0))
    layouts: dict[str, Callable] = {"db": write_sqlite, "csv": write_csv, "json": write_json}
    for suffix, write in layouts.items():
        print(write(answers, folder / f"answers.{suffix}"))
    write_rules([CAPTION_RULE], folder / "pixel_rules.json")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

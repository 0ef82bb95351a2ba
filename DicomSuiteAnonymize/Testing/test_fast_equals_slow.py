"""The byte rewriter and the pydicom path, which share decisions but no parsing or writing, give the same files."""

import io
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.charset import convert_encodings
from pydicom.data import get_testdata_files
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_data_element
from pydicom.multival import MultiValue
from pydicom.valuerep import EXPLICIT_VR_LENGTH_32

from dataset_strategies import Encoding, random_datasets
from DicomSuiteAnonymizeLib.dataset_rewriter import rewrite_dataset
from DicomSuiteAnonymizeLib.elements import Unsupported
from DicomSuiteAnonymizeLib.engine import Engine, NotDicom, Rewritten
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.keys import Pseudonyms
from DicomSuiteAnonymizeLib.output_file import write_parts
from DicomSuiteAnonymizeLib.private_attributes.safe_attributes import SafeAttribute
from DicomSuiteAnonymizeLib.profiles.profile import BUILT_IN, OnLeak, Profile, Scope, TagEdit
from DicomSuiteAnonymizeLib.ps315 import Option
from DicomSuiteAnonymizeLib.rewriter import rewrite_bytes
from DicomSuiteAnonymizeLib.source_file import SourceFile
from DicomSuiteAnonymizeLib.steps import Action
from rewriting import KEY

PATIENT_ID, STUDY, SERIES = "HOSP-4711", "1.2.826.0.1.3680043.9.1", "1.2.826.0.1.3680043.9.1.2"
PSEUDONYMS = Pseudonyms(KEY)
NAMES = {
    "None": "Schmidt",
    "ISO_IR 100": "Weiß Müller",
    "['', 'ISO 2022 IR 87']": "山田太郎",
    "ISO_IR 192": "Жуковская",
    "GB18030": "王小东",
}
"""A name that each character set of the generated files can write."""

EDITS = (
    TagEdit((0x00100010,), Action.REPLACE, "Doe^J", Scope.PATIENT, PSEUDONYMS.patient(b"id\0HOSP-4711").decode()),
    TagEdit((0x00100010,), Action.EMPTY),
    TagEdit((0x00081030,), Action.REPLACE, "typed", Scope.STUDY, PSEUDONYMS.uid(STUDY.encode()).decode()),
    TagEdit((0x00200013,), Action.RENUMBER, "1", Scope.SERIES, PSEUDONYMS.uid(SERIES.encode()).decode()),
    TagEdit((0x00080020,), Action.SHIFT),
    TagEdit((0x00104000,), Action.KEEP),
    TagEdit((0x00081070,), Action.PSEUDONYM),
    TagEdit((0x00280103,), Action.REPLACE, "1"),
    TagEdit((0x00181050,), Action.REPLACE, "0.5"),
    TagEdit((0x00081140,), Action.EMPTY),
    TagEdit((0x00081120,), Action.REMOVE),
    TagEdit((0x00081115, 0x0020000E), Action.KEEP),
    TagEdit((0x00400275, 0x00400007), Action.REPLACE, "typed"),
)

PRIVATE = tuple(SafeAttribute("ACME 1.1", group, element) for group in (0x0009, 0x0029) for element in range(0x100))
"""Every attribute of the blocks that the generated files have."""

PROFILES = [
    *BUILT_IN.values(),
    Profile("linked", "", options=frozenset((Option.RETAIN_UIDS, Option.RETAIN_SAFE_PRIVATE))),
    Profile(
        "dates",
        "",
        options=frozenset((Option.RETAIN_FULL_DATES, Option.RETAIN_INSTITUTION_IDENTITY, Option.CLEAN_GRAPHICS)),
    ),
    Profile("scanner", "", options=frozenset((Option.RETAIN_SAFE_PRIVATE,)), safe_private=PRIVATE),
    Profile("strict", "", on_leak=OnLeak.FAIL),
    Profile("edited", "", edits=EDITS),
    Profile("edited research", "", options=BUILT_IN["research"].options, edits=EDITS),
]

each_profile = pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name.replace(" ", "-"))
generated = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@dataclass
class Outcome:
    """What one path made of one file; `output` is empty where it refused the file."""

    output: bytes = b""
    changes: tuple = ()
    risk: str = ""
    names: tuple = ()
    refused: type | None = None


def outcome(rewrite: Callable[..., Rewritten], source: bytes, engine: Engine, rank: int | None = None) -> Outcome:
    """Raises Unsupported where only the other path reads the file."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "in.dcm")
        with open(path, "wb") as file:
            file.write(source)
        with SourceFile(path) as opened:
            try:
                made = rewrite(opened, engine, rank)
            except (AnonymizeError, NotDicom) as refusal:
                return Outcome(refused=type(refusal))
            write_parts(opened, made.parts, f"{folder}/out.dcm")
        with open(f"{folder}/out.dcm", "rb") as file:
            output = file.read()
    identity = made.subject.identity
    names = (identity.patient, identity.study, identity.series, identity.date_offset, made.sop_instance)
    return Outcome(output, tuple(map(tuple, made.changes.elements)), made.risk, names)


def identified(source: bytes) -> bytes:
    """The same data set of a known patient, whose name, ID and UIDs stand again where nobody expects them."""
    original = dcmread(io.BytesIO(source))
    character_set = original.get("SpecificCharacterSet")
    start, elements = encoded_elements(source)
    for element in known_patient(NAMES[str(character_set)]):
        elements[element.tag] = encoded(element, original.original_encoding[0], character_set)
    return source[:start] + b"".join(elements[tag] for tag in sorted(elements))


def known_patient(name: str) -> Dataset:
    """What profiles judge by several attributes together: originals found again, private blocks, overlays."""
    known = Dataset()
    known.PatientID, known.PatientName, known.PatientBirthDate = PATIENT_ID, f"Mayerhofer^{name}", "19610203"
    known.StudyInstanceUID, known.SeriesInstanceUID, known.InstanceNumber = STUDY, SERIES, 77
    known.WindowCenterWidthExplanation = f"for {PATIENT_ID} by DR. MAYERHOFER, see {SERIES}"
    known.FilterType = PATIENT_ID
    known.StudyDate, known.AcquisitionDateTime, known.StudyDescription = "20200131", "202001311200", f"Knee of {name}"
    known.add_new(0x60000040, "CS", "R")
    known.add_new(0x60001500, "LO", f"arrow of {name.upper()}")
    inner = Dataset()
    inner.PatientName, inner.SeriesInstanceUID, inner.ScheduledProcedureStepDescription = name, SERIES, name.lower()
    inner.AcquisitionDate, inner.ImageComments = "20200229", f"born 3.2.1961, {name}"
    for dataset in (known, inner):
        dataset.add_new(0x00190011, "LO", "GEMS_ACQU_01 ")
        dataset.add_new(0x00191123, "DS", "1.5")
        dataset.add_new(0x0019119E, "LO", f"for {name}")
        dataset.add_new(0x001911FF, "LO", name)
    known.RequestAttributesSequence, known.ReferencedSeriesSequence = [inner], [inner, inner]
    return known


def encoded_elements(source: bytes) -> tuple[int, dict[int, bytes]]:
    """Where the data set of a Part 10 file begins, and each of its elements as it stands there."""
    dataset = dcmread(io.BytesIO(source))
    implicit = dataset.original_encoding[0]
    starts = {}
    for element in dataset.elements():
        header = 8 if implicit or element.VR not in EXPLICIT_VR_LENGTH_32 else 12
        starts[int(element.tag)] = (element.value_tell if element.is_raw else element.file_tell) - header
    ends = [*starts.values(), len(source)][1:]
    elements = {tag: source[start:end] for (tag, start), end in zip(starts.items(), ends, strict=True)}
    return min(starts.values()), elements


def encoded(element: DataElement, implicit: bool, character_set: str | MultiValue | None) -> bytes:
    """One element in little endian."""
    file = DicomBytesIO()
    file.is_implicit_VR, file.is_little_endian = implicit, True
    write_data_element(file, element, convert_encodings(character_set))
    return file.getvalue()


@st.composite
def series(draw: st.DrawFn) -> list[bytes]:
    """Files that one engine meets one after the other: the same, nearly the same, and different ones."""
    file = random_datasets(Encoding.EXPLICIT_LITTLE, Encoding.IMPLICIT_LITTLE, Encoding.ENCAPSULATED)
    first, other = draw(file), draw(file)
    return [first, identified(first), first, identified(other), other, identified(first)]


@each_profile
@generated
@given(series())
def test_generated_files_come_out_equal(profile, sources):
    fast, slow = Engine(profile, KEY), Engine(profile, KEY)
    for rank, source in enumerate(sources):
        assert outcome(rewrite_bytes, source, fast, rank) == outcome(rewrite_dataset, source, slow, rank)


@generated
@given(random_datasets(Encoding.EXPLICIT_LITTLE, Encoding.IMPLICIT_LITTLE, Encoding.ENCAPSULATED), st.data())
def test_a_file_cut_off_anywhere_is_refused_by_both_or_comes_out_equal(source, data):
    cut = source[: data.draw(st.integers(400, max(400, len(source) - 1)))]
    fast, slow = Engine(BUILT_IN["basic"], KEY), Engine(BUILT_IN["basic"], KEY)
    try:
        expected = outcome(rewrite_bytes, cut, fast)
    except Unsupported:
        return
    assert outcome(rewrite_dataset, cut, slow) == expected


@each_profile
def test_files_of_many_scanners_come_out_equal(profile):
    fast, slow = Engine(profile, KEY), Engine(profile, KEY)
    compared = 0
    for path in filter(os.path.isfile, get_testdata_files()):
        with open(path, "rb") as file:
            source = file.read()
        try:
            expected = outcome(rewrite_bytes, source, fast, 0)
        except Unsupported:
            continue
        assert outcome(rewrite_dataset, source, slow, 0) == expected, path
        compared += 1
    assert compared > 50

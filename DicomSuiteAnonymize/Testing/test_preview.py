"""A preview shows, attribute by attribute, exactly what a run makes of a file, and writes nothing."""

from __future__ import annotations

import contextlib
import io
import json
import os
import struct
import subprocess
import sys
import tracemalloc
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_files
from pydicom.dataset import Dataset
from pydicom.uid import EncapsulatedPDFStorage

from anonymize_runs import KEY, tree, write_key
from broken_files import (
    HARMLESS,
    LIES,
    PATIENT,
    PIXELS,
    Encoding,
    ct_file,
    ct_header,
    element,
    file_of,
    header,
    write_sparse,
)
from dicom_slices import write_slice
from DicomSuiteAnonymizeLib.engine import Engine
from DicomSuiteAnonymizeLib.instance_task import NOT_DICOM, QUARANTINED, WRITTEN, FileTask, TaskSettings, process_batch
from DicomSuiteAnonymizeLib.preview import (
    FilePreview,
    as_json,
    from_json,
    kept_against_ps315,
    preview_file,
    reference_profile,
)
from DicomSuiteAnonymizeLib.private_attributes.safe_attributes import SafeAttribute
from DicomSuiteAnonymizeLib.profiles.profile import BUILT_IN, OnLeak, Profile, TagEdit
from DicomSuiteAnonymizeLib.ps315 import Option
from DicomSuiteAnonymizeLib.steps import Action
from DicomSuiteAnonymizeLib.survey import joined, shown_attributes
from DicomSuiteAnonymizeLib.verification.verify_reading import Instance, read_instance
from DicomSuiteLib import cli

Tags = tuple[int, ...]

PATIENT_NAME, PATIENT_AGE, INSTITUTION_NAME = (0x00100010,), (0x00101010,), (0x00080080,)
STUDY_DATE, COMMENTS, REQUESTS = (0x00080020,), (0x00104000,), (0x00400275,)
MARKERS = {0x00120062, 0x00120063, 0x00120064, 0x00280303}

EDITED = Profile(
    "edited",
    "Every kind of edit",
    options=frozenset((Option.CLEAN_DESCRIPTORS, Option.RETAIN_SAFE_PRIVATE, Option.CLEAN_GRAPHICS)),
    edits=(
        TagEdit(COMMENTS, Action.REPLACE, "typed"),
        TagEdit((0x00280106,), Action.REPLACE, "7"),
        TagEdit(STUDY_DATE, Action.SHIFT),
        TagEdit((0x00080030,), Action.EMPTY),
        TagEdit((0x00080060,), Action.REMOVE),
        TagEdit((0x00081070,), Action.PSEUDONYM),
        TagEdit((0x00200013,), Action.RENUMBER, "100"),
        TagEdit(INSTITUTION_NAME, Action.KEEP),
        TagEdit((0x00081140, 0x00081155), Action.KEEP),
        TagEdit((0x300A00B0, 0x300A00C2), Action.REPLACE, "beam"),
        TagEdit((0x30060020,), Action.REMOVE),
    ),
)
ITEMS_AS_BYTES = "UN_sequence.dcm"
"""A private sequence whose VR is UN: a run writes it with a length, and then it can only be read as bytes."""
CASES = {
    "basic": (BUILT_IN["basic"], False),
    "seventeen": (BUILT_IN["seventeen"], True),
    "edited": (EDITED, True),
    "strict": (BUILT_IN["research"].but(on_leak=OnLeak.FAIL), True),
}
"""Profile, and whether pixel risk is allowed."""


@dataclass(frozen=True)
class Case:
    """One source under one profile: its preview; and what a run makes of it, with the reason if it is quarantined."""

    source: Path
    preview: FilePreview
    output: Path | None
    status: str
    reason: str


def sources() -> list[str]:
    return [path for path in get_testdata_files("**/*") if os.path.isfile(path)]


def read(path: Path) -> Instance:
    with path.open("rb") as file:
        return read_instance(io.BytesIO(file.read()), strict=False)


@cache
def shown(path: Path) -> dict[Tags, str]:
    return {tags: joined(occurrences) for tags, occurrences in shown_attributes(read(path)).items()}


@cache
def encoded(path: Path) -> dict[Tags, list[bytes]]:
    """The values without padding, and of a sequence the number of items."""
    found: dict[Tags, list[bytes]] = {}
    for one in read(path).attributes():
        value = one.value.rstrip(b"\0 ") if one.vr != "SQ" else str(one.items).encode()
        found.setdefault(one.path, []).append(value)
    return found


def run_of(profile: Profile, paths: list[str], target: Path, allow_pixel_risk: bool = True) -> list[Case]:
    """Previews beside what the task of a run makes of the same files, each with another rank."""
    settings = TaskSettings(profile, KEY, str(target), allow_pixel_risk)
    engine = Engine(profile, KEY)
    cases = []
    for rank, path in enumerate(paths):
        ((row,), *_) = process_batch(settings, [FileTask(path, path, rank, rank + 2)])
        preview = preview_file(path, engine, rank, allow_pixel_risk)
        reason = json.loads(row.payload)["reason"] if row.status == QUARANTINED else ""
        output = target / row.output if row.status == WRITTEN else None
        cases.append(Case(Path(path), preview, output, row.status, reason))
    return cases


@pytest.fixture(scope="module")
def cases(tmp_path_factory) -> dict[str, list[Case]]:
    """Every test file of pydicom under every profile."""
    root = tmp_path_factory.mktemp("outputs")
    return {name: run_of(profile, sources(), root / name, risk) for name, (profile, risk) in CASES.items()}


def previewed(path: Path, profile: Profile) -> FilePreview:
    return preview_file(str(path), Engine(profile, KEY))


def kept(path: Path, profile: Profile) -> frozenset[Tags]:
    return kept_against_ps315(previewed(path, profile), previewed(path, reference_profile(profile)))


def keeping(*paths: Tags, options: frozenset[Option] = frozenset()) -> Profile:
    return Profile("keeping", "", options=options, edits=tuple(TagEdit(path, Action.KEEP) for path in paths))


# The same as a run


@pytest.mark.parametrize("name", CASES)
def test_after_is_what_a_run_writes(cases, name):
    written = [case for case in cases[name] if case.output]
    assert len(written) > 70
    for case in written:
        after = {one.path: one.after for one in case.preview.differences if one.after is not None}
        assert after == shown(case.output), case.source.name


@pytest.mark.parametrize("name", CASES)
def test_before_is_what_the_source_holds(cases, name):
    for case in cases[name]:
        if case.output:
            before = {one.path: one.before for one in case.preview.differences if one.before is not None}
            assert before == shown(case.source), case.source.name


@pytest.mark.parametrize("name", CASES)
def test_refusals_are_the_quarantine_reasons_of_a_run(cases, name):
    for case in cases[name]:
        expected = NOT_DICOM if case.status == NOT_DICOM else case.reason
        assert case.preview.refusal == expected, case.source.name
    assert {case.status for case in cases[name]} == {WRITTEN, QUARANTINED, NOT_DICOM}


def test_the_profiles_refuse_for_different_reasons(cases):
    assert [case.reason for case in cases["basic"] if case.reason.startswith("pixel risk: ")]
    assert [case.reason for case in cases["strict"] if case.reason.startswith("an original identifying value")]


@pytest.mark.parametrize(("content", "_reason"), LIES.values(), ids=LIES)
def test_broken_file_is_refused_as_a_run_refuses_it(tmp_path, content, _reason):
    (tmp_path / "a.dcm").write_bytes(content)
    (case,) = run_of(BUILT_IN["basic"], [str(tmp_path / "a.dcm")], tmp_path / "out")
    assert case.preview == FilePreview((), case.reason)
    assert case.status == QUARANTINED


@pytest.mark.parametrize("content", HARMLESS.values(), ids=HARMLESS)
def test_odd_file_that_can_be_read_is_shown_as_a_run_writes_it(tmp_path, content):
    (tmp_path / "a.dcm").write_bytes(content)
    (case,) = run_of(BUILT_IN["basic"], [str(tmp_path / "a.dcm")], tmp_path / "out")
    assert {one.path: one.after for one in case.preview.differences if one.after is not None} == shown(case.output)


def test_what_is_no_file_is_refused_and_does_not_raise(tmp_path):
    assert previewed(tmp_path / "gone.dcm", BUILT_IN["basic"]).refusal == "cannot be read: No such file or directory"
    (tmp_path / "empty.dcm").touch()
    assert previewed(tmp_path / "empty.dcm", BUILT_IN["basic"]).refusal == "empty: the file has 0 bytes"


@pytest.mark.parametrize("name", CASES)
def test_same_means_bit_for_bit(cases, name):
    for case in cases[name]:
        if case.output:
            before, after = encoded(case.source), encoded(case.output)
            same = {path for path in before if before[path] == after.get(path)}
            assert {one.path for one in case.preview.differences if one.is_same} == same, case.source.name


@pytest.mark.parametrize("name", CASES)
def test_every_change_has_an_action_and_a_rule(cases, name):
    for case in cases[name]:
        for one in case.preview.differences:
            if (one.before is None or one.after is None) and case.source.name != ITEMS_AS_BYTES:
                assert one.action is not Action.KEEP and one.rule, (case.source.name, one)


# What is easily missed


def test_marker_is_shown_as_new_or_replaced(tmp_path):
    path = write_slice(tmp_path / "a.dcm", PatientIdentityRemoved="NO")
    preview = previewed(path, BUILT_IN["basic"])
    assert {one.path[0] for one in preview.differences if one.before is None} >= MARKERS - {0x00120062}
    assert preview.of((0x00120062,)).before == "NO"
    assert preview.of((0x00120062,)).after == "YES"
    assert {preview.of((tag,)).action for tag in MARKERS} == {Action.REPLACE}


def test_what_goes_with_its_sequence_has_the_action_of_the_sequence(tmp_path):
    requests = Dataset()
    requests.RequestedProcedureID = "R1"
    path = write_slice(tmp_path / "a.dcm", RequestAttributesSequence=[requests])
    preview = previewed(path, BUILT_IN["basic"])
    sequence, inside = preview.of(REQUESTS), preview.of((*REQUESTS, 0x00401001))
    assert (inside.before, inside.after, inside.action, inside.rule) == ("R1", None, Action.REMOVE, sequence.rule)
    assert preview.of((*REQUESTS, 0x00400007)) is None


def test_attributes_behind_a_large_document_are_shown(tmp_path):
    path = write_slice(
        tmp_path / "a.dcm",
        SOPClassUID=EncapsulatedPDFStorage,
        Rows=None,
        EncapsulatedDocument=b"%PDF-1.4 " + bytes(3 << 20),
        MIMETypeOfEncapsulatedDocument="application/pdf",
    )
    preview = previewed(path, BUILT_IN["seventeen"])
    assert preview.of((0x00420011,)).after == f"{(3 << 20) + 10} bytes"
    assert preview.of((0x00420011,)).is_same
    assert preview.of((0x00420012,)).after == "application/pdf"


def test_attributes_behind_the_pixels_are_shown(tmp_path):
    path = tmp_path / "a.dcm"
    path.write_bytes(ct_file() + element(0xFFFCFFFC, "OB", bytes(6)))
    assert previewed(path, BUILT_IN["seventeen"]).of((0xFFFCFFFC,)).after == "6 bytes"
    assert previewed(path, BUILT_IN["basic"]).of((0xFFFCFFFC,)).after is None


def test_pixels_are_not_read(tmp_path):
    size = 1 << 30
    rows = element(0x00280010, "US", 1 << 14)
    head = ct_header().replace(element(0x00280010, "US", 4), rows)
    head = head.replace(element(0x00280011, "US", 4), element(0x00280011, "US", 1 << 15))
    head = head.replace(element(0x00280100, "US", 8), element(0x00280100, "US", 16))
    path = write_sparse(tmp_path / "a.dcm", [file_of(head) + header(0x7FE00010, "OW", size), size])
    engine = Engine(BUILT_IN["basic"], KEY)
    tracemalloc.start()
    try:
        preview = preview_file(str(path), engine)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert preview.of(PATIENT_NAME).after.startswith("DS-")
    assert peak < 20 << 20


def test_typed_number_reads_the_same_in_every_encoding(tmp_path):
    profile = BUILT_IN["basic"].but(edits=(TagEdit((0x0072007A,), Action.REPLACE, "258\\3"),))
    for encoding in Encoding:
        number = struct.pack(f"{encoding.byte_order}H", 9)
        path = tmp_path / f"{encoding.name}.dcm"
        path.write_bytes(ct_file(element(0x0072007A, "US", number, encoding), encoding))
        difference = previewed(path, profile).of((0x0072007A,))
        assert (difference.before, difference.after) == ("9", "258\\3"), encoding


# Against PS3.15


@pytest.mark.parametrize("name", ["seventeen", "edited"])
def test_flagged_is_exactly_what_a_run_keeps_and_the_standard_changes(cases, name, tmp_path):
    profile, _ = CASES[name]
    reference = {case.source: case for case in run_of(reference_profile(profile), sources()[:60], tmp_path)}
    compared = 0
    for case in cases[name]:
        if case.output and case.source in reference and reference[case.source].output:
            before, after = encoded(case.source), encoded(case.output)
            standard = encoded(reference[case.source].output)
            texts = shown(case.source)
            expected = {
                path
                for path, value in before.items()
                if texts[path] and value == after.get(path) and value != standard.get(path)
            }
            assert kept_against_ps315(case.preview, reference[case.source].preview) == expected, case.source.name
            compared += bool(expected)
    assert compared > 10


def test_seventeen_attributes_alone_leave_much_that_identifies(tmp_path):
    path = write_slice(tmp_path / "a.dcm", InstitutionName="St. Elsewhere", StudyDate="20200102", StationName="CT7")
    flagged = kept(path, BUILT_IN["seventeen"])
    assert {(0x00081010,), (0x0020000D,), (0x0020000E,)} <= flagged
    assert not {PATIENT_NAME, INSTITUTION_NAME, STUDY_DATE, (0x00080060,), (0x00180050,)} & flagged


def test_kept_name_is_flagged_and_nothing_else(tmp_path):
    path = write_slice(tmp_path / "a.dcm", PatientAge="042Y")
    assert kept(path, keeping(PATIENT_NAME)) == {PATIENT_NAME}
    assert kept(path, BUILT_IN["basic"]) == frozenset()


def test_kept_age_is_flagged_unless_an_option_keeps_it(tmp_path):
    path = write_slice(tmp_path / "a.dcm", PatientAge="042Y", PatientSex="F")
    assert kept(path, keeping(PATIENT_AGE)) == {PATIENT_AGE}
    options = frozenset((Option.RETAIN_PATIENT_CHARACTERISTICS,))
    assert kept(path, keeping(PATIENT_AGE, options=options)) == frozenset()
    assert kept(path, BUILT_IN["research"]) == frozenset()


def test_private_attributes_of_a_list_are_not_flagged_and_others_that_an_edit_keeps_are(tmp_path):
    listed, unlisted = SafeAttribute("Acme Scanner", 0x0029, 0x10, "LO"), (0x00291011,)
    path = write_slice(tmp_path / "a.dcm")
    dataset = dcmread(path)
    block = dataset.private_block(0x0029, "Acme Scanner", create=True)
    block.add_new(0x10, "LO", "gradient 7")
    block.add_new(0x11, "LO", "coil 3")
    dataset.save_as(path)
    profile = keeping(unlisted, options=frozenset((Option.RETAIN_SAFE_PRIVATE,))).but(safe_private=(listed,))
    assert previewed(path, profile).of((0x00291010,)).is_same
    assert kept(path, profile) == {unlisted}


def test_kept_attribute_without_a_value_is_not_flagged(tmp_path):
    assert kept(write_slice(tmp_path / "a.dcm", PatientAge=""), keeping(PATIENT_AGE)) == frozenset()


def test_kept_sequence_is_flagged_with_what_it_holds(tmp_path):
    requests = Dataset()
    requests.RequestedProcedureID = "R1"
    path = write_slice(tmp_path / "a.dcm", RequestAttributesSequence=[requests])
    assert REQUESTS in kept(path, keeping(REQUESTS))


def test_kept_text_is_flagged_where_the_standard_changes_only_its_end(tmp_path):
    comments = f"{'Nothing new. ' * 30}Seen on 20200102."
    path = write_slice(tmp_path / "a.dcm", PatientComments=comments, StudyDate="20200102")
    options = frozenset((Option.CLEAN_DESCRIPTORS,))
    reference = previewed(path, reference_profile(keeping(options=options))).of(COMMENTS)
    assert reference.after == reference.before and not reference.is_same
    assert kept(path, keeping(COMMENTS, options=options)) == {COMMENTS}


# Nothing beside it

WATCHER = """
import os, sys
def watch(event, arguments):
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        written.append(str(arguments[0]))
    elif event in ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.truncate", "os.utime", "os.chmod"):
        written.append(event)
written = []
sys.addaudithook(watch)
from DicomSuiteAnonymizeLib.engine import Engine
from DicomSuiteAnonymizeLib.preview import preview_file
from DicomSuiteAnonymizeLib.profiles.profile import BUILT_IN
for path in sys.argv[1:]:
    assert preview_file(path, Engine(BUILT_IN["basic"], bytes(32))).differences, path
sys.exit(", ".join(written) or 0)
"""


def test_nothing_is_written_anywhere(tmp_path):
    write_slice(tmp_path / "bytes.dcm")
    (tmp_path / "dataset.dcm").write_bytes(ct_file(encoding=Encoding.DEFLATED))
    before = tree(tmp_path)
    command = [sys.executable, "-B", "-c", WATCHER, *map(str, tmp_path.iterdir())]
    end = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (end.returncode, end.stderr) == (0, "")
    assert tree(tmp_path) == before


def test_warnings_that_quote_a_files_values_are_not_passed_on(tmp_path):
    strange = element(0x00080005, "CS", PATIENT) + ct_header().replace(b"^Xenia", b"^X\xff\x1bia")
    (tmp_path / "a.dcm").write_bytes(file_of(strange + element(0x7FE00010, "OB", PIXELS)))
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        previewed(tmp_path / "a.dcm", BUILT_IN["basic"])
    assert warned == []


# The command


def preview_command(*words: str | Path) -> tuple[int, str, str]:
    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        code = cli.main(["preview", *map(str, words)])
    return code, output.getvalue(), errors.getvalue()


def test_preview_passes_through_json_unchanged(cases):
    for case in cases["edited"]:
        marked = frozenset(one.path for one in case.preview.differences[::3])
        assert from_json(json.loads(json.dumps(as_json(case.preview, marked)))) == (case.preview, marked)


def test_command_refuses_to_name_patients_unasked(tmp_path):
    path = write_slice(tmp_path / "in" / "a.dcm")
    code, output, errors = preview_command(path, "--key-file", write_key(tmp_path / "key"))
    assert (code, output) == (2, "")
    assert "--show-phi" in errors


def test_command_prints_the_preview_of_each_file(tmp_path):
    paths = [write_slice(tmp_path / "in" / "a.dcm", PatientAge="042Y"), tmp_path / "in" / "b.txt"]
    paths[1].write_text("Dear Jane Doe")
    key = write_key(tmp_path / "key")
    code, output, errors = preview_command(tmp_path / "in", "--show-phi", "--key-file", key, "--profile", "seventeen")
    assert (code, errors) == (0, "")
    first, second = json.loads(output)["result"]["files"]
    assert [first["path"], second["path"]] == list(map(str, paths))
    assert from_json(first) == (previewed(paths[0], BUILT_IN["seventeen"]), kept(paths[0], BUILT_IN["seventeen"]))
    assert PATIENT_AGE in from_json(first)[1]
    assert from_json(second) == (FilePreview((), NOT_DICOM), frozenset())
    assert dcmread(paths[0]).PatientName == "Doe^Jane"

"""The survey tells what an editor needs: which values there are, how often, and whom an edit is for."""

from __future__ import annotations

import contextlib
import io
import json
import os
import struct
import sys
import warnings
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_files
from pydicom.dataset import Dataset

from anonymize_runs import KEY, Ended, anonymize, tree, write_key
from broken_files import HARMLESS, LIES, PATIENT, PIXELS, Encoding, ct_file, ct_header, element, file_of
from copied_study import copied_study
from dicom_slices import write_slice
from DicomSuiteAnonymizeLib.found_values import attribute_paths, found_values
from DicomSuiteAnonymizeLib.keys import Pseudonyms
from DicomSuiteAnonymizeLib.profiles.profile import BUILT_IN, SEVENTEEN_ATTRIBUTES, Scope, TagEdit
from DicomSuiteAnonymizeLib.profiles.profile_file import write_profile
from DicomSuiteAnonymizeLib.sources import FolderSources, ListedSources
from DicomSuiteAnonymizeLib.steps import Action
from DicomSuiteAnonymizeLib.survey import LONGEST_VALUE, MAX_EXAMPLES, MAX_VALUES, SeriesSurvey, Survey, Values, survey
from DicomSuiteLib import cli
from real_data import real_data

PSEUDONYMS = Pseudonyms(KEY)
SERIES_DESCRIPTION = (0x0008103E,)
INSTANCE_NUMBER = (0x00200013,)
HIT = "Hit by the edit"


def surveyed(*paths: Path) -> Survey:
    return survey(FolderSources(paths), PSEUDONYMS)


def survey_of_bytes(folder: Path, *contents: bytes) -> Survey:
    for number, content in enumerate(contents):
        (folder / f"{number}.dcm").write_bytes(content)
    return surveyed(folder)


def texts(found: Survey) -> dict[tuple[int, ...], list[str]]:
    """The values of the only series, without how often they occur."""
    (series,) = found.series
    return {path: list(values.examples) for path, values in series.values.items()}


def item(**attributes: object) -> Dataset:
    dataset = Dataset()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def survey_command(*words: str | Path) -> Ended:
    """Run `dicomsuite survey` in this process."""
    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        code = cli.main(["survey", *map(str, words)])
    return Ended(code, output.getvalue(), errors.getvalue())


# Whom an edit is for

INSTANCES = [
    {"PatientID": "A", "StudyInstanceUID": "1.2.1", "SeriesInstanceUID": "1.2.1.1"},
    {"PatientID": "A", "StudyInstanceUID": "1.2.1", "SeriesInstanceUID": "1.2.1.1"},
    {"PatientID": "A", "StudyInstanceUID": "1.2.1", "SeriesInstanceUID": "1.2.1.2"},
    {"PatientID": "A", "StudyInstanceUID": "1.2.2", "SeriesInstanceUID": "1.2.2.1"},
    {"PatientID": "B", "StudyInstanceUID": "1.2.3", "SeriesInstanceUID": "1.2.3.1"},
    {"PatientID": "", "PatientName": "No^ID", "StudyInstanceUID": "1.2.4", "SeriesInstanceUID": "1.2.4.1"},
    {"PatientID": "", "PatientName": "No^ID", "StudyInstanceUID": "1.2.5", "SeriesInstanceUID": "1.2.5.1"},
    {"PatientID": None, "PatientName": "", "StudyInstanceUID": "1.2.6", "SeriesInstanceUID": "1.2.6.1"},
]
"""One instance each, with its place in the list as Instance Number."""

SERIES_OF_INSTANCES = [{0, 1}, {2}, {3}, {4}, {5}, {6}, {7}]
STUDY_OF_SERIES = [{0, 1, 2}, {0, 1, 2}, {3}, {4}, {5}, {6}, {7}]
PATIENT_OF_SERIES = [{0, 1, 2, 3}, {0, 1, 2, 3}, {0, 1, 2, 3}, {4}, {5, 6}, {5, 6}, {7}]


@pytest.fixture(scope="module")
def patients(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("patients")
    for number, attributes in enumerate(INSTANCES):
        write_slice(folder / f"{number}.dcm", **attributes, InstanceNumber=number, SeriesDescription="As it was")
    return folder


def test_series_are_told_apart_by_patient_study_and_series(patients):
    found = surveyed(patients)
    numbers = [{int(number) for number in series.values[INSTANCE_NUMBER].examples} for series in found.series]
    assert numbers == SERIES_OF_INSTANCES
    assert [series.files for series in found.series] == [2, 1, 1, 1, 1, 1, 1]


@pytest.mark.parametrize(
    ("scope", "hit"),
    [(Scope.PATIENT, PATIENT_OF_SERIES), (Scope.STUDY, STUDY_OF_SERIES), (Scope.SERIES, SERIES_OF_INSTANCES)],
    ids=lambda value: value.value if isinstance(value, Scope) else "",
)
def test_edit_with_a_target_of_the_survey_hits_exactly_those_instances_in_a_run(patients, tmp_path, scope, hit):
    key = write_key(tmp_path / "key")
    for number, series in enumerate(surveyed(patients).series):
        edit = TagEdit(SERIES_DESCRIPTION, Action.REPLACE, HIT, scope, series.target(scope))
        write_profile(BUILT_IN["basic"].but(edits=(edit,)), tmp_path / "profile.json")
        target = tmp_path / f"out{number}"
        assert anonymize(patients, target, key, "--profile-file", tmp_path / "profile.json").code == 0
        outputs = map(dcmread, target.rglob("*.dcm"))
        assert {int(one.InstanceNumber) for one in outputs if one.get("SeriesDescription") == HIT} == hit[number]


def test_edit_for_all_has_no_target(patients):
    assert {series.target(Scope.ALL) for series in surveyed(patients).series} == {""}


def test_targets_and_labels_say_what_each_series_is(patients):
    first, *_, last = surveyed(patients).series
    assert first.labels == {
        "patient_name": "Doe^Jane",
        "patient_id": "A",
        "study_date": "",
        "study_description": "",
        "modality": "CT",
        "series_number": "",
        "series_description": "As it was",
    }
    assert last.labels["patient_id"] == last.labels["patient_name"] == ""
    assert not {"A", "1.2.1", "1.2.1.1"} & {first.target(scope) for scope in Scope}
    assert dcmread(first.example).SeriesInstanceUID == "1.2.1.1"


# Counts


def test_values_are_counted_and_examples_are_few_but_for_the_seventeen(tmp_path):
    for number in range(8):
        write_slice(
            tmp_path / f"{number}.dcm",
            InstanceNumber=number,
            SliceLocation=number if number < 6 else None,
            SeriesDescription="one" if number < 5 else "other",
        )
    found = surveyed(tmp_path)
    location = found_values(found.series, (0x00201041,))
    assert (location.vr, len(location.values), location.is_complete, location.absent) == ("DS", MAX_EXAMPLES, False, 2)
    assert found.series[0].values[0x00201041,].others == 6 - MAX_EXAMPLES
    assert len(found_values(found.series, INSTANCE_NUMBER).values) == 8
    description = found_values(found.series, SERIES_DESCRIPTION)
    assert (description.values, description.is_complete) == ((("one", 5), ("other", 3)), True)


def test_value_that_is_kept_is_counted_on_after_the_limit_and_others_are_not_kept():
    values = Values("IS")
    for number in (*range(MAX_VALUES + 5), 0):
        values.add(str(number), MAX_VALUES)
    assert (len(values.examples), values.others, values.examples["0"]) == (MAX_VALUES, 5, 2)


def test_attribute_that_nobody_has_is_absent_everywhere(patients):
    found = found_values(surveyed(patients).series, (0x00104000,))
    assert (found.vr, found.values, found.is_complete, found.absent) == ("", (), True, len(INSTANCES))


@pytest.fixture(scope="module")
def awkward() -> Survey:
    """pydicom's test files, and what is no DICOM at all."""
    return survey(ListedSources(awkward_files()), PSEUDONYMS)


def awkward_files() -> list[str]:
    return [path for path in get_testdata_files("**/*") if os.path.isfile(path)]


def test_every_file_is_in_a_series_or_has_a_reason(awkward):
    in_series = sum(series.files for series in awkward.series)
    assert in_series + sum(awkward.unreadable.values()) == len(awkward_files())
    assert in_series > 100
    assert awkward.unreadable["no DICOM data set"] > 0


def test_counts_of_every_attribute_add_up_to_the_files(awkward):
    for series in awkward.series:
        for path in series.values:
            found = found_values([series], path)
            assert sum(count for _, count in found.values) + series.values[path].others + found.absent == series.files
            assert found.absent >= 0 and len(found.values) >= 1


def test_number_of_files_with_an_attribute_is_what_pydicom_says(patients):
    holders = Counter(
        (element.tag,) for path in patients.glob("*.dcm") for element in dcmread(path) if element.tag != 0x7FE00010
    )
    found = surveyed(patients).series
    assert {path: len(INSTANCES) - found_values(found, path).absent for path in attribute_paths(found)} == holders


def test_survey_passes_through_json_unchanged(awkward):
    assert [SeriesSurvey.from_json(json.loads(json.dumps(one.as_json()))) for one in awkward.series] == awkward.series


# Values as people read them


def test_items_of_nested_sequences_are_read_together_each_different_text_once(tmp_path):
    inner = [item(CodeMeaning="left"), item(CodeMeaning="right"), item(CodeMeaning="left")]
    requests = [item(ScheduledProcedureStepID="7", ScheduledProtocolCodeSequence=inner), item(RequestedProcedureID="8")]
    write_slice(tmp_path / "a.dcm", RequestAttributesSequence=requests)
    found = texts(surveyed(tmp_path))
    assert found[0x00400275,] == ["2 items"]
    assert found[0x00400275, 0x00400008] == ["3 items"]
    assert found[0x00400275, 0x00400008, 0x00080104] == ["left | right"]
    assert found[0x00400275, 0x00401001] == ["8"]


def numbers(encoding: Encoding) -> bytes:
    """Every kind of binary number, and tags: selector attributes (PS3.3 C.23.4)."""
    order = encoding.byte_order
    values = (
        (0x00720026, "AT", struct.pack(f"{order}4H", 0x0010, 0x0020, 0x7FE0, 0x0010)),
        (0x00720074, "FD", struct.pack(f"{order}d", 0.1)),
        (0x00720076, "FL", struct.pack(f"{order}2f", 0.1, -2)),
        (0x00720078, "UL", struct.pack(f"{order}L", 70_000)),
        (0x0072007A, "US", struct.pack(f"{order}3H", 1, 2, 65_535)),
        (0x0072007C, "SL", struct.pack(f"{order}l", -70_000)),
        (0x0072007E, "SS", struct.pack(f"{order}h", -3)),
    )
    return b"".join(element(tag, vr, value, encoding) for tag, vr, value in values)


@pytest.mark.parametrize("encoding", Encoding)
def test_values_read_the_same_in_every_encoding(tmp_path, encoding):
    found = texts(survey_of_bytes(tmp_path, ct_file(numbers(encoding), encoding)))
    assert found[0x00720026,] == ["(0010,0020)\\(7FE0,0010)"]
    assert found[0x00720074,] == ["0.1"]
    assert found[0x00720076,] == ["0.1\\-2"]
    assert found[0x00720078,] == ["70000"]
    assert found[0x0072007A,] == ["1\\2\\65535"]
    assert found[0x0072007C,] == ["-70000"]
    assert found[0x0072007E,] == ["-3"]
    assert found[0x00280010,] == ["4"]
    assert found[0x00100010,] == [f"{PATIENT}^Xenia"]
    assert found[0x00081110, 0x00081155] == ["1.2.3"]


def test_name_is_decoded_by_the_files_character_set(tmp_path):
    write_slice(tmp_path / "a.dcm", SpecificCharacterSet="ISO_IR 192", PatientName="王^小东")
    found = surveyed(tmp_path)
    assert found.series[0].labels["patient_name"] == "王^小东"


def test_text_shows_no_control_characters_and_not_more_than_fits(tmp_path):
    long = "x" * LONGEST_VALUE
    attributes = {"PatientComments": f"{long}y", "AdditionalPatientHistory": long, "StudyDescription": "a\x1b[2J"}
    write_slice(tmp_path / "a.dcm", **attributes)
    found = texts(surveyed(tmp_path))
    assert found[0x00104000,] == [f"{long[:-1]}…"]
    assert found[0x001021B0,] == [long]
    assert found[0x00081030,] == ["a\\x1b[2J"]


def test_bytes_are_told_by_their_number_and_pixels_not_at_all(tmp_path):
    write_slice(tmp_path / "a.dcm", ICCProfile=bytes(300))
    found = texts(surveyed(tmp_path))
    assert found[0x00282000,] == ["300 bytes"]
    assert (0x7FE00010,) not in found


# Bad files, and what is beside the files


@pytest.mark.parametrize("content", [*(lie for lie, _ in LIES.values()), *HARMLESS.values()], ids=[*LIES, *HARMLESS])
def test_no_lie_about_lengths_ends_a_survey(tmp_path, content):
    found = survey_of_bytes(tmp_path, content, ct_file())
    assert sum(series.files for series in found.series) + sum(found.unreadable.values()) == 2
    assert PATIENT not in str(found.unreadable)


def test_path_that_cannot_be_read_is_counted_with_its_reason(tmp_path):
    (tmp_path / "a.dcm").symlink_to(tmp_path / "gone")
    (tmp_path / "b.txt").write_text("Dear Jane Doe")
    assert surveyed(tmp_path).unreadable == {"No such file or directory": 1, "no DICOM data set": 1}


def test_progress_counts_every_file_once(patients):
    seen = []
    survey(FolderSources([patients]), PSEUDONYMS, lambda done, total: seen.append((done, total)))
    assert seen == [(done, len(INSTANCES)) for done in range(1, len(INSTANCES) + 1)]


# The command


def reported(output: str) -> Survey:
    """The survey that the command has printed, a line for each series and one for what could not be read."""
    *parts, result = map(json.loads, output.splitlines())
    return Survey([SeriesSurvey.from_json(part["part"]) for part in parts], result["result"]["unreadable"])


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return copied_study(tmp_path_factory.mktemp("study") / "in")


def test_command_refuses_to_name_patients_unasked(study, tmp_path):
    end = survey_command(study.folder, "--key-file", write_key(tmp_path / "key"))
    assert (end.code, end.output) == (2, "")
    assert "--show-phi" in end.errors


def test_command_prints_the_survey_and_nothing_of_the_patient_beside_it(study, tmp_path):
    before = tree(study.folder)
    key = write_key(tmp_path / "key")
    end = survey_command(study.folder, "--show-phi", "--key-file", key, "--progress", "json")
    assert end.code == 0
    assert reported(end.output) == surveyed(study.folder)
    assert [series.files for series in surveyed(study.folder).series] == [40, 1, 1]
    reports = [json.loads(line) for line in end.errors.splitlines()]
    assert (reports[-1]["done"], reports[-1]["total"]) == (len(study.dicom_files) + 1, len(study.dicom_files) + 1)
    assert not [value for value in study.planted if value in end.errors]
    assert [value for value in study.planted if value in end.output]
    assert tree(study.folder) == before


def test_warnings_that_quote_a_files_values_are_not_passed_on(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    strange = element(0x00080005, "CS", PATIENT) + ct_header().replace(b"^Xenia", b"^X\xff\x1bia")
    (folder / "a.dcm").write_bytes(file_of(strange + element(0x7FE00010, "OB", PIXELS)))
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        assert len(surveyed(folder).series) == 1
    assert warned == []


def list_on_standard_input(monkeypatch: pytest.MonkeyPatch, paths: Iterable[Path]) -> None:
    content = b"".join(os.fsencode(path) + b"\0" for path in paths)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


def test_list_of_files_is_surveyed_like_their_folder_and_nothing_else(patients, tmp_path, monkeypatch):
    arguments = ("--show-phi", "--progress", "none", "--key-file", write_key(tmp_path / "key"))
    expected = survey_command(patients, *arguments)
    list_on_standard_input(monkeypatch, patients.iterdir())
    assert survey_command("-", *arguments) == expected
    list_on_standard_input(monkeypatch, [patients / "4.dcm"])
    (only,) = reported(survey_command("-", *arguments).output).series
    assert (only.labels["patient_id"], only.files) == ("B", 1)


def test_real_series_is_one_series_with_all_its_files():
    folder = real_data("ge_tilt")
    (series,) = surveyed(folder).series
    assert isinstance(series, SeriesSurvey)
    assert series.files == len(list(folder.glob("*.dcm")))
    instance_numbers = found_values([series], INSTANCE_NUMBER)
    assert len(instance_numbers.values) == series.files and instance_numbers.is_complete
    assert {(tag,) for tag in SEVENTEEN_ATTRIBUTES.values()} & set(series.values)

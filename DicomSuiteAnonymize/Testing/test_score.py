"""Scoring by an answer key: each of the ten actions, the layouts of keys, and what is said about an output."""

import json
import re
import shutil
import sqlite3
from hashlib import md5

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from pydicom import dcmread
from pydicom.dataset import Dataset

from anonymize_runs import anonymize, write_key
from answer_keys import (
    CAPTION_RULE,
    CAPTIONS,
    Answer,
    answers_for_planted,
    answers_for_study,
    write_csv,
    write_json,
    write_map,
    write_sqlite,
)
from copied_study import copied_study
from dicom_slices import write_slice
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.pixels.pixel_rules import write_rules
from DicomSuiteAnonymizeLib.scoring import score_pixels
from DicomSuiteAnonymizeLib.scoring.answer_key import read_answers
from DicomSuiteAnonymizeLib.scoring.score import read_map, score
from DicomSuiteAnonymizeLib.scoring.score_checks import AnswerCheck, Maps, Result, ScoredAction, judge
from DicomSuiteAnonymizeLib.scoring.score_place import Place, Step, parse_place
from DicomSuiteLib import cli
from DicomSuiteLib.missing_package import missing_package
from DicomSuiteLib.synthetic_identity import make_identity, synthetic_uid
from planted import planted_dataset

ACTIONS = {action.word: action for action in ScoredAction}
MAPS = Maps(uids={"1.2.3": "2.25.1", "1.2.4": "2.25.2"}, patients={"MRN 7": "DS-7"})


@pytest.fixture(scope="module")
def scored_set(tmp_path_factory):
    """Some files of the synthetic study, de-identified for research, with the key and the two maps."""
    folder = tmp_path_factory.mktemp("study")
    study = copied_study(folder / "study")
    source = folder / "source"
    source.mkdir()
    chosen = (*study.ct_files[:2], study.structure_set_file, study.ultrasound_file)
    files = [shutil.copy(path, source) for path in chosen]
    write_rules([CAPTION_RULE], folder / "pixel_rules.json")
    options = ("--retain", "patient-characteristics", "--retain", "modified-dates", "--clean", "descriptors")
    options += ("--clean", "pixel-data", "--pixel-rules", folder / "pixel_rules.json")
    return de_identified(folder, answers_for_study(files, make_identity(0)), *options)


@pytest.fixture(scope="module")
def planted_set(tmp_path_factory):
    """Every row of the standard's table at two depths, by the Basic Profile, with the key and the maps."""
    folder = tmp_path_factory.mktemp("planted")
    planted = planted_dataset()
    (folder / "source").mkdir()
    (folder / "source" / "planted.dcm").write_bytes(planted.part10())
    return de_identified(folder, answers_for_planted(planted))


def de_identified(folder, answers, *options):
    """`folder` with what came out of its source in "out", and beside it what `dicomsuite score` needs."""
    key_file, crosswalk = write_key(folder / "key"), folder / "key" / "crosswalk"
    assert anonymize(folder / "source", folder / "out", key_file, "--crosswalk", crosswalk, *options).code == 0
    export = ["crosswalk", "export", crosswalk, folder / "maps", "--key-file", key_file, "--progress", "none"]
    assert cli.main([str(word) for word in export]) == 0
    write_sqlite(answers, folder / "answers.db")
    return folder


def run_score(folder, capsys, out=None, *options):
    """Exit code and the result as a program reads it."""
    words = ["score", out or folder / "out", "--answers", folder / "answers.db"]
    words += ["--uids", folder / "maps" / "uids.csv", "--patients", folder / "maps" / "patients.csv"]
    words += ["--progress", "json", *options]
    code = cli.main([str(word) for word in words])
    return code, json.loads(capsys.readouterr().out.splitlines()[-1])["result"]


def test_the_synthetic_study_scores_a_hundred_per_cent(scored_set, capsys):
    code, result = run_score(scored_set, capsys)
    assert (result["failures"], code, result["percent"]) == ([], 0, 100.0)
    assert {entry["action"] for entry in result["actions"]} == set(ACTIONS)
    assert (result["files"], result["missing"], result["unknown"]) == (4, 0, 0)


def test_every_row_of_the_table_scores_a_hundred_per_cent(planted_set, capsys):
    code, result = run_score(planted_set, capsys)
    assert (result["failures"], code, result["percent"]) == ([], 0, 100.0)
    assert result["passed"] > 1304


SPOILED = {
    "tag_retained": lambda image: delattr(image, "StudyTime"),
    "text_notnull": lambda image: setattr(image, "PatientName", ""),
    "text_retained": lambda image: setattr(image, "SliceThickness", "4"),
    "text_removed": lambda image: setattr(image, "PatientComments", make_identity(0).family_name),
    "date_shifted": lambda image: setattr(image, "StudyDate", make_identity(0).study_date),
    "uid_changed": lambda image: setattr(image, "FrameOfReferenceUID", synthetic_uid(0, "frame of reference")),
    "uid_consistent": lambda image: setattr(image, "FrameOfReferenceUID", "2.25.77"),
    "patid_consistent": lambda image: setattr(image, "PatientID", "DS-SOMEONE-ELSE"),
    "pixels_retained": lambda image: setattr(image, "PixelData", b"\1" + image.PixelData[1:]),
}


@pytest.mark.parametrize("action", SPOILED)
def test_an_output_that_is_spoiled_in_one_way_scores_less_there(scored_set, tmp_path, capsys, action):
    out = shutil.copytree(scored_set / "out", tmp_path / "out")
    path = next(path for path in sorted(out.rglob("*.dcm")) if dcmread(path).get("SliceThickness") == 3)
    image = dcmread(path)
    SPOILED[action](image)
    image.save_as(path)
    code, result = run_score(scored_set, capsys, out)
    assert code == 3
    assert result["percent"] < 100
    assert action in {failure["action"] for failure in result["failures"]}
    assert {failure["file"] for failure in result["failures"]} == {path.relative_to(out).as_posix()}


def test_a_caption_is_read_in_the_source_and_not_in_the_output(scored_set):
    pytest.importorskip("rapidocr_onnxruntime")
    source, output = (
        next(path for path in (scored_set / folder).rglob("*.dcm") if dcmread(path).Modality == "US")
        for folder in ("source", "out")
    )
    left, top, right, bottom = CAPTIONS[0]
    box = {"text": make_identity(0).spoken_name, "top_left": [left, top], "bottom_right": [right, bottom]}
    assert score_pixels.judge_hidden(source, json.dumps(box)) is Result.FAILED
    assert score_pixels.judge_hidden(output, json.dumps(box)) is Result.PASSED


def test_a_file_that_is_missing_fails_what_should_be_kept_and_passes_what_should_go(scored_set, tmp_path, capsys):
    out = shutil.copytree(scored_set / "out", tmp_path / "out")
    next(path for path in sorted(out.rglob("*.dcm")) if dcmread(path).Modality == "RTSTRUCT").unlink()
    code, result = run_score(scored_set, capsys, out)
    assert (code, result["missing"]) == (3, 1)
    failed = {failure["action"] for failure in result["failures"]}
    assert failed == {"tag_retained", "text_notnull", "text_retained", "uid_consistent", "patid_consistent"}
    assert {failure["file"] for failure in result["failures"]} == {""}


def test_failures_are_written_without_values(scored_set, tmp_path, capsys):
    out = shutil.copytree(scored_set / "out", tmp_path / "out")
    path = next(path for path in sorted(out.rglob("*.dcm")) if dcmread(path).get("SliceThickness") == 3)
    image = dcmread(path)
    image.PatientComments = make_identity(0).spoken_name
    image.save_as(path)
    run_score(scored_set, capsys, out, "--failures", str(tmp_path / "failures.csv"))
    written = (tmp_path / "failures.csv").read_text(encoding="utf-8")
    assert 'text_removed,"(0010,4000)"' in written
    assert not any(planted in written for planted in make_identity(0).planted)


@pytest.mark.parametrize(("name", "write"), [("k.db", write_sqlite), ("k.csv", write_csv), ("k.json", write_json)])
def test_every_layout_of_a_key_says_the_same(tmp_path, name, write):
    answers = [
        Answer("1.2.3", "text_removed", "(0010,0010)", "Doe^Jane", "Jane, <née> Roe", "hipaa HIPAA-A"),
        Answer("1.2.3", "uid_consistent", "(0008,1140)[1]/(0008,1155)", "1.2.4"),
        Answer("1.2.5", "pixels_retained", "", "", "0" * 32),
    ]
    (one, of_one), (two, of_two) = read_answers(write(answers, tmp_path / name))
    assert (one, two) == ("1.2.3", "1.2.5")
    removed, consistent = of_one
    assert (removed.text, removed.category) == ("Jane, <née> Roe", "hipaa HIPAA-A")
    assert (str(consistent.place), consistent.category) == (
        "(0008,1140)[1]/(0008,1155)",
        "dicom DICOM-P15-BASIC-U",
    )
    assert of_two[0].place is None


@pytest.mark.parametrize(
    ("named", "category"),
    [
        ({"hipaa.z": "Z1", "tcia.p15": "P1"}, "hipaa Z1"),
        ({"hipaa": {"m": "M1", "z": "Z1"}}, "hipaa M1"),
        ('<{"tcia.rev": "R1"}>', "tcia R1"),
        (None, "unknown"),
    ],
)
def test_removed_text_counts_under_the_first_category_that_the_benchmark_names(tmp_path, named, category):
    path = write_sqlite([Answer("1.2.3", "text_removed", "(0010,0010)", "Doe", "Doe")], tmp_path / "k.db")
    with sqlite3.connect(path) as database:
        (text,) = database.execute("SELECT AnswerData FROM answer_data").fetchone()
        content = json.loads(text)
        content["0"]["answer_category_v2"] = named
        database.execute("UPDATE answer_data SET AnswerData = ?", (json.dumps(content),))
    database.close()
    ((_, (check,)),) = read_answers(path)
    assert check.category == category


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("k.csv", "a,b\n1,2\n", "columns sop_instance_uid"),
        ("k.csv", "sop_instance_uid,action,attribute\n1.2,vanished,SECRET\n", "row 1"),
        ("k.csv", "sop_instance_uid,action,attribute\n1.2,tag_retained,SECRET\n", "is not written like"),
        ("k.csv", 'sop_instance_uid,action,attribute,text\n1.2,pixels_hidden,,"{""text"": ""SECRET""}"\n', "top_left"),
        ("k.json", "{}", "schema"),
        ("k.json", "[" * 100_000, "schema"),
        ("k.db", "SQLite format 3\0SECRET", "answer_data"),
    ],
)
def test_a_key_that_cannot_be_understood_is_refused_without_its_values(tmp_path, name, content, said):
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(AnonymizeError, match=said) as refused:
        list(read_answers(tmp_path / name))
    assert "SECRET" not in str(refused.value)


def released():
    """An output with one attribute of each kind that checks look at."""
    dataset = Dataset()
    dataset.PatientID = "DS-7"
    dataset.StudyDate = ""
    dataset.StudyDescription = "CHEST w/ contrast"
    dataset.SliceThickness = "2.50"
    dataset.ImageType = ["ORIGINAL", "PRIMARY"]
    dataset.ReferencedImageSequence = [Dataset(), Dataset()]
    dataset.ReferencedImageSequence[1].ReferencedSOPInstanceUID = "2.25.1"
    dataset.RelatedGeneralSOPClassUID = ["2.25.1", "2.25.2"]
    block = dataset.private_block(0x0019, "VENDOR X", create=True)
    block.add_new(0x92, "LO", "phantom")
    block.add_new(0x93, "UN", "M\u00fcller".encode())
    dataset.AcquisitionDateTime, dataset.InstanceCreationTime = "20200131000000", "101112"
    dataset.add_new(0x7FE00010, "OW", b"\1\2\3\4")
    return dataset


@pytest.mark.parametrize(
    ("action", "attribute", "value", "text", "passed"),
    [
        ("tag_retained", "(0008,0020)", "", "", True),
        ("tag_retained", "(0008,0021)", "", "", False),
        ("tag_retained", '(0019,"vendor x",92)', "", "", True),
        ("tag_retained", '(0019,"OTHER",92)', "", "", False),
        ("text_notnull", "(0008,0020)", "", "", False),
        ("text_notnull", "(0008,1030)", "", "", True),
        ("text_notnull", "(0008,1140)", "", "", True),
        ("text_retained", "(0018,0050)", "", "2.5", True),
        ("text_retained", "(0008,0008)", "", "['ORIGINAL', 'PRIMARY']", True),
        ("text_retained", "(0008,1030)", "", "Chest with contrast", True),
        ("text_retained", "(0008,1030)", "", "Chest native", False),
        ("text_removed", "(0008,1030)", "", "Jane of Chest", False),
        ("text_removed", "(0008,1030)", "", "Jane with Doe", True),
        ("text_removed", "(0018,0050)", "", "2.5", False),
        ("text_removed", "(0008,1140)", "", "2.25.1", False),
        ("text_removed", "(0008,0080)", "", "Hospital", True),
        ("text_removed", '(0019,"VENDOR X",93)', "", "Mu\u0308ller", False),
        ("text_retained", '(0019,"VENDOR X",93)', "", "M\u00fcller", True),
        ("date_shifted", "(0008,0020)", "20200131", "", True),
        ("date_shifted", "(0008,002A)", "20200131101112.25", "", False),
        ("date_shifted", "(0008,002A)", "2020-01-31", "", False),
        ("date_shifted", "(0008,002A)", "20200130\\20200131", "", True),
        ("date_shifted", "(0008,0013)", "093000", "", True),
        ("uid_changed", "(0008,1140)[1]/(0008,1155)", "1.2.3", "", True),
        ("uid_changed", "(0008,1140)[1]/(0008,1155)", "2.25.1", "", False),
        ("uid_consistent", "(0008,1140)[1]/(0008,1155)", "1.2.3", "", True),
        ("uid_consistent", "(0008,1140)[1]/(0008,1155)", "1.2.4", "", False),
        ("uid_consistent", "(0008,1140)[1]/(0008,1155)", "9.9.9", "", False),
        ("uid_consistent", "(0008,001A)", "1.2.3\\1.2.4", "", True),
        ("uid_consistent", "(0008,001A)", "['1.2.4', '1.2.3']", "", False),
        ("uid_consistent", "(0020,000D)", "1.2.3", "", True),
        ("patid_consistent", "(0010,0020)", "MRN 7", "", True),
        ("patid_consistent", "(0010,0020)", "MRN 8", "", False),
        ("pixels_retained", "", "", md5(b"\1\2\3\4", usedforsecurity=False).hexdigest(), True),
        ("pixels_retained", "", "", "0" * 64, False),
    ],
)
def test_what_passes_for_each_action(action, attribute, value, text, passed):
    place = parse_place(attribute) if attribute else None
    check = AnswerCheck("1.2.3", ACTIONS[action], place, value, text, "")
    assert judge(check, released(), MAPS) is (Result.PASSED if passed else Result.FAILED)


@pytest.mark.parametrize(
    ("action", "place", "value", "text"),
    [
        ("text_removed", "(0008,1030)", "", "the ..."),
        ("text_retained", "(0008,1030)", "", ""),
        ("uid_changed", "(0008,1030)", "", ""),
        ("tag_retained", None, "", ""),
    ],
)
def test_a_check_that_does_not_say_what_to_look_for_is_not_judged(tmp_path, action, place, value, text):
    path = write_slice(tmp_path / "out" / "a.dcm", StudyDescription="Chest")
    entry = {"action": f"<{action}>", "tag_ds": place and f"<{place}>", "value": value, "action_text": text}
    with sqlite3.connect(tmp_path / "k.db") as database:
        database.execute("CREATE TABLE answer_data (SOPInstanceUID TEXT, AnswerData TEXT)")
        row = (dcmread(path).SOPInstanceUID, json.dumps({"0": entry}))
        database.execute("INSERT INTO answer_data VALUES (?, ?)", row)
    database.close()
    scored = score(tmp_path / "out", tmp_path / "k.db", Maps({}, {}))
    assert scored.total(Result.UNJUDGED) == 1


STEPS = st.one_of(
    st.builds(Step, st.integers(0, 0xFFFF), st.integers(0, 0xFFFF)),
    st.builds(
        Step,
        st.integers(0, 0xFFFF),
        st.integers(0, 0xFF),
        st.from_regex(r"[A-Z0-9][A-Z0-9 .():]{0,9}[A-Z]", fullmatch=True),
    ),
)


@given(st.lists(STEPS, min_size=1, max_size=4), st.lists(st.integers(0, 12), min_size=3, max_size=3))
def test_a_place_is_read_as_it_is_written(steps, items):
    place = Place(tuple(steps), tuple(items[: len(steps) - 1]))
    assert parse_place(str(place)) == place


@given(st.text(st.sampled_from('(0018,F)[]<>/"A '), max_size=24))
def test_any_other_text_is_no_place(text):
    try:
        assert parse_place(str(parse_place(text))) == parse_place(text)
    except AnonymizeError:
        assert not re.fullmatch(r"\([0-9A-F]{4},[0-9A-F]{4}\)", text)


@pytest.mark.parametrize("text", ["(0010,0010)[0]", "PatientName", "(0010,001)", "(0010,0010)x", ""])
def test_a_place_that_is_written_otherwise_is_refused(text):
    with pytest.raises(AnonymizeError, match="is not written like"):
        parse_place(text)


def captioned(folder, shown):
    """A grey image of 60 rows and 400 columns, with a caption where `shown` says so."""
    picture = Image.new("L", (400, 60))
    if shown:
        ImageDraw.Draw(picture).text((10, 12), "WALTERSON 48213377", fill=255, font_size=30)
    path = write_slice(folder / "image.dcm", Rows=60, Columns=400)
    image = dcmread(path)
    image.PixelData = np.asarray(picture).tobytes()
    image.save_as(path)
    return path


BOX = json.dumps({"text": "Walterson\n48213377", "top_left": [0, 0], "bottom_right": [400, 60]})


@pytest.fixture
def no_ocr(monkeypatch):
    """As where the package is not installed."""

    def read_text(picture):
        raise missing_package("rapidocr-onnxruntime", "Reading text in pictures", extra="ocr")

    monkeypatch.setattr(score_pixels, "read_text", read_text)


def test_a_blank_box_hides_its_text_and_needs_no_ocr(tmp_path, no_ocr):
    assert score_pixels.judge_hidden(captioned(tmp_path, shown=False), BOX) is Result.PASSED


def test_a_box_that_is_not_blank_is_not_judged_without_ocr(tmp_path, no_ocr):
    assert score_pixels.judge_hidden(captioned(tmp_path, shown=True), BOX) is Result.UNJUDGED


@pytest.mark.parametrize(
    ("read", "expected", "is_shown"),
    [
        ("ZOELINA NUNEZ- IBANEZ", "Zoëlina Núñez-Ibáñez", True),
        ("MRH2B445838", "MRN28445838", True),
        ("C0OK", "Cook", True),
        ("Li", "Li", True),
        ("Liver 12 cm", "Miller 4711", False),
        ("LIN", "Li", True),
        ("", "Li", False),
        ("MI 1.2 TIs 0.4", "Zoë 19550421", False),
    ],
)
def test_a_telling_piece_of_a_word_is_enough(read, expected, is_shown):
    assert score_pixels.shows(read, expected) is is_shown


def test_what_cannot_be_judged_is_no_pass(tmp_path, no_ocr):
    path = captioned(tmp_path / "out", shown=True)
    key = write_csv([Answer(dcmread(path).SOPInstanceUID, "pixels_hidden", "", "", BOX)], tmp_path / "k.csv")
    scored = score(tmp_path / "out", key, Maps({}, {}))
    assert (scored.percent, scored.total(Result.UNJUDGED)) == (0, 1)


def test_a_score_is_never_rounded_up_to_a_hundred(tmp_path):
    path = write_slice(tmp_path / "out" / "a.dcm")
    uid = dcmread(path).SOPInstanceUID
    good = [Answer(uid, "tag_retained", "(0008,0060)")] * 30_000
    key = write_csv([*good, Answer(uid, "tag_retained", "(0008,0061)")], tmp_path / "k.csv")
    assert score(tmp_path / "out", key, Maps({}, {})).percent == 99.99


def test_a_key_of_another_data_set_is_refused(tmp_path):
    write_slice(tmp_path / "out" / "a.dcm")
    key = write_csv([Answer("1.2.3", "tag_retained", "(0008,0060)")], tmp_path / "k.csv")
    with pytest.raises(AnonymizeError, match="name the key of this data set"):
        score(tmp_path / "out", key, Maps({}, {}))


def test_a_file_that_the_key_does_not_know_is_counted(tmp_path):
    known = write_slice(tmp_path / "out" / "a.dcm")
    write_slice(tmp_path / "out" / "b.dcm")
    (tmp_path / "out" / "report.json").write_text("{}")
    key = write_csv([Answer(dcmread(known).SOPInstanceUID, "tag_retained", "(0008,0060)")], tmp_path / "k.csv")
    scored = score(tmp_path / "out", key, Maps({}, {}))
    assert (scored.files, scored.unknown, scored.percent) == (2, 1, 100)


def test_two_files_with_one_uid_are_refused(tmp_path):
    path = write_slice(tmp_path / "out" / "a.dcm")
    shutil.copy(path, tmp_path / "out" / "b.dcm")
    key = write_csv([Answer("1.2.3", "tag_retained", "(0008,0060)")], tmp_path / "k.csv")
    with pytest.raises(AnonymizeError, match="same SOP Instance UID"):
        score(tmp_path / "out", key, Maps({}, {}))


def test_people_read_a_table_and_one_line_that_says_it_all(tmp_path, capsys):
    uid = dcmread(write_slice(tmp_path / "out" / "a.dcm")).SOPInstanceUID
    answers = [Answer(uid, "tag_retained", "(0008,0060)"), Answer(uid, "text_removed", "(0010,0010)", "", "Doe")]
    write_csv(answers, tmp_path / "k.csv")
    empty = write_map([], tmp_path / "map.csv")
    words = ["score", tmp_path / "out", "--answers", tmp_path / "k.csv", "--uids", empty, "--patients", empty]
    assert cli.main([str(word) for word in words]) == 3
    shown = capsys.readouterr().out
    assert "text_removed failed: a.dcm (0010,0010): not as the answer key asks" in shown
    assert (
        "score: 50.00 %, 1 of 2 checks passed; 1 files, 0 instances missing from the output, 0 files unknown" in shown
    )


def test_a_map_with_an_empty_column_is_refused(tmp_path):
    for row in ("a\n", "a,\n", ",a\n"):
        (tmp_path / "map.csv").write_text(f"id_old,id_new\n{row}", encoding="utf-8")
        with pytest.raises(AnonymizeError, match="row without"):
            read_map(tmp_path / "map.csv")


def test_an_output_that_merges_instances_gets_no_score(tmp_path):
    uid = dcmread(write_slice(tmp_path / "out" / "a.dcm")).SOPInstanceUID
    answers = [Answer(old, "tag_retained", "(0008,0060)") for old in ("1.2.3", "1.2.4")]
    key = write_csv(answers, tmp_path / "k.csv")
    with pytest.raises(AnonymizeError, match="merged"):
        score(tmp_path / "out", key, Maps({"1.2.3": uid, "1.2.4": uid}, {}))


def test_a_map_with_two_new_ids_for_one_old_is_refused(tmp_path):
    with pytest.raises(AnonymizeError, match="two different id_new"):
        read_map(write_map([("a", "b"), ("a", "c")], tmp_path / "map.csv"))
    assert read_map(write_map([("a", "b"), ("a", "b")], tmp_path / "map.csv")) == {"a": "b"}

"""`dicomsuite pixels`: which series may show text, and what would be blanked in them."""

import json

import pytest
from pydicom import dcmread

from anonymize_runs import anonymize, write_key
from captioned_pictures import COLUMNS, PICTURES, ROWS, add_regions, write_picture
from dicom_slices import write_slice
from DicomSuiteLib import cli

BY_NAME = {picture.name: picture for picture in PICTURES}


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def listed(tmp_path, capsys):
    """The series of a folder by file name."""
    key = write_key(tmp_path / "key")

    def run(folder, *options):
        arguments = ["pixels", str(folder), "--show-phi", "--key-file", str(key), "--progress", "json", *options]
        assert cli.main(list(map(str, arguments))) == 0
        result = json.loads(capsys.readouterr().out.splitlines()[-1])["result"]
        assert not result["unreadable"]
        return {series["file"].rpartition("/")[2]: series for series in result["series"]}

    return run


def sources(tmp_path, *names):
    folder = tmp_path / "source"
    folder.mkdir()
    for name in names:
        write_picture(folder, BY_NAME[name])
    return folder


def test_series_come_with_their_facts_and_what_would_be_blanked(tmp_path, listed):
    folder = sources(tmp_path, "us_rgb", "us_cine_rle")
    dataset = dcmread(folder / "us_rgb.dcm")
    add_regions(dataset, (0, 50, COLUMNS - 1, ROWS - 1))
    dataset.save_as(folder / "us_rgb.dcm")
    found = listed(folder)
    one = found["us_rgb.dcm"]
    assert one["boxes"] == [[0, 0, COLUMNS, 50]]
    assert (one["from"], one["rule"], one["reason"]) == ("regions", "", "")
    assert (one["rows"], one["columns"], one["frames"], one["files"]) == (ROWS, COLUMNS, 1, 1)
    assert (one["modality"], one["manufacturer"], one["model"]) == ("US", "Sonomat", "S1 [pro]")
    assert one["risk"].startswith("ultrasound")
    assert "Wanderlust" in one["label"]
    assert one["targets"].keys() == {"patient", "study", "series"}
    two = found["us_cine_rle.dcm"]
    assert (two["from"], two["boxes"], two["frames"]) == ("none", [], 3)


def test_targets_are_those_of_the_survey(tmp_path, listed, capsys):
    folder = sources(tmp_path, "us_rgb")
    targets = listed(folder)["us_rgb.dcm"]["targets"]
    cli.main(["survey", str(folder), "--show-phi", "--key-file", str(tmp_path / "key" / "key"), "--progress", "none"])
    assert json.loads(capsys.readouterr().out.splitlines()[0])["part"]["targets"] == targets


def test_own_rules_are_tried_first(tmp_path, listed):
    rules = tmp_path / "rules.json"
    rule = {"name": "mine", "match": {"model": "s1*"}, "action": "blank", "boxes": [[0, 0, 9999, 40]]}
    rules.write_text(json.dumps({"schema": "dicomsuite-pixel-rules-1", "rules": [rule]}), encoding="utf-8")
    one = listed(sources(tmp_path, "us_rgb"), "--rules", rules)["us_rgb.dcm"]
    assert (one["from"], one["rule"], one["boxes"]) == ("rule", "mine", [[0, 0, COLUMNS, 40]])


def test_series_without_risk_are_listed_too_because_rules_can_be_drawn_for_them(tmp_path, listed):
    folder = tmp_path / "source"
    folder.mkdir()
    for number in (1, 2):
        write_slice(folder / f"{number}.dcm", SOPInstanceUID=f"1.2.3.{number}", InstanceNumber=number)
    (one,) = listed(folder).values()
    assert (one["risk"], one["from"], one["files"]) == ("", "none", 2)


def test_photographs_say_why_nothing_cleans_them(tmp_path, listed):
    folder = sources(tmp_path, "us_rgb")
    dataset = dcmread(folder / "us_rgb.dcm")
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.77.1.4"
    dataset.save_as(folder / "us_rgb.dcm")
    assert "more than text" in listed(folder)["us_rgb.dcm"]["reason"]


def test_names_are_only_shown_on_request(tmp_path, capsys):
    folder = sources(tmp_path, "us_rgb")
    assert cli.main(["pixels", str(folder), "--key-file", str(write_key(tmp_path / "key"))]) == 2
    assert "--show-phi" in capsys.readouterr().err


def test_what_is_listed_as_blanked_is_what_anonymize_blanks(tmp_path, listed):
    folder = sources(tmp_path, "us_rgb_planar")
    dataset = dcmread(folder / "us_rgb_planar.dcm")
    add_regions(dataset, (30, 50, 200, 140))
    dataset.save_as(folder / "us_rgb_planar.dcm")
    boxes = listed(folder)["us_rgb_planar.dcm"]["boxes"]
    assert anonymize(folder, tmp_path / "out", tmp_path / "key" / "key", "--clean", "pixel-data").code == 0
    (output,) = (tmp_path / "out").rglob("*.dcm")
    expected = dataset.pixel_array.copy()
    for left, top, width, height in boxes:
        expected[top : top + height, left : left + width] = 0
    assert (dcmread(output).pixel_array == expected).all()

"""Text recognition: what it finds in pictures, what `--ocr` makes of it, and that cleaned pictures have none left."""

import json
import sys

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from pydicom import dcmread

from anonymize_runs import KEY, anonymize, audit_records, refused, tree, write_key
from captioned_pictures import CAPTION_ROWS, HEADER_WORDS, PICTURES, shown, sop_instance, stored_frames, write_picture
from DicomSuiteAnonymizeLib.keys import Pseudonyms
from DicomSuiteAnonymizeLib.pixels import ocr, pixel_treatment
from DicomSuiteAnonymizeLib.pixels.read_once import LinesReadOnce, PictureMemory
from DicomSuiteAnonymizeLib.pixels.text_findings import boxes_to_blank
from DicomSuiteAnonymizeLib.pixels.text_verdict import HeaderWords
from DicomSuiteLib import cli

pytest.importorskip("rapidocr_onnxruntime")

BY_NAME = {picture.name: picture for picture in PICTURES}
_READ = (
    "us_palette", "us_cine_rle", "us_cine_jpeg", "us_ybr_jpeg_ls", "us_j2k_lossy", "sc_12_bit_jpeg_lossless",
    "sc_inverted_big_endian",
)  # fmt: skip
READ = [name for name in _READ if name in BY_NAME]
"""Pictures in seven transfer syntaxes, each with its own kind of pixels."""


@pytest.fixture(scope="module")
def cleaned(tmp_path_factory):
    """Sources and outputs by name of a run that blanks the captions by a rule."""
    folder = tmp_path_factory.mktemp("read")
    (folder / "source").mkdir()
    sources = {name: write_picture(folder / "source", BY_NAME[name]) for name in READ}
    rule = {"name": "caption", "match": {}, "action": "blank", "boxes": [[0, 0, 9999, CAPTION_ROWS]]}
    rules = folder / "rules.json"
    rules.write_text(json.dumps({"schema": "dicomsuite-pixel-rules-1", "rules": [rule]}), encoding="utf-8")
    key = write_key(folder / "key")
    assert anonymize(folder / "source", folder / "out", key, "--clean", "pixel-data", "--pixel-rules", rules).code == 0
    new_uid = Pseudonyms(KEY).uid
    by_uid = {str(dcmread(path).SOPInstanceUID): path for path in (folder / "out").rglob("*.dcm")}
    return sources, {name: by_uid[new_uid(sop_instance(BY_NAME[name]).encode()).decode()] for name in READ}


@pytest.mark.parametrize("name", READ)
def test_no_word_of_the_header_can_be_read_after_cleaning(cleaned, name):
    sources, outputs = cleaned
    header = HeaderWords(HEADER_WORDS)
    assert any(header.found_in(found.text) for found in ocr.read_text(shown(sources[name])))
    assert not any(header.found_in(found.text) for found in ocr.read_text(shown(outputs[name])))


@pytest.fixture
def one_picture(tmp_path):
    """Folder with one picture that no rule fits, and a key file."""
    (tmp_path / "source").mkdir()
    write_picture(tmp_path / "source", BY_NAME["us_rgb"])
    return tmp_path / "source", write_key(tmp_path / "key")


def test_text_that_is_not_known_to_be_harmless_is_blanked_and_the_scan_stays(tmp_path, one_picture):
    source, key = one_picture
    assert anonymize(source, tmp_path / "out", key, "--clean", "pixel-data", "--ocr").code == 0
    (output,) = (tmp_path / "out").rglob("*.dcm")
    header = HeaderWords(HEADER_WORDS)
    assert not any(header.found_in(found.text) for found in ocr.read_text(shown(output)))
    before, after = (stored_frames(path)[0] for path in (source / "us_rgb.dcm", output))
    assert np.array_equal(before[CAPTION_ROWS + 10 :], after[CAPTION_ROWS + 10 :])
    (record,) = audit_records(tmp_path / "out", "changes")
    assert any(rule.startswith("text recognition: ") for _, _, rule, _ in record["elements"])
    everything = b"".join(path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert not [word for word in HEADER_WORDS if word.lower().encode() in everything.lower()]


def test_reading_twice_gives_equal_files(tmp_path, one_picture):
    source, key = one_picture
    for name in ("first", "second"):
        assert anonymize(source, tmp_path / name, key, "--clean", "pixel-data", "--ocr").code == 0
    assert tree(tmp_path / "first") == tree(tmp_path / "second")


def test_picture_in_which_the_header_can_still_be_read_is_refused(tmp_path, one_picture, monkeypatch):
    source, key = one_picture
    monkeypatch.setattr(pixel_treatment, "boxes_to_blank", lambda findings: boxes_to_blank(findings)[:1])
    assert anonymize(source, tmp_path / "out", key, "--clean", "pixel-data", "--ocr").code == 3
    assert refused(key)["us_rgb.dcm"].endswith("a value of the header can still be read after blanking")


def clip(frames: int, named: int) -> np.ndarray:
    """Moving speckle between text that stays; the frame `named` alone shows a name and counts like the others."""
    random, font = np.random.default_rng(5), ImageFont.load_default(17)
    pictures = []
    for number in range(frames):
        image = Image.new("L", (480, 240))
        draw = ImageDraw.Draw(image)
        for line, text in enumerate(("Depth 12 cm", "Gain 64 %", "MI 1.2", "TIS 0.4")):
            draw.text((6, 4 + 24 * line), text, fill=230, font=font)
        if number == named:
            draw.text((250, 4), "Beispiel, Arthur", fill=230, font=font)
        draw.text((420, 210), f"{number + 1}/{frames}", fill=230, font=font)
        picture = np.array(image)
        picture[120:200, 120:400] = random.integers(0, 90, (80, 280))
        pictures.append(picture)
    return np.stack(pictures)


def clip_file(path, frames: np.ndarray):
    dataset = dcmread(write_picture(path, BY_NAME["sc_cine_rle"]))
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    dataset.NumberOfFrames, dataset.Rows, dataset.Columns = frames.shape
    dataset.PatientName = "Beispiel^Arthur"
    dataset.PixelData = frames.tobytes()
    dataset["PixelData"].VR = "OB"
    dataset.save_as(path / "sc_cine_rle.dcm")


def test_name_in_one_frame_among_many_goes(tmp_path):
    frames = clip(7, named=4)
    (tmp_path / "source").mkdir()
    clip_file(tmp_path / "source", frames)
    key = write_key(tmp_path / "key")
    assert anonymize(tmp_path / "source", tmp_path / "out", key, "--clean", "pixel-data", "--ocr").code == 0
    after = stored_frames(next((tmp_path / "out").rglob("*.dcm")))
    assert frames[4, :26, 250:].any() and not after[4, :26, 250:390].any()
    assert np.array_equal(after[:, 104:200, :400], frames[:, 104:200, :400])


def test_lines_that_frames_repeat_are_recognised_once_and_nothing_else_changes(monkeypatch):
    frames = clip(7, named=4)
    recogniser, recognised = ocr._reader().text_rec._recogniser, []

    def counted(lines):
        recognised.append(len(lines))
        return recogniser(lines)

    def forget():
        monkeypatch.setattr(ocr, "_PICTURES", PictureMemory(99))
        monkeypatch.setattr(ocr._reader(), "text_rec", LinesReadOnce(counted, 99))

    forget()
    together = [ocr.read_text(frame) for frame in frames]
    needed = len(recognised)
    assert any("Beispiel" in found.text for found in together[4])
    assert ocr.read_text(frames[2]) == together[2] and len(recognised) == needed, "an equal picture is not read again"
    alone = []
    for frame in frames:
        forget()
        alone.append(ocr.read_text(frame))
    assert together == alone
    assert needed < sum(map(len, alone)) / 2


def test_missing_package_is_told_before_anything_is_written(tmp_path, one_picture, monkeypatch):
    source, key = one_picture
    monkeypatch.setitem(sys.modules, "rapidocr_onnxruntime", None)
    ocr._reader.cache_clear()
    ended = anonymize(source, tmp_path / "out", key, "--clean", "pixel-data", "--ocr")
    assert ended.code == 1
    assert "pip install 'dicomsuite[ocr]'" in ended.errors
    assert not (tmp_path / "out").exists()


def test_listing_says_what_was_read_where_and_whether_it_identifies(one_picture, capsys):
    source, key = one_picture
    arguments = ["pixels", str(source), "--ocr", "--show-phi", "--key-file", str(key), "--progress", "json"]
    assert cli.main(arguments) == 0
    (series,) = json.loads(capsys.readouterr().out.splitlines()[-1])["result"]["series"]
    assert series["from"] == "ocr"
    assert {finding["verdict"] for finding in series["findings"]} == {"identifying"}
    for finding in series["findings"]:
        left, top, width, height = finding["box"]
        assert left >= 0
        assert top >= 0
        assert left + width <= 320
        assert top + height <= CAPTION_ROWS + 10
        assert finding["frame"] == 0
        assert 0 < finding["confidence"] <= 1

"""`dicomsuite anonymize --clean pixel-data`: text goes, everything else of a picture stays bit for bit."""

import json

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless, JPEGLSLossless

from anonymize_runs import KEY, anonymize, audit_records, read_report, refused, tree, write_key
from captioned_pictures import (
    CAPTION_ROWS,
    COLUMNS,
    PICTURES,
    ROWS,
    add_regions,
    shown,
    sop_instance,
    stored_frames,
    write_picture,
)
from DicomSuiteAnonymizeLib.keys import Pseudonyms
from DicomSuiteLib import cli
from validators import findings

BY_NAME = {picture.name: picture for picture in PICTURES}


def write_rules(path, *rules):
    path.write_text(json.dumps({"schema": "dicomsuite-pixel-rules-1", "rules": list(rules)}), encoding="utf-8")
    return path


CAPTION_RULE = {"name": "caption", "match": {"manufacturer": "SONOMAT"}, "action": "blank",
                "boxes": [[0, 0, COLUMNS, CAPTION_ROWS]]}  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """One run over all pictures: sources by name, outputs by name, output folder, key file, rules."""
    folder = tmp_path_factory.mktemp("captions")
    (folder / "source").mkdir()
    sources = {picture.name: write_picture(folder / "source", picture) for picture in PICTURES}
    key = write_key(folder / "key")
    rules = write_rules(folder / "rules.json", CAPTION_RULE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(folder))
        ended = anonymize(folder / "source", folder / "out", key, "--clean", "pixel-data", "--pixel-rules", rules)
        assert ended.code == 0, ended.errors + ended.output
        yield folder, sources, outputs_by_name(folder / "out"), rules


def outputs_by_name(folder):
    new_uid = Pseudonyms(KEY).uid
    names = {new_uid(sop_instance(picture).encode()).decode(): picture.name for picture in PICTURES}
    return {names[str(dcmread(path, stop_before_pixels=True).SOPInstanceUID)]: path for path in folder.rglob("*.dcm")}


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_outside_the_boxes_every_sample_is_as_it_was_and_inside_is_black(run, picture):
    _, sources, outputs, _ = run
    before, after = stored_frames(sources[picture.name]), stored_frames(outputs[picture.name])
    assert before.shape == after.shape
    assert np.array_equal(before[:, CAPTION_ROWS:], after[:, CAPTION_ROWS:])
    assert len(np.unique(after[:, :CAPTION_ROWS].reshape(-1, after[0, 0, 0].size), axis=0)) == 1
    assert len(np.unique(before[:, :CAPTION_ROWS])) > 1
    assert shown(outputs[picture.name])[:CAPTION_ROWS].max() <= 16


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_result_is_compressed_without_loss_in_the_same_family_or_not_at_all(run, picture):
    _, sources, outputs, _ = run
    expected = {
        "1.2.840.10008.1.2.4.50": ExplicitVRLittleEndian,
        "1.2.840.10008.1.2.4.70": ExplicitVRLittleEndian,
        "1.2.840.10008.1.2.4.81": JPEGLSLossless,
        "1.2.840.10008.1.2.4.91": JPEG2000Lossless,
    }
    before = dcmread(sources[picture.name]).file_meta.TransferSyntaxUID
    assert dcmread(outputs[picture.name]).file_meta.TransferSyntaxUID == expected.get(before, before)


def test_verification_accepts_cleaned_pictures_and_nothing_else(run, capsys):
    folder, *_ = run
    assert cli.main(["verify", str(folder / "out"), "--against", str(folder / "source"), "--progress", "none"]) == 0
    capsys.readouterr()


def test_verification_refuses_changed_pixels_that_the_file_does_not_speak_of(run, tmp_path, capsys):
    folder, sources, outputs, _ = run
    dataset = dcmread(outputs["us_rgb"])
    codes = dataset.DeidentificationMethodCodeSequence
    dataset.DeidentificationMethodCodeSequence = [code for code in codes if code.CodeValue != "113101"]
    original = outputs["us_rgb"].read_bytes()
    try:
        dataset.save_as(outputs["us_rgb"])
        assert cli.main(["verify", str(folder / "out"), "--against", str(folder / "source"), "--progress", "none"]) == 3
        said = capsys.readouterr().out
        assert "pixel risk" in said
        assert "pixel data" in said
    finally:
        outputs["us_rgb"].write_bytes(original)


@pytest.mark.parametrize(
    ("keyword", "value", "finding"),
    [("DerivationDescription", "Burned-in text blanked; of K. Wanderlust", "(0008,2111)"),
     ("BurnedInAnnotation", "YES", "(0028,0301)")],
)  # fmt: skip
def test_verification_reads_what_cleaned_files_say_of_themselves(run, capsys, keyword, value, finding):
    folder, _, outputs, _ = run
    dataset, original = dcmread(outputs["us_rgb"]), outputs["us_rgb"].read_bytes()
    setattr(dataset, keyword, value)
    try:
        dataset.save_as(outputs["us_rgb"])
        assert cli.main(["verify", str(folder / "out"), "--progress", "none"]) == 3
        assert finding in capsys.readouterr().out
    finally:
        outputs["us_rgb"].write_bytes(original)


def test_two_runs_with_any_number_of_processes_are_byte_equal(run):
    folder, _, _, rules = run
    options = ("--clean", "pixel-data", "--pixel-rules", rules, "--workers", "2")
    assert anonymize(folder / "source", folder / "again", folder / "key" / "key", *options).code == 0
    assert tree(folder / "again") == tree(folder / "out")


def test_validator_finds_no_new_errors(run):
    _, sources, outputs, _ = run
    same_syntax = [name for name in outputs if not {"jpeg", "lossy", "near"} & set(name.split("_"))]
    for name in same_syntax:
        new = findings("dciodvfy", [outputs[name]]).keys() - findings("dciodvfy", [sources[name]]).keys()
        assert not [line for line in new if "PixelData" in line or "0028" in line or "ImageType" in line], name


def test_file_says_what_was_done_to_its_pixels(run):
    _, _, outputs, _ = run
    for name, path in outputs.items():
        dataset = dcmread(path)
        codes = [code.CodeValue for code in dataset.DeidentificationMethodCodeSequence]
        assert codes == ["113100", "113101"], name
        assert dataset.BurnedInAnnotation == "NO"
        assert dataset.ImageType[0] == "DERIVED"
        assert dataset.DerivationDescription == "Burned-in text blanked"


def test_losses_of_the_source_are_told_and_no_others(run):
    _, _, outputs, _ = run
    lossy = {"us_cine_jpeg": "ISO_10918_1", "us_j2k_lossy": "ISO_15444_1", "sc_near_lossless": "ISO_14495_1"}
    for name, path in outputs.items():
        dataset = dcmread(path)
        assert dataset.get("LossyImageCompression", "00") == ("01" if name in lossy else "00"), name
        assert dataset.get("LossyImageCompressionMethod", "") == lossy.get(name, "")
    assert float(dcmread(outputs["us_cine_jpeg"]).LossyImageCompressionRatio) > 2


def test_report_names_rule_and_number_of_boxes(run):
    folder, *_ = run
    elements = [tuple(element) for record in audit_records(folder / "out", "changes") for element in record["elements"]]
    assert ("(7FE0,0010)", "C", "rule caption: 1 box", 1) in elements
    assert len(read_report(folder / "out")["pixel_rules_digest"]) == 16
    assert read_report(folder / "out")["pixel_text_read"] is False


@pytest.fixture
def anonymized(tmp_path, monkeypatch):
    """Run over one data set with the given options: how it ended, and the output's data set or the reason."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "source").mkdir()
    key = write_key(tmp_path / "key")

    def run(dataset, *options, clean=True):
        dataset.save_as(tmp_path / "source" / "one.dcm", enforce_file_format=True)
        option = ("--clean", "pixel-data") if clean else ()
        ended = anonymize(tmp_path / "source", tmp_path / "out", key, *option, *options)
        found = [*(tmp_path / "out").rglob("*.dcm")]
        return dcmread(found[0]) if found else refused(key)["one.dcm"] if ended.code == 3 else ended.errors

    return run


def dataset_of(tmp_path, name="us_rgb", **values):
    dataset = dcmread(write_picture(tmp_path, BY_NAME[name]))
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


def test_outside_of_ultrasound_regions_goes_without_any_rule(tmp_path, anonymized):
    dataset = dataset_of(tmp_path)
    add_regions(dataset, (40, 60, 200, 149), (210, 60, 279, 149))
    after = anonymized(dataset).pixel_array
    inside = np.zeros((ROWS, COLUMNS), bool)
    inside[60:150, 40:201] = inside[60:150, 210:280] = True
    assert np.array_equal(after[inside], dataset.pixel_array[inside])
    assert not after[~inside].any()


@pytest.mark.parametrize(("region", "spatial_format"), [((0, 0, COLUMNS - 1, ROWS - 1), 1), ((40, 60, 279, 149), 5)])
def test_regions_that_tell_nothing_about_text_leave_the_file_in_quarantine(
    tmp_path, anonymized, region, spatial_format
):
    dataset = dataset_of(tmp_path)
    add_regions(dataset, region, spatial_format=spatial_format)
    assert "no rule for this kind of picture" in anonymized(dataset)


def test_own_rule_comes_before_regions_and_bundled_rules(tmp_path, anonymized):
    dataset = dataset_of(tmp_path)
    add_regions(dataset, (40, 60, 279, 149))
    after = anonymized(dataset, "--pixel-rules", write_rules(tmp_path / "r.json", CAPTION_RULE)).pixel_array
    assert np.array_equal(after[CAPTION_ROWS:], dataset.pixel_array[CAPTION_ROWS:])


def test_bundled_rule_is_joined_by_regions(tmp_path, anonymized):
    dataset = dataset_of(tmp_path, Manufacturer="GE Medical Systems", ManufacturerModelName="LOGIQE9")
    add_regions(dataset, (0, 0, COLUMNS - 1, 99))
    after = anonymized(dataset).pixel_array
    assert not after[:70].any()
    assert not after[100:].any()
    assert np.array_equal(after[70:100], dataset.pixel_array[70:100])


def test_picture_that_nothing_cleans_stays_in_quarantine_with_the_reason(tmp_path, anonymized):
    assert anonymized(dataset_of(tmp_path)) == (
        "pixel risk: ultrasound image, which usually shows the patient's name; no rule for this kind of picture, and "
        "no ultrasound regions that tell its text from the scan"
    )


def test_what_nothing_cleans_passes_untouched_and_unmarked_where_the_user_lets_it(tmp_path, anonymized):
    dataset = dataset_of(tmp_path)
    after = anonymized(dataset, "--allow-pixel-risk")
    assert after.PixelData == dataset.PixelData
    assert [code.CodeValue for code in after.DeidentificationMethodCodeSequence] == ["113100"]
    assert "BurnedInAnnotation" not in after


def test_without_the_option_nothing_is_cleaned(tmp_path, anonymized):
    dataset = dataset_of(tmp_path)
    add_regions(dataset, (40, 60, 279, 149))
    assert anonymized(dataset, clean=False).startswith("pixel risk: ultrasound")


def test_rules_without_the_option_are_a_usage_error(tmp_path, anonymized):
    rules = write_rules(tmp_path / "r.json", CAPTION_RULE)
    assert "--clean pixel-data" in anonymized(dataset_of(tmp_path), "--pixel-rules", rules, clean=False)


def test_refusing_rule_wins_over_regions(tmp_path, anonymized):
    dataset = dataset_of(tmp_path)
    add_regions(dataset, (40, 60, 279, 149))
    rule = {"name": "worksheets", "match": {"modality": "us"}, "action": "refuse"}
    assert anonymized(dataset, "--pixel-rules", write_rules(tmp_path / "r.json", rule)).endswith(
        "refused by rule worksheets"
    )


def test_photographs_and_documents_are_never_cleaned_by_boxes(tmp_path, anonymized):
    dataset = dataset_of(tmp_path, SOPClassUID="1.2.840.10008.5.1.4.1.1.77.1.4", Modality="XC")
    rules = write_rules(tmp_path / "r.json", CAPTION_RULE)
    assert anonymized(dataset, "--pixel-rules", rules).endswith("it shows more than text that could be blanked")


def test_pictures_known_to_be_clean_pass_bit_for_bit_and_say_so(tmp_path, anonymized):
    dataset = dataset_of(tmp_path, "us_cine_jpeg")
    rule = {"name": "no text", "match": {"model": "S1 [[]pro]"}, "action": "clean"}
    after = anonymized(dataset, "--pixel-rules", write_rules(tmp_path / "r.json", rule))
    assert after.PixelData == dataset.PixelData
    assert after.file_meta.TransferSyntaxUID == dataset.file_meta.TransferSyntaxUID
    assert [code.CodeValue for code in after.DeidentificationMethodCodeSequence] == ["113100", "113101"]
    assert after.ImageType[0] == "ORIGINAL"


def test_own_rule_also_cleans_pictures_without_any_sign_of_risk(tmp_path, anonymized):
    dataset = dataset_of(tmp_path, "ct_signed", ImageType=["ORIGINAL", "PRIMARY", "AXIAL"], PixelPaddingValue=-2000)
    dataset["PixelPaddingValue"].VR = "SS"
    after = anonymized(dataset, "--pixel-rules", write_rules(tmp_path / "r.json", CAPTION_RULE)).pixel_array
    assert (after[:CAPTION_ROWS] == -2000).all()
    assert np.array_equal(after[CAPTION_ROWS:], dataset.pixel_array[CAPTION_ROWS:])


@pytest.mark.parametrize("name", ["sc_inverted_big_endian", "ct_signed"])
def test_text_in_unused_bits_goes_with_the_overlay_that_showed_it(tmp_path, anonymized, name):
    dataset = dataset_of(tmp_path, name, BitsStored=12, HighBit=11)
    order = "<" if dataset.file_meta.TransferSyntaxUID.is_little_endian else ">"
    signed = dataset.PixelRepresentation == 1
    meant = (np.frombuffer(dataset.PixelData, f"{order}i2") << 4 >> 4 if signed else
             np.frombuffer(dataset.PixelData, f"{order}u2") & 0xFFF)  # fmt: skip
    dataset.PixelData = (meant ^ 0x4000).astype(f"{order}{'i' if signed else 'u'}2").tobytes()
    rules = write_rules(tmp_path / "r.json", CAPTION_RULE)
    after = np.frombuffer(anonymized(dataset, "--pixel-rules", rules).PixelData, f"{order}{'i' if signed else 'u'}2")
    assert np.array_equal(after[CAPTION_ROWS * COLUMNS :], meant[CAPTION_ROWS * COLUMNS :])


def test_samples_that_do_not_begin_at_the_lowest_bit_are_refused(tmp_path, anonymized):
    dataset = dataset_of(tmp_path, "sc_inverted_big_endian", HighBit=15)
    rules = write_rules(tmp_path / "r.json", CAPTION_RULE)
    assert anonymized(dataset, "--pixel-rules", rules) == "pixels: their samples do not begin at the lowest bit"


def test_planes_that_the_attributes_claim_of_a_jpeg_do_not_scramble_it(tmp_path, anonymized):
    rules = write_rules(tmp_path / "r.json", CAPTION_RULE)
    plain = anonymized(dataset_of(tmp_path, "us_cine_jpeg"), "--pixel-rules", rules)
    claimed = anonymized(dataset_of(tmp_path, "us_cine_jpeg", PlanarConfiguration=1), "--pixel-rules", rules)
    assert claimed.PixelData == plain.PixelData


def test_planes_that_the_attributes_claim_of_a_jpeg_2000_are_refused(tmp_path, anonymized):
    rules = write_rules(tmp_path / "r.json", CAPTION_RULE)
    dataset = dataset_of(tmp_path, "us_j2k", PlanarConfiguration=1)
    assert "Planar Configuration" in anonymized(dataset, "--pixel-rules", rules)


def test_rule_of_another_size_does_not_fit(tmp_path, anonymized):
    other = {**CAPTION_RULE, "match": {"rows": ROWS + 1}}
    assert "no rule" in anonymized(dataset_of(tmp_path), "--pixel-rules", write_rules(tmp_path / "r.json", other))


def test_box_beyond_the_picture_is_no_reason_to_call_it_clean(tmp_path, anonymized):
    rule = {**CAPTION_RULE, "boxes": [[0, ROWS, 10, 10]]}
    assert "lies outside of a picture of this size" in anonymized(
        dataset_of(tmp_path), "--pixel-rules", write_rules(tmp_path / "r.json", rule)
    )


def test_rules_in_the_private_folder_need_no_argument(tmp_path, anonymized):
    (tmp_path / ".dicomsuite").mkdir(mode=0o700)
    write_rules(tmp_path / ".dicomsuite" / "pixel_rules.json", CAPTION_RULE)
    assert not anonymized(dataset_of(tmp_path)).pixel_array[:CAPTION_ROWS].any()


def test_icons_of_cleaned_pictures_go_at_any_depth_even_where_the_profile_keeps_them(tmp_path, anonymized):
    icon = Dataset()
    icon.Rows = icon.Columns = 2
    icon.SamplesPerPixel, icon.PhotometricInterpretation = 1, "MONOCHROME2"
    icon.BitsAllocated = icon.BitsStored = 8
    icon.HighBit, icon.PixelRepresentation = 7, 0
    icon.PixelData = b"\x01\x02\x03\x04"
    holder = Dataset()
    holder.IconImageSequence = [icon]
    dataset = dataset_of(tmp_path, IconImageSequence=[icon], SourceImageSequence=[holder])
    profile = {
        "schema": "dicomsuite-profile-1", "name": "icons", "title": "", "basis": "ps3.15-2026c",
        "options": ["pixel-data"], "on_leak": "replace", "notes": "",
        "edits": [{"attribute": "(0088,0200)", "action": "keep"}],
    }  # fmt: skip
    (tmp_path / "profile.json").write_text(json.dumps(profile), encoding="utf-8")
    rules = write_rules(tmp_path / "r.json", CAPTION_RULE)
    after = anonymized(dataset, "--profile-file", tmp_path / "profile.json", "--pixel-rules", rules, clean=False)
    assert "IconImageSequence" not in after
    assert b"\x01\x02\x03\x04" not in after.to_json().encode()
    assert not any("IconImageSequence" in item for item in after.get("SourceImageSequence", ()))


def test_pictures_whose_codec_is_unknown_stay_in_quarantine(tmp_path, anonymized):
    dataset = dataset_of(tmp_path, "us_cine_jpeg")
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.102"  # MPEG-4
    rules = write_rules(tmp_path / "r.json", CAPTION_RULE)
    assert "cannot be edited frame by frame" in anonymized(dataset, "--pixel-rules", rules)


def test_broken_compressed_pixels_are_refused_without_any_of_their_values(tmp_path, anonymized):
    dataset = dataset_of(tmp_path, "us_j2k")
    dataset.PixelData = dataset.PixelData[:40] + bytes(len(dataset.PixelData) - 40 - 8) + dataset.PixelData[-8:]
    rules = write_rules(tmp_path / "r.json", CAPTION_RULE)
    assert anonymized(dataset, "--pixel-rules", rules) == "pixels: cannot be decoded (RuntimeError)"


def test_run_is_only_resumed_with_the_same_rules(tmp_path, anonymized):
    first = write_rules(tmp_path / "r.json", CAPTION_RULE)
    anonymized(dataset_of(tmp_path), "--pixel-rules", first)
    other = write_rules(tmp_path / "other.json", {**CAPTION_RULE, "boxes": [[0, 0, 1, 1]]})
    ended = anonymize(
        tmp_path / "source", tmp_path / "out", tmp_path / "key" / "key", "--clean", "pixel-data", "--pixel-rules",
        other, "--resume",
    )  # fmt: skip
    assert ended.code == 2
    assert "could be resumed" in ended.errors


def test_dry_run_cleans_nothing_but_counts_what_could_be(tmp_path):
    (tmp_path / "source").mkdir()
    write_picture(tmp_path / "source", BY_NAME["us_rgb"])
    rules = write_rules(tmp_path / "r.json", CAPTION_RULE)
    ended = anonymize(
        tmp_path / "source", tmp_path / "out", write_key(tmp_path / "key"), "--clean", "pixel-data", "--pixel-rules",
        rules, "--dry-run",
    )  # fmt: skip
    assert "1 would be written, 0 quarantined" in ended.output
    assert not (tmp_path / "out").exists()

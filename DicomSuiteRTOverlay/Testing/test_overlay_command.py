"""`dicomsuite overlay`: every kind of mask on one volume, what it writes, how it ends, and what bad input does."""

import errno
import gzip
import io
import json
import sys
from pathlib import Path

import nrrd
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from copied_study import copied_study
from DicomSuiteLib import cli
from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.synthetic_phantom import GEOMETRY, make_phantom

LESION = make_phantom(0).lesion_mask().astype(bool)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return copied_study(tmp_path_factory.mktemp("overlay") / "study")


def overlay(study, masks, out, *options):
    """Run the command quietly; returns its exit code and alignment.json."""
    volume = str(study.ct_files[0].parent)
    code = cli.main(["overlay", volume, *map(str, masks), "--out", str(out), "--progress", "none", *options])
    path = out / "alignment.json"
    return code, json.loads(path.read_text()) if path.exists() else None


def mask_in(path):
    return sitk.GetArrayFromImage(sitk.ReadImage(str(path))).astype(bool)


def dice(a, b):
    return 2 * np.count_nonzero(a & b) / (np.count_nonzero(a) + np.count_nonzero(b))


@pytest.fixture(scope="module")
def finished(study, tmp_path_factory):
    out = tmp_path_factory.mktemp("overlay") / "out"
    formats = "seg,rtstruct,nrrd,seg.nrrd,nifti,stl,obj,ply"
    masks = [study.structure_set_file, study.mask_file]
    return out, *overlay(study, masks, out, "--stats", "--report", "--compare", "1", "2", "--export", formats)


def test_contours_and_voxels_of_one_lesion_come_out_at_the_same_place(finished):
    out, code, content = finished
    assert code == 0
    assert [mask["verdict"] for mask in content["masks"]] == ["placed", "placed"]
    assert [segment["name"] for segment in content["masks"][0]["segments"]] == ["BODY", "LESION", "HEART"]
    assert np.array_equal(mask_in(out / content["masks"][1]["file"]), LESION)
    rows = json.loads((out / "comparison.json").read_text())["rows"]
    assert rows[0]["dice"] > 0.98


def test_every_file_that_is_named_is_there_and_no_other(finished):
    out, _, content = finished
    named = {"alignment.json", "report.html", *content["files"]}
    for mask in content["masks"]:
        named |= {mask["file"], mask["picture"], *mask["exports"]}
    assert {path.name for path in out.iterdir()} == named


EXPORTS = ["-labels.nrrd", "-labels.nii.gz", "-segments.seg.nrrd", "-seg.dcm", "-rtstruct.dcm"]


@pytest.mark.parametrize("suffix", EXPORTS)
def test_export_laid_over_the_volume_again_is_the_same_mask(finished, study, tmp_path, suffix):
    out, _, content = finished
    (name,) = (name for name in content["masks"][1]["exports"] if name.endswith(suffix))
    code, again = overlay(study, [out / name], tmp_path / "again")
    assert code == 0
    assert np.array_equal(mask_in(tmp_path / "again" / again["masks"][0]["file"]), LESION)


def test_exported_dicom_belongs_to_the_patient_and_the_study_of_the_volume(finished, study):
    out, _, content = finished
    source = pydicom.dcmread(study.ct_files[0], stop_before_pixels=True)
    for name in content["masks"][1]["exports"]:
        if name.endswith(".dcm"):
            made = pydicom.dcmread(out / name, stop_before_pixels=True)
            for keyword in ("PatientID", "StudyInstanceUID", "FrameOfReferenceUID"):
                assert made[keyword].value == source[keyword].value
            assert made.SeriesInstanceUID != source.SeriesInstanceUID


def test_stats_are_the_lesions(finished):
    out, _, _ = finished
    rows = json.loads((out / "stats.json").read_text())["rows"]
    (row,) = (row for row in rows if row["mask"] == 2)
    assert row["voxel_count"] == LESION.sum()
    assert row["hu_mean"] == pytest.approx(make_phantom(0).hounsfield[LESION].mean())
    k, j, i = np.nonzero(LESION)
    centre = GEOMETRY.lps_from_ijk(np.column_stack([i, j, k])).mean(axis=0)
    assert [row[f"centroid_lps_{axis}_mm"] for axis in "xyz"] == pytest.approx(centre.tolist())


def test_report_shows_verdicts_and_pictures_and_loads_nothing_from_elsewhere(finished):
    out, _, content = finished
    page = (out / "report.html").read_text()
    for mask in content["masks"]:
        assert mask["picture"] in page and mask["source"] in page
    assert "http" not in page.replace("https://dicom", "")
    assert "<script" not in page


def test_files_named_on_standard_input_are_the_volume(study, tmp_path, monkeypatch):
    listed = io.TextIOWrapper(io.BytesIO("\0".join(map(str, study.ct_files)).encode()))
    monkeypatch.setattr(sys, "stdin", listed)
    out = tmp_path / "out"
    assert cli.main(["overlay", "-", str(study.mask_file), "--out", str(out), "--progress", "none"]) == 0
    content = json.loads((out / "alignment.json").read_text())
    assert np.array_equal(mask_in(out / content["masks"][0]["file"]), LESION)


def test_program_gets_progress_and_the_result_as_json_lines(study, tmp_path, capsys):
    out = tmp_path / "out"
    volume = str(study.ct_files[0].parent)
    assert cli.main(["overlay", volume, str(study.mask_file), "--out", str(out), "--progress", "json"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["result"] == json.loads((out / "alignment.json").read_text())
    assert json.loads(printed.err.splitlines()[-1])["done"] == 1


def nameless_mask(folder, array):
    """A mask without any geometry, as programs leave that only know arrays; `array` as pynrrd wants it."""
    path = folder / "nameless.nrrd"
    nrrd.write(str(path), array.astype(np.uint8))
    return path


def test_user_accepts_a_candidate_and_turns_it(study, tmp_path):
    path = nameless_mask(tmp_path, LESION.transpose(2, 1, 0)[::-1])  # i runs backwards
    code, content = overlay(study, [path], tmp_path / "first", "--previews")
    (mask,) = content["masks"]
    assert mask["verdict"] == "guessed"
    assert code == (0 if mask["is_automatic"] else 3)
    assert (tmp_path / "first" / mask["source_file"]).is_file()
    assert all((tmp_path / "first" / candidate["picture"]).is_file() for candidate in mask["candidates"])
    right = next(candidate["key"] for candidate in mask["candidates"] if candidate["key"] == "-i+j+k")
    code, content = overlay(study, [path], tmp_path / "second", "--accept", f"1={right}")
    assert (code, content["masks"][0]["accepted"]) == (0, right)
    assert np.array_equal(mask_in(tmp_path / "second" / content["masks"][0]["file"]), LESION)
    code, content = overlay(study, [path], tmp_path / "third", "--accept", f"1={right},flip-k")
    assert np.array_equal(mask_in(tmp_path / "third" / content["masks"][0]["file"]), LESION[::-1])


def test_contours_are_turned_by_hand_too(study, tmp_path):
    code, content = overlay(study, [study.structure_set_file], tmp_path / "out", "--accept", "1=as-placed,flip-i")
    assert code == 0
    turned = tmp_path / "out" / content["masks"][0]["file"]
    _, plain = overlay(study, [study.structure_set_file], tmp_path / "plain")
    before = nrrd.read(str(tmp_path / "plain" / plain["masks"][0]["file"]))[0]
    after = nrrd.read(str(turned))[0]
    assert np.array_equal(after, np.flip(before, axis=-3))


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("nonsense", "N=KEY"),
        ("1=header,spin-k", "no turn"),
        ("2=header", "no mask 2"),
        ("1=as-placed --accept 1=header", "twice"),
    ],
)
def test_choice_that_cannot_be_meant_is_a_usage_error(study, tmp_path, capsys, word, says):
    code, content = overlay(study, [study.mask_file], tmp_path / "out", "--accept", *word.split())
    assert (code, content) == (2, None)
    assert says in capsys.readouterr().err


def test_unknown_candidate_is_told_with_those_that_exist(study, tmp_path):
    code, content = overlay(study, [study.mask_file], tmp_path / "out", "--accept", "1=upside-down")
    assert code == 3
    assert any("upside-down" in note and "header" in note for note in content["masks"][0]["notes"])
    assert (content["masks"][0]["state"], content["masks"][0]["accepted"]) == ("waits", None)


def test_mask_that_waits_is_not_called_placed(study, tmp_path, capsys):
    overlay(study, [study.mask_file], tmp_path / "out", "--accept", "1=upside-down")
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith("1. lesion.nrrd: waits for your choice.")


def text_file(folder):
    path = folder / "notes.nrrd"
    path.write_text("This is no mask.\n")
    return path


def zero_bytes(folder):
    path = folder / "empty.nrrd"
    path.touch()
    return path


def truncated_gzip(folder):
    path = folder / "truncated.nrrd"
    nrrd.write(str(path), LESION.transpose(2, 1, 0).astype(np.uint8))
    path.write_bytes(path.read_bytes()[:-200])
    return path


def size_that_lies(folder):
    path = folder / "lies.nrrd"
    header = b"NRRD0004\ntype: uint8\ndimension: 3\nsizes: 128 128 400\nencoding: gzip\n\n"
    path.write_bytes(header + gzip.compress(LESION.astype(np.uint8).tobytes()))
    return path


def flat_picture(folder):
    path = folder / "flat.nrrd"
    nrrd.write(str(path), LESION[20].astype(np.uint8))
    return path


def nothing_inside(folder):
    path = folder / "nothing.nrrd"
    nrrd.write(str(path), np.zeros((128, 128, 40), np.uint8), GEOMETRY.to_nrrd_header())
    return path


def directions(folder, rows):
    path = folder / "directions.nrrd"
    header = "\n".join(
        [
            *("NRRD0004", "type: uint8", "dimension: 3", "sizes: 128 128 40", "encoding: raw"),
            *("space: left-posterior-superior", f"space directions: {rows}", "space origin: (0,0,0)", "", ""),
        ]
    )
    path.write_bytes(header.encode() + LESION.astype(np.uint8).tobytes())
    return path


def nan_directions(folder):
    return directions(folder, "(nan,0,0) (0,2.5,0) (0,0,3)")


def singular_directions(folder):
    return directions(folder, "(2.5,0,0) (2.5,0,0) (0,0,3)")


BAD = [
    *(text_file, zero_bytes, truncated_gzip, size_that_lies, flat_picture, nothing_inside),
    *(nan_directions, singular_directions),
]


@pytest.mark.parametrize("make", BAD, ids=[make.__name__ for make in BAD])
def test_bad_file_is_refused_by_name_and_the_others_are_placed(study, tmp_path, make):
    bad = make(tmp_path)
    before = bad.read_bytes()
    code, content = overlay(study, [bad, study.mask_file], tmp_path / "out")
    refused, placed = content["masks"]
    assert code == 3
    assert (refused["verdict"], refused["file"], refused["candidates"]) == ("refused", None, [])
    assert bad.name in refused["reason"] and len(refused["reason"].split()) > 6
    assert placed["state"] == "placed"
    assert bad.read_bytes() == before


def test_structure_set_of_another_patient_is_refused_without_naming_anyone(study, tmp_path):
    other = copied_study(tmp_path / "other", seed=1)
    code, content = overlay(study, [other.structure_set_file], tmp_path / "out")
    (mask,) = content["masks"]
    assert (code, mask["verdict"], mask["file"]) == (3, "refused", None)
    assert not any(string in mask["reason"] for string in (*study.planted, *other.planted))


def test_output_folder_with_anything_in_it_is_left_alone(study, tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("mine")
    code, content = overlay(study, [study.mask_file], tmp_path)
    assert (code, content) == (2, None)
    assert "not empty" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_sources_are_never_changed(study, tmp_path):
    before = {path: path.read_bytes() for path in study.folder.rglob("*") if path.is_file()}
    overlay(study, [study.structure_set_file, study.mask_file], tmp_path / "out", "--stats", "--export", "seg,rtstruct")
    assert {path: path.read_bytes() for path in study.folder.rglob("*") if path.is_file()} == before


def test_folder_of_masks_gives_each_of_them_and_passes_the_images_over(study, tmp_path):
    code, content = overlay(study, [study.folder], tmp_path / "out")
    assert code == 0
    assert sorted(mask["source"] for mask in content["masks"]) == ["lesion.nrrd", "structures.dcm"]


def test_volume_without_dicom_says_that_it_cannot_be_exported_as_dicom(study, tmp_path):
    image = sitk.GetImageFromArray(make_phantom(0).hounsfield)
    GEOMETRY.set_on_sitk(image)
    sitk.WriteImage(image, str(tmp_path / "volume.nii.gz"))
    arguments = [str(tmp_path / "volume.nii.gz"), str(study.mask_file), "--out", str(tmp_path / "out")]
    code = cli.main(["overlay", *arguments, "--export", "rtstruct,stl", "--progress", "none"])
    (mask,) = json.loads(Path(tmp_path / "out" / "alignment.json").read_text())["masks"]
    assert code == 0
    assert [Path(name).suffix for name in mask["exports"]] == [".stl"]
    assert any("rtstruct failed" in note for note in mask["notes"])


def test_no_folder_is_named_in_what_is_told_about_a_mask(study, tmp_path):
    folder = tmp_path / "Mueller_Hans"
    folder.mkdir()
    bad, missing = text_file(folder), folder / "missing.nrrd"
    _, content = overlay(
        study, [bad, missing, study.mask_file], folder / "out", "--accept", "1=header", "--accept", "3=upside-down"
    )
    told = json.dumps(content["masks"])
    assert "Mueller_Hans" not in told and str(study.folder) not in told
    assert content["masks"][0]["reason"].startswith("notes.nrrd cannot be read")


def test_comparison_that_cannot_be_made_is_noted_and_the_masks_are_told(study, tmp_path):
    bad = text_file(tmp_path)
    code, content = overlay(study, [study.mask_file, bad], tmp_path / "out", "--compare", "1", "2", "--report")
    assert code == 3
    assert [mask["state"] for mask in content["masks"]] == ["placed", "refused"]
    assert content["files"] == []
    assert any("Mask 2 is not placed" in note for note in content["notes"])
    assert content["notes"][0] in (tmp_path / "out" / "report.html").read_text()


def test_segment_without_counterpart_is_noted(finished):
    _, _, content = finished
    assert {note for note in content["notes"] if "no counterpart" in note} == {
        "BODY has no counterpart in B",
        "HEART has no counterpart in B",
    }


def segmentation_file(path, names, dtype=np.uint8):
    """A .seg.nrrd with the lesion in as many layers as there are names, each under the value 1."""
    header = {**GEOMETRY.to_nrrd_header(), "dimension": 4, "sizes": np.array([len(names), *GEOMETRY.size])}
    header["space directions"] = np.vstack([[np.nan] * 3, header["space directions"]])
    header["kinds"] = ["list", *header["kinds"]]
    for number, name in enumerate(names):
        described = {"ID": f"S{number}", "Name": name, "LabelValue": "1", "Layer": str(number)}
        header |= {f"Segment{number}_{field}": value for field, value in described.items()}
    layer = LESION.transpose(2, 1, 0).astype(dtype)
    nrrd.write(str(path), np.stack([layer] * len(names)), header)
    return path


def test_surfaces_of_segments_with_one_name_and_one_value_are_files_of_their_own(study, tmp_path):
    mask = segmentation_file(tmp_path / "same.seg.nrrd", ["A", "A", "a", "A-1"])
    _, content = overlay(study, [mask], tmp_path / "out", "--export", "stl")
    names = content["masks"][0]["exports"]
    assert len({name.lower() for name in names}) == 4
    assert all((tmp_path / "out" / name).is_file() for name in names)


def test_names_too_long_for_a_file_system_are_shortened_in_file_names_alone(study, tmp_path):
    mask = segmentation_file(tmp_path / f"{'m' * 240}.seg.nrrd", ["X" * 300, "Y"])
    code, content = overlay(study, [mask], tmp_path / "out", "--export", "stl,nifti,seg.nrrd")
    (result,) = content["masks"]
    assert code == 0
    assert result["segments"][0]["name"] == "X" * 300
    assert len(result["exports"]) == 4 and not any("failed" in note for note in result["notes"])


def test_file_that_cannot_be_written_is_told_with_what_to_do(study, tmp_path, capsys, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("DicomSuiteLib.new_file.os.replace", full)
    code, content = overlay(study, [study.mask_file], tmp_path / "out")
    assert (code, content) == (1, None)
    assert "No space left on device; make room" in capsys.readouterr().err
    assert list((tmp_path / "out").iterdir()) == []


def test_what_was_changed_while_reading_is_told(study, tmp_path):
    path = tmp_path / "probabilities.nrrd"
    header = GEOMETRY.to_nrrd_header()
    keys = {"Segmentation_ReferenceImageExtentOffset": "3 4 5"}
    nrrd.write(str(path), np.where(LESION, 0.75, 0.25).transpose(2, 1, 0).astype(np.float32), header | keys)
    _, content = overlay(study, [path], tmp_path / "out")
    (mask,) = content["masks"]
    assert any("probabilities" in note for note in mask["notes"])
    assert any("cropped" in note for note in mask["notes"])


def test_what_several_exports_have_in_common_is_told_once(study, tmp_path):
    path = tmp_path / "large.nrrd"
    nrrd.write(str(path), LESION.transpose(2, 1, 0) * np.int32(1_000_000), GEOMETRY.to_nrrd_header())
    _, content = overlay(study, [path], tmp_path / "out", "--export", "nrrd,nifti")
    notes = content["masks"][0]["notes"]
    assert sum("numbered anew" in note for note in notes) == 1


def test_seg_is_not_spoken_of_as_contours(finished, study, tmp_path):
    out, _, content = finished
    (name,) = (name for name in content["masks"][1]["exports"] if name.endswith("-seg.dcm"))
    _, again = overlay(study, [out / name], tmp_path / "again")
    reason = again["masks"][0]["reason"]
    assert "contour" not in reason and "structure set" not in reason and "frame of reference" in reason


def test_findings_are_about_the_place_that_the_user_chose(study, tmp_path):
    path = tmp_path / "corner.nrrd"
    array = np.zeros((20, 20, 10), np.uint8)
    array[2:-2, 2:-2, 2:-2] = 1
    geometry = ImageGeometry.from_axes((20, 20, 10), GEOMETRY.axes * 0.8, GEOMETRY.lps_from_ijk([55, 50, -4]))
    nrrd.write(str(path), array, geometry.to_nrrd_header())
    _, content = overlay(study, [path], tmp_path / "first", "--accept", "1=as-placed")
    (finding,) = (finding for finding in content["masks"][0]["findings"] if "cut off" in finding)
    assert "beyond the first slice" in finding
    _, content = overlay(study, [path], tmp_path / "second", "--accept", "1=as-placed,flip-k")
    (finding,) = (finding for finding in content["masks"][0]["findings"] if "cut off" in finding)
    assert "beyond the last slice" in finding


def test_damaged_dicom_in_a_folder_is_refused_by_name_and_the_others_are_placed(study, tmp_path):
    folder = tmp_path / "masks"
    folder.mkdir()
    (folder / "lesion.nrrd").write_bytes(study.mask_file.read_bytes())
    (folder / "damaged.dcm").write_bytes(bytes(128) + b"DICM" + bytes(range(64)))
    code, content = overlay(study, [folder], tmp_path / "out")
    assert code == 3
    assert [(mask["source"], mask["state"]) for mask in content["masks"]] == [
        ("damaged.dcm", "refused"),
        ("lesion.nrrd", "placed"),
    ]
    assert content["masks"][0]["reason"].startswith("damaged.dcm is neither DICOM")

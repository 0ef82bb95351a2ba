"""Faces are taken out of the voxels of head series, and out of nothing else."""

import json
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from anonymize_runs import KEY, Ended, anonymize, read_report, refused, tree, write_key
from dicom_slices import write_stack
from DicomSuiteAnonymizeLib.faces import face_picture, face_search
from DicomSuiteAnonymizeLib.faces.face_mask import FileMasks, deflated
from DicomSuiteAnonymizeLib.faces.face_region import in_face, template
from DicomSuiteAnonymizeLib.keys import Pseudonyms
from DicomSuiteLib import cli
from DicomSuiteLib.affine_resampling import even_geometry
from DicomSuiteLib.dicom_volume import read_dicom_volume
from DicomSuiteLib.head_fit import HeadFit, fit_head
from DicomSuiteLib.registration import Registration, RegistrationError
from DicomSuiteLib.series import Series, find_series
from DicomSuiteLib.volumes import Volume
from head_series import as_enhanced, brain_of, face_indices, head_grid, small_move, write_head

CLEAN = ("--clean", "recognizable-visual-features")
OPTIONS = (*CLEAN, "--retain", "patient-characteristics")
GRID, TILTED = head_grid(), head_grid(tilt_mm=1.2)
MR, CT, CHEST, LIMB = "head MR", "head CT", "chest", "limb"
HEADS = {MR: (GRID, 0), CT: (TILTED, -1000)}
"""Grid, and what stands for air."""


@dataclass(frozen=True)
class Run:
    """Sources, and what a run has made of them."""

    source: Path
    target: Path
    key_file: Path
    ended: Ended


@pytest.fixture(scope="module", autouse=True)
def known_fit():
    """Every volume that is large enough is a head of known place: test_head_fit.py is about the search."""

    def fit(volume, _template):
        if min(volume.voxels.shape) < 8:
            raise RegistrationError("too thin")
        return HeadFit(Registration(small_move(), 1.0), 0.97, 1.0)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(face_search, "fit_head", fit)
        yield


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Run:
    folder = tmp_path_factory.mktemp("faces")
    source, target, key_file = folder / "in", folder / "out", write_key(folder / "keys")
    write_head(source / "mr", GRID, PatientID=MR)
    write_head(source / "ct", TILTED, "CT", PatientID=CT)
    write_scout(source / "mr", source / "scout")
    for name, body_part in ((CHEST, "CHEST"), (LIMB, None)):
        heights = [5.0 * number for number in range(4)]
        uid = f"1.2.{len(name)}"
        write_stack(source / name, heights, PatientID=name, BodyPartExamined=body_part, StudyInstanceUID=uid,
                    SeriesInstanceUID=f"{uid}.1", FrameOfReferenceUID=f"{uid}.2")  # fmt: skip
    ended = anonymize(source, target, key_file, *OPTIONS)
    return Run(source, target, key_file, ended)


def write_scout(head: Path, folder: Path) -> None:
    """A single slice through both eyes, of another series at the same position of the same patient."""
    folder.mkdir()
    middle = pydicom.dcmread(head / f"{face_indices(GRID)[0, 0]:03}.dcm")
    middle.SeriesInstanceUID = f"{middle.SeriesInstanceUID[:50]}.7"
    middle.SOPInstanceUID = middle.file_meta.MediaStorageSOPInstanceUID = f"{middle.SOPInstanceUID[:50]}.7"
    middle.save_as(folder / "scout.dcm")


def output_like(run: Run, series: Series) -> tuple[Series, Volume]:
    """The de-identified series that has the places of `series`."""
    places = [frame.position for stack in series.stacks for frame in stack.frames]
    for found in series_below(run.target):
        same = [frame.position for stack in found.stacks for frame in stack.frames] == places
        if same and found.modality == series.modality:
            return found, read_dicom_volume(found)
    raise AssertionError("the series was not written")


@cache
def series_below(folder: Path) -> tuple[Series, ...]:
    """What a run has written; read once."""
    return find_series([folder]).series


def the_series(folder: Path) -> Series:
    """The only series of a folder."""
    (series,) = find_series([folder]).series
    return series


@cache
def heads(run: Run, name: str) -> tuple[Volume, Volume, Series]:
    """A head before and after, and the series after."""
    before = the_series(run.source / name)
    series, after = output_like(run, before)
    return read_dicom_volume(before), after, series


@pytest.mark.parametrize(("folder", "name"), [("mr", MR), ("ct", CT)])
def test_eyes_and_nose_become_air_and_no_other_voxel_changes(run, folder, name):
    grid, air = HEADS[name]
    before, after, _ = heads(run, folder)
    assert before.grid.is_close(after.grid)
    changed = after.voxels != before.voxels
    assert set(np.unique(after.voxels[changed])) == {air}
    assert all(after.voxels[tuple(index)] == air for index in face_indices(grid))
    assert not changed[brain_of(grid)].any()
    assert 0.01 < changed.mean() < 0.2


def test_instances_of_a_head_say_what_was_done(run):
    for folder in ("mr", "ct"):
        for path in heads(run, folder)[2].files:
            header = pydicom.dcmread(path)
            assert "113102" in [item.CodeValue for item in header.DeidentificationMethodCodeSequence]
            assert header.RecognizableVisualFeatures == "NO"
            assert header.DerivationDescription == "Face replaced by background"
            assert header.ImageType[0] == "DERIVED"


def test_single_slice_takes_the_map_of_the_head_at_the_same_position(run):
    before = the_series(run.source / "scout")
    after = pydicom.dcmread(output_like(run, before)[0].files[0])
    _, j, i = face_indices(GRID)[0]
    assert after.pixel_array[j, i] == 0
    assert after.RecognizableVisualFeatures == "NO"


def test_other_parts_of_the_body_pass_untouched_and_unmarked_and_the_report_says_so(run):
    before = the_series(run.source / CHEST)
    series, _ = output_like(run, before)
    header = pydicom.dcmread(series.files[0])
    assert "113102" not in [item.CodeValue for item in header.DeidentificationMethodCodeSequence]
    assert "RecognizableVisualFeatures" not in header
    rules = {row["rule"]: row["count"] for row in read_report(run.target)["attributes"] if row["path"] == "(7FE0,0010)"}
    assert rules["no head, no face"] == len(series.files)
    assert rules["face replaced by background"] > 20
    assert rules["no face in this image of a head"] > 20


def test_what_cannot_be_judged_is_quarantined_with_the_reason(run):
    assert run.ended.code == 3
    reasons = read_report(run.target)["reasons"]
    assert list(reasons.values()) == [4]
    assert next(iter(reasons)).startswith("faces: it cannot be told whether a face is in the picture")


def test_verification_agrees(run, capsys):
    code = cli.main(["verify", str(run.target), "--progress", "none"])
    assert code == 0, capsys.readouterr()


@pytest.mark.slow
def test_search_in_one_process_or_two_gives_the_same_bytes(run, tmp_path, monkeypatch):
    monkeypatch.setattr(face_search, "fit_head", fit_head)
    for workers in ("1", "2"):
        target = tmp_path / workers
        anonymize(run.source, target, run.key_file, *OPTIONS, "--workers", workers)
        _, after = output_like(Run(run.source, target, run.key_file, run.ended), the_series(run.source / "mr"))
        assert not after.voxels[tuple(face_indices(GRID).T)].any()
    assert tree(tmp_path / "1") == tree(tmp_path / "2")


def test_series_are_listed_with_pictures_for_approval_and_decisions_count(run, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(face_picture, "PIXEL_MM", 5.0)
    sources = tmp_path / "in"
    shutil.copytree(run.source / "mr", sources / "mr")
    shutil.copytree(run.source / LIMB, sources / LIMB)
    pictures = tmp_path / "pictures"
    words = ["faces", sources, "--pictures", pictures, "--key-file", run.key_file, "--progress", "json", "--workers", 1]
    assert cli.main([*map(str, words)]) == 2
    assert "--show-phi" in capsys.readouterr().err
    assert cli.main([*map(str, words), "--show-phi"]) == 0
    result = json.loads(capsys.readouterr().out)["result"]["series"]
    by_verdict = {one["verdict"]: one for one in result}
    head, limb = by_verdict["head, face found"], by_verdict["unsure"]
    assert head["quality"] > 0.93
    assert head["voxels"] > 1000
    assert Path(head["picture"]).stat().st_mode & 0o077 == 0
    assert limb["picture"] == ""
    targets = [head["targets"]["series"], limb["targets"]["series"]]
    decisions = "--faces-refused", targets[0], "--faces-absent", targets[1]
    anonymize(sources, tmp_path / "out", run.key_file, *CLEAN, *decisions)
    assert set(refused(run.key_file).values()) == {
        "faces: its user was not content with how the face was taken out of the series"
    }
    assert read_report(tmp_path / "out")["files"]["written"] == 4


def test_decisions_about_faces_without_the_option_are_refused(run, tmp_path):
    ended = anonymize(run.source, tmp_path / "out", run.key_file, "--faces-refused", "1.2")
    assert ended.code == 1
    assert "add --clean recognizable-visual-features" in ended.errors


@pytest.mark.parametrize("option", ["--faces-refused", "--faces-absent"])
def test_decisions_about_unknown_series_stop_the_run_before_a_file_is_written(run, tmp_path, option):
    ended = anonymize(run.source, tmp_path / "out", run.key_file, *CLEAN, option, "2.25.1")
    assert ended.code == 1
    assert "no series that may show a face has the target 2.25.1" in ended.errors
    assert not list((tmp_path / "out").rglob("*.dcm"))


def test_frames_of_an_enhanced_image_lose_the_face_where_each_of_them_lies(run, tmp_path):
    slices = sorted((run.source / "mr").glob("*.dcm"), reverse=True)
    (tmp_path / "in").mkdir()
    before = pydicom.dcmread(as_enhanced(run.source / "mr", tmp_path / "in" / "whole.dcm"))
    ended = anonymize(tmp_path / "in", tmp_path / "out", run.key_file, *OPTIONS)
    assert ended.code == 0, ended
    (path,) = (tmp_path / "out").rglob("*.dcm")
    after = pydicom.dcmread(path)
    changed = (after.pixel_array != before.pixel_array)[::-1]
    one_by_one = heads(run, "mr")[1].voxels
    assert np.array_equal(after.pixel_array[::-1], one_by_one)
    assert changed[tuple(face_indices(GRID).T)].all()
    assert not changed[brain_of(GRID)].any()
    assert after.RecognizableVisualFeatures == "NO"
    assert after.NumberOfFrames == len(slices)


def written(source: Path, run: Run, tmp_path: Path, *options: str) -> tuple[int, set[str]]:
    """How many files of `source` a run writes, and the reasons why it does not write others."""
    target = tmp_path / "out"
    ended = anonymize(source, target, run.key_file, *OPTIONS, *options)
    reasons = set(refused(run.key_file).values()) if ended.code == 3 else set()
    return len(list(target.rglob("*.dcm"))), reasons


def changed_copy(run: Run, folder: Path, change, names: str = "*") -> Path:
    """The MR head with some slices changed."""
    shutil.copytree(run.source / "mr", folder)
    for path in folder.glob(f"{names}.dcm"):
        header = pydicom.dcmread(path)
        change(header)
        header.save_as(path)
    return folder


@pytest.mark.parametrize(("keyword", "value", "reason"), [
    ("ImageType", ["DERIVED", "SECONDARY", "PROJECTION IMAGE", "MIP"], "a projection through the head"),
    ("FrameOfReferenceUID", "1.2.3", "several frames of reference"),
    ("ImagePositionPatient", None, "where it lies in the patient"),
])  # fmt: skip
def test_series_with_an_image_in_which_the_face_lies_elsewhere_is_set_aside(run, tmp_path, keyword, value, reason):
    source = changed_copy(run, tmp_path / "in", lambda header: setattr(header, keyword, value), "020")
    count, reasons = written(source, run, tmp_path)
    assert count == 0
    assert all(reason in one for one in reasons)
    assert reasons


@pytest.mark.parametrize("sop_class", ["1.3.46.670589.11.0.0.12.1", ""])
def test_images_of_no_class_of_the_standard_are_set_aside(run, tmp_path, sop_class):
    source = changed_copy(run, tmp_path / "in", lambda header: setattr(header, "SOPClassUID", sop_class))
    count, reasons = written(source, run, tmp_path)
    assert count == 0
    assert all(one.startswith("faces: ") for one in reasons)
    assert reasons


def test_what_the_user_says_of_one_series_lets_no_other_of_its_uid_pass(run, tmp_path):
    source = tmp_path / "in"
    for patient in ("A", "B"):
        changed_copy(run, source / patient, lambda header, patient=patient: setattr(header, "PatientID", patient))
    uid = the_series(source / "A").series_uid
    target = Pseudonyms(KEY).uid(uid.encode()).decode()
    written(source, run, tmp_path, "--faces-absent", target)
    outputs = [pydicom.dcmread(path, stop_before_pixels=True) for path in (tmp_path / "out").rglob("IM*.dcm")]
    assert all(header.get("RecognizableVisualFeatures") == "NO" for header in outputs)
    assert outputs


def test_region_keeps_away_from_the_brain():
    geometry = even_geometry(template().head)
    k, j, i = np.nonzero(template().brain > 0.5)
    assert not in_face(geometry.lps_from_ijk(np.column_stack([i, j, k]))).any()


@pytest.mark.parametrize("point", [
    (0, -72, -140), (58, -10, -95), (-58, -10, -95), (50, -35, -60), (70, 20, -110), (32, -52, -40),
], ids=["chin", "jaw's left corner", "jaw's right corner", "cheek bone", "ear lobe", "eye"])  # fmt: skip
def test_region_holds_what_a_face_is_known_by(point):
    assert in_face(np.array(point, float))


@pytest.mark.parametrize("point", [(0, 10, -140), (40, 20, -120), (0, -10, -60)], ids=["spine", "neck", "skull's base"])
def test_region_leaves_what_is_behind_the_face(point):
    assert not in_face(np.array(point, float))


def test_head_that_fits_as_well_otherwise_is_not_taken_for_one(run, monkeypatch):
    either_way = HeadFit(Registration(small_move(), 1.0, lead=1.02), 0.97, 1.0)
    monkeypatch.setattr(face_search, "fit_head", lambda *_: either_way)
    (found,) = face_search.find_faces([the_series(run.source / "mr")])
    assert found.verdict is face_search.Verdict.UNSURE


@given(arrays(bool, st.tuples(st.integers(1, 3), st.integers(1, 9), st.integers(1, 9))))
def test_masks_survive_their_order(masks):
    content = deflated([np.packbits(mask).tobytes() for mask in masks])
    assert np.array_equal(np.stack(list(FileMasks(content, *masks.shape[1:]))), masks)

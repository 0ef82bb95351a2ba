"""`dicomsuite render`: what one command makes of a volume, how it ends, and what bad input does."""

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image

from application import slicer
from copied_study import copied_study
from DicomSuiteLib import cli
from DicomSuiteLib.demo_command import count_strings
from DicomSuiteLib.tasks import Cancelled
from DicomSuiteRenderLib import render_run
from DicomSuiteRenderLib.built_in_modes import built_in_modes
from DicomSuiteRenderLib.mode_files import MODE_FORMAT, own_mode
from mesh_checks import is_closed_and_oriented

SIZE = (40, 36, 24)
"""Columns, rows, slices."""
SMALL = ("--size", "120x100")


def values() -> np.ndarray:
    """A ball of 300 HU in air; in its lower part a block of 1,000."""
    k, j, i = np.ogrid[: SIZE[2], : SIZE[1], : SIZE[0]]
    ball = ((k - 12) * 1.5) ** 2 + (j - 18) ** 2 + (i - 20) ** 2 < 14**2
    voxels = np.where(ball, 300, -1000).astype(np.int16)
    voxels[8:12, 14:22, 16:24] = 1000
    return voxels


def nrrd_of(folder: Path, voxels: np.ndarray, name: str = "volume.nrrd") -> Path:
    image = sitk.GetImageFromArray(voxels)
    image.SetSpacing((1.0, 1.0, 1.5))
    sitk.WriteImage(image, str(folder / name))
    return folder / name


def render(volume, out: Path, *options: str):
    """Run the command quietly; returns its exit code and the content of render.json."""
    code = cli.main(["render", str(volume), "--out", str(out), "--progress", "none", *options])
    path = out / "render.json"
    return code, json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("render")
    source = nrrd_of(folder, values())
    before = source.read_bytes()
    words = ["--mode", "mip", "--mode", "bone-surface", "--turntable", "4", "--animation", "gif,webp,png"]
    words += ["--slices", "axial:0,12", "coronal:middle", "sagittal:all", "--stl", "500", "--ply", "200:400"]
    code, content = render(source, folder / "out", *words, "--report", *SMALL)
    assert source.read_bytes() == before
    return folder / "out", code, content


def test_everything_that_was_asked_for_is_there_and_nothing_else(finished):
    out, code, content = finished
    assert code == 0
    assert content["refused"] == []
    found = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    assert found == {*content["files"], "render.json"}
    kinds = [picture["kind"] for picture in content["pictures"]]
    assert {kind: kinds.count(kind) for kind in kinds} == {"slice": 3 + SIZE[0], "mode": 2, "turntable": 2 * (2 + 4)}


def test_pictures_in_3d_show_the_ball_and_have_the_size_asked_for(finished):
    out, _, _ = finished
    for name in ("mip.png", "bone-surface.png"):
        picture = np.asarray(Image.open(out / name).convert("L")).astype(int)
        assert picture.shape == (100, 120)
        assert picture[50, 60] > 100 + picture[2, 2]


def test_turntables_have_as_many_pictures_as_were_asked_for_and_they_differ(finished):
    out, _, content = finished
    with Image.open(out / "mip-turntable.gif") as film:
        assert film.n_frames == 4
    numbered = [picture["file"] for picture in content["pictures"] if picture["file"].startswith("mip-turntable-")]
    assert len({(out / name).read_bytes() for name in numbered}) > 1


def test_slices_are_the_voxels_one_by_one(finished, tmp_path):
    _, content = render(
        nrrd_of(tmp_path, values()), tmp_path / "out", "--slices", "axial:10", "--plain", "--window", "100/401"
    )
    (picture,) = content["pictures"]
    pixels = np.asarray(Image.open(tmp_path / "out" / picture["file"]))
    assert np.array_equal(pixels, np.where(values()[10] > 0, 255, 0))


def test_sweep_runs_through_the_slices_of_each_plane(tmp_path):
    words = ("--slices", "axial:4,8,12", "coronal:all", "--sweep", "--animation", "gif,webp", "--plain", "--report")
    code, content = render(nrrd_of(tmp_path, values()), tmp_path / "out", *words)
    assert code == 0
    sweeps = {picture["file"]: picture for picture in content["pictures"] if picture["kind"] == "sweep"}
    assert set(sweeps) == {f"slices/{plane}-sweep.{kind}" for plane in ("axial", "coronal") for kind in ("gif", "webp")}
    with Image.open(tmp_path / "out" / "slices" / "axial-sweep.gif") as film:
        assert film.n_frames == 3
        film.seek(1)
        assert np.array_equal(np.asarray(film.convert("L")) > 128, np.asarray(shown(tmp_path, "axial_008")) > 128)


def shown(tmp_path: Path, name: str) -> Image.Image:
    return Image.open(tmp_path / "out" / "slices" / f"{name}.png")


def test_surfaces_are_closed_and_hold_the_volume_of_their_voxels(finished):
    out, _, content = finished
    stl, ply = content["surfaces"]
    expected = np.count_nonzero(values() >= 500) * 1.5 / 1000
    assert stl["volume_ml"] == pytest.approx(expected, rel=1e-3)
    assert ply["words"] == "from 200 to 400"
    facets = np.fromfile(out / stl["file"], np.dtype([("n", "<f4", 3), ("p", "<f4", (3, 3)), ("a", "<u2")]), offset=84)
    points, triangles = np.unique(facets["p"].reshape(-1, 3), axis=0, return_inverse=True)
    assert len(points) and is_closed_and_oriented(triangles.reshape(-1, 3))


def test_report_stands_alone_and_shows_every_kind_of_picture(finished):
    out, _, _ = finished
    text = (out / "report.html").read_text(encoding="utf-8")
    sources = re.findall(r'<img src="([^"]{5})', text)
    assert len(sources) > 6
    assert set(sources) == {"data:"}
    for heading in ("3D", "Turntables", "Slices", "Surfaces", "Volume"):
        assert f"<h2>{heading}</h2>" in text


def test_what_cannot_be_made_is_named_and_the_rest_is_made(tmp_path):
    volume = nrrd_of(tmp_path, values())
    words = ("--slices", "axial:99", "coronal:3", "--stl", "5000", "--mode", "mip", *SMALL)
    code, content = render(volume, tmp_path / "out", *words)
    assert code == 3
    assert [entry["what"] for entry in content["refused"]] == ["axial slices", "STL of 5000"]
    assert "0 to 23" in content["refused"][0]["reason"]
    assert {picture["file"] for picture in content["pictures"]} == {"slices/coronal_003.png", "mip.png"}


def test_what_is_asked_for_twice_is_made_once_and_near_values_have_files_of_their_own(tmp_path):
    volume = nrrd_of(tmp_path, values().astype(np.float64))
    words = ("--stl", "123.4567", "--stl", "123.4568", "--stl", "123.4568", "--mode", "mip", "--mode", "mip", *SMALL)
    _, content = render(volume, tmp_path / "out", *words)
    assert content["files"] == ["mip.png", "surface-123.4567.stl", "surface-123.4568.stl"]


def test_two_modes_of_one_name_are_refused(tmp_path, capsys):
    mip, minip = (mode for mode in built_in_modes() if mode.key in ("mip", "minip"))
    for number, mode in enumerate((mip, minip)):
        MODE_FORMAT.write(own_mode("Mine", mode), tmp_path / f"{number}.json")
    words = ("--mode", str(tmp_path / "0.json"), "--mode", str(tmp_path / "1.json"))
    assert render(nrrd_of(tmp_path, values()), tmp_path / "out", *words) == (2, None)
    assert "called 'Mine'" in capsys.readouterr().err


def test_modes_in_units_of_the_volume_do_without_a_window(tmp_path):
    volume = nrrd_of(tmp_path, values())
    words = ("--window", "dicom", "--mode", "bone-surface", "--mode", "mip", *SMALL)
    code, content = render(volume, tmp_path / "out", *words)
    assert code == 3
    assert [entry["what"] for entry in content["refused"]] == ["Maximum intensity (MIP)"]
    assert content["files"] == ["bone-surface.png"]


def test_stop_in_the_last_thing_to_do_ends_the_run(tmp_path, monkeypatch):
    def written_until_stopped(*args):
        raise Cancelled("stopped on request")

    monkeypatch.setattr(render_run, "write_surface", written_until_stopped)
    assert render(nrrd_of(tmp_path, values()), tmp_path / "out", "--stl", "500") == (130, None)
    assert list((tmp_path / "out").iterdir()) == []


def test_reasons_do_not_tell_what_sources_are_called(tmp_path):
    folder = tmp_path / "DOE^JANE"
    folder.mkdir()
    volume = nrrd_of(folder, values())
    labels = nrrd_of(folder, np.ones((3, 3, 3), np.uint8), "Doe Jane.nrrd")
    _, content = render(volume, tmp_path / "out", "--slices", "axial:1", "--labels", str(labels))
    assert content["refused"][0]["reason"].startswith("The label map does not lie on")


def test_nothing_of_the_patient_is_in_names_pixels_or_metadata(tmp_path, capsys):
    study = copied_study(tmp_path / "study")
    folder = study.ct_files[0].parent
    words = ("--slices", "axial:middle", "--mode", "mip", "--format", "jpeg", "--turntable", "2", "--stl", "100")
    code, content = render(folder, tmp_path / "out", *words, "--window", "dicom", "--report", *SMALL)
    assert code == 0
    assert count_strings(tmp_path / "out", study.planted) == 0
    printed = "".join(capsys.readouterr())
    assert not [planted for planted in study.planted if planted in printed]
    for name in (picture["file"] for picture in content["pictures"]):
        with Image.open(tmp_path / "out" / name) as picture:
            assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "version", "background",
                                         "duration", "extension", "loop", "transparency"}  # fmt: skip
            assert not picture.getexif()


def test_listed_files_are_read_from_standard_input(tmp_path, monkeypatch):
    study = copied_study(tmp_path / "study")
    listed = io.TextIOWrapper(io.BytesIO("\n".join(map(str, study.ct_files)).encode()))
    monkeypatch.setattr(sys, "stdin", listed)
    code, content = render("-", tmp_path / "out", "--slices", "axial:0")
    assert code == 0
    assert content["volume"]["size"][2] == len(study.ct_files)


def test_picture_stack_becomes_a_volume_of_the_spacing_given(tmp_path):
    (tmp_path / "stack").mkdir()
    for number in range(9, 12):
        Image.fromarray(np.full((10, 12), number, np.uint8)).save(tmp_path / "stack" / f"slice {number}.png")
    spacing = ("--spacing", "0.5", "0.5", "2")
    code, content = render(tmp_path / "stack", tmp_path / "out", *spacing, "--slices", "axial:all")
    assert code == 0
    facts = {fact["name"]: fact["value"] for fact in content["volume"]["facts"]}
    assert facts["Spacing"] == "0.5 × 0.5 × 2 mm"


def test_labels_are_laid_over_slices_and_only_where_they_belong(tmp_path):
    volume = nrrd_of(tmp_path, values())
    labels = nrrd_of(tmp_path, (values() > 500).astype(np.uint8), "labels.nrrd")
    slices = ("--slices", "axial:10", "--plain")
    _, content = render(volume, tmp_path / "out", *slices, "--labels", str(labels))
    pixels = np.asarray(Image.open(tmp_path / "out" / content["pictures"][0]["file"])).astype(int)
    coloured = np.ptp(pixels, axis=2) > 0
    inside = values()[10] > 500
    assert coloured[inside].all()
    assert not coloured[~np.pad(inside, 1)[2:, 1:-1] & ~inside & (np.indices(inside.shape)[0] < 12)].any()
    other = nrrd_of(tmp_path, np.ones((3, 3, 3), np.uint8), "other.nrrd")
    code, content = render(volume, tmp_path / "again", *slices, "--labels", str(other))
    assert code == 3
    assert "dicomsuite overlay" in content["refused"][0]["reason"]


def test_without_wishes_usual_modes_and_slices_are_made(tmp_path):
    code, content = render(nrrd_of(tmp_path, values()), tmp_path / "out", *SMALL)
    assert code == 0
    assert {picture["kind"] for picture in content["pictures"]} == {"mode", "slice"}


def test_table_is_removed_where_asked_for_and_refused_where_it_cannot_be(tmp_path):
    volume = nrrd_of(tmp_path, np.abs(values()))
    code, content = render(volume, tmp_path / "out", "--remove-table", "--stl", "500")
    assert code == 3
    assert "no air around the patient" in content["refused"][0]["reason"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--mode", "nosuchmode"], "choose from bone-surface"),
        (["--mode", "missing.json"], "missing.json cannot be read"),
        (["--window", "wide"], "LEVEL/WIDTH"),
        (["--window", "40/0"], "width is 0"),
        (["--slices", "axial"], "each with :numbers"),
        (["--slices", "axial:1", "axial:2"], "names axial twice"),
        (["--slices", "axial:-1"], "each with :numbers"),
        (["--size", "0x10"], "WIDTHxHEIGHT"),
        (["--size", "90000x10"], "WIDTHxHEIGHT"),
        (["--turntable", "-1"], "up to 360"),
        (["--animation", "avi"], "list of png, gif, webp, mp4"),
        (["--sweep"], "name slices with --slices"),
        (["--sweep", "--slices", "axial:all", "--animation", "png"], "as gif, webp or mp4"),
        (["--stl", "high"], "LOW or LOW:HIGH"),
        (["--stl", "5:1"], "LOW or LOW:HIGH"),
        (["--scale", "0"], "above 0 in mm"),
        (["--turntable", "4", "--slices", "axial:1"], "name one with --mode"),
        (["--labels", "labels.nrrd", "--mode", "mip"], "name some with --slices"),
    ],
)
def test_options_that_cannot_be_meant_are_refused_before_anything_is_written(tmp_path, capsys, options, words):
    code, content = render(nrrd_of(tmp_path, values()), tmp_path / "out", *options)
    assert code in (1, 2)
    assert content is None
    assert words in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("shape", "words"),
    [((8, 8), "dimensions"), ((3, 8, 8, 3), "values a voxel"), ((2, 3, 8, 8), "dimensions")],
    ids=["2D", "RGB", "4D"],
)
def test_what_is_no_volume_is_refused_with_words(tmp_path, capsys, shape, words):
    is_colour = shape[-1] == 3
    sitk.WriteImage(
        sitk.GetImageFromArray(np.zeros(shape, np.uint8), isVector=is_colour), str(tmp_path / "volume.nrrd")
    )
    code, _ = render(tmp_path / "volume.nrrd", tmp_path / "out", "--slices", "axial:0")
    assert code == 1
    assert words in capsys.readouterr().err


def test_voxels_without_a_number_are_told_and_do_not_stop_the_pictures(tmp_path):
    voxels = values().astype(np.float32)
    voxels[:3] = np.nan
    code, content = render(nrrd_of(tmp_path, voxels), tmp_path / "out", "--mode", "mip", "--slices", "axial:1", *SMALL)
    assert code == 0
    assert any("not finite (NaN" in note for note in content["volume"]["notes"])


def test_folder_that_holds_something_is_never_written_to(tmp_path, capsys):
    volume = nrrd_of(tmp_path, values())
    code, _ = render(volume, tmp_path, "--slices", "axial:0")
    assert code == 2
    assert "is not empty" in capsys.readouterr().err
    assert os.listdir(tmp_path) == ["volume.nrrd"]


def test_folder_that_cannot_be_made_is_named(tmp_path, capsys):
    volume = nrrd_of(tmp_path, values())
    (tmp_path / "file").touch()
    code, _ = render(volume, tmp_path / "file" / "out", "--slices", "axial:0")
    assert code == 2
    assert "cannot be used for the result" in capsys.readouterr().err


def test_modes_are_listed(tmp_path, capsys):
    code, _ = render(tmp_path / "nothing", tmp_path / "out", "--mode", "list")
    assert code == 0
    assert re.search(r"^mip +Maximum intensity", capsys.readouterr().out, re.MULTILINE)


def test_scene_is_left_as_it_was(tmp_path):
    scene = slicer.mrmlScene
    before = {scene.GetNthNode(number).GetID() for number in range(scene.GetNumberOfNodes())}
    render(nrrd_of(tmp_path, values()), tmp_path / "out", "--mode", "skin-and-bone", "--mode", "mip", *SMALL)
    left = {scene.GetNthNode(number).GetID() for number in range(scene.GetNumberOfNodes())} - before
    assert not [node for node in left if "Volume" in node or "Model" in node or "View" in node or "Camera" in node]


def test_without_slicer_slices_and_surfaces_are_made_and_the_rest_says_what_is_missing(tmp_path):
    volume = nrrd_of(tmp_path, values())
    words = ["render", str(volume), "--out", str(tmp_path / "out"), "--mode", "mip", "--slices", "axial:3"]
    program = f"import sys; sys.modules['slicer'] = None\nfrom DicomSuiteLib.cli import main\nsys.exit(main({words}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 3, done.stderr
    assert "slicer-core is missing" in done.stdout
    assert (tmp_path / "out" / "slices" / "axial_003.png").is_file()

"""`anonymize --other-formats`: volumes, pictures and sidecars keep their voxels and pixels, and lose all words."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import shutil
import sqlite3
import struct
import zlib
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anonymize_runs import anonymize, audit_records, read_report, refused, tree, write_key
from dicom_slices import write_slice
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.formats.cleaned_nrrd import cleaned_nrrd
from DicomSuiteAnonymizeLib.formats.cleaned_picture import cleaned_jpeg, cleaned_png
from DicomSuiteAnonymizeLib.formats.cleaned_sidecar import checked_gradients, cleaned_json
from DicomSuiteAnonymizeLib.formats.cleaned_tiff import cleaned_tiff
from DicomSuiteAnonymizeLib.verification.verify import verify
from DicomSuiteLib import cli
from DicomSuiteLib.errors import DicomSuiteError

Image = pytest.importorskip("PIL.Image")
nibabel = pytest.importorskip("nibabel")
nrrd = pytest.importorskip("nrrd")

NAME, DAY = "Mayerhofer", "1961-02-03"
SECRET = f"{NAME}^Annegret {DAY}"
VOXELS = np.random.default_rng(3).integers(0, 4000, (5, 4, 3)).astype(np.int16)
PIXELS = np.random.default_rng(4).integers(0, 255, (24, 16, 3)).astype(np.uint8)
OPTIONS = ("--other-formats", "--allow-pixel-risk")


def write_nifti(path: Path) -> None:
    image = nibabel.Nifti1Image(VOXELS, np.diag([2, 2, 3, 1]))
    image.header["descrip"] = image.header["aux_file"] = NAME
    image.header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", SECRET.encode()))
    nibabel.save(image, path)


def write_nrrd(path: Path, encoding: str = "gzip", *, detached: bool = False) -> None:
    header = {
        "space": "left-posterior-superior",
        "space directions": np.diag([2.0, 2.0, 3.0]),
        "space origin": [1.0, -2.0, 0.5],
        "kinds": ["domain"] * 3,
        "content": SECRET,
        "labels": [NAME, "j", "k"],
        "space units": ["mm", "mm", "mm"],
        "encoding": encoding,
        "modality": "DWMRI",
        "DWMRI_b-value": "1000",
        "DWMRI_gradient_0000": "0.6  0.0 0.8",
        "Segment0_Name": NAME,
        "Segment0_Color": "0.5 0.1 0.2",
        "patient": SECRET,
    }
    nrrd.write(str(path), VOXELS, header, detached_header=detached)


def write_picture(path: Path, **options: object) -> None:
    if path.suffix == ".png":
        from PIL.PngImagePlugin import PngInfo

        text = PngInfo()
        text.add_text("Patient", SECRET)
        text.add_itxt("XML:com.adobe.xmp", f"<x>{SECRET}</x>")
        options["pnginfo"] = text
    exif = Image.Exif()
    exif[270], exif[315], exif[306] = SECRET, NAME, f"{DAY} 10:11:12"
    Image.fromarray(PIXELS).save(path, exif=exif, **options)
    with path.open("ab") as file:
        file.write(SECRET.encode() if path.suffix != ".tif" else b"")


def write_sidecar(path: Path) -> None:
    entries = {
        "EchoTime": 0.08, "SliceTiming": [0, 0.5], "PhaseEncodingDirection": "j-", "Manufacturer": "GE",
        "ImageType": ["ORIGINAL", "PRIMARY"], "PatientName": SECRET, "SeriesInstanceUID": "1.2.840.5", NAME: 1,
        "AcquisitionTime": "10:11:12", "InstitutionName": NAME, "TaskName": "seen 1961-02-03", "FlipAngle": NAME,
        "ManufacturersModelName": {"a": NAME}, "SeriesDescription": "head",
    }  # fmt: skip
    path.write_text(json.dumps(entries), encoding="utf-8")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A study with files of every format, all named after the patient."""
    folder = tmp_path / "in" / f"sub-{NAME}"
    folder.mkdir(parents=True)
    write_slice(folder / "slice.dcm", PatientName=SECRET, PatientID="HOSP-471142")
    write_nifti(folder / f"{NAME}_dwi.nii.gz")
    (folder / f"{NAME}_dwi.bval").write_text("0 1000\n", encoding="ascii")
    (folder / f"{NAME}_dwi.bvec").write_text("0 1\n0 0\n0 0\n", encoding="ascii")
    write_sidecar(folder / f"{NAME}_dwi.json")
    write_nrrd(folder / f"{NAME}.nrrd")
    write_picture(folder / f"{NAME}.png")
    write_picture(folder / f"{NAME}.jpeg", comment=SECRET.encode())
    write_picture(folder / f"{NAME}.tif")
    (folder / "letter.txt").write_text(SECRET, encoding="utf-8")
    return tmp_path / "in"


def words_in(folder: Path) -> list[str]:
    """Files below the folder that hold a secret, in their name or, packed or not, in their content."""
    found = []
    for path in folder.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        content += gzip.decompress(content) if path.suffix == ".gz" else b""
        if any(word.encode() in content for word in (NAME, "Annegret", DAY)) or NAME in str(path.relative_to(folder)):
            found.append(path.name)
    return found


def outputs(folder: Path) -> dict[str, Path]:
    """The output of each format by its ending."""
    return {"".join(path.suffixes): path for path in (folder / "other").rglob("*.*")}


# A run


def test_files_of_other_formats_are_left_out_unless_asked_for(source: Path, tmp_path: Path):
    assert anonymize(source, tmp_path / "out", write_key(tmp_path / "key")).code == 0
    assert read_report(tmp_path / "out")["files"] == {"in": 10, "written": 1, "quarantined": 0, "not_dicom": 9}
    assert not (tmp_path / "out" / "other").exists()


def test_voxels_and_pixels_stay_and_words_go(source: Path, tmp_path: Path):
    before = tree(source)
    assert anonymize(source, tmp_path / "out", write_key(tmp_path / "key"), *OPTIONS).code == 0
    assert tree(source) == before
    assert words_in(tmp_path / "out") == []
    new = outputs(tmp_path / "out")
    assert new.keys() == {".nii.gz", ".bval", ".bvec", ".json", ".nrrd", ".png", ".jpeg", ".tif"}
    assert np.array_equal(np.asanyarray(nibabel.load(new[".nii.gz"]).dataobj), VOXELS)
    assert np.array_equal(nrrd.read(str(new[".nrrd"]))[0], VOXELS)
    for suffix in (".png", ".jpeg", ".tif"):
        original = next(source.rglob(f"*{suffix}"))
        assert np.array_equal(np.asarray(Image.open(new[suffix])), np.asarray(Image.open(original)))
    report = read_report(tmp_path / "out")
    assert report["files"] == {"in": 10, "written": 9, "quarantined": 0, "not_dicom": 1}
    assert (report["patients"], report["studies"], report["series"]) == (1, 1, 1)
    assert report["other_formats"]["gradient table"] == 2
    assert "other formats" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_sidecars_stay_with_their_image_and_names_come_from_the_key(source: Path, tmp_path: Path):
    anonymize(source, tmp_path / "out", write_key(tmp_path / "key"), *OPTIONS)
    new = outputs(tmp_path / "out")
    stems = {str(new[suffix]).removesuffix(suffix) for suffix in (".nii.gz", ".bval", ".bvec", ".json")}
    assert len(stems) == 1
    copy = tmp_path / "elsewhere"
    source.rename(copy)
    anonymize(copy, tmp_path / "again", tmp_path / "key" / "key", *OPTIONS, "--workers", "2")
    assert tree(tmp_path / "again") == tree(tmp_path / "out")
    anonymize(copy, tmp_path / "other key", write_key(tmp_path / "key2", bytes(range(1, 33))), *OPTIONS)
    assert not {path.name for path in new.values()} & {path.name for path in (tmp_path / "other key").rglob("*.*")}


# The way back


def reidentify(*words: object) -> int:
    return cli.main(["reidentify", *map(str, words), "--workers", "1", "--progress", "none"])


def test_files_get_their_names_back(source: Path, tmp_path: Path):
    key_file = write_key(tmp_path / "key")
    (source / "sub-Zoë").mkdir()
    (source / f"sub-{NAME}" / f"{NAME}.png").rename(source / "sub-Zoë" / "a b.PNG")
    assert anonymize(source, tmp_path / "out", key_file, "--crosswalk", *OPTIONS).code == 0
    assert reidentify(tmp_path / "out", tmp_path / "back", "--key-file", key_file) == 0
    names = {path.relative_to(source).as_posix() for path in source.rglob("*.*") if path.suffix not in (".dcm", ".txt")}
    restored = tmp_path / "back" / "other"
    assert {path.relative_to(restored).as_posix() for path in restored.rglob("*.*")} == names
    contents = {path.read_bytes() for path in (tmp_path / "out" / "other").rglob("*.*")}
    assert {path.read_bytes() for path in restored.rglob("*.*")} == contents
    counts = json.loads((tmp_path / "back" / "reidentification.json").read_text(encoding="utf-8"))
    assert counts["restored"]["file name"] == len(names) == 8
    assert counts["files"] == {"in": 12, "written": 9, "refused": 0, "not_dicom": 3}


def test_names_are_in_the_tables_of_the_crosswalk_and_no_others(source: Path, tmp_path: Path):
    key_file, words = write_key(tmp_path / "key"), ("--key-file", str(tmp_path / "key" / "key"), "--progress", "none")
    assert anonymize([source], tmp_path / "out", key_file, "--crosswalk", "--other-formats").code == 3
    crosswalk = key_file.with_name("crosswalk.sqlite")
    assert cli.main(["crosswalk", "export", str(crosswalk), str(tmp_path / "tables"), *words]) == 0
    with (tmp_path / "tables" / "values.csv").open(encoding="utf-8", newline="") as file:
        names = {row["id_old"]: row["id_new"] for row in csv.DictReader(file) if row["of"] == "file"}
    assert all((source / old).is_file() and (tmp_path / "out" / new).is_file() for old, new in names.items())
    assert len(names) == 5  # the pictures were refused
    again = tmp_path / "again.sqlite"
    assert cli.main(["crosswalk", "import", str(again), str(tmp_path / "tables"), *words]) == 0
    assert reidentify(tmp_path / "out", tmp_path / "back", "--crosswalk", again, *words[:2]) == 0
    assert (tmp_path / "back" / "other" / f"sub-{NAME}" / f"{NAME}_dwi.nii.gz").is_file()


@pytest.mark.parametrize("old", [b"../escaped.nii.gz", b"/escaped.nii.gz", b"a/../../../escaped.nii.gz", b""])
def test_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path, old: bytes):
    (tmp_path / "in").mkdir()
    write_nifti(tmp_path / "in" / "brain.nii.gz")
    key_file = write_key(tmp_path / "key")
    assert anonymize(tmp_path / "in", tmp_path / "out", key_file, "--crosswalk", *OPTIONS).code == 0
    with closing(sqlite3.connect(key_file.with_name("crosswalk.sqlite"))) as connection, connection:
        connection.execute("UPDATE value SET original = ? WHERE domain = 'file'", (b"ISO_IR 192\0" + old,))
    assert reidentify(tmp_path / "out", tmp_path / "back", "--key-file", key_file) == 3
    assert not list(tmp_path.rglob("escaped*"))
    assert "does not lie in a folder" in (tmp_path / "back" / "refused.csv").read_text(encoding="utf-8")


def test_file_whose_name_is_not_in_the_crosswalk_is_refused(source: Path, tmp_path: Path):
    key_file = write_key(tmp_path / "key")
    assert anonymize(source, tmp_path / "other", key_file, *OPTIONS).code == 0
    assert anonymize(source, tmp_path / "out", key_file, "--crosswalk").code == 0
    assert reidentify(tmp_path / "other", tmp_path / "back", "--key-file", key_file) == 3
    assert "not in this crosswalk" in (tmp_path / "back" / "refused.csv").read_text(encoding="utf-8")


# Paths


def test_equal_paths_below_two_sources_stay_apart(source: Path, tmp_path: Path):
    second = tmp_path / "second"
    shutil.copytree(source, second)
    key = write_key(tmp_path / "key")
    assert anonymize([source, second], tmp_path / "out", key, *OPTIONS).code == 0
    assert len(list((tmp_path / "out" / "other").iterdir())) == 2
    assert verify(tmp_path / "out", [source, second], lambda done, total: None).findings == ()


def test_files_without_any_dicom_make_a_run_too(tmp_path: Path):
    write_nifti(tmp_path / "a.nii")
    ended = anonymize(tmp_path / "a.nii", tmp_path / "out", write_key(tmp_path / "key"), *OPTIONS)
    assert (ended.code, list(outputs(tmp_path / "out"))) == (0, [".nii"])
    assert "1 NIfTI" in ended.output
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "0 files were de-identified according to PS3.15" in page


@pytest.mark.parametrize("names", [("a", "a.nii", "a.nii.nii"), ("a.nii", "a.NII", "a.dat")])
def test_names_that_differ_in_their_ending_alone_stay_apart(tmp_path: Path, names: tuple[str, ...]):
    folder = tmp_path / "in"
    folder.mkdir()
    for name in names:
        write_nifti(folder / "x.nii")
        (folder / "x.nii").rename(folder / name)
    assert anonymize(folder, tmp_path / "out", write_key(tmp_path / "key"), *OPTIONS).code == 0
    assert len(list((tmp_path / "out" / "other").rglob("*.nii"))) == 3
    assert verify(tmp_path / "out", [folder], lambda done, total: None).findings == ()


def test_pictures_are_quarantined_unless_their_risk_is_taken(source: Path, tmp_path: Path):
    key = write_key(tmp_path / "key")
    assert anonymize(source, tmp_path / "out", key, "--other-formats").code == 3
    assert outputs(tmp_path / "out").keys() == {".nii.gz", ".bval", ".bvec", ".json", ".nrrd"}
    assert refused(key)[f"{NAME}.png"] == "pixel risk: a PNG picture, which may show a name or a face"


def test_volumes_are_quarantined_where_faces_have_to_go(source: Path, tmp_path: Path):
    key = write_key(tmp_path / "key")
    faces = ("--other-formats", "--clean", "recognizable-visual-features")
    assert anonymize(source, tmp_path / "out", key, *faces).code == 3
    assert {f"{NAME}.nrrd", f"{NAME}_dwi.nii.gz"} <= refused(key).keys()
    assert outputs(tmp_path / "out").keys() == {".bval", ".bvec", ".json"}


def test_finished_folder_is_verified(source: Path, tmp_path: Path):
    anonymize(source, tmp_path / "out", write_key(tmp_path / "key"), *OPTIONS)
    verdict = verify(tmp_path / "out", [source], lambda done, total: None)
    assert (verdict.findings, verdict.files) == ((), 9)
    with outputs(tmp_path / "out")[".png"].open("ab") as file:
        file.write(SECRET.encode())
    found = verify(tmp_path / "out", [source], lambda done, total: None).findings
    assert {finding.message for finding in found} == {
        "holds more than its format needs, or is damaged",
        "is not the file that the audit trail's SHA-256 belongs to",
    }
    assert NAME not in str(found)


def test_archive_holds_them_too(source: Path, tmp_path: Path):
    anonymize(source, tmp_path / "out", write_key(tmp_path / "key"), *OPTIONS, "--zip")
    assert verify(tmp_path / "out", [source], lambda done, total: None) == (
        verify(tmp_path / "out", [source], lambda done, total: None)
    )
    assert verify(tmp_path / "out", [source], lambda done, total: None).files == 9


def test_dry_run_counts_and_writes_nothing(source: Path, tmp_path: Path):
    ended = anonymize(source, tmp_path / "out", write_key(tmp_path / "key"), *OPTIONS, "--dry-run")
    assert "9 would be written" in ended.output
    assert not (tmp_path / "out").exists()


def test_audit_trail_says_what_was_left_out_and_no_word_of_it(source: Path, tmp_path: Path):
    anonymize(source, tmp_path / "out", write_key(tmp_path / "key"), *OPTIONS)
    paths = {change[0] for record in audit_records(tmp_path / "out", "changes") for change in record["elements"]}
    assert {"NIfTI descrip", "NIfTI extensions", "NRRD content", "PNG tEXt", "JPEG APP1", "TIFF DateTime"} <= paths
    assert NAME not in str(paths)


def test_damaged_files_are_quarantined_with_a_reason_that_names_nobody(tmp_path: Path):
    folder = tmp_path / "in"
    folder.mkdir()
    write_slice(folder / "slice.dcm")
    write_nifti(folder / "a.nii")
    write_picture(folder / "b.png")
    write_picture(folder / "c.jpg")
    write_picture(folder / "d.tif")
    write_nrrd(folder / "e.nrrd", "raw")
    for path in folder.glob("[a-e].*"):
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    (folder / "f.json").write_text(f'["{NAME}"]', encoding="utf-8")
    (folder / "g.bval").write_text(f"0 1000 {NAME}", encoding="utf-8")
    key = write_key(tmp_path / "key")
    assert anonymize(folder, tmp_path / "out", key, *OPTIONS).code == 3
    reasons = refused(key)
    assert reasons.keys() == {"a.nii", "b.png", "c.jpg", "d.tif", "e.nrrd", "f.json", "g.bval"}
    assert not any(NAME in reason or str(folder) in reason for reason in reasons.values())
    assert not list((tmp_path / "out").rglob(".*.part"))


# Pictures


def picture(form: str, **options: object) -> bytes:
    file = io.BytesIO()
    mode = options.pop("mode", "RGB")
    Image.fromarray(PIXELS).convert(mode).save(file, form, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    "options",
    [{}, {"progressive": True}, {"mode": "L"}, {"mode": "CMYK"}, {"subsampling": 2, "restart_marker_blocks": 1}],
)
def test_jpeg_of_every_kind_shows_the_same(options: dict):
    content = picture("JPEG", **options, comment=SECRET, icc_profile=SECRET.encode(), xmp=SECRET.encode())
    cleaned, removed = cleaned_jpeg(content + SECRET.encode())
    assert SECRET.encode() not in cleaned
    assert {"JPEG comment", "JPEG APP1", "JPEG APP2", "bytes behind the JPEG picture"} <= set(removed)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(cleaned))), np.asarray(Image.open(io.BytesIO(content))))
    assert cleaned_jpeg(cleaned) == (cleaned, [])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_camera_s_orientation_stays_and_the_rest_of_exif_goes(orientation: int):
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = orientation, NAME
    cleaned, _ = cleaned_jpeg(picture("JPEG", exif=exif))
    assert NAME.encode() not in cleaned
    assert dict(Image.open(io.BytesIO(cleaned)).getexif()) == ({} if orientation == 1 else {0x0112: orientation})
    assert cleaned_jpeg(cleaned) == (cleaned, [])


@pytest.mark.parametrize(
    "options",
    [
        {}, {"compression": "tiff_lzw"}, {"compression": "tiff_adobe_deflate"}, {"compression": "jpeg"},
        {"big_endian": True}, {"mode": "L"}, {"mode": "P"}, {"mode": "1", "compression": "group4"},
        {"save_all": True, "append_images": [Image.fromarray(PIXELS[::-1].copy())]},
    ],
)  # fmt: skip
def test_tiff_of_every_kind_shows_the_same(options: dict):
    content = picture("TIFF", **options, description=SECRET, artist=NAME, software=NAME, icc_profile=SECRET.encode())
    cleaned, removed = cleaned_tiff(content + SECRET.encode())
    assert NAME.encode() not in cleaned
    assert {"TIFF ImageDescription", "TIFF Artist", "TIFF Software", "TIFF ICC profile"} <= set(removed)
    before, after = Image.open(io.BytesIO(content)), Image.open(io.BytesIO(cleaned))
    assert before.n_frames == after.n_frames
    for page in range(before.n_frames):
        before.seek(page)
        after.seek(page)
        assert np.array_equal(np.asarray(before), np.asarray(after))
    assert cleaned_tiff(cleaned) == (cleaned, [])


@pytest.mark.parametrize("options", [{}, {"mode": "P"}, {"mode": "L"}, {"mode": "RGBA"}])
def test_png_of_every_kind_shows_the_same(options: dict):
    content = picture("PNG", **options, icc_profile=SECRET.encode(), dpi=(72, 72))
    cleaned, removed = cleaned_png(content)
    assert removed == ["PNG iCCP"]
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(cleaned))), np.asarray(Image.open(io.BytesIO(content))))


def test_png_with_a_wrong_checksum_is_refused():
    content = bytearray(picture("PNG"))
    content[45] ^= 1
    with pytest.raises(AnonymizeError, match="checksum"):
        cleaned_png(bytes(content))


def png_chunk(kind: bytes, content: bytes) -> bytes:
    checked = kind + content
    return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))


@pytest.mark.parametrize("mode", ["L", "RGB", "P", "RGBA"])
@pytest.mark.parametrize("kind", [b"pHYs", b"sRGB", b"gAMA", b"tRNS", b"bKGD", b"IEND", b"PLTE"])
def test_png_with_text_in_a_part_for_numbers_is_refused(mode: str, kind: bytes):
    content = picture("PNG", mode=mode)
    with pytest.raises(AnonymizeError, match="wrong length"):
        cleaned_png(content[:33] + png_chunk(kind, bytes(9) + SECRET.encode() * 30) + content[33:])


def test_png_with_text_behind_its_pixels_is_refused():
    content = picture("PNG")
    end = content.rfind(b"IEND") - 4
    with pytest.raises(AnonymizeError, match="hides"):
        cleaned_png(content[:end] + png_chunk(b"IDAT", SECRET.encode()) + content[end:])
    with pytest.raises(AnonymizeError, match="without pixels"):
        cleaned_png(content[:33] + content[end:])


@pytest.mark.parametrize("marker", [0xC0, 0xDA, 0xDB, 0xDC, 0xDD, 0xC4])
def test_jpeg_with_text_in_a_segment_for_numbers_is_refused(marker: int):
    content, text = picture("JPEG"), SECRET.encode()
    with pytest.raises(AnonymizeError, match="wrong length"):
        cleaned_jpeg(content[:2] + bytes((0xFF, marker)) + struct.pack(">H", 2 + len(text)) + text + content[2:])


@pytest.mark.parametrize("marker", [0xDE, 0xDF, 0xC8, 0xE3, 0xED, 0xEF, 0xF0, 0xFE])
def test_jpeg_loses_every_segment_that_no_decoder_needs(marker: int):
    content, text = picture("JPEG"), SECRET.encode()
    segment = bytes((0xFF, marker)) + struct.pack(">H", 2 + len(text)) + text
    assert cleaned_jpeg(content[:2] + segment + content[2:])[0] == cleaned_jpeg(content)[0]


@pytest.mark.parametrize(("tag", "kind"), [(282, 2), (297, 2), (301, 7), (336, 1), (340, 7)])
def test_tiff_with_text_in_a_field_for_numbers_is_refused(tag: int, kind: int):
    text = SECRET.encode()
    fields = [(256, 3, 1, 2), (257, 3, 1, 2), (258, 3, 1, 8), (262, 3, 1, 1), (273, 4, 1, 8), (278, 3, 1, 2)]
    fields += [(279, 4, 1, 4)]
    entries = b"".join(struct.pack("<HHII", *field) for field in sorted([*fields, (tag, kind, len(text), 12)]))
    content = b"II*\0" + struct.pack("<I", 12 + len(text)) + b"\1\2\3\4"[:4] + text
    content += struct.pack("<H", len(fields) + 1) + entries + bytes(4)
    with pytest.raises(AnonymizeError, match="text where a number belongs"):
        cleaned_tiff(content)


@given(st.binary(max_size=300), st.integers(0, 400))
def test_damaged_pictures_are_refused_and_never_stop_a_run(noise: bytes, at: int):
    for form, clean in (("PNG", cleaned_png), ("JPEG", cleaned_jpeg), ("TIFF", cleaned_tiff)):
        content = picture(form)
        for spoiled in (content[:at], content[:at] + noise + content[at + len(noise) :], content[:4] + noise):
            try:
                clean(spoiled)
            except AnonymizeError:
                continue


# NRRD


def cleaned(path: Path) -> tuple[bytes, list[str]]:
    file = io.BytesIO()
    removed = cleaned_nrrd(path, file)
    return file.getvalue(), removed


@pytest.mark.parametrize("encoding", ["raw", "gzip", "bzip2"])
@pytest.mark.parametrize("detached", [False, True])
def test_nrrd_keeps_geometry_diffusion_and_voxels(tmp_path: Path, encoding: str, detached: bool):
    source = tmp_path / ("a.nhdr" if detached else "a.nrrd")
    write_nrrd(source, encoding, detached=detached)
    content, removed = cleaned(source)
    assert NAME.encode() not in content
    assert {"NRRD content", "NRRD field with text", "NRRD key/value"} <= set(removed)
    (tmp_path / "b.nrrd").write_bytes(content)
    voxels, header = nrrd.read(str(tmp_path / "b.nrrd"))
    assert np.array_equal(voxels, VOXELS)
    _, before = nrrd.read(str(source))
    for field in ("space", "kinds", "space units", "DWMRI_b-value", "modality", "Segment0_Color"):
        assert header[field] == before[field]
    assert np.array_equal(header["space directions"], before["space directions"])
    assert cleaned(tmp_path / "b.nrrd") == (content, [])


def nrrd_of(*lines: str, data: bytes = b"\1\2\3\4") -> bytes:
    fields = ("NRRD0004", "type: uchar", "dimension: 1", "sizes: 4", *lines)
    return "\n".join(fields).encode() + b"\n\n" + data


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (nrrd_of("encoding: raw", "byte skip: -1"), "skips"),
        (nrrd_of("encoding: ascii"), "as text"),
        (nrrd_of("encoding: raw", data=b"\1\2"), "fewer voxels"),
        (nrrd_of("encoding: gzip"), "cannot be read"),
        (nrrd_of("encoding: raw", "data file: absent.raw"), "without the file"),
        (nrrd_of("encoding: raw", "data file: ../a.raw"), "another folder"),
        (nrrd_of("encoding: raw", "data file: LIST"), "several files"),
        (b"NRRD0004\nencoding: raw\n\n1234", "how many voxels"),
        (b"NRRD0004\ntype: uchar\nsizes: " + b"9" * 5000 + b"\nencoding: raw\n\n1234", "how many voxels"),
    ],
)
def test_nrrd_that_cannot_be_cleaned_is_refused(tmp_path: Path, content: bytes, reason: str):
    (tmp_path / "a.nrrd").write_bytes(content)
    with pytest.raises(AnonymizeError, match=reason):
        cleaned(tmp_path / "a.nrrd")


def test_text_in_any_field_of_a_nrrd_file_goes(tmp_path: Path):
    fields = [f"{name}: {NAME}" for name in ("space", "kinds", "units", "centers", "space origin", "thicknesses")]
    lines = ["encoding: raw", f"# {NAME}", f"{NAME}: 1", f"DWMRI_b-value:={NAME}", f"{NAME}:=1", *fields]
    (tmp_path / "a.nrrd").write_bytes(nrrd_of(*lines, data=b"\1\2\3\4" + SECRET.encode()))
    content, removed = cleaned(tmp_path / "a.nrrd")
    assert content == nrrd_of("encoding: raw")
    assert "bytes behind the NRRD voxels" in removed


def test_bzip2_is_packed_again_alike(tmp_path: Path):
    (tmp_path / "a.nrrd").write_bytes(nrrd_of("encoding: bz2", data=bz2.compress(b"\1\2\3\4", 3)))
    content, _ = cleaned(tmp_path / "a.nrrd")
    assert content == nrrd_of("encoding: bz2", data=bz2.compress(b"\1\2\3\4"))


# Sidecars


def test_sidecar_keeps_what_describes_the_acquisition(tmp_path: Path):
    write_sidecar(tmp_path / "a.json")
    content, removed = cleaned_json((tmp_path / "a.json").read_bytes())
    assert json.loads(content) == {
        "EchoTime": 0.08, "SliceTiming": [0, 0.5], "PhaseEncodingDirection": "j-", "Manufacturer": "GE",
        "ImageType": ["ORIGINAL", "PRIMARY"],
    }  # fmt: skip
    assert removed == ["JSON entry that is not known to be harmless"] * 9
    assert cleaned_json(content) == (content, [])


@pytest.mark.parametrize("entry", ["TaskName", "BodyPart", "B0FieldIdentifier", "DiffusionScheme", "TracerName"])
def test_names_in_entries_that_people_type_go(entry: str):
    for name in (NAME, f"{NAME} reading", f"rest_{NAME.upper()}"):
        assert json.loads(cleaned_json(json.dumps({entry: name}).encode())[0]) == {}


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        ("TaskName", "rest"), ("TaskName", "finger tapping"), ("TaskName", "nback"), ("BodyPart", "BRAIN"),
        ("B0FieldIdentifier", "pepolar_fmap0"), ("TracerName", "FDG"), ("ModeOfAdministration", "bolus"),
        ("ManufacturersModelName", "SIGNA Architect"), ("SequenceName", "*ep2d1_64"), ("CoilString", "HEA;HEP"),
    ],
)  # fmt: skip
def test_words_of_devices_and_known_words_stay(entry: str, value: str):
    assert json.loads(cleaned_json(json.dumps({entry: value}).encode())[0]) == {entry: value}


@pytest.mark.parametrize("content", [b"[]", b"1", b"{", b"\xff", b"[" * 100_000, b""])
def test_json_that_is_no_sidecar_is_refused(content: bytes):
    with pytest.raises(AnonymizeError, match="json"):
        cleaned_json(content)


def test_gradient_tables_hold_numbers_or_are_refused():
    assert checked_gradients(b"0 1000\t-1e-3 nan\r\n")[0] == b"0 1000\t-1e-3 nan\r\n"
    with pytest.raises(AnonymizeError, match="numbers"):
        checked_gradients(b"0 1000 # Anna")


def test_header_only_nifti_and_other_gzip_files_are_no_volumes(tmp_path: Path):
    folder = tmp_path / "in"
    folder.mkdir()
    write_slice(folder / "slice.dcm")
    (folder / "letter.gz").write_bytes(gzip.compress(SECRET.encode()))
    (folder / "broken.gz").write_bytes(b"\x1f\x8b" + zlib.compress(b"x"))
    (folder / "a.hdr").write_bytes(struct.pack("<i", 348) + bytes(344))
    key = write_key(tmp_path / "key")
    assert anonymize(folder, tmp_path / "out", key, *OPTIONS).code == 3
    assert read_report(tmp_path / "out")["files"] == {"in": 4, "written": 1, "quarantined": 1, "not_dicom": 2}
    assert "voxels" in refused(key)["a.hdr"]


def test_target_that_takes_no_more_stops_the_run(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    ended = anonymize(source, tmp_path / "out", write_key(tmp_path / "key"), *OPTIONS)
    assert ended.code == DicomSuiteError.exit_code
    assert "No space left" in ended.errors

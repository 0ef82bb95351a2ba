"""Free text leaves the header of a NIfTI file; voxels and place stay bit by bit."""

import gzip
import struct
import tracemalloc

import numpy as np
import pytest

from DicomSuiteLib.nifti_header import COMPRESSED_NAME, EXTENSIONS, TRAILING, clean_nifti
from DicomSuiteLib.output_file import OutputError
from DicomSuiteLib.unusable_file import UnusableFileError

nibabel = pytest.importorskip("nibabel")

NAME = b"DOE^JANE"
AFFINE = np.array([(-0.9, 0.1, 0, 10), (0.1, 0.9, 0, -20), (0, 0, 3, 5), (0, 0, 0, 1)])


def image(kind, order: str = "<", shape=(5, 4, 3)):
    voxels = np.random.default_rng(1).integers(0, 4000, shape).astype(np.int16)
    header = kind.header_class(endianness=order)
    header.set_data_dtype(np.int16)
    made = kind(voxels, AFFINE, header)
    for field in ("descrip", "aux_file", "intent_name"):
        made.header[field] = NAME
    for field in {"db_name", "unused_str"} & set(made.header):
        made.header[field] = NAME
    made.header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", NAME + b" 1970"))
    return made


@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("shape", [(5, 4, 3), (5, 4, 3, 2)])
def test_text_and_extensions_go_and_all_else_stays(tmp_path, kind, order, shape):
    source, target = tmp_path / "a.nii", tmp_path / "b.nii.gz"
    nibabel.save(image(kind, order, shape), source)
    content = source.read_bytes()
    found = clean_nifti(source, target)
    assert {"descrip", "aux_file", "intent_name", EXTENSIONS} <= set(found)
    assert NAME not in gzip.decompress(target.read_bytes())
    before, after = nibabel.load(source), nibabel.load(target)
    assert type(after) is kind
    assert not after.header.extensions
    assert np.array_equal(before.affine, after.affine)
    assert np.array_equal(np.asanyarray(before.dataobj), np.asanyarray(after.dataobj))
    assert source.read_bytes() == content


def test_name_in_the_gzip_header_goes_and_two_runs_are_the_same(tmp_path):
    plain, source = tmp_path / "a.nii", tmp_path / "DOE_JANE.nii.gz"
    nibabel.save(image(nibabel.Nifti1Image), plain)
    with source.open("wb") as file, gzip.GzipFile("DOE_JANE.nii", "wb", fileobj=file) as packed:
        packed.write(plain.read_bytes())
    assert COMPRESSED_NAME in clean_nifti(source, tmp_path / "one.nii.gz")
    clean_nifti(source, tmp_path / "two.nii.gz")
    content = (tmp_path / "one.nii.gz").read_bytes()
    assert b"DOE" not in content
    assert content == (tmp_path / "two.nii.gz").read_bytes()


@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_what_follows_the_voxels_goes_and_is_told(tmp_path, kind, suffix):
    source, target = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    plain = tmp_path / "plain.nii"
    nibabel.save(image(kind), plain)
    content = plain.read_bytes() + NAME
    source.write_bytes(gzip.compress(content) if suffix == ".nii.gz" else content)
    assert TRAILING in clean_nifti(source, target)
    cleaned = target.read_bytes()
    assert NAME not in (gzip.decompress(cleaned) if suffix == ".nii.gz" else cleaned)
    assert np.array_equal(np.asanyarray(nibabel.load(target).dataobj), np.asanyarray(image(kind).dataobj))


def test_memory_is_that_of_a_piece_however_much_a_small_file_unpacks_to(tmp_path):
    nibabel.save(image(nibabel.Nifti1Image), tmp_path / "plain.nii")
    packed = gzip.compress((tmp_path / "plain.nii").read_bytes() + bytes(80_000_000), compresslevel=1)
    (tmp_path / "a.nii.gz").write_bytes(packed)
    tracemalloc.start()
    clean_nifti(tmp_path / "a.nii.gz", tmp_path / "b.nii.gz")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30_000_000
    assert (tmp_path / "b.nii.gz").stat().st_size < 1000


def test_clean_file_has_nothing_to_tell(tmp_path):
    nibabel.save(nibabel.Nifti1Image(np.zeros((3, 3, 3), np.int16), AFFINE), tmp_path / "a.nii")
    assert clean_nifti(tmp_path / "a.nii", tmp_path / "b.nii") == ()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no NIfTI"),
        (b"x" * 400, "no NIfTI"),
        (b"\x1f\x8b\x08\x00broken", "damaged"),
        (None, "where its voxels are"),
    ],
)
def test_what_is_no_nifti_is_refused_and_nothing_is_written(tmp_path, content, words):
    source = tmp_path / "a.nii"
    if content is None:
        nibabel.save(image(nibabel.Nifti1Image), source)
        content = source.read_bytes()[:350]
    source.write_bytes(content)
    with pytest.raises(UnusableFileError, match=words):
        clean_nifti(source, tmp_path / "b.nii")
    assert not (tmp_path / "b.nii").exists()


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda content: content[:-1], "cut short"),
        (lambda content: content[:40] + struct.pack("<h", 0) + content[42:], "how many voxels"),
        (lambda content: content[:42] + struct.pack("<h", -5) + content[44:], "how many voxels"),
        (lambda content: content[:70] + struct.pack("<h", 99) + content[72:], "of what kind"),
        (lambda content: content[:108] + struct.pack("<f", float("inf")) + content[112:], "where its voxels are"),
        (lambda content: content[:108] + struct.pack("<f", float("nan")) + content[112:], "where its voxels are"),
        (lambda content: content[:108] + struct.pack("<f", 1e9) + content[112:], "cut short"),
    ],
)
def test_file_that_does_not_hold_what_its_header_says_is_refused(tmp_path, suffix, change, words):
    source = tmp_path / f"a{suffix}"
    nibabel.save(nibabel.Nifti1Image(np.zeros((5, 4, 3), np.int16), AFFINE), tmp_path / "plain.nii")
    content = change((tmp_path / "plain.nii").read_bytes())
    source.write_bytes(gzip.compress(content) if suffix == ".nii.gz" else content)
    with pytest.raises(UnusableFileError, match=words):
        clean_nifti(source, tmp_path / "b.nii")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted({source.name, "plain.nii"})


def test_wrong_check_sum_is_found(tmp_path):
    nibabel.save(image(nibabel.Nifti1Image), tmp_path / "a.nii.gz")
    content = bytearray((tmp_path / "a.nii.gz").read_bytes())
    content[-8] ^= 1
    (tmp_path / "a.nii.gz").write_bytes(content)
    with pytest.raises(UnusableFileError, match="damaged"):
        clean_nifti(tmp_path / "a.nii.gz", tmp_path / "b.nii")
    assert not (tmp_path / "b.nii").exists()


def test_source_that_cannot_be_opened_is_told_and_a_target_that_cannot_be_written_is_another_error(tmp_path):
    with pytest.raises(UnusableFileError, match="cannot be read: No such file"):
        clean_nifti(tmp_path / "absent.nii", tmp_path / "b.nii")
    nibabel.save(image(nibabel.Nifti1Image), tmp_path / "a.nii")
    with pytest.raises(OutputError, match=r"b\.nii cannot be written"):
        clean_nifti(tmp_path / "a.nii", tmp_path / "absent" / "b.nii")

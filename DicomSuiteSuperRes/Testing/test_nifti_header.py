"""Free text leaves the header of a NIfTI file; voxels and place stay bit by bit."""

import gzip

import numpy as np
import pytest

from DicomSuiteSuperResLib.errors import SuperResError
from DicomSuiteSuperResLib.nifti_header import COMPRESSED_NAME, EXTENSIONS, clean_nifti

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
    if "db_name" in made.header:
        made.header["db_name"] = NAME
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
    with pytest.raises(SuperResError, match=words):
        clean_nifti(source, tmp_path / "b.nii")
    assert not (tmp_path / "b.nii").exists()

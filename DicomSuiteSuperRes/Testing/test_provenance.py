"""What results say of themselves in every file that they are saved in."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.output_file import OutputError
from DicomSuiteLib.read_volume import read_volume
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volumes import Volume
from DicomSuiteSuperResLib.errors import SuperResError
from DicomSuiteSuperResLib.models import DERIVED
from DicomSuiteSuperResLib.provenance import provenance, sidecar_of, write_result
from DicomSuiteSuperResLib.super_resolution import SuperResResult
from placed_volumes import TURN
from thick_series import MODEL, SETTINGS, derived_result, pattern, thick_geometry

SUFFIXES = (".nii.gz", ".nrrd")


def result(dtype: type = np.int16, geometry: ImageGeometry | None = None) -> SuperResResult:
    """One at an oblique place, of a volume that was read from a file with a name that must not get out."""
    place = geometry or thick_geometry(TURN)
    source = Volume(pattern(place.size, dtype), SliceGrid.from_geometry(place), "MR", files=(Path("DOE_JANE.nii"),))
    return derived_result(source)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32, np.float32, np.float64])
def test_file_is_read_back_with_its_values_at_its_place(suffix: str, dtype: type, tmp_path: Path) -> None:
    written = result(dtype)
    path, _ = write_result(written, tmp_path / f"thin{suffix}")
    found = read_volume(path)
    assert np.array_equal(found.voxels, written.volume.voxels)
    assert found.voxels.dtype == dtype
    assert found.grid.geometry.is_close(written.volume.grid.geometry, 1e-3)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_half_precision_and_foreign_byte_order_are_stored_as_what_readers_know(suffix: str, tmp_path: Path) -> None:
    for dtype in (np.float16, np.dtype(">i2")):
        written = result(dtype)
        path, _ = write_result(written, tmp_path / f"thin{suffix}")
        assert np.array_equal(read_volume(path).voxels, written.volume.voxels)


def test_sheared_axes_are_kept_and_no_nifti_is_written_that_cannot_be_opened(tmp_path: Path) -> None:
    written = result(geometry=thick_geometry(TURN, shear_mm=1.2))
    place = written.volume.grid.geometry
    assert place.is_sheared
    found = read_volume(write_result(written, tmp_path / "thin.nrrd")[0])
    assert found.grid.geometry.is_close(place, 1e-9)
    with pytest.raises(SuperResError, match="cannot open NIfTI files with sheared axes; write NRRD"):
        write_result(written, tmp_path / "other.nii.gz")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["thin.json", "thin.nrrd"]


def test_header_says_that_the_volume_was_derived_and_by_which_model(tmp_path: Path) -> None:
    nibabel = pytest.importorskip("nibabel")
    nifti, _ = write_result(result(), tmp_path / "thin.nii.gz")
    assert nibabel.load(nifti).header["descrip"].item().decode().startswith(DERIVED)
    image = sitk.ReadImage(str(write_result(result(), tmp_path / "thin.nrrd")[0]))
    assert image.GetMetaData("Derived") == DERIVED
    assert image.GetMetaData("Model") == f"thin-slices 1.0 (SHA-256 {MODEL.sha256})"
    assert json.loads(image.GetMetaData("Settings")) == SETTINGS


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_sidecar_tells_all_and_no_source(suffix: str, tmp_path: Path) -> None:
    path, sidecar = write_result(result(), tmp_path / f"a.b{suffix}")
    assert sidecar == sidecar_of(path) == tmp_path / "a.b.json"
    told = json.loads(sidecar.read_text(encoding="utf-8"))
    assert told == provenance(result())
    assert told["statement"] == DERIVED
    assert told["model"] == {"name": "thin-slices", "version": "1.0", "sha256": MODEL.sha256}
    assert told["settings"] == SETTINGS
    assert told["warnings"] == ["the slices have gaps"]
    assert told["size"] == [12, 10, 20]
    assert told["spacing_mm"] == pytest.approx([0.8, 0.9, 1.05])
    assert b"DOE" not in path.read_bytes() + sidecar.read_bytes()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_two_runs_write_the_same_bytes(suffix: str, tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
    first = write_result(result(), tmp_path / "one" / f"thin{suffix}")
    second = write_result(replace(result(), seconds=9.0), tmp_path / "two" / f"thin{suffix}")
    assert [file.read_bytes() for file in first] == [file.read_bytes() for file in second]


def test_other_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SuperResError, match="must end in"):
        write_result(result(), tmp_path / "thin.mha")
    assert not list(tmp_path.iterdir())


def test_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        write_result(result(), tmp_path / "absent" / "thin.nrrd")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_sidecar_does_not_stand_alone_where_the_volume_cannot_be_written(
    suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: object) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("gzip.GzipFile.write", no_room)
    with pytest.raises(OutputError, match=f"thin{suffix} cannot be written: No space left"):
        write_result(result(), tmp_path / f"thin{suffix}")
    assert not list(tmp_path.iterdir())

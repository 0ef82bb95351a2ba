"""What is written of one result: a readable file whatever its place, and no step's failure takes it back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import SimpleITK as sitk

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.read_volume import read_volume
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.tasks import CancelToken
from DicomSuiteLib.volumes import Volume
from DicomSuiteSuperResLib import superres_output
from DicomSuiteSuperResLib.find_inputs import FoundInput
from DicomSuiteSuperResLib.superres_options import FileFormat, SuperResOptions
from DicomSuiteSuperResLib.superres_output import SuperResOutput
from placed_volumes import TURN
from thick_series import derived_result, pattern, thick_geometry


def written(folder: Path, geometry: ImageGeometry, **options: Any) -> dict[str, Any]:
    """What is told of a result whose input lies at `geometry`."""
    source = Volume(pattern(geometry.size), SliceGrid.from_geometry(geometry), "MR")
    found = FoundInput(1, "a.nrrd", "1-a", Path("a.nrrd"))
    output = SuperResOutput(found, source, derived_result(source), SuperResOptions(folder, **options))
    return output.write(CancelToken())


def test_tilted_result_becomes_nrrd_where_nifti_was_asked_for_and_is_read_where_it_lies(tmp_path: Path) -> None:
    place = thick_geometry(TURN, shear_mm=1.3)
    told = written(tmp_path, place, file_format=FileFormat.NIFTI)
    assert told["file"] == "1-a-superres.nrrd"
    assert told["files"] == ["1-a-superres.nrrd", "1-a-superres.json"]
    assert told["problems"] == []
    (warning,) = [words for words in told["warnings"] if "sheared" in words]
    assert "written as NRRD, 1-a-superres.nrrd" in warning
    found = read_volume(tmp_path / told["file"])
    assert found.grid.geometry.corners == pytest.approx(place.corners, abs=1e-9)
    image = sitk.ReadImage(tmp_path / told["file"])
    assert ImageGeometry.from_sitk(image).is_close(found.grid.geometry, 1e-9)


def test_place_that_nifti_can_hold_is_written_as_asked_for_without_a_warning(tmp_path: Path) -> None:
    told = written(tmp_path, thick_geometry(TURN), file_format=FileFormat.NIFTI)
    assert told["file"] == "1-a-superres.nii.gz"
    assert told["warnings"] == ["the slices have gaps"]
    assert read_volume(tmp_path / told["file"]).grid.geometry.corners == pytest.approx(
        thick_geometry(TURN).corners, abs=1e-4
    )


@pytest.mark.parametrize(
    ("error", "words"),
    [(MemoryError(), "not enough memory"), (ValueError("DOE^JANE"), "unexpected error (ValueError)")],
)
def test_pictures_that_cannot_be_made_are_told_as_that_and_the_result_stays(
    error: Exception, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr(superres_output, "reformat_planes", fails)
    told = written(tmp_path, thick_geometry(), has_report=True)
    (problem,) = told["problems"]
    assert problem["what"] == "pictures"
    assert words in problem["reason"]
    assert "DOE" not in problem["reason"]
    assert (tmp_path / told["file"]).exists()

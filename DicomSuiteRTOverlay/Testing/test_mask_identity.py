"""Does an RTSTRUCT belong to the volume? Who is refused, who is placed with which finding."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dicom_slices import write_slice
from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volumes import Volume
from DicomSuiteRTOverlayLib.placed_mask import PlacedMask
from DicomSuiteRTOverlayLib.placement import Verdict
from DicomSuiteRTOverlayLib.read_rtstruct import read_rtstruct
from rtstruct_phantom import Contour, Owner, PhantomRoi, box_contour, circle, write_rtstruct

OWNER = Owner()
STRANGER = Owner("9.9.1", "9.9.2", "9.9.3", "P-9")
GEOMETRY = ImageGeometry((30, 30, 6), (1.0, 1.0, 2.0), (0.0, 0.0, 0.0), ((1, 0, 0), (0, 1, 0), (0, 0, 1)))
ROI = PhantomRoi("target", [Contour(circle(8, 4) + [15, 15, 0])])


def volume_of(folder: Path, owner: Owner = OWNER) -> Volume:
    files = [
        write_slice(
            folder / f"{number}.dcm",
            SOPInstanceUID=f"1.2.3.4.{number}",
            PatientID=owner.patient_id,
            StudyInstanceUID=owner.study_uid,
        )
        for number in range(6)
    ]
    grid = SliceGrid.from_geometry(GEOMETRY)
    return Volume(np.zeros(grid.shape), grid, "CT", owner.frame_of_reference_uid, owner.series_uid, tuple(files))


def laid_over(folder: Path, owner: Owner, volume: Volume | None = None, rois=(ROI,)) -> PlacedMask:
    path = write_rtstruct(folder / "rs.dcm", rois, owner)
    return read_rtstruct(path, volume_of(folder / "ct") if volume is None else volume)


def assert_anonymous(mask: PlacedMask, folder: Path) -> None:
    words = " ".join([mask.placement.reason, *mask.placement.findings, *(mask.segmentation or mask.placement).__dict__
                      .get("notes", ())])  # fmt: skip
    for value in ("P-1", "P-9", "1.2.3", "9.9.", str(folder)):
        assert value not in words


def test_same_frame_of_reference_is_placed_without_findings(tmp_path: Path) -> None:
    mask = laid_over(tmp_path, OWNER)
    assert (mask.placement.verdict, mask.placement.findings) == (Verdict.PLACED, ())
    assert "frame of reference" in mask.placement.reason
    assert mask.segmentation.segments[0].voxels.sum() > 190


def test_structure_set_of_another_patient_is_refused_and_makes_no_segmentation(tmp_path: Path) -> None:
    mask = laid_over(tmp_path, STRANGER)
    assert mask.placement.verdict is Verdict.REFUSED
    assert mask.segmentation is None
    assert not mask.placement.candidates
    assert all(word in mask.placement.reason for word in ("frame of reference", "study", "patient"))
    assert_anonymous(mask, tmp_path)


def test_patient_that_nothing_but_an_empty_id_ties_to_the_volume_is_refused(tmp_path: Path) -> None:
    volume = volume_of(tmp_path / "ct", replace(OWNER, patient_id=""))
    assert laid_over(tmp_path, replace(STRANGER, patient_id=""), volume).placement.verdict is Verdict.REFUSED


def test_other_frame_of_reference_of_the_same_patient_is_placed_and_said(tmp_path: Path) -> None:
    mask = laid_over(tmp_path, replace(STRANGER, patient_id=OWNER.patient_id))
    assert mask.placement.verdict is Verdict.PLACED
    assert "registration" in mask.placement.findings[0]
    assert "study" in mask.placement.findings[1]
    assert_anonymous(mask, tmp_path)


@pytest.mark.parametrize(
    "tie", [{"series_uid": OWNER.series_uid}, {"instance_uids": ("7.7", "1.2.3.4.5")}], ids=["series", "images"]
)
def test_referenced_images_of_the_volume_outweigh_what_else_differs(tmp_path: Path, tie: dict) -> None:
    mask = laid_over(tmp_path, replace(STRANGER, **tie))
    assert mask.placement.verdict is Verdict.PLACED
    assert "references the images" in mask.placement.reason
    assert "frame of reference, study and patient ID" in mask.placement.findings[0]


def test_contradictory_data_are_refused(tmp_path: Path) -> None:
    mask = laid_over(tmp_path, replace(STRANGER, frame_of_reference_uid=OWNER.frame_of_reference_uid))
    assert mask.placement.verdict is Verdict.REFUSED
    assert "contradictory" in mask.placement.reason


def test_pseudonym_of_one_side_alone_is_a_finding(tmp_path: Path) -> None:
    mask = laid_over(tmp_path, replace(OWNER, patient_id="P-9"))
    assert mask.placement.verdict is Verdict.PLACED
    assert "patient ID" in mask.placement.findings[0]
    assert_anonymous(mask, tmp_path)


def test_of_a_volume_that_is_not_dicom_only_the_overlap_is_checked_and_that_is_said(tmp_path: Path) -> None:
    grid = SliceGrid.from_geometry(GEOMETRY)
    mask = laid_over(tmp_path, STRANGER, Volume(np.zeros(grid.shape), grid))
    assert mask.placement.verdict is Verdict.PLACED
    assert "not DICOM" in mask.placement.findings[0]


def test_structure_set_that_says_nothing_is_placed_with_a_finding(tmp_path: Path) -> None:
    mask = laid_over(tmp_path, Owner("", "", "", ""))
    assert mask.placement.verdict is Verdict.PLACED
    assert "does not say whose it is" in mask.placement.findings[0]


def test_contours_beside_the_volume_are_refused_with_the_distance(tmp_path: Path) -> None:
    beside = [PhantomRoi("a", [box_contour(49.5, 5, 60, 10, 4)]), PhantomRoi("b", [box_contour(80, 5, 90, 10, 4)])]
    mask = laid_over(tmp_path, OWNER, rois=beside)
    assert mask.placement.verdict is Verdict.REFUSED
    assert "20.0 mm away" in mask.placement.reason


def test_roi_in_another_frame_of_reference_is_named(tmp_path: Path) -> None:
    rois = [ROI, replace(ROI, name="on MR", frame_of_reference_uid="5.5.5")]
    mask = laid_over(tmp_path, OWNER, rois=rois)
    assert len(mask.segmentation.segments) == 2
    assert "on MR" in mask.placement.findings[0]
    assert "target" not in mask.placement.findings[0]

"""What travels between the panel and the command: volumes, segments, surfaces, masks that were placed before."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from DicomSuiteLib.closed_surface import closed_surface
from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.segments import Segment, Segmentation
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volumes import Volume
from DicomSuiteLib.write_surface import write_surface
from DicomSuiteRTOverlayLib.accepted_place import AcceptedPlace, accept
from DicomSuiteRTOverlayLib.errors import OverlayError
from DicomSuiteRTOverlayLib.given_mask import AS_GIVEN, load_given_mask
from DicomSuiteRTOverlayLib.mask_result import volume_as_json
from DicomSuiteRTOverlayLib.placement import Verdict
from DicomSuiteRTOverlayLib.read_segments import read_segments
from DicomSuiteRTOverlayLib.read_surface import read_ply
from DicomSuiteRTOverlayLib.volume_facts import grid_of
from DicomSuiteRTOverlayLib.write_mask import write_seg_nrrd

SHAPE = (6, 12, 10)
PLACE = ImageGeometry(
    SHAPE[::-1], (1.5, 2.0, 3.0), (5.1, -6.2, 7.3), ((0.8, -0.6, 0.0), (0.6, 0.8, 0.0), (0.0, 0.0, 1.0))
)
UNEVEN = SliceGrid(10, 12, (1, 0, 0), (0, 1, 0), tuple((0.0, 0.0, z) for z in (0.0, 2.0, 4.0, 9.0, 11.0, 13.0)))


def box() -> np.ndarray:
    mask = np.zeros(SHAPE, bool)
    mask[1:4, 3:9, 2:7] = True
    return mask


def segmentation(grid: SliceGrid) -> Segmentation:
    return Segmentation((Segment.from_mask("Box", (1.0, 0.5, 0.0), 1, box()),), grid)


def volume(grid: SliceGrid) -> Volume:
    return Volume(np.where(box(), 100, -1000).astype(np.int16), grid)


def test_segments_come_back_with_their_place_cut_to_what_is_not_empty(tmp_path: Path) -> None:
    write_seg_nrrd(tmp_path / "box.seg.nrrd", segmentation(SliceGrid.from_geometry(PLACE)))
    read = read_segments(tmp_path / "box.seg.nrrd")
    (labels,) = read.boxes
    whole = np.zeros(read.geometry.size[::-1], np.uint8)
    whole[tuple(slice(at, at + n) for at, n in zip(labels.offset, labels.voxels.shape, strict=True))] = labels.voxels
    inside = read.geometry.lps_from_ijk(np.argwhere(whole > 0)[:, ::-1])
    assert inside == pytest.approx(PLACE.lps_from_ijk(np.argwhere(box())[:, ::-1]))
    assert [(one.name, one.colour) for one in read.segments] == [("Box", (1.0, 0.5, 0.0))]


def test_surface_comes_back_and_a_file_that_is_cut_is_refused(tmp_path: Path) -> None:
    (segment,) = segmentation(UNEVEN).segments
    surface = closed_surface(segment, UNEVEN)
    path = tmp_path / "box.ply"
    write_surface(path, surface, "Box", (1.0, 0.5, 0.0))
    points, triangles = read_ply(path)
    assert points == pytest.approx(surface.points, abs=1e-4) and np.array_equal(triangles, surface.triangles)
    for content in (path.read_bytes()[:-1], b"ply\nformat ascii 1.0\n", b""):
        path.write_bytes(content)
        with pytest.raises(OverlayError, match=r"box\.ply"):
            read_ply(path)


@pytest.mark.parametrize("grid", [SliceGrid.from_geometry(PLACE), UNEVEN], ids=["even", "uneven"])
def test_volume_facts_tell_where_every_slice_lies(grid: SliceGrid) -> None:
    facts = volume_as_json(volume(grid))
    assert np.array(grid_of(facts).positions) == pytest.approx(np.array(grid.positions))
    assert grid_of(facts).size == grid.size


@pytest.mark.parametrize("grid", [SliceGrid.from_geometry(PLACE), UNEVEN], ids=["even", "uneven"])
def test_mask_that_was_placed_before_keeps_its_voxels_wherever_they_lie(tmp_path: Path, grid: SliceGrid) -> None:
    path = tmp_path / "box.seg.nrrd"
    write_seg_nrrd(path, segmentation(grid))
    picture = Volume(np.zeros(SHAPE, np.int16), grid)  # in which nothing tells where the mask belongs
    placed = load_given_mask(path, picture)
    assert placed.placement.verdict is Verdict.PLACED
    assert np.array_equal(placed.segmentation.segments[0].full_mask(SHAPE), box())
    flipped, findings = accept(placed, AcceptedPlace(AS_GIVEN, ("flip-i",)), picture)
    assert np.array_equal(flipped.segments[0].full_mask(SHAPE), box()[:, :, ::-1])
    assert findings == ()


def test_mask_without_a_place_cannot_be_taken_as_given(tmp_path: Path) -> None:
    path = tmp_path / "nowhere.nrrd"
    header = f"NRRD0004\ntype: uint8\ndimension: 3\nsizes: {' '.join(map(str, SHAPE[::-1]))}\nencoding: raw\n\n"
    path.write_bytes(header.encode("ascii") + box().astype(np.uint8).tobytes())
    with pytest.raises(OverlayError, match=r"nowhere\.nrrd does not say"):
        load_given_mask(path, volume(SliceGrid.from_geometry(PLACE)))

"""Slicer's own reader and writer of .seg.nrrd agree with ours on segments and on their place."""

import numpy as np
import pytest

from application import slicer, vtk
from DicomSuiteLib.geometry import LPS_FROM_RAS, ImageGeometry
from DicomSuiteLib.segments import Segment, Segmentation
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteRTOverlayLib.read_mask_file import read_mask_file
from DicomSuiteRTOverlayLib.write_mask import write_seg_nrrd

COS, SIN = np.cos(0.4), np.sin(0.4)
GEOMETRY = ImageGeometry.from_axes((20, 16, 12), [[COS, -SIN, 0], [SIN, COS, 0], [0, 0, 2]], (-100, -120, 30))

SAME_COLOUR = 1e-4
"""The application's subject hierarchy rounds colours to 16 bits."""


def overlapping():
    tumour, node = np.zeros((2, 12, 16, 20), bool)
    tumour[3:8, 4:9, 6:15] = True
    node[5:9, 5:12, 10:18] = True
    segments = (
        Segment.from_mask("Tumör", (1, 0.5, 0.25), 7, tumour),
        Segment.from_mask("Node", (0, 0.25, 0.5), 9, node),
    )
    return Segmentation(segments, SliceGrid.from_geometry(GEOMETRY))


@pytest.fixture(autouse=True)
def empty_scene():
    yield
    slicer.mrmlScene.Clear(0)


def loaded(path):
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    storage = slicer.vtkMRMLSegmentationStorageNode()
    storage.SetFileName(str(path))
    assert storage.ReadData(node) == 1
    return node


def points_in_slicer(node, number):
    """LPS of the voxel centres (n, 3) inside a segment."""
    from vtk.util.numpy_support import vtk_to_numpy

    segmentation = node.GetSegmentation()
    image = vtk.vtkMatrix4x4()
    identifier = segmentation.GetNthSegmentID(number)
    labels = segmentation.GetSegment(identifier).GetRepresentation("Binary labelmap")
    labels.GetImageToWorldMatrix(image)
    to_ras = np.array([[image.GetElement(row, column) for column in range(4)] for row in range(4)])
    extent = labels.GetExtent()
    shape = [extent[2 * axis + 1] - extent[2 * axis] + 1 for axis in (2, 1, 0)]
    voxels = vtk_to_numpy(labels.GetPointData().GetScalars()).reshape(shape)
    places = np.argwhere(voxels == segmentation.GetSegment(identifier).GetLabelValue())[:, ::-1] + extent[::2]
    return (LPS_FROM_RAS @ to_ras @ np.c_[places, np.ones(len(places))].T)[:3].T


def points_of(mask, number):
    segment, claims = mask.segments[number], mask.claims
    places = np.argwhere(mask.layers[segment.layer] == segment.value)[:, ::-1]
    return ImageGeometry.from_axes(claims.size, claims.axes, claims.origin).lps_from_ijk(places)


def test_slicer_reads_what_is_written_here(tmp_path):
    written = overlapping()
    write_seg_nrrd(tmp_path / "ours.seg.nrrd", written)
    node = loaded(tmp_path / "ours.seg.nrrd")
    assert node.GetSegmentation().GetNumberOfSegments() == 2
    for number, segment in enumerate(written.segments):
        found = node.GetSegmentation().GetNthSegment(number)
        assert found.GetName() == segment.name
        assert found.GetColor() == pytest.approx(segment.colour, abs=SAME_COLOUR)
        expected = GEOMETRY.lps_from_ijk(np.argwhere(segment.full_mask((12, 16, 20)))[:, ::-1])
        np.testing.assert_allclose(points_in_slicer(node, number), expected, atol=1e-6)


def test_what_slicer_writes_is_read_here_cropped_or_not(tmp_path):
    write_seg_nrrd(tmp_path / "ours.seg.nrrd", overlapping())
    node = loaded(tmp_path / "ours.seg.nrrd")
    for is_cropped in (False, True):
        storage = slicer.vtkMRMLSegmentationStorageNode()
        storage.SetCropToMinimumExtent(is_cropped)
        storage.SetFileName(str(tmp_path / "theirs.seg.nrrd"))
        assert storage.WriteData(node) == 1
        mask = read_mask_file(tmp_path / "theirs.seg.nrrd")
        for number, segment in enumerate(overlapping().segments):
            assert mask.segments[number].name == segment.name
            assert mask.segments[number].colour == pytest.approx(segment.colour, abs=SAME_COLOUR)
            np.testing.assert_allclose(points_of(mask, number), points_in_slicer(node, number), atol=1e-6)

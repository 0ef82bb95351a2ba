"""Segments and labels in MRML nodes: put into a vtkMRMLSegmentationNode, and taken out of the nodes of a scene.

What touches nodes is quick and belongs into the application's own thread; `label_boxes` and `NodeLabels.segmentation`
take as long as the arrays are large, touch no node, and may run beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.segment_colours import segment_colour
from DicomSuiteLib.segments import Segment, Segmentation, smallest_box
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteRTOverlayLib.errors import OverlayError
from DicomSuiteRTOverlayLib.mask_file import FileSegment

_BINARY_LABELMAP = "Binary labelmap"
"""Slicer's name of the representation."""


@dataclass(frozen=True, eq=False)
class LabelBox:
    """The part of a layer of labels that is not empty.

    Parameters
    ----------
    voxels : (k, j, i), of the smallest integer type that holds them
    offset : index (k, j, i) of its first voxel in the layer
    """

    voxels: NDArray
    offset: tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class NodeLayer:
    """Labels of one layer of a node, as a view of the node's own voxels (k, j, i); `offset` as in `LabelBox`."""

    voxels: NDArray
    offset: tuple[int, int, int]
    segments: tuple[FileSegment, ...]


@dataclass(frozen=True, eq=False)
class NodeLabels:
    """What a segmentation or labelmap node holds; `geometry` is in the node's own coordinates, without transforms."""

    layers: tuple[NodeLayer, ...]
    geometry: ImageGeometry

    def segmentation(self) -> Segmentation:
        """The same as `Segmentation` on its own voxels; segments without voxels are kept."""
        return self.segmentation_on(SliceGrid.from_geometry(self.geometry), (0, 0, 0))

    def offset_in(self, volume: ImageGeometry) -> tuple[int, int, int] | None:
        """Index (k, j, i) of the first voxel in a volume of which these voxels are a part; None if they are not."""
        start = np.rint(volume.ijk_from_lps(self.geometry.origin)).astype(int)
        if np.any(start < 0) or np.any(start + self.geometry.size > volume.size):
            return None
        part = ImageGeometry.from_axes(self.geometry.size, volume.axes, volume.lps_from_ijk(start))
        return tuple(start[::-1].tolist()) if part.is_close(self.geometry) else None

    def segmentation_on(self, grid: SliceGrid, offset: tuple[int, int, int]) -> Segmentation:
        """The same on the voxels of a volume's `grid`, from index `offset` (k, j, i) on."""
        return Segmentation(tuple(segment for layer in self.layers for segment in _segments_of(layer, offset)), grid)


def label_boxes(layers: Sequence[NDArray]) -> tuple[LabelBox, ...]:
    """Cut layers of labels (k, j, i) to what is not empty."""
    return tuple(map(_label_box, layers))


def fill_segmentation_node(
    node: Any, boxes: Sequence[LabelBox], segments: Sequence[FileSegment], geometry: ImageGeometry
) -> None:
    """Replace what a vtkMRMLSegmentationNode holds.

    Parameters
    ----------
    node : keeps its display and its place in the scene
    boxes : one for each layer
    segments : one for each label that is to be seen
    geometry : of the layers' voxels, in the node's own coordinates
    """
    import slicer

    images = [_oriented_image(box, geometry) for box in boxes]
    segmentation = node.GetSegmentation()  # kept, as the subject hierarchy lists its segments one by one
    segmentation.RemoveAllSegments()
    segmentation.SetSourceRepresentationName(_BINARY_LABELMAP)
    for one in segments:
        segment = slicer.vtkSegment()
        segment.SetName(one.name)
        segment.SetColor(one.colour)
        segment.SetLabelValue(one.value)
        segment.AddRepresentation(_BINARY_LABELMAP, images[one.layer])
        segmentation.AddSegment(segment)


def labels_of_node(node: Any) -> NodeLabels:
    """What a vtkMRMLSegmentationNode or vtkMRMLLabelMapVolumeNode holds.

    Raises
    ------
    OverlayError
        If it is empty, or Slicer cannot make voxels of it.
    """
    return _labels_of_segmentation(node) if node.IsA("vtkMRMLSegmentationNode") else _labels_of_labelmap(node)


def _label_box(layer: NDArray) -> LabelBox:
    box = smallest_box(layer != 0)
    voxels = layer[box]
    if voxels.size:
        voxels = voxels.astype(np.result_type(*map(np.min_scalar_type, (voxels.min(), voxels.max()))), copy=False)
    return LabelBox(np.ascontiguousarray(voxels), tuple(part.start for part in box))


def _segments_of(layer: NodeLayer, offset: tuple[int, int, int]) -> Iterator[Segment]:
    for one in layer.segments:
        segment = Segment.from_mask(one.name, one.colour, one.value, layer.voxels == one.value)
        place = np.add(segment.offset, layer.offset) + offset
        yield replace(segment, offset=(0, 0, 0) if segment.is_empty else tuple(place.tolist()))


def _oriented_image(box: LabelBox, geometry: ImageGeometry) -> Any:
    import slicer
    import vtk
    from vtk.util.numpy_support import numpy_to_vtk

    image = slicer.vtkOrientedImageData()
    bounds = [(start, start + length - 1) for start, length in zip(box.offset, box.voxels.shape, strict=True)]
    image.SetExtent(*bounds[2], *bounds[1], *bounds[0])
    image.GetPointData().SetScalars(numpy_to_vtk(box.voxels.ravel(), deep=True))
    matrix = vtk.vtkMatrix4x4()
    matrix.DeepCopy(geometry.ijk_to_ras.ravel().tolist())
    image.SetImageToWorldMatrix(matrix)
    return image


def _labels_of_segmentation(node: Any) -> NodeLabels:
    import slicer

    segmentation = node.GetSegmentation()
    if segmentation.GetNumberOfSegments() == 0:
        raise OverlayError(f"{node.GetName()} holds no segments; choose another segmentation.")
    if not segmentation.ContainsRepresentation(_BINARY_LABELMAP):
        segmentation = _with_labelmaps(node)
    lattice = slicer.vtkOrientedImageData()
    extent = segmentation.EXTENT_UNION_OF_SEGMENTS
    if not segmentation.SetImageGeometryFromCommonLabelmapGeometry(lattice, None, extent) or lattice.IsEmpty():
        raise OverlayError(f"{node.GetName()} has only empty segments; choose another segmentation.")
    layers = tuple(_node_layer(segmentation, number, lattice) for number in range(segmentation.GetNumberOfLayers()))
    return NodeLabels(layers, _geometry_of(lattice))


def _with_labelmaps(node: Any) -> Any:
    """A copy of the node's segmentation whose contours or surfaces were turned into voxels."""
    import slicer

    copy = slicer.vtkSegmentation()
    copy.DeepCopy(node.GetSegmentation())
    if not copy.CreateRepresentation(_BINARY_LABELMAP):
        raise OverlayError(f"Slicer cannot turn {node.GetName()} into voxels; create its binary labelmap first.")
    return copy


def _node_layer(segmentation: Any, number: int, lattice: Any) -> NodeLayer:
    """Labels of one layer, resampled where its voxels are not those of `lattice`."""
    import slicer
    from vtk.util.numpy_support import vtk_to_numpy

    image = segmentation.GetLayerDataObject(number, _BINARY_LABELMAP)
    resample = slicer.vtkOrientedImageDataResample
    if not image.IsEmpty() and not resample.DoGeometriesMatch(image, lattice):
        fitted = slicer.vtkOrientedImageData()
        resample.ResampleOrientedImageToReferenceOrientedImage(image, lattice, fitted)
        image = fitted
    i0, i1, j0, j1, k0, k1 = image.GetExtent()
    start = lattice.GetExtent()[::2]
    shape = (k1 - k0 + 1, j1 - j0 + 1, i1 - i0 + 1)
    if image.IsEmpty():
        voxels = np.zeros((0, 0, 0), np.uint8)
    else:
        voxels = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(shape)
    segments = tuple(
        _file_segment(segmentation.GetSegment(name), number)
        for name in segmentation.GetSegmentIDsForLayer(number, _BINARY_LABELMAP)
    )
    return NodeLayer(voxels, (k0 - start[2], j0 - start[1], i0 - start[0]), segments)


def _file_segment(segment: Any, layer: int) -> FileSegment:
    return FileSegment(segment.GetName(), tuple(segment.GetColor()), segment.GetLabelValue(), layer)


def _geometry_of(lattice: Any) -> ImageGeometry:
    """Place of the voxels of an image whose extent need not start at 0."""
    import vtk

    matrix = vtk.vtkMatrix4x4()
    lattice.GetImageToWorldMatrix(matrix)
    values = np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])
    start = np.eye(4)
    start[:3, 3] = lattice.GetExtent()[::2]
    return ImageGeometry.from_ijk_to_ras(values @ start, lattice.GetDimensions())


def _labels_of_labelmap(node: Any) -> NodeLabels:
    import slicer
    import vtk

    if node.GetImageData() is None:
        raise OverlayError(f"{node.GetName()} holds no voxels; choose another labelmap.")
    values = vtk.vtkIntArray()
    slicer.vtkSlicerSegmentationsModuleLogic.GetAllLabelValues(values, node.GetImageData())
    display = node.GetDisplayNode()
    colours = None if display is None else display.GetColorNode()
    segments = tuple(_label(colours, values.GetValue(index)) for index in range(values.GetNumberOfValues()))
    layer = NodeLayer(slicer.util.arrayFromVolume(node), (0, 0, 0), segments)
    return NodeLabels((layer,), ImageGeometry.from_volume_node(node))


def _label(colours: Any, value: int) -> FileSegment:
    """Name and colour of a label as the node's colour table has them."""
    if colours is None or not 0 <= value < colours.GetNumberOfColors():
        return FileSegment(f"Label {value}", segment_colour(value), value)
    rgba = [0.0] * 4
    colours.GetColor(value, rgba)
    return FileSegment(colours.GetColorName(value), tuple(rgba[:3]), value)

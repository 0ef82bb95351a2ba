"""Volumes in the scene: a `Volume` becomes a volume node, and a volume node is read as a `Volume`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.geometry import LPS_FROM_RAS, RAS_SIGNS, FloatArray, ImageGeometry
from DicomSuiteLib.node_roles import remove_with_companions
from DicomSuiteLib.scene import mrml_scene
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.slice_transform import MOVES_SLICES, are_slices_in_place, set_slice_transform, slice_transform_of
from DicomSuiteLib.volumes import Volume, VolumeError
from DicomSuiteLib.voxel_window import VoxelWindow

INT32 = np.iinfo(np.int32)


@dataclass(frozen=True)
class _Code:
    """A coded entry: its value and meaning, and the scheme that defines them."""

    value: str
    scheme: str
    meaning: str


@dataclass(frozen=True)
class _VoxelMeaning:
    quantity: _Code
    units: _Code


_VOXEL_MEANINGS: Mapping[str, _VoxelMeaning] = MappingProxyType(
    {
        "CT": _VoxelMeaning(
            _Code("112031", "DCM", "Attenuation Coefficient"), _Code("[hnsf'U]", "UCUM", "Hounsfield unit")
        ),
        "MR": _VoxelMeaning(_Code("110852", "DCM", "MR signal intensity"), _Code("1", "UCUM", "no units")),
    }
)
"""What a volume node's voxels mean, by modality: the codes that Slicer's own DICOM reader gives it."""

_MODALITY = "DICOM.Modality"
"""The attribute under which Slicer keeps the modality of a series in the subject hierarchy."""

_BENDING_TOLERANCE = 0.01
"""mm by which a transform may move the voxels of one slice differently and still move it as a whole: rounding."""

_IS_BENT = "A transform that bends space is applied to the volume; harden it first (module Transforms, Harden)."


def node_of_volume(volume: Volume, name: str) -> Any:
    """Put a volume into the scene, as a vtkMRMLScalarVolumeNode with a copy of its voxels and a display window.

    Slices that do not lie evenly on a line are moved to their places by a transform node of their own. What views
    cannot show is replaced: voxels that are NaN get the lowest value, infinite ones the lowest or highest; truth
    values become whole numbers, half floats single ones, integers of 8 bytes those of 4 or, if too large, doubles.

    Raises
    ------
    MissingPackageError
        As for `mrml_scene`.
    VolumeError
        If no voxel is a finite number.
    """
    scene = mrml_scene()
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", scene.GenerateUniqueName(name))
    node.SetAndObserveImageData(image_data(_as_held(volume.voxels)))
    volume.grid.nominal_geometry.set_on_volume_node(node)
    if not are_slices_in_place(volume.grid.nominal_geometry, volume.grid.positions):
        _move_slices(node, volume.grid)
    _say_what_voxels_mean(node, volume.modality)
    _show_in_window(node, VoxelWindow.of(volume))
    return node


def volume_of_node(node: Any) -> Volume:
    """Read a vtkMRMLScalarVolumeNode; the voxels are the node's own, not a copy: they must not be written to.

    The grid is where the voxels lie in the patient, parent transforms included.

    Raises
    ------
    VolumeError
        If the node holds no voxels or more than one value a voxel, or a transform bends its slices.
    """
    image = node.GetImageData()
    if image is None or image.GetPointData().GetScalars() is None:
        raise VolumeError("The volume holds no voxels; load it again.")
    if image.GetNumberOfScalarComponents() != 1:
        raise VolumeError(
            f"The volume has {image.GetNumberOfScalarComponents()} values a voxel (colour, vectors); choose one with a "
            "single value, or split it with Slicer's module Vector to Scalar Volume."
        )
    return Volume(_voxels(image), _grid(node), _modality(node))


def remove_volume_node(node: Any) -> None:
    """Take a node that `node_of_volume` made out of the scene, with its companions and its slices' transform."""
    mover = slice_transform_of(node)
    remove_with_companions(node)
    if mover is not None and mrml_scene().IsNodePresent(mover):  # it may have gone with the volume
        mrml_scene().RemoveNode(mover)


def image_data(voxels: NDArray) -> Any:
    """A vtkImageData with a copy of voxels (slices, rows, columns), which lies where its indices say."""
    import vtk
    from vtk.util.numpy_support import numpy_to_vtk

    image = vtk.vtkImageData()
    image.SetDimensions(voxels.shape[::-1])
    image.GetPointData().SetScalars(numpy_to_vtk(np.ascontiguousarray(voxels).ravel(), deep=True))
    return image


def _as_held(voxels: NDArray) -> NDArray:
    """The voxels, finite and in a type that views show."""
    held = voxels.astype(_held_type(voxels), copy=False)
    return _finite(held) if held.dtype.kind == "f" else held


def _held_type(voxels: NDArray) -> np.dtype:
    """The type itself where there is no reason for another: VTK's histogram does not count integers of 8 bytes."""
    native = voxels.dtype.newbyteorder("=")
    if native.kind in "iu" and native.itemsize > INT32.dtype.itemsize:
        fits = INT32.min <= voxels.min() and voxels.max() <= INT32.max
        return INT32.dtype if fits else np.dtype(np.float64)
    return {np.dtype(bool): np.dtype(np.uint8), np.dtype(np.float16): np.dtype(np.float32)}.get(native, native)


def _finite(voxels: NDArray) -> NDArray:
    """A range of values without end would leave the ray casters and the window no shades."""
    known = np.isfinite(voxels)
    if known.all():
        return voxels
    if not known.any():
        raise VolumeError("The volume holds no number: every voxel is NaN or infinite; write it again from its source.")
    low, high = voxels[known].min(), voxels[known].max()
    return np.nan_to_num(voxels, nan=low, neginf=low, posinf=high)


def _voxels(image: Any) -> NDArray:
    from vtk.util.numpy_support import vtk_to_numpy

    return vtk_to_numpy(image.GetPointData().GetScalars()).reshape(image.GetDimensions()[::-1])


def _move_slices(node: Any, grid: SliceGrid) -> None:
    scene = mrml_scene()
    mover = scene.AddNewNodeByClass("vtkMRMLGridTransformNode", scene.GenerateUniqueName(f"{node.GetName()} slices"))
    mover.SetAttribute(MOVES_SLICES, "1")
    set_slice_transform(mover, grid.nominal_geometry, grid.positions)
    node.SetAndObserveTransformNodeID(mover.GetID())


def _say_what_voxels_mean(node: Any, modality: str) -> None:
    if meaning := _VOXEL_MEANINGS.get(modality):
        node.SetVoxelValueQuantity(_coded_entry(meaning.quantity))
        node.SetVoxelValueUnits(_coded_entry(meaning.units))


def _show_in_window(node: Any, window: VoxelWindow) -> None:
    scene = mrml_scene()
    display = scene.CreateNodeByClass("vtkMRMLScalarVolumeDisplayNode")
    display.UnRegister(None)
    # Before it gets the voxels: of 80 million of them, an automatic window takes a second.
    display.SetAutoWindowLevel(False)
    display.SetWindowLevelMinMax(window.low, window.high)
    scene.AddNode(display)
    display.SetDefaultColorMap()
    node.SetAndObserveDisplayNodeID(display.GetID())


def _coded_entry(code: _Code) -> Any:
    import slicer

    entry = slicer.vtkCodedEntry()
    entry.SetValueSchemeMeaning(code.value, code.scheme, code.meaning)
    return entry


def _modality(node: Any) -> str:
    """CT only where the voxels are known to be HU."""
    units, quantity = node.GetVoxelValueUnits(), node.GetVoxelValueQuantity()
    if units is not None and units.GetCodeValue() == _VOXEL_MEANINGS["CT"].units.value:
        return "CT"
    if quantity is not None and quantity.GetCodeValue() == _VOXEL_MEANINGS["MR"].quantity.value:
        return "MR"
    of_series = _modality_of_series(node)
    return "" if of_series == "CT" else of_series


def _modality_of_series(node: Any) -> str:
    import slicer

    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(mrml_scene())
    item = hierarchy.GetItemByDataNode(node) if hierarchy is not None else 0
    return hierarchy.GetItemAttribute(item, _MODALITY) if item else ""


def _grid(node: Any) -> SliceGrid:
    """Where the voxels lie, through the slices' own transform and whatever linear transforms are above."""
    grid = SliceGrid.from_geometry(ImageGeometry.from_volume_node(node))
    transform = node.GetParentTransformNode()
    if transform is not None and not transform.IsLinear():
        grid = _with_slices_moved(grid, transform)
        transform = transform.GetParentTransformNode()
    if transform is None:
        return grid
    if not transform.IsTransformToWorldLinear():
        raise VolumeError(_IS_BENT)
    return _transformed(grid, _lps_to_world(transform))


def _with_slices_moved(grid: SliceGrid, transform_node: Any) -> SliceGrid:
    """The grid after a transform that moves each slice as a whole, be it ours or that of Slicer's DICOM reader."""
    transform = transform_node.GetTransformToParent()
    columns, rows, slices = grid.size
    across, down = ([0.0, (length - 1) / 2, length - 1.0] for length in (columns, rows))
    ras = grid.lps_from_ijk([[(i, j, k) for j in down for i in across] for k in range(slices)]) * RAS_SIGNS
    moved = np.array([[transform.TransformPoint(point) for point in of_slice] for of_slice in ras])
    displacements = (moved - ras) * RAS_SIGNS
    if np.ptp(displacements, axis=1).max() > _BENDING_TOLERANCE:
        raise VolumeError(_IS_BENT)
    positions = np.array(grid.positions) + displacements[:, 0]
    return replace(grid, positions=tuple(map(tuple, positions.tolist())))


def _transformed(grid: SliceGrid, matrix: FloatArray) -> SliceGrid:
    """The grid after a linear transform, 4x4, LPS mm to LPS mm."""
    turn = matrix[:3, :3]
    positions = np.array(grid.positions) @ turn.T + matrix[:3, 3]
    lone_step = grid.lone_step and tuple((turn @ grid.lone_step).tolist())
    return replace(
        grid,
        row_step=tuple((turn @ grid.row_step).tolist()),
        column_step=tuple((turn @ grid.column_step).tolist()),
        positions=tuple(map(tuple, positions.tolist())),
        lone_step=lone_step,
    )


def _lps_to_world(transform_node: Any) -> FloatArray:
    """4x4 matrix, LPS mm to LPS mm."""
    import vtk

    matrix = vtk.vtkMatrix4x4()
    transform_node.GetMatrixTransformToWorld(matrix)
    ras = np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])
    return LPS_FROM_RAS @ ras @ LPS_FROM_RAS

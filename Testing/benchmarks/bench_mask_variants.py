"""One real mask in many NRRD files: where does it land in SimpleITK, in Slicer's three readers, and in DicomSuite?

    python DicomSuiteRTOverlay/Testing/benchmarks/bench_mask_variants.py [--patient STS_002] [--names lps ras ...]

Needs the folder of test data (DICOMSUITE_TEST_DATA) and, for Slicer's readers, slicer-core. Right is a Dice of at
least 0.99, on the volume's voxels, with the published mask of the patient. Ends with exit code 1 if DicomSuite put a
mask into a wrong place unasked, or its first candidate is not the right one.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

REPOSITORY = Path(__file__).resolve().parents[2]
for _folder in ("DicomSuite", "DicomSuiteRTOverlay", "Testing"):
    sys.path.insert(0, str(REPOSITORY / _folder))

from DicomSuiteLib.geometry import LPS_FROM_RAS, ImageGeometry  # noqa: E402
from DicomSuiteLib.read_volume import read_volume  # noqa: E402
from DicomSuiteLib.slice_grid import SliceGrid  # noqa: E402
from DicomSuiteLib.volumes import Volume  # noqa: E402
from DicomSuiteRTOverlayLib.errors import OverlayError  # noqa: E402
from DicomSuiteRTOverlayLib.mask_file import FileSegment, HeaderClaims, MaskFile  # noqa: E402
from DicomSuiteRTOverlayLib.place_mask import place_mask  # noqa: E402
from DicomSuiteRTOverlayLib.placement import Verdict  # noqa: E402
from DicomSuiteRTOverlayLib.read_mask_file import read_mask_file  # noqa: E402
from DicomSuiteRTOverlayLib.resample_mask import resample_mask  # noqa: E402
from mask_variants import VARIANTS, write_variants  # noqa: E402
from real_data import DATA  # noqa: E402

PROCESSES = multiprocessing.get_context("fork")

RIGHT_DICE = 0.99

RIGHT, WRONG, REFUSED, CRASHED = "right", "WRONG", "refused", "crashed"
FLAGGED, MISSED = "flagged, right first", "FLAGGED, NOT FIRST"

Placed = tuple[list[NDArray], ImageGeometry]
"""Layers, each (k, j, i), as a reader finds them in a file, and where it puts their voxels."""
Reader = Callable[[Path], Placed]


def main() -> int:
    """Run the benchmark; see the module's docstring."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--patient", default="STS_002")
    arguments.add_argument("--names", nargs="+", choices=list(VARIANTS), default=list(VARIANTS), metavar="NAME")
    options = arguments.parse_args()
    patient = DATA / "sts" / options.patient
    volume = read_volume(patient / "ct")
    truth = published_mask(patient / "mask.nii.gz", volume.grid)
    readers = {"SimpleITK": read_with_sitk} | slicer_readers()
    columns = [*readers, "DicomSuite"]
    counts: dict[str, Counter[str]] = {column: Counter() for column in columns}
    print(f"{options.patient}: {volume.grid.size} voxels, {np.count_nonzero(truth)} in the mask")
    print(f"{'variant':26}" + "".join(f"{column:>17}" for column in columns[:-1]) + "  DicomSuite")
    for name in options.names:
        with tempfile.TemporaryDirectory() as folder:
            geometry = volume.grid.nominal_geometry
            (variant,) = write_variants(Path(folder), truth, geometry, [name])
            found = [outcome(read, variant.path, truth, volume.grid) for read in readers.values()]
            ours, how = dicomsuite_outcome(variant.path, truth, volume)
        found.append(ours)
        for column, result in zip(columns, found, strict=True):
            counts[column][result] += 1
        print(f"{name:26}" + "".join(f"{result:>17}" for result in found[:-1]) + f"  {ours}: {how}", flush=True)
    print()
    for column in columns:
        print(f"{column:20}" + ", ".join(f"{result} {count}" for result, count in counts[column].most_common()))
    return 1 if counts["DicomSuite"].keys() & {WRONG, MISSED} else 0


def published_mask(path: Path, grid: SliceGrid) -> NDArray:
    """The mask that was published with the patient, on the voxels of the volume."""
    mask = read_mask_file(path)
    claims = mask.claims
    return union(mask, ImageGeometry.from_axes(claims.size, claims.axes, claims.origin), grid)


def union(mask: MaskFile, geometry: ImageGeometry, grid: SliceGrid) -> NDArray:
    """All segments together, on the voxels of the volume."""
    whole = np.zeros(grid.shape, bool)
    for segment in resample_mask(mask, geometry, grid).segments:
        whole[segment.box] |= segment.voxels
    return whole


def dice(first: NDArray, second: NDArray) -> float:
    """Twice the common voxels by all voxels of both."""
    return 2 * np.count_nonzero(first & second) / max(1, np.count_nonzero(first) + np.count_nonzero(second))


def outcome(read: Reader, path: Path, truth: NDArray, grid: SliceGrid) -> str:
    """What became of a file in a reader that does not doubt; it runs in a child process, which it may end."""
    receiver, sender = PROCESSES.Pipe(duplex=False)
    child = PROCESSES.Process(target=send_outcome, args=(sender, read, path, truth, grid))
    child.start()
    sender.close()
    try:
        return receiver.recv()
    except EOFError:
        return CRASHED
    finally:
        child.join()


def send_outcome(sender: Connection, read: Reader, path: Path, truth: NDArray, grid: SliceGrid) -> None:
    """What the child process does."""
    silence()
    try:
        layers, geometry = read(path)
    except RuntimeError:
        sender.send(REFUSED)
        return
    found = (dice(union(mask_of(path, layer), geometry, grid), truth) for layer in layers)
    sender.send(RIGHT if max(found) >= RIGHT_DICE else WRONG)


def mask_of(path: Path, voxels: NDArray) -> MaskFile:
    """Labels or probabilities as one segment: readers that know no threshold get the benefit of the doubt."""
    inside = (voxels >= 0.5).astype(np.uint8)
    return MaskFile(path, (inside,), (FileSegment("mask", (1, 0, 0), 1),), HeaderClaims(inside.shape[::-1]))


def dicomsuite_outcome(path: Path, truth: NDArray, volume: Volume) -> tuple[str, str]:
    """What became of a file here, and by which verdict."""
    try:
        mask = read_mask_file(path)
        placement = place_mask(mask, volume)
    except OverlayError as error:
        return REFUSED, str(error)
    if placement.verdict is Verdict.REFUSED:
        return REFUSED, placement.reason
    best = placement.candidates[0]
    is_right = dice(union(mask, best.geometry, volume.grid), truth) >= RIGHT_DICE
    how = f"{placement.verdict}, {best.key}, {best.probability:.0%}"
    if placement.is_automatic:
        return (RIGHT if is_right else WRONG), how
    return (FLAGGED if is_right else MISSED), how


def read_with_sitk(path: Path) -> Placed:
    """Raises RuntimeError where SimpleITK refuses the file."""
    image = sitk.ReadImage(str(path))
    if image.GetDimension() == 4:
        image = image[:, :, :, 0]
    voxels = sitk.GetArrayFromImage(image).reshape(*image.GetSize()[::-1], -1)
    return list(np.moveaxis(voxels, -1, 0)), ImageGeometry.from_sitk(image)


def slicer_readers() -> dict[str, Reader]:
    """Slicer's readers by name; none where slicer-core is not installed."""
    try:
        import slicer
    except ImportError:
        print("slicer-core is not installed: Slicer's readers are left out")
        return {}
    scene = slicer.vtkMRMLScene()
    return {
        "Slicer archetype": lambda path: read_volume_node(scene, "vtkMRMLVolumeArchetypeStorageNode", path),
        "Slicer NRRD": lambda path: read_volume_node(scene, "vtkMRMLNRRDStorageNode", path),
        "Slicer segm.": lambda path: read_segmentation_node(scene, path),
    }


@contextmanager
def nodes(scene: object, *classes: str) -> Iterator[list]:
    """Nodes of these classes, in the scene while the block runs."""
    made = [scene.AddNewNodeByClass(name) for name in classes]
    try:
        yield made
    finally:
        scene.Clear(0)


def read_volume_node(scene: object, storage_class: str, path: Path) -> Placed:
    """Read into a labelmap node; RuntimeError where Slicer refuses the file."""
    with nodes(scene, "vtkMRMLLabelMapVolumeNode", storage_class) as (node, storage):
        storage.SetFileName(str(path))
        if not storage.CanReadInReferenceNode(node) or not storage.ReadData(node) or node.GetImageData() is None:
            raise RuntimeError("refused")
        return voxels_of(node.GetImageData()), ImageGeometry.from_volume_node(node)


def read_segmentation_node(scene: object, path: Path) -> Placed:
    """Read into a segmentation node, all segments together; RuntimeError where Slicer refuses the file."""
    with nodes(scene, "vtkMRMLSegmentationNode", "vtkMRMLSegmentationStorageNode") as (node, storage):
        storage.SetFileName(str(path))
        if not storage.ReadData(node) or not node.GetSegmentation().GetNumberOfSegments():
            raise RuntimeError("refused")
        segmentation = node.GetSegmentation()
        count = segmentation.GetNumberOfLayers("Binary labelmap")
        layers = [segmentation.GetLayerDataObject(number, "Binary labelmap") for number in range(count)]
        size = layers[0].GetDimensions()
        voxels = [voxels_of(layer)[0] for layer in layers if layer.GetDimensions() == size]
        return voxels, oriented_geometry(layers[0])


def oriented_geometry(image: object) -> ImageGeometry:
    """The place of a vtkOrientedImageData, whose indices begin where its extent does."""
    import vtk

    matrix = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(matrix)
    to_lps = LPS_FROM_RAS @ np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])
    first = to_lps @ [*image.GetExtent()[::2], 1]
    return ImageGeometry.from_axes(image.GetDimensions(), to_lps[:3, :3], first[:3])


def voxels_of(image: object) -> list[NDArray]:
    """The components of a vtkImageData, each (k, j, i); copies, because the image may go."""
    from vtk.util.numpy_support import vtk_to_numpy

    voxels = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(*image.GetDimensions()[::-1], -1)
    return list(np.moveaxis(voxels, -1, 0).copy())


def silence() -> None:
    """Keep what C++ libraries print from the table, in this process and for good."""
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)


if __name__ == "__main__":
    sys.exit(main())

"""From the voxels of any file to labelled layers with a segment for every label."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.segment_colours import segment_colour
from DicomSuiteRTOverlayLib.errors import OverlayError
from DicomSuiteRTOverlayLib.float_labels import labels_from_floats
from DicomSuiteRTOverlayLib.mask_file import FileSegment, HeaderClaims, MaskFile

MOST_LABELS = 2000
"""More values than that are an image. The finest atlases in use (Allen's, Schaefer's) have up to 1,300 labels."""

BACKGROUND_SHARE = 0.99
"""Layers that do not overlap and fill this part of all voxels are a network's classes, the first the background."""


@dataclass(frozen=True, eq=False)
class StoredVoxels:
    """What a file holds before its numbers are interpreted.

    Parameters
    ----------
    layers : each (k, j, i), of any type of number
    claims : what the header says about the place
    segments : those that the header describes, some of which may be empty
    notes : what was changed while reading
    """

    layers: tuple[NDArray, ...]
    claims: HeaderClaims
    segments: tuple[FileSegment, ...] = ()
    notes: tuple[str, ...] = ()


def layers_of(array: NDArray, spatial: Sequence[int], layer: int | None) -> tuple[NDArray, ...]:
    """Take the layers, each (k, j, i), out of an array of any number of axes.

    Parameters
    ----------
    array : its last axis is the fastest of the file
    spatial : which axes, counted from the fastest, are i, j, k
    layer : which one counts layers; the rest have one element
    """
    rest = [axis for axis in range(array.ndim) if axis not in (*spatial, layer)]
    from_slowest = [*rest, *([] if layer is None else [layer]), *reversed(spatial)]
    ordered = array.transpose([array.ndim - 1 - axis for axis in from_slowest])
    return tuple(np.ascontiguousarray(part) for part in ordered.reshape(-1, *ordered.shape[-3:]))


def labelled_mask(path: Path, stored: StoredVoxels, threshold: float) -> MaskFile:
    """Interpret the numbers of a file as labels, and describe every label as a segment.

    Raises
    ------
    OverlayError
        If no voxel is labelled, or the numbers are those of an image; the message does not name the file.
    """
    layers, notes = [], list(stored.notes)
    for voxels in stored.layers:
        labels, how = _whole_numbers(voxels, threshold)
        layers.append(labels)
        notes += [note for note in how if note not in notes]
    if not stored.segments and _first_is_background(layers):
        layers[0] = np.zeros_like(layers[0])
        notes.append("the first layer fills what the others leave free; it was taken for the background")
    values = [label_values(layer) for layer in layers]
    found = sum(map(len, values))
    if not found:
        raise OverlayError("none of its voxels is labelled, so it holds no segment; choose another mask")
    if found > MOST_LABELS:
        raise OverlayError(f"it holds more than {MOST_LABELS} values, so it is an image, not a mask; choose the mask")
    segments = _segments(path, values, stored.segments)
    return MaskFile(path, tuple(layers), segments, stored.claims, tuple(notes))


def label_values(labels: NDArray) -> list[int]:
    """The different values of an integer array (k, j, i) other than 0, in order; some, where there are too many.

    Only the first voxel of each run along a row is looked at: sorting all voxels would take longer than reading them.
    """
    found: set[int] = set()
    for plane in labels:
        is_new = plane[:, 1:] != plane[:, :-1]
        found.update(np.unique(np.concatenate([plane[:, 0], plane[:, 1:][is_new]])).tolist())
        if len(found) > MOST_LABELS + 1:
            break
    return sorted(found - {0})


def _whole_numbers(voxels: NDArray, threshold: float) -> tuple[NDArray, tuple[str, ...]]:
    kind = voxels.dtype.kind
    if kind in "iu":
        return voxels, ()
    if kind == "b":
        return voxels.view(np.uint8), ()
    if kind == "f":
        return labels_from_floats(voxels, threshold)
    raise OverlayError(f"its voxels are of the type {voxels.dtype}; save it with whole numbers")


def _first_is_background(layers: Sequence[NDArray]) -> bool:
    if len(layers) < 2:
        return False
    depth = np.zeros(layers[0].shape, np.uint16)
    for layer in layers:
        depth += layer != 0
    if depth.max() > 1:
        return False
    first = np.count_nonzero(layers[0])
    filled = np.count_nonzero(depth)
    return bool(filled >= BACKGROUND_SHARE * depth.size and first > filled - first)


def _segments(path: Path, values: Sequence[Sequence[int]], described: Iterable[FileSegment]) -> tuple[FileSegment, ...]:
    """The described segments, then one for every label that has none."""
    segments = [segment for segment in described if segment.layer < len(values)]
    known = {(segment.layer, segment.value) for segment in segments}
    new = [(layer, value) for layer, in_layer in enumerate(values) for value in in_layer if (layer, value) not in known]
    alone = not segments and len(new) == 1
    for layer, value in new:
        name = _stem(path) if alone else _label_name(layer, value, values)
        segments.append(FileSegment(name, segment_colour(len(segments)), value, layer))
    return tuple(segments)


def _label_name(layer: int, value: int, values: Sequence[Sequence[int]]) -> str:
    if len(values) == 1:
        return f"Label {value}"
    return f"Layer {layer + 1}" if values[layer] == [value] else f"Layer {layer + 1}, label {value}"


def _stem(path: Path) -> str:
    """The file's name without its suffixes: `tumour` of tumour.seg.nrrd and tumour.nii.gz."""
    return re.sub(r"(\.seg)?\.[^.]+(\.gz)?$", "", path.name, flags=re.IGNORECASE) or path.name

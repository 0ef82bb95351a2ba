"""How deep the top of the table, or a wall of the head holder, lies behind the patient, also where they touch.

There the patient and the shell are one thick thing. Its top is taken to be what a stiff sheet through the places around
would be; along the patient a table hardly bends.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import spsolve

from DicomSuiteLib.geometry import FloatArray
from DicomSuiteLib.segments import BoolArray
from DicomSuiteRenderLib.coarse_ct import CoarseCt
from DicomSuiteRenderLib.table_sheets import Side, TableSheets, deeper_than, last_depths, table_sheets

LATTICE_MM = 5.0
"""Between the places at which the stiff sheet is computed."""

STIFFNESS = 3.0
"""Weight of the sheet's bending across the patient, against its distance from what was seen; voxels, squared."""

STIFFNESS_ALONG = 300.0
"""The same along the patient."""

SMALLEST_STIFFNESS = 1e-9
"""Of the sheet's depth itself, so that the sheet is determined even where a single place was seen."""

STEP_MM = 3.0
"""By which the top may change between neighbours, or be off the stiff sheet; more, and another sheet is seen."""

STANDING_OFF = 0.5
"""How many neighbours in larger patches, for one in a smaller patch, tell that a patch is not the top."""

KNOWN_MM = 80.0
"""How far from where it was seen the top is trusted: half the width of a back."""

THICKEST_SHELL_MM = 10.0
"""What a patient lies on without a gap; if more would be cut off them, the top is not where it was thought."""


@dataclass(frozen=True, eq=False)
class TableTop:
    """The top of the table, or the inner side of a wall beside the patient.

    Parameters
    ----------
    depths : (z, across) in voxels towards `side`, at which it begins; infinite where it is not known
    side : of the patient, on which it lies
    is_table : whether it is a table, behind which nothing is the patient's
    step : mm by which the depth grows from voxel to voxel
    """

    depths: FloatArray
    side: Side
    is_table: bool
    step: float

    def share_behind(self, parts: NDArray, count: int) -> FloatArray:
        """Which share of each part 0 to `count` of a coarse CT lies behind the top."""
        numbers = self.side.facing(parts)
        behind = numbers[self._beyond(numbers.shape[1])]
        sizes = np.bincount(numbers.ravel(), minlength=count + 1)
        return np.bincount(behind, minlength=count + 1) / np.maximum(sizes, 1)

    def glued_to(self, body: BoolArray) -> BoolArray:
        """The part of a body that is the shell on which it lies."""
        facing = self.side.facing(body)
        cut_off = facing & self._beyond(facing.shape[1])
        is_thin = np.count_nonzero(cut_off, axis=1) * self.step <= THICKEST_SHELL_MM
        return self.side.facing_back(cut_off & is_thin[:, None, :])

    def _beyond(self, size: int) -> BoolArray:
        return np.arange(size)[:, None] >= self.depths[:, None, :]


def table_tops(thin: BoolArray, patient: BoolArray, ct: CoarseCt) -> tuple[TableTop, ...]:
    """Find the tops of table and walls from thin parts, behind the thick part of a patient."""
    return tuple(_top_of(sheets, patient, ct) for sheets in table_sheets(thin, patient, ct))


def _top_of(sheets: TableSheets, patient: BoolArray, ct: CoarseCt) -> TableTop:
    facing = sheets.side.facing(patient)
    behind = sheets.side.facing(sheets.mask) & deeper_than(last_depths(facing), facing.shape[1])
    step = ct.spacing[sheets.side.axis]
    seen = np.where(behind.any(axis=1), behind.argmax(axis=1), np.nan)
    seen = _without_smaller_patches(seen, step)
    spacing = (ct.spacing[0], ct.spacing[3 - sheets.side.axis])
    fitted = _stiff_sheet(seen, spacing)
    is_top = np.abs(seen - fitted) * step <= STEP_MM
    distances = ndimage.distance_transform_edt(~is_top, sampling=spacing)
    # A sheet is first seen in the voxel that holds its top; a fit through the middles of these lies half a voxel deep.
    continued = np.where(distances <= KNOWN_MM, fitted - 0.5, np.inf)
    return TableTop(np.where(is_top, seen, continued), sheets.side, sheets.is_table, step)


def _without_smaller_patches(seen: FloatArray, step: float) -> FloatArray:
    """Depths (z, across), NaN in patches that stand off a larger one beside them, across the patient.

    These are deeper sheets where the patient hides the first one, and things that lie on it, such as ears and cloths.
    """
    places = np.arange(seen.size).reshape(seen.shape)
    across = np.stack([places[:, :-1].ravel(), places[:, 1:].ravel()])
    along = np.stack([places[:-1].ravel(), places[1:].ravel()])
    jumps = np.abs(np.diff(seen.ravel()[np.hstack([across, along])], axis=0)[0]) * step  # NaN beside what is not seen
    links = np.hstack([across, along])[:, jumps <= STEP_MM]
    graph = sparse.coo_array((np.ones(links.shape[1]), links), (seen.size, seen.size))
    count, patches = connected_components(graph, directed=False)
    areas = np.bincount(patches, np.isfinite(seen).ravel(), count)
    beside = patches[across[:, jumps[: across.shape[1]] > STEP_MM]]
    beside = np.take_along_axis(beside, np.argsort(areas[beside], axis=0), axis=0)
    smaller, larger = np.bincount(beside[0], minlength=count), np.bincount(beside[1], minlength=count)
    stands_off = (smaller > 0) & (smaller >= STANDING_OFF * larger)
    return np.where(stands_off[patches].reshape(seen.shape), np.nan, seen)


def _stiff_sheet(seen: FloatArray, spacing: tuple[float, float]) -> FloatArray:
    """The sheet, (z, across), that is as near to the depths seen as its stiffness lets it."""
    blocks = [max(1, round(LATTICE_MM / step)) for step in spacing]
    rows, columns = (-(-size // block) for size, block in zip(seen.shape, blocks, strict=True))
    z, across = np.nonzero(np.isfinite(seen))
    cells = (z // blocks[0]) * columns + across // blocks[1]
    counts = np.bincount(cells, minlength=rows * columns)
    means = np.bincount(cells, seen[z, across], rows * columns) / np.maximum(counts, 1)
    is_seen = (counts > 0).astype(float)
    system = sparse.diags_array(is_seen) + _bending(rows, columns)
    sheet = spsolve(sparse.csc_array(system), is_seen * means).reshape(rows, columns)
    places = [(np.arange(size) - (block - 1) / 2) / block for size, block in zip(seen.shape, blocks, strict=True)]
    return ndimage.map_coordinates(sheet, np.meshgrid(*places, indexing="ij"), order=1, mode="nearest")


def _bending(rows: int, columns: int) -> sparse.coo_array:
    """The matrix of the energy that bending takes: second differences along, across and mixed, squared."""
    along = sparse.kron(_differences(rows, 2), sparse.eye_array(columns))
    across = sparse.kron(sparse.eye_array(rows), _differences(columns, 2))
    twist = sparse.kron(_differences(rows, 1), _differences(columns, 1))
    return (
        STIFFNESS_ALONG * along.T @ along
        + STIFFNESS * (across.T @ across + 2 * twist.T @ twist)
        + SMALLEST_STIFFNESS * sparse.eye_array(rows * columns)
    )


def _differences(size: int, order: int) -> sparse.dia_array:
    """First or second differences of a line."""
    weights = ([-1.0, 1.0], [1.0, -2.0, 1.0])[order - 1]
    shape = (max(size - order, 0), size)
    return sparse.diags_array(weights, offsets=range(order + 1), shape=shape)

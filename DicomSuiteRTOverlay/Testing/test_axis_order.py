"""The 48 orders of axes, and finding the one by which two grids share their voxels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteRTOverlayLib.axis_order import AXIS_ORDERS, SAME_LAYOUT, fitting_orders
from DicomSuiteRTOverlayLib.lattice_map import lattice_map
from orientation_cases import laid_out

VOLUME = ImageGeometry((5, 4, 3), (1, 1.5, 4), (-10, 20, 300), ((0, 1, 0), (0.6, 0, -0.8), (0.8, 0, 0.6)))
VOXELS = np.arange(60).reshape(3, 4, 5)

orders = st.sampled_from(AXIS_ORDERS)


def test_there_are_48_and_the_same_layout_is_the_first():
    assert len(set(AXIS_ORDERS)) == 48
    assert len({order.key for order in AXIS_ORDERS}) == 48
    assert AXIS_ORDERS[0] is SAME_LAYOUT
    assert SAME_LAYOUT.key == "+i+j+k"


def test_numpy_dump_has_its_axes_in_the_opposite_order():
    numpy_dump = next(order for order in AXIS_ORDERS if order.key == "+k+j+i")
    np.testing.assert_array_equal(numpy_dump.lay(VOXELS.transpose(2, 1, 0)), VOXELS)


def test_layout_of_the_original_application_has_its_key():
    original = next(order for order in AXIS_ORDERS if order.key == "+j-i-k")
    as_pynrrd_reads = np.random.default_rng(0).integers(0, 9, (4, 5, 3))  # indexed [i, j, k]
    as_it_showed = np.flip(as_pynrrd_reads, (0, 2)).transpose(2, 0, 1)
    np.testing.assert_array_equal(original.lay(as_pynrrd_reads.T), as_it_showed)


@given(orders)
def test_array_indices_and_mm_agree_on_where_a_voxel_comes_to_lie(order):
    array = laid_out(VOXELS, order)
    geometry = order.mask_geometry(VOLUME)
    assert geometry.size == array.shape[::-1]
    kji = np.argwhere(array >= 0)
    on_volume = order.volume_from_mask(kji[:, ::-1], VOLUME.size)
    np.testing.assert_array_equal(array[tuple(kji.T)], VOXELS[tuple(on_volume[:, ::-1].T)])
    np.testing.assert_allclose(geometry.lps_from_ijk(kji[:, ::-1]), VOLUME.lps_from_ijk(on_volume), atol=1e-9)


@given(orders, st.tuples(*[st.integers(-4, 4)] * 3), st.tuples(*[st.floats(-0.04, 0.04)] * 3))
def test_shared_lattice_is_found_with_its_order_and_offset(order, offset, slip):
    covering = order.mask_geometry(VOLUME)
    move = VOLUME.axes @ (np.array(offset) + slip)
    found = lattice_map(ImageGeometry.from_axes(covering.size, covering.axes, covering.origin + move), VOLUME)
    assert found.order == order
    np.testing.assert_array_equal(found.offset, order.offset(VOLUME.size) + offset)
    assert found.covers(covering.size, VOLUME.size) == (not any(offset))


@pytest.mark.parametrize(
    ("axes", "origin"),
    [
        (VOLUME.axes, VOLUME.lps_from_ijk((0.3, 0, 0))),
        (VOLUME.axes * 2, VOLUME.origin),
        (VOLUME.axes * 1.05, VOLUME.origin),
        (VOLUME.axes + 0.1, VOLUME.origin),
    ],
)
def test_grids_that_share_no_voxels_are_told_so(axes, origin):
    assert lattice_map(ImageGeometry.from_axes(VOLUME.size, axes, origin), VOLUME) is None


def test_as_many_orders_fit_as_sizes_allow():
    assert len(fitting_orders((5, 5, 5), (5, 5, 5))) == 48
    assert len(fitting_orders((5, 5, 3), (5, 5, 3))) == 16
    assert len(fitting_orders((3, 5, 4), (5, 4, 3))) == 8
    assert not fitting_orders((5, 5, 4), (5, 4, 4))

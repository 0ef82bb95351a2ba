"""Every header variant of one mask ends in its place, or is flagged with the right candidate first: no silent error."""

import numpy as np
import pytest

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.volumes import Volume
from DicomSuiteRTOverlayLib.place_mask import place_mask
from DicomSuiteRTOverlayLib.placement import Verdict
from DicomSuiteRTOverlayLib.read_mask_file import read_mask_file
from DicomSuiteRTOverlayLib.resample_mask import resample_mask
from mask_variants import VARIANTS, Expected, Variant, write_variants
from orientation_cases import Labelled, patients
from real_data import real_data
from synthetic_organs import synthetic_organs

OBLIQUE = ((0.955, -0.2955, 0.0), (0.2955, 0.955, 0.0), (0.0, 0.0, 1.0))


def unit(directions):
    columns = np.array(directions) / np.linalg.norm(directions, axis=0)
    return tuple(map(tuple, columns.tolist()))


@pytest.fixture(scope="module")
def made_up() -> Labelled:
    """One kidney in a volume whose rows run obliquely, and whose origin is far from zero in x, y and z alike."""
    geometry = ImageGeometry((72, 66, 40), (4, 4, 6), (-140.3, -120.7, 333.3), unit(OBLIQUE))
    volume, labels = synthetic_organs(geometry, 5)
    return Labelled("organs", volume, (labels == 2).astype(np.uint8))


@pytest.fixture(scope="module")
def patient() -> Labelled:
    real_data("sts")
    return patients()[0]


def dice(first, second):
    return 2 * np.count_nonzero(first & second) / (np.count_nonzero(first) + np.count_nonzero(second))


def check(variant: Variant, volume: Volume, labels):
    mask = read_mask_file(variant.path)
    placement = place_mask(mask, volume)
    best = resample_mask(mask, placement.candidates[0].geometry, volume.grid).segments[0]
    assert dice(best.full_mask(volume.grid.shape), labels > 0) >= 0.99, placement.reason
    if variant.expected is Expected.PLACED:
        assert placement.verdict is Verdict.PLACED
    else:
        assert placement.verdict in (Verdict.REPAIRED, Verdict.GUESSED)
    assert placement.reason.endswith(".")
    assert "mask.nrrd" not in placement.reason


@pytest.mark.parametrize("name", VARIANTS)
def test_variant_on_an_oblique_volume(name, made_up, tmp_path):
    (variant,) = write_variants(tmp_path, made_up.labels, made_up.volume.grid.geometry, [name])
    check(variant, made_up.volume, made_up.labels)


@pytest.mark.parametrize("name", [name for name in VARIANTS if not name.startswith(("detached", "ascii", "hex"))])
def test_variant_on_a_real_patient(name, patient, tmp_path):
    (variant,) = write_variants(tmp_path, patient.labels, patient.volume.grid.geometry, [name])
    check(variant, patient.volume, patient.labels)

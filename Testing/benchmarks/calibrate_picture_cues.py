"""Fit the weights of the picture cues (`CUE_WEIGHTS`) to masks whose place is known.

    python calibrate_picture_cues.py [--crops 60] [--organs 200]

Calibration uses three patients and made-up organs of its own seeds, with contours that slip by some mm as observers'
do; bench_orientation_search.py evaluates on other seeds and tells the three patients that had no part in it.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

sys.path.insert(0, str(Path(__file__).parents[1]))

from DicomSuiteRTOverlayLib.axis_order import fitting_orders
from DicomSuiteRTOverlayLib.mask_samples import mask_samples
from DicomSuiteRTOverlayLib.picture_cues import CUE_NAMES, label_cues
from DicomSuiteRTOverlayLib.reference_cues import reference_cues
from DicomSuiteRTOverlayLib.voxel_map import VoxelMap
from orientation_cases import Case, organ_cases, patient_cases, patients

CALIBRATION_PATIENTS = ("STS_002", "STS_008", "STS_025")
SEED = 1
SLIP_MM = 2.5
SHRINKAGE = 3.0
"""Strength of the quadratic penalty on weights of cues of unit spread."""


def cue_table(case: Case) -> tuple[NDArray, NDArray]:
    """Cues (places, cues), summed over segments as the search does, and which places (places,) are the true one."""
    cues, samples = reference_cues(case.volume), mask_samples(case.mask)
    geometry = case.volume.grid.nominal_geometry
    orders = fitting_orders(case.mask.shape[::-1], geometry.size)
    rows = []
    for order in orders:
        place = VoxelMap(order.mask_geometry(geometry), case.volume.grid)
        rows.append(sum(label_cues(part, cues, place) for part in samples) / np.sqrt(len(samples)))
    true = case.truth.lay(case.mask.layers[0])
    return np.array(rows), np.array([np.array_equal(order.lay(case.mask.layers[0]), true) for order in orders])


def fitted_weights(tables: list[tuple[NDArray, NDArray]]) -> NDArray:
    """Weights, none below 0, of the multinomial logit that makes the true places likeliest."""
    spread = np.mean([rows.std(axis=0) for rows, _ in tables], axis=0)

    def loss(weights: NDArray) -> tuple[float, NDArray]:
        total, slope = SHRINKAGE * float(weights @ weights), 2 * SHRINKAGE * weights
        for rows, is_true in tables:
            scaled = rows / spread
            odds = np.exp(scaled @ weights - (scaled @ weights).max())
            share = odds / odds.sum()
            right = share[is_true].sum()
            total -= np.log(right)
            slope = slope - (share[is_true] / right @ scaled[is_true] - share @ scaled)
        return total, slope

    result = minimize(loss, np.zeros(len(spread)), jac=True, method="L-BFGS-B", bounds=[(0, None)] * len(spread))
    return result.x / spread


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--crops", type=int, default=60, help="per patient")
    parser.add_argument("--organs", type=int, default=200)
    arguments = parser.parse_args()
    chosen = [patient for patient in patients() if patient.name in CALIBRATION_PATIENTS]
    cases = [case for patient in chosen for case in patient_cases(patient, arguments.crops, SEED, SLIP_MM)]
    cases += organ_cases(arguments.organs, SEED, SLIP_MM)
    for name, weight in zip(CUE_NAMES, fitted_weights([cue_table(case) for case in cases]), strict=True):
        print(f"{name:12s} {weight:.3g}")


if __name__ == "__main__":
    main()

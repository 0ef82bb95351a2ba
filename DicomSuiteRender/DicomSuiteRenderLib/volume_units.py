"""Finds the unit of a volume's values, in its DICOM files or on its node."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset

from DicomSuiteLib.dicom_headers import header_number, header_text, read_headers
from DicomSuiteLib.value_unit import HOUNSFIELD, NO_UNIT, UPTAKE_BY_WEIGHT, ValueUnit
from DicomSuiteLib.volumes import Volume
from DicomSuiteRenderLib.errors import RenderError
from DicomSuiteRenderLib.standard_uptake import suv_factor

HOUNSFIELD_CODE = "[hnsf'U]"
"""UCUM's code of the Hounsfield unit, as Slicer's DICOM reader puts it on a CT volume node."""

DIMENSIONLESS_CODE = "1"
"""UCUM's code for numbers without a unit, which Slicer's DICOM reader gives MR."""

UPTAKE_CODES = frozenset({"{SUVbw}g/ml", "g/ml{SUVbw}"})
"""UCUM's codes of SUVbw: that of CID 85 (PS3.16), and that of CID 84 before."""

RESCALE_KEYWORDS = ("Modality", "RescaleSlope", "RescaleIntercept", "RescaleType")

PET_UNITS = {"BQML": "Bq/ml", "CNTS": "counts", "GML": "g/ml", "CM2ML": "cm²/ml", "PCNT": "%"}
"""DICOM's Units (0054,1001) as people write them; PS3.3 C.8.9.1.1.3."""


def value_unit(volume: Volume) -> ValueUnit:
    """Find the unit of a volume: HU only for rescaled CT, SUVbw for PET where its DICOM files let it be computed.

    Of CT and PET every header is read. What a header lacks raises nothing: the note says why there is no unit.

    Raises
    ------
    VolumeError
        If a file of the volume can no longer be read.
    """
    if volume.is_dicom and volume.files:
        return value_unit_of_files(volume.files, volume.modality)
    return HOUNSFIELD if volume.modality == "CT" else NO_UNIT


def value_unit_of_files(files: Sequence[Path], modality: str) -> ValueUnit:
    """As `value_unit`, from the DICOM files of a volume and their Modality."""
    if modality == "CT":
        return _ct_unit(read_headers(files, RESCALE_KEYWORDS))
    if modality == "PT":
        return _pet_unit(read_headers(files))
    return NO_UNIT


def value_unit_of_node(volume_node: Any) -> ValueUnit:
    """The unit that a vtkMRMLScalarVolumeNode itself carries (VoxelValueUnits); `NO_UNIT` where it has none."""
    units = volume_node.GetVoxelValueUnits()
    code = "" if units is None else units.GetCodeValue() or ""
    if code in ("", DIMENSIONLESS_CODE):
        return NO_UNIT
    if code == HOUNSFIELD_CODE:
        return HOUNSFIELD
    if code in UPTAKE_CODES:
        return UPTAKE_BY_WEIGHT
    quantity = volume_node.GetVoxelValueQuantity()
    meaning = "" if quantity is None else quantity.GetCodeMeaning() or ""
    return ValueUnit(units.GetCodeMeaning() or code, meaning)


def _ct_unit(headers: Sequence[Dataset]) -> ValueUnit:
    """PS3.3 C.8.2.1: a rescaled CT image is in HU unless its Rescale Type says otherwise."""
    if any(header_number(header, name) is None for header in headers for name in ("RescaleSlope", "RescaleIntercept")):
        return ValueUnit(note="the CT images have no rescale slope and intercept, so their values are not HU")
    kinds = {header_text(header, "RescaleType") or "HU" for header in headers}
    if kinds == {"HU"}:
        return HOUNSFIELD
    return ValueUnit(note=f"the CT images are rescaled to {', '.join(sorted(kinds))}, so their values are not HU")


def _pet_unit(headers: Sequence[Dataset]) -> ValueUnit:
    try:
        uptake = suv_factor(headers)
    except RenderError as error:
        units = {header_text(header, "Units") for header in headers}
        symbol = PET_UNITS.get(units.pop(), "") if len(units) == 1 else ""
        return ValueUnit(symbol, note=str(error))
    return ValueUnit("g/ml", "SUVbw", uptake.factor, "; ".join(uptake.notes))

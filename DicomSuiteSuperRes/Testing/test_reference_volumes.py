"""A result is compared with the reference of its name, and never with another one."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from DicomSuiteSuperResLib.errors import SuperResError
from DicomSuiteSuperResLib.find_inputs import FoundInput
from DicomSuiteSuperResLib.references import References

LONG = "sub-01_" + "x" * 78
"""Longer than what names of results keep of it."""


def references(folder: Path, *names: str) -> References:
    """A folder of volumes whose values tell their number."""
    for number, name in enumerate(names):
        sitk.WriteImage(sitk.GetImageFromArray(np.full((4, 4, 4), number, np.int16)), str(folder / name))
    return References(folder)


def number_for(known: References, name: str) -> int:
    return int(known.of(FoundInput(1, name, "1-a", Path(name))).voxels[0, 0, 0])


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        ((f"{LONG}A.nii", f"{LONG}B.nii"), (f"{LONG}A.nii", f"{LONG}B.nii.gz")),
        (("a b.nii", "a_b.nii"), ("a b.nrrd", "a_b.nrrd")),
        (("a.NRRD", "a.b.nii.gz"), ("a.nii", "a.b.nii")),
    ],
)
def test_names_are_compared_as_a_whole_but_for_the_kind_of_the_file(tmp_path, names, wanted):
    known = references(tmp_path, *names)
    assert [number_for(known, name) for name in wanted] == [0, 1]


def test_two_references_of_one_name_are_refused_for_the_input_that_is_called_so(tmp_path):
    known = references(tmp_path, "a.nii", "b.nii", "a.nrrd")
    with pytest.raises(SuperResError, match=r"Several references are called like a\.nii"):
        number_for(known, "a.nii")
    assert number_for(known, "b.nii") == 1


def test_missing_reference_is_told(tmp_path):
    with pytest.raises(SuperResError, match=r"No reference is called like c\.nii"):
        number_for(references(tmp_path, "a.nii"), "c.nii")

"""Private attributes that may stay: dcm2niix reads the same of a series before and after, and nobody's name stays."""

from __future__ import annotations

import gzip
import json
import subprocess
import warnings
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from anonymize_runs import anonymize, write_key
from DicomSuiteAnonymizeLib.dataset_rewriter import rewrite_dataset
from DicomSuiteAnonymizeLib.private_attributes.safe_attributes import MR_DIFFUSION_TIMING
from DicomSuiteAnonymizeLib.profiles.profile import Profile
from DicomSuiteAnonymizeLib.ps315 import Option
from DicomSuiteAnonymizeLib.rewriter import rewrite_bytes
from DicomSuiteAnonymizeLib.verification.verify import verify
from rewriting import rewritten_bytes
from validators import program
from vendor_mr import MAKERS, SECRET, general_electric, philips

NOT_NUMBERS = {
    "AcquisitionTime", "ConversionSoftware", "DeviceSerialNumber", "InstitutionName", "ProcedureStepDescription",
    "ProtocolName", "PulseSequenceDetails", "ReceiveCoilName", "SeriesDescription", "SoftwareVersions", "StationName",
}  # fmt: skip
"""Entries of dcm2niix's sidecar that come from attributes of the table, or from words of the Siemens protocol."""
IDENTIFYING = (*SECRET.encode().split(b"^"), b"MRN-77123", b"tProtocolName", b"tReferenceImage", b"PatReinPattern")
OPTION = ("--safe-private", MR_DIFFUSION_TIMING)
PROFILE = Profile(
    "mr",
    "",
    options=frozenset((Option.RETAIN_SAFE_PRIVATE,)),
    private_lists=frozenset((MR_DIFFUSION_TIMING,)),
)


def converted(folder: Path, target: Path) -> dict[str, object]:
    """What dcm2niix makes of a series: b-values, directions, sidecar and voxels."""
    target.mkdir()
    command = [program("dcm2niix"), "-f", "x", "-b", "y", "-z", "n", "-o", str(target), str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    sidecar = json.loads((target / "x.json").read_text(encoding="utf-8"))
    return {
        "bval": (target / "x.bval").read_text(encoding="ascii"),
        "bvec": (target / "x.bvec").read_text(encoding="ascii"),
        "sidecar": {name: value for name, value in sidecar.items() if name not in NOT_NUMBERS},
        "voxels": (target / "x.nii").read_bytes()[352:],
    }


@pytest.fixture(params=list(MAKERS))
def series(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    MAKERS[request.param](folder)
    return folder


def test_dcm2niix_reads_the_same_diffusion_and_timing_before_and_after(series: Path, tmp_path: Path):
    before = converted(series, tmp_path / "before")
    assert len(set(str(before["bval"]).split())) > 1
    assert anonymize(series, tmp_path / "out", write_key(tmp_path / "key"), *OPTION).code == 0
    assert converted(tmp_path / "out", tmp_path / "after") == before
    verdict = verify(tmp_path / "out", [series], lambda done, total: None)
    assert verdict.findings == ()
    assert verdict.files == len(list(series.iterdir()))


def test_nothing_planted_beside_what_is_read_stays(series: Path, tmp_path: Path):
    anonymize(series, tmp_path / "out", write_key(tmp_path / "key"), *OPTION)
    for file in (tmp_path / "out").rglob("*.dcm"):
        content = file.read_bytes()
        assert not [word for word in IDENTIFYING if word in content]


def test_both_ways_of_rewriting_agree(series: Path):
    for path in series.iterdir():
        source = path.read_bytes()
        fast = rewritten_bytes(source, PROFILE, by=rewrite_bytes)
        assert fast == rewritten_bytes(source, PROFILE, by=rewrite_dataset)


def test_without_the_list_only_what_the_standard_names_stays(tmp_path: Path):
    (tmp_path / "in").mkdir()
    general_electric(tmp_path / "in")
    anonymize(tmp_path / "in", tmp_path / "out", write_key(tmp_path / "key"), "--retain", "safe-private")
    dataset = dcmread(next((tmp_path / "out").rglob("*.dcm")))
    own = {(element.tag.group, element.tag.elem) for element in dataset if element.tag.is_private}
    assert own == {
        (0x0019, 0x0010), (0x0019, 0x109E), (0x0025, 0x0010), (0x0025, 0x1007), (0x0043, 0x0010), (0x0043, 0x1039),
    }  # fmt: skip


def as_unknown(dataset: Dataset) -> None:
    """Private attributes as they are after an archive that does not know them: VR UN, sequences in implicit VR."""
    from pydicom.filebase import DicomBytesIO
    from pydicom.filewriter import write_data_element

    for element in list(dataset):
        if element.tag.is_private and not element.tag.is_private_creator:
            file = DicomBytesIO()
            file.is_implicit_VR, file.is_little_endian = True, True
            write_data_element(file, element)
            dataset.add_new(element.tag, "UN", file.getvalue()[8:])


@pytest.mark.parametrize("maker", [general_electric, philips])
def test_attributes_of_unknown_vr_are_known_by_the_list(tmp_path: Path, maker):
    (tmp_path / "in").mkdir()
    maker(tmp_path / "in")
    for path in (tmp_path / "in").iterdir():
        dataset = dcmread(path)
        as_unknown(dataset)
        dataset.save_as(path)
    before = converted(tmp_path / "in", tmp_path / "before")
    assert anonymize(tmp_path / "in", tmp_path / "out", write_key(tmp_path / "key"), *OPTION).code == 0
    assert converted(tmp_path / "out", tmp_path / "after") == before
    for file in (tmp_path / "out").rglob("*.dcm"):
        assert not [word for word in IDENTIFYING if word in file.read_bytes()]
    for path in (tmp_path / "in").iterdir():
        source = path.read_bytes()
        fast = rewritten_bytes(source, PROFILE, by=rewrite_bytes)
        assert fast == rewritten_bytes(source, PROFILE, by=rewrite_dataset)
    assert verify(tmp_path / "out", [tmp_path / "in"], lambda done, total: None).findings == ()


def test_header_of_siemens_put_back_as_it_was_is_found(tmp_path: Path):
    source = tmp_path / "in"
    source.mkdir()
    MAKERS["Siemens"](source)
    anonymize(source, tmp_path / "out", write_key(tmp_path / "key"), *OPTION)
    output = next((tmp_path / "out").rglob("*.dcm"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        original, spoiled = dcmread(source / "1.dcm"), dcmread(output)
        spoiled[0x00291020].value = original[0x00291020].value
        spoiled.save_as(output)
    messages = {finding.message for finding in verify(tmp_path / "out", [], lambda done, total: None).findings}
    assert "Siemens CSA header with more than numbers of diffusion, timing and sequence" in messages


def test_numbers_of_a_real_header_stay_as_nibabel_reads_them(tmp_path: Path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nibabel calls its own reader experimental
        csareader = pytest.importorskip("nibabel.nicom.csareader")
    from DicomSuiteAnonymizeLib.private_attributes.siemens_csa import cleaned_csa

    data = Path(csareader.__file__).parent / "tests" / "data"
    for name in ("csa2_b0.bin", "csa2_b1000.bin"):
        original = (data / name).read_bytes()
        cleaned = cleaned_csa(original)
        assert cleaned is not None
        assert cleaned_csa(cleaned) == cleaned
        before, after = csareader.read(original)["tags"], csareader.read(cleaned)["tags"]
        assert {"B_value", "DiffusionGradientDirection", "MosaicRefAcqTimes", "NumberOfImagesInMosaic"} <= after.keys()
        assert all(before[element]["items"] == after[element]["items"] for element in after)
        assert "ImaCoilString" in before.keys() - after.keys()
    assert cleaned_csa(gzip.decompress((data / "csa2_zero_len.bin.gz").read_bytes())) is not None

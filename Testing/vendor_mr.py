"""Small diffusion series as the MR scanners of several manufacturers write them, with their private attributes.

Every series has three volumes of four slices: one without diffusion weighting and two with different b-values and
directions. Where a private attribute of no list stands beside those that dcm2niix reads, it holds `SECRET`.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import EnhancedMRImageStorage, ExplicitVRLittleEndian, ImplicitVRLittleEndian, MRImageStorage

SECRET = "Mayerhofer^Anna"
SLICES, SIZE = 4, 8
WEIGHTINGS = ((0, (0.0, 0.0, 0.0)), (700, (1.0, 0.0, 0.0)), (1000, (0.6, 0.0, 0.8)))
"""b-value (s/mm^2) and direction (patient coordinates) of each volume."""
_ROOT = "1.2.826.0.1.3680043.9.7133.41"

Elements = dict[int, tuple[str, object]]


def block(dataset: Dataset, group: int, number: int, creator: str, elements: Elements) -> None:
    """Add a private block; the elements are numbered by their low byte."""
    dataset.add_new(group << 16 | number, "LO", creator)
    for low, (vr, value) in elements.items():
        dataset.add_new(group << 16 | number << 8 | low, vr, value)


def siemens(folder: Path) -> None:
    """Two real mosaics of a Trio that come with nibabel, and two more made of the second; skips without nibabel.

    The CSA headers of the copies name another b-value and direction, as does their group 0019.
    """
    package = find_spec("nibabel")
    if package is None or package.origin is None:
        pytest.skip("nibabel is not installed")
    data = Path(package.origin).parent / "nicom" / "tests" / "data"
    plain, weighted = (
        gzip.decompress((data / f"siemens_dwi_{b_value}.dcm.gz").read_bytes()) for b_value in (0, 1000)
    )
    (folder / "0.dcm").write_bytes(plain)
    (folder / "1.dcm").write_bytes(weighted)
    for number, direction in enumerate(((0.6, 0.8, 0.0), (0.0, 0.6, 0.8)), 2):
        copy = weighted
        for old, new in zip((b"0.99997449", b"0.00505012", b"-0.00505012"), direction, strict=True):
            copy = copy.replace(old + b"\0", f"{new:.8f}".encode().ljust(len(old), b" ") + b"\0", 1)
        dataset = dcmread(io.BytesIO(copy))
        dataset.InstanceNumber = dataset.AcquisitionNumber = number + 1
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"{_ROOT}.9.{number}"
        dataset[0x0019100E].value = list(direction)
        dataset.save_as(folder / f"{number}.dcm")


def general_electric(folder: Path) -> None:
    """Classic files of GE."""

    def add(dataset: Dataset, volume: int, _slice: int) -> None:
        b_value, (x, y, z) = WEIGHTINGS[volume]
        dataset.Manufacturer = "GE MEDICAL SYSTEMS"
        direction = {0xBB: ("DS", y), 0xBC: ("DS", x), 0xBD: ("DS", -z), 0xE0: ("DS", len(WEIGHTINGS) - 1)}
        block(dataset, 0x0009, 0x10, "GEMS_IDEN_01", {0x02: ("SH", SECRET[:16])})
        block(dataset, 0x0019, 0x10, "GEMS_ACQU_01", {0x9C: ("LO", "epi2"), 0x9E: ("LO", "EPI2"), **direction})
        block(dataset, 0x0021, 0x10, "GEMS_RELA_01", {0x35: ("SS", 1), 0x4F: ("SS", SLICES)})
        bytes_of_protocol = {0x1B: ("OB", SECRET.encode() + b" ")}
        block(dataset, 0x0025, 0x10, "GEMS_SERS_01", {0x07: ("SL", 12), **bytes_of_protocol})
        parameters = {0x2C: ("SS", 636), 0x39: ("IS", [b_value, 8, 0, 0]), 0x83: ("DS", [0.5, 1]), 0x62: ("SH", "A")}
        block(dataset, 0x0043, 0x10, "GEMS_PARM_01", parameters)

    _write(folder, add)


def philips(folder: Path, transfer_syntax: str = ExplicitVRLittleEndian) -> None:
    """Classic files of Philips, with the private sequence that holds the attributes of the frame."""

    def add(dataset: Dataset, volume: int, number: int) -> None:
        b_value, (x, y, z) = WEIGHTINGS[volume]
        dataset.Manufacturer = "Philips Medical Systems"
        diffusion = {0x03: ("FL", b_value), 0x04: ("CS", "P" if b_value else "N"), 0x0A: ("IS", number + 1)}
        block(dataset, 0x2001, 0x10, "Philips Imaging DD 001", {**diffusion, 0x18: ("SL", SLICES), 0x63: ("CS", "A")})
        direction = {0xB0: ("FL", x), 0xB1: ("FL", y), 0xB2: ("FL", z)}
        scale = {0x0E: ("FL", 0.02), 0xA0: ("FL", volume * 2.5)}
        block(dataset, 0x2005, 0x10, "Philips MR Imaging DD 001", {**scale, **direction, 0x00: ("LO", SECRET)})
        frame = Dataset()
        frame.DiffusionBValue = float(b_value)
        frame.ReferringPhysicianName = SECRET
        block(frame, 0x2005, 0x10, "Philips MR Imaging DD 001", direction)
        numbers = {0x12: ("IS", 1 + bool(b_value)), 0x13: ("IS", 1 + volume), 0x91: ("PN", SECRET)}
        block(dataset, 0x2005, 0x14, "Philips MR Imaging DD 005", {0x0F: ("SQ", [frame]), **numbers})

    _write(folder, add, transfer_syntax)


def united_imaging(folder: Path) -> None:
    """Classic files of United Imaging."""

    def add(dataset: Dataset, volume: int, _slice: int) -> None:
        b_value, direction = WEIGHTINGS[volume]
        dataset.Manufacturer = "UIH"
        own = {0x09: ("FD", b_value), 0x37: ("FD", list(direction)), 0x2D: ("ST", SECRET), 0x07: ("OB", b"protocol")}
        block(dataset, 0x0065, 0x10, "Image Private Header", own)

    _write(folder, add)


def siemens_enhanced(folder: Path) -> None:
    """One enhanced file of Siemens XA: public diffusion attributes, timing in private sequences of the frames."""
    dataset = _image(EnhancedMRImageStorage, f"{_ROOT}.5.1")
    dataset.Manufacturer = "SIEMENS"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "DIFFUSION", "NONE"]
    dataset.SoftwareVersions = "syngo MR XA30"
    frames = [_enhanced_frame(volume, number) for volume in range(len(WEIGHTINGS)) for number in range(SLICES)]
    dataset.NumberOfFrames = len(frames)
    shared = Dataset()
    shared.PlaneOrientationSequence = [_of(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])]
    shared.PixelMeasuresSequence = [_of(PixelSpacing=[2, 2], SliceThickness=3)]
    shared.MRTimingAndRelatedParametersSequence = [_of(RepetitionTime=2500.0, FlipAngle=90.0)]
    series = Dataset()
    block(series, 0x0021, 0x10, "SIEMENS MR SDS 01", {0x09: ("LO", "p2"), 0x19: ("OB", SECRET.encode() + b" ")})
    block(shared, 0x0021, 0x10, "SIEMENS MR SDS 01", {0xFE: ("SQ", [series])})
    dataset.SharedFunctionalGroupsSequence = [shared]
    dataset.PerFrameFunctionalGroupsSequence = frames
    dataset.PixelData = _voxels(len(frames)).tobytes()
    _save(dataset, folder / "enhanced.dcm", ExplicitVRLittleEndian)


MAKERS: dict[str, Callable[[Path], None]] = {
    "Siemens": siemens,
    "Siemens XA": siemens_enhanced,
    "GE": general_electric,
    "Philips": philips,
    "Philips, implicit VR": lambda folder: philips(folder, ImplicitVRLittleEndian),
    "United Imaging": united_imaging,
}
"""What writes a series into an empty folder, by maker."""


def _write(folder: Path, add: Callable[[Dataset, int, int], None], syntax: str = ExplicitVRLittleEndian) -> None:
    voxels = _voxels(len(WEIGHTINGS) * SLICES)
    for volume in range(len(WEIGHTINGS)):
        for number in range(SLICES):
            instance = volume * SLICES + number
            dataset = _image(MRImageStorage, f"{_ROOT}.4.{instance + 1}")
            dataset.InstanceNumber, dataset.AcquisitionNumber = instance + 1, 1
            dataset.ImagePositionPatient = [-8, -8, 3 * number]
            dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
            dataset.PixelSpacing, dataset.SliceThickness, dataset.SpacingBetweenSlices = [2, 2], 3, 3
            dataset.RepetitionTime, dataset.EchoTime, dataset.FlipAngle = 2500, 80, 90
            dataset.ScanningSequence, dataset.SequenceVariant, dataset.MRAcquisitionType = "EP", "NONE", "2D"
            dataset.ImageType = ["ORIGINAL", "PRIMARY", "OTHER"]
            dataset.PixelData = voxels[instance].tobytes()
            add(dataset, volume, number)
            _save(dataset, folder / f"{instance:02d}.dcm", syntax)


def _image(sop_class: str, uid: str) -> Dataset:
    dataset = _of(
        SOPClassUID=sop_class, SOPInstanceUID=uid, StudyInstanceUID=f"{_ROOT}.1", SeriesInstanceUID=f"{_ROOT}.2",
        FrameOfReferenceUID=f"{_ROOT}.3", Modality="MR", PatientName=SECRET, PatientID="MRN-77123",
        StudyDate="20200131", AcquisitionTime="101112", AcquisitionDate="20200131", PatientPosition="HFS",
        SeriesNumber=7, InstanceNumber=1, Rows=SIZE, Columns=SIZE, SamplesPerPixel=1, BitsAllocated=16, BitsStored=16,
        HighBit=15, PixelRepresentation=0, PhotometricInterpretation="MONOCHROME2", InPlanePhaseEncodingDirection="COL",
        MagneticFieldStrength=3,
    )  # fmt: skip
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID, dataset.file_meta.MediaStorageSOPInstanceUID = sop_class, uid
    return dataset


def _enhanced_frame(volume: int, number: int) -> Dataset:
    b_value, direction = WEIGHTINGS[volume]
    diffusion = _of(DiffusionBValue=float(b_value), DiffusionDirectionality="DIRECTIONAL" if b_value else "NONE")
    if b_value:
        diffusion.DiffusionGradientDirectionSequence = [_of(DiffusionGradientOrientation=list(direction))]
    frame = _of(
        FrameContentSequence=[_of(DimensionIndexValues=[1, number + 1, volume + 1], InStackPositionNumber=number + 1)],
        PlanePositionSequence=[_of(ImagePositionPatient=[-8, -8, 3 * number])],
        MRDiffusionSequence=[diffusion],
        MREchoSequence=[_of(EffectiveEchoTime=80.0)],
    )
    own = Dataset()
    timing = {0x04: ("DS", f"{number * 0.5:.3f}"), 0x1C: ("IS", 1), 0x53: ("FD", 21.5)}
    block(own, 0x0021, 0x11, "SIEMENS MR SDI 02", {**timing, 0x88: ("LO", SECRET)})
    block(frame, 0x0021, 0x11, "SIEMENS MR SDI 02", {0xFE: ("SQ", [own])})
    return frame


def _of(**attributes: object) -> Dataset:
    dataset = Dataset()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def _voxels(count: int) -> np.ndarray:
    return np.random.default_rng(5).integers(100, 900, (count, SIZE, SIZE)).astype("<u2")


def _save(dataset: Dataset, path: Path, transfer_syntax: str) -> None:
    dataset.file_meta.TransferSyntaxUID = transfer_syntax
    dataset["PixelData"].VR = "OW"
    dataset.save_as(path, enforce_file_format=True)

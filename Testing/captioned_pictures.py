"""DICOM pictures with a patient's particulars burned into them, in many pixel formats and transfer syntaxes."""

from __future__ import annotations

import io
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filebase import DicomBytesIO
from pydicom.pixels import get_decoder, pack_bits
from pydicom.uid import (
    JPEG2000,
    UID,
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
    RLELossless,
    SecondaryCaptureImageStorage,
    UltrasoundImageStorage,
    UltrasoundMultiFrameImageStorage,
)

from validators import program

for _codec in ("jpeg_ls", "libjpeg", "openjpeg"):  # of the extra "pixels"
    pytest.importorskip(_codec)

ROWS, COLUMNS = 160, 320
CAPTION_ROWS = 44
"""Rows at the top that hold the text; below them is a scan of noise."""
PATIENT_NAME, PATIENT_ID, BIRTH_DATE = "Wanderlust^Konstanze", "HX730951", "19580423"
CAPTION = ("Wanderlust, Konstanze", "HX730951  23.04.1958")
HEADER_WORDS = ("WANDERLUST", "KONSTANZE", "HX730951", "19580423", "23.04.1958")
ROOT = "1.2.826.0.1.3680043.10.1471"
_NATIVE = (ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian)


@dataclass(frozen=True)
class Picture:
    """One file: what it is, how its pixels are meant, and how they are encoded."""

    name: str
    syntax: UID
    photometric: str = "MONOCHROME2"
    sop_class: UID = SecondaryCaptureImageStorage
    modality: str = "OT"
    allocated: int = 8
    stored: int = 8
    signed: bool = False
    planar: bool = False
    frames: int = 1


_ALL_PICTURES = (
    Picture("us_rgb", ExplicitVRLittleEndian, "RGB", UltrasoundImageStorage, "US"),
    Picture("us_rgb_planar", ImplicitVRLittleEndian, "RGB", UltrasoundImageStorage, "US", planar=True),
    Picture("us_ybr_422", ExplicitVRLittleEndian, "YBR_FULL_422", UltrasoundImageStorage, "US"),
    Picture("us_palette", ExplicitVRLittleEndian, "PALETTE COLOR", UltrasoundImageStorage, "US"),
    Picture("us_cine_rle", RLELossless, "RGB", UltrasoundMultiFrameImageStorage, "US", frames=3),
    Picture("us_cine_jpeg", JPEGBaseline8Bit, "YBR_FULL_422", UltrasoundMultiFrameImageStorage, "US", frames=3),
    Picture("us_ybr_jpeg_ls", JPEGLSLossless, "YBR_FULL", UltrasoundImageStorage, "US"),
    Picture("us_j2k_lossy", JPEG2000, "YBR_ICT", UltrasoundImageStorage, "US"),
    Picture("us_j2k", JPEG2000Lossless, "YBR_RCT", UltrasoundImageStorage, "US"),
    Picture("sc_12_bit_jpeg_lossless", JPEGLosslessSV1, allocated=16, stored=12),
    Picture("sc_inverted_big_endian", ExplicitVRBigEndian, "MONOCHROME1", allocated=16, stored=12),
    Picture("sc_deflated", DeflatedExplicitVRLittleEndian),
    Picture("sc_near_lossless", JPEGLSNearLossless),
    Picture("sc_cine_rle", RLELossless, sop_class=MultiFrameGrayscaleByteSecondaryCaptureImageStorage, frames=2),
    Picture("ct_signed", ExplicitVRLittleEndian, "MONOCHROME2", CTImageStorage, "CT", 16, 16, signed=True),
)
PICTURES = tuple(picture for picture in _ALL_PICTURES if picture.syntax != JPEGLosslessSV1 or shutil.which("dcmcjpeg"))
"""Those that can be made here: nothing but DCMTK writes lossless JPEG."""


def write_picture(folder: Path, picture: Picture) -> Path:
    """Write the file; its SOP Instance UID is `sop_instance(picture)`."""
    path = folder / f"{picture.name}.dcm"
    path.write_bytes(encoded(picture))
    if picture.syntax == JPEGLosslessSV1:
        subprocess.run([program("dcmcjpeg"), "+e1", path, path], check=True, capture_output=True)
    return path


def sop_instance(picture: Picture) -> str:
    """The file's SOP Instance UID."""
    return f"{ROOT}.{_ALL_PICTURES.index(picture) + 1}"


def samples(picture: Picture) -> np.ndarray:
    """Stored values, shape (frames, rows, columns[, 3]): white text on black above noise, each frame its own."""
    text = np.asarray(_caption())
    random = np.random.default_rng(7)
    frames = np.stack([np.where(text > 0, text, _scan(random)) for _ in range(picture.frames)])
    return _as_stored(frames, picture)


def encoded(picture: Picture) -> bytes:
    """The Part 10 file; what is to become lossless JPEG is still uncompressed."""
    syntax = ExplicitVRLittleEndian if picture.syntax == JPEGLosslessSV1 else picture.syntax
    dataset = _attributes(picture)
    pixels = samples(picture)
    if syntax in _NATIVE:
        dataset.PixelData = _native(pixels, picture, syntax)
        dataset["PixelData"].VR = "OB" if picture.allocated == 8 else "OW"
    elif syntax == JPEGBaseline8Bit:
        dataset.PixelData = encapsulate([_jpeg(frame) for frame in pixels])
    else:
        dataset.PixelData = _native(pixels, picture, ExplicitVRLittleEndian)
        dataset.PlanarConfiguration = 0
        _compress(dataset, syntax)
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = dataset.SOPClassUID, dataset.SOPInstanceUID
    dataset.file_meta = meta
    buffer = DicomBytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def stored_frames(file: Path | bytes) -> np.ndarray:
    """Decoded samples without any conversion of colours, shape (frames, rows, columns[, 3])."""
    dataset = dcmread(io.BytesIO(file) if isinstance(file, bytes) else file)
    syntax = dataset.file_meta.TransferSyntaxUID
    plugin = "pillow" if syntax == JPEGBaseline8Bit else ""
    frames, _ = get_decoder(syntax).as_array(dataset, raw=True, decoding_plugin=plugin)
    return frames if int(dataset.get("NumberOfFrames") or 1) > 1 else frames[None]


def shown(file: Path) -> np.ndarray:
    """The first frame as people see it: uint8, (rows, columns, 3)."""
    from pydicom.pixels import apply_color_lut, convert_color_space

    dataset = dcmread(file)
    frame = stored_frames(file)[0]
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        return apply_color_lut(frame, dataset).astype(np.uint8)
    if str(dataset.PhotometricInterpretation).startswith("YBR_FULL"):
        return convert_color_space(frame, "YBR_FULL", "RGB")
    if frame.ndim == 3:
        return frame
    grey = np.interp(frame, (frame.min(), int(frame.max()) + 1), (0, 255)).astype(np.uint8)
    return np.repeat((255 - grey if dataset.PhotometricInterpretation == "MONOCHROME1" else grey)[..., None], 3, -1)


def add_regions(dataset: Dataset, *regions: tuple[int, int, int, int], spatial_format: int = 1) -> None:
    """Describe ultrasound regions: first column and row, last column and row."""
    dataset.SequenceOfUltrasoundRegions = []
    for left, top, right, bottom in regions:
        item = Dataset()
        item.RegionSpatialFormat, item.RegionDataType, item.RegionFlags = spatial_format, 1, 0
        item.RegionLocationMinX0, item.RegionLocationMinY0 = left, top
        item.RegionLocationMaxX1, item.RegionLocationMaxY1 = right, bottom
        item.PhysicalUnitsXDirection = item.PhysicalUnitsYDirection = 3
        item.PhysicalDeltaX = item.PhysicalDeltaY = 0.05
        dataset.SequenceOfUltrasoundRegions.append(item)


def _caption() -> Image.Image:
    image = Image.new("L", (COLUMNS, ROWS))
    for line, text in enumerate(CAPTION):
        ImageDraw.Draw(image).text((6, 1 + line * 20), text, fill=255, font=ImageFont.load_default(17))
    return image


def _scan(random: np.random.Generator) -> np.ndarray:
    scan = np.zeros((ROWS, COLUMNS), np.uint8)
    scan[CAPTION_ROWS + 16 :, 40:280] = random.integers(0, 90, (ROWS - CAPTION_ROWS - 16, 240))
    return scan


def _as_stored(frames: np.ndarray, picture: Picture) -> np.ndarray:
    if picture.photometric == "PALETTE COLOR":
        return 255 - frames  # the palette is inverted, so that index 0 is the brightest
    if picture.photometric in ("RGB", "YBR_RCT", "YBR_ICT"):
        return np.repeat(frames[..., None], 3, axis=-1)
    if picture.photometric.startswith("YBR"):
        return np.stack([frames, np.full_like(frames, 128), np.full_like(frames, 128)], axis=-1)
    values = frames.astype(np.int32) << (picture.stored - 8)
    if picture.signed:
        values -= 1 << (picture.stored - 1)
    if picture.photometric == "MONOCHROME1":
        values = (1 << picture.stored) - 1 - values
    return values.astype(f"{'i' if picture.signed else 'u'}{picture.allocated // 8}")


def _native(pixels: np.ndarray, picture: Picture, syntax: UID) -> bytes:
    if picture.photometric == "YBR_FULL_422":
        pairs = np.stack([pixels[..., 0::2, 0], pixels[..., 1::2, 0], pixels[..., 0::2, 1], pixels[..., 0::2, 2]], -1)
        return pairs.tobytes()
    pixels = np.moveaxis(pixels, -1, 1) if picture.planar else pixels
    return pixels.astype(pixels.dtype.newbyteorder(">" if syntax == ExplicitVRBigEndian else "<")).tobytes()


def _jpeg(frame: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(frame, "YCbCr").save(buffer, "JPEG", quality=92, subsampling="4:2:2")
    return buffer.getvalue()


def _compress(dataset: Dataset, syntax: UID) -> None:
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.set_original_encoding(False, True)
    options = {JPEG2000: {"j2k_cr": [4]}, JPEGLSNearLossless: {"jls_error": 2}}.get(syntax, {})
    dataset.compress(syntax, generate_instance_uid=False, **options)


def _attributes(picture: Picture) -> Dataset:
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = picture.sop_class, sop_instance(picture)
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = f"{ROOT}.100", f"{sop_instance(picture)}.1"
    dataset.PatientName, dataset.PatientID, dataset.PatientBirthDate = PATIENT_NAME, PATIENT_ID, BIRTH_DATE
    dataset.PatientSex, dataset.StudyDate, dataset.StudyTime = "F", "20240229", "101112"
    dataset.AccessionNumber, dataset.ReferringPhysicianName, dataset.StudyID = "A55501", "Beispiel^Arzt", "7"
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = picture.modality, 1, 1
    dataset.Manufacturer, dataset.ManufacturerModelName = "Sonomat", "S1 [pro]"
    dataset.PatientOrientation, dataset.ImageType = "", ["ORIGINAL", "PRIMARY"]
    if picture.sop_class == CTImageStorage:
        dataset.ImageType = ["DERIVED", "SECONDARY", "SCREEN SAVE"]
        dataset.RescaleIntercept, dataset.RescaleSlope = 0, 1
    else:
        dataset.ConversionType = "WSD"
    if picture.frames > 1:
        dataset.NumberOfFrames, dataset.FrameTime, dataset.FrameIncrementPointer = picture.frames, 40, 0x00181063
    dataset.SamplesPerPixel = 3 if samples(picture).ndim == 4 else 1
    dataset.PhotometricInterpretation = picture.photometric
    if dataset.SamplesPerPixel == 3:
        dataset.PlanarConfiguration = int(picture.planar)
    if picture.photometric == "PALETTE COLOR":
        _add_inverted_palette(dataset)
    dataset.Rows, dataset.Columns = ROWS, COLUMNS
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = picture.allocated, picture.stored, picture.stored - 1
    dataset.PixelRepresentation = int(picture.signed)
    return dataset


def _add_inverted_palette(dataset: Dataset) -> None:
    lut = (np.arange(255, -1, -1, dtype="<u2") * 257).tobytes()
    for colour in ("Red", "Green", "Blue"):
        setattr(dataset, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, 16])
        setattr(dataset, f"{colour}PaletteColorLookupTableData", lut)


def bit_frames(count: int, rows: int, columns: int, seed: int) -> tuple[np.ndarray, bytes]:
    """Random single-bit frames, and how they are stored one after the other without gaps."""
    frames = np.random.default_rng(seed).integers(0, 2, (count, rows, columns), np.uint8)
    return frames, pack_bits(frames)

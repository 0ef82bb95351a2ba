"""Overlays in the unused bits of Pixel Data: cleared where pixels are cleaned, else set aside, and seen by `verify`."""

import json
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from pydicom import FileDataset, dcmread
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

from anonymize_runs import anonymize, audit_records, refused, write_key
from captioned_pictures import CAPTION_ROWS, COLUMNS, PICTURES, ROWS, stored_frames, write_picture
from DicomSuiteAnonymizeLib.pixels.pixel_series import PixelSeries
from DicomSuiteLib import cli

CT = next(picture for picture in PICTURES if picture.name == "ct_signed")
STORED, BIT = 12, 13
REASON = "pixel risk: overlay in unused bits of the pixels, which may show text; Clean Pixel Data takes it out"
TEXT = (np.indices((ROWS, COLUMNS)).sum(axis=0) % 7 == 0) & (np.arange(ROWS)[:, None] < CAPTION_ROWS)
"""Stands for what the overlay shows."""


def values(signed: bool) -> np.ndarray:
    """Samples of 12 bits, negative ones among them where there are any."""
    low, high = (-2048, 2048) if signed else (0, 4096)
    return np.random.default_rng(3).integers(low, high, (ROWS, COLUMNS)).astype(np.int16 if signed else np.uint16)


def ct(folder: Path, syntax: UID = ExplicitVRLittleEndian, signed: bool = False, bits: int = 1 << BIT) -> FileDataset:
    """A CT slice whose header describes an overlay in bit 13; TEXT is set in `bits`."""
    dataset = dcmread(write_picture(folder, CT))
    assert [*dataset], "decoded, to be encoded anew in any byte order"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = STORED, STORED - 1, int(signed)
    pixels = values(signed)
    pixels[TEXT] ^= np.array(bits, np.uint64).astype(pixels.dtype)
    order = ">" if syntax == ExplicitVRBigEndian else "<"
    dataset.PixelData = pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()
    add_overlay(dataset, 0x6000, BIT)
    if syntax in (RLELossless, JPEGLSLossless, JPEG2000Lossless):
        dataset.BitsStored = 16  # or the encoder leaves the bits out
        dataset.compress(syntax, generate_instance_uid=False)
        dataset.BitsStored = STORED
    else:
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset.set_original_encoding(syntax.is_implicit_VR, syntax.is_little_endian)
    return dataset


def add_overlay(dataset: FileDataset, group: int, position: int, kind: str = "G") -> None:
    for element, vr, value in (
        (0x0010, "US", ROWS), (0x0011, "US", COLUMNS), (0x0040, "CS", kind), (0x0050, "SS", [1, 1]),
        (0x0100, "US", 16), (0x0102, "US", position),
    ):  # fmt: skip
        dataset.add_new(group << 16 | element, vr, value)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """One data set de-identified with these options: the output's path, or why there is none."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "source").mkdir()
    key = write_key(tmp_path / "key")

    def run(dataset: FileDataset, *options: str) -> Path | str:
        dataset.save_as(tmp_path / "source" / "one.dcm", enforce_file_format=True)
        ended = anonymize(tmp_path / "source", tmp_path / "out", key, *options)
        found = [*(tmp_path / "out").rglob("*.dcm")]
        return found[0] if found else refused(key)["one.dcm"] if ended.code == 3 else ended.errors

    return run


def what_was_done(tmp_path: Path) -> list[str]:
    records = audit_records(tmp_path / "out", "changes")
    return [rule for record in records for path, _, rule, _ in record["elements"] if path == "(7FE0,0010)"]


def verified(tmp_path: Path, capsys, *options: str) -> str:
    """What `verify` says of the run; "" where all is well."""
    code = cli.main(["verify", str(tmp_path / "out"), *options, "--progress", "none"])
    said = capsys.readouterr().out
    return said if code else ""


@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
@pytest.mark.parametrize(
    "syntax",
    [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian, RLELossless,
     JPEGLSLossless, JPEG2000Lossless],
    ids=lambda syntax: syntax.keyword,
)  # fmt: skip
def test_hidden_overlay_goes_and_every_value_stays(tmp_path, run, capsys, syntax, signed):
    source = ct(tmp_path, syntax, signed)
    output = run(source, "--clean", "pixel-data")
    after = dcmread(output)
    assert after.file_meta.TransferSyntaxUID == syntax
    assert np.array_equal(raw(output), values(signed))
    assert not np.array_equal(raw(tmp_path / "source" / "one.dcm"), values(signed)), "or nothing was shown"
    assert not [element for element in after if element.tag.group == 0x6000]
    assert (after.BitsStored, after.HighBit, after.ImageType[0]) == (STORED, STORED - 1, "ORIGINAL")
    assert (after.BurnedInAnnotation, "DerivationDescription" in after) == ("NO", False)
    assert [code.CodeValue for code in after.DeidentificationMethodCodeSequence] == ["113100", "113101"]
    assert what_was_done(tmp_path) == ["overlay in unused bits cleared"]
    assert not verified(tmp_path, capsys, "--against", str(tmp_path / "source"))


def raw(path: Path) -> np.ndarray:
    """Samples with all their bits."""
    dataset = dcmread(path)
    dataset.BitsStored, dataset.HighBit = 16, 15
    if dataset.file_meta.TransferSyntaxUID.is_compressed:
        return stored_frames(as_bytes(dataset))[0]
    order = ">" if dataset.file_meta.TransferSyntaxUID == ExplicitVRBigEndian else "<"
    kind = f"{order}{'i' if dataset.PixelRepresentation else 'u'}2"
    return np.frombuffer(dataset.PixelData, kind).reshape(ROWS, COLUMNS)


def as_bytes(dataset: FileDataset) -> bytes:
    buffer = BytesIO()
    dataset.save_as(buffer)
    return buffer.getvalue()


def test_without_cleaning_of_pixels_the_file_is_set_aside_with_the_reason(tmp_path, run):
    assert run(ct(tmp_path)) == REASON


def test_file_passes_untouched_where_the_user_lets_it(tmp_path, run):
    source = ct(tmp_path)
    assert dcmread(run(source, "--allow-pixel-risk")).PixelData == source.PixelData


def test_overlay_whose_data_are_nowhere_else_is_looked_for_in_the_pixels(tmp_path, run):
    source = ct(tmp_path)
    source[0x60000102].value = 0
    assert run(source) == REASON


def test_pixels_without_such_bits_stay_byte_for_byte(tmp_path, run, capsys):
    source = ct(tmp_path, RLELossless, bits=0)
    assert dcmread(run(source, "--clean", "pixel-data")).PixelData == source.PixelData
    assert what_was_done(tmp_path) == ["no overlay found in unused bits"]
    assert not verified(tmp_path, capsys, "--against", str(tmp_path / "source"))


@pytest.mark.parametrize("change", ["data of its own", "no unused bits"])
def test_overlay_that_cannot_be_in_the_pixels_is_no_risk(tmp_path, run, change):
    source = ct(tmp_path, bits=0)
    if change == "data of its own":
        source[0x60000102].value = 0
        source.add_new(0x60003000, "OW", bytes(ROWS * COLUMNS // 8))
    else:
        source.BitsStored, source.HighBit = 16, 15
    assert dcmread(run(source)).PixelData == source.PixelData


def test_region_that_stays_keeps_its_bits_and_its_neighbours_go(tmp_path, run):
    source = ct(tmp_path, bits=1 << BIT | 1 << 15)
    source[0x60000040].value = "R"
    add_overlay(source, 0x6002, 15)
    output = run(source, "--clean", "pixel-data", "--clean", "graphics")
    expected = values(False)
    expected[TEXT] ^= np.uint16(1 << BIT)
    assert np.array_equal(raw(output), expected)
    assert {element.tag.group for element in dcmread(output) if element.tag.group >> 8 == 0x60} == {0x6000}


def test_regions_alone_are_no_risk_where_they_stay(tmp_path, run, capsys):
    source = ct(tmp_path)
    source[0x60000040].value = "R"
    assert dcmread(run(source, "--clean", "graphics")).PixelData == source.PixelData
    assert not verified(tmp_path, capsys, "--against", str(tmp_path / "source"))


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ExplicitVRBigEndian], ids=lambda syntax: syntax.keyword)
@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
def test_verification_sees_bits_that_nothing_speaks_of(tmp_path, run, capsys, syntax, signed):
    source = ct(tmp_path, syntax, signed)
    del source[0x60000102], source[0x60000010]
    assert isinstance(run(source), Path)
    said = verified(tmp_path, capsys)
    assert "(7FE0,0010): pixel risk: bits outside of Bits Stored are in use" in said


def without_overlay(folder: Path, pixels: np.ndarray) -> FileDataset:
    dataset = ct(folder, signed=pixels.dtype.kind == "i", bits=0)
    for element in [element for element in dataset if element.tag.group == 0x6000]:
        del dataset[element.tag]
    dataset.PixelData = pixels.tobytes()
    return dataset


@pytest.mark.parametrize("hidden", [False, True], ids=["values", "hidden"])
def test_verification_of_values_in_the_upper_bits_sees_only_what_lies_below_them(tmp_path, run, capsys, hidden):
    pixels = values(False) << 4
    pixels[TEXT] |= hidden
    source = without_overlay(tmp_path, pixels)
    source.HighBit = 15
    assert isinstance(run(source), Path)
    assert bool(verified(tmp_path, capsys)) == hidden


def test_verification_takes_padding_that_does_not_fit_for_no_overlay(tmp_path, run, capsys):
    pixels = values(True)
    pixels[0] = -3024
    source = without_overlay(tmp_path, pixels)
    source.add_new(0x00280120, "SS", -3024)
    assert isinstance(run(source), Path)
    assert not verified(tmp_path, capsys)


def test_listing_says_that_bits_will_be_cleared(tmp_path, run, capsys):
    run(ct(tmp_path), "--clean", "pixel-data")
    key = tmp_path / "key" / "key"
    arguments = ["pixels", str(tmp_path / "source"), "--show-phi", "--key-file", str(key), "--progress"]
    assert cli.main([*arguments, "none"]) == 0
    assert "cleaned by: clearing unused bits, in which an overlay may hide" in capsys.readouterr().out
    assert cli.main([*arguments, "json"]) == 0
    (series,) = json.loads(capsys.readouterr().out.splitlines()[-1])["result"]["series"]
    listed = PixelSeries.from_json(series)
    assert (listed.origin, listed.boxes, listed.is_set_aside) == ("overlay", (), False)

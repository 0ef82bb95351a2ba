"""Encodings that only the pydicom path reads: as complete a de-identification, and the encoding stays."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import pytest
from pydicom import dcmread
from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset, write_file_meta_info
from pydicom.uid import (
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
)

from DicomSuiteAnonymizeLib.elements import Unsupported
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.profiles.profile import Profile, TagEdit
from DicomSuiteAnonymizeLib.ps315 import Option
from DicomSuiteAnonymizeLib.rewriter import rewrite_bytes
from DicomSuiteAnonymizeLib.steps import Action
from planted import Kind, Nesting, Planted, planted_dataset
from rewriting import rewritten, rewritten_bytes
from validators import accepted_by_dcmftest, reads_every_file

PREAMBLE = bytes(128) + b"DICM"
PIXELS = b"\1\2\3\4\5\6\7\x08"
NAME = "Mayerhofer^Annegret"

EXPLICIT, IMPLICIT, BIG_ENDIAN = ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian
DEFLATED = DeflatedExplicitVRLittleEndian


# Files in awkward encodings


def encoded(dataset: Dataset, syntax: str) -> bytes:
    """The data set alone in a native encoding."""
    buffer = DicomBytesIO()
    buffer.is_implicit_VR, buffer.is_little_endian = syntax == IMPLICIT, syntax != BIG_ENDIAN
    write_dataset(buffer, dataset)
    return buffer.getvalue()


def deflated(data: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    data = stream.compress(data) + stream.flush()
    return data + bytes(len(data) % 2)


def meta(dataset: Dataset, syntax: str, start: FileMetaDataset | None = None) -> bytes:
    """File meta information; with what else `start` has."""
    information = FileMetaDataset(start or {})
    information.MediaStorageSOPClassUID = dataset.SOPClassUID
    information.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    information.TransferSyntaxUID = syntax
    buffer = DicomBytesIO()
    write_file_meta_info(buffer, information)
    return buffer.getvalue()


def from_group_8(dataset: Dataset) -> Dataset:
    """Without what stands before group 0008, by which a data set without a file around it is recognised."""
    return Dataset({tag: element for tag, element in dataset.items() if tag.group >= 8})


@dataclass(frozen=True)
class Awkward:
    """A way to encode a file, and the transfer syntax that the output has to be in.

    `write` makes the file of a data set and of what stands before it in a proper file: preamble and further file
    meta information.
    """

    name: str
    write: Callable[[Dataset, bytes, FileMetaDataset | None], bytes]
    becomes: str

    def file(self, dataset: Dataset, head: bytes = PREAMBLE, start: FileMetaDataset | None = None) -> bytes:
        return self.write(dataset, head, start)


AWKWARD = [
    Awkward(
        "big endian", lambda d, head, start: head + meta(d, BIG_ENDIAN, start) + encoded(d, BIG_ENDIAN), BIG_ENDIAN
    ),
    Awkward(
        "deflated", lambda d, head, start: head + meta(d, DEFLATED, start) + deflated(encoded(d, EXPLICIT)), DEFLATED
    ),
    Awkward("no preamble", lambda d, _, start: meta(d, EXPLICIT, start) + encoded(d, EXPLICIT), EXPLICIT),
    Awkward("no preamble, implicit", lambda d, _, start: meta(d, IMPLICIT, start) + encoded(d, IMPLICIT), IMPLICIT),
    Awkward("no meta information", lambda d, head, _: head + encoded(d, EXPLICIT), EXPLICIT),
    Awkward("no meta information, implicit", lambda d, head, _: head + encoded(d, IMPLICIT), IMPLICIT),
    Awkward("bare data set", lambda d, *_: encoded(from_group_8(d), EXPLICIT), EXPLICIT),
    Awkward("bare data set, implicit", lambda d, *_: encoded(from_group_8(d), IMPLICIT), IMPLICIT),
    Awkward("bare data set, big endian", lambda d, *_: encoded(from_group_8(d), BIG_ENDIAN), BIG_ENDIAN),
    Awkward(
        "implicit, called explicit", lambda d, head, start: head + meta(d, EXPLICIT, start) + encoded(d, IMPLICIT),
        IMPLICIT,
    ),
    Awkward(
        "explicit, called implicit", lambda d, head, start: head + meta(d, IMPLICIT, start) + encoded(d, EXPLICIT),
        EXPLICIT,
    ),
    Awkward(
        "little endian, called big", lambda d, head, start: head + meta(d, BIG_ENDIAN, start) + encoded(d, EXPLICIT),
        EXPLICIT,
    ),
    Awkward(
        "big endian, called little", lambda d, head, start: head + meta(d, EXPLICIT, start) + encoded(d, BIG_ENDIAN),
        BIG_ENDIAN,
    ),
]  # fmt: skip

each_encoding = pytest.mark.parametrize("awkward", AWKWARD, ids=lambda awkward: awkward.name)


# What they become


@dataclass(frozen=True)
class Made:
    """What became of a file with something planted everywhere."""

    planted: Planted
    output: bytes

    @property
    def dataset(self) -> FileDataset:
        return dcmread(io.BytesIO(self.output))


@cache
def planted_ct() -> Planted:
    return planted_dataset(Kind.CT, Nesting.UNDEFINED)


@cache
def made(awkward: Awkward) -> Made:
    planted = planted_ct()
    return Made(planted, rewritten_bytes(awkward.file(planted.dataset, planted.preamble + b"DICM", planted.meta)))


@cache
def made_fast(syntax: str) -> bytes:
    """What the byte rewriter makes of the same data set in a proper file."""
    dataset = planted_ct().dataset
    return rewritten_bytes(PREAMBLE + meta(dataset, syntax) + encoded(dataset, syntax), by=rewrite_bytes)


def split(file: bytes) -> tuple[bytes, bytes]:
    """Preamble and file meta information, and the data set, inflated."""
    position = 144 + int.from_bytes(file[140:144], "little")
    head, body = file[:position], file[position:]
    return head, zlib.decompress(body, -zlib.MAX_WBITS) if DEFLATED.encode() in head else body


def everything(dataset: Dataset) -> Iterator[tuple[int, object]]:
    """Every decoded value at every depth; pixel data and what else has words of bytes as they stand."""
    for element in dataset.iterall():
        if element.VR != "SQ":
            yield int(element.tag), element.value


@each_encoding
def test_fast_path_leaves_the_file_to_this_one(awkward):
    with pytest.raises(Unsupported):
        rewritten_bytes(awkward.file(planted_ct().dataset), by=rewrite_bytes)


@each_encoding
def test_no_planted_value_is_left(awkward):
    result = made(awkward)
    searched = b"".join((result.output, *split(result.output)))
    assert len(result.planted.unmistakable) > 1000
    assert [place for place, value in result.planted.unmistakable.items() if value in searched] == []


@each_encoding
def test_planted_values_are_in_the_source(awkward):
    planted = planted_ct()
    source = awkward.file(planted.dataset, planted.preamble + b"DICM", planted.meta)
    if awkward.becomes == DEFLATED:
        source = split(source)[1]
    inside = [value for path, value in planted.sentinels.items() if len(value) >= 6 and path[0] >> 16 >= 8]
    assert len(inside) > 1000
    assert [value for value in inside if value not in source] == []


@each_encoding
def test_output_is_a_proper_file_in_its_own_encoding(awkward):
    result = made(awkward)
    assert result.output[:132] == PREAMBLE
    dataset = result.dataset
    information = dataset.file_meta
    assert information.TransferSyntaxUID == awkward.becomes
    assert [element.tag.elem for element in information] == [0x00, 0x01, 0x02, 0x03, 0x10, 0x12, 0x13]
    assert information.FileMetaInformationGroupLength == len(split(result.output)[0]) - 144
    assert information.MediaStorageSOPClassUID == CTImageStorage
    assert information.MediaStorageSOPInstanceUID == dataset.SOPInstanceUID
    assert information.MediaStorageSOPInstanceUID.startswith("2.25.")


@each_encoding
def test_pydicom_reads_every_value_of_the_output(awkward):
    dataset = made(awkward).dataset
    values = list(everything(dataset))
    assert len(values) > 100
    tags = [int(element.tag) for element in dataset]
    assert tags == sorted(set(tags))
    assert (dataset.Rows, dataset.Columns, list(dataset.PixelSpacing)) == (16, 16, [1, 1])
    assert dataset.PatientIdentityRemoved == "YES"
    assert dataset.PatientName == dataset.PatientID
    assert [code.CodeValue for code in dataset.DeidentificationMethodCodeSequence] == ["113100"]


@each_encoding
def test_pixel_data_are_unchanged(awkward):
    result = made(awkward)
    assert result.dataset.PixelData == result.planted.dataset.PixelData
    assert result.planted.dataset.PixelData in split(result.output)[1]


@each_encoding
def test_result_is_that_of_the_fast_path_for_the_same_data_set(awkward):
    result = made(awkward)
    if awkward.becomes == BIG_ENDIAN:
        theirs = dcmread(io.BytesIO(made_fast(EXPLICIT)))
        assert list(everything(result.dataset)) == list(everything(theirs))
    elif awkward.becomes == DEFLATED:
        assert split(result.output)[1] == split(made_fast(EXPLICIT))[1]
    else:
        assert result.output == made_fast(awkward.becomes)


@pytest.mark.parametrize("size", [8, 800_000, 2_000_000])
@pytest.mark.parametrize("name", [awkward.name for awkward in AWKWARD if "called" in awkward.name])
def test_wrongly_declared_data_set_is_read_as_it_is_however_large(name, size):
    """Read as implicit VR, the letters of a VR make a length that spans the header and much of the pixels."""
    dataset = small_ct(SpecificCharacterSet="ISO_IR 100", PixelData=bytes(size))
    output = rewritten_bytes(awkwardly(name).file(dataset))
    assert b"Mayerhofer" not in output
    assert b"HOSP-471142" not in output
    assert dcmread(io.BytesIO(output)).PixelData == bytes(size)


def test_file_meta_information_without_its_length_changes_nothing():
    dataset = planted_ct().dataset
    information = meta(dataset, EXPLICIT)
    assert information[:4] == b"\x02\x00\x00\x00"
    assert rewritten_bytes(PREAMBLE + information[12:] + encoded(dataset, EXPLICIT)) == made_fast(EXPLICIT)


@pytest.mark.parametrize("kind", [Kind.MR, Kind.SR, Kind.PDF])
@pytest.mark.parametrize("awkward", AWKWARD[:2], ids=lambda awkward: awkward.name)
def test_no_planted_value_is_left_in_other_objects(awkward, kind):
    planted = planted_dataset(kind)
    output = rewritten_bytes(awkward.file(planted.dataset, planted.preamble + b"DICM", planted.meta))
    searched = b"".join((output, *split(output)))
    assert [place for place, value in planted.unmistakable.items() if value in searched] == []
    assert dcmread(io.BytesIO(output)).SOPClassUID == planted.dataset.SOPClassUID


def test_other_readers_accept_every_output(tmp_path):
    files = []
    for number, awkward in enumerate(AWKWARD):
        files.append(tmp_path / f"{number}.dcm")
        files[-1].write_bytes(made(awkward).output)
    assert accepted_by_dcmftest(files) == set(files)
    assert reads_every_file("dcmdump", tmp_path)


# Deflated


def small_ct(**attributes: object) -> Dataset:
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = CTImageStorage, "1.2.826.0.1.3680043.9.7133.1"
    dataset.PatientName, dataset.PatientID, dataset.Modality = NAME, "HOSP-471142", "CT"
    dataset.Rows, dataset.Columns, dataset.PixelRepresentation = 2, 2, 0
    dataset.add_new(0x7FE00010, "OW", PIXELS)
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def awkwardly(name: str) -> Awkward:
    return next(awkward for awkward in AWKWARD if awkward.name == name)


@pytest.mark.parametrize("length", range(8))
def test_deflated_output_is_one_raw_stream_of_even_length(length):
    source = awkwardly("deflated").file(small_ct(SeriesNumber="1" * length))
    output = rewritten_bytes(source)
    head, _ = split(output)
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    stream.decompress(output[len(head) :])
    assert stream.eof
    assert stream.unused_data in (b"", b"\0")
    assert len(output) % 2 == 0


def test_what_follows_the_deflated_data_set_is_left_behind_and_reported():
    result, output = rewritten(awkwardly("deflated").file(small_ct()) + NAME.encode())
    assert b"Mayerhofer" not in b"".join((output, *split(output)))
    assert any("trailing" in path or "trailing" in rule for path, _, rule, _ in result.changes.elements)


@pytest.mark.parametrize("damage", [lambda data: data[:-12], lambda data: data[:-60] + bytes(60)], ids=["cut", "zeros"])
def test_broken_deflated_data_set_is_refused(damage):
    with pytest.raises(AnonymizeError, match="deflated data set"):
        rewritten_bytes(damage(awkwardly("deflated").file(planted_ct().dataset)))


# Big endian


def test_numbers_that_stay_keep_their_value_in_big_endian():
    numbers = {"Rows": 2, "SmallestImagePixelValue": 4711, "ReferencePixelX0": -70000, "ExposureTimeInms": 1.25}
    dataset = small_ct(**numbers, FrameIncrementPointer=0x00181063)
    output = dcmread(io.BytesIO(rewritten_bytes(awkwardly("big endian").file(dataset))))
    assert {keyword: output[keyword].value for keyword in numbers} == numbers
    assert output.FrameIncrementPointer == 0x00181063


@pytest.mark.parametrize("there", [True, False], ids=["there", "lacking"])
@pytest.mark.parametrize("name", ["big endian", "bare data set, implicit", "deflated"])
def test_typed_numbers_are_written_in_the_files_byte_order(name, there):
    typed = {"PregnancyStatus": "3", "ReferencePixelX0": "-70000", "ExposureTimeInms": "1.25", "BitsStored": "12"}
    edits = [TagEdit((tag_for_keyword(keyword),), Action.REPLACE, value) for keyword, value in typed.items()]
    source = small_ct(**(dict.fromkeys(typed, 7) if there else {}))
    output = rewritten_bytes(awkwardly(name).file(source), Profile("typed", "", edits=tuple(edits)))
    dataset = dcmread(io.BytesIO(output))
    assert {keyword: dataset[keyword].value for keyword in typed} == {word: float(typed[word]) for word in typed}


def test_sequence_of_vr_un_in_big_endian_is_cleaned_inside():
    """What such a sequence holds is implicit VR little endian whatever surrounds it (PS3.5 6.2.2)."""
    inner = Dataset()
    inner.ReferencedSOPInstanceUID, inner.PatientName, inner.PatientComments = "1.2.3.4.5.6", NAME, "tired"
    body = encoded(inner, IMPLICIT)
    value = b"\xfe\xff\x00\xe0" + len(body).to_bytes(4, "little") + body
    source = awkwardly("big endian").file(small_ct())
    at = source.index(b"\x00\x10\x00\x10PN")
    element = b"\x00\x08\x11\x15UN\x00\x00" + len(value).to_bytes(4, "big") + value
    output = rewritten_bytes(source[:at] + element + source[at:])
    assert b"Mayerhofer" not in output
    assert b"tired" not in output
    assert b"1.2.3.4.5.6" not in output
    assert b"\x08\x00\x55\x11" in output  # (0008,1155), little endian
    assert dcmread(io.BytesIO(output)).Rows == 2


@pytest.mark.parametrize("name", ["big endian", "deflated", "bare data set"])
def test_dates_are_shifted_as_everywhere(name):
    shifting = Profile("shift", "", options=frozenset((Option.RETAIN_MODIFIED_DATES,)))
    source = small_ct(StudyDate="20200131", AcquisitionDateTime="20200301101112+0100", StudyTime="101112")
    output = dcmread(io.BytesIO(rewritten_bytes(awkwardly(name).file(source), shifting)))
    proper = PREAMBLE + meta(source, EXPLICIT) + encoded(source, EXPLICIT)
    fast = dcmread(io.BytesIO(rewritten_bytes(proper, shifting)))
    assert output.StudyDate == fast.StudyDate != "20200131"
    assert output.AcquisitionDateTime == fast.AcquisitionDateTime
    assert output.StudyTime == "101112"


# Lengths and doubts


@pytest.mark.parametrize("name", ["explicit", "implicit", "big endian", "deflated"])
def test_value_of_odd_length_is_read_to_its_end(name):
    """Against PS3.5 7.1.1, but written by some: nothing of it nor behind it is lost."""
    syntax = {"implicit": IMPLICIT, "big endian": BIG_ENDIAN}.get(name, EXPLICIT)
    data = encoded(small_ct(StationName="X"), syntax)
    order = "big" if syntax == BIG_ENDIAN else "little"
    tag = b"\x00\x08\x00\x60" if syntax == BIG_ENDIAN else b"\x08\x00\x60\x00"
    lengths = [(2).to_bytes(4, order), (3).to_bytes(4, order)] if syntax == IMPLICIT else [
        b"CS" + (2).to_bytes(2, order), b"CS" + (3).to_bytes(2, order),
    ]  # fmt: skip
    odd = data.replace(tag + lengths[0] + b"CT", tag + lengths[1] + b"CTX")
    assert len(odd) == len(data) + 1
    claimed = {"implicit": IMPLICIT, "big endian": BIG_ENDIAN, "deflated": DEFLATED}.get(name, EXPLICIT)
    body = deflated(odd) if name == "deflated" else odd
    output = rewritten_bytes(PREAMBLE + meta(small_ct(), claimed) + body)
    dataset = dcmread(io.BytesIO(output))
    assert dataset.Modality == "CTX"
    assert dataset.PatientName == dataset.PatientID
    assert dataset.PixelData == PIXELS


@pytest.mark.parametrize("head", [b"", PREAMBLE], ids=["bare data set", "no meta information"])
def test_compressed_pixels_without_a_transfer_syntax_are_refused(head):
    dataset = small_ct()
    dataset["PixelData"] = DataElement(0x7FE00010, "OB", encapsulate([b"\xff\xd8\xff\xd9"]))
    dataset["PixelData"].is_undefined_length = True
    with pytest.raises(AnonymizeError, match="compressed pixel data"):
        rewritten_bytes(head + encoded(dataset, EXPLICIT))


def test_compressed_pixels_stay_fragment_by_fragment():
    dataset = small_ct()
    dataset["PixelData"] = DataElement(0x7FE00010, "OB", encapsulate([b"\xff\xd8one\xff\xd9", b"\xff\xd8two\xff\xd9"]))
    dataset["PixelData"].is_undefined_length = True
    source = meta(dataset, JPEGBaseline8Bit) + encoded(dataset, EXPLICIT)
    output = rewritten_bytes(source)
    at = source.index(b"\xe0\x7f\x10\x00")
    assert output.endswith(source[at:])
    assert dcmread(io.BytesIO(output)).file_meta.TransferSyntaxUID == JPEGBaseline8Bit

"""Change the frames of a DICOM file: decoded one by one, changed, and written again without any loss.

Uncompressed pixel data keeps its encoding, and every bit that is not changed. Compressed pixel data is compressed
again without loss: RLE, JPEG-LS and JPEG 2000 in the lossless variant of their transfer syntax, the older JPEG, which
no library writes without loss, as Explicit VR Little Endian. Samples are never converted to another colour space.
"""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from struct import pack
from typing import BinaryIO

import numpy as np
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import data_element_generator, read_dataset
from pydicom.filewriter import write_dataset, write_file_meta_info
from pydicom.uid import UID, ExplicitVRLittleEndian

from DicomSuiteAnonymizeLib.elements import PIXEL_TAGS, UNDEFINED, FileRange
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.pixels.compressed_frames import (
    DecodedFrame,
    codec_of,
    decoded_frame,
    decoded_frames,
    encoded_frame,
    stored_form,
)
from DicomSuiteAnonymizeLib.pixels.frame_format import FrameFormat, frame_format
from DicomSuiteAnonymizeLib.pixels.native_frames import FrameChange, encoded_native, native_frame, native_frames
from DicomSuiteAnonymizeLib.source_file import DEFLATED, DICM, PREAMBLE
from DicomSuiteLib.quiet_pydicom import quiet_pydicom

DatasetUpdate = Callable[[Dataset], None]
"""Changes attributes of the edited file in place."""

_IN_MEMORY = 64 * 1024 * 1024
"""Bytes of new pixel data; more of it waits in a temporary file without a name."""
_LONGEST_VALUE = UNDEFINED - 1
_EXTENDED_OFFSETS, _EXTENDED_LENGTHS = 0x7FE00001, 0x7FE00002
_PIXEL_DATA = 0x7FE00010
_ITEM, _SEQUENCE_END = 0xE000, 0xE0DD


class EditedFile:
    """The new file: `parts` in order, of which ranges are read with `read_into`. A context manager."""

    def __init__(self, parts: list[bytes | FileRange], pixels: BinaryIO) -> None:
        self.parts = parts
        self._pixels = pixels

    def __enter__(self) -> EditedFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._pixels.close()

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """Fill `buffer` from `offset` of where the pixel data is; how many bytes were read."""
        self._pixels.seek(offset)
        return self._pixels.readinto(buffer)

    def content(self) -> bytes:
        """The whole file; only for small ones."""
        return b"".join(part if type(part) is bytes else self._read(part) for part in self.parts)

    def _read(self, part: FileRange) -> bytes:
        self._pixels.seek(part.offset)
        return self._pixels.read(part.length)


class PixelFile:
    """A Part 10 file whose frames can be read and changed.

    `file` stays open and is read while frames are. Raises AnonymizeError where the file has no pixel data that can be
    edited, here or while its frames are read.

    Attributes
    ----------
    dataset
        The attributes that stand before the pixel data.
    pixel_tag
        The pixel data's: (7FE0,0010), or that of floating-point pixel data.
    form
        Format of the frames as the attributes say it.
    frame_form
        Format of the frame that was given last, to a caller or to a change: the decoder may know better.
    """

    def __init__(self, file: BinaryIO) -> None:
        file.seek(0)
        self._preamble = file.read(PREAMBLE + len(DICM))
        with quiet_pydicom():
            meta = read_dataset(file, False, True, stop_when=lambda tag, *_: tag >> 16 != 2)
            self._meta = FileMetaDataset(meta)
            self.transfer_syntax = UID(self._meta.TransferSyntaxUID)
            self._deflated = self.transfer_syntax.encode() in DEFLATED
            self._file = BytesIO(zlib.decompress(file.read(), -zlib.MAX_WBITS)) if self._deflated else file
            implicit, little = self.transfer_syntax.is_implicit_VR, self.transfer_syntax.is_little_endian
            self.dataset = read_dataset(self._file, implicit, little, stop_when=lambda tag, *_: tag in PIXEL_TAGS)
            self._pixels_at = self._file.tell()
            self._pixels, self._end = self._located(implicit, little)
            self.pixel_tag = int(self._pixels.tag)
            self.form = self.frame_form = frame_format(self.dataset, self.pixel_tag, little)

    def frames(self) -> Iterator[np.ndarray]:
        """Every frame as it is stored, without rescale, palette or conversion of colours.

        Shape (rows, columns), or (rows, columns, samples); for single bits uint8.
        """
        if self._is_compressed:
            for decoded in self._decoded():
                self.frame_form = decoded.form
                yield decoded.samples
            return
        seen: list[np.ndarray] = []
        for _ in self._native(lambda frame, _index: seen.append(frame)):
            yield from seen
            seen.clear()

    def frame(self, index: int) -> np.ndarray:
        """The frame with this index, from 0, as `frames` gives it, without decoding the others."""
        if not 0 <= index < self.form.frames:
            raise AnonymizeError("pixels: there is no frame with this number")
        if self._is_compressed:
            decoded = decoded_frame(*self._encapsulated(), index)
            self.frame_form = decoded.form
            return decoded.samples
        return native_frame(*self._value(), self.form, index)

    def edited(self, change: FrameChange, update: DatasetUpdate) -> EditedFile:
        """The file with each frame after `change` and its attributes after `update`.

        `update` gets the attributes with those of the pixels already set to what the new pixel data is. Afterwards
        this object must not be used any more.
        """
        spool = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 (closed by EditedFile)
        try:
            pixel_header, length = self._write_pixels(change, spool)
            return EditedFile(self._parts(update, pixel_header, FileRange(0, length), spool), spool)
        except BaseException:
            spool.close()
            raise

    def with_attributes(self, update: DatasetUpdate) -> EditedFile:
        """The file with its attributes after `update`, and its pixel data byte for byte as it was."""
        start = self._pixels.value_tell
        self._file.seek(self._pixels_at)
        pixel_header = self._file.read(start - self._pixels_at)
        value = FileRange(start, self._end - start)
        return EditedFile(self._parts(update, pixel_header, value, self._file), self._file)

    @property
    def _is_compressed(self) -> bool:
        return self._pixels.length == UNDEFINED

    @property
    def _swapped(self) -> bool:
        """Whether bytes come in pairs, the second one first: as big-endian words (PS3.5 8.1.1)."""
        big_endian = not self.transfer_syntax.is_little_endian
        return big_endian and self.form.allocated <= 8 and self._pixels.VR == "OW"

    def _located(self, implicit: bool, little: bool) -> tuple[RawDataElement, int]:
        """The pixel data's element without its value, and where the next element begins."""
        found = next(data_element_generator(self._file, implicit, little, defer_size=1), None)
        if found is None:
            raise AnonymizeError("pixels: there is no pixel data")
        end = self._file.tell() if found.length == UNDEFINED else found.value_tell + found.length
        return found, end

    def _value(self) -> tuple[BinaryIO, int, int]:
        """Where the value of uncompressed pixel data lies, bytes in order: file, offset and length."""
        file, start, length = self._file, self._pixels.value_tell, self._pixels.length
        if not self._swapped:
            return file, start, length
        file.seek(start)
        return BytesIO(np.frombuffer(file.read(length), ">u2").astype("<u2").tobytes()), 0, length

    def _native(self, change: FrameChange) -> Iterator[bytes]:
        return native_frames(*self._value(), self.form, change)

    def _encapsulated(self) -> tuple[BinaryIO, int, UID, FrameFormat, tuple[bytes, bytes] | None]:
        """What a decoder has to know of compressed pixel data."""
        tables = [self.dataset.get(tag) for tag in (_EXTENDED_OFFSETS, _EXTENDED_LENGTHS)]
        offsets = (tables[0].value, tables[1].value) if all(tables) else None
        return self._file, self._pixels.value_tell, self.transfer_syntax, self.form, offsets

    def _decoded(self) -> Iterator[DecodedFrame]:
        return decoded_frames(*self._encapsulated())

    def _write_pixels(self, change: FrameChange, spool: BinaryIO) -> tuple[bytes, int]:
        """Write the value of the new pixel data; header of its element, and length of the value."""
        if not self._is_compressed:
            for encoded in self._native(change):
                spool.write(encoded)
            return self._native_header(self.pixel_tag, "OB" if self._swapped else self._pixels.VR, spool)
        return self._write_compressed(change, spool)

    def _write_compressed(self, change: FrameChange, spool: BinaryIO) -> tuple[bytes, int]:
        rewritten_as, form = codec_of(self.transfer_syntax).rewritten_as, self.form
        native = rewritten_as == ExplicitVRLittleEndian
        written = None if native else _CompressedWriter(spool, form.frames)
        for index, decoded in enumerate(self._decoded()):
            before, form = form, stored_form(self.transfer_syntax, self.form, decoded.form)
            if index and form != before:
                raise AnonymizeError("pixels: frames differ in how they were compressed")
            self.frame_form = decoded.form
            change(decoded.samples, index)
            if written is None:
                spool.write(encoded_native(decoded.samples, form))
            else:
                written.add(encoded_frame(decoded.samples, form, rewritten_as))
        self._describe_new_pixels(form)
        if written is None:
            return self._native_header(_PIXEL_DATA, "OB" if form.allocated == 8 else "OW", spool)
        return pack("<HH2sHI", 0x7FE0, 0x0010, b"OB", 0, UNDEFINED), written.finish()

    def _describe_new_pixels(self, form: FrameFormat) -> None:
        codec, old_length = codec_of(self.transfer_syntax), self._end - self._pixels.value_tell
        _describe(self.dataset, form)
        if codec.lossy_method:
            _say_lossy(self.dataset, codec.lossy_method, form.frame_bits * form.frames / 8 / old_length)
        for tag in (_EXTENDED_OFFSETS, _EXTENDED_LENGTHS):
            self.dataset.pop(tag, None)
        self._meta.TransferSyntaxUID = codec.rewritten_as

    def _native_header(self, tag: int, vr: str | None, spool: BinaryIO) -> tuple[bytes, int]:
        spool.write(bytes(spool.tell() % 2))
        length = spool.tell()
        if length > _LONGEST_VALUE:
            raise AnonymizeError("pixels: more than 4 GiB once they are decoded; split the object first")
        syntax = UID(self._meta.TransferSyntaxUID)
        order = "<" if syntax.is_little_endian else ">"
        if syntax.is_implicit_VR:
            return pack(f"{order}HHI", tag >> 16, tag & 0xFFFF, length), length
        return pack(f"{order}HH2sHI", tag >> 16, tag & 0xFFFF, (vr or "OW").encode(), 0, length), length

    def _parts(
        self, update: DatasetUpdate, pixel_header: bytes, value: FileRange, pixels: BinaryIO
    ) -> list[bytes | FileRange]:
        """The new file, in which the value of the pixel data is `value` of `pixels`."""
        head = DicomBytesIO()
        head.write(self._preamble)
        with quiet_pydicom():
            update(self.dataset)
            write_file_meta_info(head, self._meta, enforce_standard=False)
            before = self._encoded_attributes() + pixel_header
        self._file.seek(self._end)
        tail = self._file.read()
        if not self._deflated:
            return [head.getvalue() + before, value, tail]
        pixels.seek(value.offset)
        stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        deflated = stream.compress(before + pixels.read(value.length) + tail) + stream.flush()
        return [head.getvalue() + deflated + bytes(len(deflated) % 2)]

    def _encoded_attributes(self) -> bytes:
        syntax = self.transfer_syntax  # attributes keep their encoding; only what is compressed changes its own
        encoded = DicomBytesIO()
        encoded.is_implicit_VR, encoded.is_little_endian = syntax.is_implicit_VR, syntax.is_little_endian
        write_dataset(encoded, self.dataset)
        return encoded.getvalue()


def edited_file(file: bytes | BinaryIO, change: FrameChange, update: DatasetUpdate) -> EditedFile:
    """A de-identified Part 10 file with its frames after `change` and its attributes after `update`.

    `file` is the whole file as bytes, or open for reading; at no time is more than one frame of it decoded. Raises
    AnonymizeError, which says why, where its pixels cannot be edited.
    """
    return PixelFile(BytesIO(file) if isinstance(file, bytes) else file).edited(change, update)


class _CompressedWriter:
    """Writes encapsulated frames, one fragment each, with a Basic Offset Table (PS3.5 A.4)."""

    def __init__(self, spool: BinaryIO, frames: int) -> None:
        self._spool = spool
        self._offsets: list[int] = []
        self._spool.write(_item(bytes(4 * frames)))
        self._first = self._spool.tell()

    def add(self, frame: bytes) -> None:
        """Write one compressed frame."""
        self._offsets.append(self._spool.tell() - self._first)
        self._spool.write(_item(frame + bytes(len(frame) % 2)))

    def finish(self) -> int:
        """Write the delimiter and the table; length of everything. Raises AnonymizeError where it is too long."""
        self._spool.write(pack("<HHI", 0xFFFE, _SEQUENCE_END, 0))
        length = self._spool.tell()
        if length > _LONGEST_VALUE:
            raise AnonymizeError("pixels: more than 4 GiB once they are compressed again; split the object first")
        self._spool.seek(0)
        self._spool.write(_item(pack(f"<{len(self._offsets)}I", *self._offsets)))
        return length


def _item(value: bytes) -> bytes:
    return pack("<HHI", 0xFFFE, _ITEM, len(value)) + value


def _describe(dataset: Dataset, form: FrameFormat) -> None:
    """Set what the Image Pixel module says to what the pixels now are; their Bits Stored has not changed."""
    dataset.PhotometricInterpretation = form.photometric
    dataset.BitsAllocated = form.allocated
    if form.samples > 1:
        dataset.PlanarConfiguration = int(form.planar)


def _say_lossy(dataset: Dataset, method: str, ratio: float) -> None:
    """What was lost stays lost: say so where the file did not (PS3.3 C.7.6.1.1.5)."""
    if dataset.get("LossyImageCompression", "") == "":
        dataset.LossyImageCompression = "01"
    if dataset.LossyImageCompression == "01" and not dataset.get("LossyImageCompressionMethod"):
        dataset.LossyImageCompressionMethod = method
        dataset.LossyImageCompressionRatio = f"{ratio:.2f}"

"""A new file that is not written yet, to be read as if it were: its bytes, and what will be copied from the source."""

import io
from bisect import bisect_right
from itertools import accumulate

from DicomSuiteAnonymizeLib.elements import FileRange
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.source_file import SourceFile


def open_parts(source: SourceFile, parts: list[bytes | FileRange]) -> io.BufferedReader:
    """The file that `parts` will make, open for reading, without a copy of it; ranges are read from `source`."""
    return io.BufferedReader(_PartsFile(source, parts))


class _PartsFile(io.RawIOBase):
    def __init__(self, source: SourceFile, parts: list[bytes | FileRange]) -> None:
        self._source = source
        self._parts = [part for part in parts if _length(part)]
        self._ends = list(accumulate(map(_length, self._parts)))
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._ends[-1] if self._ends else 0}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: memoryview) -> int:
        """Fill up to the end of one part; 0 at the end of the file."""
        number = bisect_right(self._ends, self._position)
        if number == len(self._parts):
            return 0
        part, end = self._parts[number], self._ends[number]
        inside = self._position - (end - _length(part))
        count = min(len(buffer), end - self._position)
        if type(part) is bytes:
            buffer[:count] = part[inside : inside + count]
        else:
            count = self._source.read_into(memoryview(buffer)[:count], part.offset + inside)
            if not count:
                raise AnonymizeError("the file became shorter while it was read")
        self._position += count
        return count


def _length(part: bytes | FileRange) -> int:
    return len(part) if type(part) is bytes else part.length

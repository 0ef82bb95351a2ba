"""Value representations of the public attributes (PS3.6), as needed to read implicit VR without pydicom."""

from functools import cache
from pathlib import Path
from struct import unpack

_TABLE = Path(__file__).with_name("Data") / "dictionary.tsv"


@cache
def public_vrs() -> dict[int, bytes]:
    """Two-letter VR by tag of every public attribute outside the repeating groups.

    Where PS3.6 leaves a choice the dictionary takes the first VR ("US or SS" is US), but OW for "OB or OW".
    """
    return {(wire & 0xFFFF) << 16 | wire >> 16: vr for wire, vr in wire_vrs().items()}


@cache
def wire_vrs() -> dict[int, bytes]:
    """The same by wire tag (see elements): element number high, group number low."""
    vrs: dict[int, bytes] = {}
    for line in _TABLE.read_text(encoding="ascii").splitlines():
        vr, hexadecimal = line.split("\t")
        tags = bytes.fromhex(hexadecimal)
        swapped = bytearray(len(tags))
        swapped[0::4], swapped[1::4], swapped[2::4], swapped[3::4] = tags[2::4], tags[3::4], tags[0::4], tags[1::4]
        vrs.update(dict.fromkeys(unpack(f">{len(tags) // 4}I", swapped), vr.encode("ascii")))
    return vrs

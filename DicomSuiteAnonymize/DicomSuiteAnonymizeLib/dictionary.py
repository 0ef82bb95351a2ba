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
    vrs: dict[int, bytes] = {}
    for line in _TABLE.read_text(encoding="ascii").splitlines():
        vr, hexadecimal = line.split("\t")
        tags = bytes.fromhex(hexadecimal)
        vrs.update(dict.fromkeys(unpack(f">{len(tags) // 4}I", tags), vr.encode("ascii")))
    return vrs

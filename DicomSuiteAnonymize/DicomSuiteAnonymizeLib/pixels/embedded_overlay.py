"""Overlays in the unused bits of Pixel Data, which stay there when their group is removed from the header.

PS3.3 C.9.2 has retired them: Overlay Bit Position (60xx,0102) lies above High Bit, and there is no Overlay Data
(60xx,3000). Old CT and MR devices wrote them.
"""

from collections.abc import Mapping

from DicomSuiteAnonymizeLib.elements import wire

EMBEDDED_OVERLAY = "overlay in unused bits of the pixels, which may show text; Clean Pixel Data takes it out"

_GROUPS = range(0x6000, 0x6100, 2)
_ROWS, _TYPE, _BIT_POSITION, _DATA = 0x0010, 0x0040, 0x0102, 0x3000
_ALLOCATED, _STORED = wire(0x00280100), wire(0x00280101)
_SIGNS = frozenset(wire(group << 16 | element) for group in _GROUPS for element in (_ROWS, _BIT_POSITION))


def embedded_overlay_risk(facts: Mapping[int, bytes], keeps_regions: bool) -> str:
    """EMBEDDED_OVERLAY where the attributes describe an overlay whose bits can only be in the pixels, else "".

    `facts` are original values by wire tag; `keeps_regions` says that overlays of type R stay. Costs next to nothing
    where there is no overlay: the pixels are not read.
    """
    if _SIGNS.isdisjoint(facts) or facts.get(_ALLOCATED) == facts.get(_STORED):  # no unused bits, or no image
        return ""
    hidden = (not (keeps_regions and _is_region(facts, group)) for group in _GROUPS if _is_embedded(facts, group))
    return EMBEDDED_OVERLAY if any(hidden) else ""


def _is_embedded(facts: Mapping[int, bytes], group: int) -> bool:
    if facts.get(wire(group << 16 | _BIT_POSITION), b"").strip(b"\0 "):
        return True
    return wire(group << 16 | _ROWS) in facts and wire(group << 16 | _DATA) not in facts


def _is_region(facts: Mapping[int, bytes], group: int) -> bool:
    return facts.get(wire(group << 16 | _TYPE), b"").strip(b"\0 ") == b"R"

"""Private attributes and overlays, which can only be judged together with their neighbours at the same level."""

import re
from collections.abc import Collection, Mapping

from DicomSuiteAnonymizeLib.elements import Nested, wire
from DicomSuiteAnonymizeLib.private_attributes.safe_attributes import CSA
from DicomSuiteAnonymizeLib.ps315 import Option
from DicomSuiteAnonymizeLib.steps import CAPTURED, GRAPHICS, KEPT_SEQUENCE, PRIVATE, Action, Step

TYPE_CHECKING = False  # one of the two needs the other
if TYPE_CHECKING:
    from DicomSuiteAnonymizeLib.leaks import Needles

_UNREADABLE = Step(Action.REMOVE, "private text that cannot be read")
_CLEANED = Step(Action.CLEAN, "safe private attribute, cleaned", _UNREADABLE)
_CSA_CLEANED = Step(Action.CLEAN, "Siemens CSA header, only numbers kept", _UNREADABLE)
_INSPECTED = Step(Action.INSPECT, "safe private attribute whose value is not")
_UID = Step(Action.UID, "UID in a safe private attribute")
_DATE_REMOVED = Step(Action.REMOVE, "date or time in a safe private attribute")
_DATE_SHIFTED = Step(Action.SHIFT, "date in a safe private attribute", _DATE_REMOVED)
_NOT_SAFE = Step(Action.REMOVE, "name, address or age in a safe private attribute")
_OVERLAY_TEXT = Step(Action.CLEAN, "overlay text, cleaned", Step(Action.REMOVE, "overlay text that cannot be read"))

_TEXT = frozenset(b"AE CS LO LT SH ST UC UT".split())
_OVERLAY_TEXT_VRS = frozenset(b"LO LT PN SH ST UC UR UT".split())
_NUMBER_STRINGS = frozenset((b"DS", b"IS"))
_BINARY_NUMBERS = frozenset(b"AT FD FL SL SS SV UL US UV".split())
_NUMBERS = re.compile(rb"[-+0-9.eE\\ \0]*")
_CONTROL = re.compile(rb"[^\x20-\xff\r\n\t\f\x1b]")

CSA_HEADER = CSA.encode()

SafeVRs = Mapping[tuple[str, int, int], str]
"""VR ("" where it is not known) by creator, group and low byte of the element."""


class SafePrivate:
    """What becomes of the private attributes that are known to be safe; `settle` asks it.

    A listed attribute stays as its VR allows: text is cleaned, UIDs and dates follow the options as everywhere, names
    go, and so do binary values in which an original value of the instance stands.
    """

    def __init__(self, vrs: SafeVRs, options: Collection[Option]) -> None:
        self._vrs = vrs
        full, modified = Option.RETAIN_FULL_DATES in options, Option.RETAIN_MODIFIED_DATES in options
        date = _INSPECTED if full else _DATE_SHIFTED if modified else _DATE_REMOVED
        self._steps: dict[bytes, Step] = dict.fromkeys(_TEXT, _CLEANED) | {
            CSA_HEADER: _CSA_CLEANED,
            b"UI": CAPTURED if Option.RETAIN_UIDS in options else _UID,
            b"DA": date,
            b"DT": date,
            b"TM": _INSPECTED if full or modified else _DATE_REMOVED,
            b"AS": _INSPECTED if Option.RETAIN_PATIENT_CHARACTERISTICS in options else _NOT_SAFE,
            b"PN": _NOT_SAFE,
            b"UR": _NOT_SAFE,
            b"SQ": _UNREADABLE,  # one that the walk could not take apart
        }

    def settled(self, node, creator: str):
        """The private attribute with its step, and its real VR where it stands as UN; None where it is not listed."""
        tag = wire(_wire(node))
        vr = self._vrs.get((creator, tag >> 16, tag & 0xFF))
        if vr is None:
            return None
        if type(node) is Nested:
            return _with_step(node, KEPT_SEQUENCE)
        wire_tag, found, value, _, wire_vr = node
        if vr == CSA or found == b"UN":
            found = vr.encode() or _guessed(value)
        return wire_tag, found, value, self._steps.get(found, _INSPECTED), wire_vr


def settle(nodes: list, safe: SafePrivate) -> list:
    """Nodes of one level with a final step for each private attribute and each overlay or curve."""
    private = [node for node in nodes if _step(node) is PRIVATE]
    creators = {_block(node[0]): node for node in private if _is_creator(node)}
    rois = {node[0] & 0xFFFF for node in nodes if _step(node) is GRAPHICS and _is_roi_type(node)}
    known = {id(node): new for node in private if (new := _safe(node, creators, safe)) is not None}
    used = {id(creators[_own_block(node)]) for node in private if id(node) in known}
    settled = []
    for node in nodes:
        step = _step(node)
        if step is PRIVATE:
            node = _with_step(node, CAPTURED) if id(node) in used else known.get(id(node), node)
        elif step is GRAPHICS and _wire(node) & 0xFFFF in rois:
            node = _with_step(node, _OVERLAY_TEXT if type(node) is tuple and node[1] in _OVERLAY_TEXT_VRS else CAPTURED)
        settled.append(node)
    return settled


def is_harmless(vr: bytes, value: bytes, needles: "Needles") -> bool:
    """Whether a value that is kept as it is holds none of the instance's identifying values; see Action.INSPECT."""
    if vr in _NUMBER_STRINGS:
        return _NUMBERS.fullmatch(value) is not None and not needles.found_in(b"LO", value)
    return vr in _BINARY_NUMBERS or not needles.may_contain(value)


def _guessed(value: bytes) -> bytes:
    """VR of a value whose VR nobody knows, so that text in it is cleaned."""
    return b"UN" if _CONTROL.search(value.rstrip(b"\0")) else b"UT"


def _safe(node, creators: dict, safe: SafePrivate):
    creator = creators.get(_own_block(node))
    if creator is None or _is_creator(node):
        return None
    return safe.settled(node, creator[2].decode("ascii", "replace").strip("\0 ").upper())


def _is_creator(node) -> bool:
    """(gggg,0010-00FF) names who owns the block (PS3.5 7.8.1)."""
    return type(node) is tuple and 0x10 <= node[0] >> 16 <= 0xFF


def _block(wire_tag: int) -> tuple[int, int]:
    """Group and block that a creator element reserves."""
    return wire_tag & 0xFFFF, wire_tag >> 16


def _own_block(node) -> tuple[int, int]:
    """Group and block that a private attribute lies in."""
    wire_tag = _wire(node)
    return wire_tag & 0xFFFF, wire_tag >> 24


def _is_roi_type(node) -> bool:
    """Overlay Type (60xx,0040) R: a region of interest, where G may be any drawing, text included (PS3.3 C.9.2)."""
    return type(node) is tuple and node[0] >> 16 == 0x0040 and node[2].strip(b" \0") == b"R"


def _step(node) -> Step | None:
    return node[3] if type(node) is tuple else node.step if type(node) is Nested else None


def _wire(node) -> int:
    return node[0] if type(node) is tuple else node.wire


def _with_step(node, step: Step | None):
    if type(node) is tuple:
        return (*node[:3], step, node[4])
    return Nested(node.wire, node.wire_vr, step, node.level, node.explicit, node.items)

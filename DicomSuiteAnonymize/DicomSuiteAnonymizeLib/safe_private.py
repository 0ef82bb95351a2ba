"""Private attributes and overlays, which can only be judged together with their neighbours at the same level."""

from functools import cache
from pathlib import Path

from DicomSuiteAnonymizeLib.elements import Nested, wire
from DicomSuiteAnonymizeLib.plan import GRAPHICS, PRIVATE
from DicomSuiteAnonymizeLib.steps import CAPTURED, KEPT_SEQUENCE, Action, Step

_TABLE = Path(__file__).with_name("Data") / "safe_private.tsv"
_CLEANED = Step(
    Action.CLEAN, "safe private attribute, cleaned", Step(Action.REMOVE, "private text that cannot be read")
)
_OVERLAY_TEXT = Step(Action.CLEAN, "overlay text, cleaned", Step(Action.REMOVE, "overlay text that cannot be read"))
_TEXT = frozenset(b"LO LT PN SH ST UC UR UT".split())


def settle(nodes: list) -> list:
    """Nodes of one level with a final step for each private attribute and each overlay or curve."""
    private = [node for node in nodes if _step(node) is PRIVATE]
    creators = {_block(node[0] if type(node) is tuple else node.wire): node for node in private if _is_creator(node)}
    rois = {node[0] & 0xFFFF for node in nodes if _step(node) is GRAPHICS and _is_roi_type(node)}
    safe = {id(node): step for node in private if (step := _private_step(node, creators))}
    used = {id(creators[_own_block(node)]) for node in private if id(node) in safe}
    settled = []
    for node in nodes:
        step = _step(node)
        if step is PRIVATE:
            step = CAPTURED if id(node) in used else safe.get(id(node), PRIVATE)
        elif step is GRAPHICS and _wire(node) & 0xFFFF in rois:
            step = _OVERLAY_TEXT if type(node) is tuple and node[1] in _TEXT else CAPTURED
        settled.append(_with_step(node, step))
    return settled


@cache
def safe_attributes() -> frozenset[tuple[str, int, int]]:
    """(private creator, group, low byte of the element) of PS3.15 table E.3.10-1."""
    lines = (line.split("\t") for line in _TABLE.read_text(encoding="utf-8").splitlines())
    return frozenset((creator, int(group, 16), int(element, 16)) for creator, group, element, _ in lines)


def _private_step(node, creators: dict) -> Step | None:
    creator = creators.get(_own_block(node))
    if creator is None or _is_creator(node):
        return None
    tag = wire(_wire(node))
    name = creator[2].decode("ascii", "replace").strip("\0 ").upper()
    if (name, tag >> 16, tag & 0xFF) not in safe_attributes():
        return None
    if type(node) is Nested:
        return KEPT_SEQUENCE
    return _CLEANED if node[1] in _TEXT else CAPTURED


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
    if step is _step(node):
        return node
    if type(node) is tuple:
        return (*node[:3], step, node[4])
    return Nested(node.wire, node.wire_vr, step, node.level, node.explicit, node.items)

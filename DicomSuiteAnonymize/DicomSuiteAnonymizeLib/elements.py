"""Data elements as they stand in a file: walked without decoding, so that what is kept stays bit for bit.

Tags are handled in *wire* order: the four bytes of a tag read as one little-endian number (element number high,
group number low), because that is one `struct` call in the loop that every element of every file passes through.
Encoding rules: PS3.5 section 7.
"""

from struct import Struct, error

from DicomSuiteAnonymizeLib.dictionary import wire_vrs
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.steps import PRIVATE_REMOVED, UNLISTED, Action
from DicomSuiteAnonymizeLib.templates import Element, Stretch, Template

UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = 0xE000FFFE, 0xE00DFFFE, 0xE0DDFFFE

_EXPLICIT = Struct("<I2sH").unpack_from
_IMPLICIT = Struct("<II").unpack_from
_LENGTH = Struct("<I").unpack_from
_SHORT_HEADER = Struct("<I2sH").pack
_LONG_HEADER = Struct("<I2sHI").pack
_BARE_HEADER = Struct("<II").pack

LONG_VRS = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
"""VRs whose explicit header has two reserved bytes and a 32-bit length (PS3.5 7.1.2)."""
SHORT_VRS = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
_HEADER_SIZE = dict.fromkeys(SHORT_VRS, 8) | dict.fromkeys(LONG_VRS, 12)

PIXEL_TAGS = frozenset((0x7FE00008, 0x7FE00009, 0x7FE00010))
_FIRST_PIXEL_TAG = min(PIXEL_TAGS)
_ITEM_TAG = b"\xfe\xff\x00\xe0"
_NO_STOP = 1 << 32
_FRAGMENTED = frozenset((b"OB", b"OW"))
_END, _STOP, _DELIMITED, _SHORT = range(4)
_MAX_DEPTH = 64
"""Deeper nesting than this is an attack or a defect, not a DICOM object."""


class Unsupported(Exception):
    """The byte walker does not read this encoding; the pydicom path may. Says why, never with a value."""


class Incomplete(Exception):
    """An element ends beyond the bytes at hand."""


def wire(tag: int) -> int:
    """Tag 0xGGGGEEEE as wire number, and back: the function is its own inverse."""
    return (tag & 0xFFFF) << 16 | tag >> 16


class FileRange:
    """Bytes that are copied from the source without being read: where they lie in it."""

    __slots__ = ("length", "offset")

    def __init__(self, offset: int, length: int) -> None:
        self.offset = offset
        self.length = length


class Nested:
    """A sequence that is not kept verbatim; each item is a list of nodes."""

    __slots__ = ("explicit", "items", "level", "step", "wire", "wire_vr")

    def __init__(self, wire_tag: int, wire_vr: bytes, step, level, explicit: bool, items: list[list]) -> None:
        self.wire = wire_tag
        self.wire_vr = wire_vr
        self.step = step
        self.level = level
        self.explicit = explicit
        self.items = items


class DataSetWalk:
    """The walk over one data set, fed with the file's bytes in pieces; `nodes` grows in file order.

    A node is `bytes` (a run of elements kept verbatim), a tuple (wire tag, VR, value, step, VR in the file) for one
    element that a step applies to (its value is left out where the step is blind), a `Nested`, a `FileRange`, a
    `Stretch` of nodes known from an instance before, or an `int`: the tag of an attribute that may have to be inserted
    here.
    """

    def __init__(self, level, explicit: bool, inserts: tuple[int, ...], template: Template | None = None) -> None:
        self.level = level
        self.explicit = explicit
        self.nodes: list = []
        self._inserts = [*inserts]
        self._template = template
        self._trail: list[Element | Stretch] = []
        self._differing: list[int] = []

    def feed(self, b: bytes, pos: int = 0) -> tuple[int, bool]:
        """Walk the complete elements in `b` from `pos` on, where one begins.

        Returns where the first element begins that was not walked (incomplete, or pixel data) and whether it is
        pixel data. Raises Unsupported.
        """
        if self._template is not None:
            return self._feed_by_template(b, pos, self._template)
        while True:
            stop = self._inserts[0] if self._inserts else _FIRST_PIXEL_TAG
            pos, why = _walk(b, pos, len(b), self.explicit, self.level, self.nodes, stop, 0)
            if why != _STOP:
                return pos, False
            tag = wire(_LENGTH(b, pos)[0])
            if self._inserts:
                self._insert_up_to(tag)
            elif tag in PIXEL_TAGS:
                return pos, True
            else:
                return _walk(b, pos, len(b), self.explicit, self.level, self.nodes, _NO_STOP, 0)[0], False

    def _feed_by_template(self, b: bytes, pos: int, template: Template) -> tuple[int, bool]:
        nodes, trail, stretches, inserts = self.nodes, self._trail, template.stretches, self._inserts
        last = len(b) - 8
        while pos <= last:
            tag = _LENGTH(b, pos)[0]
            number = (tag & 0xFFFF) << 16 | tag >> 16
            if inserts and inserts[0] <= number:
                self._insert_up_to(number)
            known = stretches.get(tag)
            if known is not None and b.startswith(known.raw, pos):
                nodes.append(known)
                trail.append(known)
                pos += len(known.raw)
                continue
            if number in PIXEL_TAGS:
                return pos, True
            if tag in template.varying:
                element, following = self._own_element(tag, b, pos)
            else:
                element = template.same(tag, b, pos)
                if element is not None:
                    following = pos + len(element.raw)
                else:
                    element, following = self._walked_element(tag, b, pos)
                    element.remember(b[pos:following])
                    self._differing.append(tag)
            if following == pos:
                break
            nodes += element.nodes
            trail.append(element)
            pos = following
        return pos, False

    def _own_element(self, tag: int, b: bytes, pos: int) -> tuple[Element, int]:
        """An element that varies, and where the next one begins: the short way for those that are no sequences."""
        if self.explicit:
            _, vr, length = _EXPLICIT(b, pos)
            following = pos + 8 + length
            if vr in SHORT_VRS and following <= len(b):
                step = self.level.steps[tag]
                if step is None:
                    return Element(tag, [b[pos:following]]), following
                if step is not UNLISTED:
                    value = b"" if step.blind else b[pos + 8 : following]
                    return Element(tag, [(tag, vr, value, step, vr)]), following
        return self._walked_element(tag, b, pos)

    def _walked_element(self, tag: int, b: bytes, pos: int) -> tuple[Element, int]:
        nodes: list = []
        following, _ = _walk(b, pos, len(b), self.explicit, self.level, nodes, wire(tag) + 1, 0)
        return Element(tag, nodes), following

    def _insert_up_to(self, tag: int) -> None:
        while self._inserts and self._inserts[0] <= tag:
            self.nodes.append(self._inserts.pop(0))

    def pass_over(self, tag: int, nodes: list) -> None:
        """Take nodes made elsewhere for the element `tag`, in its place."""
        self._insert_up_to(tag)
        self.nodes.extend(nodes)

    def finish(self) -> None:
        """Nothing follows: what is still to be inserted comes last."""
        self.nodes.extend(self._inserts)
        self._inserts.clear()
        if self._template is not None:
            self._template.learn(self._trail, self._differing)


def header_of(b: bytes, pos: int, explicit: bool) -> tuple[int, bytes, int, int]:
    """Wire tag, VR (that of the dictionary where the file has none), header size and length of the element at `pos`.

    Raises Incomplete where the header is cut off and Unsupported where it is none.
    """
    try:
        if not explicit:
            tag, length = _IMPLICIT(b, pos)
            return tag, wire_vrs().get(tag, b"UN"), 8, length
        tag, vr, length = _EXPLICIT(b, pos)
        size = _HEADER_SIZE.get(vr)
        if size == 12:
            length = _LENGTH(b, pos + 8)[0]
        elif size is None:
            raise Unsupported("an element without a valid VR in explicit VR encoding")
        return tag, vr, size, length
    except error as short:
        raise Incomplete from short


def _walk(b, pos, end, explicit, level, nodes, stop, depth):
    """Append the nodes of b[pos:end] to `nodes`; returns the position reached and why it ended there.

    The one hot loop of the engine: what most elements need (kept, short header) comes first and does least.
    """
    step_of = level.steps.__getitem__
    header_size = _HEADER_SIZE.get
    vr_of = wire_vrs().get
    stop_group = stop >> 16
    run, why = pos, _END
    try:
        while pos < end:
            if explicit:
                tag, vr, length = _EXPLICIT(b, pos)
                size = header_size(vr)
                if size == 12:
                    length = _LENGTH(b, pos + 8)[0]
                elif size is None:
                    if tag == ITEM_END and depth:
                        why = _DELIMITED
                        break
                    raise Unsupported("an element without a valid VR in explicit VR encoding")
            else:
                tag, length = _IMPLICIT(b, pos)
                if tag == ITEM_END and depth:
                    why = _DELIMITED
                    break
                vr = vr_of(tag, b"UN")
                size = 8
            if tag & 0xFFFF >= stop_group and wire(tag) >= stop:
                why = _STOP
                break
            step = step_of(tag)
            following = pos + size + length
            if step is None and size == 8 and length != UNDEFINED and vr != b"SQ":
                if following > end:
                    why = _SHORT
                    break
                pos = following
                continue
            if length != UNDEFINED and following > end:
                why = _SHORT
                break
            if step is UNLISTED:
                step = level.unlisted(tag)
            if not tag and not length:
                raise AnonymizeError("broken: zeros where an element belongs")
            meaning = vr_of(tag, vr) if vr == b"UN" else vr
            node = None
            if length == UNDEFINED and vr in _FRAGMENTED:
                following = skip_fragments(b, pos + size, end)
                if step is not None and step.action is not Action.KEEP:
                    if step.action is not Action.REMOVE:
                        raise Unsupported("encapsulated pixel data where a replaced value belongs")
                    node = tag, meaning, b"", step, vr
            elif length != UNDEFINED and (meaning != b"SQ" or step is PRIVATE_REMOVED):
                if meaning == b"UN" and tag & 1 and step is not None and not step.blind:
                    node = _hidden_sequence(b, pos + size, following, tag, step, level, depth)
                if step is not None and node is None:
                    node = tag, meaning, b"" if step.blind else b[pos + size : following], step, vr
            else:
                node = Nested(tag, vr, step, level.child(tag, step), explicit and vr != b"UN", [])
                following, touched = _items(b, pos + size, end, following, length == UNDEFINED, node, depth + 1)
                if not touched and (step is None or step.verbatim):
                    node = None
            if node is not None:
                if run < pos:
                    nodes.append(b[run:pos])
                nodes.append(node)
                run = following
            pos = following
    except error:
        why = _SHORT
    except Incomplete:
        if depth:
            raise
        why = _SHORT
    if run < pos:
        nodes.append(b[run:pos])
    return pos, why


def hidden_items(value: bytes, level) -> list[list] | None:
    """Nodes of the items of a sequence that stands as UN; None where the value is none."""
    if not value.startswith(_ITEM_TAG):
        return None
    nested = Nested(0, b"UN", None, level, False, [])
    try:
        _items(value, 0, len(value), len(value), False, nested, 0)
    except (Unsupported, AnonymizeError):
        return None
    return nested.items


def _hidden_sequence(b, pos, end, tag, step, level, depth):
    """The private sequence that stands as UN, thus in implicit VR (PS3.5 6.2.2).

    None where it is none, and where the level takes such sequences for values.
    """
    inside = level.hidden(tag, step) if b.startswith(_ITEM_TAG, pos) else None
    if inside is None:
        return None
    nested = Nested(tag, b"UN", step, inside, False, [])
    try:
        _items(b, pos, end, end, False, nested, depth + 1)
    except (Unsupported, AnonymizeError):
        return None
    return nested


def _items(b, pos, end, sequence_end, undefined, nested, depth):
    """Walk the items of a sequence whose first item begins at `pos` into `nested.items`.

    Returns the position behind the sequence and whether anything in it differs from what stands in the file.
    """
    if depth > _MAX_DEPTH:
        raise Unsupported(f"sequences nested deeper than {_MAX_DEPTH} levels")
    if not undefined:
        try:
            return sequence_end, _walk_items(b, pos, sequence_end, False, nested, depth)[1]
        except Incomplete:
            raise Unsupported("a sequence whose items are longer than the sequence") from None
    return _walk_items(b, pos, end, True, nested, depth)


def _walk_items(b, pos, end, undefined, nested, depth):
    touched = undefined
    while pos < end:
        try:
            tag, length = _IMPLICIT(b, pos)
        except error:
            raise Incomplete from None
        pos += 8
        if tag == SEQUENCE_END and undefined:
            return pos, True
        if tag != ITEM:
            raise Unsupported("a sequence that holds something else than items")
        nodes: list = []
        nested.items.append(nodes)
        item_end = end if length == UNDEFINED else pos + length
        if item_end > end:
            raise Incomplete
        pos, why = _walk(b, pos, item_end, nested.explicit, nested.level, nodes, _NO_STOP, depth)
        if length == UNDEFINED:
            if why != _DELIMITED:
                raise Incomplete
            pos, touched = pos + 8, True
        elif why != _END:
            raise Unsupported("an item whose elements are longer than the item")
        elif not touched:
            touched = any(type(node) is not bytes for node in nodes)
    if undefined:
        raise Incomplete
    return pos, touched


def skip_fragments(b: bytes, pos: int, end: int) -> int:
    """Position behind the sequence delimiter of encapsulated pixel data whose first fragment header is at `pos`."""
    while pos + 8 <= end:
        tag, length = _IMPLICIT(b, pos)
        pos += 8
        if tag == SEQUENCE_END:
            return pos
        if tag != ITEM or length == UNDEFINED:
            raise Unsupported("encapsulated pixel data with something else than fragments")
        pos += length
    raise Incomplete


def encode(wire_tag: int, vr: bytes, value: bytes, explicit: bool) -> bytes:
    """One element, little endian; `value` has even length."""
    if not explicit:
        return _BARE_HEADER(wire_tag, len(value)) + value
    if vr in LONG_VRS:
        return _LONG_HEADER(wire_tag, vr, 0, len(value)) + value
    if len(value) > 0xFFFF:
        raise Unsupported(f"a value of VR {vr.decode()} that became longer than 65,535 bytes")
    return _SHORT_HEADER(wire_tag, vr, len(value)) + value


def encode_item(body: bytes) -> bytes:
    """One sequence item of defined length."""
    return _BARE_HEADER(ITEM, len(body)) + body

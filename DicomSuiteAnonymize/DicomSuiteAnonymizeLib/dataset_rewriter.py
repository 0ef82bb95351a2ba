"""The slow path: files in encodings that the byte walker refuses, read and written with pydicom."""

import zlib
from collections import Counter
from operator import attrgetter

from pydicom.dataelem import RawDataElement
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_data_element
from pydicom.tag import BaseTag
from pydicom.valuerep import EXPLICIT_VR_LENGTH_32

from DicomSuiteAnonymizeLib import markers
from DicomSuiteAnonymizeLib.dataset_reader import EXPLICIT, IMPLICIT, Encoding, known_vr, read_file
from DicomSuiteAnonymizeLib.dictionary import wire_vrs
from DicomSuiteAnonymizeLib.elements import UNDEFINED, Nested, wire
from DicomSuiteAnonymizeLib.emitter import Change, path_text
from DicomSuiteAnonymizeLib.engine import Engine, Rewritten, with_rank
from DicomSuiteAnonymizeLib.leak_check import LeakCheck
from DicomSuiteAnonymizeLib.plan import MARKER_TAGS, Level
from DicomSuiteAnonymizeLib.private_attributes.safe_private import settle
from DicomSuiteAnonymizeLib.source_file import DEFLATED, DICM, PREAMBLE, TRAILING_BYTES, SourceFile
from DicomSuiteAnonymizeLib.steps import Action
from DicomSuiteAnonymizeLib.subject import Facts, Subject
from DicomSuiteAnonymizeLib.values import padded
from DicomSuiteLib.version import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME

_ITEM = BaseTag(0xFFFEE000)
_LONGEST_SHORT = 0xFFFF
"""Bytes that a value may have where its length is a 16-bit number."""
_NUMBER_BYTES = {b"US": 2, b"SS": 2, b"UL": 4, b"SL": 4, b"FL": 4, b"FD": 8, b"UV": 8, b"SV": 8}


def rewrite_dataset(source: SourceFile, engine: Engine, rank: int | None = None) -> Rewritten:
    """Rewrite a file of any encoding, with the same result as `rewriter.rewrite_bytes` where both can.

    `rank` is the instance's place in its series, from 0, where the profile renumbers. The transfer syntax
    stays unless it is wrong. Raises engine.NotDicom, and AnonymizeError where the file has to be quarantined.
    """
    read = read_file(source, engine.plan)
    known = engine.understood(read, more_follows=read.dropped_trailing_bytes, little_endian=read.encoding.little)
    writer = _DataSetWriter(engine, known.subject, known.check)
    nodes = with_rank(read.nodes, rank, known.subject)
    data_set = writer.data_set(nodes, known.level, read.encoding, known.facts)
    if read.transfer_syntax in DEFLATED:
        data_set = _deflated(data_set)
    extra = [*known.check.changes, TRAILING_BYTES] if read.dropped_trailing_bytes else known.check.changes
    return Rewritten(
        [_file_head(read.media_class, known.new_sop_instance, read.transfer_syntax) + data_set],
        known.subject,
        known.old_sop_instance,
        read.digest,
        engine.change_set(writer.changes, [], Counter(), extra),
        known.risk,
        known.facts,
    )


class _DataSetWriter:
    """Applies the steps to one data set; `changes` are what was done."""

    def __init__(self, engine: Engine, subject: Subject, check: LeakCheck) -> None:
        self._plan = engine.plan
        self._replacer = engine.replacer
        self._subject = subject
        self._check = check
        self.changes: list[Change] = []

    def data_set(self, nodes: list, level: Level, encoding: Encoding, facts: Facts) -> bytes:
        """The new data set with its markers and what the user typed for attributes that it lacked."""
        elements = self._elements(nodes, level, encoding)
        return _encoded([*elements, *self._typed(level, encoding, facts), *self._markers(encoding)], encoding)

    def _elements(self, nodes: list, level: Level, encoding: Encoding) -> list[RawDataElement]:
        elements = []
        if level.content is not None:
            nodes = level.content.settled(nodes)
        for node in settle(nodes, level.safe_private) if level.settles else nodes:
            if type(node) is tuple:
                element = self._replaced(node, level, encoding)
            elif type(node) is Nested:
                element = self._sequence(node, level, encoding)
            elif node.length == UNDEFINED:
                element = node
            else:
                element = self._checked((*level.path, node.tag), node.VR.encode(), node.value or b"")
            if element is not None:
                elements.append(element)
        return elements

    def _replaced(self, node: tuple, level: Level, encoding: Encoding) -> RawDataElement | None:
        wire_tag, vr, value, step, wire_vr = node
        path = (*level.path, wire(wire_tag))
        new, action = self._replacer.replace(step, path[-1], vr, value, self._subject)
        if action is not Action.KEEP:
            self.changes.append((path_text(path), action.value, step.rule))
        if new is None:
            return None
        if action is Action.REPLACE and wire_vr != b"UN":
            new = _in_byte_order(vr, new, encoding)
        return self._checked(path, wire_vr, new)

    def _sequence(self, node: Nested, level: Level, encoding: Encoding) -> RawDataElement | None:
        path = (*level.path, wire(node.wire))
        action = Action.KEEP if node.step is None else self._subject.identity.action(node.step)
        if action not in (Action.KEEP, Action.RECURSE):
            self.changes.append((path_text(path), action.value, node.step.rule))
        if action is Action.REMOVE:
            return None
        inner = encoding if node.explicit else IMPLICIT
        kept = [] if action is Action.EMPTY else node.items
        items = [self._elements(item, node.level, inner) for item in kept]
        return _raw(path[-1], node.wire_vr, _encoded_items(items, inner))

    def _typed(self, level: Level, encoding: Encoding, facts: Facts) -> list[RawDataElement]:
        elements = []
        for tag in self._plan.inserts:
            edits = () if tag in MARKER_TAGS or wire(tag) in facts else level.steps[wire(tag)].edits
            edit = next(filter(self._subject.identity.matches, edits), None)
            if edit is not None and edit.action is Action.REPLACE:
                vr = wire_vrs()[wire(tag)]
                value = _in_byte_order(vr, self._replacer.inserted(edit, vr, self._subject), encoding)
                elements.append(self._checked((tag,), vr, value))
                self.changes.append((path_text((tag,)), Action.REPLACE.value, "added"))
        return elements

    def _markers(self, encoding: Encoding) -> list[RawDataElement]:
        profile = self._plan.profile
        elements = [
            self._text((markers.IDENTITY_REMOVED,), b"CS", "YES" if profile.is_ps315 else "NO"),
            self._text((markers.METHOD,), b"LO", markers.method(profile)),
        ]
        if dates := markers.dates_modified(profile):
            elements.append(self._text((markers.DATES_MODIFIED,), b"CS", dates))
        if codes := markers.method_codes(profile):
            items = [self._code(*code) for code in codes]
            elements.append(_raw(markers.METHOD_CODES, b"SQ", _encoded_items(items, encoding)))
        return [element for element in elements if element.tag in self._plan.inserts]

    def _code(self, value: str, meaning: str) -> list[RawDataElement]:
        """Item of De-identification Method Code Sequence (PS3.3 table 8.8-1)."""
        return [
            self._text((markers.METHOD_CODES, 0x00080100), b"SH", value),
            self._text((markers.METHOD_CODES, 0x00080102), b"SH", "DCM"),
            self._text((markers.METHOD_CODES, 0x00080104), b"LO", meaning),
        ]

    def _text(self, path: tuple[int, ...], vr: bytes, text: str) -> RawDataElement:
        return self._checked(path, vr, padded(vr, text.encode("ascii")))

    def _checked(self, path: tuple[int, ...], wire_vr: bytes, value: bytes) -> RawDataElement:
        """The element as it is written, searched for the source's own values."""
        vr = known_vr(wire(path[-1]), wire_vr)
        return _raw(path[-1], wire_vr, self._check.value(path, vr, value))


def _raw(tag: int, vr: bytes, value: bytes) -> RawDataElement:
    return RawDataElement(BaseTag(tag), vr.decode(), len(value), value, 0, False, True)


def _encoded(elements: list[RawDataElement], encoding: Encoding) -> bytes:
    file = _file(encoding)
    for element in sorted(elements, key=attrgetter("tag")):
        short = not encoding.implicit and element.VR not in EXPLICIT_VR_LENGTH_32
        if short and len(element.value) > _LONGEST_SHORT:
            element = element._replace(VR="UN")  # PS3.5 6.2.2
        write_data_element(file, element)
    return file.getvalue()


def _encoded_items(items: list[list[RawDataElement]], encoding: Encoding) -> bytes:
    file = _file(encoding)
    for elements in items:
        body = _encoded(elements, encoding)
        file.write_tag(_ITEM)
        file.write_UL(len(body))
        file.write(body)
    return file.getvalue()


def _file(encoding: Encoding) -> DicomBytesIO:
    file = DicomBytesIO()
    file.is_implicit_VR, file.is_little_endian = encoding.implicit, encoding.little
    return file


def _in_byte_order(vr: bytes, value: bytes, encoding: Encoding) -> bytes:
    """Typed numbers, which come in little endian, as the file has them."""
    size = 1 if encoding.little else _NUMBER_BYTES.get(vr, 1)
    return value if size == 1 else b"".join(value[at : at + size][::-1] for at in range(0, len(value), size))


def _deflated(data_set: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    deflated = stream.compress(data_set) + stream.flush()
    return deflated + bytes(len(deflated) % 2)


def _file_head(sop_class: bytes, sop_instance: bytes, transfer_syntax: bytes) -> bytes:
    """Empty preamble and file meta information (PS3.10 7.1), with nothing about who made or sent the file."""
    meta = _encoded(
        [
            _raw(0x00020000 | element, vr, padded(vr, value))
            for element, vr, value in (
                (0x0001, b"OB", b"\0\1"),
                (0x0002, b"UI", sop_class),
                (0x0003, b"UI", sop_instance),
                (0x0010, b"UI", transfer_syntax),
                (0x0012, b"UI", IMPLEMENTATION_CLASS_UID),
                (0x0013, b"SH", IMPLEMENTATION_VERSION_NAME),
            )
        ],
        EXPLICIT,
    )
    group_length = _encoded([_raw(0x00020000, b"UL", len(meta).to_bytes(4, "little"))], EXPLICIT)
    return bytes(PREAMBLE) + DICM + group_length + meta

"""Every output is searched for the source's own identifying values before it is written."""

from collections.abc import Callable, Iterator

from DicomSuiteAnonymizeLib.elements import DataSetWalk, FileRange, Nested, encode, encode_item, hidden_items, wire
from DicomSuiteAnonymizeLib.emitter import Change, Emission, path_text
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.leaks import Needles, OldUIDs
from DicomSuiteAnonymizeLib.profiles.profile import OnLeak
from DicomSuiteAnonymizeLib.steps import Action, Step
from DicomSuiteAnonymizeLib.values import padded

LEAK_RULE = "original value found again"
_PROBE = Step(Action.CLEAN, LEAK_RULE)


class LeakCheck:
    """Looks for originals in one instance's new data set, and takes them out where the profile says so.

    Raises
    ------
    AnonymizeError
        Where an original stays: always with OnLeak.FAIL, else only where it cannot be taken out.
    """

    def __init__(self, needles: Needles, old_uids: OldUIDs, new_uid: Callable[[bytes], bytes], on_leak: OnLeak) -> None:
        self._needles = needles
        self._old_uids = old_uids
        self._new_uid = new_uid
        self._on_leak = on_leak
        self.changes: list[Change] = []

    def parts(self, emission: Emission, explicit: bool) -> list[bytes | FileRange]:
        """The encoded data set without originals, neighbouring bytes joined; it begins with bytes."""
        joined = list(_joined(emission.parts))
        if not self._may_be_in(emission):
            return joined
        return [self._segment(part, explicit) if type(part) is bytes else part for part in joined]

    def value(self, path: tuple[int, ...], vr: bytes, value: bytes) -> bytes:
        """One attribute's value without originals; the same object where there are none."""
        if vr == b"UN" and path[-1] >> 16 & 1:
            return self._hidden_sequence(path, value)
        if not (self._needles.found_in(vr, value) or self._old_uids.found_in(vr, value)):
            return value
        name = path_text(path)
        if self._on_leak is OnLeak.FAIL:
            raise AnonymizeError(
                f"an original identifying value stands again in {name}; the profile refuses such files"
            )
        new = self._old_uids.replaced(vr, value.rstrip(b"\0 "), self._new_uid)
        try:
            new = padded(vr, self._needles.without(vr, new) if self._needles.found_in(vr, new) else new)
        except ValueError:
            raise AnonymizeError(f"an original value in {name} cannot be taken out: its text is not readable") from None
        if self._needles.found_in(vr, new) or self._old_uids.found_in(vr, new):
            raise AnonymizeError(f"an original identifying value in {name} could not be taken out")
        self.changes.append((name, Action.CLEAN.value, LEAK_RULE))
        return new

    def _hidden_sequence(self, path: tuple[int, ...], value: bytes) -> bytes:
        """A private value that may be a sequence in implicit VR; as it stands where nothing is found in it."""
        items = hidden_items(value, _EveryAttribute())
        if items is None:
            return value
        before = len(self.changes)
        new = b"".join(encode_item(self._encoded(item, path, False)) for item in items)
        return new if len(self.changes) > before else value

    def _may_be_in(self, emission: Emission) -> bool:
        """Quick look; False is certain. No original spans elements, so stretches are searched on their own, once."""
        own = b"".join(emission.own)
        if self._needles.may_contain(own) or self._old_uids.may_contain(own):
            return True
        return any(stretch.has_needles or stretch.has_uids(self._old_uids) for stretch in emission.stretches)

    def _segment(self, segment: bytes, explicit: bool) -> bytes:
        walk = DataSetWalk(_EveryAttribute(), explicit, ())
        pos, _ = walk.feed(segment)
        walk.finish()
        return self._encoded(walk.nodes, (), explicit) + segment[pos:]

    def _encoded(self, nodes: list, path: tuple[int, ...], explicit: bool) -> bytes:
        parts = []
        for node in nodes:
            if type(node) is Nested:
                inner = (*path, wire(node.wire))
                items = [encode_item(self._encoded(item, inner, node.explicit)) for item in node.items]
                parts.append(encode(node.wire, node.wire_vr, b"".join(items), explicit))
            elif type(node) is tuple:
                tag, vr, value, _, wire_vr = node
                parts.append(encode(tag, wire_vr, self.value((*path, wire(tag)), vr, value), explicit))
            else:
                parts.append(node)
        return b"".join(parts)


class _EveryAttribute:
    """A level under which every attribute is looked at, however deep."""

    path = ()
    steps: "_EveryAttribute"

    def __init__(self) -> None:
        self.steps = self

    def __getitem__(self, _wire_tag: int) -> Step:
        return _PROBE

    def child(self, _wire_tag: int, _step: Step | None) -> "_EveryAttribute":
        return self

    def hidden(self, _wire_tag: int, _step: Step | None) -> None:
        """Such sequences are values here, so that those in which nothing is found stay byte for byte."""


def _joined(parts: list[bytes | FileRange]) -> Iterator[bytes | FileRange]:
    run: list[bytes] = []
    for part in parts:
        if type(part) is bytes:
            run.append(part)
        else:
            yield b"".join(run)
            run = []
            yield part
    yield b"".join(run)

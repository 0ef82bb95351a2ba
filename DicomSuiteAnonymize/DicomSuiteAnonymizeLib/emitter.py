"""From nodes to bytes: applies the steps and writes the new data set."""

from collections import Counter
from functools import lru_cache

from DicomSuiteAnonymizeLib.dictionary import wire_vrs
from DicomSuiteAnonymizeLib.elements import FileRange, Nested, encode, encode_item, wire
from DicomSuiteAnonymizeLib.leaks import OldUIDs
from DicomSuiteAnonymizeLib.markers import encoded_markers
from DicomSuiteAnonymizeLib.plan import MARKER_TAGS, Level, Plan
from DicomSuiteAnonymizeLib.private_attributes.safe_private import settle
from DicomSuiteAnonymizeLib.steps import Action
from DicomSuiteAnonymizeLib.subject import Facts, Subject
from DicomSuiteAnonymizeLib.templates import Stretch
from DicomSuiteAnonymizeLib.values import Replacer

Change = tuple[str, str, str]
"""Path of tags, action code, rule: what happened to one attribute, without any value."""


_NO_FACTS: Facts = {}


def path_text(path: tuple[int, ...]) -> str:
    """Path of tags as "(3006,0010)/(0020,0052)"; items of sequences are not told apart."""
    return "/".join(f"({tag >> 16:04X},{tag & 0xFFFF:04X})" for tag in path)


@lru_cache(maxsize=4096)
def _change(path: tuple[int, ...], action: Action, rule: str) -> Change:
    return path_text(path), action.value, rule


class Emission:
    """What came out of one data set: its parts in order, and what was changed.

    `stretches` are those whose bytes are among the parts, `own` is what else is there.
    """

    __slots__ = ("changes", "nested_changes", "own", "parts", "stretches")

    def __init__(self) -> None:
        self.parts: list[bytes | FileRange] = []
        self.own: list[bytes] = []
        self.stretches: list[EmittedStretch] = []
        self.changes: list[Change | None] = []
        self.nested_changes: Counter[Change] = Counter()


class EmittedStretch:
    """What became of a stretch for one subject; compared by identity.

    `has_needles` says that it may contain the subject's needles.
    """

    __slots__ = ("_changes", "_nested", "_searched", "encoded", "has_needles")

    def __init__(self, emission: Emission, subject: Subject) -> None:
        self.encoded = b"".join(emission.parts)
        self.has_needles = subject.needles.may_contain(self.encoded)
        self._searched: tuple[object, bool] = (None, False)
        self._changes = emission.changes
        self._nested = emission.nested_changes

    def has_uids(self, uids: OldUIDs) -> bool:
        """Whether it may contain one of the UIDs."""
        if self._searched[0] != uids.prefixes:
            self._searched = uids.prefixes, uids.may_contain(self.encoded)
        return self._searched[1]

    def counts(self) -> Counter:
        """What was changed, with how often."""
        counts = Counter(change for change in self._changes if change is not None)
        counts.update(self._nested)
        return counts


class Emitter:
    """Applies steps to walked data sets; one for a whole run."""

    def __init__(self, plan: Plan, replacer: Replacer) -> None:
        self._plan = plan
        self._replacer = replacer
        self._markers = {explicit: encoded_markers(plan.profile, explicit) for explicit in (True, False)}

    def emit(self, nodes: list, level: Level, explicit: bool, subject: Subject, facts: Facts = _NO_FACTS) -> Emission:
        """The data set's new bytes; `facts` are those of all nodes. Raises AnonymizeError and elements.Unsupported."""
        emission = Emission()
        parts, own, changes = emission.parts, emission.own, emission.changes
        cache = subject.cache(level, explicit)
        if level.content is not None:
            nodes = level.content.settled(nodes)
        for node in settle(nodes, level.safe_private) if level.settles else nodes:
            kind = type(node)
            if kind is FileRange:
                parts.append(node)
                continue
            if kind is Stretch:
                stretch = node.once(
                    (subject, level),
                    lambda node=node: EmittedStretch(self.emit(node.nodes, level, explicit, subject), subject),
                )
                parts.append(stretch.encoded)
                emission.stretches.append(stretch)
                continue
            if kind is bytes:
                encoded = node
            elif kind is tuple:
                made = cache.get(node)
                if made is None:
                    made = cache[node] = self._element(node, level, explicit, subject)
                encoded, change = made
                changes.append(change)
            elif kind is Nested:
                encoded = self._sequence(node, level, explicit, subject, emission.nested_changes)
            else:
                encoded = self._inserted(node, facts, level, explicit, subject, changes)
            parts.append(encoded)
            own.append(encoded)
        return emission

    def _element(self, node: tuple, level: Level, explicit: bool, subject: Subject) -> tuple[bytes, Change | None]:
        wire_tag, vr, value, step, wire_vr = node
        tag = wire(wire_tag)
        new, action = self._replacer.replace(step, tag, vr, value, subject)
        encoded = b"" if new is None else encode(wire_tag, wire_vr, new, explicit)
        if action is Action.KEEP:
            return encoded, None
        return encoded, _change((*level.path, tag), action, step.rule)

    def _inserted(self, tag, facts, level, explicit, subject, changes) -> bytes:
        if tag in MARKER_TAGS:
            return self._markers[explicit][tag]
        step = level.steps[wire(tag)]
        edit = next((edit for edit in step.edits if subject.identity.matches(edit)), None)
        if wire(tag) in facts or edit is None or edit.action is not Action.REPLACE:
            return b""
        vr = wire_vrs()[wire(tag)]
        changes.append((path_text((tag,)), Action.REPLACE.value, "added"))
        return encode(wire(tag), vr, self._replacer.inserted(edit, vr, subject), explicit)

    def _sequence(self, node: Nested, level, explicit, subject, changes: Counter) -> bytes:
        step = node.step
        action = Action.KEEP if step is None else subject.identity.action(step)
        if action not in (Action.KEEP, Action.RECURSE):
            changes[path_text((*level.path, wire(node.wire))), action.value, step.rule] += 1
        if action is Action.REMOVE:
            return b""
        if action is Action.EMPTY:
            return encode(node.wire, node.wire_vr, b"", explicit)
        items = [self._item(item, node, subject, changes) for item in node.items]
        return encode(node.wire, node.wire_vr, b"".join(items), explicit)

    def _item(self, nodes: list, sequence: Nested, subject: Subject, changes: Counter) -> bytes:
        emission = self.emit(nodes, sequence.level, sequence.explicit, subject)
        changes.update(change for change in emission.changes if change is not None)
        changes.update(emission.nested_changes)
        return encode_item(b"".join(emission.parts))

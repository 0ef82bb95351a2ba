"""One profile and one key, compiled: what both ways of rewriting a file work with."""

import json
from collections import Counter, namedtuple
from collections.abc import Iterator
from hashlib import sha256

from DicomSuiteAnonymizeLib.crosswalks.given_pseudonyms import GivenPseudonyms, pseudonyms_for
from DicomSuiteAnonymizeLib.elements import FileRange, Nested
from DicomSuiteAnonymizeLib.emitter import Change, EmittedStretch, Emitter
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.leak_check import LeakCheck
from DicomSuiteAnonymizeLib.leaks import OldUIDs
from DicomSuiteAnonymizeLib.pixels.embedded_overlay import embedded_overlay_risk
from DicomSuiteAnonymizeLib.pixels.pixel_data import check_pixel_data
from DicomSuiteAnonymizeLib.pixels.pixel_risk import pixel_risk
from DicomSuiteAnonymizeLib.plan import Level, Plan
from DicomSuiteAnonymizeLib.profiles.profile import Profile
from DicomSuiteAnonymizeLib.steps import Action
from DicomSuiteAnonymizeLib.subject import (
    INSTANCE_NUMBER,
    SOP_CLASS_UID,
    SOP_INSTANCE_UID,
    Facts,
    Subject,
    Subjects,
    facts_of,
)
from DicomSuiteAnonymizeLib.templates import Contents
from DicomSuiteAnonymizeLib.values import Replacer, padded

TYPE_CHECKING = False  # one of the two comes with pydicom
if TYPE_CHECKING:
    from DicomSuiteAnonymizeLib.dataset_reader import ReadFile
    from DicomSuiteAnonymizeLib.source_file import WalkedFile


class NotDicom(Exception):
    """The file is something else; nothing is wrong with it."""


class ChangeSet:
    """What was done to an instance: [path, action, rule, count] lists in a fixed order, and a digest of them."""

    __slots__ = ("elements", "id")

    def __init__(self, counts: Counter) -> None:
        self.elements = [[*change, count] for change, count in sorted(counts.items())]
        self.id = sha256(json.dumps(self.elements).encode()).hexdigest()[:16]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ChangeSet) and self.elements == other.elements

    def __hash__(self) -> int:
        return hash(self.id)


class Rewritten(namedtuple("Rewritten", ("parts", "subject", "sop_instance", "digest", "changes", "risk", "facts"))):
    """One instance, ready to be written.

    Attributes
    ----------
    parts
        The new file in order: bytes, and ranges of the source that are copied.
    sop_instance
        Original SOP Instance UID.
    digest
        SHA-256 (hexadecimal) of the source's bytes that were read: all but bulk values, or all of them.
    changes
        What was done, with how often; without any value.
    risk
        Why the pixels may identify the patient, or "".
    facts
        Original values by wire tag, of the attributes at top level that were looked at.
    """

    __slots__ = ()
    parts: list[bytes | FileRange]
    subject: Subject
    sop_instance: bytes
    digest: str
    changes: ChangeSet
    risk: str
    facts: Facts


class Understood(
    namedtuple("Understood", ("facts", "level", "subject", "old_sop_instance", "new_sop_instance", "check", "risk"))
):
    """An instance before anything is changed: what it says, whose it is, its UIDs, and what to look for in its output.

    `risk` says why the pixels may identify the patient, or "".
    """

    __slots__ = ()
    facts: Facts
    level: Level
    subject: Subject
    old_sop_instance: bytes
    new_sop_instance: bytes
    check: LeakCheck
    risk: str


class Engine:
    """Compiled once per process; holds caches, no results."""

    def __init__(self, profile: Profile, key: bytes, given: GivenPseudonyms | None = None) -> None:
        self.profile = profile
        self.key = key
        self.given = given
        self.pseudonyms = pseudonyms_for(key, given)
        self.use(Plan(profile), Replacer(self.pseudonyms))
        self.subjects = Subjects(self.pseudonyms)
        self._change_sets: dict[tuple, ChangeSet] = {}

    def use(self, plan: Plan, replacer: Replacer) -> None:
        """Work with this plan and these new values."""
        self.plan = plan
        self.replacer = replacer
        self.emitter = Emitter(plan, replacer)

    def understood(
        self, read: "WalkedFile | ReadFile", *, more_follows: bool, little_endian: bool = True
    ) -> Understood:
        """What both ways of rewriting a file have to know of it; `more_follows` says that bytes were left behind.

        Raises AnonymizeError where the file has to be quarantined.
        """
        contents = Contents(read.nodes)
        facts = facts_of(contents)
        _check_class(facts, read.media_class)
        check_pixel_data(facts, read.media_class, read.pixel_length, more_follows, little_endian)
        level = self.plan.level(read.media_class.decode("ascii", "replace"))
        subject = self.subjects.of(facts, contents)
        old_uid, new_uid = self._new_sop_instance(level, facts, read.media_instance, subject)
        risk = pixel_risk(facts, read.media_class) or embedded_overlay_risk(facts, self.plan.keeps_graphics)
        return Understood(facts, level, subject, old_uid, new_uid, self._leak_check(subject, contents), risk)

    def _leak_check(self, subject: Subject, contents: Contents) -> LeakCheck:
        """Search for what this instance's source holds and its output must not."""
        shared = contents.shared
        uids = shared.once(("uids", subject.identity), lambda: frozenset(_replaced_uids(shared.nodes, subject)))
        old_uids = OldUIDs(uids.union(_replaced_uids(contents.own, subject)))
        return LeakCheck(subject.needles, old_uids, self.pseudonyms.uid, self.profile.on_leak)

    def _new_sop_instance(
        self, level: Level, facts: Facts, media_instance: bytes, subject: Subject
    ) -> tuple[bytes, bytes]:
        """Original and new SOP Instance UID, unpadded. Raises AnonymizeError where there is none."""
        old = facts.get(SOP_INSTANCE_UID, b"").strip(b"\0 ") or media_instance
        if not old:
            raise AnonymizeError("no SOP Instance UID, neither in the data set nor in the file meta information")
        step = level.steps[SOP_INSTANCE_UID]
        new = self.pseudonyms.uid(old) if subject.identity.action(step) is Action.UID else old
        return old, new

    def change_set(
        self, changes: list[Change | None], stretches: list[EmittedStretch], nested: Counter, extra: list[Change]
    ) -> ChangeSet:
        """What was done, with counts; instances of a series mostly share one."""
        key = (tuple(changes), tuple(stretches), frozenset(nested.items()), tuple(extra))
        known = self._change_sets.get(key)
        if known is None:
            counts = Counter(nested)
            counts.update(change for change in changes if change is not None)
            for stretch in stretches:
                counts.update(stretch.counts())
            counts.update(extra)
            if len(self._change_sets) > 256:
                self._change_sets.clear()
            known = self._change_sets[key] = ChangeSet(counts)
        return known


def _check_class(facts: Facts, media_class: bytes) -> None:
    """Raises AnonymizeError for what is no instance of a composite object."""
    if media_class == b"1.2.840.10008.1.3.10":
        raise AnonymizeError("a DICOMDIR: it indexes the original names; make a new one from the output")
    if not (facts.get(SOP_CLASS_UID, b"").strip(b"\0 ") or media_class):
        raise AnonymizeError("no SOP Class UID: what kind of object this is cannot be known")


def with_rank(nodes: list, rank: int | None, subject: Subject) -> list:
    """Nodes in which Instance Number holds what a RENUMBER edit for this subject makes of the rank (from 0)."""
    if rank is None:
        return nodes
    return [_renumbered(node, rank, subject) if _is_instance_number(node) else node for node in nodes]


def _is_instance_number(node) -> bool:
    return type(node) is tuple and node[0] == INSTANCE_NUMBER


def _renumbered(node: tuple, rank: int, subject: Subject) -> tuple:
    edit = next((edit for edit in node[3].edits if subject.identity.matches(edit)), None)
    if edit is None or edit.action is not Action.RENUMBER:
        return node
    value = b"%d" % (int(edit.value or 1) + rank)
    return (*node[:2], padded(b"IS", value), *node[3:])


def _replaced_uids(nodes: list, subject: Subject) -> Iterator[bytes]:
    for node in nodes:
        kind = type(node)
        if kind is tuple:
            if node[1] == b"UI" and node[3] is not None and subject.identity.action(node[3]) is Action.UID:
                yield from (uid for part in node[2].split(b"\\") if (uid := part.strip(b"\0 ")))
        elif kind is Nested:
            for item in node.items:
                yield from _replaced_uids(item, subject)

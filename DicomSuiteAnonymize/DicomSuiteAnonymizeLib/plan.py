"""From a profile to one step per attribute: for every SOP class and every place in the data set."""

from collections.abc import Callable, Mapping
from enum import Enum
from functools import cache, partial

from DicomSuiteAnonymizeLib.attribute_types import types_at
from DicomSuiteAnonymizeLib.dictionary import wire_vrs
from DicomSuiteAnonymizeLib.elements import Unsupported, wire
from DicomSuiteAnonymizeLib.private_attributes.safe_attributes import safe_attributes
from DicomSuiteAnonymizeLib.private_attributes.safe_private import SafePrivate
from DicomSuiteAnonymizeLib.profiles.profile import Profile, Scope, TagEdit
from DicomSuiteAnonymizeLib.ps315 import Option, Row, action, row_for
from DicomSuiteAnonymizeLib.steps import (
    CAPTURED,
    GRAPHICS,
    KEPT_SEQUENCE,
    PRIVATE,
    PRIVATE_REMOVED,
    UNLISTED,
    Action,
    Step,
)
from DicomSuiteAnonymizeLib.templates import Template
from DicomSuiteAnonymizeLib.words.content_items import JUDGED, ContentRules

PATIENT_NAME, PATIENT_ID, ACCESSION_NUMBER, STUDY_ID = 0x00100010, 0x00100020, 0x00080050, 0x00200010
ALWAYS_PSEUDONYM = frozenset((PATIENT_NAME, PATIENT_ID, ACCESSION_NUMBER, STUDY_ID))
"""Z in the table, which allows a dummy value: viewers and archives break on studies without name and ID."""

CAPTURED_TAGS = (
    0x00080005, 0x00080008, 0x00080016, 0x00080018, 0x00080060, 0x00080064, 0x00080070, 0x0008103E, 0x00081090,
    0x00100010, 0x00100020, 0x00100030, 0x0020000D, 0x0020000E, 0x00280002, 0x00280004, 0x00280008, 0x00280010,
    0x00280011, 0x00280100, 0x00280101, 0x00280301, 0x00287FE0,
)  # fmt: skip
"""What the engine reads besides what it changes: character set, class, identity, the size of the image and the signs of
burned-in text."""

IDENTIFYING_TAGS = frozenset(
    (
        0x00080050, 0x00080080, 0x00080081, 0x00080092, 0x00080094, 0x00100020, 0x00100030, 0x00101000, 0x00101040,
        0x00101050, 0x00101090, 0x00102154, 0x00102155, 0x00380010, 0x00401102, 0x00401103, 0x00401104, 0x00402016,
        0x00402017,
    )
)  # fmt: skip
"""Besides every PN: attributes whose original value must not turn up anywhere else."""

_UIDS_OF_DEFINITIONS = frozenset(
    (
        0x00000002, 0x00000003, 0x00080016, 0x0008001A, 0x0008001B, 0x00080062, 0x0008010C, 0x0008010D, 0x00080117,
        0x00080118, 0x0008040E, 0x00081150, 0x0008115A, 0x00083002, 0x00340003, 0x04000010, 0x04000510, 0x30100052,
        0x30100053,
    )
)  # fmt: skip
"""UI attributes that name classes, transfer syntaxes, coding schemes and context groups, not instances."""

_FORGOTTEN = frozenset((0x00100033, 0x00100034, 0x00401006, 0x00401007, 0x00402006, 0x00402007))
"""What the table leaves out though it lists the like: birth and death in another calendar, numbers of orders."""

_ENCRYPTED_ATTRIBUTES = 0x04000500
"""Encrypted Attributes Sequence (PS3.15 E.1.2): who has another program's key reads the original values there."""

_FOREIGN_GROUPS = frozenset((0x0000, 0x0002, 0x0004))
"""Command set, file meta information and file-set: what stands there in a data set is out of place."""

_TREES = frozenset((0x0040A730, 0x0040B020, 0x00700001, 0x00400555, 0x00400610))
"""Sequences with action D or C that are trees of coded content: their codes stay, their free text goes."""

_FREE_TEXT = frozenset(b"LO LT PN SH ST UC UR UT".split())
_ANY_TEXT = _FREE_TEXT | frozenset(b"AE AS DA DT TM IS DS OB".split())
_CODE_MACRO = range(0x00080100, 0x00080125)
"""Attributes of the code sequence macro (PS3.3 table 8.8-1)."""

_GRAPHIC_TEXTS = frozenset((0x00700068, 0x00700081, 0x00700207, 0x00700208))
"""Descriptions of presentations, graphic layers and groups, which the table does not list (PS3.15 E.3.3)."""
_ANNOTATION = 0x00700006
"""Unformatted Text Value: replaced by the table, cleaned within what Clean Graphics cleans (PS3.15 E.3.3)."""

_NARROWEST_FIRST = (Scope.SERIES, Scope.STUDY, Scope.PATIENT, Scope.ALL)

_COMPOUND: Mapping[str, Mapping[str, str]] = {
    "Z/D": {"1": "D"},
    "X/Z": {"1": "Z", "2": "Z"},
    "X/D": {"1": "D", "2": "D"},
    "X/Z/D": {"1": "D", "2": "Z"},
}
"""PS3.15 table E.1-1a: the action for a type 1 and type 2 attribute; otherwise the first of the compound."""


class Mode(Enum):
    """What happens inside a sequence to attributes that the table does not list."""

    TABLE = "as at top level"
    DUMMY_TEXT = "free text is replaced, codes stay"
    DUMMY_ALL = "all text is replaced"
    CLEAN_TEXT = "free text is cleaned, codes stay"


_CODED_MODES = (Mode.DUMMY_TEXT, Mode.CLEAN_TEXT)


class Steps(dict):
    """Steps by wire tag, each worked out when it is first asked for; UNLISTED for what the plan does not know."""

    def __init__(self, of: Callable[[int], Step | None]) -> None:
        super().__init__()
        self._of = of

    def __missing__(self, wire_tag: int) -> Step | None:
        step = self._of(wire_tag)
        if step is not UNLISTED:  # there are as many private tags as files may invent
            self[wire_tag] = step
        return step


class Level:
    """The steps for one place in the data set: top level, or the items of one sequence.

    `steps[wire_tag]` is a Step, or None for attributes that are copied unseen; `content` judges the items of coded
    content, and is None elsewhere.
    """

    __slots__ = ("_children", "_plan", "_sop_class", "_templates", "content", "mode", "path", "steps")

    def __init__(self, plan: "Plan", sop_class: str, path: tuple[int, ...], mode: Mode) -> None:
        self._plan = plan
        self._sop_class = sop_class
        self._children: dict[int, Level] = {}
        self._templates: dict[bool, Template] = {}
        self.content = plan.content_rules(mode)
        self.path = path
        self.mode = mode
        self.steps = Steps(partial(plan.step, sop_class, path, mode))

    @property
    def settles(self) -> bool:
        """Whether private attributes or overlays at this level wait for `settle`."""
        return self._plan.settles

    @property
    def safe_private(self) -> SafePrivate:
        """The private attributes that are known to be safe, for `settle`."""
        return self._plan.safe_private

    def template(self, explicit: bool) -> Template | None:
        """What instances of this SOP class have in common; None where nodes depend on their neighbours."""
        if not self._plan.repeats:
            return None
        template = self._templates.get(explicit)
        if template is None:
            template = self._templates[explicit] = Template(self._plan.inserts, wire)
        return template

    def child(self, wire_tag: int, step: Step | None) -> "Level":
        """Level of the items of a sequence."""
        level = self._children.get(wire_tag)
        if level is None:
            tag = wire(wire_tag)
            level = Level(self._plan, self._sop_class, (*self.path, tag), self._mode_inside(tag, step))
            self._children[wire_tag] = level
        return level

    def hidden(self, wire_tag: int, step: Step | None) -> "Level":
        """Level of the items of a private sequence that stands as UN."""
        return self.child(wire_tag, step)

    def unlisted(self, wire_tag: int) -> Step | None:
        """Step for an attribute that is neither public and known nor in the table."""
        return self._plan.unlisted(wire_tag)

    def _mode_inside(self, tag: int, step: Step | None) -> Mode:
        if step is None or step.action not in (Action.DUMMY, Action.CLEAN):
            return self.mode
        if step.action is Action.CLEAN:
            return Mode.CLEAN_TEXT
        return Mode.DUMMY_TEXT if tag in _TREES else Mode.DUMMY_ALL


class Plan:
    """All levels of one profile, compiled when first met.

    `inserts` are the tags, in ascending order, that are written at top level even where the source lacks them;
    `repeats` says that instances may share what was walked (see templates).
    """

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        options = profile.options
        self.keeps_safe_private = Option.RETAIN_SAFE_PRIVATE in options
        self.keeps_graphics = Option.CLEAN_GRAPHICS in options
        self.settles = self.keeps_safe_private or self.keeps_graphics
        lists = safe_attributes(profile.private_lists, profile.safe_private) if self.keeps_safe_private else {}
        self.safe_private = SafePrivate(lists, options)
        self.repeats = not self.settles and not any(edit.action is Action.RENUMBER for edit in profile.edits)
        typed = {edit.path[0] for edit in profile.edits if edit.action is Action.REPLACE and len(edit.path) == 1}
        self.inserts = tuple(sorted(typed | MARKER_TAGS.keys()))
        self._edits: dict[tuple[int, ...], list[TagEdit]] = {}
        for edit in sorted(profile.edits, key=lambda edit: _NARROWEST_FIRST.index(edit.scope)):
            self._edits.setdefault(edit.path, []).append(edit)
        self._by_vr: dict[Mode, dict[bytes, Step | None]] = {}
        self._by_row: dict[tuple[int, str | None], Step | None] = {}
        self._levels: dict[str, Level] = {}
        self._content: dict[Mode, ContentRules] = {}

    def level(self, sop_class: str) -> Level:
        """Top level of a data set of this SOP class."""
        level = self._levels.get(sop_class)
        if level is None:
            level = self._levels[sop_class] = Level(self, sop_class, (), Mode.TABLE)
        return level

    def content_rules(self, mode: Mode) -> ContentRules | None:
        """How items are judged whose codes stay and whose text goes or is cleaned; None for others."""
        if mode not in _CODED_MODES:
            return None
        if mode not in self._content:
            self._content[mode] = ContentRules(self.profile.options, mode is Mode.CLEAN_TEXT)
        return self._content[mode]

    def step(self, sop_class: str, path: tuple[int, ...], mode: Mode, wire_tag: int) -> Step | None:
        """Step for one attribute at `path`; compound actions depend on the attribute's type in the IOD."""
        tag = wire(wire_tag)
        if not path and tag in MARKER_TAGS:
            return self._edited(Step(Action.REMOVE, MARKER_TAGS[tag]), path, tag)
        step = self._unedited(sop_class, path, mode, tag)
        if step is None and (tag in CAPTURED_TAGS if not path else tag in JUDGED and mode in _CODED_MODES):
            step = CAPTURED
        return self._edited(step, path, tag)

    def _unedited(self, sop_class: str, path: tuple[int, ...], mode: Mode, tag: int) -> Step | None:
        row = row_for(tag) if self.profile.is_ps315 else None
        vr = wire_vrs().get(wire(tag))
        if row is None and vr is None:
            return UNLISTED
        if tag >> 16 in _FOREIGN_GROUPS:
            return _NOT_IN_DATA_SETS
        if tag == _ENCRYPTED_ATTRIBUTES and self.profile.is_ps315:
            return _ENCRYPTED_REMOVED
        if tag in _FORGOTTEN and self.profile.is_ps315:
            return _FORGOTTEN_REMOVED
        if row is None and tag in _GRAPHIC_TEXTS and self.keeps_graphics:
            return _GRAPHIC_TEXT_CLEANED
        if row is None:
            return None if vr != b"SQ" and tag in _kept_definitions(mode) else self._of_vr(mode, vr)
        if tag == _ANNOTATION and mode is Mode.CLEAN_TEXT:
            return _ANNOTATION_CLEANED
        type_in_iod = types_at(sop_class, path).get(tag) if "/" in row.basic else None
        if (tag, type_in_iod) not in self._by_row:
            self._by_row[tag, type_in_iod] = self._of_row(row, action(row, self.profile.options), type_in_iod)
        return self._by_row[tag, type_in_iod]

    def unlisted(self, wire_tag: int) -> Step | None:
        """See `Level.unlisted`. Raises Unsupported for what delimits items and is no attribute."""
        group, element = wire_tag & 0xFFFF, wire_tag >> 16
        if group == 0xFFFE:
            raise Unsupported("an item begins or ends where an element belongs")
        if element == 0 or group in _FOREIGN_GROUPS or (group > 0x7FE0 and not group & 1):
            return _NOT_IN_DATA_SETS
        if not self.profile.is_ps315:
            return None
        if group & 1:
            return PRIVATE if self.keeps_safe_private else PRIVATE_REMOVED
        if 0x5000 <= group <= 0x50FF or 0x6000 <= group <= 0x60FF:
            if self.keeps_graphics:
                return GRAPHICS
            return _OVERLAY_PLACE_REMOVED if element == _OVERLAY_BIT_POSITION else _GRAPHICS_REMOVED
        return _UNKNOWN_REMOVED

    def _of_vr(self, mode: Mode, vr: bytes) -> Step | None:
        """Step for an attribute that the table does not list."""
        by_vr = self._by_vr.get(mode)
        if by_vr is None:
            by_vr = self._by_vr[mode] = {b"SQ": KEPT_SEQUENCE}
            if self.profile.is_ps315:
                by_vr |= self._steps_of_identifying_vrs()
            if mode is Mode.CLEAN_TEXT:
                by_vr |= dict.fromkeys(_FREE_TEXT - {b"PN"}, Step(Action.CLEAN, "text in cleaned content", _DUMMY_TEXT))
            elif mode is not Mode.TABLE:
                by_vr |= dict.fromkeys(_FREE_TEXT if mode is Mode.DUMMY_TEXT else _ANY_TEXT, _DUMMY_TEXT)
        return by_vr.get(vr)

    def _steps_of_identifying_vrs(self) -> dict[bytes, Step | None]:
        """The standard lists attributes one by one; what it forgets follows its VR."""
        options = self.profile.options
        steps: dict[bytes, Step | None] = {b"PN": Step(Action.PSEUDONYM, "PN not in the table", identifies=True)}
        if Option.RETAIN_UIDS not in options:
            steps[b"UI"] = Step(Action.UID, "UI not in the table")
        if Option.RETAIN_FULL_DATES not in options:
            dummy = Step(Action.DUMMY, "date not in the table")
            shift = Step(Action.SHIFT, "date not in the table", dummy)
            steps |= dict.fromkeys((b"DA", b"DT"), shift if Option.RETAIN_MODIFIED_DATES in options else dummy)
        return steps

    def _of_row(self, row: Row, code: str, type_in_iod: str | None) -> Step | None:
        vr = wire_vrs().get(wire(row.tag), b"UN")
        if code == "K":
            return KEPT_SEQUENCE if vr == b"SQ" else None
        identifies = vr == b"PN" or row.tag in IDENTIFYING_TAGS
        basic = Step(
            _resolve(row, vr, type_in_iod),
            f"E.1-1 {row.basic}",
            identifies=identifies,
            captured=row.tag in CAPTURED_TAGS,
        )
        if code != "C":
            return basic
        by_dates = row.options.get(Option.RETAIN_MODIFIED_DATES) == "C" and (
            Option.RETAIN_MODIFIED_DATES in self.profile.options
        )
        if not by_dates:
            return Step(Action.CLEAN, "E.1-1 C", basic, identifies)
        if vr in (b"TM", b"SH"):
            return None  # the time of day and the offset from UTC tell nothing once the day is shifted
        return Step(Action.SHIFT, "E.1-1 C (shifted)", basic, identifies)

    def _edited(self, step: Step | None, path: tuple[int, ...], tag: int) -> Step | None:
        """The step with the user's edits of the attribute, if there are any."""
        edits = self._edits.get((*path, tag))
        if not edits:
            return step
        vr = wire_vrs().get(wire(tag))
        base = self.unlisted(wire(tag)) if step is UNLISTED else step
        if base is None:
            base = KEPT_SEQUENCE if vr == b"SQ" else CAPTURED
        identifies = vr == b"PN" or tag in IDENTIFYING_TAGS
        return Step(base.action, base.rule, base.fallback, identifies, tuple(edits))


@cache
def _kept_definitions(mode: Mode) -> frozenset[int]:
    """Attributes outside the table that stay whatever their VR, because they define what others mean."""
    if mode in (Mode.TABLE, Mode.DUMMY_ALL):
        return _UIDS_OF_DEFINITIONS
    return _UIDS_OF_DEFINITIONS | frozenset(_CODE_MACRO)


def _resolve(row: Row, vr: bytes, type_in_iod: str | None) -> Action:
    """Basic action of a row; compound ones by the type (None: not in the IOD, which the standard treats as type 3).

    X/Z/U* becomes U whatever the type: the references stay and are as anonymous as the instances they point to.
    """
    if row.tag in ALWAYS_PSEUDONYM:
        return Action.PSEUDONYM
    code = row.basic
    if code == "X/Z/U*":
        return Action.RECURSE
    if code in _COMPOUND:
        code = _COMPOUND[code].get((type_in_iod or "3")[0], code.partition("/")[0])
    if code == "D" and vr == b"PN":
        return Action.PSEUDONYM
    return Action(code)


MARKER_TAGS: Mapping[int, str] = dict.fromkeys((0x00120062, 0x00120063, 0x00120064, 0x00280303), "marker rewritten")
"""De-identification markers: the source's are removed, the engine's own inserted."""

_GRAPHICS_REMOVED = Step(Action.REMOVE, "E.1-1 X (overlay or curve)")
_OVERLAY_BIT_POSITION = 0x0102
_OVERLAY_PLACE_REMOVED = Step(Action.REMOVE, _GRAPHICS_REMOVED.rule, captured=True)
"""It tells whether bits of the overlay are in the pixels."""
_ENCRYPTED_REMOVED = Step(Action.REMOVE, "originals that an earlier de-identification encrypted")
_FORGOTTEN_REMOVED = Step(Action.REMOVE, "identifies like attributes of the table", identifies=True)
_UNKNOWN_REMOVED = Step(Action.REMOVE, "attribute unknown to the standard's dictionary")
_NOT_IN_DATA_SETS = Step(Action.REMOVE, "does not belong into a data set")
_DUMMY_TEXT = Step(Action.DUMMY, "text in replaced content")
_GRAPHIC_TEXT_CLEANED = Step(Action.CLEAN, "description of graphics", Step(Action.DUMMY, "description of graphics"))
_ANNOTATION_CLEANED = Step(Action.CLEAN, "text of a graphic annotation", _DUMMY_TEXT)

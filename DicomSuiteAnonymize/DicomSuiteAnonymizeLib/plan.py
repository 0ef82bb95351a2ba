"""From a profile to one step per attribute: for every SOP class and every place in the data set."""

from collections.abc import Mapping
from enum import Enum

from DicomSuiteAnonymizeLib.attribute_types import types_at
from DicomSuiteAnonymizeLib.elements import Unsupported, wire, wire_vrs
from DicomSuiteAnonymizeLib.profile import Profile, Scope
from DicomSuiteAnonymizeLib.ps315 import WHOLE_TAG, Option, Row, action, rows
from DicomSuiteAnonymizeLib.steps import CAPTURED, KEPT_SEQUENCE, PRIVATE_REMOVED, Action, Step
from DicomSuiteAnonymizeLib.templates import Template

PATIENT_NAME, PATIENT_ID, ACCESSION_NUMBER, STUDY_ID = 0x00100010, 0x00100020, 0x00080050, 0x00200010
ALWAYS_PSEUDONYM = frozenset((PATIENT_NAME, PATIENT_ID, ACCESSION_NUMBER, STUDY_ID))
"""Z in the table, which allows a dummy value: viewers and archives break on studies without name and ID."""

CAPTURED_TAGS = (
    0x00080005, 0x00080008, 0x00080016, 0x00080018, 0x00080060, 0x00080064, 0x00080070, 0x0008103E, 0x00081090,
    0x00100010, 0x00100020, 0x00100030, 0x0020000D, 0x0020000E, 0x00280004, 0x00280301,
)  # fmt: skip
"""What the engine reads besides what it changes: character set, class, identity, and the signs of burned-in text."""

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

_FOREIGN_GROUPS = frozenset((0x0000, 0x0002, 0x0004))
"""Command set, file meta information and file-set: what stands there in a data set is out of place."""

_TREES = frozenset((0x0040A730, 0x0040B020, 0x00700001, 0x00400555, 0x00400610))
"""Sequences with action D or C that are trees of coded content: their codes stay, their free text goes."""

_FREE_TEXT = frozenset(b"LO LT PN SH ST UC UR UT".split())
_ANY_TEXT = _FREE_TEXT | frozenset(b"AE AS DA DT TM IS DS OB".split())
_CODE_MACRO = range(0x00080100, 0x00080125)
"""Attributes of the code sequence macro (PS3.3 table 8.8-1)."""

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


class Level:
    """The steps for one place in the data set: top level, or the items of one sequence.

    `steps` maps wire tags to a Step, or to None for attributes that are copied unseen.
    """

    __slots__ = ("_children", "_plan", "_sop_class", "_templates", "mode", "path", "steps")

    def __init__(self, plan: "Plan", sop_class: str, path: tuple[int, ...], mode: Mode) -> None:
        self._plan = plan
        self._sop_class = sop_class
        self._children: dict[int, Level] = {}
        self._templates: dict[bool, Template] = {}
        self.path = path
        self.mode = mode
        self.steps = plan.steps(sop_class, path, mode)

    @property
    def settles(self) -> bool:
        """Whether private attributes or overlays at this level wait for `settle`."""
        return self._plan.settles

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
        self.repeats = not self.settles and not any(edit.action is Action.RENUMBER for edit in profile.edits)
        self._rows = (
            [(row, action(row, options)) for row in rows() if row.mask == WHOLE_TAG] if profile.is_ps315 else []
        )
        typed = {edit.path[0] for edit in profile.edits if edit.action is Action.REPLACE and len(edit.path) == 1}
        self.inserts = tuple(sorted(typed | MARKER_TAGS.keys()))
        self._modes: dict[Mode, dict[int, Step | None]] = {}
        self._levels: dict[str, Level] = {}

    def level(self, sop_class: str) -> Level:
        """Top level of a data set of this SOP class."""
        level = self._levels.get(sop_class)
        if level is None:
            level = self._levels[sop_class] = Level(self, sop_class, (), Mode.TABLE)
        return level

    def steps(self, sop_class: str, path: tuple[int, ...], mode: Mode) -> dict[int, Step | None]:
        """Steps by wire tag at `path`, with compound actions resolved by the attribute's type in the IOD."""
        steps = dict(self._of_mode(mode))
        if self.profile.is_ps315:
            types = types_at(sop_class, path)
            for row, code in self._rows:
                if "/" in row.basic:
                    steps[wire(row.tag)] = self._step(row, code, types.get(row.tag))
        if not path:
            for tag in CAPTURED_TAGS:
                if steps.get(wire(tag)) is None:
                    steps[wire(tag)] = CAPTURED
            steps.update((wire(tag), Step(Action.REMOVE, rule)) for tag, rule in MARKER_TAGS.items())
        self._add_edits(steps, path)
        return steps

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
            return GRAPHICS if self.keeps_graphics else _GRAPHICS_REMOVED
        return _UNKNOWN_REMOVED

    def _of_mode(self, mode: Mode) -> dict[int, Step | None]:
        steps = self._modes.get(mode)
        if steps is None:
            steps = self._modes[mode] = self._unlisted_by_vr(mode)
            steps.update((wire(row.tag), self._step(row, code, None)) for row, code in self._rows)
            steps.update(dict.fromkeys((tag for tag in steps if tag & 0xFFFF in _FOREIGN_GROUPS), _NOT_IN_DATA_SETS))
        return steps

    def _unlisted_by_vr(self, mode: Mode) -> dict[int, Step | None]:
        by_vr: dict[bytes, Step | None] = {b"SQ": KEPT_SEQUENCE}
        if self.profile.is_ps315:
            by_vr |= self._steps_of_identifying_vrs()
        if mode is Mode.CLEAN_TEXT:
            by_vr |= dict.fromkeys(_FREE_TEXT - {b"PN"}, Step(Action.CLEAN, "text in cleaned content", _DUMMY_TEXT))
        elif mode is not Mode.TABLE:
            by_vr |= dict.fromkeys(_FREE_TEXT if mode is Mode.DUMMY_TEXT else _ANY_TEXT, _DUMMY_TEXT)
        steps = {tag: by_vr.get(vr) for tag, vr in wire_vrs().items()}
        kept = _UIDS_OF_DEFINITIONS if mode in (Mode.TABLE, Mode.DUMMY_ALL) else _UIDS_OF_DEFINITIONS | {*_CODE_MACRO}
        for tag in kept:
            if wire(tag) in steps and wire_vrs()[wire(tag)] != b"SQ":
                steps[wire(tag)] = None
        return steps

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

    def _step(self, row: Row, code: str, type_in_iod: str | None) -> Step | None:
        vr = wire_vrs().get(wire(row.tag), b"UN")
        if code == "K":
            return KEPT_SEQUENCE if vr == b"SQ" else None
        identifies = vr == b"PN" or row.tag in IDENTIFYING_TAGS
        basic = Step(_resolve(row, vr, type_in_iod), f"E.1-1 {row.basic}", identifies=identifies)
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

    def _add_edits(self, steps: dict[int, Step | None], path: tuple[int, ...]) -> None:
        by_tag: dict[int, list] = {}
        for edit in self.profile.edits:
            if edit.path[:-1] == path:
                by_tag.setdefault(wire(edit.path[-1]), []).append(edit)
        narrowest_first = [Scope.SERIES, Scope.STUDY, Scope.PATIENT, Scope.ALL]
        for tag, edits in by_tag.items():
            edits.sort(key=lambda edit: narrowest_first.index(edit.scope))
            base = steps.get(tag)
            if base is None:
                base = KEPT_SEQUENCE if wire_vrs().get(tag) == b"SQ" else CAPTURED
            identifies = wire_vrs().get(tag) == b"PN" or wire(tag) in IDENTIFYING_TAGS
            steps[tag] = Step(base.action, base.rule, base.fallback, identifies, tuple(edits))


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

PRIVATE = Step(Action.REMOVE, "private attribute that is not known to be safe")
GRAPHICS = Step(Action.REMOVE, "overlay or curve that may show text")
_GRAPHICS_REMOVED = Step(Action.REMOVE, "E.1-1 X (overlay or curve)")
_UNKNOWN_REMOVED = Step(Action.REMOVE, "attribute unknown to the standard's dictionary")
_NOT_IN_DATA_SETS = Step(Action.REMOVE, "does not belong into a data set")
_DUMMY_TEXT = Step(Action.DUMMY, "text in replaced content")

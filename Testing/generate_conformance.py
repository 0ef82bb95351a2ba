"""Writes DicomSuiteAnonymize/CONFORMANCE.md: what DicomSuite does to every attribute of PS3.15 Table E.1-1.

    python Testing/generate_conformance.py

The tables come from the rules that the engine itself uses; the words around them are in conformance_words.py. Where the
engine begins to differ from the standard in a way that has no words there, this program stops.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from pydicom.uid import UID

from conformance_words import (
    ACTION_CODES,
    BUNDLED_RULES_HEAD,
    DEVIATIONS,
    HEAD,
    OPTION_NOTES,
    PIXEL_RISK_HEAD,
    TABLE_HEAD,
    TAIL,
    Deviation,
)
from DicomSuiteAnonymizeLib import ps315
from DicomSuiteAnonymizeLib.attribute_types import types_at
from DicomSuiteAnonymizeLib.dictionary import wire_vrs
from DicomSuiteAnonymizeLib.elements import wire
from DicomSuiteAnonymizeLib.pixels.pixel_risk import pixel_risk
from DicomSuiteAnonymizeLib.pixels.pixel_rules import Box, PixelRule, bundled_rules
from DicomSuiteAnonymizeLib.plan import Mode, Plan
from DicomSuiteAnonymizeLib.profiles.profile import BUILT_IN, Profile
from DicomSuiteAnonymizeLib.ps315 import EDITION, WHOLE_TAG, Option, Row
from DicomSuiteAnonymizeLib.report_words import KEPT
from DicomSuiteAnonymizeLib.steps import Action
from generate_tables import DATA

STATEMENT = Path(__file__).parents[1] / "DicomSuiteAnonymize" / "CONFORMANCE.md"

_WHOLE = 0xFFFF
"""Pixels; a box as wide as that goes to the picture's edge."""
_ANY_CLASS = "1.2.840.10008.5.1.4.1.1.2"
_GROUPS_OUTSIDE = frozenset((0x0000, 0x0002, 0x0004))
_SAME = {"X": "X", "Z": "ZP", "D": "DP", "U": "U", "K": "KI", "C": "CS", "X/Z/U*": "I"}
"""What carries out a code of the standard: a pseudonym is a dummy value, kept sequences are treated item by item."""


class NoWordsError(Exception):
    """The engine differs from the standard in a way that the statement has no words for."""


def statement() -> str:
    """The whole document."""
    return (
        "\n\n".join(
            (
                HEAD.format(edition=EDITION),
                "## Action codes",
                _table(("code", "what is done"), ACTION_CODES),
                "## Options",
                _table(("option", "command line", "code (DCM)", "what stays", "how"), _options()),
                "## Built-in profiles",
                _table(("name", "options", "what it is for"), _profiles()),
                "## Differences from the standard",
                "\n".join(_differences()),
                "## Pixels",
                PIXEL_RISK_HEAD,
                _table(("SOP class", "why it is set aside"), _risky_classes()),
                BUNDLED_RULES_HEAD,
                _table(("rule", "matches", "what it does", "source"), map(_pixel_rule, bundled_rules())),
                TAIL,
                "## Every attribute of Table E.1-1",
                TABLE_HEAD,
                _table(("tag", "name", "E.1-1", "DicomSuite", "with options"), map(_row, ps315.rows())),
            )
        )
        + "\n"
    )


def _table(head: tuple[str, ...], rows: object) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(_cell(text) for text in line)} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _options() -> Iterator[tuple[str, ...]]:
    for option in Option:
        word = "--retain" if option.column.startswith("Retain") else "--clean"
        kept, _ = KEPT.get(option, ("", ""))
        yield option.meaning, f"`{word} {option.cli}`", option.code, kept, OPTION_NOTES[option]


def _profiles() -> Iterator[tuple[str, ...]]:
    for profile in BUILT_IN.values():
        options = ", ".join(sorted(option.cli for option in profile.options)) or "none"
        yield f"`{profile.name}`", options, f"{profile.title}. {profile.notes}"


def _pixel_rule(rule: PixelRule) -> tuple[str, ...]:
    patterns = (rule.modality, rule.manufacturer, rule.model, rule.image_type, rule.sop_class)
    matches = [f"`{pattern}`" for pattern in patterns if pattern != "*"]
    if rule.rows or rule.columns:
        matches.append(f"{rule.columns or 'any'} x {rule.rows or 'any'} pixels")
    does = f"blanks {'; '.join(map(_box, rule.boxes))}" if rule.boxes else rule.action.value
    return rule.name, ", ".join(matches), does, rule.note


def _box(box: Box) -> str:
    left, top, width, height = box
    return f"{'all' if width == _WHOLE else width} x {'all' if height == _WHOLE else height} at ({left}, {top})"


def _row(row: Row) -> tuple[str, ...]:
    return _tag(row), row.name, row.basic, _basic(row), _with_options(row)


def _tag(row: Row) -> str:
    if row.mask == WHOLE_TAG:
        return f"({row.tag >> 16:04X},{row.tag & 0xFFFF:04X})"
    if row.mask == ps315.PRIVATE_BIT:
        return "(odd group)"
    element = f"{row.tag & 0xFFFF:04X}" if row.mask & 0xFFFF else "xxxx"
    return f"({row.tag >> 24:02X}xx,{element})"


def _basic(row: Row) -> str:
    """The engine's action, or one for each type of the attribute."""
    types: dict[str, list[str]] = {}
    for type_, action in sorted(_actions_by_type(row).items()):
        types.setdefault(action, []).append(type_)
    usual = types.popitem()[0]  # of type 3, or of an object that does not have the attribute
    special = [f"{action} (type {' and '.join(of)})" for action, of in types.items()]
    return ", ".join([*special, f"else {usual}"]) if special else usual


def _actions_by_type(row: Row, plan: Plan | None = None) -> dict[str, str]:
    plan = plan or _BASIC
    if row.mask != WHOLE_TAG:
        return {"~": "X"}
    found = {}
    for sop_class in _SOP_CLASSES if "/" in row.basic else (_ANY_CLASS,):
        type_ = types_at(sop_class, ()).get(row.tag, "~")[0]
        found[type_] = _code(plan.step(sop_class, (), Mode.TABLE, wire(row.tag)))
    return found


def _code(step: object) -> str:
    if step is None:
        return Action.KEEP.value
    return "I" if step.action is Action.RECURSE else step.action.value


def _with_options(row: Row) -> str:
    return ", ".join(f"{option.cli}: {_under(option, row)}" for option in Option if option in row.options)


def _under(option: Option, row: Row) -> str:
    if row.mask != WHOLE_TAG:
        return row.options[option]
    return "/".join(sorted(set(_actions_by_type(row, _plan(option)).values())))


def _plan(option: Option) -> Plan:
    if option not in _PLANS:
        _PLANS[option] = Plan(Profile("statement", "statement", options=frozenset((option,))))
    return _PLANS[option]


def _differences() -> Iterator[str]:
    """Each kind of difference with its reason and the attributes that it concerns."""
    concerned: dict[Deviation, list[str]] = {deviation: [] for deviation in Deviation}
    for row in ps315.rows():
        for deviation in sorted(set(_deviations(row)), key=lambda deviation: deviation.name):
            concerned[deviation].append(_tag(row))
    for deviation, tags in concerned.items():
        if tags:
            yield f"- {DEVIATIONS[deviation]} ({len(tags)} attributes: {_some(tags)})"


def _some(tags: list[str]) -> str:
    return ", ".join(tags[:12]) + (", …" if len(tags) > 12 else "")


def _deviations(row: Row) -> Iterator[Deviation]:
    if row.mask != WHOLE_TAG:
        return
    for type_, action in _actions_by_type(row).items():
        if action not in _SAME[_demanded(row, type_)]:
            yield _deviation(row, row.basic, action)
    if row.basic == "X/Z/U*":
        yield Deviation.REFERENCES_STAY
    for option, entry in row.options.items():
        for action in sorted(set(_actions_by_type(row, _plan(option)).values())):
            if action not in _SAME[entry]:
                yield _deviation(row, f"{option.cli} {entry}", action)


def _demanded(row: Row, type_: str) -> str:
    """The standard's code for this type (PS3.15 Table E.1-1a)."""
    simple = {
        "Z/D": {"1": "D"}, "X/Z": {"1": "Z", "2": "Z"}, "X/D": {"1": "D", "2": "D"}, "X/Z/D": {"1": "D", "2": "Z"},
    }  # fmt: skip
    if row.basic not in simple:
        return row.basic
    return simple[row.basic].get(type_, row.basic.partition("/")[0])


def _deviation(row: Row, demanded: str, action: str) -> Deviation:
    if row.tag >> 16 in _GROUPS_OUTSIDE and action == "X":
        return Deviation.OUTSIDE_DATA_SETS
    if demanded == "modified-dates C" and action == "K" and wire_vrs().get(wire(row.tag)) in (b"TM", b"SH"):
        return Deviation.TIMES_STAY
    raise NoWordsError(f"{_tag(row)}: the standard says {demanded}, DicomSuite does {action}")


def _risky_classes() -> Iterator[tuple[str, str]]:
    for uid in sorted(_SOP_CLASSES, key=lambda uid: UID(uid).name):
        risk = pixel_risk({}, uid.encode())
        if risk:
            yield UID(uid).name, risk


def _sop_classes() -> tuple[str, ...]:
    """Every SOP class that the engine's table of types knows, which no other version of a package changes."""
    heads = (DATA / "attribute_types.tsv").read_text(encoding="ascii").partition("\n\n")[0]
    return tuple(sorted({uid for head in heads.splitlines() for uid in head.split("\t")[0].split()} - {"*"}))


_BASIC = Plan(Profile("statement", "statement"))
_PLANS: dict[Option, Plan] = {}
_SOP_CLASSES = _sop_classes()


def main() -> int:
    """Write the statement."""
    STATEMENT.write_text(statement(), encoding="utf-8", newline="\n")
    sys.stdout.write(f"{STATEMENT}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

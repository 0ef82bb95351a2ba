"""Rules that say where devices burn text into their pictures: in code, and as a JSON file that users share.

A rule matches a picture where each of its conditions does. Text conditions are compared without regard to case, and
`*`, `?` and `[…]` stand for any text, one character, one of several (fnmatch). Image Type is compared as it stands in
the file, its values separated by backslash: `*SCREEN SAVE*`. Of several matching rules the first applies.
"""

import json
from collections import namedtuple
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from fnmatch import fnmatchcase
from functools import cache
from glob import escape
from pathlib import Path

from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteLib.new_file import new_file

TYPE_CHECKING = False  # typing is not imported: the command's start is short
if TYPE_CHECKING:
    from typing import Any

SCHEMA = "dicomsuite-pixel-rules-1"
_BUNDLED = Path(__file__).parents[1] / "Data" / "pixel_rules.json"
_TEXT_CONDITIONS = ("sop_class", "modality", "manufacturer", "model", "image_type")
_SIZE_CONDITIONS = ("rows", "columns")
_KEYS = frozenset(("name", "match", "action", "boxes", "note"))
_LARGEST = 0xFFFF
"""Rows and columns are 16-bit numbers."""

Box = tuple[int, int, int, int]
"""Left, top, width, height in pixels; the picture's first pixel is (0, 0). What lies beyond the picture is cut off."""


class RuleAction(Enum):
    """What a rule does to the pictures that it matches."""

    BLANK = "blank"
    """Its boxes become black, in every frame."""
    CLEAN = "clean"
    """Nothing: somebody has made sure that such pictures hold no identifying text."""
    REFUSE = "refuse"
    """They are quarantined, whatever else might clean them."""


class PictureFacts(
    namedtuple("PictureFacts", ("sop_class", "modality", "manufacturer", "model", "rows", "columns", "image_type"))
):
    """What rules are matched with, as the source says it; rows and columns in pixels."""

    __slots__ = ()
    sop_class: str
    modality: str
    manufacturer: str
    model: str
    rows: int
    columns: int
    image_type: str


class PixelRule(
    namedtuple(
        "PixelRule",
        ("name", "sop_class", "modality", "manufacturer", "model", "rows", "columns", "image_type", "action", "boxes",
         "note"),
        defaults=("*", "*", "*", "*", None, None, "*", RuleAction.BLANK, (), ""),
    )
):  # fmt: skip
    """Where pictures of one kind show text. Raises AnonymizeError for what contradicts itself.

    Attributes
    ----------
    name
        Stands in reports; must identify nobody.
    sop_class, modality, manufacturer, model, image_type
        Patterns, "*" for any text.
    rows, columns
        Size of the picture in pixels, None for any.
    boxes
        What to blank; at least one for BLANK, none otherwise.
    note
        Where the layout is known from.
    """

    __slots__ = ()
    name: str
    sop_class: str
    modality: str
    manufacturer: str
    model: str
    rows: int | None
    columns: int | None
    image_type: str
    action: RuleAction
    boxes: tuple[Box, ...]
    note: str

    def __new__(cls, *args: object, **fields: object) -> "PixelRule":
        rule = super().__new__(cls, *args, **fields)
        if not rule.name or not rule.name.isprintable():
            raise AnonymizeError("a pixel rule needs a name in one line")
        if bool(rule.boxes) is not (rule.action is RuleAction.BLANK):
            raise AnonymizeError(f"pixel rule {rule.name}: boxes belong to the action 'blank', and only to it")
        for size in (rule.rows, rule.columns):
            if size is not None and not _is_number(size, 1):
                raise AnonymizeError(f"pixel rule {rule.name}: rows and columns are numbers from 1 to {_LARGEST}")
        for box in rule.boxes:
            _check_box(rule.name, box)
        return rule

    def matches(self, facts: PictureFacts) -> bool:
        """Whether every condition holds for the picture."""
        sizes = all(getattr(self, name) in (None, getattr(facts, name)) for name in _SIZE_CONDITIONS)
        return sizes and self.matches_kind(facts)

    def matches_kind(self, facts: PictureFacts) -> bool:
        """Whether every condition but those on the size holds for the picture."""
        return all(_like(getattr(facts, name), getattr(self, name)) for name in _TEXT_CONDITIONS)


def rule_for(rules: Iterable[PixelRule], facts: PictureFacts) -> PixelRule | None:
    """The first of the rules that matches the picture."""
    return next((rule for rule in rules if rule.matches(facts)), None)


def rule_from_boxes(facts: PictureFacts, boxes: Sequence[Box], name: str) -> PixelRule:
    """A rule that blanks the boxes in pictures of the same kind, size and device as this one."""
    texts = {condition: escape(getattr(facts, condition)) for condition in _TEXT_CONDITIONS}
    return PixelRule(name, **texts, rows=facts.rows, columns=facts.columns, boxes=tuple(map(tuple, boxes)))


def read_rules(path: Path) -> tuple[PixelRule, ...]:
    """The rules in a JSON file, in its order. Raises AnonymizeError that names the file and what is wrong in it."""
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
        return _rules_from_json(content)
    except OSError as error:
        raise AnonymizeError(f"Pixel rules {path}: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise AnonymizeError(f"Pixel rules {path} are not JSON: {error}.") from error
    except AnonymizeError as error:
        raise AnonymizeError(f"Pixel rules {path}: {error}.") from error


def write_rules(rules: Iterable[PixelRule], path: Path) -> None:
    """Save; an existing file is replaced in one step. Raises AnonymizeError where it cannot be written."""
    content = {"schema": SCHEMA, "rules": [_to_json(rule) for rule in rules]}
    _rules_from_json(content)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with new_file(path) as partial:
            partial.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8", newline="\n")
    except OSError as error:
        raise AnonymizeError(f"Pixel rules {path}: {error.strerror}. Choose a folder you can write to.") from error


@cache
def bundled_rules() -> tuple[PixelRule, ...]:
    """The layouts that come with DicomSuite, each with its source in `note`."""
    return read_rules(_BUNDLED)


def user_rules_file(folder: Path | None = None) -> Path:
    """Where a user's own rules are kept: in the private `folder` (default: ~/.dicomsuite), beside the profiles."""
    return (folder or Path.home() / ".dicomsuite") / "pixel_rules.json"


def _like(text: str, pattern: str) -> bool:
    return pattern == "*" or fnmatchcase(text.casefold(), pattern.casefold())


def _is_number(value: object, least: int) -> bool:
    return type(value) is int and least <= value <= _LARGEST


def _check_box(name: str, box: object) -> None:
    """Raises AnonymizeError where a box is none."""
    if not (isinstance(box, tuple) and len(box) == 4):
        raise AnonymizeError(f"pixel rule {name}: a box is [left, top, width, height]")
    left, top, width, height = box
    if not (_is_number(left, 0) and _is_number(top, 0) and _is_number(width, 1) and _is_number(height, 1)):
        raise AnonymizeError(f"pixel rule {name}: boxes are whole pixels from 0 on, at least one wide and high")


def _rules_from_json(content: "Any") -> tuple[PixelRule, ...]:
    if not (isinstance(content, dict) and content.get("schema") == SCHEMA and isinstance(content.get("rules"), list)):
        raise AnonymizeError(f"a file of pixel rules holds an object with schema {SCHEMA!r} and a list of rules")
    _known_keys("the file", content, {"schema", "rules"})
    rules = tuple(map(_from_json, content["rules"]))
    names = [rule.name for rule in rules]
    for name in names:
        if names.count(name) > 1:
            raise AnonymizeError(f"two pixel rules are called {name}")
    return rules


def _from_json(content: "Any") -> PixelRule:
    if not (isinstance(content, dict) and isinstance(content.get("name"), str)):
        raise AnonymizeError("a pixel rule is an object with a name")
    name = content["name"]
    _known_keys(f"pixel rule {name}", content, _KEYS)
    match, boxes = content.get("match", {}), content.get("boxes", [])
    if not (isinstance(match, dict) and isinstance(boxes, list) and isinstance(content.get("note", ""), str)):
        raise AnonymizeError(f"pixel rule {name}: match is an object, boxes a list, note a text")
    _known_keys(f"pixel rule {name}, match", match, {*_TEXT_CONDITIONS, *_SIZE_CONDITIONS})
    if not all(isinstance(match[condition], str) for condition in _TEXT_CONDITIONS if condition in match):
        raise AnonymizeError(f"pixel rule {name}: {', '.join(_TEXT_CONDITIONS)} are texts")
    try:
        action = RuleAction(content.get("action"))
    except ValueError:
        actions = ", ".join(action.value for action in RuleAction)
        raise AnonymizeError(f"pixel rule {name}: the action is one of {actions}") from None
    as_tuples = tuple(tuple(box) if isinstance(box, list) else box for box in boxes)
    return PixelRule(name, **match, action=action, boxes=as_tuples, note=content.get("note", ""))


def _to_json(rule: PixelRule) -> dict[str, "Any"]:
    conditions = {name: getattr(rule, name) for name in (*_TEXT_CONDITIONS, *_SIZE_CONDITIONS)}
    match = {name: value for name, value in conditions.items() if value not in ("*", None)}
    content: dict[str, Any] = {"name": rule.name, "match": match, "action": rule.action.value}
    if rule.boxes:
        content["boxes"] = [list(box) for box in rule.boxes]
    return content | ({"note": rule.note} if rule.note else {})


def _known_keys(where: str, content: Mapping[str, object], known: Iterable[str]) -> None:
    """Raises AnonymizeError for a key that means nothing: it may be misspelt, and then its condition would be lost."""
    unknown = sorted(content.keys() - set(known))
    if unknown:
        raise AnonymizeError(f"{where}: {', '.join(unknown)} means nothing here")

"""Profiles as JSON files, checked against the schema in Data/profile.schema.json when read."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from DicomSuiteAnonymizeLib.dictionary import public_vrs
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.private_attributes.safe_attributes import BUNDLED, SafeAttribute, parse_safe_attribute
from DicomSuiteAnonymizeLib.profiles.profile import (
    EDIT_ACTIONS,
    PS315,
    SEVENTEEN_ATTRIBUTES,
    OnLeak,
    Profile,
    Scope,
    TagEdit,
)
from DicomSuiteAnonymizeLib.ps315 import Option
from DicomSuiteAnonymizeLib.steps import Action
from DicomSuiteAnonymizeLib.values import NUMBER_FORMATS, encoded_number
from DicomSuiteLib.new_file import new_file

TYPE_CHECKING = False  # typing is not imported: the command's start is short
if TYPE_CHECKING:
    from typing import Any

SCHEMA = "dicomsuite-profile-1"
_TAG = r"\(?([0-9A-Fa-f]{4}),?([0-9A-Fa-f]{4})\)?"
_DATES = frozenset((b"DA", b"DT"))
_ADDRESSES = frozenset((0x00080081, 0x00080092, 0x00101040, 0x00401102))
"""Addresses of institution, physician, patient and another person."""
_NOT_TYPED = frozenset((b"SQ", b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"UN", b"AT"))
_PSEUDONYMS = frozenset((b"AE", b"CS", b"LO", b"LT", b"PN", b"SH", b"ST", b"UC", b"UI", b"UT"))
_MAX_LENGTH = {b"AE": 16, b"CS": 16, b"SH": 16, b"DS": 16, b"IS": 12, b"LO": 64, b"PN": 64 * 3, b"UI": 64}
_FORMS = {
    b"DA": r"\d{8}",
    b"TM": r"\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?",
    b"DT": r"\d{4}(\d{2}){0,5}(\.\d{1,6})?([+-]\d{4})?",
    b"AS": r"\d{3}[DWMY]",
    b"CS": r"[A-Z0-9 _]*",
    b"IS": r"[+-]?\d{1,11}",
    b"DS": r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?",
    b"UI": r"[0-9]+(\.[0-9]+)*",
}
_KEYS = {"schema", "name", "title", "basis", "options", "edits", "on_leak", "notes", "private_lists", "safe_private"}
_SAFE_KEYS = {"creator", "group", "element", "vr"}
_EDIT_KEYS = {"attribute", "action", "value", "scope", "target"}


def read_profile(path: Path) -> Profile:
    """The profile saved in `path`. Raises AnonymizeError that names the file and what is wrong in it."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise AnonymizeError(f"Profile file {path}: {error.strerror}.") from error
    except ValueError as error:
        raise AnonymizeError(f"Profile file {path} is not JSON: {error}.") from error
    try:
        return profile_from_json(content)
    except AnonymizeError as error:
        raise AnonymizeError(f"Profile file {path}: {error}") from error


def write_profile(profile: Profile, path: Path) -> None:
    """Save; an existing file is replaced in one step."""
    try:
        with new_file(path) as partial:
            partial.write_text(json.dumps(profile_to_json(profile), indent=1) + "\n", encoding="utf-8", newline="\n")
    except OSError as error:
        raise AnonymizeError(
            f"Profile file {path}: {error.strerror}. Choose a folder that you can write to."
        ) from error


def profile_to_json(profile: Profile) -> dict[str, Any]:
    """JSON value of a profile; `profile_from_json` of it is the same profile."""
    names = {tag: name for name, tag in SEVENTEEN_ATTRIBUTES.items()}
    actions = {action: name for name, action in EDIT_ACTIONS.items()}
    return {
        "schema": SCHEMA,
        "name": profile.name,
        "title": profile.title,
        "basis": profile.basis,
        "options": sorted(option.cli for option in profile.options),
        "edits": [
            {
                "attribute": names.get(edit.path[0], "")
                if len(edit.path) == 1 and edit.path[0] in names
                else "/".join(f"({tag >> 16:04X},{tag & 0xFFFF:04X})" for tag in edit.path),
                "action": actions[edit.action],
                "value": edit.value,
                "scope": edit.scope.value,
                "target": edit.target,
            }
            for edit in profile.edits
        ],
        "on_leak": profile.on_leak.value,
        "notes": profile.notes,
    } | _private_to_json(profile)


def profile_from_json(content: Any) -> Profile:
    """Profile from its JSON value. Raises AnonymizeError."""
    _check_keys("the profile", content, {"schema", "name"}, _KEYS)
    if content["schema"] != SCHEMA:
        raise AnonymizeError(f"schema is {content['schema']!r}; this version reads {SCHEMA!r}.")
    options = {option.cli: option for option in Option}
    return Profile(
        name=_text(content, "name"),
        title=_text(content, "title") or _text(content, "name"),
        basis=_text(content, "basis") or PS315,
        options=frozenset(_choice("option", word, options) for word in _list(content, "options")),
        edits=tuple(_edit(edit) for edit in _list(content, "edits")),
        on_leak=_choice("on_leak", _text(content, "on_leak") or "replace", {choice.value: choice for choice in OnLeak}),
        notes=_text(content, "notes"),
        private_lists=frozenset(
            _choice("list of private attributes", word, BUNDLED) and word for word in _list(content, "private_lists")
        ),
        safe_private=tuple(_safe_attribute(one) for one in _list(content, "safe_private")),
    )


def _private_to_json(profile: Profile) -> dict[str, Any]:
    """Only what is there, so that profiles without it stay what they were."""
    own = [
        {"creator": one.creator, "group": f"{one.group:04X}", "element": f"{one.element:02X}", "vr": one.vr}
        for one in profile.safe_private
    ]
    entries = {"private_lists": sorted(profile.private_lists), "safe_private": own}
    return {name: entry for name, entry in entries.items() if entry}


def _safe_attribute(content: Any) -> SafeAttribute:
    _check_keys("a safe private attribute", content, {"creator", "group", "element"}, _SAFE_KEYS)
    return parse_safe_attribute(*(_text(content, name) for name in ("creator", "group", "element", "vr")))


def parse_attribute(text: str) -> tuple[int, ...]:
    """Path of tags from "(0040,0275)/(0040,0007)", "00100020" or one of the editor's keywords."""
    path = []
    for part in text.split("/"):
        match = re.fullmatch(_TAG, part.strip())
        if match:
            path.append(int("".join(match.groups()), 16))
        elif part in SEVENTEEN_ATTRIBUTES:
            path.append(SEVENTEEN_ATTRIBUTES[part])
        else:
            path.append(_tag_of_keyword(part))
    return tuple(path)


def _tag_of_keyword(keyword: str) -> int:
    from pydicom.datadict import tag_for_keyword

    tag = tag_for_keyword(keyword)
    if tag is None:
        raise AnonymizeError(f"{keyword!r} is neither a tag like (0010,0020) nor a DICOM keyword like PatientID.")
    return int(tag)


def _edit(content: Any) -> TagEdit:
    _check_keys("an edit", content, {"attribute", "action"}, _EDIT_KEYS)
    edit = TagEdit(
        path=parse_attribute(_text(content, "attribute")),
        action=_choice("action", content["action"], EDIT_ACTIONS),
        value=_text(content, "value"),
        scope=_choice("scope", _text(content, "scope") or "all", {scope.value: scope for scope in Scope}),
        target=_text(content, "target"),
    )
    check_edit(edit)
    return edit


def check_edit(edit: TagEdit) -> None:
    """Raises AnonymizeError where scope, action or value do not suit each other or the attribute."""
    name = _tag_text(edit.path[-1])
    if (edit.scope is Scope.ALL) != (edit.target == ""):
        raise AnonymizeError(f"the edit of {name} needs a target for scope {edit.scope.value!r}, and only then.")
    check_action(edit.path, edit.action)
    if edit.action is Action.RENUMBER and "\\" in edit.value:
        raise AnonymizeError(f"{name} is renumbered from one number on.")
    if edit.action in (Action.REPLACE, Action.RENUMBER):
        _check_value(name, _vr(edit.path), edit.value)


def check_action(path: tuple[int, ...], action: Action) -> None:
    """Raises AnonymizeError where the attribute at `path` cannot be given this action."""
    tag, vr = path[-1], _vr(path)
    name = _tag_text(tag)
    if tag >> 16 in (0x0002, 0x7FE0) or tag in (0x00080016, 0x00080018, 0x00080005):
        raise AnonymizeError(f"{name} is written by the engine itself and cannot be edited.")
    if action is Action.SHIFT and vr not in _DATES:
        raise AnonymizeError(f"{name} is no date and cannot be shifted.")
    if action is Action.CAP_AGE and vr != b"AS":
        raise AnonymizeError(f"{name} is no age and cannot be capped.")
    if action is Action.POSTAL_AREA and tag not in _ADDRESSES:
        raise AnonymizeError(f"{name} is no address, so it has no postal code.")
    if action is Action.RENUMBER and path != (SEVENTEEN_ATTRIBUTES["InstanceNumber"],):
        raise AnonymizeError(f"{name} cannot be renumbered; only InstanceNumber can.")
    if action is Action.REPLACE and vr in _NOT_TYPED:
        raise AnonymizeError(f"{name} has VR {vr.decode()}, for which no value can be typed.")
    if action is Action.PSEUDONYM and vr not in _PSEUDONYMS:
        raise AnonymizeError(f"{name} has VR {vr.decode()}, which holds no pseudonym.")


def _vr(path: tuple[int, ...]) -> bytes:
    return public_vrs().get(path[-1], b"UN")


def _tag_text(tag: int) -> str:
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


def _check_value(name: str, vr: bytes, text: str) -> None:
    for value in text.split("\\") if vr not in (b"LT", b"ST", b"UT", b"UR") else [text]:
        if len(value) > _MAX_LENGTH.get(vr, len(value)):
            raise AnonymizeError(f"the value for {name} is longer than VR {vr.decode()} allows ({_MAX_LENGTH[vr]}).")
        if value and vr in _FORMS and not re.fullmatch(_FORMS[vr], value):
            raise AnonymizeError(f"the value for {name} does not have the form of VR {vr.decode()}.")
        if vr in NUMBER_FORMATS:
            try:
                encoded_number(vr, value)
            except ValueError:
                raise AnonymizeError(f"the value for {name} must be a number that VR {vr.decode()} holds.") from None


def _check_keys(what: str, content: Any, required: set[str], allowed: set[str]) -> None:
    if not isinstance(content, Mapping):
        raise AnonymizeError(f"{what} must be a JSON object.")
    if missing := required - content.keys():
        raise AnonymizeError(f"{what} lacks {', '.join(sorted(missing))}.")
    if extra := content.keys() - allowed:
        raise AnonymizeError(f"{what} has the unknown entries {', '.join(sorted(extra))}.")


def _text(content: Mapping, key: str) -> str:
    value = content.get(key, "")
    if not isinstance(value, str):
        raise AnonymizeError(f"{key} must be text.")
    return value


def _list(content: Mapping, key: str) -> list:
    value = content.get(key, [])
    if not isinstance(value, list):
        raise AnonymizeError(f"{key} must be a list.")
    return value


def _choice(what: str, word: Any, choices: Mapping[str, Any]) -> Any:
    if not isinstance(word, str) or word not in choices:
        raise AnonymizeError(f"{what} {word!r} is unknown; one of: {', '.join(sorted(choices))}.")
    return choices[word]

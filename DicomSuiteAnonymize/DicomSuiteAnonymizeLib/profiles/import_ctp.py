"""Scripts of the CTP DICOM Anonymizer: XML with a rule for each attribute.

The language is described at mircwiki.rsna.org, "The CTP DICOM Anonymizer".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree

from DicomSuiteAnonymizeLib.dictionary import public_vrs
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.private_attributes.safe_attributes import SafeAttribute, parse_safe_attribute
from DicomSuiteAnonymizeLib.profiles.imported_rules import (
    ENGINES_OWN,
    PRIVATE_REMOVED,
    ForeignRule,
    Meaning,
    Note,
    Wish,
)
from DicomSuiteAnonymizeLib.ps315 import Option

_TAG = re.compile(r"[\[(]?([0-9A-Fa-f]{4}),?([0-9A-Fa-f]{4})[\])]?")
_PRIVATE_TAG = re.compile(r"([0-9A-Fa-f]{4})\[([^\]]*)\]([0-9A-Fa-f]{2})")
_CALL = re.compile(r"@(\w+)\(([^()]*)\)")
_SHIFTS = frozenset(("incrementdate", "hashdate"))
_PSEUDONYMS = frozenset(("hash", "hashname", "hashptid", "hashuid", "integer", "encrypt", "lookup"))
_FILE_IS_REFUSED = ("@quarantine", "@skip")
_NOT_UNSPECIFIED = frozenset((0x0002, 0x0028, 0x7FE0))
"""Groups that "remove unchecked elements" spares."""

_UNCHECKED = "remove unchecked elements"
_OVERLAY_GROUPS = range(0x6000, 0x6100)
_STUDY_UID = 0x0020000D


def is_script(text: str) -> bool:
    """Whether the text looks like such a script."""
    return "<script" in text[:2000] and bool(re.search(r"<(e|r|p|k)\s", text))


Found = ForeignRule | Note | Option | SafeAttribute


def rules_of(text: str) -> Iterator[Found]:
    """The script's rules, and what of PS3.15 they need: options, private attributes that stay.

    Raises AnonymizeError for what is no script.
    """
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise AnonymizeError("it declares XML entities, which CTP scripts never do.")
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise AnonymizeError("it is not XML.") from error
    parameters = {node.get("t", "").upper(): (node.text or "").strip() for node in root.iter("p")}
    named = {}
    for node in root.iter("e"):
        rule = _Rule(node, parameters)
        if rule.is_enabled:
            named[rule.tag] = rule
            yield from rule.carried_over()
    yield from _global_rules(root, frozenset(tag for tag in named if tag is not None))


def _global_rules(root: ElementTree.Element, named: frozenset[int]) -> Iterator[Found]:
    removed = {node.get("t", "") for node in root.iter("r") if _is_enabled(node)}
    kept = {node.get("t", "") for node in root.iter("k") if _is_enabled(node)}
    for words, what in (("privategroups", "private attributes"), ("curves", "curves"), ("overlays", "overlays")):
        if words not in removed:
            yield Note(Meaning.STRICTER, f"{words} are not removed", f"{what} are removed, as PS3.15 asks")
    if "safeprivateelements" in kept:
        yield Option.RETAIN_SAFE_PRIVATE
        reason = "the private attributes that PS3.15 lists as safe stay (table E.3.10-1); CTP's own list is longer"
        yield Note(Meaning.STRICTER, "keep safe private elements", reason)
    if "unspecifiedelements" in removed:
        groups = frozenset(int(group, 16) for group in kept if re.fullmatch("[0-9A-Fa-f]{4}", group))
        reason = "each attribute of the standard that the script does not name has a rule that removes it"
        yield Note(Meaning.DIFFERENT, _UNCHECKED, reason)
        yield from _unspecified(named, groups)
    else:
        reason = "PS3.15 decides about attributes that no rule names; CTP leaves them as they are"
        yield Note(Meaning.STRICTER, "unchecked elements stay", reason)


def _unspecified(named: frozenset[int], kept_groups: frozenset[int]) -> Iterator[ForeignRule]:
    """Every attribute of the standard that the script neither names nor spares goes."""
    spared = _NOT_UNSPECIFIED | kept_groups
    for tag in sorted(public_vrs()):
        group = tag >> 16
        if group in spared or group in _OVERLAY_GROUPS or tag in named or tag in ENGINES_OWN or tag == _STUDY_UID:
            continue
        yield ForeignRule(_UNCHECKED, tag, Wish.REMOVE)


def _is_enabled(node: ElementTree.Element) -> bool:
    return node.get("en", "T").upper() == "T"


class _Rule:
    """One <e> of a script."""

    def __init__(self, node: ElementTree.Element, parameters: dict[str, str]) -> None:
        match = _TAG.fullmatch(node.get("t", "").strip())
        self.tag = int("".join(match.groups()), 16) if match else None
        self.is_enabled = _is_enabled(node)
        self._private = _PRIVATE_TAG.fullmatch(node.get("t", "").strip())
        self._script = (node.text or "").strip()
        self._parameters = parameters
        self._text = f"{node.get('t', '')} {node.get('n', '')}: {self._script[:60]}".strip()

    def carried_over(self) -> Iterator[Found]:
        if any(word in self._script.lower() for word in _FILE_IS_REFUSED):
            reason = "DicomSuite has no rule that sets a file aside by its values: sort these files out before"
            yield Note(Meaning.LOST, self._text, reason)
        wish, value, note = self._wish()
        if self.tag is None:
            yield from self._of_private(wish)
            return
        if note and self.tag not in ENGINES_OWN:
            yield Note(Meaning.STRICTER if wish is Wish.REMOVE else Meaning.DIFFERENT, self._text, note)
        if wish is Wish.SHIFT:
            yield Option.RETAIN_MODIFIED_DATES
        yield ForeignRule(self._text, self.tag, wish, value)

    def _of_private(self, wish: Wish) -> Iterator[Note | SafeAttribute]:
        if wish is Wish.KEEP and self._private:
            group, creator, element = self._private.groups()
            yield parse_safe_attribute(creator, group, element)
        elif wish is not Wish.REMOVE:
            yield Note(Meaning.STRICTER, self._text, PRIVATE_REMOVED)

    def _wish(self) -> tuple[Wish, str, str]:
        """What is wanted, the value of REPLACE, and what has to be said."""
        script = re.sub(r"@always\(\)", "", self._script, flags=re.IGNORECASE).strip()
        calls = [(name.lower(), arguments) for name, arguments in _CALL.findall(script)]
        if script and not calls and "@" not in script:
            return Wish.REPLACE, script, _ALSO_WHERE_ABSENT
        if calls and all(name == "param" for name, _ in calls):
            return self._with_parameters(script)
        if script and (len(calls) != 1 or _CALL.fullmatch(script) is None):
            return Wish.REMOVE, "", "removed, because the rule combines or chooses between values"
        return self._simple(*calls[0]) if calls else (Wish.REMOVE, "", "")

    def _simple(self, name: str, arguments: str) -> tuple[Wish, str, str]:
        if name in ("keep", "process"):
            return Wish.KEEP, "", "" if name == "keep" else "the items follow PS3.15, not the script"
        if name == "require":
            return Wish.KEEP, "", "the attribute is not made where the source lacks it"
        if name in ("remove", "empty", "blank"):
            return Wish.REMOVE if name == "remove" else Wish.EMPTY, "", ""
        if name in _SHIFTS:
            return Wish.SHIFT, "", "dates are moved by a keyed offset of each patient, not by the script's"
        if name in _PSEUDONYMS and arguments.count("this") + arguments.count("PatientID"):
            return Wish.PSEUDONYM, "", "" if name == "hashuid" else _OTHER_PSEUDONYM
        return Wish.REMOVE, "", f"removed, because @{name} is not known here"

    def _with_parameters(self, script: str) -> tuple[Wish, str, str]:
        """Text with values that the script's head or its user gives."""
        names = [arguments.strip().lstrip("@").upper() for _, arguments in _CALL.findall(script)]
        if not all(self._parameters.get(name) for name in names):
            return Wish.REMOVE, "", "removed, because the script does not say the parameter's value"
        value = _CALL.sub(lambda match: self._parameters[match[2].strip().lstrip("@").upper()], script)
        return Wish.REPLACE, value, _ALSO_WHERE_ABSENT


_ALSO_WHERE_ABSENT = "the value is also written where the source lacks the attribute"
_OTHER_PSEUDONYM = "the pseudonym depends on DicomSuite's key and is not CTP's"

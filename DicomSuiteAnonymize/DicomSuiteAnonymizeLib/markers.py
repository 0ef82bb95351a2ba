"""The attributes that say that, and how, an instance was de-identified (PS3.15 E.1.1, PS3.3 C.12.1, C.7.6.1)."""

import json
from hashlib import sha256

from DicomSuiteAnonymizeLib.dictionary import public_vrs
from DicomSuiteAnonymizeLib.elements import encode, encode_item, wire
from DicomSuiteAnonymizeLib.profiles.profile import Profile, TagEdit
from DicomSuiteAnonymizeLib.profiles.profile_file import profile_to_json
from DicomSuiteAnonymizeLib.ps315 import BASIC_PROFILE_CODE, BASIC_PROFILE_MEANING, EDITION, PIXEL_OPTIONS, Option
from DicomSuiteAnonymizeLib.steps import Action
from DicomSuiteAnonymizeLib.values import padded

IDENTITY_REMOVED, METHOD, METHOD_CODES, DATES_MODIFIED = 0x00120062, 0x00120063, 0x00120064, 0x00280303
_CODE_VALUE, _CODING_SCHEME, _CODE_MEANING = 0x00080100, 0x00080102, 0x00080104

Code = tuple[str, str]


def profile_digest(profile: Profile) -> str:
    """16 hexadecimal digits that change with every rule of the profile, but not with its notes."""
    rules = profile_to_json(profile) | {"notes": ""}
    return sha256(json.dumps(rules, sort_keys=True).encode()).hexdigest()[:16]


def method(profile: Profile) -> str:
    """Text of De-identification Method (0012,0063), at most 64 characters."""
    if profile.is_ps315:
        return f"DicomSuite PS3.15-{EDITION} {profile.name[:20]} {profile_digest(profile)}"
    return f"DicomSuite single attributes, NOT PS3.15 {profile_digest(profile)}"


def method_codes(profile: Profile, done: frozenset[Option] = frozenset()) -> tuple[Code, ...]:
    """(code value, meaning) of CID 7050 for the profile and each option that applies to every instance.

    None without PS3.15; what was done to the pixels is said of the instances to which it was `done`.
    """
    if not profile.is_ps315:
        return ()
    options = sorted((option.code, option.meaning) for option in (profile.options - PIXEL_OPTIONS) | done)
    return ((BASIC_PROFILE_CODE, BASIC_PROFILE_MEANING), *options)


def dates_modified(profile: Profile) -> str:
    """Value of Longitudinal Temporal Information Modified (0028,0303), "" where it cannot be said.

    Its three values speak of all dates and times (PS3.15 E.3.6). So edits count as the options do: one that shifts a
    date makes the value MODIFIED, and there is none where real dates stand beside removed or changed ones.
    """
    if not profile.is_ps315:
        return ""
    dates = {edit.action for edit in profile.edits if _vr(edit) in (b"DA", b"DT")}
    times = {edit.action for edit in profile.edits if _vr(edit) == b"TM"}
    if Option.RETAIN_FULL_DATES in profile.options:
        return "UNMODIFIED" if (dates | times).isdisjoint((Action.SHIFT, Action.REPLACE)) else ""
    if Action.KEEP in dates:
        return ""
    if Option.RETAIN_MODIFIED_DATES in profile.options or Action.SHIFT in dates:
        return "MODIFIED"
    return "" if Action.KEEP in times else "REMOVED"


def _vr(edit: TagEdit) -> bytes | None:
    return public_vrs().get(edit.path[-1])


def encoded_markers(profile: Profile, explicit: bool) -> dict[int, bytes]:
    """Encoded element by tag; empty where a marker does not apply."""

    def text(tag: int, vr: bytes, value: str) -> bytes:
        return encode(wire(tag), vr, padded(vr, value.encode("ascii")), explicit)

    items = b"".join(
        encode_item(
            text(_CODE_VALUE, b"SH", code) + text(_CODING_SCHEME, b"SH", "DCM") + text(_CODE_MEANING, b"LO", name)
        )
        for code, name in method_codes(profile)
    )
    dates = dates_modified(profile)
    return {
        IDENTITY_REMOVED: text(IDENTITY_REMOVED, b"CS", "YES" if profile.is_ps315 else "NO"),
        METHOD: text(METHOD, b"LO", method(profile)),
        METHOD_CODES: encode(wire(METHOD_CODES), b"SQ", items, explicit) if items else b"",
        DATES_MODIFIED: text(DATES_MODIFIED, b"CS", dates) if dates else b"",
    }

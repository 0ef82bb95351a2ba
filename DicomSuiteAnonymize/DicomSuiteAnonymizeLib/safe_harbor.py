"""The two generalisations of HIPAA's Safe Harbor: ages over 89 become one category, postal codes their first digits.

45 CFR 164.514(b)(2)(i)(B) and (C). Values are encoded; what is not understood becomes empty.
"""

import re

_OLDEST_YEARS = 89
_CATEGORY = b"090Y"
_AGE = re.compile(rb"(\d{1,3})([DWMY])")
_STATES = (
    rb"A[AEKLPRSZ]|C[AOT]|D[CE]|FL|G[AU]|HI|I[ADLN]|K[SY]|LA|M[ADEINOPST]|N[CDEHJMVY]|O[HKR]|P[AR]|RI|S[CD]|T[NX]|UT"
    rb"|V[AIT]|W[AIVY]"
)
"""Abbreviations of the Postal Service, which tell a ZIP code from the number of a house, flat or post-office box."""
_COUNTRY = rb"USA?|U\.S\.(?:A\.)?|United States(?: of America)?"
_ZIP_CODE = re.compile(
    rb"(?:^|[,;^]\s*|(?<!\w)(?:%b)\s+)(\d{3})\d{2}(?:-\d{4})?[\s,;^]*(?:%b)?\s*$" % (_STATES, _COUNTRY)
)
_FEW_PEOPLE = frozenset(b"036 059 063 102 203 556 692 790 821 823 830 831 878 879 884 890 893".split())
"""Three-digit areas of 20,000 people or fewer by the census of 2000, from the guidance of the Department of Health."""


def capped_age(value: bytes) -> bytes:
    """Age (AS) as it is up to 89 years, 090Y above."""
    ages = [_capped(part) for part in value.strip(b"\0 ").split(b"\\")]
    return b"\\".join(ages) if all(ages) else b""


def postal_area(value: bytes) -> bytes:
    """First three digits of the ZIP code at the end of an address, 000 for areas of few people.

    It stands alone, behind a state or as a part of its own; any other number may be that of a house or a box.
    """
    match = _ZIP_CODE.search(value.strip(b"\0 "))
    if match is None or b"\x1b" in value:
        return b""
    return b"000" if match[1] in _FEW_PEOPLE else match[1]


def _capped(age: bytes) -> bytes:
    match = _AGE.fullmatch(age.strip())
    if match is None:
        return b""
    return _CATEGORY if match[2] == b"Y" and int(match[1]) > _OLDEST_YEARS else match[1].zfill(3) + match[2]

"""Items of structured content, which can only be judged as a whole: what a code or a text means stands beside it."""

from collections.abc import Collection

from DicomSuiteAnonymizeLib.elements import Nested, wire
from DicomSuiteAnonymizeLib.ps315 import Option
from DicomSuiteAnonymizeLib.steps import CAPTURED, Action, Step

JUDGED = frozenset((0x00080100, 0x00080102, 0x00080104, 0x0040A120, 0x0040A121, 0x0040A30A))
"""Attributes that `ContentRules` has to see where nothing else asks for them: parts of a code, dates, numbers."""

_PUBLIC_SCHEMES = frozenset(
    b"""99SDM ACR BARI BI C4 C5 caDSR CD2 CTV3 DC DCM DCMUID FMA HPC I10 I10C I10P I11 I9 I9C IBSI ICDO3
    ISO3166_1 ISO639_1 ISO639_2 ITIS_TSN LN MA MAYOASRG MDC MGI MSH NCIt NDC NEU NICIP NYUMCCG PATHLEX POS
    PUBCHEM_CID RADELEMENT RADLEX RFC3066 RFC5646 RO RXNORM SCPECG SCT SNM3 SRT UBERON UCUM UMLS UNS X10""".split()
)
"""Coding schemes of PS3.16 table 8-1 whose meanings are printed in a book; none that numbers persons or places."""

_TEXT_VALUE, _DATE, _DATE_TIME = wire(0x0040A160), wire(0x0040A121), wire(0x0040A120)
_CONCEPT_NAME, _MEASURED_VALUE = wire(0x0040A043), wire(0x0040A300)
_CODE_VALUE, _CODING_SCHEME, _CODE_MEANING = wire(0x00080100), wire(0x00080102), wire(0x00080104)

_PERSONS = frozenset(
    b"""110190 113870 113871 113872 113516 121008 121020 121021 121022 121029 121030 121036 121040 121041 121043 121114
    121152 128774 128775 111700 111705 111706 111724""".split()
)
"""DCM concepts whose text is somebody's name or number (PS3.16 TID 1003, 1006-1009, 1020; orders, specimens)."""
_ORGANISATIONS = frozenset(b"113873 121009 121434 122128".split())
"""DCM concepts whose text names an institution or a place in it."""
_DEVICES = frozenset(b"110119 110182 113877 113880 121013 121016 121017 121148 121193 121196 121197 122143".split())
"""DCM concepts whose text singles out a device (TID 1004, 1010, 1021)."""
_MAKES = frozenset(b"111001 113878 113879 121014 121015 121194 121195".split())
"""DCM concepts whose text says by whom and what a device or an algorithm is; header attributes alike stay as well."""
_BIRTH_DATE, _AGE = b"121031", b"121033"

_MEANING_CLEANED = Step(
    Action.CLEAN, "meaning of a private code", Step(Action.DUMMY, "meaning of a private code in cleaned content")
)
_MEANING_REPLACED = Step(Action.DUMMY, "meaning of a private code in replaced content")
_BORN = Step(Action.DUMMY, "birth date in structured content")
_AGED = Step(Action.EMPTY, "age in structured content")
_IDENTITY = Step(Action.PSEUDONYM, "name or number of a person, place or device in cleaned content")


class ContentRules:
    """What becomes of the parts of a content item or code; `cleans` says that text is cleaned and not replaced."""

    def __init__(self, options: Collection[Option], cleans: bool) -> None:
        self._cleans = cleans
        self._keeps_age = Option.RETAIN_PATIENT_CHARACTERISTICS in options
        self._meaning = _MEANING_CLEANED if cleans else _MEANING_REPLACED
        self._replaced = set(_PERSONS)
        self._kept = set(_MAKES)
        for concepts, option in (
            (_ORGANISATIONS, Option.RETAIN_INSTITUTION_IDENTITY),
            (_DEVICES, Option.RETAIN_DEVICE_IDENTITY),
        ):
            (self._kept if option in options else self._replaced).update(concepts)

    def settled(self, nodes: list) -> list:
        """Nodes of one item with a final step for each."""
        if _find(nodes, _CODE_MEANING) is not None:
            return self._code(nodes)
        concept = _concept(nodes)
        return nodes if concept is None else [self._of_concept(node, concept) for node in nodes]

    def _code(self, nodes: list) -> list:
        scheme = _find(nodes, _CODING_SCHEME)
        if scheme is not None and scheme.strip(b"\0 ") in _PUBLIC_SCHEMES:
            return nodes
        return [_with_step(node, self._meaning) if _is(node, _CODE_MEANING) else node for node in nodes]

    def _of_concept(self, node, concept: bytes):
        if concept == _BIRTH_DATE and (_is(node, _DATE) or _is(node, _DATE_TIME)):
            return _with_step(node, _BORN)
        if concept == _AGE and not self._keeps_age and type(node) is Nested and node.wire == _MEASURED_VALUE:
            return Nested(node.wire, node.wire_vr, _AGED, node.level, node.explicit, node.items)
        if not (self._cleans and _is(node, _TEXT_VALUE)):
            return node
        if concept in self._kept:
            return _with_step(node, CAPTURED)
        return _with_step(node, _IDENTITY) if concept in self._replaced else node


def _concept(nodes: list) -> bytes | None:
    """Code value of the item's Concept Name where the standard itself defines it (coding scheme DCM)."""
    for node in nodes:
        if type(node) is Nested and node.wire == _CONCEPT_NAME and node.items:
            code = node.items[0]
            scheme = _find(code, _CODING_SCHEME)
            if scheme is not None and scheme.strip(b"\0 ") == b"DCM":
                return (_find(code, _CODE_VALUE) or b"").strip(b"\0 ")
    return None


def _find(nodes: list, wire_tag: int) -> bytes | None:
    return next((node[2] for node in nodes if _is(node, wire_tag)), None)


def _is(node, wire_tag: int) -> bool:
    """Whether the node is this attribute and not edited by the user."""
    return type(node) is tuple and node[0] == wire_tag and not (node[3] is not None and node[3].edits)


def _with_step(node: tuple, step: Step) -> tuple:
    return (*node[:3], step, node[4])

"""Types (PS3.5 7.4) that PS3.3 gives, per IOD, to the attributes whose Basic action depends on them."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

_TABLE = Path(__file__).with_name("Data") / "attribute_types.tsv"
_ANY_IOD = "*"
_CONTENT_SEQUENCE = 0x0040A730
_NO_TYPES: Mapping[int, str] = MappingProxyType({})


def types_at(sop_class_uid: str, path: tuple[int, ...]) -> Mapping[int, str]:
    """Type ("1", "1C", "2", "2C", "3") by tag of the attributes directly inside the sequence at `path`.

    Only attributes with a compound Basic action ("X/Z/D") are listed. `path` holds the tags of the enclosing
    sequences, the outermost first; () is the top level. Content Sequence (0040,A730) nested in itself counts
    once, since its items are alike at every depth. Where several modules of the IOD define an attribute at
    that path, the most demanding type applies, whatever the module's usage. Empty where the IOD has nothing
    there. For a SOP class that the table does not know: the most demanding type over all IODs.
    """
    return _types_in_iod(sop_class_uid, _without_recursion(path))


@cache
def _types_in_iod(sop_class_uid: str, path: tuple[int, ...]) -> Mapping[int, str]:
    iods, lines = _read_table()
    wanted = ".".join(f"{tag:08X}" for tag in path) + "\t"
    _name, *line_numbers = iods.get(sop_class_uid, iods[_ANY_IOD]).split("\t")
    for number in line_numbers:
        if lines[int(number)].startswith(wanted):
            return _types(lines[int(number)][len(wanted) :])
    return _NO_TYPES


def _without_recursion(path: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(tag for i, tag in enumerate(path) if i == 0 or not tag == path[i - 1] == _CONTENT_SEQUENCE)


@cache
def _read_table() -> tuple[dict[str, str], list[str]]:
    """Name and line numbers by SOP class UID, and the lines, which IODs share: each is one path with its types."""
    heads, lines = _TABLE.read_text(encoding="ascii").split("\n\n")
    iods = {}
    for head in heads.splitlines():
        sop_class_uids, _, name_and_numbers = head.partition("\t")
        iods.update(dict.fromkeys(sop_class_uids.split(), name_and_numbers))
    return iods, lines.splitlines()


def _types(attributes: str) -> Mapping[int, str]:
    """From "00080021=3 00080031=3"; what stands before it in a line, with a TAB, is the path "00400275.00321064"."""
    pairs = (attribute.split("=") for attribute in attributes.split())
    return MappingProxyType({int(tag, 16): type_ for tag, type_ in pairs})

"""Regenerates the de-identification engine's data tables from their sources.

    python Testing/generate_tables.py TABLE_E1_1.csv

The CSV holds PS3.15 Table E.1-1 (columns tag, name, basic, then one per option); PS3.6 and the code meanings of
PS3.16 come from pydicom (MIT licence), PS3.3 from the JSON files that highdicom ships. The output depends on nothing
else but the words listed by hand in Data/descriptor_words.tsv, so that a new edition of a source shows as a difference.
"""

import csv
import json
import re
import sys
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

DATA = Path(__file__).parents[1] / "DicomSuiteAnonymize" / "DicomSuiteAnonymizeLib" / "Data"

CONTENT_SEQUENCE = 0x0040A730

SINCE_PYDICOM_3 = {
    "SQ": (
        0x00081301, 0x00081302, 0x00081303, 0x00081304, 0x00100011, 0x00100014, 0x00100015, 0x00100041,
        0x00100043, 0x00100044, 0x00100046,
    ),
    "LT": (0x00100012, 0x0040B03B),
    "UT": (0x00100013, 0x00100016, 0x00100042, 0x00100045),
    "UR": (0x00100047, 0x0040E012),
    "UC": (0x00102162,),
    "DT": (0x0040A034, 0x0040A035, 0x0040B034, 0x0040B036),
    "LO": (0x0040B03F,),
}
"""VR (PS3.6 2026c) of the attributes that Table E.1-1 lists and pydicom 3.0 does not know yet."""

_NAMING_GROUPS = re.compile(
    "Breed|Registry|Equation|Eponym|Formula|Algorithm|Authority|Ethnic|Race|Country|Language|Manufacturer|Organization|"
    "Taxon|Species|Strain|Table|Method"
)
"""Context groups (PS3.16) whose meanings are full of names of people and places."""
_NAMING_MEANING = re.compile(r"(?:19|20)\d\d|organism|breed|racial|\brace\b|ethnic")
_WORD_OF_MEANING = re.compile(r"(?<![^\W_])[^\W\d_]{4,}(?![^\W_])(?!['’])")
_SCHEMES_OF_SIGNS = ("MDC", "UCUM")
"""Coding schemes whose meanings are abbreviations and units."""

Types = dict[tuple[int, ...], dict[int, str]]
"""Type by tag, by path of sequence tags."""


class MissingSourceError(Exception):
    """A source of the tables is not there; the message says where it comes from."""


def confidentiality_table(csv_path: Path) -> str:
    """Table E.1-1: tag, name, Basic action and the options' entries, separated by tabs."""
    lines = []
    for row in _csv_rows(csv_path):
        tag, name, basic = row.pop("tag"), row.pop("name"), row.pop("basic")
        entries = [f"{option}={cell}" for option, cell in row.items() if cell]
        lines.append("\t".join([_compact(tag), name, basic, *entries]))
    return _text(lines)


def compound_tags(csv_path: Path) -> frozenset[int]:
    """Tags of the attributes whose Basic action depends on their type."""
    return frozenset(int(_compact(row["tag"]), 16) for row in _csv_rows(csv_path) if "/" in row["basic"])


def dictionary_table() -> str:
    """Every public attribute: one line per VR with its tags, which is what loads fastest."""
    tags: dict[str, list[str]] = defaultdict(list)
    for tag, vr in sorted(_public_vrs().items()):
        tags[vr].append(f"{tag:08X}")
    return _text(f"{vr}\t{' '.join(tags[vr])}" for vr in sorted(tags))


def attribute_types_table(compound: Collection[int]) -> str:
    """Types of the compound attributes: each IOD with the numbers of its lines, a blank line, the lines."""
    iods = {iod: _lines_of(types) for iod, types in _types_of_iods(compound).items()}
    lines = sorted({line for iod_lines in iods.values() for line in iod_lines})
    number_of = {line: number for number, line in enumerate(lines)}
    sop_classes = defaultdict(list)
    for sop_class_uid, iod in _highdicom("sop_class_iod_map").items():
        sop_classes[iod].append(sop_class_uid)
    sop_classes["any-other"].append("*")
    heads = sorted(
        "\t".join([" ".join(sorted(uids)), iod, *(str(number_of[line]) for line in iods[iod])])
        for iod, uids in sop_classes.items()
    )
    return _text([*heads, "", *lines])


def code_meaning_words() -> str:
    """Words of code meanings that name no person or place and that descriptor_words.tsv does not list, one a line.

    It lists those that are surnames as well under "eponym", which is kept by hand.

    A word counts where it is in lower case, begins a meaning that is otherwise in lower case, or stands in a meaning of
    the standard's own scheme DCM, which writes every word with a capital.
    """
    from pydicom.sr._cid_dict import name_for_cid
    from pydicom.sr._concepts_dict import concepts

    naming = {cid for cid, name in name_for_cid.items() if _NAMING_GROUPS.search(name)}
    words: set[str] = set()
    for scheme, keywords in concepts.items():
        if scheme in _SCHEMES_OF_SIGNS:
            continue
        for meaning, groups in (entry for codes in keywords.values() for entry in codes.values()):
            if set(groups) - naming and not _NAMING_MEANING.search(meaning):
                words.update(_ordinary_words_of(meaning, scheme == "DCM"))
    hand_listed = (DATA / "descriptor_words.tsv").read_text(encoding="utf-8").splitlines()
    listed = {line.split("\t")[2].casefold() for line in hand_listed}
    return _text(sorted(words - listed))


def _ordinary_words_of(meaning: str, is_title_case: bool) -> Iterator[str]:
    words = _WORD_OF_MEANING.findall(meaning)
    for word in words:
        begins_sentence = meaning.startswith(word) and all(map(str.islower, words[1:]))
        if word.islower() or (word.istitle() and (is_title_case or begins_sentence)):
            yield word.casefold()


def _types_of_iods(compound: Collection[int]) -> dict[str, Types]:
    """Most demanding types over the modules of each IOD, and under "any-other" over those of all IODs."""
    attributes_of = _highdicom("module_attribute_map")
    modules = {key: _types_of_module(items, compound) for key, items in attributes_of.items()}
    modules_of = {iod: [item["key"] for item in items] for iod, items in _highdicom("iod_module_map").items()}
    modules_of["any-other"] = [key for keys in modules_of.values() for key in keys]
    return {
        iod: _most_demanding(
            (path, tag, type_)
            for key in keys
            for path, types in modules.get(key, {}).items()
            for tag, type_ in types.items()
        )
        for iod, keys in modules_of.items()
    }


def _types_of_module(items: Iterable[Mapping], compound: Collection[int]) -> Types:
    from pydicom.datadict import tag_for_keyword

    return _most_demanding(
        (_without_recursion([tag_for_keyword(keyword) for keyword in item["path"]]), tag, item["type"])
        for item in items
        if (tag := tag_for_keyword(item["keyword"])) in compound
    )


def _most_demanding(occurrences: Iterable[tuple[tuple[int, ...], int, str]]) -> Types:
    types: Types = defaultdict(dict)
    for path, tag, type_ in occurrences:
        types[path][tag] = min(type_, types[path].get(tag, type_))  # "1" < "1C" < "2" < "2C" < "3"
    return types


def _without_recursion(path: list[int]) -> tuple[int, ...]:
    return tuple(tag for i, tag in enumerate(path) if i == 0 or not tag == path[i - 1] == CONTENT_SEQUENCE)


def _lines_of(types: Types) -> list[str]:
    return [
        ".".join(f"{tag:08X}" for tag in path)
        + "\t"
        + " ".join(f"{tag:08X}={type_}" for tag, type_ in sorted(attributes.items()))
        for path, attributes in sorted(types.items())
    ]


def _public_vrs() -> dict[int, str]:
    from pydicom.datadict import DicomDictionary

    vrs = {tag: vr for vr, tags in SINCE_PYDICOM_3.items() for tag in tags}
    for tag, (vr, *_) in DicomDictionary.items():
        if vr != "NONE":  # items and their delimiters
            vrs[tag] = "OW" if vr == "OB or OW" else vr[:2]
    return vrs


def _compact(tag: str) -> str:
    """From "(0008,0012)", "(60xx,3000)" or "(gggg,eeee) odd"."""
    return "odd" if tag.endswith("odd") else tag.strip("()").replace(",", "")


def _csv_rows(csv_path: Path) -> list[dict[str, str]]:
    if not csv_path.is_file():
        raise MissingSourceError(f"{csv_path} is not a file: give the CSV of PS3.15 Table E.1-1.")
    with csv_path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _highdicom(name: str) -> dict:
    """One of highdicom's maps of PS3.3 and PS3.4, read without importing highdicom and all it needs."""
    spec = find_spec("highdicom")
    if spec is None or spec.origin is None:
        raise MissingSourceError("highdicom is not installed: pip install highdicom")
    return json.loads((Path(spec.origin).parent / "_standard" / f"{name}.json").read_text(encoding="utf-8"))


def _text(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    """Write the tables; exit code 2 without a CSV, 1 without a source."""
    if len(arguments) != 1:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    csv_path = Path(arguments[0])
    try:
        if find_spec("pydicom") is None:
            raise MissingSourceError("pydicom is not installed: pip install pydicom")
        tables = {
            "ps315_2026c.tsv": confidentiality_table(csv_path),
            "dictionary.tsv": dictionary_table(),
            "code_meaning_words.txt": code_meaning_words(),
            "attribute_types.tsv": attribute_types_table(compound_tags(csv_path)),
        }
    except MissingSourceError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for name, text in tables.items():
        (DATA / name).write_text(text, encoding="utf-8", newline="\n")
        sys.stdout.write(f"{DATA / name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""What a survey found of one attribute, over the series that somebody looks at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from DicomSuiteAnonymizeLib.survey import SeriesSurvey
from DicomSuiteAnonymizeLib.tag_path import TagPath


@dataclass(frozen=True, slots=True)
class FoundValues:
    """The different values with the number of files that hold each, most frequent first.

    `is_complete` says whether these are all; `absent` is the number of files without the attribute; `vr` is "" where
    no file has it.
    """

    vr: str
    values: tuple[tuple[str, int], ...]
    is_complete: bool
    absent: int


def found_values(series: Iterable[SeriesSurvey], path: TagPath) -> FoundValues:
    """Put together what the series hold at `path`."""
    counts: Counter[str] = Counter()
    vr, others, absent = "", 0, 0
    for one in series:
        values = one.values.get(path)
        if values is None:
            absent += one.files
            continue
        vr = vr or values.vr
        counts.update(values.examples)
        others += values.others
        absent += one.files - sum(values.examples.values()) - values.others
    return FoundValues(vr, tuple(counts.most_common()), not others, absent)


def attribute_paths(series: Iterable[SeriesSurvey]) -> list[TagPath]:
    """Every attribute that occurs, a sequence before what its items hold."""
    return sorted({path for one in series for path in one.values})

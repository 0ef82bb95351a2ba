"""Where in a data set a check of an answer key looks: tags, items of sequences, private creators."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from DicomSuiteAnonymizeLib.errors import AnonymizeError

_ELEMENT = re.compile(r'<?\(([0-9A-Fa-f]{4}),(?:([0-9A-Fa-f]{4})|"([^"]*)",([0-9A-Fa-f]{2}))\)>?')
_ITEM = re.compile(r"\[<?(\d+)>?\]/?")


@dataclass(frozen=True)
class Step:
    """One attribute on the way: a public tag, or group, creator (upper case) and last byte of a private one."""

    group: int
    element: int
    creator: str = ""

    def find_in(self, dataset: Dataset) -> DataElement | None:
        """The attribute in this data set or item, if it is there."""
        if not self.creator:
            return dataset.get((self.group, self.element))
        for block in range(0x10, 0x100):
            creator = dataset.get((self.group, block))
            if creator is not None and str(creator.value).strip().upper() == self.creator:
                found = dataset.get((self.group, block << 8 | self.element))
                if found is not None:
                    return found
        return None

    def __str__(self) -> str:
        if self.creator:
            return f'({self.group:04X},"{self.creator}",{self.element:02X})'
        return f"({self.group:04X},{self.element:04X})"


@dataclass(frozen=True)
class Place:
    """An attribute at top level or in items of sequences; `items` has one number (from 0) for each sequence."""

    steps: tuple[Step, ...]
    items: tuple[int, ...] = ()

    def find_in(self, dataset: Dataset) -> DataElement | None:
        """The attribute, or None where it, its item or its sequence is not there."""
        for step, item in zip(self.steps, self.items, strict=False):
            sequence = step.find_in(dataset)
            if sequence is None or sequence.VR != "SQ" or len(sequence.value) <= item:
                return None
            dataset = sequence.value[item]
        return self.steps[-1].find_in(dataset)

    def __str__(self) -> str:
        items = (*(f"[{item}]/" for item in self.items), "")
        return "".join(f"{step}{item}" for step, item in zip(self.steps, items, strict=True))


def parse_place(text: str) -> Place:
    """From `(0008,1140)[0]/(0008,1155)` or, as MIDI-B writes it, `<(0008,1140)>[<0000>]<(0008,1155)>`.

    A private attribute is written with its creator and the last two digits of its element: `(0019,"CREATOR",92)`.
    Raises AnonymizeError for anything else.
    """
    steps, items, position = [], [], 0
    while match := _ELEMENT.match(text, position):
        steps.append(_step(match))
        position = match.end()
        if position == len(text):
            return Place(tuple(steps), tuple(items))
        item = _ITEM.match(text, position)
        if item is None:
            break
        items.append(int(item[1]))
        position = item.end()
    raise AnonymizeError("an attribute is not written like (0010,0010) or (0008,1140)[0]/(0008,1155)")


def _step(match: re.Match[str]) -> Step:
    group, element, creator, low = match.groups()
    if creator is None:
        return Step(int(group, 16), int(element, 16))
    return Step(int(group, 16), int(low, 16), creator.strip().upper())

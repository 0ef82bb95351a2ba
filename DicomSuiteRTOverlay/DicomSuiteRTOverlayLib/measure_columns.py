"""Tables of measures: columns with a stable name, a unit and a definition, and how a cell is taken from a measure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Cell = str | int | float | None
Measured = TypeVar("Measured")

SIGNIFICANT_DIGITS = 9
"""Digits of a number in a table: far below what an image resolves, and without the noise of binary fractions."""


@dataclass(frozen=True)
class Column:
    """`name` tells the unit and stays the same between versions; `unit` is empty for words and plain numbers."""

    name: str
    unit: str
    definition: str


@dataclass(frozen=True)
class Measure(Generic[Measured]):
    """A column, and how its cell is taken from what was measured; None where that is not defined."""

    column: Column
    cell: Callable[[Measured], Cell]


@dataclass(frozen=True)
class MeasureTable:
    """Rows of cells, one for each column; None where a measure is not defined."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @classmethod
    def of(cls, measures: Sequence[Measure[Measured]], measured: Iterable[Measured]) -> MeasureTable:
        """One row for each thing measured, numbers rounded to `SIGNIFICANT_DIGITS`."""
        rows = tuple(tuple(_rounded(measure.cell(thing)) for measure in measures) for thing in measured)
        return cls(tuple(measure.column for measure in measures), rows)

    @property
    def column_names(self) -> tuple[str, ...]:
        """What the columns are called."""
        return tuple(column.name for column in self.columns)

    def as_json(self) -> dict[str, Any]:
        """What json.dumps takes: the columns with unit and definition, and a mapping for each row."""
        columns = [
            {"name": column.name, "unit": column.unit, "definition": column.definition} for column in self.columns
        ]
        rows = [dict(zip(self.column_names, row, strict=True)) for row in self.rows]
        return {"columns": columns, "rows": rows}


def _rounded(cell: Cell) -> Cell:
    return float(f"{cell:.{SIGNIFICANT_DIGITS}g}") if isinstance(cell, float) else cell

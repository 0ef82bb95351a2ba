"""How tables look in a narrow module panel: compact rows, no grid, less columns where there is no room."""

from collections.abc import Iterable

import qt

ROW_PADDING = 8  # pixels around the text of a row
COLUMN_PADDING = 12
NARROWEST_COLUMN = 30  # pixels


def makeCompact(table: "qt.QTableView", name: str) -> None:
    """Give a table that only shows things one line a row; `name` is what screen readers say."""
    table.selectionBehavior = qt.QAbstractItemView.SelectRows
    table.editTriggers = qt.QAbstractItemView.NoEditTriggers
    table.alternatingRowColors = True
    table.showGrid = False
    table.wordWrap = False
    table.tabKeyNavigation = False  # Tab goes on to the next control, arrows to the next row
    table.accessibleName = name
    rows = table.verticalHeader()
    rows.hide()
    rows.setSectionResizeMode(qt.QHeaderView.Fixed)
    rows.defaultSectionSize = table.fontMetrics().lineSpacing() + ROW_PADDING
    columns = table.horizontalHeader()
    columns.highlightSections = False
    columns.minimumSectionSize = NARROWEST_COLUMN


def setColumnWidths(table: "qt.QTableView", stretched: int, others: dict[int, str]) -> None:
    """One column takes what room is left; each other is as wide as a sample text, and can be dragged wider."""
    header = table.horizontalHeader()
    header.setSectionResizeMode(stretched, qt.QHeaderView.Stretch)
    for column, sample in others.items():
        header.setSectionResizeMode(column, qt.QHeaderView.Interactive)
        header.resizeSection(column, table.fontMetrics().boundingRect(sample).width() + COLUMN_PADDING)


def fitColumns(tree: "qt.QTreeWidget") -> None:
    """The first column takes what room the others leave, which are as wide as their texts."""
    header = tree.header()
    header.stretchLastSection = False
    header.setSectionResizeMode(qt.QHeaderView.ResizeToContents)
    header.setSectionResizeMode(0, qt.QHeaderView.Stretch)


class NarrowColumns:
    """Hides columns of a table while it is narrower than `width` pixels."""

    def __init__(self, table: "qt.QTableView", columns: Iterable[int], width: int) -> None:
        self._table = table
        self._columns = tuple(columns)
        self._width = width
        self._timer = qt.QTimer()  # columns are not hidden while the header still lays them out
        self._timer.setSingleShot(True)
        self._timer.connect("timeout()", self._update)
        # A resized table resizes its stretched column or, where there is no room for that, scrolls: signs of it
        # that need no subclass.
        table.horizontalHeader().connect("sectionResized(int,int,int)", self._onResized)
        table.horizontalScrollBar().connect("rangeChanged(int,int)", self._onResized)

    def _onResized(self, *_sizes: int) -> None:
        self._timer.start(0)

    def _update(self) -> None:
        isNarrow = self._table.width < self._width
        for column in self._columns:
            self._table.setColumnHidden(column, isNarrow)

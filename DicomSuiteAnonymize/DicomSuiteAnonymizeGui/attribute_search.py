"""Every attribute of the selected files as a tree, from which any can be taken into the table."""

from __future__ import annotations

from collections.abc import Sequence

import ctk
import qt
from slicer.i18n import tr as _

from DicomSuiteAnonymizeGui.words import attributeName, attributeToolTip, foundText, foundToolTip
from DicomSuiteAnonymizeLib.found_values import attribute_paths, found_values
from DicomSuiteAnonymizeLib.profiles.profile_editor import ProfileEditor, allowed_actions
from DicomSuiteAnonymizeLib.survey import SeriesSurvey
from DicomSuiteAnonymizeLib.tag_path import TagPath
from DicomSuiteGui.paced import Paced


class AttributeSearch:
    """A search box above the tree; a double click, Return or the button adds to the table of `editor`."""

    def __init__(self, editor: ProfileEditor) -> None:
        self._editor = editor
        self._filling = Paced()
        self._items: dict[TagPath, qt.QTreeWidgetItem] = {}
        self._series: Sequence[SeriesSurvey] = ()
        self._isFilled = False
        self.widget = ctk.ctkCollapsibleGroupBox()
        self.widget.title = _("Further attributes")
        layout = qt.QVBoxLayout(self.widget)
        self.searchBox = ctk.ctkSearchBox()
        self.searchBox.placeholderText = _("Name, keyword, tag or value")
        self.searchBox.connect("textChanged(QString)", self._filter)
        self.tree = qt.QTreeWidget()
        self.tree.accessibleName = _("Further attributes")
        self.tree.setHeaderLabels([_("Attribute"), _("Found")])
        self.tree.selectionMode = qt.QAbstractItemView.ExtendedSelection
        self.tree.uniformRowHeights = True
        self.tree.minimumHeight = 180
        self.tree.header().stretchLastSection = False
        self.tree.header().setSectionResizeMode(qt.QHeaderView.Stretch)
        self.tree.connect("itemActivated(QTreeWidgetItem*,int)", lambda item, column: self._add())
        self.tree.connect("itemSelectionChanged()", self._update)
        self.addButton = qt.QPushButton(_("Add to the table"))
        self.addButton.connect("clicked()", self._add)
        for widget in (self.searchBox, self.tree, self.addButton):
            layout.addWidget(widget)
        self.widget.collapsed = True
        self.widget.connect("toggled(bool)", lambda isOpen: self._fillIfShown())
        self._update()

    def cleanup(self) -> None:
        """Stop filling the tree."""
        self._filling.stop()

    def show(self, series: Sequence[SeriesSurvey]) -> None:
        """List the attributes of these series."""
        self._series, self._isFilled = series, False
        self._filling.stop()
        self._items.clear()
        self.tree.clear()
        self._fillIfShown()
        self._update()

    def _fillIfShown(self) -> None:
        if self.widget.collapsed or self._isFilled:
            return
        self._isFilled = True
        self._filling.start(iter(attribute_paths(self._series)), self._addItem, self._onFilled)

    def _addItem(self, path: TagPath) -> None:
        found = found_values(self._series, path)
        item = qt.QTreeWidgetItem()
        item.setText(0, attributeName(path[-1:]))
        item.setText(1, foundText(found))
        item.setToolTip(0, attributeToolTip(path, found.vr))
        item.setToolTip(1, foundToolTip(found))
        self._items[path] = item
        parent = self._items.get(path[:-1])
        if parent is None:
            self.tree.addTopLevelItem(item)
        else:
            parent.addChild(item)

    def _onFilled(self) -> None:
        self._filter(self.searchBox.text)

    def _filter(self, text: str) -> None:
        wanted = text.casefold()
        shown: set[TagPath] = set()
        for path in reversed(self._items):  # what a sequence holds comes behind it
            item = self._items[path]
            texts = (item.text(0), item.text(1), item.toolTip(0))
            isShown = path in shown or any(wanted in one.casefold() for one in texts)
            item.setHidden(not isShown)
            if isShown:
                shown.update(path[:depth] for depth in range(1, len(path)))
                item.setExpanded(bool(wanted))

    def _selected(self) -> list[TagPath]:
        return [path for path, item in self._items.items() if item.isSelected()]

    def _add(self) -> None:
        for path in self._selected():
            if allowed_actions(path):
                self._editor.add_row(path)

    def _update(self) -> None:
        chosen = self._selected()
        possible = [path for path in chosen if allowed_actions(path)]
        self.addButton.enabled = bool(possible)
        self.addButton.toolTip = (
            _("Give these attributes an action of their own")
            if possible
            else _("DicomSuite itself writes this attribute; it cannot be changed.")
            if chosen
            else _("Select attributes in the tree first.")
            if self._series
            else _("Select files first.")
        )

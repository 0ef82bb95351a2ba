"""The user's saved pixel rules: which pictures each is for, what it blanks; removed, taken in and handed out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import ctk
import qt
import slicer
from pydicom.uid import UID_dictionary
from slicer.i18n import tr as _

from DicomSuiteAnonymizeGui.words import boxText
from DicomSuiteAnonymizeLib.pixels.pixel_rules import PixelRule, RuleAction, read_rules, write_rules
from DicomSuiteAnonymizeLib.pixels.user_rules import UserRules
from DicomSuiteGui.plain_label import plainLabel, showText
from DicomSuiteGui.table_look import fitColumns
from DicomSuiteGui.tool_buttons import addToolButton, setPossible
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.plain_signal import Signal

NAME, EFFECT = range(2)
_HEIGHT = 130
_MARGIN = 4
_SUFFIX = ".json"
_ANY = "*"


class RulesList:
    """`changed` is emitted without arguments when the user has removed or imported rules.

    Parameters: `store` opens the rules; it raises DicomSuiteError where the settings cannot be used.
    """

    def __init__(self, store: Callable[[], UserRules]) -> None:
        self.changed = Signal()
        self._store = store
        self._rules: tuple[PixelRule, ...] = ()
        self._trouble = ""
        self.widget = ctk.ctkCollapsibleGroupBox()
        content = qt.QWidget()  # the box shows and hides it, and not what is shown and hidden in it
        around = qt.QVBoxLayout(self.widget)
        around.setContentsMargins(_MARGIN, _MARGIN, _MARGIN, _MARGIN)
        around.addWidget(content)
        layout = qt.QVBoxLayout(content)
        layout.setContentsMargins(0, 0, 0, 0)
        self.tree = tree = qt.QTreeWidget()
        tree.setHeaderLabels([_("Rule"), _("What is done")])
        tree.accessibleName = _("Saved rules")
        tree.selectionMode = qt.QAbstractItemView.ExtendedSelection
        tree.minimumHeight = tree.maximumHeight = _HEIGHT
        fitColumns(tree)
        tree.connect("itemSelectionChanged()", self._showPossible)
        row = qt.QHBoxLayout()
        self.removeButton = addToolButton(row, _("R&emove"), _("Remove the selected rules"), self._onRemove)
        row.addStretch(1)
        self.importButton = addToolButton(row, _("Imp&ort…"), _("Import rules"), self._onImport)
        self.exportButton = addToolButton(row, _("Expor&t…"), _("Export rules"), self._onExport)
        self.statusLabel = plainLabel()
        layout.addWidget(tree)
        layout.addLayout(row)
        layout.addWidget(self.statusLabel)
        self.widget.collapsed = True
        self._show()
        self.say("")

    @property
    def selected(self) -> tuple[PixelRule, ...]:
        """The selected rules, and those of which a line below them is selected, in their order."""
        chosen = {item.data(NAME, qt.Qt.UserRole) for item in self.tree.selectedItems()}
        return tuple(rule for rule in self._rules if rule.name in chosen)

    def update(self) -> None:
        """Read the rules again."""
        try:
            self._rules, self._trouble = self._store().read(), ""
        except DicomSuiteError as error:
            self._rules, self._trouble = (), str(error)
        self._show()
        self.say(self._trouble)

    def say(self, text: str) -> None:
        """Tell what is wrong, or what was done; "" for nothing."""
        showText(self.statusLabel, text)

    def importFrom(self, path: Path) -> None:
        """Take in the rules of a file; where others would be lost, only if the user agrees."""

        def takeIn() -> str:
            rules, store = read_rules(path), self._store()
            if not _mayReplace(store.giving_way(rules)):
                return ""
            store.take_in(rules)
            return _importedText(rules)

        self._change(takeIn)

    def exportTo(self, path: Path) -> None:
        """Write the selected rules, or all where none is selected, into a file."""
        rules = self.selected or self._rules
        try:
            write_rules(rules, path)
        except DicomSuiteError as error:
            self.say(str(error))
            return
        self.say(_("Rules written: {count}.").format(count=len(rules)))

    def _show(self) -> None:
        count = len(self._rules)
        self.widget.title = _("Saved rules ({count})").format(count=count) if count else _("Saved rules")
        self.tree.clear()
        for rule in self._rules:
            self._add(rule)
        self._showPossible()

    def _add(self, rule: PixelRule) -> None:
        top = qt.QTreeWidgetItem()
        for column, text in ((NAME, rule.name), (EFFECT, effectText(rule))):
            top.setText(column, text)
            top.setToolTip(column, f"{rule.name}\n{conditionsText(rule)}")
        self.tree.addTopLevelItem(top)
        for text in (*picturesTexts(rule), *map(boxText, rule.boxes)):
            line = qt.QTreeWidgetItem()
            line.setText(NAME, text)
            line.setToolTip(NAME, text)
            top.addChild(line)
            line.setFirstColumnSpanned(True)
        for item in (top, *map(top.child, range(top.childCount()))):
            item.setData(NAME, qt.Qt.UserRole, rule.name)

    def _showPossible(self) -> None:
        noRules = "" if self._rules else _("No rule is saved yet; draw boxes and save them, or import some.")
        noChoice = "" if self.selected else _("Select rules in the list first.")
        setPossible(self.removeButton, self._trouble or noRules or noChoice, _("Remove the selected rules"))
        setPossible(self.importButton, self._trouble, _("Take in the rules of a file, as others have exported them"))
        setPossible(
            self.exportButton,
            self._trouble or noRules,
            _("Write the selected rules, or all, into a file that others can import; look at their names first"),
        )

    def _onRemove(self) -> None:
        names = [rule.name for rule in self.selected]
        question = _("Remove these rules? Pictures that no other rule covers are set aside from then on.\n\n{names}")
        if slicer.util.confirmYesNoDisplay(question.format(names="\n".join(names))):
            self._change(lambda: self._forget(names))

    def _forget(self, names: list[str]) -> str:
        self._store().forget(names)
        return _("Rules removed: {count}.").format(count=len(names))

    def _onImport(self) -> None:
        path = qt.QFileDialog.getOpenFileName(slicer.util.mainWindow(), _("Import rules"), "", _kinds())
        if path:
            self.importFrom(Path(path))

    def _onExport(self) -> None:
        path = qt.QFileDialog.getSaveFileName(slicer.util.mainWindow(), _("Export rules"), "", _kinds())
        if path:
            self.exportTo(Path(path if path.endswith(_SUFFIX) else path + _SUFFIX))

    def _change(self, function: Callable[[], str]) -> None:
        """Change the rules; `function` says what was done, "" for nothing."""
        try:
            done = function()
        except DicomSuiteError as error:
            self.say(str(error))
            return
        if done:
            self.update()
            self.say(done)
            self.changed.emit()


def effectText(rule: PixelRule) -> str:
    """What the rule does to its pictures, in few words."""
    if rule.action is RuleAction.CLEAN:
        return _("as it is")
    if rule.action is RuleAction.REFUSE:
        return _("set aside")
    count = len(rule.boxes)
    return _("1 box") if count == 1 else _("{count} boxes").format(count=count)


def picturesTexts(rule: PixelRule) -> list[str]:
    """Which pictures the rule is for: a line on the device, and one on the size where it counts."""
    kind = rule.modality if rule.modality != _ANY else UID_dictionary.get(rule.sop_class, (rule.sop_class,))[0]
    device = [fact for fact in (kind, rule.manufacturer, rule.model) if fact not in (_ANY, "")]
    size = _("{columns} × {rows} pixels").format(columns=rule.columns or _ANY, rows=rule.rows or _ANY)
    texts = [", ".join(device) or _("Devices of every kind")]
    return [*texts, size] if rule.columns or rule.rows else texts


def conditionsText(rule: PixelRule) -> str:
    """All conditions, a line each, and where the layout is known from."""
    named = (
        (_("Kind of object"), UID_dictionary.get(rule.sop_class, (rule.sop_class,))[0]),
        (_("Modality"), rule.modality),
        (_("Manufacturer"), rule.manufacturer),
        (_("Model"), rule.model),
        (_("Columns"), rule.columns or _ANY),
        (_("Rows"), rule.rows or _ANY),
        (_("Image Type"), rule.image_type),
        (_("Source"), rule.note or _ANY),
    )
    return "\n".join(f"{name}: {value}" for name, value in named if value != _ANY)


def _importedText(rules: tuple[PixelRule, ...]) -> str:
    clean = sum(rule.action is RuleAction.CLEAN for rule in rules)
    text = _("Rules imported: {count}.").format(count=len(rules))
    warning = _("Of these, {count} let pictures pass as they are; check which.").format(count=clean)
    return f"{text} {warning}" if clean else text


def _mayReplace(rules: tuple[PixelRule, ...]) -> bool:
    """Ask before saved rules are lost."""
    question = _("These saved rules would be replaced. Replace them?\n\n{names}")
    names = "\n".join(rule.name for rule in rules)
    return not rules or slicer.util.confirmYesNoDisplay(question.format(names=names))


def _kinds() -> str:
    return _("Pixel rules (*.json)")

"""The attributes of the selected files: what they hold, what is done to them, and for whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import qt
from slicer.i18n import tr as _

from DicomSuiteAnonymizeGui.attribute_form import AttributeForm
from DicomSuiteAnonymizeGui.attribute_search import AttributeSearch
from DicomSuiteAnonymizeGui.attribute_table import AttributeTable, TableRow
from DicomSuiteAnonymizeGui.words import scopeWord
from DicomSuiteAnonymizeLib.found_values import found_values
from DicomSuiteAnonymizeLib.preview import FilePreview
from DicomSuiteAnonymizeLib.profiles.profile import Scope, TagEdit
from DicomSuiteAnonymizeLib.profiles.profile_editor import EVERYBODY, ProfileEditor, Who
from DicomSuiteAnonymizeLib.survey import SeriesSurvey
from DicomSuiteAnonymizeLib.tag_path import TagPath
from DicomSuiteLib.plain_signal import Signal
from DicomSuiteLib.study_list import readable_date, readable_name


@dataclass(frozen=True, slots=True)
class _Group:
    """The series that an edit for `who` concerns."""

    who: Who
    text: str
    series: tuple[SeriesSurvey, ...]


class AttributePanel:
    """Whom to edit, the table, the form below it, and the tree of further attributes; works on `editor`.

    `exampleChanged` is emitted without arguments when another file becomes the one whose result is shown.
    """

    def __init__(self, editor: ProfileEditor) -> None:
        self.exampleChanged = Signal()
        self._editor = editor
        self._groups = [_NOBODY_YET]
        self._wanted = EVERYBODY
        self._preview = FilePreview(())
        self._kept: frozenset[TagPath] = frozenset()
        self._editor.changed.connect(self._showRows)
        self._build()
        self._showRows()

    def cleanup(self) -> None:
        """Let go of what is under way."""
        self.search.cleanup()

    @property
    def examples(self) -> list[str]:
        """Paths of the first file of each series in sight."""
        return [series.example for series in self._group.series]

    def setSeries(self, series: Sequence[SeriesSurvey]) -> None:
        """Show what was found in the files; the same patient, study or series stays in sight."""
        self._groups = list(_groups(series))
        self.whoBox.clear()
        for group in self._groups:
            self.whoBox.addItem(group.text)
        self.whoBox.currentIndex = next((n for n, group in enumerate(self._groups) if group.who == self._wanted), 0)
        self._showGroup()

    def setPreview(self, preview: FilePreview, kept: frozenset[TagPath]) -> None:
        """Show what becomes of the first file; `kept` are attributes that stay although PS3.15 would change them."""
        self._preview, self._kept = preview, kept
        self._showRows()

    def setStatus(self, text: str) -> None:
        """Say what is being read, or why nothing was; "" for nothing."""
        self.statusLabel.text = text
        self.statusLabel.visible = bool(text)

    @property
    def _group(self) -> _Group:
        return self._groups[max(self.whoBox.currentIndex, 0)]

    def _build(self) -> None:
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        form = qt.QFormLayout()
        self.whoBox = qt.QComboBox()
        self.whoBox.addItem(scopeWord(Scope.ALL))
        self.whoBox.setSizePolicy(qt.QSizePolicy.Ignored, qt.QSizePolicy.Fixed)
        self.whoBox.toolTip = _("Whose files the table shows and the changes are for; the narrower choice wins")
        self.whoBox.connect("activated(int)", self._onWho)
        form.addRow(_("F&or:"), self.whoBox)
        self.statusLabel = qt.QLabel()
        self.statusLabel.wordWrap = True
        self.statusLabel.visible = False
        self.table = AttributeTable()
        self.keptLabel = qt.QLabel()
        self.keptLabel.wordWrap = True
        self.form = AttributeForm(self._editor)
        self.search = AttributeSearch(self._editor)
        self.table.selectionChanged.connect(lambda: self.form.show(self.table.selected, self._group.who))
        self.table.activated.connect(self.form.editValue)
        layout.addLayout(form)
        for widget in (
            self.statusLabel,
            self.table.widget,
            self.keptLabel,
            self.form.widget,
            self.search.widget,
        ):
            layout.addWidget(widget)
        layout.addStretch(1)

    def _onWho(self, index: int) -> None:
        self._wanted = self._groups[index].who
        self._showGroup()

    def _showGroup(self) -> None:
        self._preview, self._kept = FilePreview(()), frozenset()
        self.search.show(self._group.series)
        self._showRows()
        self.exampleChanged.emit()

    def _showRows(self) -> None:
        differences = {difference.path: difference for difference in self._preview.differences}
        self.table.show(
            TableRow(
                path,
                found_values(self._group.series, path),
                self._editOf(path),
                differences.get(path),
                path in self._kept,
            )
            for path in self._editor.rows
        )
        self._warn()

    def _editOf(self, path: TagPath) -> TagEdit | None:
        """The edit that holds for the instances in sight: the narrowest."""
        for who in _from_narrow_to_wide(self._group):
            if edit := self._editor.edit_of(path, who):
                return edit
        return None

    def _warn(self) -> None:
        lines = []
        if self._preview.refusal:
            lines.append(_("The first file would be quarantined: {reason}.").format(reason=self._preview.refusal))
        elif self._kept:
            lines.append(
                _("⚠ Attributes of the first file that still identify, as PS3.15 sees it: {count}").format(
                    count=len(self._kept)
                )
            )
        strangers = self._editsForStrangers()
        if strangers:
            lines.append(
                _(
                    "⚠ Changes that concern none of these files, because they were made for other patients, studies or "
                    "series, or with another key: {count}"
                ).format(count=len(strangers))
            )
        self.keptLabel.text = "\n".join(lines)
        self.keptLabel.visible = bool(lines)

    def _editsForStrangers(self) -> list[TagEdit]:
        known = {group.who for group in self._groups}
        isRead = bool(self._groups[0].series)
        return [edit for edit in self._editor.profile.edits if isRead and Who(edit.scope, edit.target) not in known]


_NOBODY_YET = _Group(EVERYBODY, "", ())
_BELOW_ALL = (Scope.PATIENT, Scope.STUDY, Scope.SERIES)


def _groups(series: Sequence[SeriesSurvey]) -> Iterator[_Group]:
    """Everybody, then each patient followed by its studies and their series."""
    yield _Group(EVERYBODY, scopeWord(Scope.ALL), tuple(series))
    words = {scope: "    " * depth + scopeWord(scope) for depth, scope in enumerate(_BELOW_ALL)}  # looked up once
    for patient in _by_target(series, Scope.PATIENT):
        yield _group(Scope.PATIENT, patient, words)
        for study in _by_target(patient, Scope.STUDY):
            yield _group(Scope.STUDY, study, words)
            for one in _by_target(study, Scope.SERIES):
                yield _group(Scope.SERIES, one, words)


def _by_target(series: Sequence[SeriesSurvey], scope: Scope) -> list[tuple[SeriesSurvey, ...]]:
    found: dict[str, list[SeriesSurvey]] = {}
    for one in series:
        found.setdefault(one.target(scope), []).append(one)
    return [tuple(group) for group in found.values()]


def _group(scope: Scope, series: tuple[SeriesSurvey, ...], words: Mapping[Scope, str]) -> _Group:
    labels = series[0].labels
    texts = {
        Scope.PATIENT: (readable_name(labels["patient_name"]), labels["patient_id"]),
        Scope.STUDY: (readable_date(labels["study_date"]), labels["study_description"]),
        Scope.SERIES: (labels["modality"], labels["series_number"], labels["series_description"]),
    }
    name = "  ".join(filter(None, texts[scope])) or "–"
    text = _("{scope}: {name}").format(scope=words[scope], name=name)
    return _Group(Who(scope, series[0].target(scope)), text, series)


def _from_narrow_to_wide(group: _Group) -> Iterator[Who]:
    """Whom an edit can be for so that it concerns the whole group."""
    scopes = (Scope.SERIES, Scope.STUDY, Scope.PATIENT, Scope.ALL)
    for scope in scopes[scopes.index(group.who.scope) :]:
        yield Who(scope, group.series[0].target(scope) if group.series else "")

"""The studies of Slicer's DICOM database as a table that can be searched, sorted and selected from."""

from collections.abc import Iterator
from functools import partial
from itertools import islice

import ctk
import qt
import slicer
from slicer.i18n import tr as _

from DicomSuiteGui.background import Background
from DicomSuiteGui.dicom_database import DatabaseChanges, dicomDatabase
from DicomSuiteGui.paced import Paced
from DicomSuiteGui.table_look import NarrowColumns, makeCompact, setColumnWidths
from DicomSuiteLib.plain_signal import Signal
from DicomSuiteLib.study_list import Study, files_of, read_studies, readable_size, size_on_disk

MEASURED_TOGETHER = 8
WIDE_PIXELS = 420
"""Narrower tables leave out the number of series, which the tool tip says too."""

PATIENT, DATE, MODALITIES, SERIES, SIZE = range(5)

_SORT_ROLE = qt.Qt.UserRole
_SEARCH_ROLE = qt.Qt.UserRole + 1
_UID_ROLE = qt.Qt.UserRole + 2


class StudiesPanel:
    """Shows the database from `activate` to `deactivate`; `selectionChanged` is emitted without arguments."""

    def __init__(self, measureSizes: "qt.QCheckBox") -> None:
        self.selectionChanged = Signal()
        self._studies: dict[str, Study] = {}  # in the order of the model's rows
        self._sizes: dict[str, tuple[Study, int]] = {}
        self._unmeasured: Iterator[Study] = iter(())
        self._seen: set[str] = set()
        self._database = None
        self._background = Background()
        self._measureSizes = measureSizes
        self._build()
        self._filling = Paced()
        self._changes = DatabaseChanges(self.refresh)
        measureSizes.connect("toggled(bool)", self._onMeasureSizes)
        self.table.setColumnHidden(SIZE, not measureSizes.checked)

    def activate(self) -> None:
        """Read the database, and follow its changes."""
        self.deactivate()
        self._database = dicomDatabase()
        self._changes.follow(self._database)
        self.refresh()

    def deactivate(self) -> None:
        """Let go of the database; the table stays as it is."""
        self._changes.stop()
        self._database = None
        self._filling.stop()
        self._background.drop()

    def close(self) -> None:
        """Let go of everything that outlives the panel."""
        self.deactivate()
        self._measureSizes.disconnect("toggled(bool)", self._onMeasureSizes)

    def selectedStudies(self) -> list[Study]:
        """Studies of the selected rows, from top to bottom."""
        rows = sorted(index.row() for index in self.table.selectionModel().selectedRows())
        return [self._studies[self._proxy.index(row, PATIENT).data(_UID_ROLE)] for row in rows]

    @property
    def isReading(self) -> bool:
        """Whether the table is still being filled."""
        return self._filling.isBusy

    def refresh(self) -> None:
        """Read the database afresh, a little at a time; rows that stay keep their selection."""
        self._background.drop()
        isOpen = bool(self._database and self._database.isOpen)
        self._seen = set()
        self._filling.start(read_studies(self._database) if isOpen else iter(()), self._show, self._onFilled)

    def _build(self) -> None:
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self.searchBox = ctk.ctkSearchBox()
        self.searchBox.placeholderText = _("Search name, ID, date, modality or description")
        self.searchBox.toolTip = _("Only studies that contain this text are shown. The text is not stored anywhere.")
        self.searchBox.connect("textChanged(QString)", self._onSearch)
        layout.addWidget(self.searchBox)
        layout.addWidget(self._buildTable())
        self.message = qt.QLabel()
        self.message.wordWrap = True
        self.message.hide()
        layout.addWidget(self.message)
        self.openDicomButton = qt.QPushButton(_("Open the &DICOM module"))
        self.openDicomButton.toolTip = _("Import a folder there; its studies appear here at once.")
        self.openDicomButton.hide()
        self.openDicomButton.connect("clicked()", self._onOpenDicom)
        layout.addWidget(self.openDicomButton)

    def _buildTable(self) -> "qt.QTableView":
        self._model = qt.QStandardItemModel()
        self._model.setColumnCount(5)
        headings = (_("Patient"), _("Date"), _("Modality"), _("Series"), _("Size"))
        for column, heading in enumerate(headings):
            self._model.setHeaderData(column, qt.Qt.Horizontal, heading)
        self._proxy = qt.QSortFilterProxyModel()
        self._proxy.setSourceModel(self._model)
        self._proxy.setSortRole(_SORT_ROLE)
        self._proxy.setFilterRole(_SEARCH_ROLE)
        self._proxy.setFilterKeyColumn(PATIENT)
        self._proxy.setFilterCaseSensitivity(qt.Qt.CaseInsensitive)
        self.table = qt.QTableView()
        self.table.setModel(self._proxy)
        makeCompact(self.table, _("Studies"))
        samples = {DATE: "2000-00-00", MODALITIES: "CT, MR, …", SERIES: _("Series"), SIZE: "000.0 MB"}
        setColumnWidths(self.table, PATIENT, samples)
        self._narrow = NarrowColumns(self.table, (SERIES,), WIDE_PIXELS)
        self.table.minimumHeight = 160
        self.table.sortingEnabled = True
        self.table.sortByColumn(DATE, qt.Qt.DescendingOrder)
        self.table.selectionModel().connect(
            "selectionChanged(QItemSelection,QItemSelection)", self._onSelectionChanged
        )
        return self.table

    def _onFilled(self) -> None:
        self._removeGone()
        self._explain()
        self._startMeasuring()

    def _show(self, study: Study) -> None:
        self._seen.add(study.uid)
        known = self._studies.get(study.uid)
        if known == study:
            return
        if known is None:
            row = len(self._studies)
            self._model.insertRow(row)
        else:
            row = list(self._studies).index(study.uid)
        self._studies[study.uid] = study
        modalities = ", ".join(study.modalities)
        shown = (study.patient_name or study.patient_id or _("(no name)"), study.date, modalities)
        for column, text in enumerate(shown):
            self._setCell(row, column, text, text.casefold())
        self._setCell(row, SERIES, str(len(study.series)), len(study.series))
        self._setCell(row, SIZE, "", -1.0)
        first = self._model.index(row, PATIENT)
        words = (study.patient_name, study.patient_id, study.date, modalities, study.description)
        self._model.setData(first, "\n".join(words), _SEARCH_ROLE)
        self._model.setData(first, study.uid, _UID_ROLE)
        count = _("{count} series").format(count=len(study.series))
        self._model.setData(first, "\n".join(filter(None, (*words, count))), qt.Qt.ToolTipRole)
        for column in (SERIES, SIZE):
            alignment = int(qt.Qt.AlignRight) | int(qt.Qt.AlignVCenter)
            self._model.setData(self._model.index(row, column), alignment, qt.Qt.TextAlignmentRole)

    def _setCell(self, row: int, column: int, text: str, sortKey: str | float) -> None:
        index = self._model.index(row, column)
        self._model.setData(index, text, qt.Qt.DisplayRole)
        self._model.setData(index, sortKey, _SORT_ROLE)

    def _removeGone(self) -> None:
        for row, uid in reversed(list(enumerate(self._studies))):
            if uid not in self._seen:
                self._model.removeRow(row)
                del self._studies[uid]
                self._sizes.pop(uid, None)

    def _explain(self) -> None:
        """Say why there is nothing to be seen, where that is so."""
        isOpen = bool(self._database and self._database.isOpen)
        if not isOpen:
            text = _("Slicer's DICOM database is not open. Open the DICOM module and choose or create one.")
        elif not self._studies:
            text = _("Slicer's DICOM database holds no studies yet. Open the DICOM module and import a folder.")
        elif not self._proxy.rowCount():
            text = _("No study contains this text.")
        else:
            text = ""
        self.message.text = text
        self.message.visible = bool(text)
        self.openDicomButton.visible = not self._studies

    def _startMeasuring(self) -> None:
        """Measure what is not known yet; to read the files' sizes may wait for the disk."""
        self._background.drop()
        if self._measureSizes.checked and self._database:
            known = {uid for uid, (study, _size) in self._sizes.items() if self._studies.get(uid) == study}
            self._unmeasured = iter([study for uid, study in self._studies.items() if uid not in known])
            self._measureNext()

    def _measureNext(self) -> None:
        studies = list(islice(self._unmeasured, MEASURED_TOGETHER))
        if studies:
            paths = [files_of(self._database, study) for study in studies]
            self._background.run(lambda: list(map(size_on_disk, paths)), partial(self._onMeasured, studies))

    def _onMeasured(self, studies: list[Study], sizes: list[int]) -> None:
        rows = {uid: row for row, uid in enumerate(self._studies)}
        for study, size in zip(studies, sizes, strict=True):
            self._sizes[study.uid] = (study, size)
            if self._studies.get(study.uid) == study:
                self._setCell(rows[study.uid], SIZE, readable_size(size), float(size))  # not int: Qt compares 32 bits
        self._measureNext()

    def _onMeasureSizes(self, isWanted: bool) -> None:
        self.table.setColumnHidden(SIZE, not isWanted)
        if not self.isReading:
            self._startMeasuring()

    def _onSearch(self, text: str) -> None:
        self._proxy.setFilterFixedString(text)
        self._explain()

    def _onSelectionChanged(self, *_ranges: object) -> None:
        self.selectionChanged.emit()

    def _onOpenDicom(self) -> None:
        slicer.util.selectModule("DICOM")

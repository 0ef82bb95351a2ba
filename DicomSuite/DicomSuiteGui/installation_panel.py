"""Which optional packages are missing, what for they are, and a button that offers to install them."""

import importlib.util
import subprocess

import qt
import slicer
from slicer.i18n import tr as _

from DicomSuiteGui.table_look import makeCompact, setColumnWidths
from DicomSuiteLib.optional_packages import MONAI, OPTIONAL_PACKAGES, TORCH, OptionalPackage

PACKAGE, STATE, PURPOSE = range(3)

_ICON = "mm"  # as wide as the sign before the word


class InstallationPanel:
    """Looks at the packages when `check` is called, and never imports them."""

    def __init__(self) -> None:
        self._build()
        self._offer()

    def check(self) -> None:
        """Show for each package whether it is present."""
        importlib.invalidate_caches()
        self.table.setRowCount(len(OPTIONAL_PACKAGES))
        purposes = _purposes()
        for row, package in enumerate(OPTIONAL_PACKAGES):
            state = _("present") if package.is_present else _("missing")
            texts = (package.requirement.partition(">=")[0], state, purposes[package.module])
            for column, text in enumerate(texts):
                item = qt.QTableWidgetItem(text)
                item.setToolTip("\n".join(texts))
                self.table.setItem(row, column, item)
            if package.is_present:
                self.table.item(row, STATE).setIcon(self.table.style().standardIcon(qt.QStyle.SP_DialogApplyButton))
        self.table.show()
        self._offer()

    def _build(self) -> None:
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self.message = qt.QLabel(_("DicomSuite works without these packages; each adds something."))
        self.message.wordWrap = True
        layout.addWidget(self.message)
        self.table = qt.QTableWidget()
        self.table.setColumnCount(3)
        self.table.setHorizontalHeaderLabels([_("Package"), _("State"), _("What for")])
        makeCompact(self.table, _("Optional packages"))
        self.table.selectionMode = qt.QAbstractItemView.NoSelection
        self.table.minimumHeight = 200
        setColumnWidths(self.table, PURPOSE, {PACKAGE: "dicomweb-client", STATE: _("missing") + _ICON})
        self.table.hide()
        layout.addWidget(self.table)
        row = qt.QHBoxLayout()
        self.checkButton = qt.QPushButton(_("Chec&k installation"))
        self.checkButton.toolTip = _("Look which optional packages are present. Nothing is installed.")
        self.checkButton.connect("clicked()", self.check)
        self.installButton = qt.QPushButton(_("&Install missing…"))
        self.installButton.connect("clicked()", self._onInstall)
        row.addWidget(self.checkButton)
        row.addWidget(self.installButton)
        layout.addLayout(row)

    def _offer(self) -> None:
        """Enable the install button where it can do something, and say what or why not."""
        wasChecked = self.table.rowCount > 0
        missing = _missing()
        self.installButton.enabled = wasChecked and bool(_forPip(missing) or (TORCH in missing and _torchInstaller()))
        if not wasChecked:
            self.installButton.toolTip = _("Check the installation first.")
        elif not missing:
            self.installButton.toolTip = _("Nothing is missing.")
        else:
            self.installButton.toolTip = _("You are asked before anything is installed.")
        if wasChecked:
            self.message.text = _advice(missing)

    def _onInstall(self) -> None:
        with slicer.util.tryWithErrorDisplay(_("The packages could not be installed.")):
            try:
                _install()
            except RuntimeError as error:  # declined, or refused by the installer, which says why
                slicer.util.showStatusMessage(str(error), 5000)
            except subprocess.CalledProcessError as error:
                slicer.util.errorDisplay(
                    _("Installation ended with exit code {code}. Is there a network connection?").format(
                        code=error.returncode
                    )
                )
        self.check()


def _missing() -> list[OptionalPackage]:
    return [package for package in OPTIONAL_PACKAGES if not package.is_present]


def _torchInstaller() -> bool:
    return importlib.util.find_spec("PyTorchUtils") is not None


def _forPip(missing: list[OptionalPackage]) -> list[str]:
    """Requirements for pip; torch is not for pip, and what requires it would bring it along."""
    withheld = {TORCH, MONAI} if TORCH in missing else {TORCH}
    return [package.requirement for package in missing if package not in withheld]


def _install() -> None:
    if TORCH in _missing() and _torchInstaller():
        import PyTorchUtils

        logic = PyTorchUtils.PyTorchUtilsLogic()
        version = TORCH.requirement.removeprefix("torch")
        logic.installTorch(askConfirmation=True, torchVersionRequirement=version)
        importlib.invalidate_caches()
    requirements = _forPip(_missing())
    if requirements:
        from slicer.packaging import pip_ensure

        pip_ensure(requirements, requester="DicomSuite")


def _advice(missing: list[OptionalPackage]) -> str:
    if not missing:
        return _("Every optional package is present.")
    if TORCH in missing and not _torchInstaller():
        return _("For torch and monai install the extension PyTorch first (View > Extensions Manager).")
    return _("Everything else works without the packages that are missing.")


def _purposes() -> dict[str, str]:
    return {
        "torch": _("super-resolution"),
        "monai": _("super-resolution"),
        "safetensors": _("model files"),
        "nrrd": _("NRRD masks"),
        "highdicom": _("DICOM SEG"),
        "nibabel": _("NIfTI masks"),
        "pynetdicom": _("send to a PACS"),
        "dicomweb_client": _("DICOMweb servers"),
        "rapidocr_onnxruntime": _("text in pictures"),
        "distributed": _("clusters (Dask)"),
        "cryptography": _("encrypted crosswalks"),
        "pylibjpeg": _("compressed pictures that are cleaned"),
        "jpeg_ls": _("compressed pictures that are cleaned"),
    }

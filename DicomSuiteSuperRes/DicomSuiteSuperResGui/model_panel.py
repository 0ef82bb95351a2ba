"""Which model is used: one that comes with the module, with its card, or a file of the user's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ctk
import qt
from slicer.i18n import tr as _

from DicomSuiteGui.plain_label import plainLabel, showText
from DicomSuiteLib.plain_signal import Signal
from DicomSuiteSuperResLib.bundled_models import BundledModel, bundled_models
from DicomSuiteSuperResLib.models import Upsampling
from DicomSuiteSuperResLib.network_layouts import ARCHITECTURES


@dataclass(frozen=True)
class OwnModel:
    """A file of the user's, which may be called after a person; `architecture` is "" where the file shall tell."""

    path: Path
    architecture: str
    allowsTorchScript: bool

    @property
    def words(self) -> tuple[str, ...]:
        """Of the command line."""
        words = ["--model", str(self.path)]
        if self.architecture:
            words += ["--architecture", self.architecture]
        return (*words, "--allow-torchscript") if self.allowsTorchScript else tuple(words)


class ModelPanel:
    """`changed` is emitted without arguments when another model is chosen."""

    def __init__(self) -> None:
        self.changed = Signal()
        self._parameters: Any = None
        self._bundled = bundled_models()
        self._build()
        self._show()

    def setParameters(self, parameters: Any) -> None:
        """Follow the parameter with the bundled model's name; a file that is chosen stays chosen."""
        self._parameters = parameters
        if not self._isOwn:
            names = [model.name for model in self._bundled]
            self._select(names.index(parameters.model) if parameters.model in names else 0)

    @property
    def bundled(self) -> BundledModel | None:
        """The bundled model that is chosen; None for a file of the user's."""
        return None if self._isOwn else self._bundled[self.modelBox.currentIndex]

    @property
    def own(self) -> OwnModel | None:
        """The file that is chosen; None for a bundled model, or while none is chosen."""
        path = self.pathEdit.currentPath
        if not self._isOwn or not path:
            return None
        isScript = self.torchScriptBox.checked
        return OwnModel(Path(path), self.architectureBox.currentData, isScript)

    @property
    def whyNot(self) -> str:
        """Why there is no model to use; "" where there is one."""
        if not self._isOwn or (self.own is not None and self.own.path.exists()):
            return ""
        return _("Choose the file of your model.") if self.own is None else _("The file of your model does not exist.")

    @property
    def words(self) -> tuple[str, ...]:
        """Of the command line; only where `whyNot` is empty."""
        return ("--model", self.bundled.name) if self.bundled is not None else self.own.words

    @property
    def _isOwn(self) -> bool:
        return self.modelBox.currentIndex == len(self._bundled)

    def _build(self) -> None:
        self.widget = qt.QWidget()
        layout = qt.QFormLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addRow(_("Mode&l:"), self._buildChoice())
        layout.addRow(self._buildOwn())
        self.cardLabel = plainLabel()
        layout.addRow(self.cardLabel)

    def _buildChoice(self) -> qt.QComboBox:
        self.modelBox = qt.QComboBox()
        self.modelBox.sizeAdjustPolicy = qt.QComboBox.AdjustToMinimumContentsLengthWithIcon
        self.modelBox.addItems([modelLabel(model) for model in self._bundled] + [_("My own model…")])
        self.modelBox.toolTip = _("The network that is used")
        self.modelBox.connect("currentIndexChanged(int)", self._onModel)
        return self.modelBox

    def _buildOwn(self) -> qt.QWidget:
        self.ownFrame = qt.QWidget()
        own = qt.QFormLayout(self.ownFrame)
        own.setContentsMargins(0, 0, 0, 0)
        self.pathEdit = ctk.ctkPathLineEdit()
        self.pathEdit.filters = ctk.ctkPathLineEdit.Files | ctk.ctkPathLineEdit.Dirs | ctk.ctkPathLineEdit.Readable
        self.pathEdit.showHistoryButton = False
        self.pathEdit.toolTip = _("Weights (.safetensors, .pt, .pth, .ckpt), a MONAI bundle (.zip) or an ONNX file")
        self.pathEdit.connect("currentPathChanged(QString)", self._onPath)
        own.addRow(_("&File:"), self.pathEdit)
        self.architectureBox = qt.QComboBox()
        self.architectureBox.addItem(_("The file tells"), "")
        for architecture in ARCHITECTURES:
            self.architectureBox.addItem(architecture.class_name or architecture.name.upper(), architecture.name)
        self.architectureBox.toolTip = _("The network that the weights are for")
        self.architectureBox.connect("currentIndexChanged(int)", self._onOther)
        own.addRow(_("Net&work:"), self.architectureBox)
        self.torchScriptBox = qt.QCheckBox(_("Run it as TorchScript"))
        self.torchScriptBox.toolTip = _("A TorchScript file is a program: only run what you trust.")
        self.torchScriptBox.connect("toggled(bool)", self._onOther)
        own.addRow(self.torchScriptBox)
        return self.ownFrame

    def _onModel(self, index: int) -> None:
        if self._parameters is not None and self.bundled is not None:
            self._parameters.model = self.bundled.name
        self._show()
        self.changed.emit()

    def _onPath(self, path: str) -> None:
        self.torchScriptBox.checked = False  # trust is in a file, not in the next one
        self._onOther()

    def _onOther(self, *_state: Any) -> None:
        self._show()
        self.changed.emit()

    def _select(self, index: int) -> None:
        wasBlocked = self.modelBox.blockSignals(True)
        self.modelBox.currentIndex = index
        self.modelBox.blockSignals(wasBlocked)
        self._show()

    def _show(self) -> None:
        self.ownFrame.visible = self._isOwn
        showText(self.cardLabel, "" if self.bundled is None else cardText(self.bundled))
        self.cardLabel.toolTip = "" if self.bundled is None else cardDetails(self.bundled)


def modelLabel(model: BundledModel) -> str:
    """A bundled model as the user reads it."""
    factors = _numbers(model.factors)
    if model.upsampling is Upsampling.ISOTROPIC:
        return _("Finer voxels in all directions, {factors} ×").format(factors=factors)
    return _("Thin slices, {factors} ×").format(factors=factors)


def _numbers(factors: tuple[int, ...]) -> str:
    first, last = min(factors), max(factors)
    return str(first) if first == last else f"{first}–{last}"


def cardText(model: BundledModel) -> str:
    """What a model was made for and of, and how much better than interpolation it was measured to be."""
    card = model.card
    lines = (card["summary"], _labelled(_("Learned from"), card["data"]), _labelled(_("Measured"), card["figures"]))
    return "\n".join(filter(None, lines))


def cardDetails(model: BundledModel) -> str:
    """How a model was made, and what it may be used for."""
    made = _labelled(_("Thick slices were made by"), model.card["degradation"])
    return "\n".join(filter(None, (made, _labelled(_("Licence"), model.card["licence"]))))


def _labelled(label: str, value: str) -> str:
    return f"{label}: {value}" if value else ""

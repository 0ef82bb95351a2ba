"""The life of a module's panel: shown and left, scenes that close and load, reloads."""

import sys

import slicer
import vtk
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleWidget
from slicer.util import VTKObservationMixin


class ModuleWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """What the widget classes of the modules have in common.

    A module derives its own and says with `makeLogic` and `makePanel` what is particular: the logic has
    `getParameterNode()`, the panel `setParameters(parameters)`, `enter()`, `exit()` and `cleanup()`.
    """

    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic = None
        self._parameterNode = None
        self._parameterNodeGuiTag = None

    def setup(self):
        """Build the panel from Resources/UI; called once."""
        ScriptedLoadableModuleWidget.setup(self)
        self.uiWidget = slicer.util.loadUI(self.resourcePath(f"UI/{self.moduleName}.ui"))
        self.layout.addWidget(self.uiWidget)
        self.uiWidget.setMRMLScene(slicer.mrmlScene)
        self.ui = slicer.util.childWidgetVariables(self.uiWidget)
        self.logic = self.makeLogic()
        self.panel = self.makePanel()
        scene = slicer.mrmlScene
        for event, function in (
            (scene.StartCloseEvent, self.onSceneStartClose),
            (scene.EndCloseEvent, self.onSceneEndClose),
            (scene.EndImportEvent, self.onSceneEndImport),
        ):
            self.addObserver(scene, event, function)
        self.initializeParameterNode()
        if self.parent.isEntered:  # a reload of the module that is shown, which is not entered again
            self.enter()

    def makeLogic(self):
        """The module's logic."""
        raise NotImplementedError

    def makePanel(self):
        """The parts of the panel; what they import is not paid for by Slicer's start."""
        raise NotImplementedError

    def cleanup(self):
        """Let go of everything that outlives the panel."""
        self.setParameterNode(None)
        self.removeObservers()
        self.panel.cleanup()

    def enter(self):
        """The user opens the module."""
        self.initializeParameterNode()
        self.panel.enter()

    def exit(self):
        """The user goes to another module."""
        self.panel.exit()
        self.setParameterNode(None)

    def onReload(self):
        """Reload the module's libraries with it."""
        packages = (f"{self.moduleName}Lib", f"{self.moduleName}Gui")
        for name in [name for name in sys.modules if name.partition(".")[0] in packages]:
            del sys.modules[name]
        ScriptedLoadableModuleWidget.onReload(self)

    def onSceneStartClose(self, caller, event):
        """The parameter node is about to go."""
        self.setParameterNode(None)

    def onSceneEndClose(self, caller, event):
        """A new scene needs a new parameter node, where the module is shown."""
        if self.parent.isEntered:
            self.initializeParameterNode()

    def onSceneEndImport(self, caller, event):
        """A scene was loaded, and its parameter node with it."""
        if self.parent.isEntered:
            self.initializeParameterNode()

    def initializeParameterNode(self):
        """Use the scene's parameter node, which is made if there is none."""
        self.setParameterNode(self.logic.getParameterNode())

    def setParameterNode(self, parameterNode):
        """Bind the controls to `parameterNode`, or to none."""
        if self._parameterNode is not None:
            self._parameterNode.disconnectGui(self._parameterNodeGuiTag)
            # The node, not its wrapper: the mixin keeps for good what it has once observed.
            self.removeObserver(
                self._parameterNode.parameterNode, vtk.vtkCommand.ModifiedEvent, self._onParametersChanged
            )
        self._parameterNode = parameterNode
        if parameterNode is not None:
            self._parameterNodeGuiTag = parameterNode.connectGui(self.uiWidget)
            self.addObserver(parameterNode.parameterNode, vtk.vtkCommand.ModifiedEvent, self._onParametersChanged)
            self._onParametersChanged()

    def _onParametersChanged(self, caller=None, event=None):
        self.panel.setParameters(self._parameterNode)

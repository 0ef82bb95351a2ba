"""The parts of the module's panel, and how they work together: source, rules, preview, export."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import qt
from slicer.i18n import tr as _

from DicomSuiteAnonymizeGui.attribute_panel import AttributePanel
from DicomSuiteAnonymizeGui.crosswalk_panel import CrosswalkPanel
from DicomSuiteAnonymizeGui.export_extras import ExportExtras, extrasText
from DicomSuiteAnonymizeGui.export_panel import KIND, ExportPanel
from DicomSuiteAnonymizeGui.faces_panel import FacesPanel
from DicomSuiteAnonymizeGui.fitting_tabs import FittingTabs
from DicomSuiteAnonymizeGui.options_panel import OptionsPanel
from DicomSuiteAnonymizeGui.output_kind import OutputKind
from DicomSuiteAnonymizeGui.pixels_panel import PixelsPanel
from DicomSuiteAnonymizeGui.preview_panel import PreviewPanel
from DicomSuiteAnonymizeGui.profile_bar import ProfileBar
from DicomSuiteAnonymizeGui.score_panel import ScorePanel
from DicomSuiteAnonymizeGui.selection import Source
from DicomSuiteAnonymizeGui.source_panel import SourcePanel
from DicomSuiteAnonymizeLib import command_lines
from DicomSuiteAnonymizeLib.preview import FilePreview, from_json
from DicomSuiteAnonymizeLib.profiles.profile_editor import ProfileEditor
from DicomSuiteAnonymizeLib.profiles.profile_store import ProfileStore, store_used
from DicomSuiteAnonymizeLib.ps315 import Option
from DicomSuiteAnonymizeLib.survey import SeriesSurvey
from DicomSuiteGui.child_query import ChildQuery
from DicomSuiteGui.stored_settings import storedSettings
from DicomSuiteLib.child_process import Progress
from DicomSuiteLib.ephemeral_folder import ephemeral_folder
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.jobs import JobRequest

_SETTLE_MS = 250
"""How long a choice must stay before files are read for it."""
_FIRST_FILES = 3


class ModulePanel:
    """Fills the places that the .ui file has left for the parts; they work on `editor`."""

    def __init__(self, ui, editor: ProfileEditor) -> None:
        self._editor = editor
        self._parameters = None
        self.source = SourcePanel()
        self.profileBar = ProfileBar(editor, _profiles)
        self.attributes = AttributePanel(editor)
        self.options = OptionsPanel()
        self.pixels = PixelsPanel(self.options.optionBoxes[Option.CLEAN_PIXEL_DATA], self._gather)
        self.faces = FacesPanel(self.options.optionBoxes[Option.CLEAN_FACES], self._gather)
        self.preview = PreviewPanel()
        self.export = ExportPanel()
        self.crosswalk = CrosswalkPanel()
        self.score = ScorePanel()
        self._extras = ExportExtras(self.faces, self.crosswalk)
        for place, part in (
            (ui.sourcePlace, self.source),
            (ui.profilePlace, self.profileBar),
            (ui.attributesPlace, self.attributes),
            (ui.optionsPlace, self.options),
            (ui.pixelsPlace, self.pixels),
            (ui.facesPlace, self.faces),
            (ui.previewPlace, self.preview),
            (ui.exportPlace, self.export),
            (ui.crosswalkPlace, self.crosswalk),
            (ui.scorePlace, self.score),
        ):
            place.layout().addWidget(part.widget)
        self._tabs = FittingTabs(ui.rulesTabs)
        self._found: list[SeriesSurvey] = []
        self._choice = 0
        self._surveyedKey = None
        self._choices: tuple[bool, ...] = ()
        self._survey = ChildQuery(self._onSurveyed, self._onSurveyFailed, self._onSurveyProgress, self._onSeries)
        self._example = ChildQuery(self._onExample, self._onExampleFailed)
        self._surveyTimer = self._timer(self._startSurvey)
        self._exampleTimer = self._timer(self._startExample)
        self.source.changed.connect(self._onSourceChanged)
        self.attributes.exampleChanged.connect(self._wantExample)
        self.preview.requested.connect(self._startPreview)
        self.export.requested.connect(self._startExport)
        self.export.ended.connect(self._onExported)
        self.export.result.imported.connect(self.source.refresh)
        self.pixels.rulesChanged.connect(self._onRulesChanged)
        for part in (self.faces, self.crosswalk.settings):
            part.changed.connect(self._showExtras)
        self.options.ownList.changed.connect(self._onOwnListChanged)
        editor.changed.connect(self._onRulesChanged)
        self._update()

    def enter(self) -> None:
        """The module is shown."""
        self.source.refresh()
        self.profileBar.update()
        self.pixels.enter()
        self.export.enter()
        self.crosswalk.enter()
        self._update()
        if self._isKeyReplaced():
            self._onSourceChanged()

    def exit(self) -> None:
        """Another module is shown; what has been started goes on."""
        self.pixels.exit()

    def cleanup(self) -> None:
        """Let go of everything that outlives the panel."""
        self._editor.changed.disconnect(self._onRulesChanged)
        for timer in (self._surveyTimer, self._exampleTimer):
            timer.stop()
        for query in (self._survey, self._example):
            query.drop()
        for part in (
            self.source,
            self.profileBar,
            self.attributes,
            self.options,
            self.pixels,
            self.faces,
            self.preview,
            self.export,
            self.crosswalk,
            self.score,
        ):
            part.cleanup()

    def setParameters(self, parameters) -> None:
        """Follow the parameters that concern more than one control."""
        self._parameters = parameters
        if self.source.kind is not parameters.sourceKind:
            self.source.setKind(parameters.sourceKind)
        choices = (
            parameters.allowPixelRisk,
            parameters.readText,
            parameters.otherFormats,
            parameters.writeCrosswalk,
            parameters.refuseUnknownPatients,
        )
        if self._choices != choices:
            self._choices = choices
            self._onRulesChanged()

    def _timer(self, function) -> qt.QTimer:
        timer = qt.QTimer()
        timer.setSingleShot(True)
        timer.setInterval(_SETTLE_MS)
        timer.connect("timeout()", function)
        return timer

    # What is in the files

    def _onSourceChanged(self) -> None:
        self._choice += 1
        self._update()
        self.preview.clear()
        self.pixels.clear()
        self.faces.clear()
        self._survey.drop()
        self._example.drop()
        self.attributes.setSeries([])
        self._surveyTimer.start()

    def _startSurvey(self) -> None:
        if self.source.reason:
            self.attributes.setStatus("")
            return
        self.attributes.setStatus(_("Reading…"))
        self._gather(self._surveyFiles)

    def _gather(self, deliver: Callable[[Source], None]) -> None:
        self.source.gather(self._ifStillChosen(deliver))

    def _ifStillChosen(self, deliver: Callable[[Source], None]) -> Callable[[Source], None]:
        """`deliver`, but not where another source is chosen while the database lists the files of this one."""
        choice = self._choice
        return lambda source: deliver(source) if choice == self._choice else None

    def _isKeyReplaced(self) -> bool:
        """Whether patients, studies and series have other pseudonyms by now, and so edits for them other targets."""
        try:
            return self._surveyedKey not in (None, storedSettings().key_path())
        except DicomSuiteError:  # the export is disabled and says why
            return False

    def _surveyFiles(self, source: Source) -> None:
        self._found = []
        try:
            self._surveyedKey = storedSettings().key_path()
            self._survey.ask(command_lines.survey(source.words, self._surveyedKey), source.inputText)
        except DicomSuiteError as error:
            self._onSurveyFailed(str(error))

    def _onSurveyProgress(self, progress: Progress) -> None:
        words = _("Reading {done} of {total} files…")
        self.attributes.setStatus(words.format(done=progress.done, total=progress.total))

    def _onSeries(self, part: Mapping[str, Any]) -> None:
        self._found.append(SeriesSurvey.from_json(part))

    def _onSurveyFailed(self, reason: str) -> None:
        self.attributes.setStatus(reason)

    def _onSurveyed(self, result: Mapping[str, Any]) -> None:
        unreadable = sum(result["unreadable"].values())
        self.attributes.setStatus(
            _("{count} files cannot be read as DICOM.").format(count=unreadable) if unreadable else ""
        )
        self.attributes.setSeries(self._found)

    # What becomes of the first file

    def _onRulesChanged(self) -> None:
        self.preview.clear()
        self._showExtras()
        self._wantExample()

    def _onOwnListChanged(self) -> None:
        self._update()
        self._onRulesChanged()

    def _wantExample(self) -> None:
        self._example.drop()  # it answers for other rules, or for another file
        self._exampleTimer.start()

    def _startExample(self) -> None:
        examples = self.attributes.examples[:1]
        if examples and not self.options.ownList.reason:
            firstFile = command_lines.as_list(examples)
            self._ask(lambda rules: self._example.ask(command_lines.preview(rules), firstFile))

    def _onExample(self, result: Mapping[str, Any]) -> None:
        self.attributes.setPreview(*from_json(result["files"][0]))

    def _onExampleFailed(self, reason: str) -> None:
        self.attributes.setPreview(FilePreview(()), frozenset())
        self.attributes.setStatus(reason)

    # What an export would do, and the export

    def _startPreview(self) -> None:
        self.attributes.form.commit()
        self._gather(lambda source: self._ask(lambda rules: self._previewWith(source, rules)))

    def _previewWith(self, source: Source, rules: command_lines.Rules) -> None:
        target, workers = self.export.newTarget(), storedSettings().workers
        counting = command_lines.rehearsal(source.words, target, rules, workers, self._chosenExtras())
        firstFiles = command_lines.as_list(self.attributes.examples[:_FIRST_FILES])
        self.preview.start(counting, source.inputText, command_lines.preview(rules), firstFiles)

    def _startExport(self) -> None:
        obstacle = self.attributes.form.commit()  # a click on a button need not take the focus from the line
        if obstacle:
            self.export.showStatus(_("The new value of an attribute is not accepted: {reason}").format(reason=obstacle))
            return
        self.source.gather(self._exportWith)

    def _exportWith(self, source: Source) -> None:
        if self.export.isBusy:  # the button was pressed twice while the database listed the files
            return
        target = self.export.newTarget()
        kind, settings = self._parameters.outputKind, storedSettings()
        try:
            rules = self._rules(settings.store_folder())  # kept, so that the job can be run again
            extras = self._chosenExtras()
        except DicomSuiteError as error:
            self.export.showStatus(str(error))
            return
        isArchive = kind is OutputKind.ZIP
        arguments = command_lines.anonymize(source.words, target, rules, settings.workers, isArchive, extras)
        title = _("De-identify {source}").format(source=source.description)
        request = JobRequest(KIND, title, arguments, str(target), source.inputText)
        self.export.start(request, importWhenDone=kind is OutputKind.IMPORT)

    def _ask(self, question: Callable[[command_lines.Rules], None]) -> None:
        """Put a question that depends on the rules as they are now; says why where they cannot be stored."""
        try:
            question(self._rules(ephemeral_folder()))
        except DicomSuiteError as error:
            self.attributes.setStatus(str(error))

    def _chosenExtras(self) -> command_lines.Extras:
        return self._extras.extras(self._parameters, self._editor.profile.options)

    def _showExtras(self) -> None:
        if self._parameters is None:  # between two scenes
            return
        try:
            self.export.setExtras(extrasText(self._chosenExtras(), self.options.ownList.path))
        except DicomSuiteError:  # the export is disabled and says why
            self.export.setExtras("")

    def _onExported(self) -> None:
        for part in (self.crosswalk, self.score):
            part.offer(self.export.job.request.output)

    def _rules(self, folder: Path) -> command_lines.Rules:
        profileFile = store_used(self._editor.profile, folder)
        keyFile, ownList = storedSettings().key_path(), self.options.ownList.path
        return command_lines.Rules(profileFile, keyFile, self._parameters.allowPixelRisk, ownList)

    def _update(self) -> None:
        for part in (self.pixels, self.faces):
            part.setReason(self.source.reason)
        for part in (self.preview, self.export):
            part.setReason(self.source.reason or self.options.ownList.reason)


def _profiles() -> ProfileStore:
    """The saved profiles; where they lie depends on the settings."""
    return ProfileStore(storedSettings().store_folder() / "profiles")

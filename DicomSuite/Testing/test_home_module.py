"""The home module as a whole: its parameters, settings, installation check, comings and goings."""

import subprocess
import sys

import pytest

from application import (
    assertNoLeakedObservers,
    cleanup,
    enter,
    exit_,
    loadModule,
    moduleWidget,
    processEvents,
    qt,
    slicer,
    waitUntil,
)
from DicomSuiteLib.jobs import JobRequest
from DicomSuiteLib.optional_packages import OPTIONAL_PACKAGES, OptionalPackage
from home_runs import librariesBack, ownHome


@pytest.fixture
def home(tmp_path):
    with ownHome(tmp_path) as home:
        yield home


@pytest.fixture
def widget(home):
    widget = moduleWidget("DicomSuite")
    waitUntil(lambda: not widget.panel.studies.isReading)
    yield widget
    exit_(slicer.modules.DicomSuiteWidget)


def current(name):
    """A module's present objects; a reload replaces them."""
    return sys.modules[name]


def boundControls(widget):
    controls = slicer.util.findChildren(widget.parent)
    return {
        control.property("SlicerParameterName"): control
        for control in controls
        if control.property("SlicerParameterName")
    }


def test_module_introduces_itself():
    module = loadModule("DicomSuite")
    assert module.title == "DicomSuite"
    assert module.categories and module.contributors and module.helpText and module.acknowledgementText
    assert not module.icon.isNull()


def test_every_parameter_has_a_control_and_every_bound_control_a_parameter(widget):
    node = current("DicomSuite").DicomSuiteParameterNode
    assert set(boundControls(widget)) == set(node.__annotations__)


def test_controls_and_parameters_follow_each_other(widget):
    node = widget.logic.getParameterNode()
    widget.ui.measureSizesCheckBox.click()
    widget.ui.jobFilterComboBox.currentIndex = 2
    assert (node.measureSizes, node.jobFilter.name) == (False, "DONE")
    node.measureSizes = True
    node.jobFilter = type(node.jobFilter).ALL
    assert widget.ui.measureSizesCheckBox.checked
    assert widget.ui.jobFilterComboBox.currentIndex == 0


def test_parameters_survive_saving_closing_and_loading_the_scene(widget, tmp_path):
    widget.ui.measureSizesCheckBox.checked = False
    widget.ui.jobFilterComboBox.currentIndex = 3
    scene = str(tmp_path / "scene.mrml")
    assert slicer.mrmlScene.Commit(scene)
    slicer.mrmlScene.Clear()
    processEvents()
    assert widget.logic.getParameterNode().measureSizes
    slicer.mrmlScene.SetURL(scene)
    assert slicer.mrmlScene.Import()
    processEvents()
    enter(widget)
    widget.initializeParameterNode()
    assert not widget.ui.measureSizesCheckBox.checked
    assert widget.ui.jobFilterComboBox.currentIndex == 3
    slicer.mrmlScene.Clear()


def test_nothing_about_patients_or_places_is_saved_with_the_scene(widget, tmp_path):
    widget.panel.studies.searchBox.text = "Doe^Jane"
    widget.ui.outputFolderLineEdit.currentPath = str(tmp_path / "Doe")
    scene = tmp_path / "scene.mrml"
    assert slicer.mrmlScene.Commit(str(scene))
    assert "Doe" not in scene.read_text()
    settings = qt.QSettings()
    assert not [key for key in settings.allKeys() if "Doe^Jane" in str(settings.value(key))]
    widget.panel.studies.searchBox.text = ""


def test_twenty_visits_leave_nothing_behind(widget):
    exit_(widget)
    enter(widget)
    processEvents(0.1)
    with assertNoLeakedObservers():
        for _ in range(20):
            exit_(widget)
            enter(widget)
            processEvents()


def test_module_that_was_left_follows_no_parameter(widget):
    node = widget.logic.getParameterNode()
    exit_(widget)
    node.measureSizes = not widget.ui.measureSizesCheckBox.checked
    assert widget.ui.measureSizesCheckBox.checked != node.measureSizes
    enter(widget)
    assert widget.ui.measureSizesCheckBox.checked == node.measureSizes


def test_closing_the_scene_while_the_module_is_shown_does_no_harm(widget):
    slicer.mrmlScene.Clear()
    processEvents()
    widget.initializeParameterNode()
    widget.ui.measureSizesCheckBox.click()
    widget.ui.measureSizesCheckBox.click()


def test_deleting_the_parameter_node_does_no_harm(widget):
    slicer.mrmlScene.RemoveNode(widget.logic.getParameterNode().parameterNode)
    processEvents()
    exit_(widget)
    enter(widget)
    widget.ui.measureSizesCheckBox.click()
    assert not widget.logic.getParameterNode().measureSizes
    widget.ui.measureSizesCheckBox.click()


def test_reload_brings_new_libraries_and_ends_what_runs(widget, home):
    old = current("DicomSuiteGui.job_runner")
    job = old.runner().submit(JobRequest("demo", "Demonstration", ("demo", str(home / "out"))))
    waitUntil(lambda: old.runner().job(job.id).started)
    with librariesBack("DicomSuite"):
        frame = slicer.modules.dicomsuite.widgetRepresentation()
        frame.enter()
        widget.onReload()
        again = slicer.modules.DicomSuiteWidget
        assert again is not widget
        assert current("DicomSuiteGui.job_runner") is not old
        assert [found.state.name for found in again.panel.jobs._runner.jobs()] == ["CANCELLED"]
        frame.exit()
        current("DicomSuiteGui.job_runner").closeRunner()


def test_settings_are_stored_at_once_and_shown_again(widget, tmp_path):
    from DicomSuiteGui.stored_settings import storedSettings

    widget.ui.outputFolderLineEdit.currentPath = str(tmp_path)
    widget.ui.keyFileLineEdit.currentPath = str(tmp_path / "my.key")
    widget.ui.workerCountSpinBox.value = 1
    widget.ui.clusterAddressLineEdit.text = " tls://head:8786 "
    settings = storedSettings()
    assert (settings.output_folder, settings.key_file) == (str(tmp_path), str(tmp_path / "my.key"))
    assert (settings.workers, settings.cluster) == (1, "tls://head:8786")
    exit_(widget)
    enter(widget)
    assert widget.ui.outputFolderLineEdit.currentPath == str(tmp_path)
    assert widget.ui.workerCountSpinBox.value == 1
    assert widget.ui.clusterAddressLineEdit.text == "tls://head:8786"
    widget.ui.clusterAddressLineEdit.text = ""
    assert storedSettings().cluster == ""
    widget.ui.outputFolderLineEdit.currentPath = widget.ui.keyFileLineEdit.currentPath = ""
    assert (storedSettings().output_folder, storedSettings().key_file) == ("", "")


def test_ephemeral_mode_keeps_jobs_apart_and_leaves_nothing(widget, tmp_path, home):
    from DicomSuiteGui.job_runner import closeRunner, runner
    from DicomSuiteGui.stored_settings import storedSettings
    from DicomSuiteLib.ephemeral_folder import ephemeral_folder, remove_ephemeral_folder

    job = runner().submit(JobRequest("inspect", "Kept", ("inspect", "/none")))
    waitUntil(lambda: not runner().job(job.id).is_live, timeout=30)
    widget.panel.settings.refresh()
    widget.ui.clusterAddressLineEdit.text = "tls://head:8786"
    widget.ui.ephemeralCheckBox.click()
    assert storedSettings().ephemeral
    assert storedSettings().cluster == "" and not widget.ui.clusterAddressLineEdit.enabled
    assert not widget.ui.outputFolderLineEdit.enabled and "temporary" in widget.ui.outputFolderLineEdit.toolTip
    assert widget.panel.jobs.table.rowCount == 0
    folder = ephemeral_folder()
    assert storedSettings().jobs_path().parent == folder
    assert (folder / "jobs.sqlite").exists()
    widget.ui.ephemeralCheckBox.click()
    assert storedSettings().cluster == "tls://head:8786"
    widget.ui.clusterAddressLineEdit.text = ""
    waitUntil(lambda: widget.panel.jobs.table.rowCount == 1)
    exit_(widget)
    closeRunner()
    remove_ephemeral_folder()
    assert not folder.exists()


def test_ephemeral_mode_cannot_be_changed_while_a_job_runs(widget, home):
    from DicomSuiteGui.job_runner import runner

    job = runner().submit(JobRequest("demo", "Demonstration", ("demo", str(home / "out"))))
    assert not widget.ui.ephemeralCheckBox.enabled
    assert "Wait" in widget.ui.ephemeralCheckBox.toolTip
    runner().cancel(job.id)
    waitUntil(lambda: not runner().isBusy)
    assert widget.ui.ephemeralCheckBox.enabled


def test_clear_button_empties_the_list(widget):
    from DicomSuiteGui.job_runner import runner

    job = runner().submit(JobRequest("inspect", "Old", ("inspect", "/none")))
    waitUntil(lambda: not runner().job(job.id).is_live, timeout=30)
    assert widget.panel.jobs.table.rowCount == 1
    widget.ui.clearJobsButton.click()
    assert widget.panel.jobs.table.rowCount == 0


def test_installation_is_checked_only_on_request_and_imports_nothing(widget):
    panel = widget.panel.installation
    assert not panel.installButton.enabled
    before = set(sys.modules)
    panel.checkButton.click()
    rows = range(len(OPTIONAL_PACKAGES))
    assert panel.table.rowCount == len(rows)
    assert not {"torch", "monai", "highdicom"} & (set(sys.modules) - before)
    names = [panel.table.item(row, 0).text() for row in rows]
    assert "pynrrd" in names and all(panel.table.item(row, 2).text() for row in rows)


@pytest.mark.stand_in
def test_install_button_asks_slicers_installer_for_what_is_missing_but_torch(widget, monkeypatch):
    import slicer.packaging

    asked = []
    monkeypatch.setattr(OptionalPackage, "is_present", property(lambda package: package.module != "nrrd"))
    monkeypatch.setattr(
        slicer.packaging, "pip_ensure", lambda *arguments, **options: asked.append((arguments, options))
    )
    panel = widget.panel.installation
    panel.checkButton.click()
    panel.installButton.click()
    assert asked == [((["pynrrd>=1.0"],), {"requester": "DicomSuite"})]
    monkeypatch.setattr(
        OptionalPackage, "is_present", property(lambda package: package.module not in ("torch", "monai"))
    )
    panel.checkButton.click()
    assert not panel.installButton.enabled
    assert "PyTorch" in panel.message.text


@pytest.mark.parametrize("error", [RuntimeError("User declined"), subprocess.CalledProcessError(1, "pip")])
def test_failed_installation_does_no_harm(widget, monkeypatch, error):
    from DicomSuiteGui import installation_panel

    shown = []
    monkeypatch.setattr(slicer.util, "errorDisplay", lambda text, *_args, **_options: shown.append(text))
    monkeypatch.setattr(slicer.util, "showStatusMessage", lambda text, *_args: shown.append(text))

    def fail():
        raise error

    monkeypatch.setattr(installation_panel, "_install", fail)
    widget.panel.installation.checkButton.click()
    widget.panel.installation._onInstall()
    assert len(shown) == 1


def test_modules_own_test_passes(widget):
    test = current("DicomSuite").DicomSuiteTest()
    test.runTest()


def test_panel_fits_into_350_pixels(widget):
    for section in ("settings", "installation"):
        getattr(widget.ui, f"{section}CollapsibleButton").collapsed = False
    processEvents()
    assert widget.parent.minimumSizeHint.width() <= 350


def test_every_control_can_be_reached_by_keyboard(widget):
    for control in slicer.util.findChildren(widget.parent):
        isOwnPartOfQt = control.objectName.startswith("qt_")
        if control.inherits("QPushButton") and not isOwnPartOfQt:
            assert control.focusPolicy & qt.Qt.TabFocus, control.text


def test_cleanup_lets_go_of_everything(widget):
    with librariesBack("DicomSuite"):
        cleanup(widget)
        assert widget.panel.jobs._runner is None
        assert widget._parameterNode is None
        widget.cleanup = lambda: None  # the application cleans up once

"""``slicer.util`` and ``slicer.app`` work on the stand-in as in Slicer started with --testing --no-main-window."""

import os
import sys

import numpy
import pytest

from application import expectedDisplay, qt, slicer, standInOnly, vtk, waitUntil

pytestmark = standInOnly()

from stand_in import failures  # noqa: E402
from stand_in.failures import Kind  # noqa: E402


def test_a_process_reports_through_the_event_loop():
    lines, codes = [], []
    process = slicer.util.launchConsoleProcess(
        [sys.executable, "-c", "print('hello'); raise SystemExit(3)"],
        blocking=False,
        logCallback=lines.append,
        completedCallback=codes.append,
    )
    assert codes == []
    waitUntil(lambda: codes)
    process.stdout.close()  # which Slicer leaves open
    assert [line.strip() for line in lines] == ["hello"]
    assert codes == [3]


def test_the_start_up_environment_is_a_dictionary():
    assert slicer.util.startupEnvironment()["PATH"] == os.environ["PATH"]


def test_temporary_folders_are_below_the_applications():
    folder = slicer.util.tempDirectory()
    assert os.path.isdir(folder)
    assert folder.startswith(slicer.app.temporaryPath)


def test_there_is_no_main_window():
    assert slicer.util.mainWindow() is None
    assert slicer.app.layoutManager() is None
    assert slicer.app.testingEnabled()
    with pytest.raises(RuntimeError):
        slicer.util.selectModule("Volumes")


@pytest.mark.parametrize("name", ["errorDisplay", "confirmYesNoDisplay", "messageBox"])
def test_a_message_box_counts_as_an_unexpected_dialog(name):
    with failures.expected(Kind.DIALOG) as caught:
        getattr(slicer.util, name)("Overwrite?")
    assert "Overwrite?" in caught[0].text


def test_an_expected_message_box_gives_the_prepared_answer():
    with expectedDisplay("confirmYesNoDisplay", answer=False) as texts:
        assert slicer.util.confirmYesNoDisplay("Overwrite?", windowTitle="Export") is False
    assert texts == ["Overwrite?"]
    with pytest.raises(AssertionError, match="not called"), expectedDisplay("errorDisplay"):
        pass


def test_a_volume_is_saved_loaded_and_read_as_an_array(tmp_path):
    import SimpleITK

    voxels = numpy.arange(24, dtype=numpy.int16).reshape(2, 3, 4)
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(voxels), str(tmp_path / "head.nrrd"))
    node = slicer.util.loadVolume(str(tmp_path / "head.nrrd"))
    assert node.GetName() == "head"
    assert (slicer.util.arrayFromVolume(node) == voxels).all()
    assert slicer.util.getNode("head") is node
    slicer.mrmlScene.Clear(0)


def test_a_file_that_cannot_be_loaded_raises(tmp_path):
    before = slicer.mrmlScene.GetNumberOfNodes()
    with pytest.raises(RuntimeError):
        slicer.util.loadVolume(str(tmp_path / "absent.nrrd"))
    assert slicer.mrmlScene.GetNumberOfNodes() == before


def test_a_segmentation_can_be_made_from_a_label_map():
    labels = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode")
    voxels = numpy.zeros((4, 4, 4), numpy.uint8)
    voxels[1:3, 1:3, 1:3] = 1
    slicer.util.updateVolumeFromArray(labels, voxels)
    segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    logic = slicer.modules.segmentations.logic()
    assert logic.ImportLabelmapToSegmentationNode(labels, segmentation)
    assert segmentation.GetSegmentation().GetNumberOfSegments() == 1
    slicer.mrmlScene.Clear(0)


def test_packages_are_checked_but_never_installed():
    from slicer import packaging

    assert packaging.pip_check(["numpy>=1.20", "pydicom"])
    assert not packaging.pip_check("numpy>=99")
    packaging.requested.clear()
    packaging.pip_ensure(["numpy", "no-such-package-x>=2"], requester="Test")
    assert packaging.requested == [["no-such-package-x>=2"]]


def test_sample_data_can_be_registered():
    import SampleData

    SampleData.SampleDataLogic.registerCustomSampleDataSource(
        "DicomSuite", sampleName="Demo", uris="https://example.org/x"
    )
    (source,) = SampleData.SampleDataLogic.sampleDataSourcesByCategory("DicomSuite")
    assert source.sampleName == "Demo"


def test_observers_are_removed_by_the_mixin():
    class Watcher(slicer.util.VTKObservationMixin):
        pass

    watcher, node = Watcher(), slicer.vtkMRMLTextNode()
    watcher.addObserver(node, vtk.vtkCommand.ModifiedEvent, lambda caller, event: None)
    watcher.removeObservers()
    assert "Event: " not in str(node)


def test_a_missing_ui_file_is_named():
    with pytest.raises(RuntimeError, match="missing.ui"):
        slicer.util.loadUI("missing.ui")


def test_icons_and_cursors():
    with slicer.util.WaitCursor():
        assert qt.QApplication.overrideCursor() is not None
    assert qt.QApplication.overrideCursor() is None

"""What a child process gets of a volume in the scene: as it is there, or its DICOM files; and nothing that stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from application import slicer, waitUntil
from copied_study import copied_study
from DicomSuiteGui.volume_handover import HandedVolume, VolumeHandover
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.listed_files import STANDARD_INPUT
from DicomSuiteLib.read_volume import read_volume
from DicomSuiteLib.synthetic_study import SyntheticStudy
from panel_places import database_of
from scene_panels import OBLIQUE, add_volume

TIMEOUT_S = 30


class Handed:
    """A hand-over with everything that it has told."""

    def __init__(self) -> None:
        self.volumes: list[HandedVolume] = []
        self.failures: list[str] = []
        self.handover = VolumeHandover(self.volumes.append, self.failures.append)

    def wait(self) -> None:
        waitUntil(lambda: self.volumes or self.failures, TIMEOUT_S)


@pytest.fixture
def handed() -> Iterator[Handed]:
    slicer.mrmlScene.Clear(0)
    handed = Handed()
    yield handed
    handed.handover.stop()
    for volume in handed.volumes:
        volume.delete()
    slicer.mrmlScene.Clear(0)


def loaded_ct(study: SyntheticStudy) -> object:
    """The volume that the application makes of the study's CT."""
    from DICOMLib import DICOMUtils

    database = slicer.dicomDatabase
    series = DICOMUtils.allSeriesUIDsInDatabase(database)
    DICOMUtils.loadSeriesByUID([uid for uid in series if database.fieldForSeries("Modality", uid) == "CT"])
    (node,) = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
    return node


def test_volume_of_the_scene_travels_as_a_file_that_deleting_takes_away(handed: Handed) -> None:
    node = add_volume("oblique", OBLIQUE)
    handed.handover.start(node)
    handed.wait()
    (volume,) = handed.volumes
    assert not volume.isFromDatabase and volume.inputText == ""
    back = read_volume(Path(volume.volume))
    assert np.array_equal(back.voxels, slicer.util.arrayFromVolume(node))
    assert back.grid.geometry.is_close(ImageGeometry.from_volume_node(node), 1e-6)
    volume.delete()
    assert not volume.folder.exists()


def test_volume_of_the_database_travels_as_its_own_files_unless_the_scene_s_is_wanted(
    handed: Handed, tmp_path: Path
) -> None:
    study = copied_study(tmp_path / "study")
    with database_of(tmp_path / "database", study.folder):
        node = loaded_ct(study)
        handed.handover.start(node)
        handed.wait()
        handed.handover.start(node, useDatabase=False)
        waitUntil(lambda: len(handed.volumes) == 2, TIMEOUT_S)
    from_database, from_scene = handed.volumes
    assert from_database.isFromDatabase and from_database.volume == STANDARD_INPUT
    files = from_database.inputText.split("\0")[:-1]
    assert sorted(files) == sorted(map(str, study.ct_files))
    assert not from_scene.isFromDatabase and Path(from_scene.volume).is_file()


def test_what_goes_alongside_is_written_before_the_hand_over(handed: Handed) -> None:
    handed.handover.start(add_volume("straight"), alongside=lambda folder: (folder / "mask").write_text("1"))
    handed.wait()
    (volume,) = handed.volumes
    assert (volume.folder / "mask").read_text() == "1"


def test_failure_is_told_and_leaves_no_file(handed: Handed) -> None:
    folders = []

    def refuse(folder: Path) -> None:
        folders.append(folder)
        raise DicomSuiteError("The mask has no voxels; draw it again.")

    handed.handover.start(add_volume("straight"), alongside=refuse)
    handed.wait()
    assert (handed.volumes, handed.failures) == ([], ["The mask has no voxels; draw it again."])
    assert not folders[0].exists()

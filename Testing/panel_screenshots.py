"""What the pictures of the modules' panels have in common: a synthetic patient, two widths, two palettes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from application import screenshot, slicer
from DicomSuiteGui.job_runner import closeRunner
from DicomSuiteLib.synthetic_study import SyntheticStudy, write_synthetic_study
from panel_places import database_of

WIDTHS = (350, 600)
PALETTES = ("light", "dark")


@contextmanager
def study_in_database() -> Iterator[SyntheticStudy]:
    """A block in which the application's DICOM database holds a synthetic study; nothing of it is left after that."""
    with tempfile.TemporaryDirectory() as folder:
        study = write_synthetic_study(Path(folder, "study"))
        with database_of(Path(folder, "database"), study.folder):
            yield study
            slicer.mrmlScene.Clear(0)
            closeRunner()


def use_ct(widget) -> None:
    """Load the CT of the database, and let a module begin with it and with what else is there."""
    from DICOMLib import DICOMUtils

    database = slicer.dicomDatabase
    series = DICOMUtils.allSeriesUIDsInDatabase(database)
    DICOMUtils.loadSeriesByUID([uid for uid in series if database.fieldForSeries("Modality", uid) == "CT"])
    widget.useSeries(series)


def write_pictures(widget, pictures: Path, name: str) -> list[Path]:
    """Write NAME-350-light.png and its like of a module's panel into `pictures`."""
    looks = [(width, palette) for width in WIDTHS for palette in PALETTES]
    return [screenshot(widget.parent, pictures / f"{name}-{look[0]}-{look[1]}.png", *look) for look in looks]

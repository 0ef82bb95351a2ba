"""The application's DICOM database."""

import ctk
import slicer


def dicomDatabase() -> "ctk.ctkDICOMDatabase":
    """The database, open or not; it stays the same object when another one is opened.

    `slicer.dicomDatabase` does not exist yet while the module is set up that is shown first at startup.
    """
    return slicer.app.dicomDatabase()

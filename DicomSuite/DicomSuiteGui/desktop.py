"""Files and folders handed to the desktop's own programs."""

import qt
import slicer
from slicer.i18n import tr as _


def openPath(path: str) -> None:
    """Open a file or folder as a double click on the desktop would; says so where that fails."""
    if not qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(path)):
        slicer.util.errorDisplay(_("No program on this computer opens {path}.").format(path=path))

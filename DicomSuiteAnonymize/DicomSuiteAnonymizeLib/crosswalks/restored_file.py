"""Files of other formats under the names that they had; what is in them cannot lead back, as no pseudonym is in it."""

import os
import re
import shutil
from pathlib import Path, PurePosixPath

from DicomSuiteAnonymizeLib.crosswalks.crosswalk import Crosswalk
from DicomSuiteAnonymizeLib.crosswalks.crosswalk_notes import FILES
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteLib.output_file import OutputError, output_file

_FOLDER = "other"
_NEW_NAME = re.compile(r"(?:^|/)(?:other/)?(FO-[0-9A-Z]{12}/FI-[0-9A-Z]{16}\.[a-z.]+)$")


def restore_file(crosswalk: Crosswalk, source: str, target: str, name: str) -> bool:
    """Copy the file to its former name below the folder "other"; False for one that was not de-identified.

    Parameters: folders, and the file's path below the first. Raises AnonymizeError where the crosswalk does not have
    one name for it, OutputError.
    """
    match = _NEW_NAME.search(name)
    if match is None:
        return False
    found = crosswalk.old_values(FILES, f"{_FOLDER}/{match[1]}".encode("ascii"))
    if len(found) != 1:
        raise AnonymizeError("the name of this file is not in this crosswalk")
    old = PurePosixPath(os.fsdecode(found[0].old))
    if old.is_absolute() or ".." in old.parts or not old.name:
        raise AnonymizeError("the crosswalk has a name for this file that does not lie in a folder")
    path = Path(target, name[: match.start()], _FOLDER, old)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{path.parent}: {error.strerror}. Make room or choose another folder.") from error
    with output_file(path) as partial:
        shutil.copyfile(Path(source, name), partial)
    return True

"""The de-identification engine applied to bytes in memory, for tests."""

import os
import tempfile
from collections.abc import Callable

from DicomSuiteAnonymizeLib.elements import Unsupported
from DicomSuiteAnonymizeLib.engine import Engine, Rewritten
from DicomSuiteAnonymizeLib.output_file import write_parts
from DicomSuiteAnonymizeLib.profiles.profile import BUILT_IN, Profile
from DicomSuiteAnonymizeLib.rewriter import rewrite_bytes
from DicomSuiteAnonymizeLib.source_file import SourceFile

KEY = bytes(range(32))
Way = Callable[[SourceFile, Engine], Rewritten]
"""One of the engine's ways to rewrite a file."""


def by_either_path(source: SourceFile, engine: Engine) -> Rewritten:
    """Rewritten as a run does it: by the pydicom path only where the byte path does not read the file."""
    try:
        return rewrite_bytes(source, engine)
    except Unsupported:
        from DicomSuiteAnonymizeLib.dataset_rewriter import rewrite_dataset

        return rewrite_dataset(source, engine)


def rewritten(
    source: bytes, profile: Profile = BUILT_IN["basic"], key: bytes = KEY, by: Way = by_either_path
) -> tuple[Rewritten, bytes]:
    """What the engine says of a file with these bytes, and the bytes of the new file."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "in.dcm")
        with open(path, "wb") as file:
            file.write(source)
        with SourceFile(path) as opened:
            result = by(opened, Engine(profile, key))
            write_parts(opened, result.parts, f"{folder}/out.dcm")
        with open(f"{folder}/out.dcm", "rb") as file:
            return result, file.read()


def rewritten_bytes(
    source: bytes, profile: Profile = BUILT_IN["basic"], key: bytes = KEY, by: Way = by_either_path
) -> bytes:
    """The new file alone."""
    return rewritten(source, profile, key, by)[1]

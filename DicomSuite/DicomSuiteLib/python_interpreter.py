"""The Python that runs `dicomsuite` as a child process, and what it needs to find the same library."""

import importlib.util
import os
import shutil
import sys
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from DicomSuiteLib.cli import COMMANDS
from DicomSuiteLib.errors import DicomSuiteError

SLICERS_PYTHON = "PythonSlicer"


def python_interpreter() -> Path:
    """Return PythonSlicer where there is one, else this process's own interpreter.

    Inside an application `sys.executable` is empty or the application itself; then it is the interpreter
    beside the standard library. Raises DicomSuiteError where none is found.
    """
    launcher = shutil.which(SLICERS_PYTHON)
    if launcher:
        return Path(launcher)
    for candidate in _candidates():
        if candidate.name.lower().startswith("python") and os.access(candidate, os.X_OK) and candidate.is_file():
            return candidate
    raise DicomSuiteError(
        f"No Python interpreter is found, neither {SLICERS_PYTHON} on the PATH nor one beside "
        f"{sysconfig.get_path('stdlib')}. Start Slicer with its launcher (Slicer, not SlicerApp-real)."
    )


def _candidates() -> Iterator[Path]:
    if sys.executable:
        yield Path(sys.executable)
    name = "python.exe" if os.name == "nt" else "python"
    library = Path(sysconfig.get_path("stdlib"))
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    for folder in (library.parent, library.parent.parent / "bin", library.parent / "bin"):
        yield from (folder / f"python{version}", folder / "python3", folder / name)


_PROGRAM = "import sys; sys.path[:0] = {folders}; from DicomSuiteLib.cli import main; sys.exit(main())"
"""Names the folders itself: a launcher may put an environment of its own in place of what it was given."""


def dicomsuite_command(arguments: Sequence[str]) -> list[str]:
    """Command line that runs `dicomsuite` with `arguments`; raises DicomSuiteError without an interpreter."""
    # -P: nothing is imported from whatever folder Slicer happens to be started in.
    return [str(python_interpreter()), "-P", "-c", _PROGRAM.format(folders=library_folders()), *arguments]


def dicomsuite_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """`environment` such that the child finds the libraries this process uses, and speaks UTF-8."""
    former = environment.get("PYTHONPATH", "")
    folders = [*library_folders(), *former.split(os.pathsep)]
    return {
        **environment,
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(filter(None, folders))),
        "PYTHONIOENCODING": "utf-8:surrogateescape",
    }


def library_folders() -> list[str]:
    """Folders that hold the packages of the `dicomsuite` commands; one where an extension is installed."""
    packages = {module.partition(".")[0] for module, _ in COMMANDS.values()}
    specs = filter(None, map(importlib.util.find_spec, sorted(packages)))
    return list(dict.fromkeys(str(Path(spec.origin).parents[1]) for spec in specs))

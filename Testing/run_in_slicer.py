"""Runs the tests of the graphical parts inside 3D Slicer, in its own Python, and exits with 0 or 1.

    Slicer --testing --no-splash --python-script Testing/run_in_slicer.py -- [filter]

With or without ``--no-main-window``. ``filter`` is what pytest's ``-k`` takes; what begins with a dash goes to pytest
as it is. The files are those that use ``application``; tests that need the stand-in's own hooks are skipped.
"""

import importlib.util
import sys
from pathlib import Path

# Slicer defines no __file__ for a script on some platforms.
HERE = Path(globals().get("__file__") or sys.argv[0]).resolve().parent
ROOT = HERE.parent
_NEEDED = ("pytest", "hypothesis")
_USES_APPLICATION = "from application import"
# pyproject's options, without what asks for a console of its own or for other processes.
_OPTIONS = (
    "-o", "addopts=", "-ra", "--strict-markers", "--import-mode=importlib", "--capture=sys",
    "-p", "no:faulthandler", "-p", "no:cacheprovider", "-p", "no:xdist", "-W", "ignore::pytest.PytestConfigWarning",
    "-W", "ignore::DeprecationWarning",
)  # fmt: skip


def main(arguments: list[str]) -> int:
    """Exit status: 0 if every test passed, else 1."""
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        print(f"Missing in this Python: {', '.join(missing)}. In Slicer's Python console, install with")
        print(f'    slicer.util.pip_install("{" ".join(missing)}")')
        return 1
    folders = sorted(folder for folder in ROOT.glob("DicomSuite*") if folder.is_dir())
    sys.path[:0] = [str(folder) for folder in (HERE, *folders)]
    import pytest

    chosen = arguments if any(text.startswith("-") for text in arguments) else [w for f in arguments for w in ("-k", f)]
    return int(
        pytest.main([*_OPTIONS, f"--rootdir={ROOT}", "-c", str(ROOT / "pyproject.toml"), *chosen, *_files()]) != 0
    )


def _files() -> list[str]:
    found = sorted([*HERE.glob("test_*.py"), *ROOT.glob("DicomSuite*/Testing/test_*.py")])
    return [str(path) for path in found if _USES_APPLICATION in path.read_text(encoding="utf-8")]


if __name__ == "__main__":
    status = main(sys.argv[1:])
    # Slicer runs a script in its own __main__ and goes on there with the name `sys`, which loading a module takes away.
    import sys

    sys.exit(status)

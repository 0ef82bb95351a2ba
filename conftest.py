"""What holds for every test: child processes import this checkout, generated cases have no deadline, and a test that
uses the application's stand-in fails for what went wrong behind its back."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent
FOLDERS = (
    "Testing",
    "DicomSuite",
    "DicomSuiteAnonymize",
    "DicomSuiteRTOverlay",
    "DicomSuiteRender",
    "DicomSuiteSuperRes",
)
SOURCES = [str(ROOT / folder) for folder in FOLDERS]

# pytest's own `pythonpath` reaches this process only; a child would import an installed copy instead.
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [*SOURCES, os.environ.get("PYTHONPATH", "")]))

if "PYTEST_XDIST_WORKER" in os.environ:  # every core has a test already; more threads would wait for each other
    os.environ.setdefault("OMP_NUM_THREADS", "1")

settings.register_profile("dicomsuite", deadline=None)
settings.load_profile("dicomsuite")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    application = sys.modules.get("application")
    if application is not None and application.inside_slicer:
        for item in items:
            if item.get_closest_marker("stand_in"):
                item.add_marker(pytest.mark.skip(reason="needs the hooks of Testing/stand_in"))


@pytest.fixture(autouse=True)
def nothing_behind_the_tests_back() -> Iterator[None]:
    """Fails a test for what Testing/stand_in recorded; costs nothing until a file has imported ``application``."""
    yield
    rules = sys.modules.get("stand_in.rules")
    if rules is not None:
        rules.after_test()

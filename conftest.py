"""What holds for every test: child processes import this checkout, and generated cases have no deadline."""

import os
from pathlib import Path

from hypothesis import settings

ROOT = Path(__file__).resolve().parent
SOURCES = [str(ROOT / folder) for folder in ("Testing", "DicomSuite", "DicomSuiteAnonymize")]

# pytest's own `pythonpath` reaches this process only; a child would import an installed copy instead.
os.environ["PYTHONPATH"] = os.pathsep.join(SOURCES)

settings.register_profile("dicomsuite", deadline=None)
settings.load_profile("dicomsuite")

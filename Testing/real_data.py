"""The folder with real images that tests look at where it is there: public collections, none of it committed."""

import os
from pathlib import Path

import pytest

DATA = Path(os.environ.get("DICOMSUITE_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))


def real_data(*parts: str) -> Path:
    """A file or folder of the test data; the calling test is skipped where it is absent."""
    path = DATA.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"{path} is absent; set DICOMSUITE_TEST_DATA")
    return path

"""What a worker of a cluster does with a call: see `dask_executor`."""

from __future__ import annotations

import threading
from functools import cache
from importlib import metadata

from DicomSuiteLib.remote_call import answer
from DicomSuiteLib.version import VERSION

_RESULTS_DEPEND_ON = (
    "numpy",
    "pydicom",
    "pyjpegls",
    "pylibjpeg-libjpeg",
    "pylibjpeg-openjpeg",
    "rapidocr-onnxruntime",
)
"""Packages, besides DicomSuite itself, as pip names them; those that decode pictures may be missing everywhere."""

_one_at_a_time = threading.Lock()
"""Calls share caches and buffers of their process, which are for one thread."""


def answered_alone(request: bytes, wanted: dict[str, str]) -> bytes | None:
    """Answer a packed call when no other one runs in this process; None where the programs are not those wanted."""
    if programs() != wanted:
        return None
    with _one_at_a_time:
        return answer(request)


@cache
def programs() -> dict[str, str]:
    """The versions of what results depend on, in this process."""
    return {"DicomSuite": VERSION} | {name: _version(name) for name in _RESULTS_DEPEND_ON}


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "(none)"

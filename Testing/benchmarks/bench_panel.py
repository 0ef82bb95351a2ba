"""How the window fares while DICOM Anonymize exports: `python Testing/benchmarks/bench_panel.py`.

Prints, for repeated exports of 300 CT slices, the longest time in which no event was handled, as a multiple of the
longest one of an idle event loop; and for exports of 20,000 slices how long Cancel takes.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

TESTING = Path(__file__).resolve().parents[1]
for folder in (TESTING.parent / "DicomSuiteAnonymize", TESTING.parent / "DicomSuite", TESTING):
    sys.path.insert(0, str(folder))

TIMES = 5
FILES, MANY_FILES = 300, 20_000
TIMEOUT_S = 120


def main() -> None:
    """Measure in a new home folder."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HOME"] = os.environ["USERPROFILE"] = folder
        from anonymize_runs import write_series
        from application import EventLoopGap, moduleWidget, processEvents
        from DicomSuiteGui.job_runner import closeRunner

        for name, count in (("few", FILES), ("many", MANY_FILES)):
            write_series(Path(folder, name), count)
        widget = moduleWidget("DicomSuiteAnonymize")
        widget.ui.sourceKindBox.currentIndex = 1
        with EventLoopGap() as idle:
            processEvents(2)
        gaps = [_gap(widget, Path(folder, "few")) for _ in range(TIMES)]
        print(f"idle event loop: longest gap {1000 * idle.seconds:.0f} ms")
        print(f"export of {FILES} files: longest gaps " + ", ".join(f"{1000 * gap:.0f}" for gap in gaps) + " ms")
        print(f"ratio of the medians: {sorted(gaps)[TIMES // 2] / idle.seconds:.1f}")
        times = [_cancel(widget, Path(folder, "many")) for _ in range(TIMES)]
        print(f"cancel of {MANY_FILES} files: " + ", ".join(f"{one:.2f}" for one in times) + " s")
        closeRunner()


def _gap(widget, folder: Path) -> float:
    from application import EventLoopGap, processEvents, waitUntil

    widget.panel.source.folderEdit.currentPath = str(folder)
    processEvents(2)
    with EventLoopGap() as gap:
        _start(widget)
        waitUntil(lambda: not widget.panel.export.isBusy, TIMEOUT_S)
    return gap.seconds


def _cancel(widget, folder: Path) -> float:
    from application import waitUntil

    panel = widget.panel.export
    widget.panel.source.folderEdit.currentPath = str(folder)
    _start(widget)
    waitUntil(lambda: panel.job.done, TIMEOUT_S)
    began = time.perf_counter()
    panel.frame.cancelButton.click()
    waitUntil(lambda: not panel.isBusy, TIMEOUT_S)
    return time.perf_counter() - began


def _start(widget) -> None:
    from application import waitUntil

    widget.panel.export.frame.exportButton.click()
    waitUntil(lambda: widget.panel.export.isBusy, TIMEOUT_S)


if __name__ == "__main__":
    main()

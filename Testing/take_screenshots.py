"""Takes the README's pictures of the panels, on synthetic patients: `python Testing/take_screenshots.py`."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

TESTING = Path(__file__).resolve().parent
MODULES = ("DicomSuiteSuperRes", "DicomSuiteRender", "DicomSuiteRTOverlay", "DicomSuiteAnonymize", "DicomSuite")
for module in (*MODULES, "Testing"):
    sys.path.insert(0, str(TESTING.parent / module))


def main() -> None:
    """Begin in a new home folder, so that nothing of this user gets into a picture."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["HOME"] = os.environ["USERPROFILE"] = home
        import screenshots_anonymize
        import screenshots_home
        import screenshots_overlay
        import screenshots_render
        import screenshots_superres

        pictures = TESTING.parent / "Resources" / "Pictures"
        screenshots_home.take(pictures)
        screenshots_anonymize.take(pictures)
        screenshots_overlay.take(pictures)
        screenshots_render.take(pictures)
        screenshots_superres.take(pictures)


if __name__ == "__main__":
    main()

"""What to say where a package is missing that not every installation has."""

from DicomSuiteRTOverlayLib.errors import OverlayError


def missing_package(package: str, purpose: str) -> OverlayError:
    """The error that names the package, what needs it ("Surfaces", …), and how to get it."""
    return OverlayError(
        f"{purpose}: the package {package} is missing; install it with: pip install 'dicomsuite[rt]'; "
        "in Slicer, DicomSuite's 'Check installation' does it."
    )

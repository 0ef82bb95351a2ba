"""What to say where a package is missing that not every installation has."""

from DicomSuiteLib.errors import DicomSuiteError


class MissingPackageError(DicomSuiteError):
    """Something needs a package that is not installed; the message names it and says how to get it."""


def missing_package(package: str, purpose: str, extra: str = "rt") -> MissingPackageError:
    """The error that names the package, what needs it ("Surfaces", …), and how to get it.

    `extra` is the name under which pip installs it with DicomSuite.
    """
    return MissingPackageError(
        f"{purpose}: the package {package} is missing; install it with: pip install 'dicomsuite[{extra}]'; "
        "in Slicer, DicomSuite's 'Check installation' does it."
    )

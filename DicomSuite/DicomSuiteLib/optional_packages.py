"""The packages that DicomSuite works without, each of which adds something."""

import importlib.util
from dataclasses import dataclass


@dataclass(frozen=True)
class OptionalPackage:
    """`module` is what Python imports, `requirement` what pip installs."""

    module: str
    requirement: str

    @property
    def is_present(self) -> bool:
        """Whether it can be imported; it is not imported to find out."""
        return importlib.util.find_spec(self.module) is not None


TORCH = OptionalPackage("torch", "torch>=2.1")
"""Not for pip: the right build depends on the graphics card, which Slicer's PyTorch extension knows."""

MONAI = OptionalPackage("monai", "monai>=1.3")
"""Requires torch, so it is installed after it."""

OPTIONAL_PACKAGES = (
    TORCH,
    MONAI,
    OptionalPackage("safetensors", "safetensors>=0.4"),
    OptionalPackage("nrrd", "pynrrd>=1.0"),
    OptionalPackage("highdicom", "highdicom>=0.24"),
    OptionalPackage("nibabel", "nibabel>=5"),
    OptionalPackage("pynetdicom", "pynetdicom>=2.0"),
    OptionalPackage("dicomweb_client", "dicomweb-client>=0.59"),
    OptionalPackage("rapidocr_onnxruntime", "rapidocr-onnxruntime>=1.3"),
    OptionalPackage("distributed", "distributed>=2024.1"),
    OptionalPackage("cryptography", "cryptography>=37"),
    OptionalPackage("pylibjpeg", "pylibjpeg[libjpeg,openjpeg,rle]>=2"),
    OptionalPackage("jpeg_ls", "pyjpegls>=1.3"),
)

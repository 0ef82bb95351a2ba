"""Read a MONAI bundle for what it says of its network; nothing in it is run, and `$` expressions least of all."""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from DicomSuiteLib.missing_package import missing_package
from DicomSuiteLib.printable import printable
from DicomSuiteSuperResLib.errors import ModelError
from DicomSuiteSuperResLib.literal_arguments import checked_literals
from DicomSuiteSuperResLib.model_file import BUNDLE_FOLDER, LARGEST
from DicomSuiteSuperResLib.models import Normalisation
from DicomSuiteSuperResLib.network_layouts import ARCHITECTURES, architecture_names

NETWORK_NAMES = ("network_def", "network", "net")
"""Under which of them a configuration describes its network: the first is the bundle specification's."""

CONFIGURATIONS = ("inference", "evaluate", "train")
"""Whose description is taken, in this order."""

WEIGHTS = ("model.safetensors", "model.pt")
"""What of its models folder is taken, in this order; TorchScript (model.ts) carries a program, and is not."""

MONAI_NETWORKS = "monai.networks.nets"
"""Where MONAI keeps its networks; a class of this name from anywhere else is not the same."""

SUFFIXES = (".json", ".yaml", ".yml")

LARGEST_CONFIGURATION = 1_000_000
"""Bytes of a configuration, unpacked; MONAI's own have up to 50,000, and each can become 100 of memory."""

NORMALISATIONS: Mapping[str, Normalisation] = {
    "ScaleIntensity": Normalisation.RANGE,
    "ScaleIntensityRange": Normalisation.RANGE,
    "ScaleIntensityRangePercentiles": Normalisation.UNIT,
    "NormalizeIntensity": Normalisation.ZSCORE,
}
"""What the transforms of a bundle's preprocessing do to the values; as nearly as a scope of four kinds can say it."""


@dataclass(frozen=True)
class BundleDescription:
    """What a bundle says.

    Parameters
    ----------
    weights : its file with weights, inside the bundle
    architecture : name of its network, as in `network_layouts`
    arguments : literal ones of the network
    normalisation : what its preprocessing does to the values; None: not said
    name, version, data, licence : empty where it does not say
    """

    weights: str
    architecture: str
    arguments: Mapping[str, Any]
    normalisation: Normalisation | None
    name: str = ""
    version: str = ""
    data: str = ""
    licence: str = ""


class BundleFiles:
    """The files of a bundle, in a folder or in an archive with or without a folder at its top."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._root = "" if path.is_dir() else _root_of_archive(path)

    def has(self, name: str) -> bool:
        """Whether there is a file of this name ("configs/inference.json")."""
        if self._path.is_dir():
            return (self._path / name).is_file()
        with zipfile.ZipFile(self._path) as archive:
            return self._root + name in archive.namelist()

    def read(self, name: str, most: int) -> bytes:
        """What the file holds; ModelError where it cannot be read, or is longer than `most` bytes."""
        try:
            with self._open(name) as file:
                content = file.read(most + 1)
        except Exception as error:  # a damaged archive can raise anything
            raise ModelError(f"{self._path}: {name} cannot be read; is the bundle complete?") from error
        if len(content) > most:
            raise ModelError(f"{self._path}: {name} has more than {most} bytes: is it what its name says?")
        return content

    @contextmanager
    def _open(self, name: str) -> Iterator[IO[bytes]]:
        if self._path.is_dir():
            with (self._path / name).open("rb") as file:
                yield file
            return
        with zipfile.ZipFile(self._path) as archive, archive.open(self._root + name) as file:
            yield file


def read_bundle(path: Path) -> BundleDescription:
    """Read what a bundle, a folder or .zip, says of its network, its weights and itself.

    Raises
    ------
    ModelError
        If a file is missing or damaged, the network is none that is allowed, or one of its arguments is an
        expression that would have to be run.
    MissingPackageError
        If its configuration is YAML, and PyYAML is missing.
    """
    files = BundleFiles(path)
    configuration, source = _configuration(files, path)
    network = _network(configuration, source)
    metadata = _metadata(files, path)
    return BundleDescription(
        weights=_weights(files, path),
        architecture=_architecture(network, source),
        arguments=checked_literals(_arguments(network, configuration), source),
        normalisation=_normalisation(configuration),
        name=_text(metadata, "name"),
        version=_text(metadata, "version"),
        data=_text(metadata, "data_source"),
        licence=_text(metadata, "copyright"),
    )


@contextmanager
def weights_file(path: Path, name: str) -> Iterator[Path]:
    """Give the file of a bundle's weights, `name` in it; what lies in an archive is unpacked for as long.

    Raises
    ------
    ModelError
        If it cannot be read, or from within the block: messages then name the bundle, not a temporary file.
    """
    if path.is_dir():
        yield path / name
        return
    with tempfile.TemporaryDirectory() as folder:
        unpacked = Path(folder, PurePosixPath(name).name)
        unpacked.write_bytes(BundleFiles(path).read(name, LARGEST))
        try:
            yield unpacked
        except ModelError as error:
            raise ModelError(str(error).replace(str(unpacked), f"{path}: {name}")) from error


def _root_of_archive(path: Path) -> str:
    """What stands before its configurations in the names of its members: "", or a folder and "/"."""
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            parts = PurePosixPath(name).parts
            if BUNDLE_FOLDER in parts[:2]:
                return "".join(f"{part}/" for part in parts[: parts.index(BUNDLE_FOLDER)])
    raise ModelError(f"{path} has no folder {BUNDLE_FOLDER!r}, so it is no MONAI bundle.")


def _configuration(files: BundleFiles, path: Path) -> tuple[Mapping[str, Any], str]:
    """The first configuration that describes a network, and its name for messages."""
    for kind in CONFIGURATIONS:
        for suffix in SUFFIXES:
            name = f"{BUNDLE_FOLDER}/{kind}{suffix}"
            if files.has(name):
                found = _parsed(files.read(name, LARGEST_CONFIGURATION), f"{path}: {name}", suffix)
                if any(key in found for key in NETWORK_NAMES):
                    return found, f"{path}: {name}"
    raise ModelError(
        f"{path} describes no network: none of its configurations ({', '.join(CONFIGURATIONS)}) has a "
        f"{NETWORK_NAMES[0]!r}."
    )


def _parsed(content: bytes, source: str, suffix: str) -> Mapping[str, Any]:
    if suffix == ".json":
        try:
            found = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise ModelError(f"{source} is damaged: it is no JSON.") from error
    else:
        found = _parsed_yaml(content, source)
    if not isinstance(found, Mapping):
        raise ModelError(f"{source} holds no configuration, but a {type(found).__name__}.")
    return found


def _parsed_yaml(content: bytes, source: str) -> Any:
    try:
        import yaml
    except ImportError as error:
        raise missing_package("PyYAML", "MONAI bundles whose configuration is YAML", "superres") from error

    class PlainLoader(yaml.SafeLoader):
        """YAML without references to itself, of which a few lines can make more than any memory holds."""

        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.AliasEvent):
                raise yaml.YAMLError
            return super().compose_node(parent, index)

    try:
        return yaml.load(content, PlainLoader)
    except Exception as error:  # values that are none of their kind can raise anything
        raise ModelError(f"{source} is damaged, or more than plain YAML: tags and aliases are not followed.") from error


def _network(configuration: Mapping[str, Any], source: str) -> Mapping[str, Any]:
    """The first entry that describes a network; one that only refers to another says nothing of it."""
    entries = [configuration[name] for name in NETWORK_NAMES if name in configuration]
    for entry in entries:
        if isinstance(entry, Mapping) and "_target_" in entry:
            return entry
    raise ModelError(
        f"{source} makes its network by {printable(str(entries[0]))[:80]!r}, which would have to be run, and nothing "
        "of a model is ever run for that; describe it by '_target_' and literal arguments."
    )


def _architecture(network: Mapping[str, Any], source: str) -> str:
    target = str(network["_target_"])
    package, _, class_name = target.rpartition(".")
    if package in ("", MONAI_NETWORKS) or package.startswith(f"{MONAI_NETWORKS}."):
        for architecture in ARCHITECTURES:
            if class_name and class_name.lower() == architecture.class_name.lower():  # MONAI has both UNet and Unet
                return architecture.name
    raise ModelError(
        f"{source} names the network {printable(target)[:80]!r}, and only {architecture_names()} are built; whatever "
        "else a bundle names is never imported."
    )


def _arguments(network: Mapping[str, Any], configuration: Mapping[str, Any]) -> dict[str, Any]:
    """The network's arguments; "@name" that stands for a literal of the same configuration is put in its place."""
    own = {str(name): value for name, value in network.items() if not str(name).startswith("_")}
    return {name: _referred(value, configuration) for name, value in own.items()}


def _referred(value: Any, configuration: Mapping[str, Any]) -> Any:
    if isinstance(value, str) and value.startswith("@") and value[1:] in configuration:
        return configuration[value[1:]]
    return value


def _normalisation(configuration: Mapping[str, Any]) -> Normalisation | None:
    """What the first transform does that changes values."""
    preprocessing = configuration.get("preprocessing")
    transforms = preprocessing.get("transforms") if isinstance(preprocessing, Mapping) else None
    for transform in transforms if isinstance(transforms, list) else ():
        target = str(transform.get("_target_")) if isinstance(transform, Mapping) else ""
        known = NORMALISATIONS.get(target.rpartition(".")[2].removesuffix("d"))
        if known is not None:
            return known
    return None


def _metadata(files: BundleFiles, path: Path) -> Mapping[str, Any]:
    name = f"{BUNDLE_FOLDER}/metadata.json"
    if not files.has(name):
        return {}
    return _parsed(files.read(name, LARGEST_CONFIGURATION), f"{path}: {name}", ".json")


def _text(metadata: Mapping[str, Any], name: str) -> str:
    return printable(str(metadata.get(name) or ""))[:200]


def _weights(files: BundleFiles, path: Path) -> str:
    for name in WEIGHTS:
        if files.has(f"models/{name}"):
            return f"models/{name}"
    raise ModelError(f"{path} has no weights: there is no {' or '.join(WEIGHTS)} in its folder 'models'.")

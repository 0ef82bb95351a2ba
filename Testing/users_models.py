"""Models as users have them: small networks with random weights, saved in every way that people save them."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def monai_network(name: str, **arguments: Any) -> Any:
    """A network of MONAI's with random weights, the same every time, in evaluation mode."""
    import torch
    from monai.networks import nets

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        return getattr(nets, name)(in_channels=1, out_channels=arguments.pop("out_channels", 1), **arguments).eval()


def small_unet(**arguments: Any) -> Any:
    """A UNet of a few hundred weights; its arguments can be read from them but for the strides."""
    return monai_network("UNet", **({"spatial_dims": 3, "channels": (4, 8), "strides": (2,)} | arguments))


def saved(path: Path, content: Any) -> Path:
    """Save as torch.save does."""
    import torch

    torch.save(content, path)
    return path


def with_prefix(weights: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """The same weights under longer names."""
    return {prefix + name: weight for name, weight in weights.items()}


def write_bundle(folder: Path, configuration: Mapping[str, Any], network: Any, **metadata: str) -> Path:
    """Write a MONAI bundle as a folder."""
    (folder / "configs").mkdir(parents=True)
    (folder / "models").mkdir()
    (folder / "configs" / "inference.json").write_text(json.dumps(configuration))
    (folder / "configs" / "metadata.json").write_text(json.dumps(metadata))
    saved(folder / "models" / "model.pt", network.state_dict())
    return folder


def zipped(folder: Path, path: Path, top: str = "") -> Path:
    """Pack a folder's files, below a folder `top` if there is one."""
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, Path(top) / file.relative_to(folder))
    return path


class CreatesFile:
    """What makes a file when it is unpickled: anybody who runs a malicious checkpoint is found out by it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self._path),)

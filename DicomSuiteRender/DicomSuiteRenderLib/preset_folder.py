"""A user's own presets: named JSON files in one folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from DicomSuiteLib.file_names import file_name
from DicomSuiteLib.output_file import OutputError, output_file
from DicomSuiteLib.printable import printable
from DicomSuiteRenderLib.errors import RenderError

VERSION = 1
"""Of the files' format."""


class Named(Protocol):
    """What is kept in a folder goes by its name."""

    @property
    def name(self) -> str: ...


P = TypeVar("P", bound=Named)


@dataclass(frozen=True)
class PresetFormat(Generic[P]):
    """How one kind of preset is written.

    Parameters
    ----------
    kind : what a file says it holds, e.g. "DicomSuite window"
    suffix : how its name ends, e.g. ".window.json"
    to_fields : turns a preset into what JSON can hold, its name as "name"
    from_fields : turns that back; raises KeyError, TypeError, ValueError or RenderError where it is not right
    """

    kind: str
    suffix: str
    to_fields: Callable[[P], Mapping[str, Any]]
    from_fields: Callable[[Mapping[str, Any]], P]

    def write(self, preset: P, path: Path) -> None:
        """Write one preset to a file of any name.

        Raises
        ------
        OutputError
            If the file cannot be written.
        """
        text = json.dumps({"kind": self.kind, "version": VERSION, **self.to_fields(preset)}, indent=2)
        with output_file(path) as partial:
            partial.write_text(text + "\n", encoding="utf-8")

    def read(self, path: Path) -> P:
        """Read one preset.

        Raises
        ------
        RenderError
            If there is no such file, or it is damaged or holds something else.
        """
        try:
            fields = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise RenderError(f"{path} cannot be read: {error.strerror or type(error).__name__}.") from error
        except ValueError as error:
            raise RenderError(f"{path} is no JSON file; save the preset again.") from error
        if not isinstance(fields, dict) or (fields.get("kind"), fields.get("version")) != (self.kind, VERSION):
            raise RenderError(f"{path} does not hold what was asked for: {self.kind}, version {VERSION}.")
        try:
            return self.from_fields(fields)
        except (KeyError, TypeError, ValueError, RenderError) as error:
            raise RenderError(f"{path} is damaged: {error}. Save the preset again, or remove the file.") from error


class PresetFolder(Generic[P]):
    """The presets of one kind in a folder, which need not exist until the first one is saved."""

    def __init__(self, folder: Path, preset_format: PresetFormat[P]) -> None:
        self._folder = folder
        self._format = preset_format

    def presets(self) -> tuple[tuple[P, ...], tuple[str, ...]]:
        """Everything that is there, by name, and what is wrong with the files that cannot be read."""
        found, problems = [], []
        for path in self._folder.glob(f"*{self._format.suffix}"):
            try:
                found.append(self._format.read(path))
            except RenderError as error:
                problems.append(str(error))
        return tuple(sorted(found, key=lambda preset: preset.name.casefold())), tuple(sorted(problems))

    def save(self, preset: P, replace: bool = False) -> None:
        """Keep a preset.

        Raises
        ------
        RenderError
            If its name has no letters, or is taken and `replace` is not set.
        OutputError
            If the file cannot be written.
        """
        path = self._path(preset.name)
        if path.exists() and not replace:
            raise RenderError(f"There already is a preset called {printable(preset.name)}; choose another name.")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{self._folder} cannot be made: {error.strerror}; choose another folder.") from error
        self._format.write(preset, path)

    def delete(self, name: str) -> None:
        """Remove a preset.

        Raises
        ------
        RenderError
            If there is none of this name.
        """
        try:
            self._path(name).unlink()
        except FileNotFoundError as error:
            raise RenderError(f"There is no preset called {printable(name)}.") from error
        except OSError as error:
            raise RenderError(f"{self._path(name)} cannot be removed: {error.strerror}.") from error

    def rename(self, old_name: str, new_name: str) -> P:
        """Give a preset another name; returns it. Errors as for `save` and `delete`."""
        old, new = self._path(old_name), self._path(new_name)
        if not old.exists():
            raise RenderError(f"There is no preset called {printable(old_name)}.")
        fields = self._format.to_fields(self._format.read(old))
        renamed = self._format.from_fields({**fields, "name": new_name})
        self.save(renamed, replace=new == old)
        if new != old:
            self.delete(old_name)
        return renamed

    def _path(self, name: str) -> Path:
        stem = file_name(name).casefold()
        if not stem:
            raise RenderError("A preset needs a name with a letter or a digit in it.")
        return self._folder / f"{stem}{self._format.suffix}"

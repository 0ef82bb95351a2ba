"""``slicer.packaging``: checks requirements really, installs nothing; what was asked for is recorded."""

from __future__ import annotations

import importlib.metadata

from packaging.requirements import Requirement

requested: list[list[str]] = []
"""The stand-in's own: what ``pip_ensure`` and ``pip_install`` were asked to install, in order."""


def load_requirements(path: str | Path) -> list[Requirement]:  # noqa: F821
    with open(path, encoding="utf-8") as file:
        lines = [line.partition("#")[0].strip() for line in file]
    return [Requirement(line) for line in lines if line]


def pip_check(
    req: str | Requirement | list[str | Requirement], _seen: set[tuple[str, frozenset[str]]] | None = None
) -> bool:
    """Whether every requirement is installed in the version wanted."""
    return all(_is_installed(requirement) for requirement in _listed(req))


def pip_ensure(
    requirements: str | Requirement | list[str | Requirement],
    constraints: str | Path | None = None,  # noqa: F821
    skip_packages: list[str] | None = None,
    prompt_install: bool = True,
    prompt_restart: bool = True,
    requester: str | None = None,
    skip_in_testing: bool = True,
    show_progress: bool = True,
) -> list[str] | None:
    missing = [str(requirement) for requirement in _listed(requirements) if not _is_installed(requirement)]
    if missing:
        requested.append(missing)
    return None


def pip_install(
    requirements: str | list[str],
    constraints: str | Path | None = None,  # noqa: F821
    no_deps_requirements: str | list[str] | None = None,
    skip_packages: list[str] | None = None,
    blocking: bool = True,
    show_progress: bool = True,
    requester: str | None = None,
    parent: qt.QWidget | None = None,  # noqa: F821
    logCallback: Callable[[str], None] | None = None,  # noqa: F821
    completedCallback: Callable[[int], None] | None = None,  # noqa: F821
) -> list[str] | None:
    requested.append([str(requirement) for requirement in _listed(requirements)])
    return None


def _listed(requirements: str | Requirement | list[str | Requirement]) -> list[Requirement]:
    items = [requirements] if isinstance(requirements, (str, Requirement)) else requirements
    return [Requirement(item) if isinstance(item, str) else item for item in items]


def _is_installed(requirement: Requirement) -> bool:
    if requirement.marker is not None and not requirement.marker.evaluate():
        return True
    try:
        return requirement.specifier.contains(importlib.metadata.version(requirement.name), prereleases=True)
    except importlib.metadata.PackageNotFoundError:
        return False

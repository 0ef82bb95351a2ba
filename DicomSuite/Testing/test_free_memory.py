"""How much memory programs can still get, told by the system and by the limit of a container."""

import sys
from pathlib import Path

import pytest

from DicomSuiteLib import free_memory
from DicomSuiteLib.free_memory import free_bytes

GROUPS = [(("max", "current", "stat"), "inactive_file"), (("limit", "usage", "statistics"), "total_inactive_file")]
"""Files of control groups, version 2 and 1, and what their statistics call a cache that gives way."""


@pytest.fixture
def machine(tmp_path, monkeypatch) -> Path:
    """A Linux machine with 8 GiB available, whose control groups are files in this folder."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(free_memory, "_MEMORY_INFO", tmp_path / "meminfo")
    (tmp_path / "meminfo").write_text("MemTotal:  16777216 kB\nMemAvailable:  8388608 kB\n")
    groups = [free_memory._Group(*(tmp_path / name for name in names), word) for names, word in GROUPS]
    monkeypatch.setattr(free_memory, "_GROUPS", groups)
    return tmp_path


def limit(machine: Path, names: tuple[str, str, str], *contents: str) -> None:
    for name, content in zip(names, contents, strict=True):
        (machine / name).write_text(content)


def test_memory_of_this_machine_is_known_unless_it_is_a_mac():
    free = free_bytes()
    assert free is None if sys.platform == "darwin" else 64 << 20 < free < 1 << 50


def test_without_a_limit_the_machines_memory_counts(machine):
    assert free_bytes() == 8 << 30
    limit(machine, GROUPS[0][0], "max\n", "123\n", "anon 100\n")
    assert free_bytes() == 8 << 30


@pytest.mark.parametrize(("names", "word"), GROUPS)
def test_a_container_may_take_what_its_limit_leaves_and_what_is_cached(machine, names, word):
    limit(machine, names, f"{4 << 30}\n", f"{3 << 30}\n", f"anon 7\n{word} {1 << 29}\n")
    assert free_bytes() == (1 << 30) + (1 << 29)


def test_a_limit_above_what_the_machine_has_leaves_no_more(machine):
    limit(machine, GROUPS[1][0], "9223372036854771712\n", "100\n", "")
    assert free_bytes() == 8 << 30


def test_a_system_that_does_not_tell_is_not_guessed(machine):
    (machine / "meminfo").unlink()
    assert free_bytes() is None

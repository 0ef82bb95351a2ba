"""Nothing planted survives: every row of the table at two depths, and every other hiding place."""

import io

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.leak_check import LEAK_RULE
from DicomSuiteAnonymizeLib.profiles.profile import BUILT_IN, OnLeak
from planted import (
    SHORTEST_UNMISTAKABLE,
    Kind,
    Nesting,
    PersonNames,
    Planted,
    planted_command_set,
    planted_dataset,
    planted_name,
)
from rewriting import rewritten, rewritten_bytes


def remaining(planted: Planted, output: bytes) -> list:
    """Where a sentinel is still found: unmistakable ones anywhere in the bytes, short ones in their own element."""
    left: list = [place for place, sentinel in planted.unmistakable.items() if sentinel in output]
    dataset = dcmread(io.BytesIO(output), force=True)
    for path, sentinel in planted.sentinels.items():
        if len(sentinel) < SHORTEST_UNMISTAKABLE and value_at(dataset, path).startswith(sentinel):
            left.append(path)
    return left


def value_at(dataset: Dataset, path: tuple[int, ...]) -> bytes:
    """Encoded value of an element in first items; empty where there is none."""
    for tag in path[:-1]:
        if tag not in dataset or not dataset[tag].value:
            return b""
        dataset = dataset[tag].value[0]
    element = dataset.get_item(path[-1])
    value = getattr(element, "value", None)
    return value if isinstance(value, bytes) else b"" if value is None else str(value).encode()


@pytest.mark.parametrize("nesting", Nesting)
@pytest.mark.parametrize("kind", Kind)
def test_no_planted_value_is_left_by_the_basic_profile(kind, nesting):
    planted = planted_dataset(kind, nesting)
    assert len(planted.sentinels) > 1304
    assert remaining(planted, rewritten_bytes(planted.part10())) == []


def test_the_planted_values_are_in_the_source():
    planted = planted_dataset()
    assert len(remaining(planted, planted.part10())) == len(planted.sentinels) + len(planted.outside)


def test_nothing_is_left_of_a_command_set():
    planted = planted_command_set()
    assert remaining(planted, rewritten_bytes(planted.part10())) == []


@pytest.mark.parametrize("names", PersonNames)
def test_a_name_copied_into_an_unlisted_attribute_is_found_in_every_character_set(names):
    planted = planted_name(names)
    result, output = rewritten(planted.part10())
    assert remaining(planted, output) == []
    assert any(rule == LEAK_RULE for _, _, rule, _ in result.changes.elements)


@pytest.mark.parametrize("names", PersonNames)
def test_a_profile_that_refuses_leaks_refuses_the_copied_name(names):
    refusing = BUILT_IN["basic"].but(on_leak=OnLeak.FAIL)
    with pytest.raises(AnonymizeError, match=r"\(0028,1055\)"):
        rewritten_bytes(planted_name(names).part10(), refusing)

"""Work in pieces: what is made in the event loop is consumed by a thread, which tidies up whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

import application  # noqa: F401  (the pieces are cut for its event loop)
from DicomSuiteGui.beside import beside, consumed


def drained(pieces: Iterator[object]) -> list[object]:
    return list(pieces)


def result_of(pieces) -> object:
    while True:
        try:
            next(pieces)
        except StopIteration as end:
            return end.value


def test_result_and_error_of_a_thread_arrive() -> None:
    assert result_of(beside(lambda: 42)) == 42
    with pytest.raises(ZeroDivisionError):
        result_of(beside(lambda: 1 / 0))


def test_every_item_is_consumed_in_order_and_counted() -> None:
    taken: list[int] = []
    counted = [piece for piece in consumed(iter(range(50)), taken.extend) if piece]
    assert taken == list(range(50)) and len(counted) == 50


def test_error_of_the_consumer_stops_the_making() -> None:
    made: list[int] = []

    def items() -> Iterator[int]:
        for number in range(1000):
            made.append(number)
            yield number

    def consume(numbers: Iterator[int]) -> None:
        for number in numbers:
            if number == 3:
                raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        drained(consumed(items(), consume))
    assert len(made) < 20


def test_error_of_the_maker_makes_the_consumer_tidy_up() -> None:
    ends: list[str] = []

    def items() -> Iterator[int]:
        yield 1
        raise ValueError("no picture")

    with pytest.raises(ValueError, match="no picture"):
        drained(consumed(items(), _ending(ends)))
    assert ends == ["tidied up"]


def test_closing_early_makes_the_consumer_tidy_up() -> None:
    ends: list[str] = []
    with closing(consumed(iter(range(1000)), _ending(ends))) as pieces:
        for _count in range(10):
            next(pieces)
    assert ends == ["tidied up"]


def _ending(ends: list[str]):
    def consume(numbers: Iterator[int]) -> None:
        try:
            for _number in numbers:
                pass
        except BaseException:
            ends.append("tidied up")
            raise
        ends.append("finished")

    return consume

"""What the instances of a series repeat is walked once: stretches of elements equal to those of the instance before.

A template holds one instance's top-level elements. Where the next instance has the very same bytes at an element's
boundary, the nodes made from them are taken over; equal bytes give equal nodes, so results do not depend on what was
read before. Elements that differ from instance to instance (UIDs, positions, times) are learnt and always walked.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator
from functools import lru_cache

_LARGEST_KEPT = 64 * 1024
"""Bytes; larger elements are not worth the memory."""
_MOST_DERIVED = 8


class Shared:
    """Nodes that several instances have, and what was derived from them."""

    __slots__ = ("_made", "nodes")

    def __init__(self, nodes: list) -> None:
        self.nodes = nodes
        self._made: dict = {}

    def once(self, key: Hashable, make: Callable[[], object]):
        """What `make` returns for this key, worked out once."""
        result = self._made.get(key)
        if result is None:
            if len(self._made) > _MOST_DERIVED:
                self._made.clear()
            result = self._made[key] = make()
        return result


class Stretch(Shared):
    """Consecutive elements whose bytes were met before."""

    __slots__ = ("elements", "raw")

    def __init__(self, elements: list["Element"]) -> None:
        super().__init__(_joined(node for element in elements for node in element.nodes))
        self.elements = elements
        self.raw = b"".join([element.raw for element in elements])


class Contents:
    """A walked data set: all its `nodes` in order, those of its `own`, and those that it has in common with others."""

    __slots__ = ("nodes", "own", "shared")

    def __init__(self, nodes: list) -> None:
        self.nodes = nodes
        self.own = [node for node in nodes if type(node) is not Stretch]
        self.shared = _shared(tuple([node for node in nodes if type(node) is Stretch]))


@lru_cache(maxsize=32)
def _shared(stretches: tuple[Stretch, ...]) -> Shared:
    return Shared([node for stretch in stretches for node in stretch.nodes])


class Element:
    """One element as it stood in an instance; `raw` is empty where it varies and is always walked."""

    __slots__ = ("nodes", "raw", "tag")

    def __init__(self, tag: int, nodes: list) -> None:
        self.tag = tag
        self.raw = b""
        self.nodes = nodes

    def remember(self, raw: bytes) -> None:
        """Its bytes, in case that the next instance has the same; not where they are too many to keep."""
        if len(raw) <= _LARGEST_KEPT:
            self.raw = raw


class Template:
    """The instance walked last, cut into stretches; `tag` is always a wire tag."""

    def __init__(self, cuts: Iterable[int], tag_of) -> None:
        self._cuts = tuple(cuts)
        self._tag_of = tag_of
        self._elements: dict[int, Element] = {}
        self._suspects: frozenset[int] = frozenset()
        self.varying: set[int] = set()
        self.stretches: dict[int, Stretch] = {}

    def same(self, tag: int, b: bytes, pos: int) -> Element | None:
        """The known element that stands at `pos` with the very same bytes."""
        element = self._elements.get(tag)
        return element if element is not None and element.raw and b.startswith(element.raw, pos) else None

    def learn(self, trail: list[Element | Stretch], differing: list[int]) -> None:
        """Take over the instance just walked; `differing` are the tags that were expected to be the same.

        What differs twice in a row varies from instance to instance; what differs once belongs to a new series.
        """
        if self._elements:
            self.varying.update(self._suspects.intersection(differing))
            self._suspects = frozenset(differing)
        if not differing:
            return
        elements = [element for piece in trail for element in (piece.elements if type(piece) is Stretch else (piece,))]
        self._elements = {element.tag: element for element in elements}
        known, self.stretches = self.stretches, {}
        for run in self._runs(elements):
            same = known.get(run[0].tag)
            self.stretches[run[0].tag] = same if same is not None and same.elements == run else Stretch(run)

    def _runs(self, elements: list[Element]) -> Iterator[list[Element]]:
        """Neighbours that were the same in every instance so far."""
        run: list[Element] = []
        for element in elements:
            if not self._may_join(run, element):
                if run:
                    yield run
                run = []
            if element.raw and element.tag not in self.varying:
                run.append(element)
        if run:
            yield run

    def _may_join(self, run: list[Element], element: Element) -> bool:
        if not element.raw or element.tag in self.varying:
            return False
        if not run:
            return True
        before, after = self._tag_of(run[-1].tag), self._tag_of(element.tag)
        return not any(before < cut <= after for cut in self._cuts)


def _joined(nodes: Iterable) -> list:
    """Nodes with neighbouring runs of kept bytes made one."""
    joined: list = []
    for node in nodes:
        if type(node) is bytes and joined and type(joined[-1]) is bytes:
            joined[-1] += node
        else:
            joined.append(node)
    return joined

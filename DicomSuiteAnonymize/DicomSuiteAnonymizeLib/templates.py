"""What the instances of a series repeat is walked once: stretches of elements equal to those of the instance before.

A template holds one instance's top-level elements. Where the next instance has the very same bytes at an element's
boundary, the nodes made from them are taken over; equal bytes give equal nodes, so results do not depend on what was
read before. Elements that differ from instance to instance (UIDs, positions, times) are learnt and always walked.
"""

from collections.abc import Iterable

_MOST_NEW_VARYING = 16
"""If more elements than this differ, a new series has begun: its template replaces the old one."""
_LARGEST_KEPT = 64 * 1024
"""Bytes; larger elements are not worth the memory."""


class Stretch:
    """Consecutive elements whose bytes were met before.

    `made` keeps what others have derived from the nodes, by whom it was derived for.
    """

    __slots__ = ("elements", "facts", "made", "nodes", "raw")

    def __init__(self, elements: list["Element"]) -> None:
        self.elements = elements
        self.raw = b"".join([element.raw for element in elements])
        self.nodes = _joined(node for element in elements for node in element.nodes)
        self.facts = {node[0]: node[2] for node in self.nodes if type(node) is tuple}
        self.made: dict = {}

    def once(self, key, make):
        """What `make` returns for this key, worked out once."""
        result = self.made.get(key)
        if result is None:
            if len(self.made) > 8:
                self.made.clear()
            result = self.made[key] = make()
        return result


class Element:
    """One element as it stood in an instance; `raw` is empty where it varies and is always walked."""

    __slots__ = ("nodes", "raw", "tag")

    def __init__(self, tag: int, raw: bytes, nodes: list) -> None:
        self.tag = tag
        self.raw = raw
        self.nodes = nodes


class Template:
    """The instance walked last, cut into stretches; `tag` is always a wire tag."""

    def __init__(self, cuts: Iterable[int], tag_of) -> None:
        self._cuts = tuple(cuts)
        self._tag_of = tag_of
        self._elements: dict[int, Element] = {}
        self.varying: set[int] = set()
        self.stretches: dict[int, Stretch] = {}

    def same(self, tag: int, b: bytes, pos: int) -> Element | None:
        """The known element that stands at `pos` with the very same bytes."""
        element = self._elements.get(tag)
        return element if element is not None and element.raw and b.startswith(element.raw, pos) else None

    def learn(self, trail: list[Element | Stretch], differing: list[int]) -> None:
        """Take over the instance just walked; `differing` are the tags that were expected to be the same."""
        if self._elements and len(differing) <= _MOST_NEW_VARYING:
            self.varying.update(differing)
        elements = [element for piece in trail for element in (piece.elements if type(piece) is Stretch else (piece,))]
        self._elements = {element.tag: element for element in elements}
        self.stretches = {}
        run: list[Element] = []
        for element in elements:
            if not self._may_join(run, element):
                self._close(run)
                run = []
            if element.raw and element.tag not in self.varying:
                run.append(element)
        self._close(run)

    def _may_join(self, run: list[Element], element: Element) -> bool:
        if not element.raw or element.tag in self.varying:
            return False
        if not run:
            return True
        before, after = self._tag_of(run[-1].tag), self._tag_of(element.tag)
        return not any(before < cut <= after for cut in self._cuts)

    def _close(self, run: list[Element]) -> None:
        if run:
            self.stretches[run[0].tag] = Stretch(run)


def element_to_remember(tag: int, raw: bytes, nodes: list) -> Element:
    """The element, without its bytes where they are too many to keep."""
    return Element(tag, raw if len(raw) <= _LARGEST_KEPT else b"", nodes)


def _joined(nodes: Iterable) -> list:
    """Nodes with neighbouring runs of kept bytes made one."""
    joined: list = []
    for node in nodes:
        if type(node) is bytes and joined and type(joined[-1]) is bytes:
            joined[-1] += node
        else:
            joined.append(node)
    return joined

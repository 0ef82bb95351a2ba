"""What is done to one attribute, and by which rule."""

from enum import Enum


class Action(Enum):
    """Outcomes for one attribute; X, Z, D, U, K and C are the action codes of PS3.15 Table E.1-1."""

    KEEP = "K"
    REMOVE = "X"
    EMPTY = "Z"
    DUMMY = "D"
    UID = "U"
    CLEAN = "C"
    PSEUDONYM = "P"
    """Keyed pseudonym: a dummy value that stays the same for the same original."""
    SHIFT = "S"
    """Dates moved by the patient's offset: the C of the Modified Dates option."""
    REPLACE = "R"
    """The value that the user typed."""
    RENUMBER = "N"
    """The instance's rank along the series' normal."""
    CAP_AGE = "A"
    """Ages over 89 years become 090Y."""
    POSTAL_AREA = "G"
    """An address becomes the first three digits of its ZIP code, or 000 where few people live."""
    INSPECT = "K?"
    """Kept where the value is a number, or bytes in which none of the instance's identifying values stands; else X."""
    RECURSE = "items"
    """A sequence that stays; its items have steps of their own."""


class Step:
    """One attribute's action with the rule it comes from; compared by identity, made once per plan.

    `fallback` is taken where CLEAN or SHIFT cannot read the value. `edits` (most specific first) are the user's,
    tried before the action. `identifies` says that the original value must not turn up elsewhere, `captured` that it
    decides about others. `blind` says that nobody needs it at all, `verbatim` that a sequence whose items need no
    change may be copied as it stands.
    """

    __slots__ = ("action", "blind", "edits", "fallback", "identifies", "rule", "verbatim")

    def __init__(
        self,
        action: Action,
        rule: str,
        fallback: "Step | None" = None,
        identifies: bool = False,
        edits=(),
        captured: bool = False,
    ) -> None:
        self.action = action
        self.rule = rule
        self.fallback = fallback
        self.identifies = identifies
        self.edits = edits
        self.blind = action in (Action.REMOVE, Action.EMPTY) and not (edits or identifies or captured)
        self.verbatim = action is Action.RECURSE and not edits


UNLISTED = Step(Action.REMOVE, "unlisted")
"""Stands for attributes that a plan does not name; `Level.unlisted` says what becomes of them."""

PRIVATE_REMOVED = Step(Action.REMOVE, "private attribute")
PRIVATE = Step(Action.REMOVE, "private attribute that is not known to be safe", captured=True)
GRAPHICS = Step(Action.REMOVE, "overlay or curve that may show text", captured=True)
"""Both wait for what stands beside them: see safe_private.settle."""
CAPTURED = Step(Action.KEEP, "kept")
"""Kept, but its value decides about others."""
KEPT_SEQUENCE = Step(Action.RECURSE, "kept")

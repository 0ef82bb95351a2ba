"""The pixel rules that a user has made: one file in the private folder, which every export reads first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from glob import escape
from pathlib import Path

from DicomSuiteAnonymizeLib.pixels.pixel_rules import (
    PictureFacts,
    PixelRule,
    RuleAction,
    read_rules,
    user_rules_file,
    write_rules,
)


@dataclass(frozen=True)
class UserRules:
    """The rules in the private `folder`; the file is made with the first of them."""

    folder: Path

    @property
    def file(self) -> Path:
        """Where they are."""
        return user_rules_file(self.folder)

    @property
    def files(self) -> tuple[Path, ...]:
        """What commands are told to read: the file, where there is one."""
        return (self.file,) if self.file.exists() else ()

    def read(self) -> tuple[PixelRule, ...]:
        """In the order in which they are tried; none without a file. Raises AnonymizeError for a damaged one."""
        return read_rules(self.file) if self.file.exists() else ()

    def save(self, rule: PixelRule) -> None:
        """Try this rule first; it takes the place of one with its name, and of those for the same pictures.

        Raises AnonymizeError where the file is damaged or cannot be written.
        """
        write_rules([rule, *(one for one in self.read() if not _takes_the_place(rule, one))], self.file)

    def giving_way(self, rules: Sequence[PixelRule]) -> tuple[PixelRule, ...]:
        """Those that `take_in` would replace by others of these rules. Raises AnonymizeError for a damaged file."""
        return tuple(one for one in self.read() if one not in rules and _gives_way(one, rules))

    def take_in(self, rules: Sequence[PixelRule]) -> None:
        """Try these after one's own; they take the place of those with their names or for the same pictures.

        Raises AnonymizeError as `save` does.
        """
        write_rules([*(one for one in self.read() if not _gives_way(one, rules)), *rules], self.file)

    def forget(self, names: Iterable[str]) -> None:
        """Keep no rule of these names. Raises AnonymizeError as `save` does."""
        forgotten = frozenset(names)
        write_rules([rule for rule in self.read() if rule.name not in forgotten], self.file)


def clean_rule(facts: PictureFacts, name: str) -> PixelRule:
    """A rule that pictures of the same kind, size and device as this one hold no text."""
    conditions = (escape(fact) if isinstance(fact, str) else fact for fact in facts)
    return PixelRule(name, *conditions, action=RuleAction.CLEAN)


def _gives_way(rule: PixelRule, others: Iterable[PixelRule]) -> bool:
    return any(_takes_the_place(other, rule) for other in others)


def _takes_the_place(rule: PixelRule, former: PixelRule) -> bool:
    """Whether only one of the two can be kept."""
    return rule.name == former.name or _conditions(rule) == _conditions(former)


def _conditions(rule: PixelRule) -> tuple[object, ...]:
    """Which pictures the rule is for."""
    return tuple(getattr(rule, name) for name in PictureFacts._fields)

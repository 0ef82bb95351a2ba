"""A profile while somebody edits it: the table's rows, and every step back and forth."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.profiles.profile import (
    BUILT_IN,
    EDIT_ACTIONS,
    NOTHING,
    PS315,
    SEVENTEEN_ATTRIBUTES,
    OnLeak,
    Profile,
    Scope,
    TagEdit,
)
from DicomSuiteAnonymizeLib.profiles.profile_file import check_action, check_edit
from DicomSuiteAnonymizeLib.ps315 import Option
from DicomSuiteAnonymizeLib.steps import Action
from DicomSuiteAnonymizeLib.tag_path import TagPath
from DicomSuiteLib.plain_signal import Signal

SEVENTEEN_ROWS: tuple[TagPath, ...] = tuple((tag,) for tag in SEVENTEEN_ATTRIBUTES.values())
MAX_STEPS = 200
"""Steps that can be undone."""


@dataclass(frozen=True, slots=True)
class Who:
    """Whose instances an edit is for: everybody's, or those of one patient, study or series (see TagEdit.target)."""

    scope: Scope = Scope.ALL
    target: str = ""


EVERYBODY = Who()


@dataclass(frozen=True, slots=True)
class _Step:
    """`opened` is the profile that the step's profile comes from, as it was opened or saved."""

    profile: Profile
    rows: tuple[TagPath, ...]
    opened: Profile


class ProfileEditor:
    """The profile and the rows of its table; `changed` is emitted after every change, without arguments."""

    def __init__(self, profile: Profile = BUILT_IN["basic"]) -> None:
        self.changed = Signal()
        self._steps = [_Step(profile, _rows_of(profile), profile)]
        self._position = 0

    @property
    def profile(self) -> Profile:
        """The profile as it is now."""
        return self._step.profile

    @property
    def rows(self) -> tuple[TagPath, ...]:
        """Paths of the attributes in the table."""
        return self._step.rows

    @property
    def is_changed(self) -> bool:
        """Whether the profile differs from the one that was opened."""
        return _content(self.profile) != _content(self._step.opened)

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return self._position > 0

    @property
    def can_redo(self) -> bool:
        """Whether there is a step that was taken back."""
        return self._position < len(self._steps) - 1

    def open(self, profile: Profile) -> None:
        """Go on with another profile; can be undone, except where it is the present one that was saved."""
        if _content(profile) != _content(self.profile):
            self._do(profile, _rows_of(profile, self.rows), profile)
        elif self.is_changed:  # no step, but no longer changed
            former = self._step.opened
            self._steps = [replace(step, opened=profile) if step.opened is former else step for step in self._steps]
            self.changed.emit()

    def reset(self) -> None:
        """Back to the profile that was opened; can be undone."""
        self._do(self._step.opened, _rows_of(self._step.opened))

    def set_action(
        self, paths: Iterable[TagPath], action: Action | None, value: str = "", who: Who = EVERYBODY
    ) -> None:
        """Give attributes an action, or leave them to the profile's own rules (None).

        Raises AnonymizeError, and changes nothing, where the action or the value does not suit one of them.
        """
        paths = tuple(paths)
        edits = [edit for edit in self.profile.edits if not (edit.path in paths and _is_for(edit, who))]
        if action is not None:
            new = [TagEdit(path, action, value, who.scope, who.target) for path in paths]
            for edit in new:
                check_edit(edit)
            edits += new
        profile = self.profile.but(edits=tuple(edits))
        self._do(profile, _rows_of(profile, self.rows))

    def edit_of(self, path: TagPath, who: Who) -> TagEdit | None:
        """The edit that was made for exactly these instances."""
        return next((edit for edit in self.profile.edits if edit.path == path and _is_for(edit, who)), None)

    def add_row(self, path: TagPath) -> None:
        """Show one more attribute in the table."""
        if path not in self.rows:
            self._do(self.profile, (*self.rows, path))

    def remove_row(self, path: TagPath) -> None:
        """Leave an added attribute to the profile's own rules and take it off the table; the 17 stay."""
        if path in self.rows and path not in SEVENTEEN_ROWS:
            edits = tuple(edit for edit in self.profile.edits if edit.path != path)
            self._do(self.profile.but(edits=edits), tuple(row for row in self.rows if row != path))

    def set_rules(
        self, is_ps315: bool, options: Iterable[Option], on_leak: OnLeak, private_lists: Iterable[str] | None = None
    ) -> None:
        """Follow PS3.15 with `options`, or, without any, change nothing but the edited attributes; in one step.

        `on_leak` says what happens to an instance in which an original value turns up again. `private_lists` are those
        of the profile (None: as they are); they and the user's own list go with the option Retain Safe Private. Raises
        AnonymizeError for options that exclude each other.
        """
        basis, options = (PS315, frozenset(options)) if is_ps315 else (NOTHING, frozenset())
        lists, own = frozenset(), ()
        if Option.RETAIN_SAFE_PRIVATE in options:
            lists = self.profile.private_lists if private_lists is None else frozenset(private_lists)
            own = self.profile.safe_private
        profile = self.profile.but(
            basis=basis, options=options, on_leak=on_leak, private_lists=lists, safe_private=own
        )
        self._do(profile, self.rows)

    def undo(self) -> None:
        """Take the last step back, if there is one."""
        if self.can_undo:
            self._position -= 1
            self.changed.emit()

    def redo(self) -> None:
        """Take the step again that was taken back last, if there is one."""
        if self.can_redo:
            self._position += 1
            self.changed.emit()

    @property
    def _step(self) -> _Step:
        return self._steps[self._position]

    def _do(self, profile: Profile, rows: tuple[TagPath, ...], opened: Profile | None = None) -> None:
        if rows == self.rows and _content(profile) == _content(self.profile):
            return
        step = _Step(profile, rows, opened or self._step.opened)
        del self._steps[self._position + 1 :]
        self._steps.append(step)
        del self._steps[: -MAX_STEPS - 1]
        self._position = len(self._steps) - 1
        self.changed.emit()


def allowed_actions(path: TagPath) -> tuple[Action, ...]:
    """The actions that a user can give the attribute."""
    return tuple(action for action in EDIT_ACTIONS.values() if _is_allowed(path, action))


def _is_allowed(path: TagPath, action: Action) -> bool:
    try:
        check_action(path, action)
    except AnonymizeError:
        return False
    return True


def _content(profile: Profile) -> tuple:
    """The profile without the order of its edits, which means nothing."""
    return profile._replace(edits=frozenset(profile.edits))


def _is_for(edit: TagEdit, who: Who) -> bool:
    return (edit.scope, edit.target) == (who.scope, who.target)


def _rows_of(profile: Profile, rows: tuple[TagPath, ...] = SEVENTEEN_ROWS) -> tuple[TagPath, ...]:
    """The rows, and one for every other attribute that the profile edits."""
    return tuple(dict.fromkeys((*rows, *(edit.path for edit in profile.edits))))

"""Shows render modes in a view: what takes long is computed beside the windows, then everything is set at once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from DicomSuiteGui.background import Background
from DicomSuiteGui.plain_label import plainLabel, showText
from DicomSuiteGui.progress_row import ProgressRow
from DicomSuiteLib.errors import DicomSuiteError, describe_safely
from DicomSuiteLib.plain_signal import Signal
from DicomSuiteLib.volumes import Volume
from DicomSuiteRenderLib.applied_mode import AppliedMode, applied_mode, note_applied_mode
from DicomSuiteRenderLib.apply_mode import apply_mode, window_of
from DicomSuiteRenderLib.isosurface import isosurface
from DicomSuiteRenderLib.mode_camera import CameraPlace, camera_node_of
from DicomSuiteRenderLib.mode_surfaces import visible_surfaces
from DicomSuiteRenderLib.native_mode import in_native_values
from DicomSuiteRenderLib.render_mode import RenderMode, ValueScale
from DicomSuiteRenderLib.render_state import RenderState, capture_state, restore_state
from DicomSuiteRenderLib.table_removal import without_table
from DicomSuiteRenderLib.volume_casting import property_node, visible_display
from DicomSuiteRenderLib.volume_property import look_of, set_look


@dataclass(frozen=True, eq=False)
class _Wish:
    """What shall be shown; `keepsCamera` where the user has only changed a part of it."""

    mode: RenderMode
    volumeNode: Any
    viewNode: Any
    crop: Any
    keepsCamera: bool


class _PendingError(Exception):
    """Something that takes long is needed first: `compute` in a thread, and keep its result under `key`."""

    def __init__(self, key: Any, compute: Callable[[], Any]) -> None:
        super().__init__(key)
        self.key, self.compute = key, compute


class ModeDisplay:
    """One wish at a time; `changed` is emitted without arguments when what is shown, or under way, has changed."""

    def __init__(self) -> None:
        self.changed = Signal()
        self._background = Background()
        self._wish: _Wish | None = None
        self._before: RenderState | None = None
        self._ready: dict[Any, Any] = {}
        self._firstStates: dict[tuple[str, str], RenderState] = {}
        self._build()
        self.say("")

    @property
    def isBusy(self) -> bool:
        """Whether something is being computed."""
        return self._wish is not None

    def shown(self, volumeNode: Any, viewNode: Any) -> AppliedMode | None:
        """The mode that shows a volume in a view; None also where another volume's mode has hidden it since."""
        if volumeNode is None:
            return None
        isSeen = visible_display(volumeNode, viewNode) is not None or visible_surfaces(volumeNode, viewNode)
        return applied_mode(volumeNode, viewNode) if isSeen else None

    def current(self, volumeNode: Any, viewNode: Any) -> RenderMode | None:
        """The same as a mode that can be saved, with transfer functions as they are now, whoever has changed them."""
        applied = self.shown(volumeNode, viewNode)
        if applied is None or applied.mode.look is None:
            return applied and applied.mode
        native = in_native_values(applied.mode, applied.window)
        look = look_of(property_node(volumeNode, viewNode).GetVolumeProperty(), native.look.technique)
        return applied.mode if look == native.look else replace(native, look=look)

    def show(self, mode: RenderMode, volumeNode: Any, viewNode: Any, crop: Any, keepsCamera: bool = False) -> None:
        """Show a mode; what was under way is dropped. A wish that cannot be fulfilled changes nothing."""
        self._drop()
        self._before = capture_state(volumeNode, viewNode)
        self._wish = _Wish(mode, volumeNode, viewNode, crop, keepsCamera)
        self._try()

    def followWindow(self, volumeNode: Any, viewNode: Any) -> None:
        """Use the window of the slice views for a mode whose values are relative to it."""
        applied = self.shown(volumeNode, viewNode)
        isRelative = applied is not None and applied.mode.scale is ValueScale.WINDOW and applied.mode.look is not None
        window = window_of(volumeNode) if isRelative else None
        if window is not None and window != applied.window:
            set_look(property_node(volumeNode, viewNode), in_native_values(applied.mode, window).look)
            note_applied_mode(replace(applied, window=window), volumeNode, viewNode)

    def isResettable(self, viewNode: Any) -> bool:
        """Whether a mode was shown in this view since the scene was opened."""
        return any(viewID == _idOf(viewNode) for viewID, _volumeID in self._firstStates)

    def reset(self, viewNode: Any) -> None:
        """Show in a view what it showed before the first mode."""
        self._drop()
        keys = [key for key in self._firstStates if key[0] == _idOf(viewNode)]
        for key in reversed(keys):
            restore_state(self._firstStates.pop(key))
        self.say("")
        self.changed.emit()

    def cancel(self) -> None:
        """Compute no further; the view shows what it showed."""
        if self.isBusy:
            self._giveUp(_("Cancelled; the view is as before."))

    def forget(self) -> None:
        """Let go of every node."""
        self._drop()
        self._firstStates.clear()
        self.say("")

    def say(self, text: str) -> None:
        """Show a message below the modes; "" for none."""
        showText(self.messageLabel, text)
        self.progress.show(self.isBusy)

    def _build(self) -> None:
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self.progress = ProgressRow(self.cancel, _("Stop; the view shows what it showed before"))
        self.messageLabel = plainLabel()
        layout.addLayout(self.progress.layout)
        layout.addWidget(self.messageLabel)

    def _try(self) -> None:
        """Set everything, or compute what is still missing for that and try again."""
        wish = self._wish
        try:
            notices = self._apply(wish)
        except _PendingError as pending:
            self._background.run(partial(_outcome, pending.compute), partial(self._onComputed, pending.key))
            self.say(_("Computing what will be shown…"))
            self.changed.emit()
        except DicomSuiteError as error:
            self._giveUp(str(error))
        else:
            key = (_idOf(wish.viewNode), wish.volumeNode.GetID())
            self._firstStates.setdefault(key, self._before)
            self._drop()
            self.say("\n".join(notices))
            self.changed.emit()

    def _apply(self, wish: _Wish) -> tuple[str, ...]:
        camera = camera_node_of(wish.viewNode) if wish.keepsCamera and wish.viewNode is not None else None
        place = camera and CameraPlace.of(camera)
        notices = apply_mode(
            wish.mode,
            wish.volumeNode,
            wish.viewNode,
            crop=wish.crop,
            surfaces=self._surface,
            remove_table=self._withoutTable,
        )
        if place is not None:
            place.set_on(camera)
        return notices

    def _surface(self, volume: Volume, value: float) -> Any:
        return self._computed(("surface", value), partial(isosurface, volume, value))

    def _withoutTable(self, volume: Volume) -> Volume:
        return self._computed("table", partial(without_table, volume))

    def _computed(self, key: Any, compute: Callable[[], Any]) -> Any:
        if key not in self._ready:
            raise _PendingError(key, compute)
        if isinstance(self._ready[key], DicomSuiteError):
            raise self._ready[key]
        return self._ready[key]

    def _onComputed(self, key: Any, outcome: Any) -> None:
        if isinstance(outcome, str):
            self._giveUp(outcome)
        elif not slicer.mrmlScene.IsNodePresent(self._wish.volumeNode):
            self._drop()
            self.say(_("The volume was removed meanwhile."))
            self.changed.emit()
        else:
            self._ready[key] = outcome
            self._try()

    def _giveUp(self, reason: str) -> None:
        before = self._before
        self._drop()
        if slicer.mrmlScene.IsNodePresent(before.volume_node):
            restore_state(before)
        self.say(reason)
        self.changed.emit()

    def _drop(self) -> None:
        self._background.drop()
        self._wish = self._before = None
        self._ready.clear()


def _idOf(viewNode: Any) -> str:
    return "" if viewNode is None else viewNode.GetID()


def _outcome(compute: Callable[[], Any]) -> Any:
    """The result, an error that a user can act on, or a sentence about one that nobody expected."""
    try:
        return compute()
    except DicomSuiteError as error:
        return error
    except Exception as error:
        logging.error(describe_safely(error))
        return _("This failed; the log says where.")

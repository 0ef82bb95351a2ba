"""Signals of Qt 5.15 that Qt 6 has dropped or renamed, made from those it has."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class AdaptedSignal:
    """``name`` is Qt 6's signal; ``arguments(sender, *arguments)`` turns what it sends into what Qt 5's sends."""

    name: str
    arguments: Callable[..., tuple]


def _item_text(combo_box: Any, index: int) -> tuple:
    return (combo_box.itemText(index),)


def _button_id(group: Any, button: Any, *rest: Any) -> tuple:
    return (group.id(button), *rest)


def _value_text(spin_box: Any, text: str) -> tuple:
    return (text,)


def _as_int(sender: Any, value: Any) -> tuple:
    return (int(value),)


ADAPTED = {
    "activated(QString)": AdaptedSignal("activated", _item_text),
    "currentIndexChanged(QString)": AdaptedSignal("currentIndexChanged", _item_text),
    "highlighted(QString)": AdaptedSignal("highlighted", _item_text),
    "valueChanged(QString)": AdaptedSignal("textChanged", _value_text),
    "buttonClicked(int)": AdaptedSignal("buttonClicked", _button_id),
    "buttonPressed(int)": AdaptedSignal("buttonPressed", _button_id),
    "buttonReleased(int)": AdaptedSignal("buttonReleased", _button_id),
    "buttonToggled(int,bool)": AdaptedSignal("buttonToggled", _button_id),
    "error(QProcess::ProcessError)": AdaptedSignal("errorOccurred", _as_int),
}

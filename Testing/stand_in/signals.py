"""Signals and slots as PythonQt has them: signatures as text, arguments cut to the slot, exceptions kept from Qt."""

import sys
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import shiboken6
from PySide6 import QtCore

from stand_in import classes, failures, qt5_signals
from stand_in.failures import Kind
from stand_in.inventory import normalised
from stand_in.unpatched import raw


@dataclass(frozen=True)
class Connection:
    signature: str
    receiver: Callable
    wrapper: Callable
    signal: QtCore.SignalInstance


_connections: dict[int, list[Connection]] = {}
"""By the address of the sending C++ object, forgotten when that is destroyed."""

_signatures: dict[tuple[type, str, int], dict[str, frozenset[str]]] = {}
"""The signals of a class by their names; the class, its name and how many methods it has tell dynamic ones apart."""


class BoundSignal:
    """``obj.clicked``: can be connected, disconnected and emitted."""

    def __init__(self, sender: QtCore.QObject, name: str) -> None:
        self._sender = sender
        self._name = name

    def connect(self, receiver: Any, slot: str | None = None) -> bool:
        return connect(self._sender, self._default_signature(), receiver, slot)

    def disconnect(self, receiver: Any = None) -> bool:
        return disconnect(self._sender, self._default_signature(), receiver)

    def emit(self, *arguments: Any) -> None:
        raw(self._sender, self._name).emit(*arguments)

    __call__ = emit

    def _default_signature(self) -> str:
        """The overload with the most arguments that the stand-in's own Qt can send."""
        signals = sorted(classes.names(type(self._sender)).signals)
        own = [text for text in signals if text.partition("(")[0] == self._name]
        direct = [text for text in own if _signal(self._sender, text) and not _adapter(self._sender, text)]
        return max(direct or own, key=lambda text: (_count(text), not text.endswith("(bool)")))


def connect(sender: QtCore.QObject, signal: Any, receiver: Any, slot: Any = None) -> bool:
    """Connects ``signal`` ("name(types)") of ``sender``; returns False, and records a failure, if there is none."""
    if isinstance(signal, QtCore.QObject):  # obj.connect(sender, "signal()", "slot()")
        return connect(signal, receiver, sender, slot)
    function = receiver if slot is None else _slot(receiver, slot)
    if not callable(function):
        raise ValueError(f"connect needs a callable, not {type(receiver).__name__}")
    signature = normalised(signal)
    bound = _signal(sender, signature) if signature in classes.names(type(sender)).signals else None
    if bound is None:
        message = f"signal '{signature}' does not exist on {type(sender).__name__}"
        print(f"PythonQt: QObject::connect() {message}", file=sys.stderr)
        failures.record(Kind.CONNECT, message)
        return False
    wrapper = _wrapper(sender, signature, function)
    bound.connect(wrapper)
    _remember(sender, Connection(signature, function, wrapper, bound))
    return True


def disconnect(sender: QtCore.QObject, signal: Any = None, receiver: Any = None, slot: Any = None) -> bool:
    """Undoes ``connect``; without a receiver, every Python slot of the signal. Returns whether there was one."""
    function = _slot(receiver, slot) if slot is not None else receiver
    kept, found = [], []
    for connection in _connections.get(_address(sender), ()):
        matches = connection.signature == normalised(signal) and function in (None, connection.receiver)
        (found if matches else kept).append(connection)
    for connection in found:
        connection.signal.disconnect(connection.wrapper)
    if found:
        _connections[_address(sender)] = kept
    return bool(found)


def _address(obj: QtCore.QObject) -> int:
    return shiboken6.getCppPointer(obj)[0]


def _remember(sender: QtCore.QObject, connection: Connection) -> None:
    address = _address(sender)
    if address not in _connections:
        _connections[address] = []
        raw(sender, "destroyed").connect(lambda: _connections.pop(address, None))
    _connections[address].append(connection)


def _slot(receiver: Any, slot: Any) -> Callable:
    return getattr(receiver, slot.partition("(")[0]) if isinstance(slot, str) else slot


def _signal(sender: QtCore.QObject, signature: str) -> QtCore.SignalInstance | None:
    """PySide's bound signal for one signature: itself, or the overload with as many arguments."""
    adapter = _adapter(sender, signature)
    name = adapter.name if adapter else signature.partition("(")[0]
    offered = _offered(sender, name)
    types_text = signature.partition("(")[2].rstrip(")")
    if not offered:
        return None
    signal = raw(sender, name)
    if f"{name}({types_text})" in offered and len(offered) > 1 and types_text and "<" not in types_text:
        return _overload(signal, types_text)
    return signal


def _adapter(sender: QtCore.QObject, signature: str) -> qt5_signals.AdaptedSignal | None:
    """How the signal is made from another, where Qt 6 no longer has it on this class."""
    native = signature in _offered(sender, signature.partition("(")[0])
    return None if native else qt5_signals.ADAPTED.get(signature)


def _overload(signal: QtCore.SignalInstance, types_text: str) -> QtCore.SignalInstance:
    try:
        return signal[types_text]
    except (KeyError, IndexError, TypeError):
        return signal


def _offered(sender: QtCore.QObject, name: str) -> frozenset[str]:
    """The signatures of the signals of this name."""
    meta = raw(sender, "metaObject")()
    key = type(sender), meta.className(), meta.methodCount()
    if key not in _signatures:
        _signatures[key] = _signatures_by_name(meta)
    return _signatures[key].get(name, frozenset())


def _signatures_by_name(meta: QtCore.QMetaObject) -> dict[str, frozenset[str]]:
    methods = (meta.method(index) for index in range(meta.methodCount()))
    texts = [_text(method.methodSignature()) for method in methods if method.methodType() == QtCore.QMetaMethod.Signal]
    by_name: dict[str, set[str]] = {}
    for text in texts:
        by_name.setdefault(text.partition("(")[0], set()).add(text)
    return {name: frozenset(found) for name, found in by_name.items()}


def _text(value: QtCore.QByteArray) -> str:
    return bytes(value.data()).decode()


def _wrapper(sender: QtCore.QObject, signature: str, function: Callable) -> Callable:
    """What Qt calls: cuts the arguments to what the signature and the function take, and keeps exceptions from Qt."""
    adapter = _adapter(sender, signature)
    wanted = _count(signature)
    taken = _taken(function)
    count = wanted if taken is None else min(wanted, taken)
    adapt = types.MethodType(adapter.arguments, sender) if adapter else None

    def slot(*arguments: Any) -> None:
        try:
            function(*(adapt(*arguments) if adapt else arguments)[:count])
        except Exception as error:
            failures.record_exception(Kind.SLOT, error)
            sys.__excepthook__(type(error), error, error.__traceback__)

    return slot


def _count(signature: str) -> int:
    inside = signature.partition("(")[2].rstrip(")")
    depth, count = 0, bool(inside)
    for character in inside:
        depth += (character == "<") - (character == ">")
        count += character == "," and depth == 0
    return int(count)


def _taken(function: Callable) -> int | None:
    """How many arguments PythonQt passes at most: it looks only at functions and bound methods without ``*args``."""
    bound = isinstance(function, types.MethodType)
    plain = function.__func__ if bound else function
    if not isinstance(plain, types.FunctionType) or plain.__code__.co_flags & 0x04:
        return None
    return plain.__code__.co_argcount - bound

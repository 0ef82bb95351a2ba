"""Networks that are only outlined: before a file's weights are known to fit, they take no memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

_FILLING = (torch.Tensor.normal_, torch.Tensor.uniform_, torch.Tensor.erfinv_, torch.Tensor.clamp_)
"""What fills weights with random numbers, and with normal ones that are cut off at both ends."""
_COUNTING = (torch.linspace, torch.arange)


@contextmanager
def without_memory() -> Iterator[None]:
    """Build networks whose weights have shapes only, since a file may ask for larger ones than it holds."""
    with torch.device("meta"), _Outline():
        yield


class _Outline(TorchFunctionMode):
    """What building a network must find all the same, and what it need not do.

    SwinUNETR asks for the numbers of linspace and arange. Random ones have no place to be. For those, and to stack what
    has shapes only, torch would import its compiler first, which takes seconds, and crashes where another LLVM, such as
    Mesa's, is in the process.
    """

    def __torch_function__(self, function: Any, types: Any, args: tuple = (), kwargs: Any = None) -> Any:
        if function in _FILLING:
            return args[0]
        elsewhere = {"device": "cpu"} if function in _COUNTING else {}
        return function(*args, **{**(kwargs or {}), **elsewhere})

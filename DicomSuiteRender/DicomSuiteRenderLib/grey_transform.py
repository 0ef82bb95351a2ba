"""What turns values of a volume into shades of grey."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray


class GreyTransform(Protocol):
    """A `WindowLevel`, `VoiLut` or `DisplayLut`."""

    def shades(self, values: ArrayLike) -> NDArray[np.float32]:
        """Shades from 0 (black) to 1 (white) of values of any shape; NaN stays NaN."""
        ...

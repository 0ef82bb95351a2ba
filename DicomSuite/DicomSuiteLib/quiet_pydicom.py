"""Keep pydicom from quoting values of a file in warnings and log lines, which may identify the patient."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from pydicom.config import disable_value_validation


@contextmanager
def quiet_pydicom() -> Iterator[None]:
    """Read leniently and silently: a value that breaks its VR fails only if it cannot be converted."""
    logger = logging.getLogger("pydicom")
    was_disabled = logger.disabled
    with warnings.catch_warnings(), disable_value_validation():
        warnings.simplefilter("ignore")
        logger.disabled = True
        try:
            yield
        finally:
            logger.disabled = was_disabled

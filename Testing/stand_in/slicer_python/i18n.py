"""``slicer.i18n``: translation of user-visible texts through ``slicer.app.translate``."""

import functools
import logging
import re
import sys
from pathlib import Path

_PLACEHOLDER = re.compile(r"(?<!\{)\{([^{}]+)\}(?!\})")


def translate(context, text):
    import slicer

    return slicer.app.translate(context, text)


@functools.cache
def getContext(sourceFile):
    """The file's name without its ending, behind its package's where it is in one."""
    path = Path(sourceFile)
    if path.is_file() and (path.parent / "__init__.py").is_file():
        return f"{path.parent.name}.{path.stem}"
    return path.stem if path.is_file() else path.name


def tr(text):
    """Translates within the context of the caller's file; a translation with other placeholders is refused."""
    translated = translate(getContext(sys._getframe(1).f_code.co_filename), text)
    if set(_PLACEHOLDER.findall(text)) != set(_PLACEHOLDER.findall(translated)):
        logging.warning(f"translation of {text!r} has other placeholders: {translated!r}")
        return text
    return translated

"""A second check box for a choice that has its control elsewhere: where the user needs it, and where it belongs."""

from __future__ import annotations

import qt


class TwinBox:
    """Follows `original`, and `original` follows it; disabled with the same reason."""

    def __init__(self, original: qt.QCheckBox, explanation: str) -> None:
        self._original = original
        self.widget = qt.QCheckBox(original.text)
        self.widget.toolTip = explanation
        self._explanation = explanation
        self.widget.connect("clicked(bool)", original.setChecked)
        original.connect("toggled(bool)", lambda isChecked: self.update())
        self.update()

    def update(self) -> None:
        """Show what the original says, and whether it can be changed."""
        self.widget.checked = self._original.checked
        self.widget.enabled = self._original.enabled
        self.widget.toolTip = self._explanation if self._original.enabled else self._original.toolTip

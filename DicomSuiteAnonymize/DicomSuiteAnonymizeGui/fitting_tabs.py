"""Tabs that are as high as the page that is shown, and not as the highest of all."""

from __future__ import annotations

import qt


class FittingTabs:
    """Lets a QTabWidget follow the height of its current page; each page holds one widget.

    A tab widget asks all pages for their height, whatever their size policy says; one that holds nothing visible
    needs none.
    """

    def __init__(self, tabs: qt.QTabWidget) -> None:
        self._tabs = tabs
        tabs.connect("currentChanged(int)", lambda index: self._fit())
        self._fit()

    def _fit(self) -> None:
        for number in range(self._tabs.count):
            content = self._tabs.widget(number).layout().itemAt(0).widget()
            content.visible = number == self._tabs.currentIndex

"""How like the reference every slice is, as a drawing: PSNR and SSIM along the volume, a line for each method."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from DicomSuiteLib.report_page import escape
from DicomSuiteSuperResLib.volume_metrics import Comparison, Metrics

COLOURS = ("#2f8f9d", "#b0703c", "#7a6fb0")
"""Of the methods in their order: told apart on white and on black."""

WIDTH, HEIGHT = 760, 170
"""Pixels of one drawing."""
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 26, 24
"""Pixels around its axes."""
FEWEST_POINTS = 2
MOST_DASHES = 8

FIGURES: Mapping[str, Callable[[Metrics], float | None]] = {
    "PSNR, dB": lambda metrics: metrics.psnr,
    "SSIM": lambda metrics: metrics.ssim,
}


def slice_plot(comparisons: Mapping[str, Comparison]) -> str:
    """An SVG that stands alone; `comparisons` are along the same axis, by the method that the legend names.

    Slices without voxels in the mask, and those without any error, whose PSNR is infinite, leave a gap.
    """
    drawings = [
        _drawing(title, {method: [figure(part) for part in one.slices] for method, one in comparisons.items()})
        for title, figure in FIGURES.items()
    ]
    shifted = "".join(
        f'<g transform="translate(0 {number * HEIGHT})">{drawing}</g>' for number, drawing in enumerate(drawings)
    )
    height = len(drawings) * HEIGHT
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="100%" role="img" '
        f'aria-label="PSNR and SSIM of every slice" font-family="sans-serif" font-size="11" fill="currentColor">'
        f"{shifted}</svg>\n"
    )


def _drawing(title: str, lines: Mapping[str, Sequence[float | None]]) -> str:
    shown = [value for line in lines.values() for value in line if _is_shown(value)]
    low, high = (min(shown), max(shown)) if shown else (0.0, 1.0)
    count = max(map(len, lines.values()), default=0)
    step = _round_step((high - low) or abs(high) or 1.0)
    low, high = math.floor(low / step) * step, math.ceil(high / step) * step or step
    across = (WIDTH - LEFT - RIGHT) / max(count - 1, 1)
    up = (HEIGHT - TOP - BOTTOM) / (high - low or step)

    def place(number: int, value: float) -> str:
        return f"{LEFT + number * across:.1f},{HEIGHT - BOTTOM - (value - low) * up:.1f}"

    parts = [f'<text x="{LEFT}" y="14" font-weight="600">{escape(title)}</text>', _legend(lines)]
    dashes = [low + step * number for number in range(round((high - low) / step) + 1)]
    parts += [_dash(value, float(place(0, value).split(",")[1])) for value in dashes]
    parts += [_slice_number(number, LEFT + number * across) for number in sorted({0, count // 2, max(count - 1, 0)})]
    for line, colour in zip(lines.values(), COLOURS, strict=False):
        for points in _unbroken(line):
            path = " ".join(place(number, value) for number, value in points)
            parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.6"/>')
    return "".join(parts)


def _is_shown(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _round_step(span: float) -> float:
    """1, 2 or 5 times a power of ten, so that at most `MOST_DASHES` fit into the span."""
    power = 10.0 ** math.floor(math.log10(span / MOST_DASHES))
    return next(power * times for times in (1, 2, 5, 10) if power * times * MOST_DASHES >= span)


def _unbroken(line: Sequence[float | None]) -> list[list[tuple[int, float]]]:
    """The stretches of at least two neighbouring slices that have a value."""
    stretches: list[list[tuple[int, float]]] = [[]]
    for number, value in enumerate(line):
        if _is_shown(value):
            stretches[-1].append((number, value))
        elif stretches[-1]:
            stretches.append([])
    return [stretch for stretch in stretches if len(stretch) >= FEWEST_POINTS]


def _legend(methods: Sequence[str] | Mapping[str, object]) -> str:
    entries, right = [], WIDTH - RIGHT
    for method, colour in reversed(list(zip(methods, COLOURS, strict=False))):
        entries.append(f'<text x="{right}" y="14" text-anchor="end" fill="{colour}">{escape(method)}</text>')
        right -= 8 * len(method) + 16
    return "".join(entries)


def _dash(value: float, y: float) -> str:
    return (
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="currentColor" opacity=".15"/>'
        f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:.4g}</text>'
    )


def _slice_number(number: int, x: float) -> str:
    return f'<text x="{x:.1f}" y="{HEIGHT - 8}" text-anchor="middle" opacity=".7">{number}</text>'

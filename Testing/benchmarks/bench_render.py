"""How fast pictures and surfaces are made, as ratios to what others take in the same run.

    pip install matplotlib pyvista
    python Testing/benchmarks/bench_render.py [slices] [surfaces] [ray_casters] [turntable]

Without names all four parts run, one after the other, each on volumes of its own making.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("Testing", "DicomSuite", "DicomSuiteRender", "Testing/benchmarks")
PARTS = ("slices", "surfaces", "ray_casters", "turntable")


def main(names: list[str]) -> int:
    """Print what each part measures; 2 if a name is not that of a part."""
    if unknown := [name for name in names if name not in PARTS]:
        print(f"There is no part {unknown[0]!r}; choose from {', '.join(PARTS)}.")
        return 2
    sys.path[:0] = [str(ROOT / folder) for folder in FOLDERS]
    for name in names or PARTS:
        print(f"\n{name}", flush=True)
        for what, ratio, target in import_module(f"render_{name}").measure():
            print(f"  {what:<60} {ratio:>9.3g}   ({target})", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

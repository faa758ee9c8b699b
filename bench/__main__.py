"""Runs measure() of every module in bench/, or of those named: python -m bench weight"""

import importlib
import sys
from pathlib import Path

names = sys.argv[1:] or sorted(path.stem for path in Path(__file__).parent.glob("[!_]*.py"))
for name in names:
    module = importlib.import_module(f"bench.{name}")
    print(f"\n{name}: {(module.__doc__ or '').strip().splitlines()[0]}")
    module.measure()

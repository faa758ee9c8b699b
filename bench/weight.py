"""What the stylesheet and the script weigh over the wire."""

import json
from pathlib import Path

DIST = Path(__file__).resolve().parent.parent / "static" / "dist"


def measure() -> None:
    for name, built in json.loads((DIST / "manifest.json").read_text("utf-8")).items():
        raw, gz, br = ((DIST / (built + ending)).stat().st_size for ending in ("", ".gz", ".br"))
        print(f"  {name:<8} {raw:>7,} bytes   gzip {gz:>6,}   brotli {br:>6,}")

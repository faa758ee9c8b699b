"""Lists the rows of docs/acceptance.csv that no test covers.

A test covers a row by carrying its id: @pytest.mark.covers("S4-064", "S4-065").
"""

import ast
import csv
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    rows = read_rows()
    marked = marked_ids(ROOT / "tests")
    missing = [row for row in rows if row["id"] not in marked]
    unknown = sorted(marked - {row["id"] for row in rows})

    for row in missing:
        print(f"{row['id']}  {row['area']:<24} {row['capability']}")
    if missing:
        print()
    for area, count in Counter(row["id"][:2] for row in missing).items():
        print(f"{area}: {count} of {sum(row['id'].startswith(area) for row in rows)} rows have no test")
    print(f"{len(rows) - len(missing)} of {len(rows)} rows are covered")
    if unknown:
        print(f"Tests name rows that do not exist: {', '.join(unknown)}", file=sys.stderr)
    return 1 if unknown else 0


def read_rows() -> list[dict[str, str]]:
    with (ROOT / "docs" / "acceptance.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def marked_ids(folder: Path) -> set[str]:
    return {
        argument.value
        for path in folder.rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "covers"
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    }


if __name__ == "__main__":
    sys.exit(main())

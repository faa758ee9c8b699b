"""Tables of the documents, which tests go through cell by cell."""

from pathlib import Path


def rows_under(document: Path, heading: str) -> dict[str, list[str]]:
    """The cells of the first table under that heading, by the first cell of each row, without marks of emphasis."""
    text = document.read_text("utf-8").split(f"\n{heading}\n", 1)[1]
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.startswith("## "):
            break
        if not line.startswith("|"):
            if found:
                break
            continue
        name, *cells = (cell.strip().replace("**", "") for cell in line.strip("|").split("|"))
        if name and not name.startswith("-"):
            found[name] = cells
    return found

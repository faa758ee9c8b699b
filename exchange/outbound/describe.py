"""The files and columns of an export in the words of docs/feed.md."""

from exchange.outbound.kinds import KINDS
from exchange.outbound.shape import Out, OutFile


def format_of_an_export() -> str:
    """The chapter of docs/feed.md that lists every column of what goes out."""
    return "\n\n".join(_section(file) for kind in KINDS for file in kind.files) + "\n"


def _section(file: OutFile) -> str:
    lines = [
        f"### {file.name}",
        file.says,
        "",
        "| Column | What stands in it | What it is |",
        "|---|---|---|",
        *(_row(column) for column in file.columns),
    ]
    return "\n".join(lines)


def _row(column: Out) -> str:
    return f"| `{column.name}` | {column.kind.words} | {column.note} |"

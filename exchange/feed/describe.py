"""The files and columns of a feed in the words of docs/feed.md."""

from exchange.feed.schema import FILES, MANIFEST
from exchange.feed.shape import Column, File


def format_of_a_feed() -> str:
    """The chapter of docs/feed.md that lists every column."""
    return "\n\n".join(_section(file) for file in (*FILES, MANIFEST)) + "\n"


def _section(file: File) -> str:
    columns = [file.attributes[name].name for name in file.key]
    lines = [
        f"### {file.name}",
        f"{file.says} A row is found by {' and '.join(f'`{name}`' for name in columns)}.",
        "",
        "| Column | Needed | What may stand in it | What it is |",
        "|---|---|---|---|",
        *(_row(column) for column in file.columns),
    ]
    return "\n".join(lines)


def _row(column: Column) -> str:
    needed = "" if column.optional else "yes"
    return f"| `{column.name}` | {needed} | {column.kind.words} | {column.note} |"

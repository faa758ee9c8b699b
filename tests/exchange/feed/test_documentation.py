"""docs/feed.md says what the schema says, and its example is one that can be imported."""

import re
from pathlib import Path

from exchange.feed import FILES, import_feed
from exchange.feed.describe import format_of_a_feed
from exchange.outbound.describe import format_of_an_export
from exchange.outbound.kinds import FILES as OUT_FILES
from exchange.outbound.kinds import KINDS


def test_the_columns_in_the_documentation_are_those_of_the_schema(repository: Path):
    found = re.search(r"<!-- columns -->\n(.*)<!-- end of columns -->", _text(repository), re.DOTALL)

    assert found[1] == format_of_a_feed(), "put what `./portal feed format` prints between the two marks"


def test_the_columns_of_the_way_out_are_those_of_the_schema(repository: Path):
    found = re.search(r"<!-- columns out -->\n(.*)<!-- end of columns out -->", _text(repository), re.DOTALL)

    assert found[1] == format_of_an_export(), "put what `./portal feed format` prints behind the line between the marks"


def test_every_kind_that_is_told_has_files_of_its_own_with_one_reference():
    names = [file.name for file in OUT_FILES]
    assert len(names) == len(set(names))
    assert not set(names) & {file.name for file in FILES}, "a name means one thing, whichever way it goes"
    assert len({kind.name for kind in KINDS}) == len(KINDS)
    for kind in KINDS:
        assert len({file.columns[0].name for file in kind.files}) == 1, kind.name


def test_every_column_has_an_attribute_of_its_entity():
    for file in FILES:
        for column in file.columns:
            assert hasattr(file.entity, column.attribute), (file.name, column.name)


def test_files_come_after_those_that_they_refer_to():
    names = [file.name for file in FILES]
    for file in FILES:
        assert all(names.index(target) < names.index(file.name) for target in file.links.values())


def test_the_example_can_be_imported(repository: Path, tmp_path: Path, database: object):
    blocks = re.findall(r"`(\w+\.csv)`\n\n```csv\n(.*?)```", _text(repository), re.DOTALL)
    first, second = _without_repeats(blocks)

    for number, files in enumerate((first, second)):
        directory = tmp_path / str(number)
        directory.mkdir()
        for name, content in files.items():
            (directory / name).write_text(content, "utf-8")
        assert import_feed(directory).is_news

    assert len(first) == 9
    assert list(second) == ["item_prices.csv", "absences.csv"]


def _without_repeats(blocks: list[tuple[str, str]]) -> list[dict[str, str]]:
    """The blocks as feeds: a name that comes again begins another one."""
    feeds: list[dict[str, str]] = [{}]
    for name, content in blocks:
        if name in feeds[-1]:
            feeds.append({})
        feeds[-1][name] = content
    return feeds


def _text(repository: Path) -> str:
    return (repository / "docs" / "feed.md").read_text("utf-8")

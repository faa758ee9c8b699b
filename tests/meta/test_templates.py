import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
NAMES = [path.relative_to(ROOT / "templates").as_posix() for path in TEMPLATES]
PAGES = [name for name in NAMES if name != "base.html" and not name.startswith("components/") and "/_" not in name]
PARTS = [name for name in NAMES if "/_" in name]


def source(name: str) -> str:
    return (ROOT / "templates" / name).read_text("utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_every_template_compiles(app, name):
    app.jinja_env.get_template(name)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_extends_base_and_has_a_title(name):
    assert re.search(r'{%-? *extends "', source(name))
    assert re.search(r"{%-? *block title", source(name))


@pytest.mark.parametrize("name", PARTS)
def test_a_part_of_a_page_is_no_page(name):
    assert "{% extends" not in source(name)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_escapes_escaping(name):
    """No |safe and no autoescape off; what must be HTML is written in a template."""
    assert not re.search(r"\|\s*safe\b|autoescape|Markup", source(name))


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_inline(name):
    """The content security policy would block it."""
    assert not re.search(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son\w+=|hx-on|javascript:", source(name))


@pytest.mark.parametrize("name", NAMES)
def test_addresses_are_built_and_not_written(name):
    assert not re.search(r'(href|action|hx-get|hx-post)="/', source(name))


@pytest.mark.parametrize("name", [name for name in NAMES if name != "base.html"])
def test_every_template_is_used(name):
    code = [path for folder in ("blueprints", "exchange") for path in (ROOT / folder).rglob("*.py")]
    users = [path.read_text("utf-8") for path in [*code, *TEMPLATES]]
    assert any(f'"{name}"' in text for text in users), "nobody renders, includes or imports it"


@pytest.mark.parametrize("name", NAMES)
def test_templates_ask_and_do_not_compare_raw_values(name):
    """A state answers `is_finalised` (models.words.Choice); its value in the database is nobody's business here."""
    assert not re.search(
        r"\.(value|name) (==|!=|in|not in) |\[\w+(\.\w+)*\.value\]|\.get\(\w+(\.\w+)*\.value", source(name)
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_card_keeps_the_lines_of_a_cell_together(name):
    """On a phone a cell is its heading and one thing beside it: lines are wrapped in one element, or each becomes a
    column of its own.
    """
    cells = re.findall(r'<td[^>]*\sdata-label="[^"]*"[^>]*>(.*?)</td>', source(name), re.DOTALL)
    bare = [cell for cell in cells if "<br>" in re.sub(r"<(span|div|ul)\b.*</\1>", "", cell, flags=re.DOTALL)]
    assert not bare

"""What `make assets` built, and whether the templates stay within it."""

import json
import re
from pathlib import Path

import pytest
import tinycss2

ROOT = Path(__file__).resolve().parents[2]
DIST = ROOT / "static" / "dist"
BUDGET = 46 * 1024
"""The aim for a first visit. The page itself takes at most 8 KB of it."""


def built(name: str) -> Path:
    return DIST / json.loads((DIST / "manifest.json").read_text("utf-8"))[name]


def test_there_is_one_stylesheet_and_few_scripts_named_after_their_content():
    manifest = json.loads((DIST / "manifest.json").read_text("utf-8"))
    assert set(manifest) == {"actuals.js", "app.css", "app.js", "claim.js", "passkey.js"}
    for name in manifest.values():
        assert re.fullmatch(r"(actuals|app|claim|passkey)\.[0-9a-f]{12}\.(css|js)", name)
        for ending in ("", ".br", ".gz"):
            assert (DIST / (name + ending)).stat().st_size > 200


def test_the_stylesheet_and_the_script_leave_room_for_the_page():
    assert sum(Path(f"{built(name)}.br").stat().st_size for name in ("app.css", "app.js")) < BUDGET - 8 * 1024


@pytest.mark.parametrize("name", ["passkey.js", "claim.js", "actuals.js"])
def test_a_script_of_few_pages_is_small(name):
    assert Path(f"{built(name)}.br").stat().st_size < 1_500


def test_the_stylesheet_fetches_nothing():
    css = built("app.css").read_text("utf-8")
    assert "@import" not in css
    assert "@font-face" not in css
    assert "url(" not in css


@pytest.mark.parametrize("name", ["actuals.js", "app.js", "claim.js", "passkey.js"])
def test_old_browsers_can_read_the_script(name):
    """esbuild lowers syntax; what it must not have left is what ES2017 does not know."""
    script = built(name).read_text("utf-8")
    assert not re.search(r"\?\.[A-Za-z_(\[]", script), "optional chaining"
    assert not re.search(r"\w\?\?\w", script), "nullish coalescing"
    assert not re.search(r"import[ ({*]", script.replace("important", "")), "modules"


def test_every_govuk_class_in_a_template_is_in_the_stylesheet():
    css = built("app.css").read_text("utf-8")
    known = {name.replace("\\", "") for name in re.findall(r"\.(govuk-(?:\\.|[\w-])+)", css)}
    known |= {"govuk-js-service-navigation-toggle"}  # a hook for the script
    known |= {name.partition("__")[0] for name in known}
    for template in (ROOT / "templates").rglob("*.html"):
        missing = govuk_classes(template.read_text("utf-8")) - known
        assert not missing, f"{template.relative_to(ROOT)}: name the component of {missing} in static/src/app.scss"


def govuk_classes(markup: str) -> set[str]:
    markup = re.sub(r"{#.*?#}", "", markup, flags=re.DOTALL)
    markup = re.sub(r"{%.*?%}", " ", markup, flags=re.DOTALL)
    names = " ".join(re.findall(r'class="([^"]*)"', markup)).split()
    # an element without a style of its own is fine, as long as its component is there
    return {name.partition("__")[0] for name in names if name.startswith("govuk-") and "{" not in name}


def test_the_stylesheet_is_valid():
    rules = tinycss2.parse_stylesheet(built("app.css").read_text("utf-8"), skip_comments=True, skip_whitespace=True)
    assert [rule for rule in rules if rule.type == "error"] == []

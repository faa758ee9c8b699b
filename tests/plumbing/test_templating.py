"""What templates write is what Jinja itself would: only quicker."""

from datetime import date

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as some
from jinja2 import DictLoader, Environment, pass_context, pass_environment, select_autoescape
from markupsafe import Markup, escape

from blueprints.templating import OneSetOfNames, written
from models.permissions import Role

SOURCES = {
    "values.html": "{{ value }}|{{ value ~ '<' }}|{{ value | safe }}|{{ '<' if value else '&' }}",
    "macros.html": "{% macro one(it) %}<b>{{ it }}{{ caller() if caller else '' }}</b>{% endmacro %}"
    "{{ one(value) }}{% call one(value) %}{{ value }}{% endcall %}",
    "set.html": "{% set kept %}<i>{{ value }}</i>{% endset %}{{ kept }}{{ kept | length }}",
    "calls.html": "{{ plain(value) }}{{ with_context(1) }}{{ with_environment() }}{{ 'a'.upper() }}"
    "{{ '{:>3}'.format(2) }}"
    "{% for each in [1] %}{% set inner = each %}{{ with_context(inner) }}{{ plain(each, more='&') }}{% endfor %}"
    "{{ made(value).shown() }}{{ made(3)() }}{{ stops() is undefined }}{{ dict(a=1).get('a') }}",
    "plain.txt": "{{ value }}",
    "inside.html": "{% for each in [value, value] %}{% include 'values.html' %}{{ loop.index }}{% endfor %}"
    "{% autoescape false %}{{ value }}{% endautoescape %}",
}
VALUES = ("<a href=\"x\">'&'</a>", "", "plain", Markup("<b>&amp;</b>"), 7, -1, True, None, 1.5, date(2019, 9, 30),
          Role.ADMINISTRATOR, ["<", 1])  # fmt: skip


class Made:
    def __init__(self, value):
        self.value = value

    def shown(self, more="<"):
        return f"{self.value}{more}"

    def __call__(self):
        return "called"


@pass_context
def _with_context(context, asked):
    return f"{asked} {context.resolve('inner')!r} {context.name}"


@pass_environment
def _with_environment(environment):
    return environment.block_start_string


def _stops():
    raise StopIteration


FUNCTIONS = {
    "plain": lambda value, more="<": f"{value}{more}", "with_context": _with_context, "made": Made,
    "with_environment": _with_environment, "stops": _stops,
}  # fmt: skip


def _ours(**options):
    return OneSetOfNames(Flask(__name__), **options)


def _made_by(kind, name, value):
    made = kind(loader=DictLoader(SOURCES), autoescape=select_autoescape(["html"]))
    made.globals.update(FUNCTIONS)
    return made.get_template(name).render(value=value)


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_template_writes_what_jinja_writes(name, value):
    assert _made_by(_ours, name, value) == _made_by(Environment, name, value)


@given(some.one_of(some.text(), some.integers(), some.booleans(), some.floats(), some.text().map(Markup)))
def test_a_value_is_written_as_it_is_escaped(value):
    assert written(value) == str(escape(value))


def test_a_macro_that_is_asked_for_a_text_gives_one_that_is_not_escaped_again():
    template = _ours(autoescape=True).from_string(
        "{% macro one(it) %}<b>{{ it }}</b>{% endmacro %}{{ one('<') ~ '<' }}"
    )
    assert template.render() == "<b>&lt;</b>&lt;"

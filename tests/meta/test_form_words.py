"""Every field of every form says what to do, whatever is typed: nothing of WTForms' own words reaches anybody."""

import importlib
import inspect
import pkgutil
import re

import pytest
import wtforms
from werkzeug.datastructures import MultiDict
from wtforms.fields import FieldList, FormField

import forms
from forms.base import FilterForm, FlaskForm
from forms.filters import ChoiceField
from models.accounts.notification import News, When

BAD = ["", "x", "\x00", "-1", "31 02 2026", "y" * 3_000]
NOT_PLAIN = re.compile(
    r"not a valid|invalid|this field|^field |coerce|a [aeiou]|[Cc]hoose an? (only|show)|data required"
)
GIVEN = {
    "judge": lambda _password: None,
    "problems_with": lambda names: [f"{name} is no provider. Check its name" for name in names],
    "due": "today",
    "held": {},
    "kinds": list(News),
    "offered": list(When),
    "chosen": dict.fromkeys(News, When.AT_ONCE),
    "asked": MultiDict(),
    "seen": "0" * 64,
    "provider": "Oak House",
    "has_password": True,
}
"""What forms are made with, by the names of their arguments."""


def every_form():
    for module in pkgutil.iter_modules(forms.__path__):
        found = vars(importlib.import_module(f"forms.{module.name}")).values()
        for each in found:
            if inspect.isclass(each) and issubclass(each, wtforms.Form) and each.__module__ == f"forms.{module.name}":
                yield each


FORMS = sorted(set(every_form()) - {FlaskForm, FilterForm}, key=lambda each: (each.__module__, each.__name__))


def made(kind, data):
    asked = inspect.signature(kind.__init__).parameters
    if issubclass(kind, FilterForm):
        return kind(MultiDict(data))
    return kind(**{name: value for name, value in GIVEN.items() if name in asked})


def errors_of(form):
    for field in form:
        if field.name == "csrf_token":
            continue
        for error in [*field.errors, *getattr(field, "form_errors", [])]:
            yield from [error] if isinstance(error, str) else []


@pytest.mark.parametrize("kind", FORMS, ids=lambda each: f"{each.__module__}.{each.__name__}")
def test_whatever_is_typed_the_form_says_in_plain_words_what_to_do(app, kind):
    told = set()
    for bad in BAD:
        with app.test_request_context("/", method="POST", data={"x": "y"}):
            names = [field.name for field in made(kind, {}) if not isinstance(field, FieldList | FormField)]
        with app.test_request_context("/", method="POST", data=dict.fromkeys(names, bad)):
            form = made(kind, dict.fromkeys(names, bad))
            form.offered = set()  # what a view tells some forms before they are validated
            for field in form:
                if isinstance(field, ChoiceField) and not field.choices:
                    field.offer(("known", "Known"))
            form.validate()
            told |= set(errors_of(form))
    assert not [each for each in told if NOT_PLAIN.search(each) or not each[:1].isupper()]


def test_no_filter_is_named_as_the_ending_of_a_file_is(app):
    """The link to a list's file carries the list's filters beside `ending`."""
    filters = {field.name for kind in FORMS if issubclass(kind, FilterForm) for field in made(kind, {})}
    assert any("ending" in rule.arguments for rule in app.url_map.iter_rules())
    assert "kind" in filters
    assert "ending" not in filters

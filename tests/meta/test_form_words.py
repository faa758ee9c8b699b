"""Every field of every form says what to do, whatever is typed: nothing of WTForms' own words reaches anybody."""

import importlib
import inspect
import pkgutil
import re
from types import SimpleNamespace

import pytest
import wtforms
from werkzeug.datastructures import MultiDict
from wtforms.fields import FieldList, FormField

import forms
from forms.actuals import SheetForm
from forms.base import FilterForm, FlaskForm
from forms.filters import ChoiceField
from forms.invoices import FromActualsForm, LineForm, Quantities
from forms.sheets import BOXES, SheetField
from models.accounts.notification import News, When
from models.records.actual import ConfirmedActual

BAD = ["", "x", "\x00", "-1", "31 02 2026", "y" * 3_000]
NOT_PLAIN = re.compile(
    r"not a valid|invalid|this field|^field |coerce|\ba [aeiou]|[Cc]hoose an? (only|show)|data required"
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
    "figure": ConfirmedActual(actual_e4=10_000, frustrated_e4=0, missed_e4=0, extra_e4=0, comment=""),
}
"""What forms are made with, by the names of their arguments."""
ITEM = 12
OFFERED = {
    SheetForm: SimpleNamespace(by_item={ITEM: SimpleNamespace(name="Simpson, Bart (C1)")}),
    FromActualsForm: [],
    LineForm: [],
}
"""What a view offers to forms that cannot be validated before, by form."""


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


def boxes_of(form):
    """The names under which a browser sends what is typed in it; a grid's, of the row of one item."""
    for field in form:
        if isinstance(field, SheetField):
            yield from (f"{field.name}-{ITEM}-{box}" for box in BOXES)
        elif isinstance(field, Quantities):
            yield f"{field.name}-{ITEM}"
        elif not isinstance(field, FieldList | FormField):
            yield field.name


def errors_of(form):
    yield from getattr(form, "form_errors", [])
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
            names = list(boxes_of(made(kind, {})))
        with app.test_request_context("/", method="POST", data=dict.fromkeys(names, bad)):
            form = made(kind, dict.fromkeys(names, bad))
            form.offered = set()  # what a view tells some forms before they are validated
            if kind in OFFERED:
                form.offer(OFFERED[kind])
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

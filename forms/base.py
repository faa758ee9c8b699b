"""What every form on a page has in common."""

from collections.abc import Set
from typing import Any

import flask_wtf
import wtforms
from flask import g, has_request_context
from wtforms import BooleanField, FieldList, FileField, FormField, RadioField, SubmitField
from wtforms.csrf.core import CSRFTokenField
from wtforms.fields import SelectMultipleField
from wtforms.form import BaseForm

from forms.fields import PasswordField, Ticks
from forms.sheets import SheetField
from forms.trips import TripsField

NOT_ALWAYS_SENT = (
    BooleanField, CSRFTokenField, FieldList, FileField, FormField, PasswordField, RadioField, SelectMultipleField,
    SheetField, SubmitField, Ticks, TripsField,
)  # fmt: skip


class PlainWords:
    """What WTForms says of its own accord, in words that tell people what to do. A field that knows better says so."""

    SAID = {
        "Not a valid choice.": "Choose one from the list",
        "Invalid Choice: could not coerce.": "Choose one from the list",
        "Invalid choice(s): one or more data inputs could not be coerced.": "Choose from the list",
        "Not a valid date value.": "Enter a day of the calendar, like 27/03/2026",
        "Not a valid integer value.": "Enter a whole number, like 12",
        "This field is required.": "Fill this in",
    }

    def gettext(self, text: str) -> str:
        return self.SAID.get(text, text)

    def ngettext(self, one: str, many: str, count: int) -> str:
        if "valid choice" in one:
            return "Choose only what is in the list"
        if one.startswith("Field cannot be longer than"):
            return "Write %(max)d characters or fewer"
        if one.startswith("Field must be at least"):
            return "Write %(min)d characters or more"
        return one if count == 1 else many


class FlaskForm(flask_wtf.FlaskForm):
    """A form with a token. What its person typed before their session ended stands in it again, once: see
    blueprints/kept_forms.py. Its one-time key comes with `csrf()` of components/form.html.
    """

    class Meta(flask_wtf.FlaskForm.Meta):
        def get_translations(self, form: BaseForm) -> PlainWords:
            return PlainWords()

        def wrap_formdata(self, form: BaseForm, formdata: Any) -> Any:
            given, kept = super().wrap_formdata(form, formdata), g.get("kept_form")
            if given is None and kept is not None and _fits(form, kept.names):
                return kept.take()
            return given

    def validate(self, *more: Any, **named: Any) -> bool:
        """Also wrong is a form that was sent before with something else in it (blueprints/presses.py), and one of which
        a rule has said no (blueprints/refusals.py).
        """
        is_valid = super().validate(*more, **named)
        if (refused := g.get("refused")) is not None:
            self.form_errors, g.is_refused_on_form = [*self.form_errors, refused], True
            return False
        if (sent_before := g.get("sent_before")) is None:
            return is_valid
        self.form_errors = [*self.form_errors, *sent_before.told()]
        return False


class Linked(str):
    """What is wrong with a form as a whole, with the address of the page to look at."""

    href: str

    def __new__(cls, text: str, href: str) -> "Linked":
        made = super().__new__(cls, text)
        made.href = href
        return made


class FilterForm(wtforms.Form):
    """What a list shows, chosen in its address. Links of the page keep the names of its fields, and no other that an
    address may hold: see kept_in_links() of blueprints/lookups.py.
    """

    class Meta:
        def get_translations(self, form: BaseForm) -> PlainWords:
            return PlainWords()

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        if has_request_context():
            g.setdefault("kept_in_links", set()).update(self._fields)


class ButtonForm(FlaskForm):
    """A button, and nothing to say."""


def _fits(form: BaseForm, names: Set[str]) -> bool:
    """Whether a form with fields of these names may be this one."""
    always = {field.name for field in form if not isinstance(field, NOT_ALWAYS_SENT)}
    return always <= names and any(name.split("-")[0] in form for name in names)

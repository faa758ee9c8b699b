"""What every form on a page has in common."""

from collections.abc import Set
from typing import Any

import flask_wtf
from flask import g
from wtforms import BooleanField, FieldList, FileField, FormField, RadioField, SubmitField
from wtforms.csrf.core import CSRFTokenField
from wtforms.fields import SelectMultipleField
from wtforms.form import BaseForm

from forms.fields import PasswordField

NOT_ALWAYS_SENT = (
    BooleanField, CSRFTokenField, FieldList, FileField, FormField, PasswordField, RadioField, SelectMultipleField,
    SubmitField,
)  # fmt: skip


class FlaskForm(flask_wtf.FlaskForm):
    """A form with a token. What its person typed before their session ended stands in it again, once: see
    blueprints/kept_forms.py. Its one-time key comes with `csrf()` of components/form.html.
    """

    class Meta(flask_wtf.FlaskForm.Meta):
        def wrap_formdata(self, form: BaseForm, formdata: Any) -> Any:
            given, kept = super().wrap_formdata(form, formdata), g.get("kept_form")
            if given is None and kept is not None and _fits(form, kept.names):
                return kept.take()
            return given

    def validate(self, *more: Any, **named: Any) -> bool:
        """Also wrong is a form that was sent before with something else in it: see blueprints/presses.py."""
        is_valid = super().validate(*more, **named)
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


class ButtonForm(FlaskForm):
    """A button, and nothing to say."""


def _fits(form: BaseForm, names: Set[str]) -> bool:
    """Whether a form with fields of these names may be this one."""
    always = {field.name for field in form if not isinstance(field, NOT_ALWAYS_SENT)}
    return always <= names and any(name.split("-")[0] in form for name in names)

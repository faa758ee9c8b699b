"""What is typed to log in, and to change what one logs in with."""

import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

from wtforms import ValidationError
from wtforms.form import BaseForm
from wtforms.validators import DataRequired, InputRequired, Length, StopValidation
from wtforms.widgets import HiddenInput

from forms.base import FlaskForm
from forms.fields import PasswordField, Rows, StringField, no_long_email

LONGEST_ANSWER = 20_000
"""Characters of what a browser answers for a passkey: many times what is usual."""
Judge = Callable[[str], str | None]
"""What is wrong with a text, in words for the person, or None."""


STALE = "This page was open for too long, so nothing was sent. Check what stands here, and send it now"


class StrangersForm(FlaskForm):
    """A form of somebody who is not logged in. Where its page is too old, it is drawn again, filled in, with a new
    token; the views are excused from the check that would answer with an error page (app.py).
    """

    def validate(self, *more: Any, **named: Any) -> bool:
        is_valid = super().validate(*more, **named)
        if self["csrf_token"].errors:
            for field in self:
                field.errors = []
            self.form_errors = [STALE]
        return is_valid


class LogInForm(StrangersForm):
    email = StringField("E-mail", validators=[InputRequired("Enter your e-mail address"), no_long_email])
    password = PasswordField("Password", validators=[InputRequired("Enter your password")])


class ForgottenForm(StrangersForm):
    email = StringField("E-mail", validators=[InputRequired("Enter your e-mail address"), no_long_email])


class ProveForm(FlaskForm):
    password = PasswordField("Password", validators=[InputRequired("Enter your password")])


class CodeForm(FlaskForm):
    code = StringField("Code", validators=[InputRequired("Enter the code from the e-mail")])


class AppCodeForm(FlaskForm):
    code = StringField("Code", validators=[InputRequired("Enter the code that the app shows")])


class AnswerField(StringField):
    """What the browser answers for a passkey, which its script writes here: JSON. It is never shown again."""

    widget = HiddenInput()

    def pre_validate(self, form: BaseForm) -> None:
        if len(self.data) > LONGEST_ANSWER:
            raise StopValidation("That is not what a passkey answers. Press the button again")

    def _value(self) -> str:
        return ""


class GivePasskeyForm(FlaskForm):
    """An answer with a passkey, or a recovery code in its place."""

    credential = AnswerField("Passkey")
    code = StringField("Recovery code")

    def validate_code(self, field: StringField) -> None:
        if not field.data and not self.credential.data:
            raise ValidationError("Enter one of your recovery codes, like abcde-fgh23")


class PasskeyNameForm(FlaskForm):
    name = StringField(
        "Name of the passkey",
        validators=[DataRequired("Enter a name for the passkey, like My phone"), Length(max=50)],
        filters=[lambda name: " ".join((name or "").split())],
    )


class NewPasskeyForm(PasskeyNameForm):
    credential = AnswerField("Passkey")

    def validate_credential(self, field: StringField) -> None:
        if self.name.data and not field.data:
            raise ValidationError("No passkey was made. It takes JavaScript: turn it on, and load this page again")


class SecretField(StringField):
    """Never shown again, like a password; but nothing for a password manager to keep."""

    def _value(self) -> str:
        return ""


class DigitsForm(FlaskForm):
    """One field for each of the digits that are asked for."""

    asked = Rows(SecretField())

    def ask(self, positions: Sequence[int]) -> None:
        while len(self.asked) > len(positions):
            self.asked.pop_entry()
        while len(self.asked) < len(positions):
            self.asked.append_entry()
        for field, position in zip(self.asked, positions, strict=True):
            field.label.text = f"Digit {position} of your security code"
            field.validators = [DataRequired(f"Enter digit {position} of your security code")]

    @property
    def digits(self) -> list[str]:
        return [unicodedata.normalize("NFKC", field.data[:20]).strip() for field in self.asked]


class TwiceForm(FlaskForm):
    """A new secret, typed twice. `judge` knows its rules and the person."""

    new: PasswordField
    differ: str
    """What to say when the two are not the same."""

    def __init__(self, judge: Judge) -> None:
        super().__init__()
        self._judge = judge

    def validate_new(self, field: PasswordField) -> None:
        if problem := self._judge(field.data):
            raise ValidationError(problem)

    def validate_confirm(self, field: PasswordField) -> None:
        if field.data != self.new.data:
            raise ValidationError(self.differ)


class NewPasswordForm(TwiceForm):
    new = PasswordField("New Password", validators=[InputRequired("Enter a new password")])
    confirm = PasswordField("Confirm Password", validators=[InputRequired("Enter the new password once more")])
    differ = "The two new passwords are not the same. Type the same one twice"


class ChangePasswordForm(TwiceForm):
    current = PasswordField("Current Password", validators=[InputRequired("Enter your current password")])
    new = PasswordField("New Password", validators=[InputRequired("Enter a new password")])
    confirm = PasswordField("Confirm Password", validators=[InputRequired("Enter the new password once more")])
    differ = NewPasswordForm.differ


class SecurityCodeForm(TwiceForm):
    new = PasswordField("New Security Code", validators=[InputRequired("Enter a new security code")])
    confirm = PasswordField(
        "Confirm Security Code", validators=[InputRequired("Enter the new security code once more")]
    )
    differ = "The two security codes are not the same. Type the same one twice"

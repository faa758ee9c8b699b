"""What is typed to log in, and to change what one logs in with."""

import unicodedata
from collections.abc import Callable, Sequence

from wtforms import ValidationError
from wtforms.validators import DataRequired, InputRequired

from forms.base import FlaskForm
from forms.fields import PasswordField, Rows, StringField, no_long_email

Judge = Callable[[str], str | None]
"""What is wrong with a text, in words for the person, or None."""


class LogInForm(FlaskForm):
    email = StringField("E-mail", validators=[InputRequired("Enter your e-mail address"), no_long_email])
    password = PasswordField("Password", validators=[InputRequired("Enter your password")])


class ForgottenForm(FlaskForm):
    email = StringField("E-mail", validators=[InputRequired("Enter your e-mail address"), no_long_email])


class ProveForm(FlaskForm):
    password = PasswordField("Password", validators=[InputRequired("Enter your password")])


class CodeForm(FlaskForm):
    code = StringField("Code", validators=[InputRequired("Enter the code from the e-mail")])


class AppCodeForm(FlaskForm):
    code = StringField("Code", validators=[InputRequired("Enter the code that the app shows")])


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

"""What is typed to log in."""

from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired


class LogInForm(FlaskForm):
    email = StringField("E-mail", validators=[InputRequired("Enter your e-mail address")])
    password = PasswordField("Password", validators=[InputRequired("Enter your password")])


class CodeForm(FlaskForm):
    code = StringField("Code", validators=[InputRequired("Enter the code from the e-mail")])

"""What is typed to answer a scheduled payment."""

import re
from collections.abc import Iterable

from wtforms import BooleanField, Form, FormField, IntegerField, SubmitField
from wtforms.validators import Length, ValidationError
from wtforms.widgets import HiddenInput

from forms.base import FlaskForm
from forms.fields import Rows, SeenPence, TextAreaField
from models.money import gbp
from models.reports.explanation import Row


def tidy(text: str | None) -> str:
    return (text or "").replace("\r\n", "\n").replace("\0", "").strip()


NOT_TOO_LONG = Length(max=2_000, message="Use 2,000 characters or fewer")


class QueryForm(Form):
    """One row of the payment, and what may be wrong with it."""

    row: Row | None = None
    order_id = IntegerField(widget=HiddenInput())
    is_wrong = BooleanField("Something is wrong with this row")
    text = TextAreaField("What is wrong?", filters=[tidy], validators=[NOT_TOO_LONG])

    def validate_text(self, field: TextAreaField) -> None:
        if self.is_wrong.data and not field.data:
            raise ValidationError(f"Say what is wrong with {self.row.title if self.row else 'this row'}")


class TakeBackForm(FlaskForm):
    """Take a rejection back."""

    total_pence = SeenPence("The payment")
    confirms_pence = SeenPence("What you confirm")


class AnswerForm(FlaskForm):
    """Confirm or reject: the one whose button was pressed. The button to confirm sends the sum that it shows."""

    confirms_pence = 0
    """What a confirmation lets go, apart from rows that are queried with it; pence."""
    is_queried_held = False
    """Whether a row that is queried is held."""
    total_pence = SeenPence("The payment")

    rows = Rows(FormField(QueryForm))
    comment = TextAreaField("Comments", filters=[tidy], validators=[NOT_TOO_LONG])
    confirm = SubmitField()
    reject = SubmitField()

    def offer(self, rows: Iterable[Row]) -> None:
        """Set the rows that may be queried, keeping what was typed about each."""
        offered = {row.order.id: row for row in rows if row.order}
        for query in self.row_forms:
            query.row = offered.pop(query.order_id.data, None)
        for order_id, row in offered.items():
            self.rows.append_entry({"order_id": order_id}).form.row = row

    @property
    def row_forms(self) -> list[QueryForm]:
        return [entry.form for entry in self.rows]

    def about(self, order_id: int | None) -> QueryForm | None:
        """The part of the form that queries the row of this purchase order; None if it cannot be queried."""
        return next((query for query in self.row_forms if query.row and query.order_id.data == order_id), None)

    def validate_comment(self, field: TextAreaField) -> None:
        if self.reject.data and not self.reason:
            raise ValidationError("Say what is wrong with this payment, so that the council can put it right")

    def validate_confirm(self, field: SubmitField) -> None:
        if not (self.confirm.data or self.reject.data):
            raise ValidationError("Confirm or reject this payment")
        shown = (field.raw_data or [""])[0]
        if not self.reject.data and re.fullmatch(r"-?[0-9]+", shown) and shown != str(self.button_pence):
            because = f", since {gbp(self.ticked_pence)} is queried" if self.ticked_pence else ""
            now = f"What you confirm is {gbp(self.button_pence)} now{because}"
            raise ValidationError(f"{now}. If that is right, press the button again")

    @property
    def queries(self) -> dict[int, str]:
        """What is wrong with each row that is ticked, by its purchase order."""
        return {
            query.order_id.data: query.text.data
            for query in self.row_forms
            if query.is_wrong.data and query.order_id.data is not None
        }

    @property
    def button_pence(self) -> int:
        """What the button to confirm says."""
        return self.confirms_pence - (self.ticked_pence if self.is_queried_held else 0)

    @property
    def ticked_pence(self) -> int:
        """What the ticked rows come to, VAT included."""
        return sum(query.row.total_pence for query in self.row_forms if query.row and query.is_wrong.data)

    @property
    def reason(self) -> str:
        """The comment, and what was said of single rows: a rejection is of all of them."""
        said = [
            f"{query.row.title}: {query.text.data}"
            for query in self.row_forms
            if query.row and query.is_wrong.data and query.text.data
        ]
        return "\n".join([self.comment.data, *said]).strip()

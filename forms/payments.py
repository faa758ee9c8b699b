"""What is typed to answer a scheduled payment."""

import re
from collections.abc import Iterable, Mapping
from typing import Protocol

from wtforms import SubmitField
from wtforms.validators import Length, ValidationError

from forms.base import FlaskForm, Linked
from forms.fields import SeenPence, StringField, TextAreaField, Ticks, tidy
from models.money import gbp
from models.payments.to_answer import ToAnswer

NOT_TOO_LONG = Length(max=2_000, message="Use 2,000 characters or fewer")
MOST_LETTERS = 2_000


class Row(Protocol):
    """A row of the payment, one purchase order."""

    @property
    def order_id(self) -> int | None: ...
    @property
    def title(self) -> str: ...
    @property
    def total_pence(self) -> int: ...


class TakeBackForm(FlaskForm):
    """Take a rejection back."""

    total_pence = SeenPence("The payment")
    confirms_pence = SeenPence("What you confirm")


class AnswerForm(FlaskForm):
    """Confirm or reject: the one whose button was pressed. The button to confirm sends the sum that it shows."""

    total_pence = SeenPence("The payment")
    seen = StringField()
    """The rows that the page showed with their pence, as `seen_now` writes them."""
    find = StringField()
    """Which rows are looked for: those that are not found are hidden, and go with the form all the same."""
    query = Ticks()
    comment = TextAreaField("Comments", filters=[tidy], validators=[NOT_TOO_LONG])
    why = TextAreaField("What is wrong with the payment as a whole?", filters=[tidy], validators=[NOT_TOO_LONG])
    confirm = SubmitField()
    reject = SubmitField()

    def offer(self, rows: Iterable[Row], asked: ToAnswer, offered: Iterable[int], *, holds_queried: bool) -> None:
        """Set the payment's rows, its sums, and the purchase orders of the rows that may be queried."""
        self.rows = {row.order_id: row for row in rows if row.order_id is not None}
        self.total_pence.object_data = asked.total_pence
        self.asked, self.offered, self.holds_queried = asked, frozenset(offered), holds_queried

    def validate(self, *more: object, **named: object) -> bool:
        """Also wrong is a tick without a text, or one of a row that cannot be queried any more: each with a link."""
        is_valid = super().validate(*more, **named)
        wrong = [self._wrong_with(order_id, text) for order_id, text in self.query.data.items()]
        found = [each for each in wrong if each]
        self.form_errors = [*self.form_errors, *found]
        return is_valid and not found

    def _wrong_with(self, order_id: int, text: str) -> str | None:
        if order_id not in self.offered:
            said = f". You had written: “{text}”" if text else ""
            return f"{self._lost(order_id)} can no longer be queried, so it is not ticked any more{said}"
        if not text:
            return Linked(f"Say what is wrong with {self.rows[order_id].title}", f"#query-{order_id}")
        if len(text) > MOST_LETTERS:
            return Linked(f"Use 2,000 characters or fewer for {self.rows[order_id].title}", f"#query-{order_id}")
        return None

    def _lost(self, order_id: int) -> str:
        return self.rows[order_id].title if order_id in self.rows else "A row that is no longer in this payment"

    def validate_why(self, field: TextAreaField) -> None:
        if self.reject.data and not self.reason:
            raise ValidationError("Say what is wrong with this payment, so that the council can put it right")

    def validate_confirm(self, field: SubmitField) -> None:
        if not (self.confirm.data or self.reject.data):
            raise ValidationError("Confirm or reject this payment")
        shown = self.shown_pence
        if not self.reject.data and shown is not None and shown != self.button_pence:
            because = f", since {gbp(self.queried_pence)} is queried" if self.queried_pence else ""
            now = f"What you confirm is {gbp(self.button_pence)} now{because}"
            raise ValidationError(f"{now}. If that is right, press the button again")

    @property
    def shown_pence(self) -> int | None:
        """What the button said that was pressed to confirm."""
        sent = (self.confirm.raw_data or [""])[0]
        return int(sent) if re.fullmatch(r"-?[0-9]{1,15}", sent) else None

    @property
    def queries(self) -> dict[int, str]:
        """What is wrong with each row that is ticked and can be queried, by its purchase order."""
        return {order_id: text for order_id, text in self.query.data.items() if order_id in self.offered}

    @property
    def queried_pence(self) -> int:
        """What the ticked rows come to, VAT included, as far as no run has paid it."""
        return self.asked.queried_pence(self.queries)

    @property
    def button_pence(self) -> int:
        """What the button to confirm says."""
        return self.asked.confirms_pence - (self.queried_pence if self.holds_queried else 0)

    @property
    def reason(self) -> str:
        """Why it is rejected: what was said of the whole, in the comments, and of single rows."""
        said = [f"{self.rows[order_id].title}: {text}" for order_id, text in self.queries.items() if text]
        return "\n".join(filter(None, [self.why.data, self.comment.data, *said])).strip()

    @property
    def seen_now(self) -> str:
        """What the page shows, to be sent with the answer: the purchase order and pence of each row."""
        return " ".join(f"{order_id}.{row.total_pence}" for order_id, row in self.rows.items())

    @property
    def seen_total_pence(self) -> int:
        """What the page said the payment comes to, when `seen` was drawn."""
        return self.total_pence.data or 0

    @property
    def changed(self) -> Mapping[int, tuple[int, int]]:
        """The rows that have changed since the page was drawn: what was seen and what it is, by purchase order. 0 where
        the row was not there, or is not.
        """
        seen = {int(row): int(pence) for row, pence in re.findall(r"([0-9]{1,10})\.(-?[0-9]{1,15})", self.seen.data)}
        if not seen:
            return {}
        now = {order_id: row.total_pence for order_id, row in self.rows.items()}
        both = {order_id: (seen.get(order_id, 0), now.get(order_id, 0)) for order_id in (*now, *seen)}
        return {order_id: sums for order_id, sums in both.items() if sums[0] != sums[1]}

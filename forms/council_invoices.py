"""What the council fills in about invoices: how they are decided, why they are held, figures of late payment."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from wtforms.validators import DataRequired, InputRequired, Length, ValidationError

from forms.base import FilterForm, FlaskForm
from forms.fields import DayField, MoneyField, SeenEach, StringField, TextAreaField, tidy, tidy_line
from forms.filters import ALL, ChoiceField, FilterDay
from forms.invoices import SeenInvoiceForm, UnitsField
from models.billing.invoice_rules import ReasonText
from models.calendar import today
from models.money import SCALE, gbp, number
from models.records.invoice import InvoiceState
from models.records.invoice_rule import HoldOwner, HoldReason, LateFigure, LateKind, Releaser

LONG = Length(max=1_000, message="Write 1,000 characters or fewer")
READ_BY_PROVIDER = "The provider reads it. Name no client"
HELD_FOR_US = "on_hold_for_us"
"""In an address: those on hold for what a team of the council has to do."""
SENT = tuple(each for each in InvoiceState if each is not InvoiceState.DRAFT)


class InvoiceSearch(FilterForm):
    """Which invoices a list shows. It begins with those that wait to be decided."""

    name = StringField("Provider or number", filters=[tidy_line])
    show = ChoiceField("Show", noun="which to show", default=InvoiceState.SUBMITTED.value)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.show.offer(
            (ALL, "[All that were sent]"),
            *((each.value, each.label) for each in SENT),
            (HELD_FOR_US, "On hold, for us"),
        )

    @property
    def state(self) -> InvoiceState | None:
        """None where any is, and where no state is named like that."""
        if self.is_held_for_us:
            return InvoiceState.ON_HOLD
        return next((each for each in SENT if each.value == self.show.data), None)

    @property
    def is_held_for_us(self) -> bool:
        return self.show.data == HELD_FOR_US

    @property
    def is_of_what_waits(self) -> bool:
        return self.state is InvoiceState.SUBMITTED


class ApproveForm(SeenInvoiceForm):
    """The button that approves the invoice as the page showed it, and why it is paid where it differs."""

    note = TextAreaField(
        "Why it is paid all the same", filters=[tidy], description=READ_BY_PROVIDER, validators=[LONG],
        render_kw={"rows": 2},
    )  # fmt: skip


class ApproveManyForm(FlaskForm):
    """The button that approves several, each as the page showed it."""

    seen = SeenEach("Invoices")


class HoldForm(SeenInvoiceForm):
    reason = ChoiceField("Why", noun="a reason", default=ALL)
    note = TextAreaField(
        "What else the provider has to know (optional)", filters=[tidy], description=READ_BY_PROVIDER,
        validators=[LONG], render_kw={"rows": 2},
    )  # fmt: skip

    def offer(self, reasons: Iterable[HoldReason]) -> None:
        self.reason.offer(
            (ALL, "[No selection]"), *((str(each.id), f"{each.name}: {each.sentence}") for each in reasons)
        )

    def validate_reason(self, field: ChoiceField) -> None:
        if field.data == ALL:
            raise ValidationError("Choose why it is held")


class RejectForm(SeenInvoiceForm):
    reason = TextAreaField(
        "Why", filters=[tidy], description=READ_BY_PROVIDER, render_kw={"rows": 3},
        validators=[DataRequired("Say why it is rejected. The provider reads it"), LONG],
    )  # fmt: skip


class ReasonForm(FlaskForm):
    """A reason to hold. Provider and council read the same words."""

    name = StringField("Name", filters=[tidy_line], validators=[DataRequired("Enter a short name"), Length(max=80)])
    sentence = StringField(
        "What is wrong, in one sentence", filters=[tidy_line],
        validators=[DataRequired("Say in one sentence what is wrong"), Length(max=300)],
    )  # fmt: skip
    remedy = StringField(
        "What has to be done", filters=[tidy_line],
        validators=[DataRequired("Say what has to be done"), Length(max=300)],
    )  # fmt: skip
    owner = ChoiceField("Who has to do it?", default=HoldOwner.PROVIDER.value)
    released_by = ChoiceField("Who may release it as it is?", default=Releaser.OFFICER.value)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.owner.offer(*((each.value, each.label) for each in HoldOwner))
        self.released_by.offer(*((each.value, each.label) for each in Releaser))

    @property
    def text(self) -> ReasonText:
        return ReasonText(
            self.name.data, self.sentence.data, self.remedy.data, HoldOwner(self.owner.data),
            Releaser(self.released_by.data),
        )  # fmt: skip


class FigureForm(FlaskForm):
    """A figure of late payment."""

    kind = ChoiceField("Figure", default=LateKind.BASE_RATE.value)
    starts_on = DayField("From", validators=[InputRequired("Enter the day from which it holds")])
    days = UnitsField("Days")
    percent = UnitsField("Per cent")
    pence = MoneyField("Sum")
    from_pence = MoneyField("For a debt of at least")
    instrument = StringField(
        "Instrument", filters=[tidy_line], description="What sets it, such as an Act, an order or a decision of a bank",
        validators=[DataRequired("Say which instrument sets it"), Length(max=200)],
    )  # fmt: skip

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.kind.offer(*((each.value, each.label) for each in LateKind))

    @property
    def late_kind(self) -> LateKind:
        return LateKind(self.kind.data)

    @property
    def value(self) -> int:
        """Days, hundredths of a per cent or pence, of a form that is right."""
        kind = self.late_kind
        if kind.is_in_days:
            return (self.days.data or 0) // SCALE
        return (self.percent.data or 0) * 100 // SCALE if kind.is_rate else self.pence.data or 0

    def validate_days(self, field: UnitsField) -> None:
        if self.kind.data not in (LateKind.PAY_DAYS, LateKind.TELL_DAYS):
            return
        if field.data is None or field.data % SCALE or not 1 <= field.data // SCALE <= 365:
            raise ValidationError("Enter whole days from 1 to 365, like 30")

    def validate_percent(self, field: UnitsField) -> None:
        if self.kind.data not in (LateKind.BASE_RATE, LateKind.MARGIN):
            return
        if field.data is None or not 0 <= field.data <= 100 * SCALE or field.data % (SCALE // 100):
            raise ValidationError("Enter a per cent from 0 to 100 with at most two digits after the point, like 3.75")

    def validate_pence(self, field: MoneyField) -> None:
        if self.kind.data == LateKind.FIXED_SUM and (field.data is None or field.data < 0):
            raise ValidationError("Enter the fixed sum, like 40.00")


class ClockFilter(FilterForm):
    """Which invoices the clock report is about: those that were received between two days."""

    first = FilterDay("Received from")
    last = FilterDay("Received to")

    def days(self) -> tuple[date, date]:
        """Both ends included; the last 180 days where none is chosen."""
        last = self.last.data or today()
        return self.first.data or last - timedelta(days=180), last


def shown_value(figure: LateFigure) -> str:
    """As pages show it: 30 days, 3.75 %, £40.00."""
    if figure.kind.is_in_days:
        return f"{figure.value} days"
    return f"{number(figure.value * SCALE // 100)} %" if figure.kind.is_rate else gbp(figure.value)

"""What providers fill in about invoices and credit notes."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from wtforms import Field, SelectMultipleField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs of WTForms
from wtforms.form import BaseForm
from wtforms.validators import DataRequired, InputRequired, Length, Optional, ValidationError
from wtforms.widgets import TextInput

from forms.base import FilterForm, FlaskForm
from forms.fields import DayField, MoneyField, SeenByVerb, SeenMark, StringField, TextAreaField, tidy, tidy_line
from forms.files import OneFileField
from forms.filters import ALL, ChoiceField
from models.billing.invoice_facts import Bought
from models.billing.invoice_lines import LONGEST_DESCRIPTION, Asked
from models.billing.invoicing import LONGEST_NUMBER, LONGEST_TEXT, Head
from models.calendar import FinancialYear, in_words
from models.money import gbp_rate, number, parse_e4
from models.records.contract import VatCode
from models.records.invoice import Invoice, InvoiceKind, InvoiceState

VAT_RATES = {VatCode.EXEMPT: 0, VatCode.ZERO: 0, VatCode.REDUCED: 500, VatCode.STANDARD: 2_000}
"""Hundredths of a per cent, where the service says no other."""
AS_SERVICE = ""


class UnitsField(Field):
    """A quantity or a price; its data are ten-thousandths."""

    widget = TextInput()
    data: int | None

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.typed = ""

    def process_formdata(self, values: list[str]) -> None:
        self.data = None
        if not values or not values[0].strip():
            return
        self.typed = values[0].strip()
        try:
            self.data = parse_e4(self.typed)
        except ValueError as problem:
            raise ValueError(f"{self.label.text} {problem}") from None

    def _value(self) -> str:
        return self.typed or ("" if self.data is None else self.shown(self.data))

    def shown(self, e4: int) -> str:
        return number(e4).replace(",", "").replace("−", "-")


class RateField(UnitsField):
    def shown(self, e4: int) -> str:
        return gbp_rate(e4).removeprefix("£").replace(",", "")


class InvoiceFilter(FilterForm):
    """Which invoices a provider's list shows."""

    text = StringField("Number", filters=[tidy_line])
    state = ChoiceField("State", noun="a state", default=ALL)
    kind = ChoiceField("Kind", noun="a kind", default=ALL)
    contract = ChoiceField("Contract", default=ALL)
    year = ChoiceField("Financial year", noun="a year", default=ALL)

    def offer(self, contracts: Iterable[tuple[str, str]], years: Iterable[FinancialYear]) -> None:
        self.state.offer((ALL, "[All but cancelled]"), *((each.value, each.label) for each in InvoiceState))
        self.kind.offer((ALL, "[Both]"), *((each.value, each.label) for each in InvoiceKind))
        self.contract.offer((ALL, "[All Contracts]"), *contracts)
        self.year.offer((ALL, "[All years]"), *((str(year.starts_in), str(year)) for year in years))

    @property
    def wanted(self) -> dict[str, Any]:
        """As models.billing.invoice_listing.invoices takes it."""
        return {
            "state": InvoiceState(self.state.data) if self.state.data else None,
            "kind": InvoiceKind(self.kind.data) if self.kind.data else None,
            "contract": self.contract.data or None,
            "year": FinancialYear(int(self.year.data)) if self.year.data else None,
            "text": self.text.data,
        }

    @property
    def is_narrowed(self) -> bool:
        return any(field.data for field in self)


class HeadForm(FlaskForm):
    """What stands on top of an invoice or credit note."""

    number = StringField(
        "Your number", filters=[tidy_line], description="Your own, as it stands on your invoice",
        validators=[DataRequired("Enter your number"), Length(max=LONGEST_NUMBER)],
    )  # fmt: skip
    invoiced_on = DayField("Date of the invoice", validators=[InputRequired("Enter the date of the invoice")])
    stated = MoneyField(
        "Your total, with VAT (optional)", description="If your books have one: we tell you if it differs by rounding"
    )
    note = TextAreaField(
        "Note (optional)", filters=[tidy], description="The council reads it. Name no client",
        validators=[Length(max=LONGEST_TEXT)], render_kw={"rows": 2},
    )  # fmt: skip
    alike_reason = StringField(
        "Why is the number like another? (if it is)", filters=[tidy_line], validators=[Length(max=LONGEST_TEXT)]
    )

    @property
    def head(self) -> Head:
        return Head(
            self.number.data, self.invoiced_on.day, self.note.data, self.stated.data, self.alike_reason.data
        )  # fmt: skip


class NewInvoiceForm(HeadForm):
    """With the contract that it is for."""

    contract = ChoiceField("Contract", default=ALL)

    def offer(self, contracts: Sequence[tuple[str, str]]) -> None:
        self.contract.offer(*contracts)
        if not self.is_submitted() and contracts and not self.contract.data:
            self.contract.data = contracts[0][0]


class FromActualsForm(HeadForm):
    """Of one contract, with the confirmed weeks that are to be invoiced."""

    weeks = SelectMultipleField("Weeks to invoice", validators=[InputRequired("Choose at least one week")])

    def offer(self, weeks: Iterable[tuple[date, str]]) -> None:
        found = [(each.isoformat(), words) for each, words in weeks]
        self.weeks.choices = [SelectChoice(value, text) for value, text in found]
        if not self.is_submitted() and not self.weeks.data:
            self.weeks.data = [value for value, _ in found]

    @property
    def chosen(self) -> set[date]:
        return {date.fromisoformat(each) for each in self.weeks.data or ()}


class SeenLineForm(FlaskForm):
    """A page about one line of an invoice: of the line as it stood there."""

    seen = SeenMark("The line")


class LineForm(SeenLineForm):
    """One line of an invoice. The price and the VAT are those of the council's records where nothing is typed."""

    item = ChoiceField("Care package", noun="a care package", default=ALL)
    first_on = DayField("First day", validators=[InputRequired("Enter the first day")])
    last_on = DayField("Last day", validators=[InputRequired("Enter the last day")])
    quantity = UnitsField("Quantity", description="Hours, nights or weeks, as the service is priced")
    rate = RateField("Price of one (optional)", description="Empty: the contract’s on the first day")
    vat = ChoiceField("VAT", noun="how it is taxed", default=AS_SERVICE)
    description = StringField(
        "Description (optional)", filters=[tidy_line], validators=[Length(max=LONGEST_DESCRIPTION)]
    )

    items: dict[str, Bought]

    def offer(self, items: Iterable[Bought]) -> None:
        self.items = {str(each.id): each for each in items}
        words = [(key, f"{each.client_name}: {each.level}, {each.reference}") for key, each in self.items.items()]
        self.item.offer((ALL, "[No selection]"), *words)
        self.vat.offer((AS_SERVICE, "As the service"), *((code.value, code.value.capitalize()) for code in VatCode))

    def validate_item(self, field: ChoiceField) -> None:
        if field.data == ALL:
            raise ValidationError("Choose a care package")

    def validate_quantity(self, field: UnitsField) -> None:
        if field.data is None or field.data <= 0:
            raise ValidationError("Enter a quantity above 0, like 12.75")

    def validate_rate(self, field: RateField) -> None:
        item = self.items.get(self.item.data)
        if field.data is None and item is not None and self.first_on.data is not None:
            price = item.price_on(self.first_on.data)
            if price is None:
                raise ValidationError(f"The contract has no price for {in_words(self.first_on.data)}. Enter yours")

    @property
    def asked(self) -> Asked:
        """The line, of a form that is right."""
        item = self.items[self.item.data]
        price = item.price_on(self.first_on.day)
        code = VatCode(self.vat.data) if self.vat.data else item.vat_code
        points = item.vat_basis_points if code is item.vat_code else VAT_RATES[code]
        return Asked(
            item.id, self.first_on.day, self.last_on.day, self.quantity.data or 0,
            self.rate.data if self.rate.data is not None else (price.rate_e4 if price else 0), code, points,
            self.description.data,
        )  # fmt: skip


class Quantities(Field):
    """Boxes of a table, one a line of an invoice: `take-12` is how much is taken back of line 12. Its data are
    ten-thousandths by line; what is wrong stands in `wrong`, by line.
    """

    data: dict[int, int]

    def process(self, formdata: Any, *_: Any, **__: Any) -> None:
        self.process_errors, self.data, self.typed, self.wrong = [], {}, {}, {}
        for name in formdata or ():
            line_id = name.removeprefix(f"{self.name}-")
            if line_id == name or not (line_id.isascii() and line_id.isdigit() and len(line_id) < 10):
                continue
            text = self.typed[int(line_id)] = (formdata.get(name) or "").strip()
            try:
                if text:
                    self.data[int(line_id)] = parse_e4(text)
            except ValueError as problem:
                self.wrong[int(line_id)] = f"The quantity {problem}"

    typed: dict[int, str]
    wrong: dict[int, str]

    def pre_validate(self, form: BaseForm) -> None:
        if self.wrong:
            raise ValidationError(next(iter(self.wrong.values())))
        self.data = {line_id: units for line_id, units in self.data.items() if units}
        if not self.data:
            raise ValidationError("Enter how much is taken back of at least one line")


class CreditForm(HeadForm):
    """A credit note: how much of each line of its invoice is taken back."""

    invoiced_on = DayField("Date of the credit note", validators=[InputRequired("Enter the date of the credit note")])

    take = Quantities("Take back")


class TakeBackForm(FlaskForm):
    """As CreditForm, of one that is there."""

    take = Quantities("Take back")


class SeenInvoiceForm(FlaskForm):
    """What is done with one invoice by somebody who has read it as it stands: `seen` is its mark."""

    seen = SeenByVerb("The invoice")

    def is_of(self, invoice: Invoice) -> None:
        """Fill it in with the invoice as it stands."""
        self.seen.object_data = invoice.mark


class UploadForm(FlaskForm):
    """An invoice as a UBL file, taken in as a draft."""

    file = OneFileField(
        "UBL file", description="An XML file of UBL 2.1, 1 MB at most", validators=[DataRequired("Choose a UBL file")]
    )
    alike_reason = StringField(
        "Why is the number like another? (if it is)", filters=[tidy_line],
        validators=[Optional(), Length(max=LONGEST_TEXT)],
    )  # fmt: skip

"""Fields that several forms share."""

from typing import Any

from wtforms import DateField, StringField

from models.money import parse_pence, plain


class MoneyField(StringField):
    """A sum in pounds; its data are whole pence."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.typed = ""

    def process_formdata(self, values: list[str]) -> None:
        self.data = None
        self.typed = values[0].strip() if values else ""
        if not self.typed:
            return
        try:
            self.data = parse_pence(self.typed)
        except ValueError as problem:
            raise ValueError(f"{self.label.text} {problem}") from None

    def _value(self) -> str:
        return self.typed or ("" if self.data is None else plain(self.data))


class DayField(DateField):
    """A day, typed as day, month and year."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, format=["%d %m %Y"], **options)
        self.type = "DateField"  # by which the templates know it: three boxes

    def process_formdata(self, values: list[str]) -> None:
        if not any(value.strip() for value in values):
            return
        try:
            super().process_formdata(values)
        except ValueError:
            raise ValueError(f"{self.label.text} must be a day of the calendar, like 27 3 2026") from None

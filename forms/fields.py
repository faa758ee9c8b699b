"""Fields that several forms share."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

import wtforms
from wtforms import DateField, Field, FieldList, Form, IntegerField
from wtforms.form import BaseForm
from wtforms.validators import StopValidation
from wtforms.widgets import EmailInput, HiddenInput, PasswordInput, TextArea, TextInput

from models.emails import LONGEST_EMAIL
from models.money import gbp, parse_pence, plain

LOOK_AGAIN = "Look at what stands here now, and press the button again if it is right"


UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff"
    + "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(1, 17))
    + "]"
)
"""Control characters and code points that stand for no character: pages and spreadsheets may not hold them, and a
database may refuse them.
"""


def tidy(text: str | None) -> str:
    """What was typed into a box of several lines, without blanks around it, and without what cannot be printed."""
    return UNPRINTABLE.sub("", (text or "").replace("\r\n", "\n")).strip()


def tidy_line(text: str | None) -> str:
    """What was typed on one line, one space between words."""
    words = (UNPRINTABLE.sub("", word) for word in (text or "").split())
    return " ".join(filter(None, words))


class StringField(wtforms.StringField):
    """Its data are what was typed: "" where nothing was."""

    data: str

    def process_data(self, value: str | None) -> None:
        self.data = value or ""


class TextAreaField(StringField):
    widget = TextArea()


class PasswordField(StringField):
    widget = PasswordInput()


class EmailField(StringField):
    widget = EmailInput()


def no_long_email(_form: Form, field: StringField) -> None:
    """Nobody looks any closer at a longer one: that takes minutes, and could not be an address."""
    if len(field.data) > LONGEST_EMAIL:
        raise StopValidation(f"An e-mail address has {LONGEST_EMAIL} characters or fewer. Check what you typed")


class MoneyField(Field):
    """A sum in pounds; its data are whole pence."""

    widget = TextInput()
    data: int | None

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.typed = ""

    def process_formdata(self, values: list[str]) -> None:
        self.data = None
        if not values or not values[0]:
            return
        self.typed = values[0].strip()
        try:
            self.data = parse_pence(self.typed)
        except ValueError as problem:
            raise ValueError(f"{self.label.text} {problem}") from None

    @property
    def pence(self) -> int:
        """The sum, of a form that insists on one and is right."""
        if self.data is None:
            raise ValueError(f"{self.label.text} holds no sum")
        return self.data

    def _value(self) -> str:
        return self.typed or ("" if self.data is None else plain(self.data))


class Seen(IntegerField):
    """A number that the page showed, hidden in its form, which is given the number that stands now. Where it has become
    another since, the form is refused, and drawn again with what stands now.
    """

    widget = HiddenInput()
    object_data: int | None

    def process_formdata(self, values: list[str]) -> None:
        typed = values[0] if values else ""
        self.data = int(typed) if re.fullmatch(r"-?[0-9]{1,15}", typed) else None

    def pre_validate(self, form: BaseForm) -> None:
        if self.data is None:
            raise StopValidation(f"This was sent without what the page had shown. {LOOK_AGAIN}")
        if self.data != self.object_data:
            raise StopValidation(f"{self.changed(self.data)} since you opened this page. {LOOK_AGAIN}")

    def changed(self, _seen: int) -> str:
        return self.label.text

    def _value(self) -> str:
        return str(self.object_data)


class SeenPence(Seen):
    """A sum that the page showed: pence. Its label names it: "The payment"."""

    def changed(self, seen: int) -> str:
        return f"{self.label.text} has changed from {gbp(seen)} to {gbp(self.object_data or 0)}"


class SeenText(StringField):
    """As Seen, of words that the page showed. Its label names them: "Its days"; `now` says what they are."""

    widget = HiddenInput()
    object_data: str | None
    now = ""

    def pre_validate(self, form: BaseForm) -> None:
        if not self.data:
            raise StopValidation(f"This was sent without what the page had shown. {LOOK_AGAIN}")
        if self.data != self.object_data:
            raise StopValidation(f"{self.label.text} have changed since you opened this page. {self.now}{LOOK_AGAIN}")

    def _value(self) -> str:
        return self.object_data or ""


class SeenByVerb(SeenText):
    """As SeenText, of a mark that the verb compares under its lock: it names what has changed, and what it is now."""

    def pre_validate(self, form: BaseForm) -> None:
        if not self.data:
            raise StopValidation(f"This was sent without what the page had shown. {LOOK_AGAIN}")


class SeenMark(StringField):
    """The mark of what is being changed, as the page had it: the verb that is given it refuses where it is another by
    now. `is_of` fills it in; a page that is only drawn again keeps the mark that it was sent with.
    """

    widget = HiddenInput()

    def is_of(self, mark: str, *, anew: bool = False) -> None:
        if anew or not self.data:
            self.data = mark


class SeenEach(StringField):
    """Of several rows the mark that each had on the page, by id: the verb that is given them names the row that has
    changed since. `are` tells it what stands now.
    """

    widget = HiddenInput()
    object_data: str | None

    def are(self, marks: Mapping[int, object]) -> None:
        self.object_data = " ".join(f"{id_}={mark}" for id_, mark in marks.items())

    @property
    def marks(self) -> dict[int, str]:
        """As they were sent."""
        parts = (part.partition("=") for part in (self.data or "").split())
        return {int(id_): mark for id_, _, mark in parts if re.fullmatch(r"[0-9]{1,9}", id_)}

    def pre_validate(self, form: BaseForm) -> None:
        if not self.marks:
            raise StopValidation(f"This was sent without what the page had shown. {LOOK_AGAIN}")

    def _value(self) -> str:
        return self.object_data or ""


class Rows(FieldList):
    """The same field several times: rows-0, rows-1. Field names with anything else than a short number are ignored."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.type = "FieldList"  # by which the templates know it

    def _extract_indices(self, prefix: str, formdata: Iterable[str]) -> Iterator[int]:
        numbered = re.compile(rf"{re.escape(prefix)}-[0-9]{{1,4}}(-.*)?")
        names = [name for name in formdata if numbered.fullmatch(name)]
        return super()._extract_indices(prefix, names)  # type: ignore[misc]  # the stubs of WTForms leave it out


class Ticks(Field):
    """Boxes of a list, of which each ticked one has a text: the browser sends `query=12` for the row with this number,
    and `query-12` for what is typed about it. Its data are the texts of the ticked rows, by number.
    """

    data: dict[int, str]

    def process(self, formdata: Any, *_: Any, **__: Any) -> None:
        self.process_errors, self.data, self.typed = [], {}, {}
        if formdata is None:
            return
        numbered = re.compile(rf"{re.escape(self.name)}-([0-9]{{1,10}})")
        for name in formdata:
            if found := numbered.fullmatch(name):
                self.typed[int(found[1])] = tidy(formdata.get(name))
        ticked = [int(value) for value in formdata.getlist(self.name) if re.fullmatch(r"[0-9]{1,10}", value)]
        self.data = {number: self.typed.get(number, "") for number in ticked}

    typed: dict[int, str]
    """What is typed of any row, ticked or not."""


class DayField(DateField):
    """A day, typed as day, month and year."""

    def __init__(self, label: str, **options: Any) -> None:
        super().__init__(label, format=["%d %m %Y"], **options)
        self.type = "DateField"  # by which the templates know it: three boxes

    @property
    def day(self) -> date:
        """The day, of a form that insists on one and is right."""
        if self.data is None:
            raise ValueError(f"{self.label.text} holds no day")
        return self.data

    def process_formdata(self, values: list[str]) -> None:
        if not any(values):
            return
        try:
            super().process_formdata(values)
        except ValueError:
            raise ValueError(f"{self.label.text} must be a day of the calendar, like 27 3 2026") from None

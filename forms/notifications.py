"""Which e-mails a person wants."""

from collections.abc import Mapping, Sequence
from typing import Any

from wtforms import Field, RadioField
from wtforms.validators import InputRequired

from forms.base import FlaskForm
from models.accounts.notification import News, When


def _when(news: News) -> RadioField:
    """When to be told of it. What is needed stands in the row as the form is drawn for a person."""
    needed = InputRequired("Choose when you want to be told")
    return RadioField(news.label, description=news.about, validators=[needed])


class NotificationForm(FlaskForm):
    """For a person who can be told of `kinds`, where these times are on offer; `chosen` is what holds now."""

    answer = _when(News.ANSWER)
    deadline = _when(News.DEADLINE)
    payment = _when(News.PAYMENT)
    changed = _when(News.CHANGED)
    post = _when(News.POST)
    document = _when(News.DOCUMENT)
    claim = _when(News.CLAIM)
    invoice = _when(News.INVOICE)
    actual = _when(News.ACTUAL)

    def __init__(self, kinds: Sequence[News], offered: Sequence[When], chosen: Mapping[News, When]) -> None:
        super().__init__(data={news.value: chosen[news].value for news in kinds})
        self.kinds = kinds
        for news in News:
            field: Any = self[news.value]
            if news in kinds:
                field.choices = [(when.value, when.label) for when in offered]
            else:
                del self[news.value]

    @property
    def asked(self) -> list[Field]:
        """A field for each kind, in order."""
        return [self[news.value] for news in self.kinds]

    @property
    def wanted(self) -> dict[News, When]:
        return {news: When(self[news.value].data) for news in self.kinds}

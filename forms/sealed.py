"""A name that may be a client's stands readable in no address: it is posted, and stands there sealed."""

from wtforms.form import BaseForm
from wtforms.validators import ValidationError
from wtforms.widgets import HiddenInput

from forms.fields import StringField
from models.vault import Tampered, seal, unseal
from models.words import LONGEST_SEARCH

OWNER = "search"
"""For whom texts are sealed: everybody at the council, so that a link opens for a colleague too."""


def sealed(text: str) -> str:
    return seal(OWNER, text[:LONGEST_SEARCH])


class SealedText(StringField):
    """What was looked for, sealed in the address; `text` is empty where there is none, or it cannot be opened: then the
    form says so, so that nobody takes the whole list for what was found.
    """

    widget = HiddenInput()

    @property
    def text(self) -> str:
        return self._opened() or ""

    def pre_validate(self, form: BaseForm) -> None:
        if self.data and self._opened() is None:
            raise ValidationError("This search cannot be opened any more. Type again what you are looking for")

    def _opened(self) -> str | None:
        """None where it cannot be opened."""
        try:
            return unseal(OWNER, self.data) if self.data and self.data.isascii() else None
        except Tampered:
            return None

"""A name that may be a client's stands readable in no address: it is posted, and stands there sealed. A link opens for
every colleague, but the words show only to who typed them, and to those who see clients.
"""

import json
from dataclasses import dataclass

from flask_login import current_user
from wtforms.form import BaseForm
from wtforms.validators import ValidationError
from wtforms.widgets import HiddenInput

from forms.fields import StringField
from models.accounts.user import User
from models.permissions import Permission
from models.vault import Tampered, seal, unseal
from models.words import LONGEST_SEARCH

OWNER = "what was searched for"
"""For whom texts are sealed: everybody at the council, so that a link opens for a colleague too."""


def sealed(text: str, *, by: User) -> str:
    return seal(OWNER, json.dumps([by.id, by.name, text[:LONGEST_SEARCH]]))


@dataclass(frozen=True)
class _Opened:
    by_id: int
    by_name: str
    text: str


class SealedText(StringField):
    """What was looked for, sealed in the address; `text` is empty where there is none, or it cannot be opened: then the
    form says so, so that nobody takes the whole list for what was found.
    """

    widget = HiddenInput()

    @property
    def text(self) -> str:
        """To look for; a page shows `readable` and `words`."""
        opened = self._opened()
        return opened.text if opened else ""

    @property
    def readable(self) -> str:
        """What was typed, where the person who looks may read it; empty otherwise."""
        opened = self._opened()
        may_read = opened and (opened.by_id == current_user.id or current_user.can_at_council(Permission.VIEW_CLIENTS))
        return opened.text if opened and may_read else ""

    @property
    def words(self) -> str:
        """How a page names the search; empty where there is none."""
        opened = self._opened()
        if opened is None or not opened.text:
            return ""
        if self.readable:
            return f"“{self.readable}”"
        return f"a search that only {opened.by_name} and whoever sees clients may read"

    def pre_validate(self, form: BaseForm) -> None:
        if self.data and self._opened() is None:
            raise ValidationError("This search cannot be opened any more. Type again what you are looking for")

    def _opened(self) -> _Opened | None:
        """None where there is nothing, or it cannot be opened."""
        try:
            return _Opened(*json.loads(unseal(OWNER, self.data))) if self.data and self.data.isascii() else None
        except Tampered:
            return None

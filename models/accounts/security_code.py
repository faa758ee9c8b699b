"""The six-digit security code that a person has learned, and of which some digits are asked at each log-in.

The rules are those of Durham's guide. 995,490 of the 1,000,000 codes keep them.
"""

import hmac
import re
import secrets
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import Mapped, mapped_column

from models.accounts.account_policy import policy
from models.base import Base, DomainError, utc_now
from models.vault import seal, unseal

DIGITS = 6
RULES = (
    "exactly 6 digits, only 0 to 9",
    "different from your previous security code",
    "no digit more than 4 times",
    "no more than three digits in a row that go up or down by one, like 1234 or 4321",
)


class SecurityCode(Base):
    """One a person. `sealed` is None while there is none: never set, or taken back by the council."""

    __tablename__ = "security_code"

    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), primary_key=True)
    sealed: Mapped[str | None]
    previous_sealed: Mapped[str | None]
    set_at: Mapped[datetime | None]
    asked: Mapped[list[int]]
    """Positions, 1 to 6, that are asked for until they were once given right: asking again brings no easier ones."""

    @classmethod
    def of(cls, user_id: int) -> Select["SecurityCode"]:
        return select(cls).where(cls.user_id == user_id)

    def change(self, code: str) -> None:
        """Set the code; DomainError says which rule it breaks."""
        if problem := self.problem_with(code):
            raise DomainError(problem)
        self.previous_sealed, self.sealed = self.sealed or self.previous_sealed, seal(self._owner, code)
        self.set_at = utc_now()
        self.ask_others()

    def problem_with(self, code: str) -> str | None:
        return problem_with(code, [self._opened(each) for each in (self.sealed, self.previous_sealed) if each])

    def forget(self) -> None:
        """Take it back; the next one must still differ from it."""
        self.previous_sealed, self.sealed = self.sealed or self.previous_sealed, None

    def ask_others(self) -> None:
        chosen = secrets.SystemRandom().sample(range(1, DIGITS + 1), policy().security_code_positions)
        self.asked = sorted(chosen)

    def matches(self, digits: Sequence[str], at: Sequence[int]) -> bool:
        """Whether these are the digits at the positions `at`, counted from 1, in that order."""
        if self.sealed is None:
            return False
        code = self._opened(self.sealed)
        return hmac.compare_digest(",".join(code[each - 1] for each in at).encode(), ",".join(digits).encode())

    def _opened(self, sealed: str) -> str:
        return unseal(self._owner, sealed)

    @property
    def _owner(self) -> str:
        return f"security_code:{self.user_id}"


def problem_with(code: str, previous: Sequence[str] = ()) -> str | None:
    """Why this cannot be somebody's security code, in words for that person; `previous` are those used before.

    A run is of digits that each are one more, or each one less, than the digit before; 0 does not follow 9.
    """
    if not re.fullmatch(r"[0-9]{6}", code):
        return "Enter exactly 6 digits, using only 0 to 9"
    if code in previous:
        return "Enter a code that is different from your previous security code"
    if max(Counter(code).values()) > 4:
        return "Enter a code in which no digit comes more than 4 times"
    steps = "".join({1: "u", -1: "d"}.get(int(after) - int(digit), "-") for digit, after in pairwise(code))
    if "uuu" in steps or "ddd" in steps:
        return "Enter a code without more than three digits in a row that go up or down by one, like 1234 or 4321"
    return None

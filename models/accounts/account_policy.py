"""What the council has decided about accounts: the second step of each kind of user, passwords, who may grant.

A portal's own, from `[log_in]` in settings.toml (docs/operations.md).
"""

from dataclasses import dataclass

from models.portal import current_portal
from models.records.provider import ProviderKind
from models.words import Choice


class Step(Choice):
    """The second step of logging in, from the weakest to the strongest."""

    SECURITY_CODE = "security_code"
    """Some digits of a code that the person has learned. A second secret, not a second factor (ASVS 6.3.3)."""
    EMAIL_CODE = "email_code"
    AUTHENTICATOR = "authenticator"

    @property
    def label(self) -> str:
        return _LABELS[self]

    @classmethod
    def strongest(cls, steps: set["Step"]) -> "Step":
        return max(steps, key=list(cls).index)


_LABELS = {
    Step.SECURITY_CODE: "Security code",
    Step.EMAIL_CODE: "Code by e-mail",
    Step.AUTHENTICATOR: "Authenticator app",
}


@dataclass(frozen=True)
class AccountPolicy:
    carers: Step = Step.EMAIL_CODE
    organisations: Step = Step.EMAIL_CODE
    staff: Step = Step.AUTHENTICATOR
    security_code_positions: int = 2
    """How many digits of the six are asked for: 2 or 3."""
    long_passwords: bool = False
    """At least 15 characters of any kind, instead of 9 with four kinds of character."""
    may_grant: frozenset[ProviderKind] = frozenset()
    """Kinds of provider whose administrators let colleagues in without waiting for the council."""
    all_services: bool = True
    """Whether people with several providers have the page "All my services"."""
    alarm_to: str = ""
    """The council's e-mail address that hears of many wrong passwords; nobody, if empty."""


def policy() -> AccountPolicy:
    return current_portal().policy

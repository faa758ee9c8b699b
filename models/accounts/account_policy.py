"""What the council has decided about accounts: the second step of each kind of user, passwords, who may grant.

A portal's own, from `[log_in]` in settings.toml (docs/operations.md).
"""

from dataclasses import dataclass

from models.base import DomainError
from models.portal import current_portal
from models.records.provider import ProviderKind
from models.words import Choice


class Step(Choice):
    """The second step of logging in, from the weakest to the strongest."""

    SECURITY_CODE = "security_code"
    """Some digits of a code that the person has learned. A second secret, not a second factor (ASVS 6.3.3)."""
    EMAIL_CODE = "email_code"
    AUTHENTICATOR = "authenticator"
    PASSKEY = "passkey"
    """Asked of nobody: people choose it, and it stands in for any other."""

    @property
    def is_strong(self) -> bool:
        """Something that the person has, and no mailbox: whoever has set it up uses it, whatever the council asks."""
        return self in (Step.AUTHENTICATOR, Step.PASSKEY)

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
    Step.PASSKEY: "Passkey",
}


@dataclass(frozen=True)
class AccountPolicy:
    carers: Step = Step.EMAIL_CODE
    organisations: Step = Step.EMAIL_CODE
    staff: Step = Step.AUTHENTICATOR
    security_code_positions: int = 3
    """How many digits of the six are asked for: 2 or 3."""
    long_passwords: bool = False
    """At least 15 characters of any kind, instead of 9 with four kinds of character."""
    may_grant: frozenset[ProviderKind] = frozenset()
    """Kinds of provider whose administrators let colleagues in without waiting for the council."""
    all_services: bool = True
    """Whether people with several providers have the page "All my services"."""
    clients_an_hour: int = 100
    """How many clients' records one person may open one by one within an hour, before somebody else asks why; 0: any
    number.
    """
    alarm_to: str = ""
    """The council's e-mail address that hears of alarms, and of what is done to accounts of its staff; nobody, if
    empty.
    """
    staff_domains: tuple[str, ...] = ()
    """The domains, in lower case, that e-mail addresses of the council's staff are in; any, if empty."""
    days_before_authorising: int = 3
    """For so many days after somebody was given a role on the portal's pages, they authorise no payment run alone."""


def policy() -> AccountPolicy:
    return current_portal().policy


def insist_on_staff_address(email: str) -> None:
    """DomainError where the settings name the domains of the council's staff, and the address is in none of them."""
    domains = policy().staff_domains
    if domains and email.rpartition("@")[2].lower() not in domains:
        raise DomainError(
            f"{email} is in no domain of the council’s staff ({', '.join(domains)}). Enter their address at work. If "
            "that domain is the council’s too, whoever looks after the portal adds it to staff_domains in settings.toml"
        )

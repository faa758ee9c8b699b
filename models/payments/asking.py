"""Mail to a provider's people about its payments (asked anew, sent back, paid as it is) and about what it owes. No
client is named.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from models.accounts.notification import Letter, News, When, at_provider, choices_of, in_force, send
from models.accounts.user import Membership, User
from models.base import session
from models.calendar import Span, today
from models.money import gbp
from models.payments.confirmation import Asked
from models.payments.payment import ScheduledPayment
from models.permissions import GRANTS, Permission
from models.records.contract import Contract
from models.records.provider import Provider
from models.words import how_many

if TYPE_CHECKING:
    from models.payments.working_out import Change

ASKED = """\
{name},

{count} of {provider} waits for your answer. Nothing of it is paid before you have confirmed it, or the time is over:

{payments}

Log in to the Provider Portal to confirm or reject.
"""
CHANGED = """\
{name},

a payment of {provider} comes to another sum than it did:

{payment}: {after}. It was {before}.

Log in to the Provider Portal to see why.
"""
NEWS = """\
{name},

{what}

{payment}

Log in to the Provider Portal to see it.
"""
DEBT = """\
{name},

{what}

{left}

Log in to the Provider Portal to see what you owe, and what was taken for it.
"""
_WHY = {
    Asked.SENT_BACK: "the council has answered you",
    Asked.CHANGED: "its total has changed",
    Asked.LAPSED: "its total has changed since it was confirmed",
    Asked.LATE: "it has reached us late",
    Asked.MOVED: "the council has moved its days",
}


def ask_anew(payment_ids: Iterable[int]) -> None:
    """Write to everybody who may confirm these payments: until when, why, and when they are in the bank."""
    ids = list(payment_ids)
    if not ids:
        return
    payment = ScheduledPayment
    query = select(payment).where(payment.id.in_(ids)).options(joinedload(payment.contract))
    by_provider: dict[int, list[ScheduledPayment]] = defaultdict(list)
    for each in session.scalars(query.order_by(payment.asked_by, payment.first_on, payment.id)).unique():
        by_provider[each.provider_id].append(each)
    letters = []
    for user, provider in confirmers(by_provider):
        found = by_provider[provider.id]
        words = ASKED.format(
            name=user.name,
            count=how_many(len(found), "payment"),
            provider=provider.name,
            payments="\n".join(_asked(each) for each in found),
        )
        path = path_of(found[0]) if len(found) == 1 else at_provider(provider.id, "payments", "")
        letters.append(Letter(user, News.ANSWER, provider.id, "A payment waits for your answer", words, path))
    send(letters)


def tell_of_changes(changes: Iterable["Change"]) -> None:
    """Write to everybody who sees these payments that each comes to another sum, if they have chosen to be told."""
    by_contract: dict[int, list[Change]] = defaultdict(list)
    for each in changes:
        by_contract[each.contract_id].append(each)
    if not by_contract:
        return
    contracts = session.scalars(select(Contract).where(Contract.id.in_(by_contract)).order_by(Contract.id)).all()
    by_provider: dict[int, list[Contract]] = defaultdict(list)
    for contract in contracts:
        by_provider[contract.provider_id].append(contract)
    send(
        _changed(user, provider, contract, change)
        for user, provider in people_who_may(Permission.VIEW_PAYMENTS, by_provider)
        for contract in by_provider[provider.id]
        for change in by_contract[contract.id]
    )


def _changed(user: User, provider: Provider, contract: Contract, change: "Change") -> Letter:
    what = f"{contract.name} ({contract.reference}), {Span(change.first_on, change.last_on).words()}"
    words = CHANGED.format(
        name=user.name, provider=provider.name, payment=what, before=gbp(change.before_pence),
        after=gbp(change.after_pence),
    )  # fmt: skip
    path = at_provider(provider.id, "payments", contract.reference, change.first_on.isoformat())
    return Letter(
        user, News.CHANGED, provider.id, "A payment has changed", words, path, f"A payment has changed: {what}"
    )


def tell(payment: ScheduledPayment, subject: str, what: str) -> None:
    """Write to `_concerned` what has become of this payment."""
    send(
        Letter(
            user, News.PAYMENT, payment.provider_id, subject,
            NEWS.format(name=user.name, what=what, payment=named(payment)), path_of(payment),
            f"{subject}: {named(payment)}",
        )
        for user in _concerned(payment)
    )  # fmt: skip


def who_is_told(payment: ScheduledPayment) -> str:
    """A sentence for the officer: whether anybody at the provider gets such a mail."""
    people = _concerned(payment)
    chosen = choices_of(user.id for user in people)
    if any(in_force(News.PAYMENT, chosen[user.id]) is not When.OFF for user in people):
        return "The provider is told by mail."
    if people:
        return "Nobody at the provider wants such mail, so nobody is told: ring them."
    return "Nobody at the provider has a login to the portal, so nobody is told by mail: ring them."


def tell_of_debt(contract: Contract, subject: str, what: str, left_pence: int) -> None:
    """Write to everybody at the provider who sees its payments what has become of a debt, and what is left of it."""
    left = f"{contract.name} ({contract.reference}): {gbp(left_pence)} is still owed."
    send(
        Letter(
            user, News.PAYMENT, contract.provider_id, subject, DEBT.format(name=user.name, what=what, left=left),
            at_provider(contract.provider_id, "owed", ""),
        )
        for user, _ in people_who_may(Permission.VIEW_PAYMENTS, [contract.provider_id])
    )  # fmt: skip


def _concerned(payment: ScheduledPayment) -> list[User]:
    """Who may confirm the provider's payments; where nobody may, as with foster carers, who sees them."""
    own = [payment.provider_id]
    return [user for user, _ in confirmers(own) or people_who_may(Permission.VIEW_PAYMENTS, own)]


def confirmers(provider_ids: Iterable[int]) -> list[tuple[User, Provider]]:
    """Who may confirm for these providers, and can log in."""
    return people_who_may(Permission.CONFIRM_PAYMENTS, provider_ids)


def people_who_may(permission: Permission, provider_ids: Iterable[int]) -> list[tuple[User, Provider]]:
    """Whoever may do this for these providers, and can log in."""
    roles = [role for role, granted in GRANTS.items() if permission in granted]
    query = (
        select(User, Provider)
        .join(Membership, Membership.user_id == User.id)
        .join(Provider, Provider.id == Membership.provider_id)
        .where(
            Membership.provider_id.in_(list(provider_ids)),
            Membership.granted_at.is_not(None),
            Membership.role.in_(roles),
            User.is_active,
        )
        .order_by(User.id, Provider.id)
    )
    return [(user, provider) for user, provider in session.execute(query)]


def _asked(payment: ScheduledPayment) -> str:
    because = Asked.LAPSED if payment.lapsed_pence is not None else payment.asked_because
    what = f"{named(payment)}, {gbp(payment.total_pence)}: {_WHY[because] if because else ''}."
    asked_by, bank_on = payment.answer_by, payment.bank_on
    if asked_by < today():
        return f"{what} The time to answer ended on {asked_by.day} {asked_by:%B}: it is held until we ask again."
    return (
        f"{what} Please answer by {asked_by:%A} {asked_by.day} {asked_by:%B}. Confirmed, it is in the bank on about "
        f"{bank_on.day} {bank_on:%B}."
    )


def path_of(payment: ScheduledPayment) -> str:
    """Where the provider sees the payment."""
    contract: Contract = payment.contract
    return at_provider(payment.provider_id, "payments", contract.reference, payment.first_on.isoformat())


def named(payment: ScheduledPayment) -> str:
    contract: Contract = payment.contract
    return f"{contract.name} ({contract.reference}), {Span(payment.first_on, payment.last_on).words()}"

"""Who at a provider may log in, and what they may do there.

An administrator of the provider invites, changes and removes colleagues. Changing and removing act at once. An
invitation waits for the council's grant, unless the council lets that kind of provider grant. Whoever is let in is
a contact of the provider: Provider.knows() is that rule.

Mail takes `portal`, the address of the portal's first page, from whoever calls.
"""

import sqlalchemy as sa
from sqlalchemy import Select, delete, select
from sqlalchemy.orm import joinedload

from models.accounts import conflict
from models.accounts.account_policy import policy
from models.accounts.user import Membership, Staff, User, tidy_email
from models.audit import record
from models.base import DomainError, move, rows_changed, session, utc_now
from models.outbox import insist_on_few, post
from models.permissions import COUNCIL_GRANTS, Permission, Role
from models.records.provider import Contact, Provider
from models.tenancy import every_provider

ROLES = tuple(role for role in Role if role is not Role.CARER)
"""What an administrator of a provider may make a colleague. A carer works alone, and is let in by the council."""

TOO_LATE = "Somebody else has just changed this person’s access. Look at the list again"

INVITED = """\
{name},

you have been put forward for access to the Provider Portal, for {provider}.

The council has to grant it first. We will write again as soon as you can log in.
"""
GRANTED = """\
{name},

You can now log in to the Provider Portal for {provider}. Your e-mail address there is {email}.
{portal}
If you have no password yet, choose Forgotten password on the log-in page to set your password.
"""
REFUSED = """\
The council has not granted {name} access to the Provider Portal for {provider}.

Its reason: {reason}
"""
NOT_GRANTED = """\
{name},

the council has not granted you access to the Provider Portal for {provider}. Whoever put you forward can tell you more.
"""
WITHDRAWN = """\
{name},

the request to give you access to the Provider Portal for {provider} has been withdrawn.
"""
CHANGED = """\
{name},

your role in the Provider Portal for {provider} is now: {role}.
{about}
"""
REMOVED = """\
{name},

you no longer have access to the Provider Portal for {provider}.

If you think that this is a mistake, ask a colleague there, or the council.
"""


def invite(provider: Provider, email: str, name: str, role: Role, *, by: User | None, portal: str = "") -> Membership:
    """Give a contact of the provider a place there. A new person gets no password: they set one by Forgotten password.

    DomainError if the address is not a contact's, or has a place there already.
    """
    _check_role(role, by)
    causing = _insist_on_few(by, tidy_email(email))
    provider.one_at_a_time()
    user = session.scalar(User.with_email(email)) or _new_user(tidy_email(email), name, by)
    membership = user.join(provider, role, by=by, is_granted=_may_grant(provider, user, by))
    membership.user = user
    membership.invited_as = name
    membership.invited_by_id = by.id if by and not _lets_in(by) else None
    if membership.granted_at:
        _tell_granted(membership, portal, causing)
    else:
        _post(membership, "You have been put forward for the Provider Portal", INVITED, causing)
    return membership


def grant(membership: Membership, *, by: User, portal: str = "") -> None:
    """The council lets them in."""
    _write(membership, Membership.granted_at.is_(None), granted_at=utc_now())
    record("membership.granted", membership, by=by, user=membership.user_id, role=membership.role.value)
    _tell_granted(membership, portal)


def refuse(membership: Membership, *, by: User, reason: str) -> None:
    """The council does not let them in. Who invited them is told why."""
    _delete(membership, Membership.granted_at.is_(None))
    record("membership.refused", membership, by=by, user=membership.user_id, role=membership.role.value)
    _post(membership, "Access to the Provider Portal", NOT_GRANTED)
    inviter = session.scalar(select(User).where(User.id == membership.invited_by_id, User.is_active))
    if inviter is not None:
        words = REFUSED.format(name=membership.called, provider=membership.provider.name, reason=reason)
        post(inviter.email, "Access to the Provider Portal was not granted", words)


def change_role(membership: Membership, role: Role, *, by: User) -> None:
    """From the person's next request on, they may do what the new role may. DomainError for one's own role, or if no
    administrator would be left.
    """
    if membership.user_id == by.id:
        raise DomainError("You cannot change your own role. Ask another administrator, or the council")
    if membership.role is role:
        raise DomainError(f"{membership.user.name} has this role already")
    _check_role(role, by)
    causing = _insist_on_few(by, membership.user.email)
    _keep_an_administrator(membership, by)
    was = membership.role
    _write(membership, Membership.role == was, role=role)
    record("membership.role_changed", membership, by=by, user=membership.user_id, was=was.value, role=role.value)
    if membership.granted_at:
        _post(membership, "Your role in the Provider Portal has changed", CHANGED, causing)


def remove(membership: Membership, *, by: User) -> None:
    """Take the place away. With their next click the provider's pages are closed to them."""
    _keep_an_administrator(membership, by)
    _delete(membership, sa.true())
    record("membership.removed", membership, by=by, user=membership.user_id, role=membership.role.value)
    if not _has_a_place(membership.user):
        membership.user.end_sessions()
    if membership.granted_at:
        _post(membership, "Your access to the Provider Portal has ended", REMOVED)
    else:
        _post(membership, "Access to the Provider Portal", WITHDRAWN)


def waiting() -> Select[Membership]:
    """Those who wait for the council's grant, the oldest first, with person and provider."""
    return (
        select(Membership)
        .where(Membership.granted_at.is_(None))
        .options(joinedload(Membership.user), joinedload(Membership.provider))
        .order_by(Membership.created_at, Membership.id)
    )


def colleagues() -> Select[Membership]:
    """Everybody with a place at the provider at hand, those who wait for their grant last."""
    return (
        select(Membership)
        .join(Membership.user)
        .options(joinedload(Membership.user), joinedload(Membership.provider))
        .order_by(Membership.granted_at.is_(None), User.folded_name, Membership.id)
    )


def invitable() -> Select[Contact]:
    """The contacts of the provider at hand who have an e-mail address and no place yet."""
    there = select(Membership.id).join(Membership.user).where(User.email == sa.func.lower(Contact.email))
    here = there.where(Membership.provider_id == Contact.provider_id).correlate(Contact)
    return Contact.by_name().where(Contact.email != "", ~here.exists())


def sharing() -> Select[Contact]:
    """The contacts of the provider at hand who cannot be invited since another contact logs in with their address."""
    there = select(Membership.id).join(Membership.user).where(User.email == sa.func.lower(Contact.email))
    here = there.where(Membership.provider_id == Contact.provider_id, User.folded_name != Contact.folded_name)
    return Contact.by_name().where(Contact.email != "", here.correlate(Contact).exists())


def place_of(user_id: int) -> Select[Membership]:
    """The place of one person at the provider at hand."""
    return colleagues().where(Membership.user_id == user_id)


def _new_user(email: str, name: str, by: User | None) -> User:
    user = User(email=email, name=name, password_hash=None, is_active=True, staff=None)
    session.add(user)
    record("user.added", user, by=by)
    return user


def _is_staff(user: User) -> bool:
    return session.scalar(select(Staff.user_id).where(Staff.user_id == user.id)) is not None


def _lets_in(by: User) -> bool:
    """Whether they let people in for the council. Its other staff act like anybody where they have a place."""
    role = session.scalar(select(Staff.role).where(Staff.user_id == by.id))
    return role is not None and Permission.MANAGE_ACCESS in COUNCIL_GRANTS[role]


def _may_grant(provider: Provider, user: User, by: User | None) -> bool:
    """Whether the invitation is granted at once. One for a disabled login or for council staff waits for the council;
    the inviter is not told why.
    """
    if by is None or _lets_in(by):
        return True
    return provider.kind in policy().may_grant and user.is_active and not _is_staff(user)


def _check_role(role: Role, by: User | None) -> None:
    if role not in ROLES and by is not None and not _lets_in(by):
        raise DomainError("Only the council can make somebody a carer")


def _keep_an_administrator(membership: Membership, by: User) -> None:
    """DomainError if this is the provider's last administrator. The rows are locked: of two administrators who remove
    each other at the same time, the second waits here, and then is the last. Who manages access for the council is not
    held to it.
    """
    if membership.role is not Role.ADMINISTRATOR or membership.granted_at is None or _lets_in(by):
        return
    is_administrator = (Membership.role == Role.ADMINISTRATOR, Membership.granted_at.is_not(None))
    here = select(Membership.id).where(Membership.provider_id == membership.provider_id, *is_administrator)
    if not set(session.scalars(here.order_by(Membership.id).with_for_update())) - {membership.id}:
        raise DomainError("There has to be an administrator. Make somebody else one first, or ask the council")


def _has_a_place(user: User) -> bool:
    with every_provider():
        granted = select(Membership.id).where(Membership.user_id == user.id, Membership.granted_at.is_not(None))
        return session.scalar(granted.limit(1)) is not None or _is_staff(user)


def _write(membership: Membership, still: sa.ColumnElement[bool], **values: object) -> None:
    """Change the place only while `still` holds; DomainError tells whoever came second."""
    if not move(membership, still, **values):
        raise DomainError(TOO_LATE)


def _delete(membership: Membership, still: sa.ColumnElement[bool]) -> None:
    row = delete(Membership).where(Membership.id == membership.id, Membership.user_id == membership.user_id, still)
    if rows_changed(row, unsynced=True) != 1:
        raise DomainError(TOO_LATE)
    conflict.remember(membership)
    session.expunge(membership)


def _insist_on_few(by: User | None, to: str) -> User | None:
    """DomainError where somebody at a provider has caused too many mails to colleagues, or to this one. Returns whose
    press counts: not that of those who let people in for the council.
    """
    if by is None or _lets_in(by):
        return None
    insist_on_few(by, to)
    return by


def _tell_granted(membership: Membership, portal: str, causing: User | None = None) -> None:
    portal = f"\n{portal}\n" if portal else ""
    _post(membership, "You can now log in to the Provider Portal", GRANTED, causing, portal=portal)


def _post(membership: Membership, subject: str, words: str, causing: User | None = None, **more: str) -> None:
    user, provider, role = membership.user, membership.provider, membership.role
    body = words.format(
        name=user.name, email=user.email, provider=provider.name, role=role.label, about=role.about, **more
    )
    post(user.email, subject, body, caused_by=causing)

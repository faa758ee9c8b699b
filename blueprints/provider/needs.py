"""What needs the person at one provider, for its home page: entries by day, then by money.

An area adds its own by a function under @source, which home asks on every visit: it says what of the person's work is
undone, by when, and how much money waits on it. Nothing else has to know of the area.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from flask import url_for

from blueprints.access import may, me, sees_contact_details, viewed
from blueprints.filters import day, shortmoment
from models.accounts import refused_mail
from models.base import session
from models.calendar import today
from models.care.register import ListedWeek, Standing, weeks_to_do
from models.care.rules import LATEST_WEEKS
from models.money import gbp
from models.permissions import Permission
from models.refused_address import RefusedAddress
from models.reports.coming import Coming
from models.reports.glance import Glance
from models.words import how_many

SHOWN = 3
"""Addresses that refuse mail, each with an entry of its own; the others share one."""


WEEKS_BACK = timedelta(weeks=2 * LATEST_WEEKS)
"""How long ago a week of actuals may be that is asked for: the council may have opened one that was closed."""


@dataclass(frozen=True)
class Need:
    """One thing to do: what, why, the last day for it, the pence that wait on it, and where it is done."""

    what: str
    do: str = ""
    """The words of the link; without them there is none."""
    address: str = ""
    why: str = ""
    by: date | None = None
    pence: int | None = None
    about: str = ""
    """What the link is about, where a screen reader reads its words alone."""


@dataclass(frozen=True)
class Now:
    """What home has read already, which sources need not read again."""

    coming: Coming
    glance: Glance
    has_several: bool = False
    """What comes is of more than one contract, so that payments are named with theirs."""


Source = Callable[[Now], Iterable[Need]]


@dataclass
class _Sources:
    found: list[Source] = field(default_factory=list)


_sources = _Sources()


def source(function: Source) -> Source:
    """Have home ask this function for entries."""
    _sources.found.append(function)
    return function


def needs_of(now: Now) -> list[Need]:
    """All entries: the nearest day first, what has none last; of one day the most money first."""
    found = [need for each in _sources.found for need in each(now)]
    return sorted(found, key=lambda need: (need.by or date.max, -(need.pence or 0)))


@source
def _to_confirm(now: Now) -> Iterable[Need]:
    if not may(Permission.CONFIRM_PAYMENTS):
        return
    for payment in now.coming.to_confirm:
        pence = now.coming.standing[payment.id].to_confirm_pence
        because = f": {payment.asked_because.to_provider}" if payment.asked_because else ""
        yield Need(
            what=f"Confirm {payment.span.days_short}, {gbp(pence)}{because}",
            why=payment.contract.name if now.has_several else "",
            by=payment.answer_by,
            pence=pence,
            address=url_for(
                "provider.answering.answer", reference=payment.contract.reference, first_on=payment.first_on
            ),
            do="Check and confirm",
            about=f"{payment.contract.name}, {payment.span.days_short}",
        )


@source
def _owed(now: Now) -> Iterable[Need]:
    """A debt that no payment to come takes."""
    owed, rest = now.glance.owed_pence, now.glance.stranded_pence
    if rest and may(Permission.VIEW_PAYMENTS):
        taken = f"{gbp(owed - rest)} is taken from your next payments. For {gbp(rest)} there are none: see what to do"
        none = "There are no more payments to take it from: see what to do"
        yield Need(
            what=f"You owe {gbp(owed)}", why=none if rest == owed else taken, pence=rest,
            address=url_for("provider.debts.index"), do="See what is owed",
        )  # fmt: skip


@source
def _returned(now: Now) -> Iterable[Need]:
    """Money that the bank has returned: it is paid again once the council has the right bank details."""
    found = now.glance.returned
    if found is None or not may(Permission.VIEW_PAYMENTS):
        return
    one = url_for("provider.payments.show", reference=found.reference, first_on=found.first_on)
    what = f"The bank has returned {gbp(found.pence)}"
    tells = may(Permission.SEND_ACTIONS)
    yield Need(
        what=what, why="Tell the council your right bank details. It then pays you again", pence=found.pence,
        address=url_for("provider.actions.new", contract=found.reference, first_on=found.first_on) if tells else one,
        do="Tell the council" if tells else "See the payment", about=what,
    )  # fmt: skip


@source
def _replied(now: Now) -> Iterable[Need]:
    """Actions that wait for the provider: of one its title, of several the newest one's."""
    waits = now.glance.actions.with_provider
    if not waits or now.glance.replied is None or not may(Permission.SEND_ACTIONS):
        return
    action_id, title = now.glance.replied
    one = url_for("provider.actions.show", action_id=action_id)
    several = url_for("provider.actions.index", holder="provider", text="", open_only="y")
    yield Need(
        what="1 action has a reply" if waits == 1 else f"{waits} actions have a reply", why=title,
        address=one if waits == 1 else several, do="Read", about=title,
    )  # fmt: skip


@source
def _returned_claims(now: Now) -> Iterable[Need]:
    """Claims about which the Finance Panel asks something."""
    waits = now.glance.claims_returned
    if waits and may(Permission.MAKE_CLAIMS):
        one = url_for("provider.claims.show", claim_id=now.glance.returned_id)
        yield Need(
            what="1 claim is returned for information"
            if waits == 1
            else f"{waits} claims are returned for information",
            why="Answer what the Finance Panel asks, then submit it again",
            address=one if waits == 1 else url_for("provider.claims.index"),
            do="Read and change it" if waits == 1 else "See your claims",
        )


@source
def _invoices_on_hold(now: Now) -> Iterable[Need]:
    """Those that the provider has to mend: they are paid once they are sent again."""
    held, pence = now.glance.invoices_held, now.glance.invoices_held_pence
    if held and may(Permission.SUBMIT_INVOICES):
        one = url_for("provider.invoices.show", invoice_id=now.glance.invoice_id)
        yield Need(
            what=f"1 invoice is on hold, {gbp(pence)}" if held == 1 else f"{held} invoices are on hold, {gbp(pence)}",
            why="Read why, mend it, then send it again under the same number", pence=pence,
            address=one if held == 1 else url_for("provider.invoices.index", state="on_hold"),
            do="Read and mend it" if held == 1 else "See your invoices",
        )  # fmt: skip


@source
def _timesheets(now: Now) -> Iterable[Need]:
    """Of Shared Lives: those that the council has returned, and last month's where it is not sent."""
    if not may(Permission.SUBMIT_ACTUALS):
        return
    if now.glance.timesheets_returned:
        count, one = now.glance.timesheets_returned, url_for(
            "provider.timesheets.show", timesheet_id=now.glance.timesheet_id
        )  # fmt: skip
        yield Need(
            what="1 timesheet is returned" if count == 1 else f"{count} timesheets are returned",
            why="Read why, change it, then send it again",
            address=one if count == 1 else url_for("provider.timesheets.index"), do="Read and change it",
        )  # fmt: skip
    if now.glance.timesheets_to_send:
        yield Need(
            what="Send last month’s timesheet",
            why="It is paid once the scheme has verified it and finance has approved it",
            address=url_for("provider.timesheets.index"), do="Fill it in and send it",
        )  # fmt: skip


@source
def _refused_mail(now: Now) -> Iterable[Need]:
    if not now.glance.refusals:
        return
    manages, sees = may(Permission.MANAGE_TEAM), sees_contact_details()
    for mark in session.scalars(refusals().limit(SHOWN)):
        need = Need(
            what=f"Mail to {mark.address if sees else 'one of your addresses'} is refused",
            why=f"since {shortmoment(mark.refused_at)}{f': {mark.said}' if sees else ''}",
        )
        if manages:
            yield Need(need.what, "Correct it", url_for("provider.team.index"), need.why, about=mark.address)
        elif may(Permission.VIEW_ORGANISATION):
            address = url_for("provider.contacts.index")
            yield Need(need.what, "Ask for a change of your contact", address, need.why)
        else:
            yield need
    if more := max(now.glance.refusals - SHOWN, 0):
        yield Need(f"Mail to {more} more is refused", "See them on Team", url_for("provider.team.index"))


def refusals():
    """Colleagues' addresses that refuse mail, for who looks after them; one's own for everybody else."""
    own = RefusedAddress.marked().where(RefusedAddress.address == me().email)
    return refused_mail.of_colleagues() if may(Permission.MANAGE_TEAM) else own


@source
def _access_review(now: Now) -> Iterable[Need]:
    if due_on := now.glance.review_due_on:
        yield Need(
            what="Check who still has access", why=f"due every six months, since {day(due_on)}",
            address=url_for("provider.team.review"), do="Review who has access",
        )  # fmt: skip


@source
def _weeks_of_actuals(_now: Now) -> Iterable[Need]:
    """Weeks that are over and not confirmed: of each service the one that is due first, and how many more."""
    if not may(Permission.SUBMIT_ACTUALS) or not viewed().has_actuals:
        return
    by_service: dict[tuple[int, int], list[ListedWeek]] = {}
    for week in weeks_to_do(today() - WEEKS_BACK):
        by_service.setdefault((week.contract_id, week.service_id), []).append(week)
    for found in by_service.values():
        first, more = found[0], len(found) - 1
        is_late, is_reopened = first.standing is Standing.LATE, first.standing is Standing.REOPENED
        since = f"late since {day(first.in_time_until)}" if is_late else ""
        also = f"{how_many(more, 'more week')} after it" if more else ""
        yield Need(
            what=f"{'Correct and confirm' if is_reopened else 'Confirm'} what you delivered in {first.span.days_short}",
            why=", ".join(filter(None, [first.service_name, since, also])),
            by=None if is_late or is_reopened else first.in_time_until,
            address=url_for(
                "provider.actuals.show", reference=first.reference, service_id=first.service_id, first_on=first.first_on
            ),
            do="Open the week",
            about=f"{first.service_name}, {first.span.days_short}",
        )

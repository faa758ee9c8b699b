"""One payment as its provider sees it, with what only the council sees."""

from flask import request, url_for

from blueprints.access import requires
from blueprints.admin.payments import PAYMENT, bp
from blueprints.lookups import address_without, get_or_404, one_or_404, page_of
from blueprints.pages import done, render
from blueprints.payment_page import Shown, shown_rows
from blueprints.reading import reads_client_records
from forms.council_payments import NameSearch
from forms.filters import RowFilter
from models.calendar import today
from models.money import gbp
from models.payments.adjustment import Adjustment, RecoveryPlan
from models.payments.blocked import faults
from models.payments.day_move import DayMove
from models.payments.money_line import line_of
from models.payments.payment import ScheduledPayment
from models.payments.run_history import people_of, runs_of
from models.payments.standing import standing_of
from models.permissions import Permission
from models.records.provider import Provider
from models.reports.breakdown import with_working
from models.together import read_together


@bp.get(PAYMENT)
@requires(Permission.VIEW_EVERY_PAYMENT)
@reads_client_records
def show(reference, first_on):
    payment = get_or_404(ScheduledPayment.of(reference, first_on))
    form = RowFilter(request.args)
    rows = shown_rows(payment, form.wanted)
    shown = Shown(payment, rows.items)
    shown.holds, moves, runs, adjustments, [provider], plan, people = read_together(
        shown.every_hold, DayMove.of(payment), runs_of(payment), Adjustment.of_contract(payment.contract_id),
        Provider.numbered(payment.provider_id), RecoveryPlan.open(payment.contract_id), people_of(payment),
    )  # fmt: skip
    in_run = next((each.run_id for each in runs if each.is_to_come), None)
    return render(
        "admin/payments/show.html",
        partial="components/_payment_rows.html",
        address=address_without("find"),
        payment=payment,
        form=form,
        rows=rows,
        shown=shown,
        working_endpoint=".working",
        has_guides_columns=False,
        standing=shown.standing,
        line=line_of(payment, shown.standing, is_in_run=in_run is not None),
        in_run=in_run,
        provider=provider,
        holds=sorted(shown.holds, key=lambda hold: (hold.is_released, -hold.id)),
        moves=moves,  # those that were moved back again too
        banked=shown.banked,
        today=today(),
        adjustments=adjustments,
        owed_pence=shown.owed_pence,
        plan=next(iter(plan), None),
        runs=runs,
        names={person.id: person.name for person in people},
    )


@bp.get(f"{PAYMENT}/rows/<row:key>")
@requires(Permission.VIEW_EVERY_PAYMENT)
@reads_client_records
def working(reference, first_on, key):
    """How one row was worked out: what the page of the payment fetches when it is opened, and a page of its own."""
    payment = get_or_404(ScheduledPayment.of(reference, first_on))
    row = one_or_404(with_working(payment, key))
    return render("admin/payments/working.html", partial="components/_working.html", payment=payment, row=row)


@bp.get("/not-calculated")
@requires(Permission.VIEW_EVERY_PAYMENT)
def not_calculated():
    form = NameSearch(request.args)
    return render(
        "admin/payments/not_calculated.html", partial="admin/payments/_not_calculated.html",
        form=form, page=page_of(faults(name=form.name.data.strip())),
    )  # fmt: skip


def back_to(payment, message):
    """Done: to the page of the payment, with what it comes to now that its provider has been calculated."""
    now = get_or_404(
        ScheduledPayment.of(payment.contract.reference, payment.first_on).execution_options(populate_existing=True)
    )
    then = url_for(".show", reference=payment.contract.reference, first_on=payment.first_on)
    standing = standing_of(now)
    bank = "" if standing.is_plain else f", of which {gbp(standing.bank_pence)} goes to the bank"
    stands = f"This payment now comes to {gbp(now.total_pence)}{bank}"
    if now.fault:
        stands = "But its contract cannot be calculated just now, so its figures stand as they were"
    return done(f"{message} {stands}", then=then)

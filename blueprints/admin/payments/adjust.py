"""Adding to a payment or taking off it by hand, and cancelling that."""

from flask import request

from blueprints.access import me, requires
from blueprints.admin.payments import PAYMENT, bp
from blueprints.admin.payments.show import back_to
from blueprints.lookups import get_or_404
from blueprints.pages import render
from blueprints.reading import reads_client_records
from blueprints.refusals import stays_on
from forms.base import ButtonForm
from forms.council_payments import AdjustForm
from models.base import session
from models.calendar import today
from models.money import gbp
from models.payments import hand_made, officer
from models.payments.adjustment import Adjustment
from models.payments.foreseeing import foresee
from models.payments.payment import ScheduledPayment
from models.permissions import Permission
from models.records.client import Client


@bp.route(f"{PAYMENT}/adjust", methods=["GET", "POST"])
@requires(Permission.ADJUST_PAYMENTS)
@reads_client_records
def adjust(reference, first_on):
    payment = get_or_404(ScheduledPayment.of(reference, first_on))
    clients = session.scalars(Client.of_contract(payment.contract_id)).all()
    day, client_id = min(payment.last_on, max(payment.first_on, today())), request.args.get("client", "")
    form = AdjustForm(data={"for_day": day, "client": client_id})
    form.client.offer(("", "[Choose a client]"), *((str(each.id), each.full_name) for each in clients))
    check = None
    if form.validate_on_submit():
        client = next(each for each in clients if str(each.id) == form.client.data)
        pence, day, is_last = form.amount.pence, form.for_day.day, "save" in request.form
        foreseen = foresee(
            payment.contract, client.id, amount_pence=pence, for_day=day, is_to_be_made=is_last
        )  # fmt: skip
        seen = form.seen(foreseen)
        if is_last and request.form.get("checked") == seen:
            officer.adjust(
                payment.contract, client, amount_pence=pence, for_day=day, reason=form.reason.data, by=me(),
                is_of_earlier_days=form.is_of_earlier_days.data,
            )  # fmt: skip
            return back_to(payment, f"Adjusted by {gbp(pence)}.")
        twin = session.scalar(Adjustment.twin_of(payment.contract_id, client.id, pence))
        check = {"foreseen": foreseen, "seen": seen, "twin": twin, "is_again": is_last}
    return render("admin/payments/adjust.html", payment=payment, form=form, check=check)


@bp.post(f"{PAYMENT}/adjustments/<int:adjustment_id>/see")
@requires(Permission.REVIEW_RUNS)
@reads_client_records
@stays_on("admin.payments.show")
def see_adjustment(reference, first_on, adjustment_id):
    """A second person has seen it, so that the command line may pay it too."""
    payment = get_or_404(ScheduledPayment.of(reference, first_on))
    adjustment = get_or_404(Adjustment.of_contract(payment.contract_id).where(Adjustment.id == adjustment_id))
    hand_made.see(adjustment, by=me())
    return back_to(payment, f"You have seen the adjustment of {gbp(adjustment.amount_pence)}.")


@bp.route(f"{PAYMENT}/adjustments/<int:adjustment_id>/cancel", methods=["GET", "POST"])
@requires(Permission.ADJUST_PAYMENTS)
@reads_client_records
def cancel_adjustment(reference, first_on, adjustment_id):
    payment = get_or_404(ScheduledPayment.of(reference, first_on))
    adjustment = get_or_404(Adjustment.of_contract(payment.contract_id).where(Adjustment.id == adjustment_id))
    form = ButtonForm()
    if form.validate_on_submit():
        officer.cancel_adjustment(adjustment, by=me())
        return back_to(payment, "The adjustment is cancelled.")
    amount = gbp(adjustment.amount_pence)
    return render(
        "admin/payments/act.html", payment=payment, form=form, title="Cancel an adjustment",
        button=f"Cancel the adjustment of {amount}",
        quoted=(f"{amount} for {adjustment.client.full_name}", adjustment.reason),
        words="It comes to nothing from now on. What was finalised of it is taken back by the next payment.",
    )  # fmt: skip

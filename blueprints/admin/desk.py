"""What an officer does to a payment: hold, release, adjust, send back, pay unconfirmed, agree instalments."""

from flask import request, url_for

from blueprints.access import me, requires
from blueprints.admin.payments import bp
from blueprints.lookups import get_or_404
from blueprints.pages import done, render
from blueprints.reading import reads_client_records
from forms.desk import AdjustForm, HoldForm, JustDoIt, PlanForm, ReleaseForm, SendBackForm, WaiveForm
from models.base import session
from models.calendar import today
from models.money import gbp
from models.payments import officer
from models.payments.adjustment import Adjustment, RecoveryPlan
from models.payments.hold import Hold
from models.payments.payment import ScheduledPayment
from models.permissions import Permission
from models.records.client import Client
from models.reports.breakdown import told

PAYMENT = "/<reference:reference>/<day:first_on>"


@bp.route(f"{PAYMENT}/hold", methods=["GET", "POST"])
@requires(Permission.HOLD_PAYMENTS)
@reads_client_records
def hold(reference, first_on):
    payment = get_or_404(ScheduledPayment.of(reference, first_on))
    form = HoldForm(data={"what": request.args.get("order", "")})
    orders = [row for row in told(payment).rows if row.order and row.order.id]
    form.what.offer(
        ("", f"The whole payment, {gbp(payment.total_pence)}"),
        *((str(row.order.id), f"{row.title}, {gbp(row.total_pence)}") for row in orders),
    )
    if form.validate_on_submit():
        order_id = int(form.what.data) if form.what.data else None
        officer.hold(payment, by=me(), reason=form.reason.data, order_id=order_id)
        return _back_to(payment, "Held.")
    return render("admin/payments/hold.html", payment=payment, form=form)


@bp.route(f"{PAYMENT}/holds/<int:hold_id>/release", methods=["GET", "POST"])
@requires(Permission.HOLD_PAYMENTS)
@reads_client_records
def release(reference, first_on, hold_id):
    payment = get_or_404(ScheduledPayment.of(reference, first_on))
    held = get_or_404(Hold.ever_on(payment).where(Hold.id == hold_id))
    form = ReleaseForm()
    if form.validate_on_submit():
        officer.release(payment, held, by=me(), reason=form.reason.data)
        return _back_to(payment, "Released.")
    return render("admin/payments/release.html", payment=payment, held=held, form=form)


@bp.route(f"{PAYMENT}/send-back", methods=["GET", "POST"])
@requires(Permission.ANSWER_REJECTIONS)
def send_back(reference, first_on):
    payment = get_or_404(ScheduledPayment.of(reference, first_on))
    form = SendBackForm()
    if form.validate_on_submit():
        officer.send_back(payment, by=me(), comment=form.comment.data)
        return _back_to(payment, "Sent back. The provider is asked again.")
    return render("admin/payments/send_back.html", payment=payment, form=form)


@bp.route(f"{PAYMENT}/pay-unconfirmed", methods=["GET", "POST"])
@requires(Permission.ANSWER_REJECTIONS)
def waive(reference, first_on):
    payment = get_or_404(ScheduledPayment.of(reference, first_on))
    form = WaiveForm()
    if form.validate_on_submit():
        officer.waive(payment, by=me(), reason=form.reason.data)
        return _back_to(payment, "It may be paid without being confirmed.")
    return render("admin/payments/waive.html", payment=payment, form=form)


@bp.route(f"{PAYMENT}/adjust", methods=["GET", "POST"])
@requires(Permission.ADJUST_PAYMENTS)
@reads_client_records
def adjust(reference, first_on):
    payment = get_or_404(ScheduledPayment.of(reference, first_on))
    clients = session.scalars(Client.of_contract(payment.contract_id)).all()
    form = AdjustForm(data={"for_day": min(payment.last_on, max(payment.first_on, today()))})
    form.client.offer(("", "[Choose a client]"), *((str(each.id), each.full_name) for each in clients))
    foreseen = None
    if form.validate_on_submit():
        client = next(each for each in clients if str(each.id) == form.client.data)
        given = {"amount_pence": form.amount.data, "for_day": form.for_day.data}
        if "save" in request.form:
            officer.adjust(payment.contract, client, **given, reason=form.reason.data, by=me())
            return _back_to(payment, f"Adjusted by {gbp(form.amount.data)}.")
        foreseen = officer.foresee(payment.contract, client.id, **given)
    return render("admin/payments/adjust.html", payment=payment, form=form, foreseen=foreseen)


@bp.route(f"{PAYMENT}/adjustments/<int:adjustment_id>/cancel", methods=["GET", "POST"])
@requires(Permission.ADJUST_PAYMENTS)
@reads_client_records
def cancel_adjustment(reference, first_on, adjustment_id):
    payment = get_or_404(ScheduledPayment.of(reference, first_on))
    adjustment = get_or_404(Adjustment.of_contract(payment.contract_id).where(Adjustment.id == adjustment_id))
    form = JustDoIt()
    if form.validate_on_submit():
        officer.cancel_adjustment(adjustment, by=me())
        return _back_to(payment, "The adjustment is cancelled.")
    return render("admin/payments/cancel_adjustment.html", payment=payment, adjustment=adjustment, form=form)


@bp.route(f"{PAYMENT}/instalments", methods=["GET", "POST"])
@requires(Permission.ADJUST_PAYMENTS)
def instalments(reference, first_on):
    payment = get_or_404(ScheduledPayment.of(reference, first_on))
    form = PlanForm()
    if form.validate_on_submit():
        officer.agree_plan(payment.contract, per_payment_pence=form.amount.data, reason=form.reason.data, by=me())
        return _back_to(payment, f"No payment of this contract recovers more than {gbp(form.amount.data)} now.")
    return render("admin/payments/instalments.html", payment=payment, form=form)


@bp.route(f"{PAYMENT}/instalments/end", methods=["GET", "POST"])
@requires(Permission.ADJUST_PAYMENTS)
def end_instalments(reference, first_on):
    payment = get_or_404(ScheduledPayment.of(reference, first_on))
    plan = get_or_404(RecoveryPlan.open(payment.contract_id))
    form = JustDoIt()
    if form.validate_on_submit():
        officer.end_plan(plan, by=me())
        return _back_to(payment, "The instalment plan has ended.")
    return render("admin/payments/end_instalments.html", payment=payment, plan=plan, form=form)


def _back_to(payment, message):
    """The payment again, with what it comes to now that its provider has been calculated."""
    now = get_or_404(
        ScheduledPayment.of(payment.contract.reference, payment.first_on).execution_options(populate_existing=True)
    )
    then = url_for(".show", reference=payment.contract.reference, first_on=payment.first_on)
    return done(f"{message} This payment now comes to {gbp(now.total_pence)}", then=then)

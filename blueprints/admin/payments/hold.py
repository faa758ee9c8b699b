"""Holding a payment or one of its rows, and releasing what is held."""

from flask import request

from blueprints.access import me, requires
from blueprints.admin.payments import PAYMENT, bp
from blueprints.admin.payments.show import back_to
from blueprints.lookups import get_or_404
from blueprints.pages import refusals_on, render
from blueprints.reading import reads_client_records
from forms.council_payments import AnswerForm, HoldForm, ReleaseForm
from models.money import gbp
from models.payments import officer
from models.payments.asking import who_is_told
from models.payments.hold import Hold
from models.payments.payment import ScheduledPayment
from models.permissions import Permission
from models.reports.breakdown import with_working

ANSWER_IS_READ = (
    "The provider reads what you write on the page of this payment. A mail tells those who may confirm it that there "
    "is an answer, and does not repeat it."
)

LET_GO = (
    "A standing hold has placed this. It does not hold this again; everything else that it holds stays held. To "
    "release all of it, end the standing hold."
)


@bp.route(f"{PAYMENT}/hold", methods=["GET", "POST"])
@requires(Permission.HOLD_PAYMENTS)
@reads_client_records
def hold(reference, first_on):
    payment = get_or_404(ScheduledPayment.of(reference, first_on))
    form = HoldForm(data={"what": request.args.get("order", "")})
    orders = [(row.order.id, row) for row in with_working(payment) if row.order and row.order.id]
    form.what.offer(
        ("", f"The whole payment, {gbp(payment.total_pence)}"),
        *((str(order_id), f"{row.title}, {gbp(row.total_pence)}") for order_id, row in orders),
    )
    if form.validate_on_submit():
        with refusals_on(form):
            order_id = int(form.what.data) if form.what.data else None
            officer.hold(payment, by=me(), reason=form.reason.data, order_id=order_id)
            return back_to(payment, "Held.")
    return render(
        "admin/payments/act.html", payment=payment, form=form, title="Hold", button="Hold",
        words="What is held stays calculated, and no run pays it until it is released.",
    )  # fmt: skip


@bp.route(f"{PAYMENT}/holds/<int:hold_id>/release", methods=["GET", "POST"])
@requires(Permission.HOLD_PAYMENTS)
@reads_client_records
def release(reference, first_on, hold_id):
    payment = get_or_404(ScheduledPayment.of(reference, first_on))
    held = get_or_404(Hold.ever_on(payment).where(Hold.id == hold_id))
    form = AnswerForm() if held.is_query else ReleaseForm()
    if form.validate_on_submit():
        with refusals_on(form):
            still = officer.release(payment, held, by=me(), reason=form.reason.data)
            done = "Answered and released" if held.is_query else "Released"
            return back_to(payment, f"{done}, but it is still held by {still}." if still else f"{done}.")
    return render(
        "admin/payments/act.html", payment=payment, form=form,
        title="Answer and release" if held.is_query else "Release",
        button="Answer and release" if held.is_query else "Release", quoted=_about(held),
        words=ANSWER_IS_READ if held.is_query else LET_GO if held.standing_id else "",
    )  # fmt: skip


@bp.route(f"{PAYMENT}/holds/<int:hold_id>/answer", methods=["GET", "POST"])
@requires(Permission.HOLD_PAYMENTS)
@reads_client_records
def answer_hold(reference, first_on, hold_id):
    payment = get_or_404(ScheduledPayment.of(reference, first_on))
    held = get_or_404(Hold.ever_on(payment).where(Hold.id == hold_id))
    form = AnswerForm()
    if form.validate_on_submit():
        with refusals_on(form):
            officer.answer(payment, held, by=me(), text=form.reason.data)
            return back_to(payment, who_is_told(payment))
    title = "Answer a query" if held.is_query else "Write to the provider"
    return render(
        "admin/payments/act.html", payment=payment, form=form, title=title, button=title, quoted=_about(held),
        words=f"Nothing is released by it. {ANSWER_IS_READ}",
    )  # fmt: skip


def _about(held):
    what = held.purchase_order.short_title if held.purchase_order else "The whole payment"
    return f"{what} is {'queried' if held.is_query else 'held'}", held.reason

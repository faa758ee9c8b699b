"""Agreeing that a contract's payments take back no more than so much at a time, and ending that."""

from blueprints.access import me, requires
from blueprints.admin.payments import PAYMENT, bp
from blueprints.admin.payments.show import back_to
from blueprints.lookups import get_or_404
from blueprints.pages import render
from forms.council_payments import EndPlanForm, PlanForm
from models.money import gbp
from models.payments import officer
from models.payments.adjustment import RecoveryPlan
from models.payments.payment import ScheduledPayment
from models.permissions import Permission


@bp.route(f"{PAYMENT}/instalments", methods=["GET", "POST"])
@requires(Permission.ADJUST_PAYMENTS)
def instalments(reference, first_on):
    payment = get_or_404(ScheduledPayment.of(reference, first_on))
    form = PlanForm()
    if form.validate_on_submit():
        officer.agree_plan(payment.contract, per_payment_pence=form.amount.pence, reason=form.reason.data, by=me())
        return back_to(payment, f"No payment of this contract recovers more than {gbp(form.amount.pence)} now.")
    return render(
        "admin/payments/act.html", payment=payment, form=form, title="Agree instalments", button="Agree instalments",
        words="No payment of this contract then takes back more than the amount that you give, until you end the plan.",
    )  # fmt: skip


@bp.route(f"{PAYMENT}/instalments/end", methods=["GET", "POST"])
@requires(Permission.ADJUST_PAYMENTS)
def end_instalments(reference, first_on):
    payment = get_or_404(ScheduledPayment.of(reference, first_on))
    plan = get_or_404(RecoveryPlan.open(payment.contract_id))
    form = EndPlanForm(per_payment_pence=plan.per_payment_pence)
    if form.validate_on_submit():
        officer.end_plan(plan, by=me())
        return back_to(payment, "The instalment plan has ended.")
    return render(
        "admin/payments/act.html", payment=payment, form=form, title="End the instalment plan",
        button=f"End the plan of {gbp(plan.per_payment_pence)} a payment",
        words="From now on a payment of this contract takes back all that it can, down to £0.00.",
    )  # fmt: skip

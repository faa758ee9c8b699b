"""The provider's answer: sending a rejected payment back, and paying one that nobody has confirmed."""

from blueprints.access import me, requires
from blueprints.admin.payments import PAYMENT, bp
from blueprints.admin.payments.show import back_to
from blueprints.lookups import get_or_404
from blueprints.pages import render
from forms.council_payments import SendBackForm, WaiveForm
from models.money import gbp
from models.payments import officer
from models.payments.payment import ScheduledPayment
from models.permissions import Permission


@bp.route(f"{PAYMENT}/send-back", methods=["GET", "POST"])
@requires(Permission.ANSWER_REJECTIONS)
def send_back(reference, first_on):
    payment = get_or_404(ScheduledPayment.of(reference, first_on))
    form = SendBackForm()
    if form.validate_on_submit():
        officer.send_back(payment, by=me(), comment=form.comment.data)
        return back_to(payment, "Sent back. The provider is asked again.")
    return render(
        "admin/payments/act.html", payment=payment, form=form, title="Send back to the provider", button="Send back",
        quoted=payment.answer_comment and ("The provider rejected this payment", payment.answer_comment),
        words="The payment stands as unconfirmed again, and the provider reads what you say.",
    )  # fmt: skip


@bp.route(f"{PAYMENT}/pay-unconfirmed", methods=["GET", "POST"])
@requires(Permission.ANSWER_REJECTIONS)
def waive(reference, first_on):
    payment = get_or_404(ScheduledPayment.of(reference, first_on))
    form = WaiveForm()
    if form.validate_on_submit():
        officer.waive(payment, by=me(), reason=form.reason.data)
        return back_to(payment, "It may be paid without being confirmed.")
    return render(
        "admin/payments/act.html", payment=payment, form=form, title="Pay without confirmation",
        button=f"Pay {gbp(payment.total_pence)} without confirmation",
        words="The contract holds what its provider has not confirmed. The next run takes this payment all the same.",
    )  # fmt: skip

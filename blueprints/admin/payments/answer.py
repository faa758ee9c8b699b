"""The provider's answer: sending a rejected or missed payment back, and paying one as it is."""

from blueprints.access import me, requires
from blueprints.admin.payments import PAYMENT, bp
from blueprints.admin.payments.show import back_to
from blueprints.lookups import get_or_404
from blueprints.pages import render
from forms.base import ButtonForm
from forms.council_payments import PayAsItIsForm, SendBackForm
from models.money import gbp
from models.payments import officer
from models.payments.asking import who_is_told
from models.payments.payment import ScheduledPayment
from models.permissions import Permission


@bp.route(f"{PAYMENT}/send-back", methods=["GET", "POST"])
@requires(Permission.ANSWER_REJECTIONS)
def send_back(reference, first_on):
    payment = get_or_404(ScheduledPayment.of(reference, first_on))
    form = SendBackForm()
    if form.validate_on_submit():
        officer.ask_again(payment, by=me(), comment=form.comment.data, answer_by=form.answer_by.data)
        return back_to(payment, "Sent back. The provider is asked again.")
    waits = (
        "Nothing of it is paid before it has answered, or that day is over."
        if _is_strict(payment)
        else ("The next run pays it all the same, unless it is rejected again before.")
    )
    return render(
        "admin/payments/act.html", payment=payment, form=form, title="Send back to the provider", button="Send back",
        quoted=payment.answer_comment and ("The provider rejected this payment", payment.answer_comment),
        words=f"The payment stands as unconfirmed again, and the provider is told by mail. {waits}",
    )  # fmt: skip


def _is_strict(payment):
    return payment.contract.pays_only_confirmed


@bp.route(f"{PAYMENT}/pay-as-it-is", methods=["GET", "POST"])
@requires(Permission.ANSWER_REJECTIONS)
def pay_as_it_is(reference, first_on):
    payment = get_or_404(ScheduledPayment.of(reference, first_on))
    form = PayAsItIsForm(total_pence=payment.total_pence)
    if form.validate_on_submit():
        officer.pay_as_it_is(payment, by=me(), reason=form.reason.data, total_pence=form.total_pence.data or 0)
        return back_to(payment, f"It is paid as it is. {who_is_told(payment)}")
    return render(
        "admin/payments/act.html", payment=payment, form=form, title="Pay as it is",
        button=f"Pay {gbp(payment.total_pence)} as it is",
        quoted=payment.answer_comment and ("The provider rejected this payment", payment.answer_comment),
        words="The next run takes this payment, although its provider has not confirmed it. That counts for this total "
        "only: if it changes, the payment is kept back again. The provider is told by mail.",
    )  # fmt: skip


@bp.route(f"{PAYMENT}/keep-back-again", methods=["GET", "POST"])
@requires(Permission.ANSWER_REJECTIONS)
def keep_back_again(reference, first_on):
    payment = get_or_404(ScheduledPayment.of(reference, first_on))
    form = ButtonForm()
    if form.validate_on_submit():
        officer.keep_back_again(payment, by=me())
        return back_to(payment, "It is kept back again.")
    return render(
        "admin/payments/act.html", payment=payment, form=form, title="Keep back again", button="Keep back again",
        quoted=("It was to be paid as it is", payment.waive_reason) if payment.waive_reason else None,
        words="The payment is no longer paid as it is: it waits for its provider again.",
    )  # fmt: skip

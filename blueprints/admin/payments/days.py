"""The days of one payment: moving them, making it due today, and a run of it alone."""

from flask import url_for

from blueprints.access import me, requires
from blueprints.admin.payments import PAYMENT, bp
from blueprints.admin.payments.show import back_to
from blueprints.filters import weekday
from blueprints.lookups import get_or_404
from blueprints.pages import done, refusals_on, render
from forms.base import ButtonForm
from forms.council_payments import MoveDaysForm, PayNowForm
from models.payments import day_moves
from models.payments.asking import who_is_told
from models.payments.day_moves import days_of, shown_if_paid_now, usual_days_of
from models.payments.payment import ScheduledPayment
from models.payments.standing import Kept, standing_of
from models.permissions import Permission


@bp.route(f"{PAYMENT}/move-days", methods=["GET", "POST"])
@requires(Permission.PREPARE_RUNS)
def move_days(reference, first_on):
    payment = get_or_404(ScheduledPayment.of(reference, first_on))
    before = days_of(payment)
    form = MoveDaysForm(data=before._asdict())
    form.are_of(before, usual_days_of(payment), asks=payment.contract.asks_for_confirmation, until=payment.answer_by)
    if form.validate_on_submit():
        with refusals_on(form):
            day_moves.move_days(payment, by=me(), reason=form.reason.data, seen=before, **form.days._asdict())
            return back_to(payment, f"Its days are moved. {who_is_told(payment)}")
    return render(
        "admin/payments/act.html", payment=payment, form=form, title="Move a day", button="Move",
        words="Days that you give here stay, whatever the calendar or the finance system says later; a day that is the "
        "calendar’s counts as not moved. The first and last day of the period never move. An earlier last day to "
        "confirm leaves whoever has not answered two working days in which it can be answered, or what it had left.",
    )  # fmt: skip


@bp.route(f"{PAYMENT}/pay-now", methods=["GET", "POST"])
@requires(Permission.PREPARE_RUNS)
def pay_now(reference, first_on):
    payment = get_or_404(ScheduledPayment.of(reference, first_on))
    form = PayNowForm()
    if form.validate_on_submit():
        with refusals_on(form):
            day_moves.pay_now(payment, by=me(), reason=form.reason.data)
            return back_to(payment, f"It is due today. {who_is_told(payment)}")
    return render(
        "admin/payments/act.html", payment=payment, form=form, title="Pay now", button="Make it due today",
        words=f"{_then(payment)} What we hear later of its days is a difference in the next payment.",
    )  # fmt: skip


def _then(payment):
    """When a run takes it once it is due, and what keeps it back all the same."""
    kept, days = standing_of(payment).kept, shown_if_paid_now(payment)
    if kept is None:
        return (
            "The next run that is prepared takes it. If that is finalised today, it is in the bank on "
            f"{weekday(days.bank_on)}; if it is later, the provider is told."
        )
    if kept is Kept.ASKED:
        return (
            "The next run that is prepared takes it. But it waits for its provider’s confirmation, until the end of "
            f"{weekday(days.confirm_by)}: no run takes it before, and it is in the bank on {weekday(days.bank_on)} at "
            "the latest, once it is confirmed."
        )
    return "The next run that is prepared takes it. But it is held just now: it is paid once that is settled."


@bp.route(f"{PAYMENT}/prepare", methods=["GET", "POST"])
@requires(Permission.PREPARE_RUNS)
def prepare(reference, first_on):
    payment = get_or_404(ScheduledPayment.of(reference, first_on))
    form = ButtonForm()
    if form.validate_on_submit():
        with refusals_on(form):
            run = day_moves.prepare_one(payment, by=me())
            return done("The run is prepared.", then=url_for("admin.payment_runs.show", run_id=run.id))
    return render(
        "admin/payments/act.html", payment=payment, form=form, title="Prepare a run of this payment",
        button="Prepare the run",
        words="The run takes this payment and no other. Somebody else authorises it, as any run.",
    )  # fmt: skip

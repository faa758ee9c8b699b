"""Confirming and rejecting a scheduled payment, querying its rows, and taking a rejection back."""

import re
from dataclasses import dataclass

from flask import Blueprint, g, request, url_for

from blueprints.access import me, requires
from blueprints.kept_forms import keep_unsent
from blueprints.lookups import RowKey, get_or_404
from blueprints.pages import done, go_to, refusals_on, render
from blueprints.presses import is_sent_again, repeatable
from blueprints.reading import reads_client_records
from forms.payments import AnswerForm, TakeBackForm
from models.base import reload
from models.money import gbp
from models.payments import answers
from models.payments.answers import confirm, insist_on_being_open, insist_on_no_answer, reject
from models.payments.confirmation import Processing
from models.payments.hold import Hold
from models.payments.payment import ScheduledPayment
from models.payments.run_history import askers_of
from models.payments.standing import standing_of
from models.payments.to_answer import confirmed_of, to_answer
from models.permissions import Permission
from models.reports.breakdown import rows_of
from models.reports.payment_rows import Wanted
from models.together import read_together
from models.words import how_many, is_found, is_initial, searched

bp = Blueprint("answering", __name__, url_prefix="/payments")

KEPT = "What you have ticked and written is kept for an hour"
FEW = 5
"""So many rows as last time are not folded away."""


@bp.route("/<reference:reference>/<day:first_on>/answer", methods=["GET", "POST"])
@requires(Permission.CONFIRM_PAYMENTS)
@reads_client_records
def answer(reference, first_on):
    payment = get_or_404(ScheduledPayment.of(reference, first_on))
    form = AnswerForm(total_pence=payment.total_pence)
    shown = _shown(payment, form)
    with refusals_on(form):
        if form.is_submitted():
            insist_on_being_open(payment)
            if not is_sent_again():
                insist_on_no_answer(payment, me())
        if form.validate_on_submit():
            return done(_say(payment, form), then=_payment(payment))
    if form.form_errors:  # somebody else may have come first
        reload(payment)
        shown = _shown(payment, form)
    return render(
        "provider/payments/answer.html", partial="provider/payments/_answer.html",
        payment=payment, asking=payment.answer_state, form=form, groups=_groups(shown["rows"], form),
        standing=None if payment.can_be_answered else standing_of(payment),
        confirmed=None if payment.can_be_answered else confirmed_of(payment),
        is_still_kept=g.get("is_still_kept", False), **shown,
    )  # fmt: skip


def _shown(payment, form):
    """The payment's rows with what is asked, held and said of them, as they are now; offers them to the form."""
    rows = rows_of(payment, Wanted(with_gone=True))
    holds, askers = read_together(Hold.ever_on(payment).order_by(None).order_by(Hold.id), askers_of(payment))
    marks = {hold.purchase_order_id: hold for hold in reversed(holds) if not hold.is_released}
    asked = to_answer(payment)
    is_planned = payment.processing is Processing.FUTURE  # there is nothing yet that could be held
    offered = [] if is_planned else asked.drafts.keys() - marks.keys()
    form.offer(rows.items, asked, offered, holds_queried=payment.contract.holds_queried)
    return {"rows": rows, "asked": asked, "marks": marks, **_said(holds, askers, rows.items)}


@bp.post("/<reference:reference>/<day:first_on>/answer/keep")
@requires(Permission.CONFIRM_PAYMENTS)
@repeatable
def keep(reference, first_on):
    """Keep what is ticked and written, unsent. The script sends it as it is typed; without scripts the buttons that
    lead away from the form, or look for rows, come here.
    """
    payment = get_or_404(ScheduledPayment.of(reference, first_on))
    here = url_for(".answer", reference=reference, first_on=first_on)
    if payment.can_be_answered:  # it comes late, say from another window, after an answer
        keep_unsent(me().id, here)
    then = request.form.get("then", "")
    if then == "payment":
        return done(KEPT, then=_payment(payment))
    if re.fullmatch(RowKey.regex, then):
        return go_to(url_for("provider.payments.working", reference=reference, first_on=first_on, key=then))
    return go_to(f"{here}#rows")


@bp.route("/<reference:reference>/<day:first_on>/take-back", methods=["GET", "POST"])
@requires(Permission.CONFIRM_PAYMENTS)
@reads_client_records
def take_back(reference, first_on):
    payment = get_or_404(ScheduledPayment.of(reference, first_on))
    standing = standing_of(payment)
    form = TakeBackForm(total_pence=payment.total_pence, confirms_pence=standing.to_confirm_pence)
    with refusals_on(form):
        if form.validate_on_submit():
            seen = form.confirms_pence.data or 0
            answers.take_back(payment, by=me(), total_pence=form.total_pence.data or 0, confirms_pence=seen)
            said = f"You have taken your rejection back, and confirmed {gbp(seen)} for {payment.span.short}"
            return done(said, then=_payment(payment))
    return render("provider/payments/take_back.html", payment=payment, form=form, standing=standing)


def _payment(payment):
    return url_for("provider.payments.show", reference=payment.contract.reference, first_on=payment.first_on)


def _say(payment, form):
    """Give the answer whose button was pressed; what was said, in words."""
    seen, queries, queried = form.total_pence.data, form.queries, form.queried_pence
    if form.reject.data:
        reject(payment, by=me(), total_pence=seen, comment=form.reason)
        return f"You have rejected the payment of {gbp(seen)} for {payment.span.short}. It goes back to the council"
    confirm(
        payment, by=me(), total_pence=seen, confirms_pence=form.button_pence, comment=form.comment.data, queries=queries
    )
    said = f"You have confirmed {gbp(form.button_pence)} for {payment.span.short}"
    held = ", held until the council has looked at it" if form.holds_queried else ", which is still paid"
    return f"{said}, and queried {how_many(len(queries), 'row')}, {gbp(queried)}{held}" if queries else said


@dataclass(frozen=True)
class Group:
    """Some rows of the page, under one heading; `kind` names it."""

    kind: str
    rows: list
    is_open: bool
    hidden: frozenset[str]
    """Keys of those that are not what is looked for."""

    @property
    def finds_nothing(self):
        return len(self.hidden) == len(self.rows)

    @property
    def total_pence(self):
        return sum(row.total_pence for row in self.rows)

    @property
    def change_pence(self):
        return sum(row.change_pence for row in self.rows)


def _groups(rows, form):
    """The rows by what has to be looked at first: what changed while the page was open, what is not as in the payment
    before, the rest.
    """
    since = form.changed
    by_kind: dict[str, list] = {"since": [], "changed": [], "same": []}
    for row in rows.items:
        kind = "since" if row.order_id in since else "same" if row.change.is_same else "changed"
        by_kind[kind].append(row)
    if rows.before is None and by_kind["same"]:
        by_kind["all"] = by_kind.pop("same")
    return [_group(kind, found, form) for kind, found in by_kind.items() if found]


def _group(kind, rows, form):
    text = form.find.data.strip()
    hidden = frozenset(row.key for row in rows if text and not _is_sought(text, row.title))
    is_open = kind != "same" or len(rows) <= FEW or bool(text) or any(row.order_id in form.query.data for row in rows)
    return Group(kind, rows, is_open, hidden)


def _is_sought(text, title):
    """One letter is looked for in the name alone, since every reference may begin with it."""
    name = title.partition(" (")[0]
    return all(is_found(word, name if is_initial(word) else title) for word in searched(text))


def _said(holds, askers, rows):
    """What was asked and answered of the payment: beside its rows, and of rows that it no longer has."""
    told = [hold for hold in holds if hold.is_told]
    here = {row.order_id for row in rows} | {None}
    return {
        "said_of": {order_id: [hold for hold in told if hold.purchase_order_id == order_id]
                    for order_id in {hold.purchase_order_id for hold in told}},
        "said_elsewhere": [hold for hold in told if hold.purchase_order_id not in here],
        "names": {person.id: person.name for person in askers},
    }  # fmt: skip

"""One act on several payments at once: it says what will happen, does it, and lists what was left and why."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from flask import request, url_for

from blueprints.access import me, requires
from blueprints.admin.payments import bp
from blueprints.lookups import PER_PAGE, key
from blueprints.pages import came_from, refusals_on, render, render_once, safe_path, without
from forms.council_payments import HoldManyForm, PlanForm, ReleaseForm, SendBackForm
from models.accounts.conflict import conflicts_of, insist_on_none
from models.base import session
from models.money import gbp
from models.payments import officer
from models.payments.hold import still_held
from models.payments.payment import ScheduledPayment
from models.payments.several import Act, foreseen, holds_seen
from models.payments.worklist import numbered
from models.permissions import Permission
from models.tally import tally
from models.words import how_many

OWN = "You have or had a place at its provider, so a colleague has to do this"


@dataclass(frozen=True)
class Several:
    """How one act is asked for and told."""

    act: Act
    title: str
    button: str
    """What the button says before "3 payments"."""
    did: str
    words: str
    do: Callable[..., officer.Refused]

    def count(self, payments: Iterable[ScheduledPayment]) -> str:
        """How many it is about, and their sum. An instalment plan is a contract's, and about the sum of no payment."""
        done = list(payments)
        if self.act is Act.INSTALMENTS:
            return how_many(len({each.contract_id for each in done}), "contract")
        return f"{how_many(len(done), 'payment')}, {gbp(sum(each.total_pence for each in done))}"


HOLD = Several(
    Act.HOLD, "Hold several payments", "Hold", "Held",
    "What is held stays calculated, and no run pays it until it is released.", officer.hold_each,
)  # fmt: skip
RELEASE = Several(
    Act.RELEASE, "Release several payments", "Release", "Released",
    "Holds of whole payments are released. Held and queried rows stay: each needs its own answer. What is released out "
    "of a standing hold is not held by it again.", officer.release_each,
)  # fmt: skip
SEND_BACK = Several(
    Act.SEND_BACK, "Send several payments back", "Send back", "Sent back",
    "They stand as unconfirmed again, and each provider is told by mail, with the same words. Name nobody in them.",
    officer.ask_again_each,
)  # fmt: skip
INSTALMENTS = Several(
    Act.INSTALMENTS, "Agree instalments on several contracts", "Agree instalments for", "Agreed",
    "No payment of the contracts of these payments then takes back more than the amount that you give, until you end "
    "the plan of each.", officer.agree_plan_each,
)  # fmt: skip


@bp.route("/hold-many", methods=["GET", "POST"])
@requires(Permission.HOLD_PAYMENTS)
def hold_many():
    form = HoldManyForm()
    return _several(HOLD, form, lambda: {"reason": form.reason.data})


@bp.route("/release-many", methods=["GET", "POST"])
@requires(Permission.HOLD_PAYMENTS)
def release_many():
    form = ReleaseForm()
    seen = request.form.getlist("hold", type=key) or None
    return _several(RELEASE, form, lambda: {"reason": form.reason.data, "seen": seen})


@bp.route("/send-back-many", methods=["GET", "POST"])
@requires(Permission.ANSWER_REJECTIONS)
def send_back_many():
    form = SendBackForm()
    return _several(SEND_BACK, form, lambda: {"comment": form.comment.data, "answer_by": form.answer_by.data})


@bp.route("/instalments-many", methods=["GET", "POST"])
@requires(Permission.ADJUST_PAYMENTS)
def instalments_many():
    form = PlanForm()
    return _several(
        INSTALMENTS, form, lambda: {"per_payment_pence": form.amount.pence, "reason": form.reason.data}
    )  # fmt: skip


def _several(of: Several, form: Any, given: Callable[[], dict[str, Any]]) -> Any:
    ids = list(dict.fromkeys(request.values.getlist("payment", type=key)))
    rows = session.execute(numbered(ids[:PER_PAGE])).all()
    own = _of_own_providers([row.ScheduledPayment for row in rows])
    shown = {"form": form, "of": of, "left_out": max(len(ids) - PER_PAGE, 0), "still": {}, "list_url": _list_url()}
    if rows and form.validate_on_submit():
        with refusals_on(form):
            these = [row.ScheduledPayment.id for row in rows if row.ScheduledPayment.id not in own]
            return _done(of, rows, shown, of.do(these, by=me(), **given()) | own)
    payments = [row.ScheduledPayment for row in rows if row.ScheduledPayment.id not in own]
    left = foreseen(of.act, payments) | own
    holds = holds_seen(payments) if of.act is Act.RELEASE else []
    return render("admin/payments/many.html", rows=rows, refused=left, holds=holds, is_done=False, **shown)


def _of_own_providers(payments: list[ScheduledPayment]) -> officer.Refused:
    """Why those are left at whose providers this person has or had a place. Where that is all of them, the whole is
    refused, as one alone is.
    """
    bound = set(conflicts_of(me(), {each.provider_id for each in payments}))
    own = {each.id: OWN for each in payments if each.provider_id in bound}
    if own and len(own) == len(payments):
        insist_on_none(me(), bound)
    if own and request.method == "POST":
        for provider_id in sorted(bound):
            tally("access.conflict", by=me(), provider_id=provider_id, endpoint=request.endpoint)
    return own


def _done(of: Several, rows: Any, shown: dict[str, Any], refused: officer.Refused) -> Any:
    ids = [row.ScheduledPayment.id for row in rows]
    rows = session.execute(numbered(ids).execution_options(populate_existing=True)).all()
    takes = [row.ScheduledPayment for row in rows if row.ScheduledPayment.id not in refused]
    said = f"{of.count(takes).partition(',')[0]} {of.did.lower()}"
    if of.act is Act.RELEASE:
        shown["still"] = still_held((id_ for id_ in ids if id_ not in refused), in_any_row=True)
        said += f", of which {len(shown['still'])} still held" if shown["still"] else ""
    said += f", {len(refused)} not" if refused else ""
    return render_once(
        "admin/payments/many.html", then=shown["list_url"], lost=f"{said}. Open a payment to see what became of it",
        rows=rows, refused=refused, said=said, is_done=True, **shown,
    )  # fmt: skip


def _list_url():
    """The list as it was, with its filters, and nothing ticked."""
    there = safe_path(request.form.get("list")) or came_from() or ""
    index = url_for(".index")
    return without(there, "payment") if there.partition("?")[0] == index else index

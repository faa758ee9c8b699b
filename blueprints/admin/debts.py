"""What is owed: every contract with a debt, the ledger of one, and what an officer does about it."""

from flask import Blueprint, request, url_for

from blueprints.access import me, requires
from blueprints.download import checked, table_file
from blueprints.filters import ago
from blueprints.lookups import get_or_404, page_of
from blueprints.pages import done, render
from blueprints.sorting import Columns, Sorting
from exchange.downloads.debts import debts_data, ledger_data
from forms.base import ButtonForm
from forms.council_payments import EndPlanForm, PlanForm
from forms.debts import DebtSearch, LedgerYear, MoveForm, RefuseWriteOffForm, RepayForm, SurplusForm, WriteOffForm
from models.base import session
from models.calendar import today
from models.money import gbp
from models.payments import debts, officer
from models.payments.adjustment import RecoveryPlan
from models.payments.debt import DebtEntry, WriteOff
from models.payments.ledger import ledger_of, ledgers_of
from models.payments.owing import debtor_of, forecast_of, forecasts, listed
from models.permissions import Permission
from models.records.contract import Contract
from models.records.provider import Provider

bp = Blueprint("debts", __name__, url_prefix="/debts")

ONE = "/<reference:reference>"
ASKED = f"{ONE}/write-offs/<int:write_off_id>"

SORTED_BY: Columns = {
    "provider": Provider.folded_name, "contract": Contract.folded_name, "owed": "owed_pence",
    "instalment": "per_payment_pence", "waits": ("write_off_pence", "surplus_pence"),
}  # fmt: skip


@bp.get("/")
@requires(Permission.VIEW_EVERY_PAYMENT)
def index():
    form, sorting = DebtSearch(request.args), Sorting(SORTED_BY, usual="-owed")
    page = page_of(sorting.of(listed(**form.chosen)), pence="owed_pence") if form.validate() else None
    return render(
        "admin/debts/index.html", partial="admin/debts/_list.html", form=form, page=page, sorting=sorting,
        **(_about(page.items) if page else {}),
    )  # fmt: skip


@bp.get("/data.<file:ending>")
@requires(Permission.VIEW_EVERY_PAYMENT, fresh=True)
def data(ending):
    form = checked(DebtSearch(request.args))
    rows = session.execute(Sorting(SORTED_BY).of(listed(**form.chosen))).all()
    return table_file("debts", debts_data(rows, **_about(rows)), ending)


def _about(rows):
    """The ledgers and forecasts of the contracts in these rows."""
    return {
        "ledgers": ledgers_of([row.id for row in rows]),
        "coming": forecasts({row.id: row.owed_pence for row in rows}),
    }


def _contract(reference):
    return get_or_404(Contract.by_name().where(Contract.reference == reference))


@bp.get(ONE)
@requires(Permission.VIEW_EVERY_PAYMENT)
def show(reference):
    contract = _contract(reference)
    whole, form = ledger_of(contract.id), LedgerYear(request.args)
    part = form.part_of(whole)
    forecast = forecast_of(contract.id, whole.left_pence)
    return render(
        "admin/debts/show.html",
        contract=contract,
        form=form,
        ledger=whole,
        part=part,
        entries=page_of(part.entries, name="entries"),
        forecast=forecast,
        coming=page_of(forecast.steps, name="coming"),
        debtor=debtor_of(contract.id),
        write_offs=session.scalars(WriteOff.of_contract(contract.id)).all(),
    )


@bp.get(f"{ONE}/data.<file:ending>")
@requires(Permission.VIEW_EVERY_PAYMENT)
def ledger_file(reference, ending):
    contract = _contract(reference)
    part = LedgerYear(request.args).part_of(ledger_of(contract.id))
    return table_file(f"ledger-{contract.reference}", ledger_data(contract, part, with_runs=True), ending)


@bp.route(f"{ONE}/repay", methods=["GET", "POST"])
@requires(Permission.ADJUST_PAYMENTS)
def repay(reference):
    contract = _contract(reference)
    form = RepayForm(data={"seen": debts.newest_entry(contract.id), "came_on": today()})
    if form.validate_on_submit():
        entry = debts.repay(
            contract, pence=form.amount.pence, came_on=form.came_on.day, reason=form.reason.data,
            seen_id=form.seen.data or 0, by=me(),
        )  # fmt: skip
        more = f" {gbp(entry.surplus_pence)} is more than was owed: send it back, and say so here." * bool(
            entry.surplus_pence
        )
        twin = session.scalar(DebtEntry.twin_of(entry))
        two = f" There is one like it from {ago(twin.made_at)}: see that both are meant." if twin else ""
        return _back(contract, f"The repayment is recorded.{more}{two}")
    return _act(
        contract, form, "Record a repayment", "Record the repayment",
        "Money that the provider has paid into the council’s bank. It lowers the debt by no more than was owed on that "
        "day; what is above it waits here until somebody has sent it back. The provider is told by mail.",
    )  # fmt: skip


@bp.route(f"{ONE}/entries/<int:entry_id>/settle", methods=["GET", "POST"])
@requires(Permission.ADJUST_PAYMENTS)
def settle(reference, entry_id):
    contract = _contract(reference)
    entry = get_or_404(DebtEntry.with_surplus(contract.id).where(DebtEntry.id == entry_id))
    form = SurplusForm()
    if form.validate_on_submit():
        debts.settle_surplus(entry, note=form.note.data, by=me())
        return _back(contract, f"{gbp(entry.surplus_pence)} that was repaid too much is settled.")
    return _act(
        contract, form, "Settle what was repaid too much", "It is settled",
        f"{gbp(entry.surplus_pence)} came above what was owed. Send it back first. The provider is told by mail.",
    )  # fmt: skip


@bp.route(f"{ONE}/write-offs/ask", methods=["GET", "POST"])
@requires(Permission.ADJUST_PAYMENTS)
def ask_write_off(reference):
    contract = _contract(reference)
    owed = debts.owed_on(contract.id)
    form = WriteOffForm(data={"amount": owed})
    form.most_pence = owed
    if form.validate_on_submit():
        debts.ask_write_off(contract, pence=form.amount.pence, reason=form.reason.data, by=me())
        return _back(contract, f"You have asked to write off {gbp(form.amount.pence)}. Somebody else decides it.")
    return _act(
        contract, form, "Ask for a write-off", "Ask for this write-off",
        "Somebody else agrees to it or refuses it: a manager, or another officer. The debt stays as it is until then.",
    )  # fmt: skip


@bp.route(f"{ASKED}/agree", methods=["GET", "POST"])
@requires(Permission.DECIDE_WRITE_OFFS, fresh=True)
def agree_write_off(reference, write_off_id):
    contract, asked = _asked(reference, write_off_id)
    form = ButtonForm()
    if form.validate_on_submit():
        debts.agree_write_off(asked, by=me())
        return _back(contract, f"{gbp(asked.pence)} is written off.")
    return _act(
        contract, form, "Agree to a write-off", f"Write off {gbp(asked.pence)}",
        "The council gives this sum up. The provider is told by mail, with the reason.", asked=asked,
    )  # fmt: skip


@bp.route(f"{ASKED}/refuse", methods=["GET", "POST"])
@requires(Permission.DECIDE_WRITE_OFFS)
def refuse_write_off(reference, write_off_id):
    contract, asked = _asked(reference, write_off_id)
    form = RefuseWriteOffForm()
    if form.validate_on_submit():
        debts.refuse_write_off(asked, reason=form.reason.data, by=me())
        return _back(contract, "The write-off is refused. Whoever asked is told by mail.")
    return _act(contract, form, "Refuse a write-off", f"Refuse to write off {gbp(asked.pence)}", asked=asked)


@bp.route(f"{ASKED}/withdraw", methods=["GET", "POST"])
@requires(Permission.ADJUST_PAYMENTS)
def withdraw_write_off(reference, write_off_id):
    contract, asked = _asked(reference, write_off_id)
    form = ButtonForm()
    if form.validate_on_submit():
        debts.withdraw_write_off(asked, by=me())
        return _back(contract, "The write-off is withdrawn.")
    return _act(contract, form, "Withdraw a write-off", "Withdraw this write-off", asked=asked)


def _asked(reference, write_off_id):
    contract = _contract(reference)
    return contract, get_or_404(WriteOff.of_contract(contract.id).where(WriteOff.id == write_off_id))


@bp.route(f"{ONE}/move", methods=["GET", "POST"])
@requires(Permission.ADJUST_PAYMENTS)
def move(reference):
    contract = _contract(reference)
    owed = debts.owed_on(contract.id)
    form = MoveForm(data={"seen": debts.newest_entry(contract.id), "amount": owed})
    form.most_pence = owed
    others = session.scalars(contract.siblings()).all()
    form.contract.offer(
        ("", "[Choose a contract]"), *((str(each.id), f"{each.name} ({each.reference})") for each in others)
    )
    if form.validate_on_submit():
        other = next(each for each in others if str(each.id) == form.contract.data)
        debts.move_debt(
            contract, other, pence=form.amount.pence, reason=form.reason.data, seen_id=form.seen.data or 0, by=me()
        )
        return _back(contract, f"{gbp(form.amount.pence)} is owed on {other.name} ({other.reference}) now.")
    return _act(
        contract, form, "Move a debt", "Move it",
        "The debt is then taken from the payments of the other contract. The provider is told by mail.",
    )  # fmt: skip


@bp.route(f"{ONE}/instalments", methods=["GET", "POST"])
@requires(Permission.ADJUST_PAYMENTS)
def instalments(reference):
    contract = _contract(reference)
    form = PlanForm()
    if form.validate_on_submit():
        officer.agree_plan(contract, per_payment_pence=form.amount.pence, reason=form.reason.data, by=me())
        return _back(contract, f"No payment of this contract takes more than {gbp(form.amount.pence)} now.")
    return _act(
        contract, form, "Agree instalments", "Agree instalments",
        "No payment of this contract then takes more than the amount that you give, until you end the plan.",
    )  # fmt: skip


@bp.route(f"{ONE}/instalments/end", methods=["GET", "POST"])
@requires(Permission.ADJUST_PAYMENTS)
def end_instalments(reference):
    contract = _contract(reference)
    plan = get_or_404(RecoveryPlan.open(contract.id))
    form = EndPlanForm(per_payment_pence=plan.per_payment_pence)
    if form.validate_on_submit():
        officer.end_plan(plan, by=me())
        return _back(contract, "The instalment plan has ended.")
    return _act(
        contract, form, "End the instalment plan", f"End the plan of {gbp(plan.per_payment_pence)} a payment",
        "From now on a payment of this contract takes all that it can, down to £0.00.",
    )  # fmt: skip


def _act(contract, form, title, button, words="", asked=None):
    """The page of one button."""
    return render(
        "admin/debts/act.html", contract=contract, form=form, title=title, button=button, words=words, asked=asked,
        provider=session.scalars(Provider.numbered(contract.provider_id)).one(), owed_pence=debts.owed_on(contract.id),
    )  # fmt: skip


def _back(contract, message):
    """Done: to the ledger, with what is owed now."""
    owed = gbp(debts.owed_on(contract.id))
    return done(f"{message} {owed} is owed on this contract", then=url_for(".show", reference=contract.reference))

"""From when a contract's payments wait for agreements, with a dry run in pounds before it begins."""

from flask import Blueprint, request, url_for

from blueprints.access import may, me, requires
from blueprints.lookups import get_or_404
from blueprints.pages import done, render
from forms.agreements import GateForm
from models.calendar import FAR_FUTURE, in_words
from models.payments.agreeing import start_gate
from models.payments.gate import foresee_gate
from models.permissions import Permission
from models.records.contract import Contract

bp = Blueprint("gates", __name__, url_prefix="/contracts/<reference:reference>/agreements")


@bp.get("/")
@requires(Permission.VIEW_CONTRACTS)
def show(reference):
    return _page(get_or_404(Contract.referred_to(reference)), None)


@bp.post("/")
@requires(Permission.MANAGE_GATES)
def begin(reference):
    contract = get_or_404(Contract.referred_to(reference))
    form, check = GateForm(), None
    if form.validate():
        foreseen = foresee_gate(contract, form.day)
        seen, is_last = form.seen(foreseen), "begin" in request.form
        if is_last and request.form.get("checked") == seen:
            start_gate(contract, from_on=form.day, by=me())
            words = f"begins on {in_words(form.day)}" if form.day else "is not started"
            return done(f"The gate {words}.", then=url_for(".show", reference=contract.reference))
        check = {"foreseen": foreseen, "seen": seen, "is_again": is_last, "day": form.day}
    return _page(contract, form, check)


def _page(contract, form, check=None):
    if form is None and may(Permission.MANAGE_GATES):
        has_day = contract.gate_from is not None and contract.gate_from != FAR_FUTURE
        form = GateForm(data={"from_on": contract.gate_from if has_day else None, "waits": "yes"})
    now = foresee_gate(contract, contract.waits_for_agreement_from) if contract.waits_for_agreement else None
    return render("admin/gates/show.html", contract=contract, form=form, check=check, now=now)

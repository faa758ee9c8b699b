"""What the finance panel does with one claim: accept, decide item by item, reject, return for information."""

from flask import url_for

from blueprints.access import me, requires
from blueprints.admin.claims import bp
from blueprints.admin.claims.show import claim_page, loaded, next_claim
from blueprints.lookups import get_or_404
from blueprints.pages import done, refusals_on, render
from blueprints.reading import reads_client_records
from blueprints.refusals import stays_on
from forms.council_claims import AcceptForm, DecideForm, RejectClaimForm, ReturnClaimForm
from models.billing import deciding
from models.billing.listing import several
from models.money import gbp
from models.permissions import Permission

ONE = "/<int:claim_id>"


@bp.post(f"{ONE}/accept")
@requires(Permission.DECIDE_CLAIMS)
@reads_client_records
@stays_on("admin.claims.show")
def accept(claim_id):
    claim, form = get_or_404(several([claim_id])), AcceptForm()
    there = next_claim(claim_id, wraps=True)
    deciding.accept([claim], by=me(), seen={claim_id: form.seen.data})
    return _on(claim, f"{claim.reference} is accepted: {gbp(_accepted(claim))}", there)


@bp.post(f"{ONE}/decide")
@requires(Permission.DECIDE_CLAIMS)
@reads_client_records
def decide(claim_id):
    claim, form = loaded(claim_id), DecideForm()
    form.is_of(claim)
    there = next_claim(claim_id, wraps=True)
    if form.validate_on_submit():
        with refusals_on(form):
            deciding.decide(claim, form.decisions, note=form.note.data, by=me(), seen=form.seen.data)
            return _on(claim, f"{claim.reference}: {claim.status.label}, {gbp(_accepted(claim))}", there)
    return claim_page(loaded(claim_id), form)


@bp.route(f"{ONE}/reject", methods=["GET", "POST"])
@requires(Permission.DECIDE_CLAIMS)
@reads_client_records
def reject(claim_id):
    claim, form = loaded(claim_id), RejectClaimForm()
    form.is_of(claim)
    if form.validate_on_submit():
        there = next_claim(claim_id, wraps=True)
        with refusals_on(form):
            deciding.reject(claim, form.reason.data, by=me(), seen=form.seen.data)
            return _on(claim, f"{claim.reference} is rejected", there)
        claim = loaded(claim_id)
    return _act(claim, form, "Reject the claim", "All of it is left out, and the provider is told by mail.")


@bp.route(f"{ONE}/return", methods=["GET", "POST"])
@requires(Permission.DECIDE_CLAIMS)
@reads_client_records
def return_it(claim_id):
    claim, form = loaded(claim_id), ReturnClaimForm()
    form.is_of(claim)
    if form.validate_on_submit():
        there = next_claim(claim_id, wraps=True)
        with refusals_on(form):
            deciding.return_for_information(claim, form.text.data, by=me(), seen=form.seen.data)
            return _on(claim, f"{claim.reference} is with the provider again", there)
        claim = loaded(claim_id)
    return _act(claim, form, "Return for information", "It keeps its place in the queue.")


def _act(claim, form, title, words):
    return render("admin/claims/act.html", claim=claim, form=form, title=title, words=words)


def _accepted(claim):
    return sum(each.accepted_pence for each in claim.items if each.is_included)


def _on(claim, message, there):
    """Done: to the claim that comes next, at the end of the queue to the list."""
    return done(message, then=there or url_for(".index"))

"""What a provider does with a whole claim: begin, change its head, send, withdraw, copy."""

from flask import url_for

from blueprints.access import me, requires, viewed
from blueprints.pages import done, refusals_on, render
from blueprints.provider.claims import bp
from blueprints.provider.claims.index import claim_page, loaded
from blueprints.reading import reads_client_records
from forms.base import ButtonForm
from forms.claims import HeaderForm, SubmitForm
from models.base import session
from models.billing import claiming
from models.billing.quoting import quoted
from models.money import gbp
from models.permissions import Permission


@bp.post("/new")
@requires(Permission.MAKE_CLAIMS)
def new():
    claim = claiming.new_claim(viewed(), by=me())
    session.flush()
    return done("Your claim is begun. Add what you claim, then submit it", then=_there(claim))


@bp.post("/<int:claim_id>/header")
@requires(Permission.MAKE_CLAIMS)
@reads_client_records
def header(claim_id):
    claim, form = loaded(claim_id), HeaderForm()
    if form.validate_on_submit():
        with refusals_on(form):
            claiming.change_claim(claim, claimed_on=form.claimed_on.day, notes=form.notes.data, by=me())
            return done("The date and the notes are saved", then=_there(claim))
    return claim_page(loaded(claim_id), header=form)


@bp.post("/<int:claim_id>/submit")
@requires(Permission.MAKE_CLAIMS)
@reads_client_records
def submit(claim_id):
    claim = loaded(claim_id)
    total = quoted(claim).total_pence
    form = SubmitForm(data={"seen": total})
    if form.validate_on_submit():
        with refusals_on(form):
            claiming.submit(claim, shown_pence=form.seen.data or 0, by=me())
            return done(f"Your claim for {gbp(total)} is with the Finance Panel", then=_there(claim))
    return claim_page(loaded(claim_id), sending=form)


@bp.route("/<int:claim_id>/withdraw", methods=["GET", "POST"])
@requires(Permission.MAKE_CLAIMS)
def withdraw(claim_id):
    claim, form = loaded(claim_id), ButtonForm()
    if form.validate_on_submit():
        with refusals_on(form):
            claiming.withdraw(claim, by=me())
            return done("The claim is withdrawn. The council does not decide it", then=url_for(".index"))
    return render("provider/claims/withdraw.html", claim=claim, form=form)


@bp.post("/<int:claim_id>/copy")
@requires(Permission.MAKE_CLAIMS)
@reads_client_records
def copy(claim_id):
    claim, form = loaded(claim_id), ButtonForm()
    if form.validate_on_submit():
        with refusals_on(form):
            made = claiming.copy_claim(claim, by=me())
            session.flush()
            return done("This is a copy, a week later. Check each trip before you submit it", then=_there(made))
    return claim_page(loaded(claim_id), sending=form)


def _there(claim):
    return url_for(".show", claim_id=claim.id)

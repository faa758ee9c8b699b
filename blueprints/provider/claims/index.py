"""The list of claims on the left, and the one that is chosen on the right."""

from functools import partial

from flask import request

from blueprints.access import may, requires, viewed
from blueprints.download import checked, table_file
from blueprints.lookups import get_or_404, page_read
from blueprints.pages import render
from blueprints.provider.claims import bp
from blueprints.reading import reads_client_records
from exchange.downloads.claims import claims_data
from forms.claims import ClaimFilter, HeaderForm, SubmitForm
from models.base import session
from models.billing.beside import Beside
from models.billing.checks import warnings
from models.billing.levels import may_claim
from models.billing.listing import claims, numbered, some_claims, years_since
from models.billing.quoting import Quotes, quoted
from models.calendar import today
from models.permissions import Permission


@bp.get("/")
@requires(Permission.VIEW_CLAIMS)
def index():
    return _panes(None, may_claim=may_claim(viewed().id))


@bp.get("/<int:claim_id>")
@requires(Permission.VIEW_CLAIMS)
@reads_client_records
def show(claim_id):
    return claim_page(loaded(claim_id))


def loaded(claim_id):
    """The claim, with its items and trips."""
    return get_or_404(numbered(claim_id))


def claim_page(claim, *, header=None, sending=None):
    """The claim beside the list; one of its forms as it was sent."""
    changes, beside = claim.status.is_editable and may(Permission.MAKE_CLAIMS), Beside.of(claim)
    quotes = quoted(claim, claim.items, beside.levels.read) if claim.status.is_editable else Quotes()
    sending = sending or SubmitForm(formdata=None, data={"seen": quotes.total_pence})
    return _panes(
        claim,
        form=header if header is not None and header.errors else sending,
        header=header or HeaderForm(formdata=None, obj=claim),
        sending=sending,
        changes=changes,
        quotes=quotes,
        warned=warnings(claim, beside) if changes else [],
        files=beside.files,
        people=beside.people,
        parts=beside.levels.parts(today()) if changes else set(),
    )  # fmt: skip


@bp.get("/data.<file:ending>")
@requires(Permission.VIEW_CLAIMS, fresh=True)
def data(ending):
    rows = session.execute(claims(**checked(ClaimFilter(request.args)).chosen))
    return table_file("claims", claims_data(rows), ending)


def _panes(claim, **context):
    chosen = ClaimFilter(request.args)
    if not chosen.validate():
        if claim is None:
            context["form"] = chosen
        chosen = ClaimFilter()  # an old address: all claims, beside the one that it is about
    page = page_read(partial(some_claims, viewed().id, **chosen.chosen))
    chosen.offer(years_since(page.items[0].first_on if page.items else today()))
    return render(
        "provider/claims/index.html", partial="provider/claims/_panes.html", page=page, claim=claim, filter=chosen,
        **context,
    )  # fmt: skip

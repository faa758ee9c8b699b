"""The list of claims on the left, and the one that is chosen on the right."""

from blueprints.access import may, requires, viewed
from blueprints.lookups import get_or_404, page_of
from blueprints.pages import render
from blueprints.provider.claims import bp
from blueprints.reading import reads_client_records
from forms.claims import HeaderForm, SubmitForm
from models.billing.beside import Beside
from models.billing.checks import warnings
from models.billing.levels import may_claim
from models.billing.listing import claims, numbered
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


def _panes(claim, **context):
    return render(
        "provider/claims/index.html", partial="provider/claims/_panes.html", page=page_of(claims()), claim=claim,
        **context,
    )  # fmt: skip

"""One claim as the finance panel sees it: its items with their files beside them, and what is to be looked at."""

from flask import url_for

from blueprints.access import may, me, requires
from blueprints.admin.claims import bp
from blueprints.attachments import send_attachment
from blueprints.lookups import get_or_404, one_or_404
from blueprints.pages import render
from blueprints.reading import reads_client_records
from forms.council_claims import DecideForm
from models.base import session
from models.billing.beside import Beside
from models.billing.checks import warnings
from models.billing.deciding import may_decide
from models.billing.listing import in_queue, sent
from models.correspondence.attachment import Attachment
from models.permissions import Permission


@bp.get("/<int:claim_id>")
@requires(Permission.VIEW_EVERY_CLAIM)
@reads_client_records
def show(claim_id):
    return claim_page(loaded(claim_id))


@bp.get("/<int:claim_id>/items/<int:claim_item_id>/files/<int:receipt_id>")
@requires(Permission.VIEW_EVERY_CLAIM)
def file(claim_id, claim_item_id, receipt_id):
    found = one_or_404([each for each in loaded(claim_id).items if each.id == claim_item_id])
    return send_attachment(get_or_404(Attachment.one_of(found, receipt_id)))


def loaded(claim_id):
    return get_or_404(sent(claim_id))


def claim_page(claim, form=None):
    """The page, with the decisions as they were sent where they were refused."""
    decides = may(Permission.DECIDE_CLAIMS) and not claim.is_from_feed
    is_own = decides and not may_decide(claim, me())
    beside = Beside.of(claim)
    if form is None:
        form = DecideForm(formdata=None)
        form.is_of(claim)
    return render(
        "admin/claims/show.html",
        claim=claim,
        form=form,
        files=beside.files,
        people=beside.people,
        warned=[] if claim.status.is_decided else warnings(claim, beside),
        decides=decides and not is_own and (claim.status == "pending" or claim.status.is_decided),
        is_own=is_own,
        next=next_claim(claim.id),
    )  # fmt: skip


def next_claim(claim_id, *, wraps=False):
    """The address of the claim that comes after this one in the queue; None at its end, or with `wraps` the first."""
    ids = list(session.scalars(in_queue()))
    at = ids.index(claim_id) if claim_id in ids else -1
    later = ids[at + 1 :] or (ids[:at] if wraps else [])
    return url_for("admin.claims.show", claim_id=later[0]) if later else None

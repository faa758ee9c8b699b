"""Care Package Line Items: what the council buys for whom, from when to when, at which price, and what it has paid."""

from flask import Blueprint, g, request

from blueprints.access import may, requires
from blueprints.download import checked, table_file
from blueprints.lookups import address_without, get_row_or_404, kept_in_links, page_of
from blueprints.pages import render
from blueprints.reading import reads_client_records
from blueprints.sorting import Columns, Sorting
from exchange.downloads.commissioned_care import care_data
from forms.care_packages import MOST_CLIENTS, CareFilter
from models.base import session
from models.correspondence.document import ContractDocument
from models.correspondence.document_list import shown_to_provider
from models.permissions import Permission
from models.records.client import Client
from models.records.contract import ServiceLevel
from models.reports import care_package_money as money
from models.reports import care_packages as care

bp = Blueprint("care_packages", __name__, url_prefix="/care-packages")

SORTED_BY: Columns = {
    "name": (*Client.name_order(), Client.reference), "service": ServiceLevel.folded_name, "starts": "starts_on",
    "ends": "ends_on",
}  # fmt: skip
PAID = 13
"""Payments of a line item on one page: those of a quarter, where it is paid weekly."""
VERSIONS = 5
KEPT = ("service", "contract", "client", "status", "historical", "sort", "page")
"""What the address of a line item keeps of the list that it was opened from, for the way back. Nothing typed."""


@bp.get("/")
@requires(Permission.VIEW_CARE_PACKAGES)
@reads_client_records
def index():
    form, sorting = _filter(), Sorting(SORTED_BY, usual="name")
    page = counted = None
    if form.validate():
        counted = care.counted(form.wanted)
        page = page_of(sorting.of(care.listed(form.wanted)), total=counted.shown)
    return render(
        "provider/care_packages/index.html", partial="provider/care_packages/_list.html",
        form=form, sorting=sorting, page=page, counted=counted, sees_prices=_sees_prices(),
        address=address_without("text"), kept=_kept(),
    )  # fmt: skip


@bp.get("/commissioned-care.<file:ending>")
@requires(Permission.VIEW_CARE_PACKAGES)
@reads_client_records
def commissioned_care(ending):
    """What the list shows, with all that a rostering system takes: one row a line item."""
    form, sorting = checked(_filter()), Sorting(SORTED_BY, usual="name")
    rows = session.execute(sorting.of(care.listed(form.wanted))).all()
    changed = care.last_changed([row.id for row in rows])
    return table_file("commissioned-care", care_data(rows, changed, with_prices=_sees_prices()), ending)


@bp.get("/<int:item_id>")
@requires(Permission.VIEW_CARE_PACKAGES)
@reads_client_records
def show(item_id):
    item = get_row_or_404(care.one(item_id))
    funding, sees_prices = money.funding_of(item), _sees_prices()
    return render(
        "provider/care_packages/show.html",
        item=item,
        kept=_kept(),
        funding=funding,
        sees_prices=sees_prices,
        weekly_pence=money.weekly_pence(item),
        paid=page_of(money.paid_of(item_id), name="paid", pence="pence", size=PAID) if sees_prices else None,
        coming=money.coming_of(item, funding) if sees_prices else (),
        links=may(Permission.VIEW_PAYMENTS),
        documents=_documents(item_id) if may(Permission.VIEW_DOCUMENTS) else (),
    )


def _kept():
    g.setdefault("kept_in_links", set()).update(KEPT)
    return {name: values for name, values in kept_in_links().items() if name in KEPT and any(values)}


def _documents(item_id):
    """Its service agreements that the council has published, the latest news first."""
    return session.execute(shown_to_provider().where(ContractDocument.item_id == item_id).limit(VERSIONS)).all()


def _filter():
    form = CareFilter(request.args)
    form.offer(care.offered(MOST_CLIENTS))
    return form


def _sees_prices():
    """A scheduler sees no money: whoever sees purchase orders sees prices."""
    return may(Permission.VIEW_PURCHASE_ORDERS)

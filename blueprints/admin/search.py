"""The council's one search. What is typed may be a client's name: it is posted, and stands in the address sealed."""

from flask import Blueprint, request, url_for

from blueprints.access import may, me, requires
from blueprints.pages import go_to, render
from blueprints.presses import repeatable
from forms.registers import SearchForm, SoughtForm
from forms.sealed import sealed
from models.money import plain
from models.permissions import Permission
from models.reports.search import Kind, amount_of, only_exact, search

bp = Blueprint("search", __name__, url_prefix="/search")

NEEDS = {
    Kind.CLIENTS: Permission.VIEW_CLIENTS,
    Kind.PROVIDERS: Permission.VIEW_PROVIDERS,
    Kind.CONTRACTS: Permission.VIEW_CONTRACTS,
    Kind.ORDERS: Permission.VIEW_CLIENTS,
    Kind.CLAIMS: Permission.VIEW_EVERY_CLAIM,
    Kind.INVOICES: Permission.VIEW_EVERY_INVOICE,
    Kind.RUNS: Permission.VIEW_RUNS,
    Kind.PAYMENTS: Permission.VIEW_EVERY_PAYMENT,
}
LISTS = {
    "actions": ("admin.actions.index", Permission.VIEW_EVERY_ACTION),
    "clients": ("admin.clients.index", Permission.VIEW_CLIENTS),
    "care_packages": ("admin.care_packages.index", Permission.VIEW_LINE_ITEMS),
    "purchase_orders": ("admin.purchase_orders.index", Permission.VIEW_CLIENTS),
}
"""The lists that name clients, which are searched by name here too."""


@bp.get("/")
@requires(Permission.VIEW_COUNCIL)
def show():
    form = SoughtForm(request.args)
    return render(
        "admin/search/show.html",
        words=form.sought.words,
        sought=form.sought.readable,
        groups=search(form.sought.text, _kinds()),
        url_of=_page_of,
        url_of_all=lambda kind: _list_of(kind, form.sought),
    )


@bp.post("/")
@requires(Permission.VIEW_COUNCIL)
@repeatable
def find():
    """To the page of the one record whose own reference this is; else to the list of what is found."""
    form = SearchForm()
    if not form.validate_on_submit():
        return render("admin/search/show.html", form=form, words="", groups=[])
    endpoint, permission = LISTS.get(form.where.data or "", ("", None))
    if permission is not None and may(permission):
        return go_to(url_for(endpoint, sought=sealed(form.text.data, by=me()) if form.text.data else None))
    hit = only_exact(search(form.text.data, _kinds()))
    return go_to(_page_of(hit) if hit else url_for(".show", sought=sealed(form.text.data, by=me())))


def _kinds():
    return [kind for kind, permission in NEEDS.items() if may(permission)]


def _page_of(hit):
    match hit.kind:
        case Kind.CLIENTS:
            return url_for("admin.clients.show", client_id=hit.id)
        case Kind.PROVIDERS:
            return url_for("admin.providers.show", provider_id=hit.id)
        case Kind.CONTRACTS:
            return url_for("admin.contracts.show", reference=hit.reference)
        case Kind.ORDERS:
            return url_for("admin.purchase_orders.show", order_id=hit.id)
        case Kind.CLAIMS:
            return url_for("admin.claims.show", claim_id=hit.id)
        case Kind.INVOICES:
            return url_for("admin.invoices.show", invoice_id=hit.id)
        case Kind.RUNS:
            return url_for("admin.payment_runs.show", run_id=hit.id)
    return url_for("admin.payments.show", reference=hit.reference, first_on=hit.first_on)


def _list_of(kind, sought):
    """All of a kind that the same search finds, sealed as it came; None where there is no such list."""
    match kind:
        case Kind.CLIENTS:
            return url_for("admin.clients.index", sought=sought.data)
        case Kind.PROVIDERS:
            return url_for("admin.providers.index", sought=sought.data)
        case Kind.CONTRACTS:
            return url_for("admin.contracts.index", sought=sought.data)
        case Kind.PAYMENTS:
            return url_for("admin.payments.index", amount=plain(amount_of(sought.text) or 0))
    return None

"""The list of payments, as a page and as a file."""

from flask import request

from blueprints.access import requires
from blueprints.admin.payments import bp
from blueprints.download import checked, table_file
from blueprints.lookups import is_near, key, page_of, page_of_part
from blueprints.pages import render
from blueprints.reading import reads_client_records
from blueprints.sorting import Sorting
from exchange.downloads.payments import payments_data
from forms.council_payments import PaymentSearch
from models.base import chunks, session
from models.payments.standing import standings
from models.payments.worklist import SORTED_BY, P, listed, part
from models.permissions import Permission
from models.reports.marks import marks_of


@bp.get("/")
@requires(Permission.VIEW_EVERY_PAYMENT)
@reads_client_records
def index():
    form, sorting = PaymentSearch(request.args), _sorting()
    page = _page(form, sorting) if form.validate() else None
    return render(
        "admin/payments/index.html", partial="admin/payments/_list.html", form=form, page=page, sorting=sorting,
        standings=standings(page.items) if page else {}, marks=marks_of(page.items) if page else {},
        ticked=request.args.getlist("payment", type=key),
    )  # fmt: skip


@bp.get("/data.<file:ending>")
@requires(Permission.VIEW_EVERY_PAYMENT, fresh=True)
@reads_client_records
def data(ending):
    form = checked(PaymentSearch(request.args))
    rows = session.execute(_sorting().of(listed(**form.chosen))).all()
    return table_file("payments", payments_data(_with_standings(rows)), ending)


def _page(form, sorting):
    """Where no more is asked than what one of the form's lists offers, or another order, it is built once."""
    chosen = form.from_lists
    if chosen is not None and not (sorting.asked and any(chosen)) and is_near():
        return page_of_part(part(*chosen, sorting.asked))
    return page_of(sorting.of(listed(**form.chosen)), pence=P.total_pence)


def _sorting():
    return Sorting(SORTED_BY, usual="-period")


def _with_standings(rows):
    for some in chunks(rows, 500):
        stand = standings(some)
        yield from ((row, stand[row.id]) for row in some)

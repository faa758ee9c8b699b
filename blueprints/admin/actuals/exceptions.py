"""The exceptions that wait for the council, and those that it has decided: as a page and as a file."""

from flask import request, url_for

from blueprints.access import me, requires
from blueprints.admin.actuals import bp
from blueprints.download import checked, table_file
from blueprints.lookups import PER_PAGE, key, page_of
from blueprints.pages import done, refusals_on, render
from blueprints.reading import reads_client_records
from blueprints.sorting import Columns, Sorting
from exchange.downloads.actuals import exceptions_data
from forms.council_actuals import ApproveManyForm, ExceptionSearch
from models.accounts.conflict import insist_on_none
from models.base import session
from models.care import exception_list
from models.care.checking import Code
from models.care.exceptions import approve_each
from models.money import gbp
from models.permissions import Permission
from models.records.actual import ConfirmedActual, ExceptionState
from models.records.provider import Provider
from models.words import how_many

SORTED_BY: Columns = {
    "provider": Provider.folded_name,
    "week": ConfirmedActual.first_on,
    "confirmed": "confirmed_at",
    "sum": "pence",
}


@bp.get("/exceptions")
@requires(Permission.VIEW_EVERY_ACTUAL)
@reads_client_records
def exceptions():
    form, sorting = ExceptionSearch(request.args), Sorting(SORTED_BY, usual="confirmed")
    page = page_of(sorting.of(_listed(form)), pence="pence") if form.validate() else None
    if page and page.items:
        page.pence = None if _in_all(page.items) is None else page.pence
    return render(
        "admin/actuals/exceptions.html", partial="admin/actuals/_exceptions.html", form=form, page=page,
        sorting=sorting, ticked=request.args.getlist("exception", type=key), labels=labels,
        no_sum=exception_list.NO_SUM,
    )  # fmt: skip


@bp.get("/exceptions/data.<file:ending>")
@requires(Permission.VIEW_EVERY_ACTUAL, fresh=True)
@reads_client_records
def exceptions_file(ending):
    rows = session.execute(Sorting(SORTED_BY).of(_listed(checked(ExceptionSearch(request.args)))))
    return table_file("exceptions", exceptions_data(rows, labels), ending)


@bp.route("/exceptions/approve-many", methods=["GET", "POST"])
@requires(Permission.DECIDE_ACTUALS)
@reads_client_records
def approve_many():
    ids, form = request.values.getlist("exception", type=key)[:PER_PAGE], ApproveManyForm()
    found = session.scalars(exception_list.several(ids)).all()
    insist_on_none(me(), {each.provider_id for each in found})
    if found and form.validate_on_submit():
        pence = _in_all(_ticked(ids))
        with refusals_on(form):
            approve_each(found, seen=form.seen.marks, by=me())
            words = f"{how_many(len(found), 'exception')} approved" + ("" if pence is None else f", about {gbp(pence)}")
            return done(words, then=url_for(".exceptions"))
        found = session.scalars(exception_list.several(ids)).all()
    rows = _ticked(ids)
    form.seen.are({each.id: each.mark for each in found if each.state is ExceptionState.OPEN})
    return render(
        "admin/actuals/approve_many.html", rows=rows, pence=_in_all(rows), form=form, labels=labels,
        no_sum=exception_list.NO_SUM,
    )  # fmt: skip


def _ticked(ids):
    return session.execute(exception_list.exceptions(ids=ids, state=ExceptionState.OPEN)).all() if ids else []


def _in_all(rows):
    """Pence; None where nobody knows what one of them comes to."""
    known = [row.pence for row in rows]
    return None if None in known else sum(known)


def _listed(form):
    return exception_list.exceptions(state=form.state, text=form.name.data)


def labels(codes):
    """Why the council looks at it, in words."""
    return ", ".join(Code(each).label for each in codes)

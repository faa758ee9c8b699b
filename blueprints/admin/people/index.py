"""The list of people, as a page and as a file."""

from flask import request

from blueprints.access import me, requires
from blueprints.admin.people import bp
from blueprints.download import csv_file
from blueprints.lookups import page_of
from blueprints.pages import render
from blueprints.transactions import note
from exchange.downloads.people import people_data
from forms.people import PeopleSearch
from models.accounts import directory
from models.accounts.directory import Locks, State
from models.audit import record
from models.base import session
from models.permissions import Permission


@bp.get("/")
@requires(Permission.VIEW_PROVIDERS)
def index():
    form = PeopleSearch(request.args)
    page = page_of(directory.people(**form.chosen)) if form.validate() else None
    return render(
        "admin/people/index.html", partial="admin/people/_list.html",
        form=form, page=page, places=directory.places_of([row.id for row in page.items] if page else []),
        locks=Locks(), State=State,
    )  # fmt: skip


@bp.get("/data.csv")
@requires(Permission.VIEW_PROVIDERS)
def data():
    form = PeopleSearch(request.args)
    if not form.validate():
        return csv_file("people.csv", people_data([], {}, Locks()))
    found = directory.people(**form.chosen)
    note(lambda: record("people.exported", by=me()))
    return csv_file("people.csv", people_data(session.execute(found), directory.places_of(found), Locks()))

"""The list of people, as a page and as a file."""

from flask import request

from blueprints.access import me, requires, sees_contact_details
from blueprints.admin.people import bp
from blueprints.download import checked, table_file
from blueprints.lookups import page_of
from blueprints.pages import render
from blueprints.sorting import Columns, Sorting
from blueprints.transactions import note
from exchange.downloads.people import people_data
from forms.people import PeopleSearch
from models.accounts import directory
from models.accounts.directory import Locks, State
from models.accounts.user import User
from models.audit import record
from models.base import session
from models.permissions import Permission

SORTED_BY: Columns = {"name": User.folded_name, "last": "last_login_at"}


@bp.get("/")
@requires(Permission.VIEW_PROVIDERS)
def index():
    form = PeopleSearch(request.args).without_emails(not sees_contact_details())
    sorting = Sorting(SORTED_BY, usual="name")
    page = page_of(sorting.of(directory.people(**form.chosen))) if form.validate() else None
    return render(
        "admin/people/index.html", partial="admin/people/_list.html",
        form=form, page=page, sorting=sorting,
        places=directory.places_of([row.id for row in page.items] if page else []),
        locks=Locks(), State=State,
    )  # fmt: skip


@bp.get("/data.<file:ending>")
@requires(Permission.VIEW_PROVIDERS, fresh=True)
def data(ending):
    form = checked(PeopleSearch(request.args).without_emails(not sees_contact_details()))
    found = Sorting(SORTED_BY).of(directory.people(**form.chosen))
    note(lambda: record("people.exported", by=me()))
    rows, places = session.execute(found), directory.places_of(found)
    return table_file("people", people_data(rows, places, Locks(), with_emails=sees_contact_details()), ending)

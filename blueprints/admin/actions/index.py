"""The inboxes, as a page and as a file."""

from flask import request

from blueprints.access import me, requires
from blueprints.admin.actions import bp
from blueprints.download import table_file
from blueprints.lookups import key, page_of
from blueprints.pages import render
from blueprints.reading import reads_client_records
from blueprints.sorting import Sorting
from exchange.downloads.actions import actions_data
from forms.council_actions import InboxSearch
from models.base import session
from models.correspondence.action_desk import SORTED_BY, Desk, due_words, first_answers
from models.correspondence.action_type import ActionType
from models.permissions import Permission


@bp.get("/")
@requires(Permission.VIEW_EVERY_ACTION)
@reads_client_records
def index():
    desk, form = _asked()
    sorting = Sorting(SORTED_BY, usual="due")
    page = page_of(sorting.of(desk.listed(**form.chosen))) if form.validate() else None
    return render(
        "admin/actions/index.html", partial="admin/actions/_list.html", form=form, page=page, sorting=sorting,
        answers=first_answers(), due_words=due_words, ticked=request.args.getlist("action", type=key),
    )  # fmt: skip


@bp.get("/data.<file:ending>")
@requires(Permission.VIEW_EVERY_ACTION, fresh=True)
@reads_client_records
def data(ending):
    desk, form = _asked()
    rows = session.scalars(Sorting(SORTED_BY).of(desk.listed(**form.chosen))).all() if form.validate() else ()
    return table_file("actions", actions_data(rows), ending)


def _asked():
    """Who looks, and the filters that they have chosen."""
    desk, form = Desk.of(me()), InboxSearch(request.args)
    form.offer(desk, session.scalars(ActionType.by_name()).unique(), is_asked="box" in request.args)
    return desk, form

"""What is to be done to accounts of colleagues, and waits for a second person: docs/grant-states.md."""

from flask import Blueprint, request, url_for

from blueprints.access import me, requires
from blueprints.admin.people.new import show_password
from blueprints.download import checked, table_file
from blueprints.frame import portal_address
from blueprints.lookups import get_or_404, page_of
from blueprints.pages import done, refusals_on, render
from blueprints.sorting import Columns, Sorting
from exchange.downloads.office import requests_data
from forms.base import ButtonForm
from forms.people import AnswerForm, RequestSearch
from models.accounts import second_person
from models.accounts.staff_request import StaffRequest
from models.accounts.user import names_of
from models.auditing.words import words_of
from models.base import session
from models.permissions import Permission

bp = Blueprint("staff_requests", __name__, url_prefix="/second-person")

SORTED_BY: Columns = {
    "what": "act",
    "name": StaffRequest.folded_name,
    "asked": "asked_at",
    "until": "expires_at",
    "state": "state",
}


@bp.get("/")
@requires(Permission.VIEW_STAFF_REQUESTS)
def index():
    form, sorting = RequestSearch(request.args), Sorting(SORTED_BY, usual="-asked")
    page = page_of(sorting.of(StaffRequest.listed(**form.chosen))) if form.validate() else None
    return render(
        "admin/staff_requests/index.html", partial="admin/staff_requests/_list.html", form=form, page=page,
        sorting=sorting,
    )  # fmt: skip


@bp.get("/data.<file:ending>")
@requires(Permission.VIEW_STAFF_REQUESTS, fresh=True)
def data(ending):
    form = checked(RequestSearch(request.args))
    asked = session.scalars(Sorting(SORTED_BY).of(StaffRequest.listed(**form.chosen)))
    return table_file("second-person", requests_data(asked), ending)


@bp.get("/<int:request_id>")
@requires(Permission.VIEW_STAFF_REQUESTS)
def show(request_id):
    asked = get_or_404(StaffRequest.numbered(request_id))
    news = second_person.account_news(asked)
    return render(
        "admin/staff_requests/show.html", asked=asked, why_not=second_person.why_not(asked, me()), news=news,
        names=names_of(event.user_id for event in news), words_of=words_of,
    )  # fmt: skip


@bp.route("/<int:request_id>/agree", methods=["GET", "POST"])
@requires(Permission.DECIDE_STAFF_REQUESTS, fresh=True)
def agree(request_id):
    asked, form = get_or_404(StaffRequest.numbered(request_id)), ButtonForm()
    if form.validate_on_submit():
        with refusals_on(form):
            password = second_person.agree(asked, by=me(), portal=portal_address())
            return (
                show_password(asked.person, password) if password else _back(asked, "You have agreed, and it is done")
            )
    return _act(
        asked, form, "Agree", "Agree, and have it done",
        "Make sure first that it should be done: talk to whoever asked, and to the person, on a telephone number that "
        "you know. If you cannot, turn it down.",
    )  # fmt: skip


@bp.route("/<int:request_id>/turn-down", methods=["GET", "POST"])
@requires(Permission.DECIDE_STAFF_REQUESTS)
def turn_down(request_id):
    asked, form = get_or_404(StaffRequest.numbered(request_id)), AnswerForm()
    if form.validate_on_submit():
        with refusals_on(form):
            second_person.turn_down(asked, by=me(), why=form.why.data)
            return _back(asked, "Turned down. The team and whoever asked are told by mail")
    return _act(asked, form, "Turn down", "Turn it down", "It is not done.")


@bp.route("/<int:request_id>/take-back", methods=["GET", "POST"])
@requires(Permission.MANAGE_STAFF)
def take_back(request_id):
    asked, form = get_or_404(StaffRequest.numbered(request_id)), AnswerForm()
    if form.validate_on_submit():
        with refusals_on(form):
            second_person.take_back(asked, by=me(), why=form.why.data)
            return _back(asked, "Taken back. The team is told by mail")
    return _act(asked, form, "Take back", "Take it back", "It is not done, and may be asked for anew.")


def _act(asked, form, title, button, words):
    return render("admin/staff_requests/act.html", asked=asked, form=form, title=title, button=button, words=words)


def _back(asked, message):
    return done(message, then=url_for(".show", request_id=asked.id))

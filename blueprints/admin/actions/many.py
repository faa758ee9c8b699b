"""Several actions at once: take, give to a colleague, close. What is refused is left, and the page says why."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import request, url_for

from blueprints.access import me, requires
from blueprints.admin.actions import bp
from blueprints.lookups import PER_PAGE, key
from blueprints.pages import came_from, refusals_on, render, render_once, safe_path, without
from blueprints.reading import reads_client_records
from forms.base import ButtonForm
from forms.council_actions import CloseActionsForm, GiveForm
from models.base import session
from models.correspondence.action import Action
from models.correspondence.action_desk import Desk, Refused, close_each, colleagues, give_each, take_each
from models.permissions import Permission
from models.words import how_many


@dataclass(frozen=True)
class Several:
    """How one act is asked for and told."""

    title: str
    button: str
    """What the button says before "3 actions"."""
    did: str
    words: str


TAKE = Several("Take several actions", "Take", "Taken", "You go on with them. What a colleague has taken is left.")
GIVE = Several(
    "Give several actions to a colleague", "Give", "Given", "Only colleagues of the teams that have them are offered.",
)  # fmt: skip
CLOSE = Several(
    "Close several actions", "Close", "Closed", "Each provider is told by mail, and reads the same reason.",
)  # fmt: skip


@bp.route("/take-many", methods=["GET", "POST"])
@requires(Permission.ANSWER_ACTIONS)
@reads_client_records
def take_many():
    return _several(TAKE, ButtonForm(), _chosen(), lambda actions: take_each(actions, by=me()))


@bp.route("/give-many", methods=["GET", "POST"])
@requires(Permission.ANSWER_ACTIONS)
@reads_client_records
def give_many():
    actions, form = _chosen(), GiveForm()
    teams = {action.team_id: action.team for action in actions}.values()
    form.offer({person.id: person for team in teams for person in colleagues(team)}.values())
    return _several(GIVE, form, actions, lambda found: give_each(found, form.person, by=me()))


@bp.route("/close-many", methods=["GET", "POST"])
@requires(Permission.ANSWER_ACTIONS)
@reads_client_records
def close_many():
    form = CloseActionsForm()
    return _several(CLOSE, form, _chosen(), lambda actions: close_each(actions, form.reason.data, by=me()))


def _chosen():
    return session.scalars(Desk.of(me()).chosen(request.values.getlist("action", type=key)[:PER_PAGE])).all()


def _several(of: Several, form: Any, actions: Any, do: Callable[[Any], Refused]) -> Any:
    shown = {"form": form, "of": of, "list_url": _list_url()}
    if actions and form.validate_on_submit():
        with refusals_on(form):
            return _done(of, actions, shown, do(actions))
    return render("admin/actions/many.html", actions=actions, refused={}, said="", **shown)


def _done(of: Several, actions: Any, shown: dict[str, Any], refused: Refused) -> Any:
    ids = [action.id for action in actions]
    found = session.scalars(Action.inbox(Action.listed(open_only=False)).where(Action.id.in_(ids))).all()
    said = f"{of.did}: {how_many(len(ids) - len(refused), 'action')}" + (f", {len(refused)} not" if refused else "")
    return render_once(
        "admin/actions/many.html", then=shown["list_url"], lost=said, actions=found, refused=refused, said=said, **shown
    )  # fmt: skip


def _list_url():
    """The inbox as it was, with its filters, and nothing ticked."""
    there = safe_path(request.form.get("list")) or came_from() or ""
    index = url_for(".index")
    return without(there, "action") if there.partition("?")[0] == index else index

"""Taking a queue of My work for the day, and letting it go."""

from flask import abort, request, url_for

from blueprints.access import me, requires
from blueprints.admin.home import bp
from blueprints.admin.home.queues import is_one_of_mine
from blueprints.admin.home.show import my_work
from blueprints.lookups import key
from blueprints.pages import done, refusals_on
from forms.base import ButtonForm
from models.accounts import on_it
from models.permissions import Permission


@bp.post("/queues/<string:queue>/take")
@requires(Permission.VIEW_COUNCIL)
def take(queue):
    form = _form_for(queue)
    if form.validate_on_submit():
        with refusals_on(form):
            on_it.take(queue, by=me(), seen_id=request.form.get("seen", type=key))
            return done("You are on it. Your colleagues see that until tonight", then=url_for(".show"))
    return my_work(form)


@bp.post("/queues/<string:queue>/let-go")
@requires(Permission.VIEW_COUNCIL)
def let_go(queue):
    form = _form_for(queue)
    if form.validate_on_submit():
        was = on_it.let_go(queue, by=me())
        return done("You are not on it any more" if was else "You were not on it", then=url_for(".show"))
    return my_work(form)


def _form_for(queue):
    if not is_one_of_mine(queue):
        abort(404)
    return ButtonForm()

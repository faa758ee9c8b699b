"""My login: an address of one's own deadlines for a calendar program, which reads it without logging in."""

from flask import Response, abort, request, url_for

from blueprints.access import PUBLIC, SIGNED_IN, me, requires
from blueprints.auth import bp
from blueprints.pages import done, render, render_once
from exchange.downloads.icalendar import calendar_text
from exchange.downloads.schedule import actuals_events, deadline_events
from forms.base import ButtonForm
from models.accounts.calendar_address import CalendarAddress, make_address, take_back
from models.base import session, utc_now
from models.reports.deadlines import actuals_days_of, days_of
from models.tenancy import every_provider

LOST = "Your address was shown once. If you have not copied it, make a new one"
KEPT_FOR = 3_600
"""Seconds for which a program need not ask again."""


@bp.route("/account/calendar", methods=["GET", "POST"])
@requires(SIGNED_IN, fresh=True)
def calendar():
    """The address is shown once, when it is made: only its hash is kept."""
    form = ButtonForm()
    if form.validate_on_submit():
        made = url_for("auth.deadlines", token=make_address(by=me()), _external=True)
        return render_once("auth/calendar.html", then=url_for(".calendar"), lost=LOST, form=form, made=made, kept=None)
    kept = session.scalars(CalendarAddress.of(me())).one_or_none()
    return render("auth/calendar.html", form=form, made=None, kept=kept)


@bp.post("/account/calendar/take-back")
@requires(SIGNED_IN)
def take_calendar_back():
    form = ButtonForm()
    if form.validate_on_submit():
        take_back(by=me())
    return done("Nobody reads your deadlines at that address any more", then=url_for(".calendar"))


@bp.get("/calendar/<string(length=43):token>.ics")
@requires(PUBLIC)
def deadlines(token):
    """256 bits in 43 characters. Whoever has the address reads it: nobody is asked to log in, and no cookie counts. 404
    for any other.
    """
    found = session.scalars(CalendarAddress.reached_by(token)).one_or_none()
    if found is None:
        abort(404)
    with every_provider():
        events = [
            *deadline_events(days_of(found.user), request.host),
            *actuals_events(actuals_days_of(found.user), request.host),
        ]
        text = calendar_text("Payment deadlines", events, utc_now())
    response = Response(text, mimetype="text/calendar")
    response.cache_control.private, response.cache_control.max_age = True, KEPT_FOR
    return response

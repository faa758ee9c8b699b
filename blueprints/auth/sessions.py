"""Where one is logged in: seeing it, ending it, and staying logged in."""

from flask import request, url_for

from blueprints.access import PUBLIC, SIGNED_IN, me, requires
from blueprints.auth import bp
from blueprints.auth.log_out import leave
from blueprints.kept_forms import keep_typed
from blueprints.lookups import get_or_404
from blueprints.pages import came_from, done, go_to, render, safe_path
from blueprints.presses import repeatable
from blueprints.session_store import session
from models.accounts.device import device
from models.accounts.web_session import WebSession
from models.audit import record
from models.base import session as database

PART = "auth/_session_warning.html"


@bp.get("/account/sessions")
@requires(SIGNED_IN)
def sessions():
    """Where the person is logged in. The script asks for one part of it by itself: how long this session has left."""
    own = database.scalars(WebSession.of(me().id)).all()
    return render("auth/sessions.html", partial=PART, own=own, device=device, **_left())


@bp.post("/account/sessions/stay")
@requires(SIGNED_IN)
@repeatable
def stay():
    session.stay()
    return done("You stay logged in", then=url_for(".sessions"), partial=PART, **_left())


def _left():
    """How it stands with this session; `is_last` when it cannot be put off."""
    here, ends_at = session.own_row, session.ends_at
    return {"here": here, "ends_at": ends_at, "is_last": ends_at is not None and ends_at >= here.expires_at}


@bp.post("/account/sessions/<int:session_id>/end")
@requires(SIGNED_IN)
def end_session(session_id):
    found = get_or_404(WebSession.of(me().id).where(WebSession.id == session_id))
    if found.id == session.own_row.id:
        return leave()
    database.execute(WebSession.deleted(found.id))
    record("user.logged_out", me(), by=me(), session=found.id)
    return done(f"You are logged out of {device(found.user_agent)}", then=url_for(".sessions"))


@bp.post("/account/sessions/end-others")
@requires(SIGNED_IN)
def end_other_sessions():
    me().end_sessions(but=session.own_row.id)
    record("user.logged_out_everywhere", me(), by=me(), but_here=True)
    return done("You are logged out everywhere else", then=url_for(".sessions"))


@bp.post("/account/sessions/end-all")
@requires(SIGNED_IN)
def end_every_session():
    me().end_sessions()
    record("user.logged_out_everywhere", me(), by=me())
    return leave()


@bp.post("/session-over")
@requires(PUBLIC)
def keep_form():
    """The script sends what stands in a form when the time is over: it is kept, and nothing is done with it."""
    page = safe_path(request.args.get("page")) or came_from()
    over = session.over
    is_kept = over and over.user_id and page and keep_typed(over.user_id, page)
    return go_to(url_for(".log_in", next=page, ended=session.ended, kept=is_kept and "yes" or None))

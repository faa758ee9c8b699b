"""Which providers' pages somebody of the council is looking at, kept in their session and nowhere else.

It lets them see; the gate (blueprints/access.py) lets them change nothing.
"""

from datetime import datetime, timedelta

from flask import session

from models.base import utc_now

LASTS = timedelta(hours=1)
LOOKING = "looking"


def look(provider_id: int) -> None:
    """Open the pages of this provider for an hour, or until the session ends."""
    until = (utc_now() + LASTS).isoformat()
    session[LOOKING] = {**session.get(LOOKING, {}), str(provider_id): until}


def look_away(provider_id: int) -> None:
    session[LOOKING] = {key: until for key, until in session.get(LOOKING, {}).items() if key != str(provider_id)}


def is_looking_at(provider_id: int) -> bool:
    until = session.get(LOOKING, {}).get(str(provider_id))
    return until is not None and utc_now() < datetime.fromisoformat(until)

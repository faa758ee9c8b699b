"""The instant at which a statement is sent, for what is built once (models/statements.py)."""

from models.base import UTCDateTime, utc_now
from models.statements import named

NOW = named("this_instant", UTCDateTime(), utc_now)
"""By the real clock, also where the council's day stands still."""

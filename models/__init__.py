"""The domain: tables, verbs, rules and queries. Knows nothing of Flask.

Importing this package loads every table, so that `Base.metadata` is whole.
"""

from models import audit, feed, login, login_code, outbox, provider, user, web_session  # noqa: F401

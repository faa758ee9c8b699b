"""The domain: tables, verbs, rules and queries. Knows nothing of Flask.

Importing this package loads every table, so that `Base.metadata` is whole.
"""

from models import (  # noqa: F401
    adjustment,
    audit,
    authenticator,
    care_package,
    claim,
    client,
    contract,
    feed,
    hold,
    job,
    known_device,
    login,
    login_code,
    outbox,
    payment,
    payment_run,
    pending_login,
    provider,
    purchase_order,
    security_code,
    user,
    web_session,
)

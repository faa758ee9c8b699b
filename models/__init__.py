"""The domain: tables, verbs, rules and queries. Knows nothing of Flask.

Importing this package loads every table, so that `Base.metadata` is whole.
"""

from models import (  # noqa: F401
    access_review,
    adjustment,
    audit,
    audit_chain,
    authenticator,
    care_package,
    claim,
    client,
    contract,
    detail_change,
    feed,
    hold,
    identity,
    job,
    kept_form,
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

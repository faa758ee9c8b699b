"""The domain: tables, verbs, rules and queries. Knows nothing of Flask.

Importing this package loads every table, so that `Base.metadata` is whole.
"""

from models import (  # noqa: F401
    audit,
    bank_holiday,
    daily_work,
    job,
    outbox,
    refused_address,
    tally,
)
from models.accounts import (  # noqa: F401
    access_review,
    authenticator,
    calendar_address,
    conflict,
    identity,
    kept_form,
    known_device,
    login,
    login_code,
    notification,
    on_it,
    passkey,
    pending_login,
    press,
    security_code,
    staff_request,
    user,
    web_session,
)
from models.auditing import chain, read_alarm  # noqa: F401
from models.billing import grant, journey, limit, rule_change  # noqa: F401
from models.care import reminding as care_reminding  # noqa: F401
from models.care import rule_change as care_rule_change  # noqa: F401
from models.correspondence import (  # noqa: F401
    action,
    action_post,
    action_type,
    attachment,
    chasing,
    detail_change,
    document,
    kept_reply,
    unsent_file,
)
from models.payments import (  # noqa: F401
    adjustment,
    blocked,
    day_move,
    debt,
    entitled,
    hold,
    offered,
    payment,
    purchase_order,
    received,
    reminding,
    remittance,
    rules,
    run,
    sent,
    standing_hold,
)
from models.records import (  # noqa: F401
    actual,
    actual_rule,
    agreement,
    care_package,
    claim,
    claim_pricing,
    client,
    contract,
    export,
    feed,
    import_batch,
    invoice,
    invoice_rule,
    provider,
    visit,
)
from models.reports import care_relief, report_file  # noqa: F401

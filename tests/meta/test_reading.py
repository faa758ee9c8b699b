"""Every page and file behind the log-in either shows clients' records, and is noted in the audit, or shows none."""

import json

import pytest
from sqlalchemy import select

from blueprints.access import access_of
from blueprints.reading import reads
from models.audit import AuditEvent
from models.permissions import COUNCIL_GRANTS, CouncilRole, Role
from models.records.client import Client
from tests.factories import make_staff, make_user
from tests.meta.test_access_rules import url
from tests.meta.world import settled_provider
from tests.support.client import PortalClient
from tests.support.rows import every

NO_CLIENTS = {
    "admin.remittances.data",  # bank days and sums of payments, by contract
    "admin.remittances.index",
    "provider.actuals.data",  # weeks and units, by service
    "provider.actuals.index",
    "provider.reports.index",
    "provider.uploads.index",  # files by name, and the columns and codes that are remembered of them
    "provider.uploads.empty_template",
    "provider.uploads.remembered",
    "admin.access_reviews.",
    "admin.actions.change_kept_reply",
    "admin.actions.change_team",
    "admin.actions.change_type",
    "admin.actions.new_team",
    "admin.actions.new_type",
    "admin.actions.retire_team",
    "admin.actions.retire_type",
    "admin.actions.teams",
    "admin.actions.types",
    "admin.actions.file",  # which is noted as a file that was opened
    "admin.actions.kept_replies",
    "admin.actions.new_kept_reply",
    "admin.actions.pass_on",
    "admin.actions.remove_kept_reply",
    "admin.actuals.chase",
    "admin.actuals.data",
    "admin.actuals.index",
    "admin.actuals.end_rule",
    "admin.actuals.rule_change",
    "admin.actuals.rules",
    "admin.actuals.set_rule",
    "admin.actuals.turn_down_rule",
    "admin.alarms.",
    "admin.audit.",
    "admin.bank_holidays.",
    "admin.calendars.",
    "admin.care_relief.",
    "admin.changes.",
    "admin.claims.accept_many",
    "admin.claims.change",
    "admin.claims.data",
    "admin.claims.end",
    "admin.claims.end_limit",
    "admin.claims.file",  # which is noted as a file that was opened
    "admin.claims.give",
    "admin.claims.grants",
    "admin.claims.index",
    "admin.claims.new_limit",
    "admin.claims.pricing",
    "admin.claims.rules",
    "admin.claims.turn_down",
    "admin.conflicts.",
    "admin.invoices.approve_many",
    "admin.invoices.change_reason",
    "admin.invoices.clock",
    "admin.invoices.clock_file",
    "admin.invoices.data",
    "admin.invoices.hold",
    "admin.invoices.index",
    "admin.invoices.new_figure",
    "admin.invoices.new_reason",
    "admin.invoices.reject",
    "admin.invoices.rules",
    "admin.contracts.",
    "admin.daily_work.",
    "admin.debts.",
    "admin.exports.",  # a file of them is noted as taken away; those of a run are about no client
    "admin.feeds.",
    "admin.gates.",
    "admin.home.show",
    "admin.payment_runs.calculate",
    "admin.payment_runs.index",
    "admin.payment_runs.list_file",
    "admin.payment_runs.job",
    "admin.payment_runs.prepare",
    "admin.payment_runs.send_back",
    "admin.payment_runs.withdraw",
    "admin.payments.end_instalments",
    "admin.payments.hold_many",
    "admin.payments.instalments",
    "admin.payments.instalments_many",
    "admin.payments.move_days",
    "admin.payments.not_calculated",
    "admin.payments.pay_now",
    "admin.payments.prepare",
    "admin.payments.release_many",
    "admin.payments.send_back",
    "admin.payments.send_back_many",
    "admin.payments.pay_as_it_is",
    "admin.payments.keep_back_again",
    "admin.people.",
    "admin.rates.",
    "admin.refused_addresses.",
    "admin.search.show",  # which names those that are found, and is noted then
    "admin.staff_requests.",
    "admin.providers.change_role",
    "admin.providers.give_access",
    "admin.providers.grant",
    "admin.providers.data",
    "admin.providers.index",
    "admin.providers.refuse",
    "admin.providers.remove",
    "admin.providers.show",
    "admin.providers.statement",
    "admin.providers.statement_file",
    "admin.providers.waiting",
    "admin.providers.whereabouts_figures",
    "admin.timesheets.data",
    "admin.timesheets.index",
    "provider.actions.file",  # which is noted as a file that was opened
    "provider.changes.",
    "provider.claims.data",
    "provider.claims.file",  # as above
    "provider.claims.index",
    "provider.claims.journeys",
    "provider.claims.withdraw",
    "provider.contacts.",
    "provider.contracts.",
    "provider.debts.",
    "provider.home.show",
    "provider.invoices.cancel",
    "provider.invoices.change",
    "provider.invoices.contracts",
    "provider.invoices.data",
    "provider.invoices.index",
    "provider.invoices.new",
    "provider.invoices.remove",
    "provider.invoices.upload",
    "provider.organisation.",
    "provider.payments.index",
    "provider.payments.schedule",
    "provider.payments.schedule_calendar",
    "provider.payments.schedule_file",
    "provider.received.",
    "provider.statements.",
    "provider.team.",
    "provider.timesheets.index",
    "provider.timesheets.take_back",
    "provider.whereabouts.figures",
}
"""Pages and files that are not about clients: endpoints, or with a dot at the end whole areas. Where one names a client
all the same, as home does of whoever waits, that answer is noted by itself (tests/meta/test_shown.py)."""
WHAT_TO_DO = (
    "Does a page or file show anything of a client (a name, a reference, what is paid for them)? Then put "
    "@reads_client_records of blueprints/reading.py under its @requires. If it shows none, add its endpoint, or its "
    "area with a dot at the end, to NO_CLIENTS in tests/meta/test_reading.py"
)


@pytest.fixture
def pages(app):
    """The endpoints of everything that can be looked at behind the log-in."""
    return {
        rule.endpoint: rule
        for rule in app.url_map.iter_rules()
        if "GET" in rule.methods and rule.rule.startswith(("/providers/", "/council/"))
    }


def shows_no_client(endpoint):
    return endpoint in NO_CLIENTS or f"{endpoint.rpartition('.')[0]}." in NO_CLIENTS


def test_every_page_shows_clients_and_is_noted_or_shows_none(app, pages):
    undecided = [each for each in pages if reads(app, each) == shows_no_client(each)]
    assert not undecided, f"{undecided}: {WHAT_TO_DO}"


def test_the_list_names_no_page_that_is_gone(pages):
    assert set(pages) >= {each for each in NO_CLIENTS if not each.endswith(".")}


def test_each_page_with_clients_leaves_one_event_that_names_nobody(app, pages, subtests):
    provider, values = settled_provider()
    values["provider"] = provider.id
    member = PortalClient(app).sign_in(make_user(Role.ADMINISTRATOR, provider))
    staff = {role: PortalClient(app).sign_in(make_staff(role)) for role in CouncilRole}
    for endpoint, rule in pages.items():
        role = next((role for role in CouncilRole if access_of(app, endpoint) in COUNCIL_GRANTS[role]), None)
        client = staff[role] if role else member
        for htmx in (False, True) if reads(app, endpoint) else ():
            with subtests.test(endpoint=endpoint, htmx=htmx):
                before = len(read_events())
                client.get(url(app, rule, values), htmx=htmx)
                [event] = read_events()[before:]
                assert event.user_id == client.user.id
                assert event.detail["endpoint"] == endpoint
                ids = {name: event.detail[name] for name in rule.arguments - {"provider", "provider_id"}}
                assert ids == {name: str(values[name]) if name == "first_on" else values[name] for name in ids}
                assert set(event.detail) == {"endpoint", *ids}
                assert event.provider_id == provider.id or not endpoint.startswith("provider.")


def test_no_event_of_a_whole_day_names_a_client(app, pages):
    provider, values = settled_provider()
    values["provider"] = provider.id
    names = {name for client in every(Client) for name in (client.surname, client.first_name, client.reference)}
    member = PortalClient(app).sign_in(make_user(Role.ADMINISTRATOR, provider))
    officer = PortalClient(app).sign_in(make_staff())
    for rule in pages.values():
        client = member if rule.rule.startswith("/providers/") else officer
        client.get(url(app, rule, values), status=None)
        client.get(url(app, rule, values) + f"?name={min(names)}&page={min(names)}", status=None)
    told = [json.dumps([event.action, event.subject, event.detail]) for event in every(AuditEvent)]
    assert len(told) > 2 * sum(reads(app, each) for each in pages)
    assert not [line for line in told if any(name in line for name in names)]


def read_events():
    return every(select(AuditEvent).where(AuditEvent.action == "client_record.read").order_by(AuditEvent.id))

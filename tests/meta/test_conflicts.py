"""Nobody acts as staff on a provider at which they have or had a place: every address of the council's that acts."""

import pytest
from sqlalchemy import delete, select

from blueprints.access import access_of
from models.accounts.conflict import FormerPlace
from models.audit import AuditEvent
from models.permissions import COUNCIL_GRANTS, CouncilRole, Role
from models.tally import Tally
from tests.factories import make_membership, make_staff
from tests.meta.world import settled_provider
from tests.support.addresses import address, ask, methods_of, rules_of
from tests.support.client import PortalClient
from tests.support.rows import every, saved, unit_of_work

OF_NO_ONE_PROVIDER = {
    "admin.actions.change_kept_reply",
    "admin.actions.change_team",
    "admin.actions.change_type",
    "admin.actions.close_many",  # of those that the form names: tests/models/correspondence/test_action_desk.py
    "admin.actions.give_many",
    "admin.actions.new_kept_reply",
    "admin.actions.new_team",
    "admin.actions.new_type",
    "admin.actions.remove_kept_reply",
    "admin.actions.retire_team",
    "admin.actions.retire_type",
    "admin.actions.take_many",
    "admin.actuals.agree_rule",  # of all whose care is of the level: tests/models/care/test_changing_rules.py
    "admin.actuals.approve_many",  # of those that the form names: tests/admin/actuals/test_pages.py
    "admin.actuals.chase",
    "admin.actuals.end_rule",
    "admin.actuals.set_rule",
    "admin.actuals.turn_down_rule",
    "admin.alarms.look",
    "admin.bank_holidays.change",
    "admin.bank_holidays.new",
    "admin.bank_holidays.next_year",
    "admin.bank_holidays.take_off",
    "admin.care_relief.check",
    "admin.care_relief.correct",
    "admin.care_relief.new",
    "admin.claims.accept_many",  # of those that the form names: tests/admin/test_claims.py
    "admin.claims.end_limit",
    "admin.claims.new_limit",
    "admin.claims.pricing",
    "admin.claims.turn_down",
    "admin.daily_work.run",
    "admin.documents.chase_many",  # of those that the form names: tests/admin/test_documents.py
    "admin.documents.make",
    "admin.documents.publish_many",
    "admin.documents.upload",
    "admin.exports.send_again",
    "admin.exports.send_refused_again",
    "admin.home.let_go",
    "admin.home.take",
    "admin.invoices.approve_many",  # of those that the form names: tests/admin/invoices/test_pages.py
    "admin.invoices.change_reason",
    "admin.invoices.end_reason",
    "admin.invoices.new_figure",
    "admin.invoices.new_reason",
    "admin.payment_runs.calculate",
    "admin.payment_runs.discard",
    "admin.payment_runs.prepare",
    "admin.payment_runs.send_back",
    "admin.payment_runs.tick",
    "admin.payment_runs.withdraw",
    "admin.payments.hold_many",  # of those that the form names: tests/models/accounts/test_conflict.py
    "admin.payments.instalments_many",
    "admin.payments.release_many",
    "admin.payments.send_back_many",
    "admin.people.new",  # the form names the provider
    "admin.people.new_colleague",
    "admin.refused_addresses.try_again",
    "admin.search.find",
    "admin.staff_requests.agree",
    "admin.staff_requests.take_back",
    "admin.staff_requests.turn_down",
}
"""What acts on no provider that its address names. Stopping a run takes nothing for oneself, and lets nothing go."""
WHAT_TO_DO = (
    "Load what the address names with get_or_404, which refuses whoever has or had a place at its provider; or, if it "
    "acts on no one provider, add it to OF_NO_ONE_PROVIDER in tests/meta/test_conflicts.py"
)


@pytest.mark.parametrize("is_former", [False, True])
def test_every_act_on_a_provider_is_refused_to_who_has_or_had_a_place_there(app, is_former):
    provider, values = settled_provider()
    people = {}
    for role in CouncilRole:
        person = make_staff(role)
        if is_former:
            saved(FormerPlace(user_id=person.id, provider_id=provider.id, role=Role.CARER, granted_at=None))
        else:
            make_membership(person, provider, Role.ADMINISTRATOR)
        people[role] = PortalClient(app).sign_in(person)
    wrong, tried = [], 0
    for rule in rules_of(app):
        if not rule.endpoint.startswith("admin.") or "POST" not in methods_of(rule):
            continue
        client = next(people[role] for role in people if access_of(app, rule.endpoint) in COUNCIL_GRANTS[role])
        for method in methods_of(rule):
            forget_tallies()
            before = len(refusals())
            answer = ask(client, method, address(app, rule, values))
            is_refused = answer.status_code == 409 and "You have or had a place at" in answer.get_data(as_text=True)
            if is_refused == (rule.endpoint in OF_NO_ONE_PROVIDER):
                wrong.append((rule.endpoint, method, answer.status_code))
            if is_refused:
                tried += 1
                [event] = refusals()[before:]
                assert (event.user_id, event.provider_id) == (client.user.id, provider.id)
    assert not wrong, WHAT_TO_DO
    assert tried > 40


def test_who_is_refused_one_page_over_and_over_leaves_one_event(app):
    provider, values = settled_provider()
    officer = make_staff(CouncilRole.PAYMENTS_OFFICER)
    make_membership(officer, provider, Role.ADMINISTRATOR)
    client = PortalClient(app).sign_in(officer)
    [rule] = [each for each in rules_of(app) if each.endpoint == "admin.payments.adjust"]
    for _ in range(5):
        assert ask(client, "GET", address(app, rule, values)).status_code == 409
    assert len(refusals()) == 1
    assert every(select(Tally.more)) == [4]


def forget_tallies():
    """Of the same page with another method: each is to leave an event."""
    with unit_of_work() as rows:
        rows.execute(delete(Tally))


def refusals():
    return every(select(AuditEvent).where(AuditEvent.action == "access.conflict").order_by(AuditEvent.id))

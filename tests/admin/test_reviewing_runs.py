"""Going through a run's exceptions on its page: ticked by two people, four eyes on what is made by hand, and limits."""

import pytest
from sqlalchemy import select

from commands.batchwise.payments import finalise_due
from models.accounts.user import Staff, User
from models.payments.adjustment import Adjustment
from models.payments.debt import DebtEntry, DebtEntryKind
from models.payments.finding import RunFinding, RunTick
from models.payments.run import PaymentRun, RunState
from models.permissions import CouncilRole
from models.records.contract import Contract
from models.records.provider import Provider
from tests.admin.conftest import SUNDAY, WEEK, two_clients
from tests.admin.payments.acts import adjust
from tests.care_factories import make_item
from tests.factories import make_membership, make_staff
from tests.support.client import PortalClient
from tests.support.rows import every, reloaded, saved, unit_of_work
from tests.support.runs import calculate, orders

RUNS = "/council/payment-runs"


@pytest.fixture
def run(desk):
    """A run with a new row and a new provider; its address."""
    make_item(desk.contract, rate_e4=9_000_000, starts_on=SUNDAY - WEEK + WEEK / 7)
    two_clients()
    calculate(SUNDAY)
    return f"{RUNS}/{desk.prepare()}"


def state():
    [found] = every(PaymentRun.newest_first().limit(1))
    return found.state


def kinds_of(page):
    links = page.page.select(".review__kinds li a")
    return [link["href"].partition("show=")[2].replace("+", " ") for link in links][:-1]


@pytest.mark.postgres
def test_each_kind_is_ticked_by_both_before_the_run_is_authorised(desk, run):
    page = desk.manager.get(run)
    kinds = kinds_of(page)
    assert len(kinds) >= 3
    assert f"You have {len(kinds)} of {len(kinds)} to tick" in page.words
    assert f"Ola Officer has {len(kinds)} to tick" in page.words
    assert not page.page.select("form[action$=authorise]")
    refused = desk.manager.post(f"{run}/authorise", status=409)
    assert "tick each exception first. Still to tick:" in refused.words
    for who in (desk.officer, desk.manager):
        page = who.get(f"{run}?show={kinds[0]}")
        for kind in kinds:
            assert page.page.select_one(".review__kinds [aria-current]")["href"].endswith(kind.replace(" ", "+"))
            page = who.follow(who.submit(page, {"because": f"Looked at {kind}"}, form="form.tick"))
            assert "is ticked" in page.words
    assert page.page.select_one(".review__kinds [aria-current]").text.startswith("Payments by provider")
    seen = desk.manager.get(f"{run}?show={kinds[0]}")
    assert "Seen by Ola Officer" in seen.words
    assert f"because: Looked at {kinds[0]}" in seen.words
    assert "✓ Ola Officer" in seen.words
    desk.manager.follow(desk.manager.submit(desk.manager.get(run), form="form[action$=authorise]"))
    assert state() is RunState.AUTHORISED


def test_a_tick_needs_its_reason_and_stays_where_it_was_typed(desk, run):
    [kind, *_] = kinds_of(desk.officer.get(run))
    page = desk.officer.get(f"{run}?show={kind}")
    refused = desk.officer.submit(page, {"because": " "}, form="form.tick", status=422)
    assert refused.errors == ["Say why these are all right. If they are not, hold the payment or send the run back"]
    too_long = desk.officer.submit(page, {"because": "x" * 501}, form="form.tick", status=422)
    assert too_long.page.textarea.text.strip() == "x" * 501
    assert not every(RunTick)
    desk.officer.post(f"{run}?show=nonsense", {"because": "Seen"}, status=404)
    refused = desk.officer.post(f"{run}?show=rejected", {"because": "Seen"}, status=409)
    assert "This run has no exceptions of the kind “Rejected”" in refused.words


def test_who_reads_only_ticks_nothing(desk, run, colleague):
    [kind, *_] = kinds_of(desk.officer.get(run))
    auditor = colleague("auditor")
    assert not auditor.get(f"{run}?show={kind}").page.select("form.tick")
    auditor.post(f"{run}?show={kind}", {"because": "Seen"}, status=403)


@pytest.mark.postgres
def test_a_bound_preparer_ticks_nothing_of_their_provider_and_a_colleague_does(desk, run, colleague):
    [preparer] = every(select(User).where(User.name == "Ola Officer"))
    [provider] = every(select(Provider).where(Provider.id == desk.contract.provider_id))
    make_membership(preparer, provider)
    of_run = RunFinding.run_id == int(run.rpartition("/")[2])
    found = every(select(RunFinding).where(of_run))
    mine = {each.kind.value for each in found if each.provider_id == provider.id}
    others = {each.kind.value for each in found} - mine
    assert mine
    assert others
    other = colleague("payments_officer")
    for kind in mine:
        page = desk.officer.get(f"{run}?show={kind}")
        assert not page.page.select("form.tick")
        assert "You have or had a place at a provider among these, so a colleague ticks them" in page.words
        refused = desk.officer.post(f"{run}?show={kind}", {"because": "Seen"}, status=409)
        assert "so a colleague has to tick them" in refused.words
        desk.manager.post(f"{run}?show={kind}", {"because": "Seen"}, status=303)
    assert not every(select(RunTick).where(RunTick.user_id == preparer.id))
    for who in (desk.officer, desk.manager):
        for kind in others:
            who.post(f"{run}?show={kind}", {"because": "Seen"}, status=303)
    page = desk.manager.get(run)
    assert f"A colleague beside who authorises it has {len(mine)} to tick" in page.words
    desk.manager.post(f"{run}/authorise", status=409)
    page = other.get(run)
    for kind in mine:
        other.submit(other.get(f"{run}?show={kind}"), {"because": "Seen"}, form="form.tick", status=303)
    desk.manager.submit(desk.manager.get(run), form="form[action$=authorise]", status=303)
    assert state() is RunState.AUTHORISED


def test_a_tick_again_replaces_ones_own(desk, run):
    [kind, *_] = kinds_of(desk.officer.get(run))
    for words in ("A rate is odd", "It is right"):
        desk.officer.post(f"{run}?show={kind}", {"because": words}, status=303)
    [tick] = every(RunTick)
    assert tick.because == "It is right"


@pytest.mark.postgres
def test_above_a_limit_two_people_authorise(desk, limits):
    limits(run_pence=65_610)
    number = desk.prepare()
    run = f"{RUNS}/{number}"
    page = desk.manager.get(run)
    assert "It is above a limit: more than £656 in one run. Two people have to authorise it." in page.words
    desk.tick(number)
    first = desk.manager.follow(desk.manager.submit(desk.manager.get(run), form="form[action$=authorise]"))
    assert "is authorised by you. One person more has to" in first.words
    assert "Max Manager has, " in first.words
    assert not first.page.select("form[action$=authorise], form[action$=finalise]")
    refused = desk.manager.post(f"{run}/authorise", status=409)
    assert "You have authorised this run already" in refused.words
    desk.manager.post(f"{run}/finalise", status=409)
    mia = PortalClient(desk.officer.app).sign_in(make_staff(CouncilRole.PAYMENTS_MANAGER, name="Mia Second"))
    desk.tick(number, mia)
    done = mia.follow(mia.submit(mia.get(run), form="form[action$=authorise]"))
    assert "It can be finalised now" in done.words
    assert "Authorised by Max Manager" in done.words
    assert "Max Manager, Mia Second" in mia.get(RUNS + "/").words


def test_at_a_limit_one_person_authorises(desk, limits):
    limits(run_pence=65_611, payment_pence=65_611)
    number = desk.prepare()
    assert "above a limit" not in desk.manager.get(f"{RUNS}/{number}").words
    desk.authorise(number)
    assert state() is RunState.AUTHORISED


@pytest.mark.postgres
def test_who_adjusted_a_payment_in_the_run_does_not_pay_it(desk):
    """An officer adjusts, becomes a manager, and finds the run of another officer."""
    adjust(desk, amount="25.00", reason="Taxi")
    colleague = PortalClient(desk.officer.app).sign_in(make_staff(name="Ola Other"))
    colleague.post(f"{RUNS}/prepare", {"who": "all"}, status=303)
    from tests.admin.conftest import work_off

    assert work_off()
    number = every(PaymentRun)[-1].id
    desk.tick(number, colleague)
    with unit_of_work() as session:
        manager = {"role": CouncilRole.PAYMENTS_MANAGER}
        session.query(Staff).filter(Staff.user_id == desk.officer.user.id).update(manager)
    page = desk.officer.get(f"{RUNS}/{number}")
    assert "decided something in this run by hand (adjusted), so somebody else has to authorise it" in page.words
    refused = desk.officer.post(f"{RUNS}/{number}/authorise", status=409)
    assert "You have decided something in this run by hand" in refused.words
    desk.manager.post(f"{RUNS}/{number}/authorise", status=303)
    desk.officer.post(f"{RUNS}/{number}/finalise", status=409)
    [adjustment] = every(Adjustment)
    assert adjustment.seen_by_id is None, "authorising a run says of no adjustment that it was seen"
    told = [each.note for each in every(select(RunFinding)) if each.kind.is_adjusted]
    assert told == ["Ola Officer: Taxi"]


def test_a_second_person_says_that_they_have_seen_an_adjustment(desk):
    adjust(desk, amount="25.00", reason="Taxi")
    assert "Adjusted payments" in desk.manager.get("/council/").words
    [adjustment] = every(Adjustment)
    assert not desk.officer.get(desk.payment).page.select("form[action$=see]")
    refused = desk.officer.post(f"{desk.payment}/adjustments/{adjustment.id}/see", status=409)
    assert "You made or cancelled this adjustment, so somebody else has to look at it" in refused.words
    page = desk.manager.get(desk.payment)
    done = desk.manager.follow(desk.manager.submit(page, form="form[action$=see]"))
    assert "You have seen the adjustment of £25.00" in done.words
    assert reloaded(adjustment).seen_by_id == desk.manager.user.id
    desk.manager.post(f"{desk.payment}/adjustments/{adjustment.id}/see", status=409)
    desk.manager.post(f"{desk.payment}/adjustments/{adjustment.id + 1}/see", status=404)
    assert "Adjusted payments" not in desk.manager.get("/council/").words
    desk.officer.post(f"{desk.payment}/adjustments/{adjustment.id}/cancel", {}, status=303)
    assert reloaded(adjustment).seen_at is None, "what was cancelled is another thing to see"


def test_what_is_overdue_stands_first_on_my_work(desk, set_today):
    set_today(SUNDAY + WEEK / 7)
    rows = desk.officer.get("/council/").page.select("table.due tbody tr")
    cells = [" ".join(cell.text.split()) for cell in rows[0].select("td")]
    assert cells == ["1 payment overdue", "£656.11", "", "Prepare it: Overdue"]
    assert " ".join(rows[0].th.get_text(" ").split()) == "Overdue since Sunday 6 October 2019"
    link = rows[0].a["href"]
    assert desk.contract.name in desk.officer.get(link).words
    set_today(SUNDAY)
    [first, *_] = desk.officer.get("/council/").page.select("table.due tbody tr")
    assert first.th.get_text(" ").split()[0] == "Today"
    assert " ".join(first.a.text.split()) == "1 payment today"
    assert desk.contract.name in desk.officer.get(first.a["href"]).words


def test_an_adjustment_that_no_run_has_shown_is_still_unseen(desk, work):
    """Adjusted after preparing: the manager authorises what they saw, and the payment is left."""
    number = desk.prepare()
    desk.tick(number)
    adjust(desk, amount="500.00", reason="Bonus")
    page = desk.manager.get(f"{RUNS}/{number}")
    assert "Changed since prepared £656.11" in page.words
    assert "As things stand, £0.00 is paid when it is finalised, of £656.11" in page.words
    desk.manager.post(f"{RUNS}/{number}/authorise", status=303)
    assert (
        desk.manager.get(f"{RUNS}/{number}").page.select_one("form[action$=finalise] button").text == "Finalise £0.00"
    )
    desk.manager.post(f"{RUNS}/{number}/finalise", status=303)
    assert work()
    [adjustment] = every(Adjustment)
    assert adjustment.seen_by_id is None
    assert finalise_due()[0] is None, "the command line leaves it"


def test_two_changes_that_cancel_out_are_a_change(desk):
    """+£5.00 for one client and -£5.00 for another: the sum is the same, and the run leaves the payment."""
    number = desk.prepare()
    clients = [order.client_id for order in orders(desk.contract)]
    for client_id, amount in zip(clients, ("5.00", "-5.00"), strict=True):
        adjust(desk, client=str(client_id), amount=amount)
    assert "Changed since prepared £656.11 1" in desk.manager.get(f"{RUNS}/{number}").words


def test_who_has_lost_the_role_is_no_first_of_two(desk, limits):
    limits(run_pence=65_610)
    number = desk.prepare()
    mia = PortalClient(desk.officer.app).sign_in(make_staff(CouncilRole.PAYMENTS_MANAGER, name="Mia Second"))
    desk.tick(number, mia)
    desk.manager.post(f"{RUNS}/{number}/authorise", status=303)
    refused = desk.manager.post(f"{RUNS}/{number}?show=above+the+limit", {"because": "Never looked"}, status=409)
    assert "You have authorised this run on what you have said" in refused.words
    with unit_of_work() as session:
        demoted = {"role": CouncilRole.PAYMENTS_OFFICER}
        session.query(Staff).filter(Staff.user_id == desk.manager.user.id).update(demoted)
    refused = mia.post(f"{RUNS}/{number}/authorise", status=409)
    assert "Max Manager has authorised this run and may not authorise runs any more" in refused.words
    assert state() is RunState.PREPARED


def test_what_is_taken_for_a_debt_instead_is_told(desk, work):
    """£200.00 of debt is moved here after authorising: authorised = paid + left + taken for debts."""
    number = desk.prepare()
    desk.authorise(number)
    owner = every(select(Contract).where(Contract.id == desk.contract.id))[0]
    saved(
        DebtEntry(provider_id=owner.provider_id, contract_id=owner.id, kind=DebtEntryKind.MOVED, pence=-20_000,
                  on=SUNDAY, reason="From another contract")
    )  # fmt: skip
    page = desk.manager.get(f"{RUNS}/{number}")
    assert page.page.select_one("form[action$=finalise] button").text == "Finalise £456.11"
    desk.manager.post(f"{RUNS}/{number}/finalise", status=303)
    assert desk.manager.get(f"{RUNS}/{number}").page.select("a[href$=withdraw]"), "until its first line is paid"
    assert work()
    words = desk.manager.get(f"{RUNS}/{number}").words
    assert "Paid £456.11 Left for the next run £0.00 Taken for debts instead £200.00" in words
    assert "£456.11 paid of £656.11 authorised; £200.00 taken for debts instead." in words

"""Payment runs on the council's side: calculate, prepare, review, authorise, finalise."""

import csv
import io
from datetime import timedelta

import pytest
from sqlalchemy import select

from models.accounts.user import Staff
from models.base import utc_now
from models.job import BROKEN_OFF_AFTER, Job, JobKind, JobState
from models.payments.debt import DebtEntry, DebtEntryKind
from models.payments.hold import Hold
from models.payments.run import PaymentRun, RunPayment, RunState
from models.permissions import CouncilRole
from models.records.contract import Contract
from tests.admin.conftest import MONDAY, SUNDAY, WEEK, two_clients
from tests.care_factories import make_client, make_item
from tests.support.rows import every, reloaded, saved, unit_of_work
from tests.support.runs import answered, calculate, change, finalise, payment

RUNS = "/council/payment-runs"


def run_of(number):
    return every(select(PaymentRun).where(PaymentRun.id == number))[0]


@pytest.mark.postgres
@pytest.mark.covers("S0-004")
def test_the_officer_prepares_the_manager_authorises_and_finalises(desk, work):
    number = desk.prepare()
    page = desk.manager.get(f"{RUNS}/{number}")
    assert "This run £656.11" in page.words
    assert "Prepared by Ola Officer" in page.words

    authorised = desk.manager.follow(desk.manager.submit(page, form="form[action$=authorise]"))
    assert f"Run {number} is authorised" in authorised.words
    asked = desk.manager.follow(desk.manager.submit(authorised, form="form[action$=finalise]"))
    assert f"Finalising run {number}: waiting for its turn" in asked.words
    assert work()

    done = desk.manager.get(f"{RUNS}/{number}")
    assert "1 payment finalised, 2 lines, £656.11 paid." in done.words
    assert run_of(number).state is RunState.FINALISED
    assert payment(desk.contract, MONDAY + WEEK).closed_run_id == number


def test_the_buttons_name_the_act_and_the_sum(desk):
    number = desk.prepare()
    officers, managers = (
        who.get(f"{RUNS}/{number}").page.select("main .acts button") for who in (desk.officer, desk.manager)
    )
    assert [button.text for button in officers] == ["Discard this run"]
    assert [button.text for button in managers] == ["Authorise £656.11"]


def test_the_officer_may_not_authorise_not_even_another_officers_run(desk):
    number = desk.prepare()
    desk.officer.post(f"{RUNS}/{number}/authorise", status=403)
    desk.officer.post(f"{RUNS}/{number}/finalise", status=403)
    desk.manager.post(f"{RUNS}/{number}/discard", status=403)
    desk.manager.get(f"{RUNS}/prepare", status=403)


def test_who_prepared_a_run_and_is_now_a_manager_may_not_authorise_it_either(desk):
    number = desk.prepare()
    with unit_of_work() as session:
        session.query(Staff).filter(Staff.user_id == desk.officer.user.id).update(
            {"role": CouncilRole.PAYMENTS_MANAGER}
        )
    page = desk.officer.get(f"{RUNS}/{number}")
    assert "somebody else has to authorise it" in page.words
    assert not page.page.select("form[action$=authorise]")
    refused = desk.officer.post(f"{RUNS}/{number}/authorise", status=409)
    assert "You prepared this run, so somebody else has to authorise it" in refused.words
    desk.authorise(number)
    refused = desk.officer.post(f"{RUNS}/{number}/finalise", status=409)
    assert "somebody else has to finalise it" in refused.words
    assert not [job for job in every(Job) if job.kind is JobKind.FINALISE]


def test_of_two_managers_one_is_told_that_the_other_was_first(desk):
    number = desk.prepare()
    desk.authorise(number)
    refused = desk.manager.post(f"{RUNS}/{number}/authorise", status=409)
    assert "This run is authorised already" in refused.words
    refused = desk.officer.post(f"{RUNS}/{number}/discard", status=409)
    assert "This run is authorised already" in refused.words


def test_a_run_that_is_not_authorised_is_not_finalised(desk):
    number = desk.prepare()
    refused = desk.manager.post(f"{RUNS}/{number}/finalise", status=409)
    assert "This run is prepared, so it cannot be finalised" in refused.words


def test_a_discarded_run_lets_its_payments_go(desk):
    number = desk.prepare()
    assert desk.prepare() == number
    assert "No run is prepared, since nothing is due" in desk.officer.get(RUNS + "/").words
    desk.officer.post(f"{RUNS}/{number}/discard", status=303)
    assert desk.prepare() == number + 1


def test_what_changed_since_it_was_prepared_is_shown_before_and_left_afterwards(desk, work):
    number = desk.prepare()
    make_item(desk.contract, rate_e4=700_000)
    calculate(SUNDAY)
    assert "Changed since prepared £656.11 1" in desk.manager.get(f"{RUNS}/{number}").words
    desk.authorise(number)
    desk.manager.post(f"{RUNS}/{number}/finalise")
    work()
    page = desk.manager.get(f"{RUNS}/{number}?show=left+for+the+next+run")
    assert "0 payments, 0 lines; 1 left for the next run" in page.words
    assert "Changed or held since it was prepared" in page.words
    assert payment(desk.contract, MONDAY + WEEK).closed_run_id is None


def test_a_run_for_some_kinds_or_named_providers_only(desk):
    other = two_clients()
    calculate(SUNDAY)
    assert desk.officer.post(f"{RUNS}/prepare", {"who": "kinds"}, status=422).errors == [
        "Choose at least one kind of provider"
    ]
    desk.prepare(who="named", named=f"P{other.provider_id}\n")
    assert {each.provider_id for each in every(RunPayment)[1:]} == {other.provider_id}
    desk.prepare(who="kinds", kinds=["foster_carer"])
    assert [each.provider_id for each in every(RunPayment)][-1] == desk.contract.provider_id


@pytest.mark.parametrize("act", ["prepare", "calculate"])
def test_a_name_that_nobody_has_stays_on_the_form_with_what_was_typed(desk, act):
    """One of four is unknown: the other three need not be typed again."""
    typed = f"P{desk.contract.provider_id}\nNobody\nNo one"
    refused = desk.officer.post(f"{RUNS}/{act}", {"who": "named", "named": typed}, status=422)
    [problem] = refused.errors
    assert "There is no provider with the reference or name Nobody" in problem
    assert "or name No one" in problem
    assert refused.page.find(attrs={"name": "named"}).text.split() == typed.split()
    assert refused.page.select_one("input[name=who][checked]")["value"] == "named"
    assert not every(Job)


def findings(client, number):
    links = client.get(f"{RUNS}/{number}").page.select(".review__kinds li a")
    return {
        (link.select_one("span") or link).find(string=True, recursive=False).strip(): int(
            link.select_one(".review__count").text
        )
        for link in links
    }


@pytest.mark.postgres
def test_every_exception_is_counted_and_listed_and_opens_its_explanation(desk):
    calm, rejected, held, blocked = (two_clients() for _ in range(4))
    finalise(MONDAY + WEEK - WEEK / 7)
    make_item(desk.contract, rate_e4=9_000_000, client=make_client(surname="Cole"), starts_on=MONDAY + WEEK)
    make_item(blocked, rate_e4=1_000_000, starts_on=MONDAY + WEEK, authorised_on=None)
    calculate(SUNDAY)
    wrong = payment(rejected, MONDAY + WEEK)
    change(wrong, **answered("rejected", wrong.total_pence))
    with unit_of_work() as session:
        late = session.merge(payment(held, MONDAY + WEEK))
        session.add(Hold(provider_id=held.provider_id, payment_id=late.id, kind="officer", reason="Asked about"))
    number = desk.prepare()
    found = findings(desk.officer, number)
    assert found["New"] == 1
    assert found["More than 50 % different"] == 1
    assert (found["Rejected"], found["Held"], found["Blocked"]) == (1, 1, 1)
    new = desk.officer.get(f"{RUNS}/{number}?show=new")
    assert "C, Bart" in new.words
    link = new.page.select_one(".review__list tbody a")["href"]
    assert "How this time was worked out" in desk.officer.get(link).words
    assert calm.reference not in desk.officer.get(f"{RUNS}/{number}?differs=y").text


@pytest.mark.postgres
def test_who_left_is_an_exception_too(desk):
    from models.records.care_package import CarePackageLineItem

    leaver = every(select(CarePackageLineItem).where(CarePackageLineItem.contract_id == desk.contract.id))[0]
    change(leaver, ends_on=MONDAY + WEEK - (WEEK / 7))
    calculate(SUNDAY)
    found = findings(desk.officer, desk.prepare())
    assert found["Ended"] == 1
    assert "New" not in found


def test_the_list_of_a_run_is_a_file_too(desk):
    number = desk.prepare()
    text = desk.officer.get(f"{RUNS}/{number}/data.csv").response.get_data(as_text=True).removeprefix("\ufeff")
    [heading, row] = csv.reader(io.StringIO(text))
    assert heading[:2] == ["Provider", "Contract"]
    assert dict(zip(heading, row, strict=True))["This payment"] == "656.11"
    assert dict(zip(heading, row, strict=True))["Difference"] == "0.00"


def test_a_review_takes_the_same_number_of_queries_however_many_providers(desk):
    few = desk.officer.get(f"{RUNS}/{(first := desk.prepare())}")
    desk.officer.post(f"{RUNS}/{first}/discard", status=303)
    for _ in range(12):
        two_clients()
    calculate(SUNDAY)
    number = desk.prepare()
    many = desk.officer.get(f"{RUNS}/{number}")
    assert len(many.page.select(".review__list tbody tr")) >= 25
    assert len(many.reads) == len(few.reads)
    assert len(desk.officer.get(f"{RUNS}/{number}?show=changed").reads) <= len(few.reads)


# long work


def test_a_calculation_is_a_job_that_is_asked_for_once(desk, work):
    for _ in range(2):
        desk.officer.post(f"{RUNS}/calculate", {"who": "all"}, status=303)
    [job] = every(Job)
    page = desk.officer.get(RUNS + "/")
    assert "Calculating: waiting for its turn" in page.words
    assert page.page.select_one(f"#job-{job.id} a[data-hx-trigger]")["href"] == f"{RUNS}/jobs/{job.id}"
    assert work()
    assert not work()
    page = desk.officer.get(f"{RUNS}/jobs/{job.id}")
    assert "Calculated 1 contract" in page.words
    assert not page.page.select("[data-hx-trigger]"), "a job that is done is not asked after"
    part = desk.officer.get(f"{RUNS}/jobs/{job.id}", htmx=True)
    assert part.page.select_one(".job")["data-announce"].startswith("Calculated 1 contract")


def test_progress_is_said_in_words(desk):
    desk.officer.post(f"{RUNS}/calculate", {"who": "all"})
    with unit_of_work() as session:
        job = Job.claim()
        job.get_on(3, 1_200)
        session.flush()
    page = desk.officer.get(RUNS + "/")
    assert "Calculating: 3 of 1,200 providers are done" in page.words
    assert page.page.progress["max"] == "1200"


@pytest.mark.postgres
def test_a_job_whose_worker_was_broken_off_is_taken_up_again(desk, work):
    number = desk.prepare()
    desk.authorise(number)
    desk.manager.post(f"{RUNS}/{number}/finalise")
    with unit_of_work():
        first = Job.claim()
    assert not work(), "somebody is working on it"
    change(first, heartbeat_at=utc_now() - 2 * BROKEN_OFF_AFTER)
    assert work()
    assert every(Job)[0].state is JobState.DONE
    assert run_of(number).state is RunState.FINALISED


def test_a_fault_is_told_in_words_and_leaves_the_next_job_alone(desk, work, monkeypatch, caplog):
    def break_down(*_, **__):
        raise ZeroDivisionError

    desk.officer.post(f"{RUNS}/calculate", {"who": "all"})
    monkeypatch.setattr("commands.worker.calculate_all", break_down)
    assert work()
    assert "Calculating was broken off. It was broken off by a fault" in desk.officer.get(RUNS + "/").words
    monkeypatch.undo()
    desk.officer.post(f"{RUNS}/calculate", {"who": "all"})
    assert work()
    assert every(Job)[-1].state is JobState.DONE


def test_a_worker_that_is_stopped_puts_its_job_back(desk):
    from commands.batchwise.stopping import Stop
    from commands.worker import work

    desk.officer.post(f"{RUNS}/calculate", {"who": "all"})
    stop = Stop()
    stop.asked = True
    work(stop)
    assert every(Job)[0].state is JobState.QUEUED


def test_a_job_that_nobody_begins_says_so(desk):
    desk.officer.post(f"{RUNS}/calculate", {"who": "all"})
    change(every(Job)[0], created_at=utc_now() - 2 * BROKEN_OFF_AFTER)
    assert "its worker does not answer" in desk.officer.get(RUNS + "/").words


def test_the_command_does_what_waits_and_ends(desk, make_app, tmp_path):
    desk.officer.post(f"{RUNS}/calculate", {"who": "all"})
    app = make_app(instance=tmp_path)  # where it writes the head of the audit
    assert app.test_cli_runner().invoke(args=["worker", "--once"]).exit_code == 0
    assert reloaded(every(Job)[0]).state is JobState.DONE


def test_a_run_that_takes_a_debt_says_what_goes_to_the_bank_and_is_not_stale(desk):
    owner = every(select(Contract).where(Contract.id == desk.contract.id))[0]
    saved(
        DebtEntry(
            provider_id=owner.provider_id, contract_id=owner.id, kind=DebtEntryKind.MOVED, pence=-10_000,
            on=SUNDAY, reason="From another contract",
        )
    )  # fmt: skip
    run_id = desk.prepare()
    page = desk.manager.get(f"/council/payment-runs/{run_id}")
    assert "To the bank £556.11" in page.words
    assert "Its lines £656.11 Taken for debts £100.00" in page.words
    assert "£656.11 £556.11 to the bank" in page.words
    assert "Changed since prepared" not in page.words
    assert "Authorise £556.11" in page.words


def test_what_is_held_after_authorising_is_left_and_each_figure_is_told(desk, work):
    """Authorised at £656.11, and held before it was finalised."""
    run_id = desk.prepare()
    desk.authorise(run_id)
    desk.officer.post(f"{desk.payment}/hold", {"what": "", "reason": "Asked about"}, status=303)
    desk.manager.post(f"/council/payment-runs/{run_id}/finalise", {}, status=303)
    assert work()
    words = desk.manager.get(f"/council/payment-runs/{run_id}").words
    assert "Authorised £656.11" in words
    assert "Paid £0.00 Left for the next run £656.11" in words
    assert "0 payments finalised, 0 lines, £0.00 paid of £656.11 authorised; 1 left for the next run, £656.11" in words
    row = desk.manager.get("/council/payment-runs/").page.select("tbody tr")[0]
    assert [cell.get_text(strip=True) for cell in row.select(".numeric")] == ["£656.11", "£0.00", "£656.11"]


def test_the_manager_sends_a_run_back_with_a_word(desk):
    run_id = desk.prepare()
    page = desk.manager.get(f"/council/payment-runs/{run_id}/send-back")
    refused = desk.manager.submit(page, {"reason": ""}, status=422)
    assert "Say why, so that whoever prepared it can put it right" in refused.words
    back = desk.manager.follow(desk.manager.submit(page, {"reason": "One is paid twice"}))
    assert f"Run {run_id} is sent back" in back.words
    shown = desk.officer.get(f"/council/payment-runs/{run_id}").words
    assert "Sent back by Max Manager" in shown
    assert "One is paid twice" in shown
    desk.officer.get(f"/council/payment-runs/{run_id}/send-back", status=403)


def test_the_manager_withdraws_what_is_authorised(desk):
    run_id = desk.prepare()
    desk.authorise(run_id)
    assert "Withdraw" in desk.manager.get(f"/council/payment-runs/{run_id}").words
    page = desk.manager.get(f"/council/payment-runs/{run_id}/withdraw")
    back = desk.manager.follow(desk.manager.submit(page, {"reason": "A rate is wrong"}))
    assert f"Run {run_id} is withdrawn" in back.words
    refused = desk.manager.post(f"/council/payment-runs/{run_id}/finalise", {}, status=409)
    assert "withdrawn, so it cannot be finalised" in refused.words


def test_a_discarded_run_can_still_be_looked_at(desk):
    run_id = desk.prepare()
    desk.officer.post(f"/council/payment-runs/{run_id}/discard", {}, status=303)
    assert "DISCARDED" in desk.officer.get(f"/council/payment-runs/{run_id}").words


def test_runs_are_found_by_their_state_and_day_on_the_page_in_the_files_and_from_my_work(desk):
    gone = desk.prepare()
    desk.officer.post(f"{RUNS}/{gone}/discard", status=303)
    kept = desk.prepare()
    [paid] = every(select(PaymentRun.id).where(PaymentRun.state == RunState.FINALISED))
    [row] = [each for each in desk.manager.get("/council/").page.select("table.waits tbody tr") if "runs" in each.text]
    assert numbers(desk.manager.get(row.th.a["href"])) == [f"Run {kept}"]
    assert numbers(desk.officer.get(f"{RUNS}/?state=discarded")) == [f"Run {gone}"]
    text = desk.officer.get(f"{RUNS}/data.csv?state=discarded").text
    assert [line.split(",")[0] for line in text.splitlines()[1:]] == [str(gone)]
    assert numbers(desk.officer.get(f"{RUNS}/?first={SUNDAY}")) == [f"Run {kept}", f"Run {gone}"]
    assert numbers(desk.officer.get(f"{RUNS}/?last={SUNDAY - timedelta(days=1)}")) == [f"Run {paid}"]
    page = desk.officer.get(f"{RUNS}/?state=withdrawn")
    assert "No run is like that. Show all runs" in page.words
    page = desk.officer.get(f"{RUNS}/?state=lost&first=32/13/2019", status=422)
    assert {"Choose a state from the list", "From must be a day of the calendar, like 27/03/2026"} <= set(page.errors)
    desk.officer.get(f"{RUNS}/data.csv?state=lost", status=422)


def numbers(answer):
    return [each.a.get_text() for each in answer.page.select("#runs tbody th")]

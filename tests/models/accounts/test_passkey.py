"""Passkeys as the library really checks them: for this portal, this question and this person, each answer once."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from models.accounts import bars, own_passkeys, second_step
from models.accounts.account_policy import Step
from models.accounts.authenticator import RecoveryCode
from models.accounts.login import Kind, Origin
from models.accounts.passkey import LIFE, Passkey, PasskeyChallenge, Verdict, options_to_add, options_to_give
from models.accounts.pending_login import TRIES, PendingLogin, Purpose, Stage, own_step, step_of
from models.audit import AuditEvent
from models.base import DomainError
from models.outbox import OutboxMessage
from models.permissions import CouncilRole, Role
from tests.auth.steps import give_app, give_security_code, recovery_codes_left
from tests.factories import make_staff, make_user
from tests.support.passkeys import HERE, SoftPasskey, give_passkey, passkeys_of
from tests.support.rows import every, reading, reloaded, unit_of_work

pytestmark = pytest.mark.usefixtures("database")

FROM = Origin("198.51.100.7")
START = "2026-03-01T09:00:00+00:00"


@pytest.fixture
def user(database):
    return make_user()


def begun(user, purpose=Purpose.LOG_IN):
    """A log-in of which the password was right."""
    with unit_of_work() as session:
        mine = session.merge(user)
        return PendingLogin.begin(mine.email, mine, purpose, FROM)


def asked(user, pending, party=HERE):
    with unit_of_work():
        return options_to_give(user.id, pending.id, party)


def given(pending, answer, party=HERE):
    with unit_of_work() as session:
        mine = session.scalars(PendingLogin.open(pending.id, pending.nonce)).one()
        return second_step.give_passkey(mine, answer, party)


def added(user, key, name="My phone", party=HERE, **told):
    with unit_of_work() as session:
        mine = session.merge(user)
        return own_passkeys.add(mine, key.create(options_to_add(mine.id, mine.email, HERE), **told), name, party)[0]


def act(verb, user, which=0, **more):
    """As a request does it, with both read anew."""
    with unit_of_work() as session:
        verb(session.scalars(Passkey.of(user.id)).all()[which], by=session.merge(user), **more)


def actions():
    return [event.action for event in every(AuditEvent)]


def subjects():
    return [mail.subject for mail in every(OutboxMessage)]


@pytest.mark.postgres
def test_a_passkey_that_was_added_logs_in(user):
    key = give_passkey(user)
    pending = begun(user)
    with reading() as session:
        assert session.merge(pending).stage is Stage.PASSKEY
    assert given(pending, key.get(asked(user, pending))) is Verdict.ACCEPTED
    with reading() as session:
        assert session.merge(reloaded(pending)).stepped_at
    [kept] = passkeys_of(user)
    assert (kept.sign_count, kept.transports, kept.host) == (1, ["internal", "hybrid"], "portal.example")
    assert kept.last_used_at
    assert subjects() == ["A passkey was added to your login"]
    assert not every(PasskeyChallenge)


def test_what_a_browser_is_asked_names_the_portal_and_the_persons_own_passkeys(user):
    key, _ = give_passkey(user), give_passkey(make_user())
    told = asked(user, begun(user))
    assert (told["rpId"], told["userVerification"], told["timeout"]) == ("portal.example", "preferred", 300_000)
    assert [each["id"] for each in told["allowCredentials"]] == [passkeys_of(user)[0].credential_id]
    with unit_of_work():
        told = options_to_add(user.id, user.email, HERE)
    assert told["rp"]["id"] == "portal.example"
    assert [each["id"] for each in told["excludeCredentials"]] == [json.loads(key.create(told))["id"]]
    assert user.email not in told["user"]["id"]


@pytest.mark.parametrize(
    "told",
    [
        {"origin": "https://portal.example.evil.test"},
        {"origin": "http://portal.example"},
        {"origin": "https://portal.example:8443"},
        {"challenge": "AAAA"},
        {"type": "webauthn.create"},
    ],
)
def test_an_answer_for_another_site_or_question_is_refused(user, told):
    key, pending = give_passkey(user), begun(user)
    assert given(pending, key.get(asked(user, pending), **told)) is Verdict.WRONG
    assert reloaded(pending).tries == 1
    assert not reloaded(pending).stepped_at
    assert "login.step_refused" in actions()
    assert passkeys_of(user)[0].sign_count == 0


@pytest.mark.parametrize("told", [{"origin": "https://evil.test"}, {"challenge": "AAAA"}, {"type": "webauthn.get"}])
def test_a_new_passkey_for_another_site_or_question_is_not_added(user, told):
    assert added(user, SoftPasskey(), **told) is Verdict.WRONG
    assert not passkeys_of(user)


def test_a_passkey_of_another_host_name_is_neither_added_nor_taken(user):
    elsewhere = replace(HERE, host="other.example")
    assert added(user, SoftPasskey(elsewhere)) is Verdict.WRONG
    key, pending = give_passkey(user), begun(user)
    key.party = elsewhere
    assert given(pending, key.get(asked(user, pending))) is Verdict.WRONG
    moved = replace(HERE, host="new.example", origin="https://new.example")
    assert given(pending, key.get(asked(user, pending, moved)), moved) is Verdict.NOT_YOURS


@pytest.mark.postgres
def test_an_answer_opens_once_and_its_own_log_in_only(user):
    key, first, second = give_passkey(user), begun(user), begun(user)
    answer = key.get(asked(user, first))
    asked(user, second)
    assert given(second, answer) is Verdict.WRONG
    assert given(first, answer) is Verdict.ACCEPTED
    assert given(first, answer) is Verdict.TOO_LATE


@pytest.mark.postgres
@pytest.mark.parametrize(("waited", "verdict"), [(-1, Verdict.ACCEPTED), (0, Verdict.TOO_LATE)])
def test_a_question_lives_for_five_minutes(user, time_machine, waited, verdict):
    time_machine.move_to(START, tick=False)
    key, pending = give_passkey(user), begun(user)
    answer = key.get(asked(user, pending))
    time_machine.shift(LIFE + timedelta(seconds=waited))
    assert given(pending, answer) is verdict


def test_questions_that_nobody_answers_do_not_pile_up(user, time_machine):
    time_machine.move_to(START, tick=False)
    give_passkey(user)
    pending = begun(user)
    for _ in range(3):
        asked(user, pending)
    assert len(every(PasskeyChallenge)) == 1
    time_machine.shift(LIFE)
    asked(user, begun(user))
    assert len(every(PasskeyChallenge)) == 1


@pytest.mark.postgres
def test_nobody_gets_in_with_the_passkey_of_somebody_else(user):
    other, pending = give_passkey(make_user()), begun(user)
    give_passkey(user)
    assert given(pending, other.get(asked(user, pending))) is Verdict.NOT_YOURS
    assert not reloaded(pending).stepped_at


def test_an_answer_under_the_id_of_ones_passkey_takes_its_key(user):
    key, stranger, pending = give_passkey(user), SoftPasskey(), begun(user)
    stranger.id = key.id
    assert given(pending, stranger.get(asked(user, pending))) is Verdict.WRONG


@pytest.mark.postgres
@pytest.mark.parametrize("count", [4, 5])
def test_a_count_that_does_not_rise_is_refused_noted_and_told(user, count):
    key, pending = give_passkey(user, count=5), begun(user)
    key.count, key.counts = count, False
    assert given(pending, key.get(asked(user, pending))) is Verdict.COPIED
    assert not reloaded(pending).stepped_at
    assert actions()[-1] == "login.passkey_copied"
    assert subjects()[-1] == "A passkey may have been copied"
    key.count = 6
    assert given(pending, key.get(asked(user, pending))) is Verdict.ACCEPTED


def test_who_holds_no_key_cannot_have_one_called_a_copy(user):
    key, stranger, pending = give_passkey(user, count=5), SoftPasskey(counts=False), begun(user)
    stranger.id = key.id
    assert given(pending, stranger.get(asked(user, pending))) is Verdict.WRONG
    assert "login.passkey_copied" not in actions()


def test_a_passkey_that_does_not_count_is_taken_every_time(user):
    key = give_passkey(user, counts=False)
    for _ in range(2):
        pending = begun(user)
        assert given(pending, key.get(asked(user, pending))) is Verdict.ACCEPTED


@pytest.mark.parametrize(("flags", "verdict"), [(0x01, Verdict.ACCEPTED), (0x04, Verdict.WRONG), (0, Verdict.WRONG)])
def test_somebody_has_to_be_there_and_need_not_be_recognised(user, flags, verdict):
    key, pending = give_passkey(user), begun(user)
    assert given(pending, key.get(asked(user, pending), flags=flags)) is verdict


@pytest.mark.parametrize(
    "answer", ["", "{}", "[]", "null", "x" * 20_000, "[" * 20_000, '{"id": 1}', '{"id": "\\u0000"}']
)
def test_what_is_no_answer_is_refused_and_uses_up_a_try(user, answer):
    give_passkey(user)
    pending = begun(user)
    asked(user, pending)
    assert given(pending, answer) is Verdict.WRONG
    assert reloaded(pending).tries == 1


@pytest.mark.parametrize("part", ["clientDataJSON", "authenticatorData", "signature"])
def test_an_answer_with_any_part_spoilt_is_refused(user, part):
    key = give_passkey(user)
    for spoilt in ("", "AA", "not base64 at all!", None, 7):
        pending = begun(user)
        answer = json.loads(key.get(asked(user, pending)))
        answer["response"][part] = spoilt
        assert given(pending, json.dumps(answer)) is Verdict.WRONG


def test_wrong_answers_count_with_the_other_wrong_second_steps(user):
    give_passkey(user)
    for number in range(bars.MOST[Kind.APP]):
        if number % TRIES == 0:
            pending = begun(user)
        asked(user, pending)
        assert given(pending, "{}") is Verdict.WRONG
    assert "Somebody gave your password" in subjects()
    assert subjects()[-1] == bars.SUBJECT
    with pytest.raises(DomainError, match="Too many wrong codes"):
        given(begun(user), "{}")


def test_a_forgotten_password_takes_the_passkey_too(user):
    key = give_passkey(user)
    pending = begun(user, Purpose.RESET)
    with unit_of_work() as session:
        mine = session.merge(pending)
        assert mine.stage is Stage.EMAIL_CODE
        mine.emailed_at = mine.started_at
        assert mine.stage is Stage.PASSKEY
    assert given(pending, key.get(asked(user, pending))) is Verdict.ACCEPTED


@pytest.mark.parametrize(
    ("has", "asks", "choices"),
    [
        ({"passkey"}, Step.EMAIL_CODE, [Stage.PASSKEY]),
        ({"passkey", "app"}, Step.EMAIL_CODE, [Stage.PASSKEY, Stage.AUTHENTICATOR]),
        ({"passkey", "code"}, Step.SECURITY_CODE, [Stage.PASSKEY]),
        ({"passkey", "app", "code"}, Step.SECURITY_CODE, [Stage.PASSKEY, Stage.AUTHENTICATOR]),
        ({"passkey"}, Step.AUTHENTICATOR, [Stage.PASSKEY]),
        ({"app"}, Step.EMAIL_CODE, [Stage.AUTHENTICATOR]),
        ({"code"}, Step.SECURITY_CODE, [Stage.EMAIL_CODE]),  # in a browser that is not known
        (set(), Step.EMAIL_CODE, [Stage.EMAIL_CODE]),
    ],
)
def test_a_passkey_stands_in_for_every_other_step_and_an_app_for_it(user, policy, has, asks, choices):
    policy(carers=asks)
    for name, give in {"passkey": give_passkey, "app": give_app, "code": give_security_code}.items():
        if name in has:
            give(user)
    with reading() as session:
        assert session.merge(begun(user)).choices == choices


def test_staff_who_must_have_an_app_may_have_a_passkey_instead(policy):
    policy(staff=Step.AUTHENTICATOR)
    officer = make_staff()
    give_passkey(officer)
    begins = begun(officer)
    with unit_of_work() as session:
        pending = session.merge(begins)
        assert pending.stage is Stage.PASSKEY
        pending.step_done()
        assert pending.stage is Stage.DONE


def test_the_first_one_brings_recovery_codes_and_the_second_one_none(user):
    give_passkey(user)
    assert recovery_codes_left(user) == 10
    with unit_of_work() as session:
        mine, key = session.merge(user), SoftPasskey()
        answer = key.create(options_to_add(mine.id, mine.email, HERE))
        assert own_passkeys.add(mine, answer, "My computer", HERE) == (Verdict.ACCEPTED, [])
    assert recovery_codes_left(user) == 10


@pytest.mark.postgres
def test_a_passkey_is_nobody_elses_and_added_once(user):
    key = give_passkey(user)
    assert added(user, key, "Again") is Verdict.KNOWN
    assert added(make_user(), key) is Verdict.KNOWN


@pytest.mark.postgres
def test_an_id_that_is_longer_than_the_standard_allows_is_refused(user):
    key = SoftPasskey()
    key.id = bytes(1_024)
    assert added(user, key) is Verdict.WRONG
    key.id = bytes(1_023)
    assert added(user, key) is Verdict.ACCEPTED


@pytest.mark.postgres
def test_ten_are_the_most(user):
    for number in range(own_passkeys.MOST):
        give_passkey(user, f"Key {number}")
    with pytest.raises(DomainError, match="the most"):
        added(user, SoftPasskey(), "One more")
    act(own_passkeys.remove, user)
    assert added(user, SoftPasskey(), "One more") is Verdict.ACCEPTED
    assert len(passkeys_of(user)) == own_passkeys.MOST


@pytest.mark.postgres
def test_adding_naming_and_removing_are_noted_and_told(user):
    give_passkey(user)
    act(own_passkeys.rename, user, name="My old phone")
    assert passkeys_of(user)[0].name == "My old phone"
    act(own_passkeys.remove, user)
    assert not passkeys_of(user)
    assert actions()[-3:] == ["passkey.added", "passkey.renamed", "passkey.removed"]
    assert subjects() == ["A passkey was added to your login", "A passkey was removed from your login"]
    assert "phone" not in " ".join(str(event.detail) for event in every(AuditEvent))


@pytest.mark.parametrize(
    ("role", "asks", "has", "may"),
    [
        ("staff", Step.AUTHENTICATOR, set(), False),
        ("staff", Step.AUTHENTICATOR, {"app"}, True),
        ("staff", Step.AUTHENTICATOR, {"another"}, True),
        ("staff", Step.EMAIL_CODE, set(), True),  # a demonstration
        ("carer", Step.AUTHENTICATOR, set(), False),
        ("carer", Step.SECURITY_CODE, {"code"}, True),
    ],
)
def test_the_last_second_step_of_who_needs_one_stays(policy, database, role, asks, has, may):
    policy(staff=asks, carers=asks)
    person = make_staff(CouncilRole.AUDITOR) if role == "staff" else make_user(Role.CARER)
    give_passkey(person)
    others = {"app": give_app, "another": lambda who: give_passkey(who, "Another"), "code": give_security_code}
    for name in has:
        others[name](person)
    if not may:
        with pytest.raises(DomainError, match="your only second step"):
            act(own_passkeys.remove, person)
        assert recovery_codes_left(person) == 10
        return
    act(own_passkeys.remove, person)
    has_another = bool(has & {"app", "another"})
    assert recovery_codes_left(person) == (10 if has_another else 0)
    assert len(every(select(RecoveryCode).where(RecoveryCode.user_id == person.id))) == (10 if has_another else 0)


@pytest.mark.postgres
def test_the_council_takes_passkeys_back_with_the_rest(user):
    key, helper = give_passkey(user), make_staff(CouncilRole.HELP_DESK)
    pending = begun(user)
    answer = key.get(asked(user, pending))
    with unit_of_work() as session:
        second_step.take_back(session.merge(user), by=session.merge(helper))
    assert not passkeys_of(user)
    assert not every(PasskeyChallenge)
    with reading() as session:
        assert own_step(session.merge(user)) is None
        assert step_of(session.merge(user)) is Step.EMAIL_CODE
    assert given(pending, answer) is Verdict.TOO_LATE


def test_a_recovery_code_stands_in_for_a_passkey_once(user):
    with unit_of_work() as session:
        mine, key = session.merge(user), SoftPasskey()
        answer = key.create(options_to_add(mine.id, mine.email, HERE))
        _, codes = own_passkeys.add(mine, answer, "My phone", HERE)
    for typed, is_right in ((codes[0].upper(), True), (codes[0], False), ("000000", False), ("", False)):
        pending = begun(user)
        with unit_of_work() as session:
            mine = session.scalars(PendingLogin.open(pending.id, pending.nonce)).one()
            assert second_step.give_recovery_code(mine, typed) is is_right
        assert bool(reloaded(pending).stepped_at) is is_right
        assert reloaded(pending).tries == 1
    assert subjects().count("A recovery code was used") == 1

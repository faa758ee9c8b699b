import signal

from sqlalchemy.exc import OperationalError

from commands import mail as command
from config import Mail


def test_without_a_mail_server_it_says_what_to_set(app):
    done = app.test_cli_runner().invoke(args=["mail", "deliver"])
    assert done.exit_code == 1
    assert "No mail server is set" in done.output


def test_it_says_how_many_went(make_app):
    done = make_app(mail=Mail(host="127.0.0.1", port=1)).test_cli_runner().invoke(args=["mail", "deliver"])
    assert done.exit_code == 0
    assert done.output == "0 sent.\n"


def test_the_service_outlives_a_database_that_is_away_and_ends_when_it_is_told_to(make_app, monkeypatch, caplog):
    rounds = []

    def deliver(_mail, *, is_stopped):
        rounds.append(is_stopped())
        if len(rounds) == 1:
            raise OperationalError("", {}, Exception("database is locked"))
        signal.raise_signal(signal.SIGTERM)
        assert is_stopped()
        return 3

    monkeypatch.setattr(command, "deliver_due", deliver)
    monkeypatch.setattr(command, "PAUSE_SECONDS", 0)
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        runner = make_app(mail=Mail(host="127.0.0.1", port=1)).test_cli_runner()
        done = runner.invoke(args=["mail", "deliver", "--forever"])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert [done.exit_code, done.output, rounds] == [0, "3 sent.\n", [False, False]]
    assert "no mail is sent: The database is locked" in caplog.text


def test_a_round_that_meets_a_fault_of_ours_keeps_its_trace(make_app, monkeypatch):
    def deliver(*_, **__):
        raise OperationalError("", {}, Exception("near: syntax error"))

    monkeypatch.setattr(command, "deliver_due", deliver)
    done = make_app(mail=Mail(host="127.0.0.1", port=1)).test_cli_runner().invoke(args=["mail", "deliver"])
    assert isinstance(done.exception, OperationalError)

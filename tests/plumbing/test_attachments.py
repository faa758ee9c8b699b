"""Files of a form, from choosing to opening, on a page that stands for every page with files."""

import io
import runpy
from datetime import timedelta

import pytest
from flask import Blueprint
from sqlalchemy import select, update
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart
from wtforms.validators import InputRequired

from blueprints.access import me, requires
from blueprints.attachments import LARGEST_REQUEST, send_attachment, sent, store, takes_files
from blueprints.lookups import get_or_404
from blueprints.pages import done, refusals_on, render
from blueprints.security import FILE_POLICY
from config import Files
from forms.base import FlaskForm
from forms.fields import TextAreaField
from forms.files import FilesField
from models.audit import AuditEvent
from models.base import session, utc_now
from models.correspondence import unsent_file
from models.correspondence.attachment import Attachment, FileState, keep
from models.correspondence.unsent_file import KEPT_FOR, UnsentFile
from models.outbox import OutboxMessage
from models.permissions import Permission, Role
from models.records.provider import Contact
from tests.factories import make_contact, make_provider, make_user
from tests.support.client import PortalClient, filled_in
from tests.support.files import EICAR, PDF, picture, scanner
from tests.support.rows import every, unit_of_work

PAGE = """{% extends "base.html" %}{% from "components/form.html" import csrf, field, submit %}
{% from "components/files.html" import file_list, files_field %}{% block title %}Write{% endblock %}
{% block content %}<form method="post" action="{{ request.path }}" enctype="multipart/form-data" novalidate>{{ csrf() }}
{{ field(form.text) }}{{ files_field(form.files) }}{{ submit("Send") }}</form>
{{ file_list(files, ".file", contact_id=contact.id) }}{% endblock %}"""


class WriteForm(FlaskForm):
    text = TextAreaField("Text", validators=[InputRequired("Write something")])
    files = FilesField()


@pytest.fixture
def portal(make_app):
    def make(address=""):
        app = make_app(files=Files(scanner=address))
        bp = Blueprint("trial", __name__, url_prefix="/providers/<int:provider>/trial/<int:contact_id>")

        @bp.route("/", methods=["GET", "POST"])
        @requires(Permission.VIEW_ORGANISATION)
        @takes_files
        def write(contact_id):
            contact = get_or_404(select(Contact).where(Contact.id == contact_id))
            form = WriteForm()
            if sent(form):
                with refusals_on(form):
                    keep(form.files.taken, for_=contact, by=me())
                    return done("Sent", then=f"/providers/{contact.provider_id}/trial/{contact_id}/")
            files = session.scalars(Attachment.of(contact)).all()
            return render(app.jinja_env.from_string(PAGE), form=form, contact=contact, files=files)

        @bp.get("/files/<int:file_id>")
        @requires(Permission.VIEW_ORGANISATION)
        def file(contact_id, file_id):
            contact = get_or_404(select(Contact).where(Contact.id == contact_id))
            return send_attachment(get_or_404(Attachment.one_of(contact, file_id)))

        app.register_blueprint(bp)
        return app

    return make


@pytest.fixture
def contact(database):
    return make_contact(make_provider())


@pytest.fixture
def browser(portal, contact):
    return PortalClient(portal()).sign_in(at(contact))


def at(contact):
    return make_user(Role.FINANCE, _provider(contact))


def _provider(contact):
    class Known:
        id = contact.provider_id

    return Known


def page(contact):
    return f"/providers/{contact.provider_id}/trial/{contact.id}/"


def a_file(name, what):
    return FileStorage(io.BytesIO(what), filename=name)


def send(browser, contact, *files, text="Please look", status=303, onto=None):
    """Fill in the form of the page and send it, as a browser without JavaScript does."""
    form = (onto or browser.get(page(contact))).page.select_one("main form")
    fields = {**filled_in(form), "text": text, "files": [a_file(name, what) for name, what in files]}
    return sent_as(browser, form["action"], fields, status)


def sent_as(browser, path, fields, status):
    """By a body in memory: the test client would leave a temporary file open for a large one."""
    boundary, body = encode_multipart(fields)
    of = f"multipart/form-data; boundary={boundary}"
    return browser.open("POST", path, data=body, content_type=of, status=status)


def test_what_is_sent_stands_on_the_page_and_is_given_out_to_save_only(browser, contact):
    send(
        browser,
        contact,
        ("Zusammenfassung für Łukasz.pdf", PDF),
        ("IMG.JPG", picture()),
        ("IMG.JPG", picture("JPEG", (9, 9))),
    )
    shown = browser.get(page(contact))
    assert [link.get_text() for link in shown.page.select(".post__files a")] == [
        "Zusammenfassung für Łukasz.pdf", "IMG.JPG", "IMG.JPG",
    ]  # fmt: skip
    answer = browser.get(shown.page.select_one(".post__files a")["href"])
    assert answer.response.data == PDF
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Security-Policy"] == FILE_POLICY
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert "filename*=UTF-8''Zusammenfassung%20f%C3%BCr%20%C5%81ukasz.pdf" in answer.headers["Content-Disposition"]
    opened = [each for each in every(AuditEvent) if each.action == "file.opened"]
    assert [(each.subject, each.user_id) for each in opened] == [("attachment:1", browser.user.id)]
    assert b"Camera" not in browser.get(shown.page.select(".post__files a")[1]["href"]).response.data


def test_somebody_else_finds_neither_the_file_nor_another_record_s(portal, browser, contact):
    send(browser, contact, ("a.pdf", PDF))
    own, other = page(contact) + "files/1", make_contact(_provider(contact))
    browser.get(own)
    browser.get(page(other) + "files/1", status=404)
    stranger = make_contact(make_provider())
    elsewhere = PortalClient(portal()).sign_in(at(stranger))
    elsewhere.get(own, status=404)
    elsewhere.get(page(stranger) + "files/1", status=404)


def test_a_refused_file_says_why_and_keeps_what_was_typed_and_the_good_files(browser, contact):
    answer = send(
        browser, contact, ("good.pdf", PDF), ("large.pdf", bytes(40_000_000)), ("page.html", b"<b>"), status=422
    )
    assert answer.errors == ["“large.pdf” has 40 MB, and a file can have 10 MB. Send it in parts, or as a smaller PDF"]
    assert answer.page.select_one("textarea").get_text().strip() == "Please look"
    assert "good.pdf, 1 KB" in answer.words
    assert every(Attachment) == []
    send(browser, contact, onto=answer)
    assert [each.name for each in every(Attachment)] == ["good.pdf"]


def test_a_form_that_is_wrong_elsewhere_keeps_its_files_and_sends_them_once(browser, contact):
    answer = send(browser, contact, ("good.pdf", PDF), text="", status=422)
    assert answer.errors == ["Write something"]
    send(browser, contact, ("good.pdf", PDF), ("more.pdf", PDF + b"\n"), onto=answer)
    assert [each.name for each in every(Attachment)] == ["good.pdf", "more.pdf"]


def test_a_file_that_is_unticked_is_not_sent(browser, contact):
    answer = send(browser, contact, ("good.pdf", PDF), text="", status=422)
    browser.submit(answer, {"text": "Here", "files-kept": ""}, status=422)
    browser.submit(answer, {"text": "Here", "files-kept": []}, status=303)
    assert every(Attachment) == []


def test_nobody_takes_another_person_s_file_into_a_form_of_their_own(portal, browser, contact):
    answer = send(browser, contact, ("secret.pdf", PDF), text="", status=422)
    mark = answer.page.select_one("[name=files-kept]")["value"]
    stranger = make_contact(make_provider())
    for elsewhere, there in (
        (PortalClient(portal()).sign_in(at(contact)), contact),
        (PortalClient(portal()).sign_in(at(stranger)), stranger),
    ):
        refused = elsewhere.post(page(there), {"text": "Here", "files-kept": mark}, status=422)
        assert refused.errors == ["A file that came with this before is no longer here. Choose it again"]
    assert every(Attachment) == []


def test_a_file_that_was_cleared_away_has_to_be_chosen_again(browser, contact):
    answer = send(browser, contact, ("good.pdf", PDF + b"\n\n"), text="", status=422)
    with browser.app.app_context():
        for path in store()._root.glob("??/*"):
            path.unlink()
    refused = browser.submit(answer, {"text": "Here"}, status=422)
    assert refused.errors == ["A file that came with this before is no longer here. Choose it again"]


def test_more_than_twenty_are_refused_on_the_form(browser, contact):
    files = [(f"{number}.txt", str(number).encode()) for number in range(21)]
    answer = send(browser, contact, *files, status=422)
    assert answer.errors == ["Send 20 files or fewer at once"]
    send(browser, contact, *files[:20])
    answer = send(browser, contact, files[20], status=422)
    assert answer.errors == [
        "There can be 20 files here. It has 20 already. Take some of these away, then send it again"
    ]
    assert answer.page.select_one("textarea").get_text().strip() == "Please look"
    assert len(every(Attachment)) == 20


def test_a_request_beyond_all_bounds_is_refused_unread(browser, contact):
    sent_as(browser, page(contact), {"files": a_file("a.pdf", bytes(68_000_000))}, 413)
    without = f"/providers/{contact.provider_id}/changes/ask/organisation"
    sent_as(browser, without, {"files": a_file("a.pdf", bytes(13_000_000))}, 413)


def test_a_second_press_attaches_nothing_twice(browser, contact):
    form = browser.get(page(contact))
    for _ in range(2):
        send(browser, contact, ("a.pdf", PDF), onto=form)
    assert len(every(Attachment)) == 1


def test_a_virus_is_refused_and_the_council_told(portal, contact):
    with scanner() as address:
        browser = PortalClient(portal(address)).sign_in(at(contact))
        answer = send(browser, contact, ("note.txt", b"x" + EICAR), status=422)
    assert answer.errors == ["“note.txt” holds a virus, and was not kept. Check the device that it comes from"]
    assert every(Attachment) == []
    [mail] = every(OutboxMessage)
    assert mail.to == "finance@borsetshire.example"
    assert "note.txt" not in mail.body
    assert "file.refused_for_virus" in {each.action for each in every(AuditEvent)}


def test_a_virus_that_is_found_now_is_gone_where_the_same_file_was_attached_before(portal, contact):
    with scanner(b"stream: OK\0") as address:  # which does not know it yet
        send(PortalClient(portal(address)).sign_in(at(contact)), contact, ("a.txt", b"x" + EICAR))
    with scanner() as address:
        browser = PortalClient(portal(address)).sign_in(at(contact))
        send(browser, contact, ("b.txt", b"x" + EICAR), status=422)
    assert [each.state for each in every(Attachment)] == [FileState.INFECTED]
    assert "has been removed" in browser.get(page(contact) + "files/1", status=409).words


def test_while_the_scanner_is_away_a_file_waits_and_is_not_given_out(portal, contact):
    browser = PortalClient(portal("/nowhere/clamd.ctl")).sign_in(at(contact))
    send(browser, contact, ("a.pdf", PDF))
    shown = browser.get(page(contact))
    assert "a.pdf: being checked for viruses. Open it in a few minutes" in shown.words
    assert not shown.page.select(".post__files a")
    refused = browser.get(page(contact) + "files/1", status=409)
    assert "still being checked for viruses" in refused.words
    with unit_of_work():
        session.get_one(Attachment, 1).found_clean()
    assert every(Attachment)[0].state is FileState.READY
    browser.get(page(contact) + "files/1")


@pytest.mark.covers("S0-046")
def test_a_file_of_40_mb_is_refused_and_what_was_typed_is_still_there(browser, contact):
    answer = send(browser, contact, ("scan.pdf", PDF + bytes(40_000_000)), text="My claim of June", status=422)
    assert answer.errors == ["“scan.pdf” has 40 MB, and a file can have 10 MB. Send it in parts, or as a smaller PDF"]
    assert answer.page.select_one("textarea").get_text().strip() == "My claim of June"


def test_the_servers_in_front_take_as_much_as_a_form_with_files_may_have(repository):
    settings = (repository / "deploy" / "nginx-site.conf").read_text("utf-8")
    assert f"client_max_body_size {LARGEST_REQUEST // 1024 // 1024}m;" in settings
    server = runpy.run_path(str(repository / "deploy" / "gunicorn.conf.py"))
    assert server["MOST_BODY"] == LARGEST_REQUEST
    assert server["MOST_WAITING"] >= server["MOST_BODY"]


def sizes(browser):
    return sorted(row.size for row in every(select(UnsentFile).where(UnsentFile.user_id == browser.user.id)))


def test_files_of_a_form_that_is_not_sent_count_for_their_person_until_it_is(browser, contact, monkeypatch):
    monkeypatch.setattr("blueprints.attachments.MOST_UNSENT", 10)
    refused = send(browser, contact, ("a.txt", b"1234"), ("b.txt", b"123456"), text="", status=422)
    assert refused.errors == ["Write something"]
    assert sizes(browser) == [4, 6]
    full = send(browser, contact, ("c.txt", b"1"), text="Kept", status=422)
    assert "“c.txt” cannot be kept" in full.errors[0]
    assert full.page.select_one("textarea").get_text().strip() == "Kept"
    browser.submit(refused, {"text": "Please look"}, status=303)
    assert sizes(browser) == []
    send(browser, contact, ("c.txt", b"1"))
    assert sorted(each.name for each in every(Attachment)) == ["a.txt", "b.txt", "c.txt"]


def test_what_is_not_sent_counts_for_the_room_of_its_provider_and_only_a_day(browser, contact, portal, monkeypatch):
    monkeypatch.setattr("models.correspondence.attachment.LARGEST_PROVIDER", 10)
    send(browser, contact, ("a.txt", b"123456"), text="", status=422)
    other = PortalClient(portal()).sign_in(at(contact))
    send(other, contact, ("b.txt", b"1234"))
    full = send(other, contact, ("c.txt", b"1"), status=422)
    assert "is all there is room for" in " ".join(full.errors)
    with unit_of_work() as session:
        session.execute(update(UnsentFile).values(at=utc_now() - KEPT_FOR))
    with unit_of_work():
        assert unsent_file.forget_outlived() == 2
    assert not every(UnsentFile)
    send(other, contact, ("d.txt", b"123456"))


def test_what_is_a_day_old_counts_no_more_before_it_is_cleared_away(browser, contact):
    send(browser, contact, ("a.txt", b"123456"), text="", status=422)
    user_id = browser.user.id
    with unit_of_work() as session:
        session.execute(update(UnsentFile).values(at=utc_now() - KEPT_FOR + timedelta(minutes=1)))
    with unit_of_work():
        assert unsent_file.unsent_of(user_id) == 6
        assert unsent_file.forget_outlived() == 0
    with unit_of_work() as session:
        session.execute(update(UnsentFile).values(at=utc_now() - KEPT_FOR))
    with unit_of_work():
        assert unsent_file.unsent_of(user_id) == 0
        assert unsent_file.unsent_for(contact.provider_id, but=(), by_id=user_id) == 0

"""The file of one client: what is in it, what is not, and who may have it."""

import csv
import io
import stat
import zipfile
from datetime import date

import pytest
from sqlalchemy import select

from models.audit import AuditEvent
from models.correspondence import action_verbs as verbs
from models.correspondence.action import About, Action, Side
from models.permissions import CouncilRole, Role
from tests.action_factories import make_action
from tests.care_factories import make_client, make_contract, make_item
from tests.factories import PASSWORD, make_provider, make_staff, make_user
from tests.support import runs
from tests.support.rows import every, unit_of_work

MONDAY = date(2019, 9, 23)
CANARY = "quetzalcoatlus"


@pytest.fixture
def manager(database):
    return make_staff(CouncilRole.PAYMENTS_MANAGER, email="mona@council.example")


@pytest.fixture
def officer(database):
    return make_staff(CouncilRole.PAYMENTS_OFFICER, email="ola@council.example", name="Ola Officer")


@pytest.fixture
def world(database, officer):
    """Two clients of one provider; an action about the first in which the second is named, with an internal note."""
    provider = make_provider(name="Rowan Lodge")
    contract = make_contract(provider)
    own = make_client(reference="C1", surname="Simpson", first_name="Bart")
    sibling = make_client(reference="C2", surname="Simpson", first_name="Lisabeth")
    mine, theirs = make_item(contract, client=own, reference="I-OWN"), make_item(contract, client=sibling)
    person = make_user(Role.FINANCE, provider)
    about = About(client_id=own.id, item_id=mine.id)
    text = "Bart shares a room with Lisabeth Simpson. Simpson, lisabeth snores"
    action = make_action(provider, person, about=about, title="A room", text=text)
    make_action(provider, person, about=About(client_id=theirs.client_id), title="Hers", text="ornithomimus")
    with unit_of_work() as session:
        here = session.scalars(Action.numbered(action.id)).one()
        verbs.note(here, f"Ask the social worker first: {CANARY}", by=officer)
        verbs.comment(here, "We look", side=Side.COUNCIL, by=officer)
    return action


@pytest.fixture
def write(make_app, database, tmp_path):
    app = make_app(database_url=database.url.render_as_string(hide_password=False))
    to = tmp_path / "file.zip"

    def run(reference="C1", asked_by="ola@council.example", agreed_by="mona@council.example", password=PASSWORD):
        arguments = ["clients", "file", reference, str(to), "--asked-by", asked_by, "--agreed-by", agreed_by]
        result = app.test_cli_runner().invoke(args=arguments, input=f"{password}\n")
        return result, to

    return run


def names_in(to):
    with zipfile.ZipFile(to) as file:
        return {name: file.read(name).decode("utf-8-sig") for name in file.namelist()}


def test_all_that_is_held_is_in_it_and_nobody_else_by_name(world, manager, officer, write):
    result, to = write()
    assert result.exit_code == 0, result.output
    assert stat.S_IMODE(to.stat().st_mode) == 0o600
    texts = names_in(to)
    assert CANARY in texts["index.html"]
    [note] = csv.DictReader(io.StringIO(texts["internal-notes.csv"]))
    assert (note["Action id"], note["By"]) == (str(world.id), "Ola Officer")
    assert CANARY in note["Text"]
    posts = list(csv.DictReader(io.StringIO(texts["posts-of-actions.csv"])))
    assert posts[0]["Text"] == "Bart shares a room with [somebody else]. [somebody else] snores"
    assert [row["Reference"] for row in csv.DictReader(io.StringIO(texts["care-packages.csv"]))] == ["I-OWN"]
    everything = "\n".join(texts.values())
    assert not [word for word in ("Lisabeth", "lisabeth", "ornithomimus", "Hers") if word in everything]
    looked = list(csv.DictReader(io.StringIO(texts["who-looked-and-did-what.csv"])))
    assert "wrote an internal note about an action" in {row["Action"] for row in looked}


def test_what_was_paid_for_them_is_in_it(database, manager, officer, write):
    own = make_client(reference="C1", surname="Simpson", first_name="Bart")
    make_item(make_contract(calculate_from=MONDAY), client=own, starts_on=MONDAY)
    runs.calculate(MONDAY)
    _, to = write()
    rows = list(csv.DictReader(io.StringIO(names_in(to)["payments.csv"])))
    assert rows
    assert all(row["Net (£)"] for row in rows)


def test_the_audit_says_who_released_it(world, manager, officer, write):
    write()
    [event] = every(select(AuditEvent).where(AuditEvent.action == "client.file_released"))
    assert (event.user_id, event.detail) == (officer.id, {"agreed_by": manager.id})


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"password": "wrong"}, "not the password"),
        ({"asked_by": "mona@council.example"}, "A second person has to agree"),
        ({"asked_by": "helen@council.example"}, "may not do this"),
        ({"agreed_by": "ola@council.example"}, "may not do this"),
        ({"asked_by": "nobody@council.example"}, "Nobody at the council"),
        ({"reference": "C9"}, "There is no client"),
    ],
)
def test_others_are_refused_and_nothing_is_written_or_noted(world, manager, officer, write, given, why):
    make_staff(CouncilRole.HELP_DESK, email="helen@council.example")
    if given.get("agreed_by"):
        make_staff(CouncilRole.AUDITOR, email="audrey@council.example")
        given = given | {"asked_by": "audrey@council.example"}
    result, to = write(**given)
    assert result.exit_code == 1
    assert why in result.output
    assert not to.exists()
    assert not every(select(AuditEvent).where(AuditEvent.action == "client.file_released"))


def test_a_file_that_is_there_is_never_overwritten(world, manager, officer, write):
    _, to = write()
    before = to.read_bytes()
    result, _ = write()
    assert "is there already" in result.output
    assert to.read_bytes() == before


def test_a_cell_is_no_formula(database, manager, officer, write):
    provider = make_provider()
    item = make_item(make_contract(provider), client=make_client(reference="C1", surname="Simpson"))
    make_action(provider, about=About(client_id=item.client_id), title='=HYPERLINK("http://x")')
    _, to = write()
    [row] = csv.DictReader(io.StringIO(names_in(to)["actions.csv"]))
    assert row["Title"] == '\'=HYPERLINK("http://x")'

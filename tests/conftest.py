"""Fixtures that every test may use. The tools behind them are in tests/support."""

import gc
import io
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, time
from pathlib import Path

import hypothesis
import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import select

import config
from app import create_app, portal_of
from commands.batchwise.sealing import HEADS
from exchange.files.store import UPLOADS, Store
from models.accounts.account_policy import AccountPolicy, Step
from models.accounts.user import User
from models.job import JobKind
from models.portal import Portal
from tests.support import database as databases
from tests.support import durham, identity_provider
from tests.support.client import PortalClient
from tests.support.files import LETTER
from tests.support.portal import OwnPortal
from tests.support.rows import every

TESTS = Path(__file__).parent
TODAY = date(2019, 10, 2)
"""The day that every test has, unless it says another one: the day of the golden figures."""

hypothesis.settings.register_profile(
    "usual",
    deadline=None,  # how fast the machine is decides no test
    suppress_health_check=[hypothesis.HealthCheck.too_slow],  # nor this
    max_examples=3_000 if os.environ.get("CAMPAIGN") else 150,
)
hypothesis.settings.register_profile(
    "turn_round",  # of scripts/turn_round.py: the same examples every time, and no search for the smallest that fails
    hypothesis.settings.get_profile("usual"),
    max_examples=100,
    derandomize=True,
    database=None,
    phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
)
hypothesis.settings.load_profile("usual")


LONGEST = (
    "browser/test_every_page.py", "commands/test_crashes.py", "browser/test_forms_with_faults.py", "meta/test_roles.py",
    "meta/test_statements.py", "meta/test_payment_statements.py", "meta/test_access_rules.py", "meta/test_shown.py",
    "commands/test_demo.py", "models/payments/test_windows.py", "admin/providers/test_look.py",
    "models/payments/test_actual_histories.py", "models/payments/test_hybrids.py", "browser/test_council.py",
    "admin/test_home.py", "models/payments/test_histories.py", "commands/test_borsetshire.py", "admin/test_tables.py",
    "models/payments/test_claim_histories.py", "models/payments/test_gated_histories.py",
    "models/payments/test_settling.py", "meta/test_addresses.py",
)  # fmt: skip
"""Files that take a minute or more. They begin first, so that no worker ends with one while the others have nothing."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.relative_to(TESTS).as_posix(), len(places)))


def pytest_collection_finish() -> None:
    """Python looks for garbage among what tests make, seldom, and never among the modules and the tests themselves:
    at its usual pace a sixth of the processor's time goes there.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test marked `postgres` that uses the database runs on SQLite and on PostgreSQL."""
    if "database" in metafunc.fixturenames and metafunc.definition.get_closest_marker("postgres"):
        metafunc.parametrize("database", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture(scope="session")
def _usual(settings: config.Settings) -> Portal:
    return replace(portal_of(settings), policy=AccountPolicy(staff=Step.EMAIL_CODE))


@pytest.fixture(autouse=True)
def own_portal(_usual: Portal) -> Iterator[OwnPortal]:
    """What a test works in, as usual in every test: `own_portal.change(vault=...)`."""
    own = OwnPortal(_usual)
    yield own
    own.leave()


@pytest.fixture
def set_today(own_portal: OwnPortal) -> Callable[[date | None], None]:
    """`set_today(day)`: the business calendar stands at that day; None lets it run."""
    return lambda day: own_portal.change(today=day)


@pytest.fixture
def limits(own_portal: OwnPortal, _usual: Portal) -> Callable[..., None]:
    """`limits(run_pence=10_000)`: above which two people authorise a run, otherwise as usual."""
    return lambda **changed: own_portal.change(money_limits=replace(_usual.money_limits, **changed))


@pytest.fixture
def timetable(own_portal: OwnPortal, _usual: Portal) -> Callable[..., None]:
    """`timetable("06:00 feed", "06:30 calculate", head_to="a@b.example")`: what is done daily, otherwise as usual."""

    def change(*lines: str, **changed: object) -> None:
        times = {JobKind(name): time.fromisoformat(at) for at, name in (line.split() for line in lines)}
        own_portal.change(timetable=replace(_usual.timetable, times=times, **changed))

    return change


@pytest.fixture
def policy(own_portal: OwnPortal, _usual: Portal) -> Callable[..., None]:
    """`policy(carers=Step.SECURITY_CODE)`: what the council asks of those who log in, otherwise as usual."""
    return lambda **changed: own_portal.change(policy=replace(_usual.policy, **changed))


@pytest.fixture(scope="session")
def _sqlite(tmp_path_factory: pytest.TempPathFactory) -> databases.SQLiteDatabases:
    return databases.SQLiteDatabases(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[databases.PostgresDatabases]:
    cluster = databases.PostgresDatabases()
    yield cluster
    cluster.stop()


@pytest.fixture
def database(request: pytest.FixtureRequest, own_portal: OwnPortal) -> Iterator[sa.Engine]:
    """An empty database, which the portal works on."""
    is_postgres = getattr(request, "param", "sqlite") == "postgresql"
    kind = request.getfixturevalue("postgres" if is_postgres else "_sqlite")
    with kind.clean() as url, own_portal.on(url) as engine:
        yield engine


@pytest.fixture(scope="session")
def _durham(_sqlite: databases.SQLiteDatabases, settings: config.Settings) -> Path:
    with _sqlite.kept("durham") as url, durham.loaded(settings, url):
        pass
    return Path(url.removeprefix("sqlite:///"))


@pytest.fixture
def durham_database(_durham: Path, tmp_path: Path, own_portal: OwnPortal) -> Iterator[str]:
    """The Durham demonstration as on 2 October 2019, to change as one likes."""
    with durham.copy_of(_durham, tmp_path) as url, own_portal.on(url):
        yield url


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> config.Settings:
    return config.Settings(
        instance=tmp_path_factory.mktemp("instance"),
        mode=config.Mode.DEMONSTRATION,
        database_url="sqlite://",
        secret_key="only for tests, and long enough " * 2,
        vault_keys=("for tests only, and as long as it takes",),
        log_in=config.LogIn(staff="email_code"),
        council=config.Council(
            name="Borsetshire Council",
            service_name="Children's Provider Portal",
            area="Children's social services",
            team="Children's Services Finance Team",
            team_email="finance@borsetshire.example",
            team_phone="01632 960123",
        ),
        today=TODAY,
        https=False,
        hosts=("portal.example", "localhost", "127.0.0.1"),
    )


@pytest.fixture(scope="session")
def _app(settings: config.Settings) -> Flask:
    Store(settings.instance / UPLOADS).put(io.BytesIO(LETTER))
    return create_app(settings)


@pytest.fixture(autouse=True)
def _no_heads_of_others(settings: config.Settings) -> Iterator[None]:
    """The instance folder is one for all tests; heads of one test's audit are none of another's."""
    yield
    (settings.instance / HEADS).unlink(missing_ok=True)


@pytest.fixture
def app(_app: Flask, database: sa.Engine, own_portal: OwnPortal) -> Flask:
    """The portal in demonstration mode, on this test's database."""
    return own_portal.open(_app)


@pytest.fixture
def make_app(settings: config.Settings, database: sa.Engine, own_portal: OwnPortal) -> Callable[..., Flask]:
    """The portal with other settings, on this test's database: `make_app(https=True)`."""

    def make(**changed: object) -> Flask:
        app = create_app(replace(settings, **changed))
        return own_portal.open(app, replace(app.extensions["portal"], engine=database))

    return make


@pytest.fixture
def durham_app(_app: Flask, durham_database: str, own_portal: OwnPortal) -> Flask:
    return own_portal.open(_app)


@pytest.fixture
def carer(durham_app: Flask) -> PortalClient:
    """Dawn Stockton of Sausage Sandwich, logged in."""
    return PortalClient(durham_app).sign_in(every(select(User).where(User.email == "carer@demo.example"))[0])


@pytest.fixture
def client(app: Flask) -> PortalClient:
    return PortalClient(app)


@pytest.fixture(scope="session")
def repository() -> Path:
    return Path(__file__).parent.parent


@pytest.fixture(scope="session")
def issuer(repository: Path) -> Iterator[str]:
    """The address of a real OpenID provider, in a process of its own."""
    with identity_provider.running(repository) as address:
        yield address

"""Every cell of docs/grant-states.md: what becomes of a request about a colleague's account when one thing happens."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from models.accounts import directory, second_person
from models.accounts.staff_request import RequestState, StaffAct, StaffRequest
from models.accounts.user import Staff, User
from models.base import DomainError, session, utc_now
from models.permissions import STRONG_ROLES, CouncilRole
from tests.factories import make_staff
from tests.support.rows import every, unit_of_work

pytestmark = [pytest.mark.usefixtures("app"), pytest.mark.postgres]

DOC = Path(__file__).parents[3] / "docs" / "grant-states.md"
ADMINISTRATOR, MANAGER = CouncilRole.SYSTEMS_ADMINISTRATOR, CouncilRole.PAYMENTS_MANAGER


def _one(query):
    return session.scalars(query).one()


class Office:
    """Sam, who asks that Robin of the help desk becomes a payments manager; Morgan and Alex, whom Sam did not make,
    Vic, for whose role Sam asked, and Max, who asked for Sam's.
    """

    def __init__(self) -> None:
        self.sam = make_staff(ADMINISTRATOR, name="Sam")
        self.robin = make_staff(CouncilRole.HELP_DESK, name="Robin")
        self.morgan, self.alex = make_staff(MANAGER, name="Morgan"), make_staff(ADMINISTRATOR, name="Alex")
        self.vic, self.max = make_staff(MANAGER, name="Vic"), make_staff(ADMINISTRATOR, name="Max")
        with unit_of_work() as session:
            session.execute(update(Staff).where(Staff.user_id == self.vic.id).values(asked_by_id=self.sam.id))
            session.execute(update(Staff).where(Staff.user_id == self.sam.id).values(asked_by_id=self.max.id))
        self.refused = ""
        self.ask()
        self.request_id = every(select(StaffRequest.id).order_by(StaffRequest.id))[-1]

    def ask(self) -> "Office":
        return self._do(
            lambda sam, robin: second_person.ask(StaffAct.ROLE, robin, by=sam, why="Ola left", role=MANAGER)
        )

    def _do(self, act: Callable[[User, User], object]) -> "Office":
        try:
            with unit_of_work() as session:
                act(*(session.scalars(directory.person(each.id)).one() for each in (self.sam, self.robin)))
        except DomainError as refusal:
            self.refused = str(refusal)
        return self

    def decide(self, verb: Callable, who: User, **more: str) -> "Office":
        def act(_sam: User, _robin: User) -> None:
            asked = _one(StaffRequest.numbered(self.request_id))
            verb(asked, by=_one(directory.person(who.id)), **more)

        return self._do(act)

    def agree(self, who: User) -> "Office":
        return self.decide(second_person.agree, who)

    def turn_down(self, who: User) -> "Office":
        return self.decide(second_person.turn_down, who, why="Nobody told me")

    def take_back(self, who: User) -> "Office":
        return self.decide(second_person.take_back, who, why="Not needed")

    def wait(self) -> "Office":
        with unit_of_work() as session:
            ago = utc_now() - timedelta(minutes=1)
            session.execute(update(StaffRequest).values(expires_at=ago))
            second_person.expire_overdue()
        return self

    def leave(self) -> "Office":
        with unit_of_work() as session:
            session.execute(update(Staff).where(Staff.user_id == self.sam.id).values(role=CouncilRole.AUDITOR))
        return self.agree(self.morgan)

    def rename(self) -> "Office":
        with unit_of_work() as session:
            session.execute(update(User).where(User.id == self.robin.id).values(email="other@council.example"))
        return self.agree(self.morgan)

    @property
    def state(self) -> str:
        newest = every(select(StaffRequest).order_by(StaffRequest.id))[-1]
        return newest.state.value if newest.id == self.request_id else "another request"

    @property
    def role(self) -> CouncilRole:
        return every(select(Staff.role).where(Staff.user_id == self.robin.id))[0]


STATES = {
    "waiting": lambda the: the,
    "agreed": lambda the: the.agree(the.morgan),
    "turned down": lambda the: the.turn_down(the.morgan),
    "taken back": lambda the: the.take_back(the.sam),
    "expired": lambda the: the.wait(),
}
EVENTS = {
    "is asked again": lambda the: the.ask(),
    "the asker agrees": lambda the: the.agree(the.sam),
    "who it is about agrees": lambda the: the.agree(the.robin),
    "one made by the asker agrees": lambda the: the.agree(the.vic),
    "who made the asker agrees": lambda the: the.agree(the.max),
    "another agrees": lambda the: the.agree(the.alex),
    "another turns it down": lambda the: the.turn_down(the.alex),
    "the asker turns it down": lambda the: the.turn_down(the.sam),
    "the asker takes it back": lambda the: the.take_back(the.sam),
    "another takes it back": lambda the: the.take_back(the.alex),
    "7 days pass": lambda the: the.wait(),
    "the asker has left": lambda the: the.leave(),
    "the address has changed": lambda the: the.rename(),
}


def cells() -> Iterator[tuple[str, str, str]]:
    table = DOC.read_text("utf-8").partition("| | is asked again")
    rows = [line.strip("|").split("|") for line in (table[1] + table[2]).partition("\n\n")[0].splitlines()]
    heading, _, *states = rows
    for first, *rest in states:
        for event, said in zip((cell.strip() for cell in heading[1:]), rest, strict=True):
            state = first.strip(" *")
            yield state, event, state if said.strip() == "=" else said.strip()


CELLS = list(cells())


@pytest.mark.parametrize("state", STATES)
def test_what_becomes_of_it(database, state):
    """What is refused on one office, each after the other, since it changes nothing; what is done on one of its own."""
    the = STATES[state](Office())
    assert (the.refused, the.state) == ("", state)
    assert the.role is (MANAGER if state == "agreed" else CouncilRole.HELP_DESK)
    of_state = sorted((cell for cell in CELLS if cell[0] == state), key=lambda cell: cell[2] != "refused")
    last = ("the asker has left", "the address has changed")
    for _, event, said in sorted(of_state, key=lambda cell: (cell[2] != "refused", cell[1] in last)):
        if said != "refused" or event in last:
            the = STATES[state](Office())
        the.refused, role = "", the.role
        EVENTS[event](the)
        if said == "refused":
            assert the.refused, event
            assert (the.state, the.role) == (state, role), event
        else:
            assert (the.refused, the.state) == ("", said), event
            assert the.role is (MANAGER if "agreed" in (state, said) else CouncilRole.HELP_DESK)


def test_the_document_has_every_state_and_every_event():
    assert {state for state, _, _ in CELLS} == set(STATES) == {each.value for each in RequestState}
    assert {event for _, event, _ in CELLS} == set(EVENTS)
    assert len(CELLS) == len(STATES) * len(EVENTS)


def test_the_strong_roles_are_those_that_move_money_or_let_people_in():
    panel = CouncilRole.FINANCE_PANEL
    assert {CouncilRole.PAYMENTS_OFFICER, MANAGER, ADMINISTRATOR, panel} == STRONG_ROLES

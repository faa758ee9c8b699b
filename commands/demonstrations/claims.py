"""One-off claims of a demonstration, in every state, with receipts: who may claim what, how it is priced, its limits,
and a queue for the finance panel. Each by the verb that a page would call.
"""

import io
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta

from PIL import Image, ImageDraw
from sqlalchemy import select, update
from sqlalchemy.orm import joinedload

from exchange.files.store import Store
from models.accounts.user import Membership, User
from models.base import session, utc_now
from models.billing import claiming, deciding, grant, items, journey, limit
from models.billing.items import Claimed, TripFacts, days_ticked
from models.billing.levels import ClaimableLevel, may_claim
from models.billing.listing import numbered
from models.billing.pricing import set_pricing
from models.calendar import DAY, LONDON, as_on, today
from models.correspondence.attachment import Taken
from models.correspondence.file_kind import FileKind
from models.money import SCALE, gbp, parse_e4
from models.permissions import GRANTS, Permission, Role
from models.records.care_package import CarePackageLineItem
from models.records.claim import Claim
from models.records.claim_pricing import claimable_levels
from models.records.client import Client
from models.records.contract import ContractRate
from models.records.provider import Contact, Provider, ProviderKind

OFFICER, MANAGER, PANEL = (
    "payments-officer@demo.example", "payments-manager@demo.example", "finance-panel@demo.example",
)  # fmt: skip
STRANGERS = 8
"""Carers whom nobody can log in as, with a claim in the queue each."""
QUESTION = "Which appointment was it on the Wednesday? A line from the clinic, or its letter, is enough."
TOO_FAR = "The shortest way is 18 miles there and back"
NOT_EQUIPMENT = "Please ask your social worker before you buy equipment"
NOT_AGREED = "We do not pay for journeys to shops. They are part of the weekly allowance"


def settle(store: Store) -> None:
    """Grants, terms and limits, and the claims of everybody whom one can log in as, decided or not."""
    officer, manager, panel = (_colleague(each) for each in (OFFICER, MANAGER, PANEL))
    levels = {each.id: each for each in session.scalars(claimable_levels())}
    since = date(today().year - 1, 4, 6)
    for level in levels.values():
        if level.reference.endswith("MILE"):
            set_pricing(level, starts_on=since, tiers=[(10_000 * SCALE, parse_e4("0.25"))], by=manager)
        else:
            set_pricing(level, starts_on=since, is_at_cost=True, by=manager)
    limit.set_limit(limit.LimitKind.AGE, most_e4=92 * SCALE, effect=limit.LimitEffect.REFUSE, by=manager)
    limit.set_limit(limit.LimitKind.DAILY_MILES, most_e4=200 * SCALE, effect=limit.LimitEffect.WARN, by=manager)
    _approve(set(levels), officer)
    for person, provider in _carers():
        _Carer(person, provider, panel, store).claim_everything()
    session.flush()


def queue_up(store: Store) -> None:
    """More carers have claims that wait for the panel."""
    known = select(Membership.provider_id)
    granted = select(grant.ClaimGrant.provider_id)
    query = select(Provider).where(
        Provider.kind == ProviderKind.FOSTER_CARER, Provider.id.not_in(known), Provider.id.in_(granted)
    )
    for at, provider in enumerate(session.scalars(query.order_by(Provider.id).limit(STRANGERS)).all()):
        contacts = select(Contact).where(Contact.provider_id == provider.id, Contact.email != "").order_by(Contact.id)
        contact = session.scalars(contacts.limit(1)).first()
        name = contact.name if contact else provider.name
        user = User(email=f"carer-{provider.id}@carers.example", name=name, password_hash=None, staff=None)
        session.add(user)
        session.flush()
        session.add(
            Membership(user_id=user.id, provider_id=provider.id, role=Role.CARER, granted_at=utc_now() - 30 * DAY)
        )
        session.flush()
        _Carer(user, provider, None, store).claim_of_last_week(at)


def _colleague(email: str) -> User:
    return session.scalars(select(User).where(User.email == email).options(joinedload(User.staff))).one()


def _approve(level_ids: set[int], officer: User) -> None:
    """Whoever has a rate for it may claim it, from the first day of the rate."""
    rate = ContractRate
    query = select(rate).where(rate.service_level_id.in_(level_ids)).order_by(rate.provider_id, rate.starts_on, rate.id)
    given = set()
    levels = {each.id: each for each in session.scalars(claimable_levels())}
    providers = {each.id: each for each in session.scalars(select(Provider))}
    for row in session.scalars(query).all():
        if (key := (row.provider_id, row.service_level_id)) not in given:
            given.add(key)
            note = "Approved with the placement"
            grant.give(
                providers[row.provider_id], levels[row.service_level_id], starts_on=row.starts_on, note=note, by=officer
            )


def _carers() -> Iterator[tuple[User, Provider]]:
    """Those whom one can log in as, who may make claims and are approved to."""
    roles = [role for role, granted in GRANTS.items() if Permission.MAKE_CLAIMS in granted]
    query = (
        select(User, Provider)
        .join(Membership, Membership.user_id == User.id)
        .join(Provider, Provider.id == Membership.provider_id)
        .where(Membership.role.in_(roles), Provider.id.in_(select(grant.ClaimGrant.provider_id)))
        .order_by(Provider.id, User.id)
    )
    seen = set()
    for user, provider in session.execute(query).all():
        if provider.id not in seen:
            seen.add(provider.id)
            yield user, provider


class _Carer:
    """What one person claims. The days are those of the last whole weeks."""

    def __init__(self, person: User, provider: Provider, panel: User | None, store: Store) -> None:
        self.person, self.provider, self.panel, self.store = person, provider, panel, store
        self.monday = today() - timedelta(days=today().weekday() + 7)
        self.levels = may_claim(provider.id)
        there = select(CarePackageLineItem.client_id).where(
            CarePackageLineItem.provider_id == provider.id,
            CarePackageLineItem.starts_on <= self.monday - 21 * DAY,
            CarePackageLineItem.ends_on.is_(None) | (CarePackageLineItem.ends_on >= self.monday),
        )
        self.children = session.scalars(Client.of_provider(provider.id).where(Client.id.in_(there))).all()

    def claim_everything(self) -> None:
        """The first carer of a demonstration has no claim that is paid: the figures of the guides are theirs."""
        journey.save_journey(
            self.provider, "School", from_place="Home", to_place="School", purpose="School run", miles_e4=33_000,
            is_return=True, by=self.person,
        )  # fmt: skip
        self._unsubmitted()
        self._pending(2)
        self._withdrawn()
        self._returned()
        self._rejected()
        if self.provider.reference != "P100741":
            self._accepted()
            self._accepted_in_part()

    def claim_of_last_week(self, at: int) -> None:
        """A claim in the queue, sent some days ago."""
        if self.children:
            trips = self._runs(at % 5 + 1)
            made = [self._miles("School runs", trips)]
            if at % 3 == 1:
                made.append(self._cost("PARK", "Parking at the hospital", 3_40 + at * 20, self.monday + DAY))
            self._claim(f"Week of {self.monday:%d/%m/%Y}", at % 4 + 1, *made)

    def _unsubmitted(self) -> None:
        self._claim("This week", None, self._miles("School runs", self._runs(3)))

    def _pending(self, ago: int) -> None:
        clinic = [TripFacts(self.monday - 2 * DAY, parse_e4("14.2"), "Home", "Clinic", "Appointment", True)]
        parts = [
            self._miles("Appointment at the clinic", clinic),
            self._training("Mileage to first aid training", "40"),
        ]
        ticket = self._cost("PARK", "Parking at training", 5_95, self.monday - 3 * DAY)
        self._claim("Clinic, training and parking", ago, *parts, ticket)

    def _withdrawn(self) -> None:
        claim = self._claim("Entered twice", 9, self._training("Mileage to a meeting", "12.5", 5))
        if claim is not None:
            claiming.withdraw(claim, by=self.person)

    def _returned(self) -> None:
        trips = [TripFacts(self.monday - 5 * DAY, parse_e4("22"), "Home", "Hospital", "Appointment", True)]
        claim = self._claim("Hospital", 6, self._miles("Appointment at the hospital", trips))
        if claim is not None and self.panel:
            deciding.return_for_information(claim, QUESTION, by=self.panel)

    def _rejected(self) -> None:
        claim = self._claim("Shopping", 12, self._training("Shopping for school", "18", 8))
        if claim is not None and self.panel:
            deciding.reject(claim, NOT_AGREED, by=self.panel)

    def _accepted(self) -> None:
        trips = [
            TripFacts(self.monday - (14 - n) * DAY, parse_e4("6.4"), "Home", "Swimming", "Lessons", True)
            for n in (0, 2, 4)
        ]
        claim = self._claim("Swimming", 8, self._miles("Swimming lessons", trips))
        if claim is not None and self.panel:
            deciding.accept([claim], by=self.panel)

    def _accepted_in_part(self) -> None:
        trips = [TripFacts(self.monday - 10 * DAY, parse_e4("11"), "Home", "Family centre", "Contact", True)]
        stroller = self._cost("EQUIP", "Trampoline", 149_99, self.monday - 11 * DAY)
        claim = self._claim("Contact", 7, self._miles("Contact visit", trips), stroller)
        if claim is None or not self.panel:
            return
        wanted = {}
        for each in claim.items:
            fewer = deciding.ItemDecision(True, parse_e4("18"), note=TOO_FAR)
            wanted[each.id] = fewer if each.is_by_rate else deciding.ItemDecision(False, note=NOT_EQUIPMENT)
        deciding.decide(claim, wanted, by=self.panel)

    def _runs(self, days: int) -> list[TripFacts]:
        school = TripFacts(self.monday, parse_e4("3.3"), "Home", "School", "School run", True)
        return school.on(days_ticked(self.monday, range(days)))

    def _level(self, end: str) -> ClaimableLevel | None:
        words = {"IHF": "Placement - Mileage", "IHC": "Carer Mileage", "PARK": "Parking", "EQUIP": "Equipment"}[end]
        return next((each for each in self.levels if each.name.endswith(words)), None)

    def _miles(self, description: str, trips: Sequence[TripFacts]) -> Claimed | None:
        level = self._level("IHF")
        if level is None or not self.children:
            return None
        return Claimed(level.id, description, self.children[0].id, trips=trips)

    def _training(self, description: str, miles: str, ago: int = 3) -> Claimed | None:
        level = self._level("IHC")
        if level is None:
            return None
        return Claimed(level.id, description, spent_on=self.monday - ago * DAY, quantity_e4=parse_e4(miles))

    def _cost(self, end: str, description: str, pence: int, day: date) -> Claimed | None:
        level = self._level(end)
        return Claimed(level.id, description, spent_on=day, amount_pence=pence) if level else None

    def _claim(self, notes: str, ago: int | None, *parts: Claimed | None) -> Claim | None:
        """Made, and sent so many days ago unless `ago` is None; None where nothing of it can be claimed."""
        wanted = [each for each in parts if each is not None]
        if not wanted:
            return None
        days = [each.day for part in wanted for each in part.trips or ()]
        last = max([*days, *(each.spent_on for each in wanted if each.spent_on)])
        day = max(last, today() - timedelta(days=ago or 0))
        with as_on(day):
            claim = claiming.new_claim(self.provider, notes=notes, by=self.person)
            for each in wanted:
                files = [self._receipt(each)] if each.amount_pence else []
                items.add_item(claim, each, files=files, by=self.person)
            session.flush()
            session.expire_all()
            claim = session.scalars(numbered(claim.id)).unique().one()
            if ago is None:
                return claim
            claiming.submit(claim, shown_pence=sum(each.amount_pence for each in claim.items), by=self.person)
        at = datetime.combine(day, time(19, 5 + claim.id % 50), LONDON)
        sent = update(Claim).where(Claim.id == claim.id).values(made_at=at, changed_at=at, submitted_at=at)
        session.execute(sent)
        return claim

    def _receipt(self, claimed: Claimed) -> Taken:
        """A picture of one, which says what it is for."""
        picture = Image.new("L", (420, 260), 245)
        draw = ImageDraw.Draw(picture)
        for at, line in enumerate(
            ("RECEIPT", claimed.description, gbp(claimed.amount_pence or 0).replace("£", "GBP "))
        ):
            draw.text((30, 40 + 60 * at), line, fill=20, font_size=24)
        drawn = io.BytesIO()
        picture.save(drawn, "PNG")
        drawn.seek(0)
        digest, size = self.store.put(drawn)
        return Taken(digest, "receipt.png", FileKind.PNG, size)

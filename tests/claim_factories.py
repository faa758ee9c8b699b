"""Makers of one-off claims that are made in the portal. See tests/factories.py."""

from datetime import date
from itertools import count
from typing import Any

from sqlalchemy import select

from models.accounts.user import User
from models.base import session
from models.billing import claiming, deciding, items, listing
from models.billing.grant import ClaimGrant
from models.billing.items import Claimed
from models.correspondence.attachment import Attachment, Taken
from models.correspondence.file_kind import FileKind
from models.permissions import CouncilRole
from models.pricing import Unit
from models.records.claim import Claim, ClaimItem, ClaimTrip
from models.records.contract import Claimable, Contract, ContractRate, ServiceLevel
from models.records.provider import Provider
from tests.care_factories import make_service_level
from tests.factories import make_staff
from tests.support.rows import every, saved, unit_of_work

_n = count(1)
SINCE = date(2018, 4, 1)


def make_claim_level(contract: Contract, rate_e4: int = 3_870, **given: Any) -> ServiceLevel:
    """A service level that may be claimed by the mile, for the provider unless `claimable` says otherwise, with a rate
    of the contract, and its approval for the contract's provider from `approved_from` (None: it has none).
    """
    approved_from = given.pop("approved_from", SINCE)
    defaults = {"unit": Unit.MILE, "claimable": Claimable.PROVIDER, "name": f"Foster Carer Mileage {next(_n)}"}
    level = make_service_level(**defaults | given)
    make_contract_rate(contract, level, rate_e4)
    if approved_from:
        make_grant(contract.provider_id, level, starts_on=approved_from)
    return level


def make_contract_rate(contract: Contract, level: ServiceLevel, rate_e4: int, **given: Any) -> ContractRate:
    defaults = {
        "provider_id": contract.provider_id, "contract_id": contract.id, "service_level_id": level.id,
        "starts_on": SINCE, "rate_e4": rate_e4,
    }  # fmt: skip
    return saved(ContractRate(**defaults | given))


def make_grant(provider_id: int, level: ServiceLevel, **given: Any) -> ClaimGrant:
    defaults = {"provider_id": provider_id, "service_level_id": level.id, "starts_on": SINCE}
    if "given_by_id" not in given:
        given["given_by_id"] = make_staff(CouncilRole.PAYMENTS_OFFICER).id
    return saved(ClaimGrant(**defaults | given))


def make_receipt(**given: Any) -> Taken:
    """A file as a form takes it; nothing lies in the store."""
    defaults = {"sha256": f"{next(_n):064x}", "name": "receipt.jpg", "kind": FileKind.JPEG, "size": 1_000}
    return Taken(**defaults | given)


def make_claim(provider: Provider, by: User, *claimed: Claimed, files: tuple[Taken, ...] = (), **given: Any) -> Claim:
    """An unsubmitted claim with these items; each at cost has its own receipt unless `files` are given."""
    with unit_of_work(provider.id):
        own = session.scalars(Provider.numbered(provider.id)).one()
        claim = claiming.new_claim(own, by=by, **given)
        for each in claimed:
            receipts = files or ((make_receipt(),) if each.amount_pence else ())
            items.add_item(claim, each, files=receipts, by=by)
    return claim


def make_pending_claim(provider: Provider, by: User, *claimed: Claimed, **given: Any) -> Claim:
    claim = make_claim(provider, by, *claimed, **given)
    submit(claim, by)
    return claim


def submit(claim: Claim, by: User) -> None:
    """At the sum that it comes to."""
    with unit_of_work(claim.provider_id):
        own = session.scalars(listing.numbered(claim.id)).unique().one()
        total = sum(each.amount_pence for each in own.items)
        claiming.submit(own, shown_pence=total, by=by)


def decide(claim: Claim, by: User, *decisions: deciding.ItemDecision, note: str = "") -> None:
    """Each item in order as `decisions` say; all in full without any."""
    with unit_of_work():
        own = session.scalars(listing.numbered(claim.id)).unique().one()
        wanted = decisions or tuple(deciding.IN_FULL for _ in own.items)
        by_id = {each.id: what for each, what in zip(own.items, wanted, strict=True)}
        deciding.decide(own, by_id, note=note, by=by)


def claim_now(claim: Claim) -> Claim:
    """As the database has it, with its items."""
    return every(listing.numbered(claim.id))[0]


def items_of(claim: Claim) -> list[ClaimItem]:
    return claim_now(claim).items


def change(claim: Claim, verb: Any, *words: Any, tenant: int | str | None = "every provider", **given: Any) -> Any:
    """Call a verb on the claim, in a transaction of its own; items, trips and files among the words are read anew."""
    with unit_of_work(tenant):
        own = session.scalars(listing.numbered(claim.id)).unique().one()
        return verb(own, *(_anew(each) for each in words), **given)


def _anew(word: Any) -> Any:
    if not isinstance(word, ClaimItem | ClaimTrip | Attachment):
        return word
    return session.scalars(select(type(word)).where(type(word).id == word.id)).one()

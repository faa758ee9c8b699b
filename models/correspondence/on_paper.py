"""What is agreed on paper while a document waits: the document waits no longer.

Its terms are older than the paper, or the same: agreeing to it would take the paper's place, or change nothing. So it
is superseded at once, with the reason, and its provider is asked for nothing. docs/document-states.md.
"""

from collections.abc import Collection
from datetime import date

from sqlalchemy import select

from models.accounts.user import User
from models.agreed_terms import AgreedTerms
from models.audit import Actor, record
from models.base import chunks, move, session, utc_now
from models.calendar import in_words
from models.correspondence.document import ContractDocument, DocumentState
from models.payments.agreeing import agree
from models.payments.offered import take_back
from models.records.agreement import CHUNK, Agreement, AgreementSource
from models.records.care_package import CarePackageLineItem

D = ContractDocument
OVERTAKEN = "An agreement on paper of {on} has taken its place"


def agree_on_paper(
    item: CarePackageLineItem, terms: AgreedTerms, *, agreed_on: date, by_name: str, by: User
) -> Agreement:  # fmt: skip
    """Record what was agreed on paper: what waited for it is in the current payment, and a document that waits for the
    same line item waits no longer. DomainError as in `record_agreement`.
    """
    agreement = agree(item, terms, agreed_on=agreed_on, by_name=by_name, source=AgreementSource.PAPER, by=by)
    overtake([item.id], by=by)
    return agreement


def items_agreed_by(feed_import_id: int) -> list[int]:
    """Ids of the line items of which this import has brought an agreement."""
    own = select(Agreement.item_id).where(Agreement.feed_import_id == feed_import_id).distinct()
    return list(session.scalars(own.order_by(Agreement.item_id)))


def overtake(item_ids: Collection[int], *, by: Actor | None) -> int:
    """Supersede the published documents of these line items that were agreed on paper after they were published; how
    many there were.
    """
    count = 0
    for some in chunks(sorted(item_ids), CHUNK):
        query = (
            select(D, Agreement.agreed_on)
            .join(Agreement, Agreement.item_id == D.item_id)
            .where(D.item_id.in_(some), D.state == DocumentState.PUBLISHED, Agreement.in_force())
            .where(Agreement.source == AgreementSource.PAPER, Agreement.recorded_at > D.published_at)
            .order_by(D.id)
        )
        for document, agreed_on in session.execute(query).all():
            count += _supersede(document, agreed_on, by)
    return count


def _supersede(document: ContractDocument, agreed_on: date, by: Actor | None) -> bool:
    at = utc_now()
    gone = {"state": DocumentState.SUPERSEDED, "updated_at": at, "decided_at": at}
    reason = OVERTAKEN.format(on=in_words(agreed_on))
    decided_by_id = by.id if by is not None else None
    if not move(document, D.state == DocumentState.PUBLISHED, **gone, decided_by_id=decided_by_id, reason=reason):
        return False
    take_back(select(D.id).where(D.id == document.id))
    record("document.overtaken", document, by=by, version=document.version)
    return True

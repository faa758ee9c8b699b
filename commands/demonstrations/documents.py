"""Contract documents of a demonstration, in every state: of each provider at which one can log in as somebody who may
agree. Each by the verb that a page would call.
"""

import io
from collections.abc import Sequence
from itertools import islice

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from exchange.files.store import Store
from exchange.pdf.agreement import kept_in
from models.accounts.user import Membership, User
from models.base import DomainError, session
from models.calendar import today
from models.correspondence import documents
from models.correspondence.attachment import Taken
from models.correspondence.document import ContractDocument, DocumentKind, DocumentOpening, DocumentState
from models.correspondence.documents import Printed
from models.correspondence.file_kind import FileKind
from models.correspondence.uploading import upload, upload_next
from models.permissions import GRANTS, Permission
from models.records.care_package import CarePackageLineItem
from models.records.provider import Provider

CLERK = "service-agreements@demo.example"
MOST = 6
"""Line items of one provider that have an agreement."""
NOT_SO = "She comes on Mondays too, and the agreement says nothing of them"
IN_ERROR = "Made for the wrong placement. A new one follows"
FATES = (
    DocumentState.PUBLISHED, DocumentState.AGREED, DocumentState.DRAFT, DocumentState.REJECTED, DocumentState.PUBLISHED,
    DocumentState.WITHDRAWN,
)  # fmt: skip
"""What becomes of the first, the second ... of a provider's documents, and so on from the beginning."""
TERMS = "Terms and conditions {year}\n\n1. Payment is by BACS.\n2. Either side gives 28 days' notice.\n"
PRICES = "Price list {year}\n\nMileage: 45p a mile.\n"
NOTICE = "Privacy notice {year}\n\nWhat we keep of the people whom you care for, and for how long.\n"
STANDARDS = "Quality standards {year}\n\nWhat we look at when we visit.\n"
DEED = "Deed of variation\n\nSigned on paper, as a deed. This copy is to be read.\n"


def perform(council: str, store: Store) -> None:
    """Make them. `council` is what the council is called; `store` keeps their files."""
    clerk = session.scalars(select(User).where(User.email == CLERK).options(joinedload(User.staff))).one()
    printed, places = kept_in(store), _places()
    for provider_id, signatory in places[1:]:
        _bring_files(provider_id, council, printed, store, clerk, signatory)
    for provider_id, signatory in places:
        fates = iter(FATES)
        for item in _items(provider_id):
            try:
                made = documents.make(item, council=council, by=clerk)
            except DomainError:  # it has no price, or its contract no payment method
                continue
            session.flush()
            document = session.scalars(ContractDocument.numbered(made.id)).one()
            _lead(document, next(fates), council, printed, clerk, signatory)


def _bring_files(
    provider_id: int, council: str, printed: Printed, store: Store, clerk: User, signatory: User
) -> None:  # fmt: skip
    """Terms and conditions of two years, the older ones superseded when the newer were agreed, a deed to read, and
    three more: one rejected, one withdrawn, one a draft. So a place with few care packages has every state too.
    """
    name = session.scalars(select(Provider.reference).where(Provider.id == provider_id)).one()
    year = today().year

    def kept(text: str, named: str) -> Taken:
        digest, size = store.put(io.BytesIO(text.encode()))
        return Taken(digest, named, FileKind.TEXT, size)

    def led(made: ContractDocument, to: DocumentState) -> ContractDocument:
        session.flush()
        document = session.scalars(ContractDocument.numbered(made.id)).one()
        _lead(document, to, council, printed, clerk, signatory)
        return document

    before, now = (kept(TERMS.format(year=each), f"terms-{each}.txt") for each in (year - 1, year))
    title, deed = "Terms and conditions", kept(DEED, "deed.txt")
    older = led(upload(name, before, kind=DocumentKind.TERMS, title=title, by=clerk), DocumentState.AGREED)
    led(upload_next(older, now, is_deed=False, by=clerk), DocumentState.AGREED)
    signed = upload(name, deed, kind=DocumentKind.OTHER, title="Deed of variation", is_deed=True, by=clerk)
    led(signed, DocumentState.PUBLISHED)
    for named, text, to in (
        ("Price list", PRICES, DocumentState.REJECTED), ("Privacy notice", NOTICE, DocumentState.WITHDRAWN),
        ("Quality standards", STANDARDS, DocumentState.DRAFT),
    ):  # fmt: skip
        file = kept(text.format(year=year), f"{named.lower().replace(' ', '-')}.txt")
        led(upload(name, file, kind=DocumentKind.OTHER, title=named, by=clerk), to)


def _places() -> list[tuple[int, User]]:
    """Ids of providers at which somebody may agree, each with the first of them."""
    signs = [role for role, granted in GRANTS.items() if Permission.AGREE_DOCUMENTS in granted]
    query = select(Membership.provider_id, User).join(User, User.id == Membership.user_id)
    query = query.where(Membership.granted_at.is_not(None), Membership.role.in_(signs))
    found: dict[int, User] = {}
    for provider_id, user in session.execute(query.order_by(Membership.provider_id, User.id)):
        found.setdefault(provider_id, user)
    return list(found.items())


def _items(provider_id: int) -> Sequence[CarePackageLineItem]:
    item = CarePackageLineItem
    query = select(item).where(item.provider_id == provider_id, item.ends_on.is_(None) | (item.ends_on >= today()))
    return list(islice(session.scalars(query.order_by(item.id)).all(), MOST))


def _lead(
    document: ContractDocument, to: DocumentState, council: str, printed: Printed, clerk: User, signatory: User
) -> None:
    """From a draft to that state."""
    if to is DocumentState.DRAFT:
        return
    documents.publish(document, seen_sha256=document.sha256, council=council, printed=printed, by=clerk)
    if to is DocumentState.WITHDRAWN:
        documents.withdraw(document, reason=IN_ERROR, by=clerk)
    if to is DocumentState.AGREED:
        DocumentOpening.note(document, signatory.id)
        proof = documents.Proof("their password", "192.0.2.17", "A browser of the demonstration", "")
        documents.agree(document, seen_sha256=document.sha256, council=council, proof=proof, by=signatory)
    if to is DocumentState.REJECTED:
        documents.reject(document, seen_sha256=document.sha256, reason=NOT_SO, by=signatory)

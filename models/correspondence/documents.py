"""What is done with contract documents: made, published, chased and withdrawn by the council, agreed or rejected by the
provider. Each verb moves a version only from the state that it was seen in: docs/document-states.md.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

import sqlalchemy as sa
from sqlalchemy import select, update

from models.accounts.user import Membership, User
from models.audit import record
from models.base import DomainError, move, rows_changed, session, utc_now
from models.calendar import in_words, london_day, midnight, today
from models.correspondence.action import About
from models.correspondence.action_type import ActionTeam, ActionType
from models.correspondence.action_verbs import open_action
from models.correspondence.attachment import Attachment, Taken, keep
from models.correspondence.document import (
    STATEMENT,
    Act,
    ContractDocument,
    DocumentKind,
    DocumentOpening,
    DocumentState,
)
from models.correspondence.document_mail import tell_of_agreement, tell_of_documents, tell_of_rejection
from models.correspondence.drawing import draw
from models.correspondence.paper import Paper
from models.payments.calculation import calculate, lock
from models.payments.offered import offer, refresh, take_back
from models.permissions import GRANTS, Permission
from models.records.agreement import AgreementSource, agreement_of, record_agreement
from models.records.care_package import CarePackageLineItem
from models.records.provider import Provider

D = ContractDocument
TITLE = "Individual Service Agreement"
CHANGED = "The care package has changed since this was made. Make it again, look at what it says now, then publish it"
OTHER_SEEN = "This is not the version that you looked at. Look at what stands here now, and press the button again"
NOT_OPENED = "Open “{name}” and read it first. Then you can agree to it"
NO_SIGNATORY = "You may no longer bind {provider}. Ask whoever looks after your team on the portal"
AGREED_SINCE = "Another version was recorded as agreed on {on}, after this was published. Ask the council for a new one"
TOO_LATE = "This has changed since you opened the page. Look at how it stands now"
ASKED_BY = ("service_agreement_query", "provider_query")
"""References of the types of action that a rejection opens: the first that a team takes."""
REASON_BESIDE = "{name}, was rejected. Why stands on its page under Contract Documents."
NOT_A_DRAFT = "It is a draft no longer, so it cannot be published again"


@dataclass(frozen=True)
class Proof:
    """From where somebody agrees, and what they gave again to show that it is they."""

    proved_by: str
    address: str
    agent: str
    session: str
    """What the session is known by; only its SHA-256 is kept."""


def make(item: CarePackageLineItem, *, council: str, by: User) -> ContractDocument:
    """A draft of the next version, drawn from the line item today. A draft that stands already is drawn again.

    DomainError where the newest version says the same, and still waits or holds.
    """
    _one_at_a_time(item.provider_id)
    series = f"item:{item.id}"
    newest = session.scalars(D.versions(series).limit(1)).one_or_none()
    is_draft = newest is not None and newest.state is DocumentState.DRAFT
    version = 1 if newest is None else newest.version if is_draft else newest.version + 1
    paper = draw(item, council=council, version=version)
    if newest is not None and is_draft:
        if not move(newest, D.state == DocumentState.DRAFT, paper=paper, sha256=paper.sha256, updated_at=utc_now()):
            raise DomainError(TOO_LATE)
        record("document.made", newest, by=by, version=version, sha256=paper.sha256)
        return newest
    stands = newest is not None and newest.state in (DocumentState.PUBLISHED, DocumentState.AGREED)
    if newest is not None and stands and newest.paper and paper.says_the_same_as(newest.paper):
        raise DomainError(f"Version {newest.version} says the same already, so there is nothing new to agree to")
    made = D(
        provider_id=item.provider_id, kind=DocumentKind.SERVICE_AGREEMENT, title=TITLE, series=series, version=version,
        contract_id=item.contract_id, item_id=item.id, client_id=item.client_id, paper=paper, sha256=paper.sha256,
        made_by_id=by.id,
    )  # fmt: skip
    session.add(made)
    record("document.made", made, by=by, version=version, sha256=paper.sha256)
    return made


Printed = Callable[[Paper], Taken]
"""Draws a paper as a file and puts that into the store: exchange/pdf/agreement.py."""


def publish(document: ContractDocument, *, seen_sha256: str, council: str, printed: Printed, by: User) -> None:
    """Let the provider see it, and tell its people. What is published is the version that was looked at, with its file.
    An older one that waits for an answer is superseded; one that is agreed holds until this one is.
    """
    _publish(document, seen_sha256=seen_sha256, council=council, printed=printed, by=by)
    refresh([document.provider_id])
    tell_of_documents([document])


def make_each(items: Iterable[CarePackageLineItem], *, council: str, by: User) -> tuple[int, list[str]]:
    """Make drafts: how many, and of each line item that was left out its reference and why."""
    made, left = 0, []
    for item in items:
        try:
            make(item, council=council, by=by)
        except DomainError as refused:
            left.append(f"{item.reference}: {refused}")
        else:
            made += 1
    return made, left


def publish_each(
    documents: Iterable[ContractDocument], seen: Mapping[int, str], *, council: str, printed: Printed, by: User
) -> tuple[int, list[str]]:
    """Publish drafts: how many, and of each that was left out its line item and why. `seen`: the beginning of the hash
    that the list showed, by id. One mail a person.
    """
    published, left = [], []
    for document in documents:
        try:
            if not document.sha256.startswith(seen[document.id]):
                raise DomainError(OTHER_SEEN)
            _publish(document, seen_sha256=document.sha256, council=council, printed=printed, by=by)
        except DomainError as refused:
            left.append(f"{document.paper.item_reference if document.paper else document.name}: {refused}")
        else:
            published.append(document)
    refresh(sorted({each.provider_id for each in published}))
    tell_of_documents(published)
    return len(published), left


def _publish(
    document: ContractDocument, *, seen_sha256: str, council: str, printed: Printed, by: User
) -> None:  # fmt: skip
    _one_at_a_time(document.provider_id)
    if document.item is not None and document.paper is not None:
        now = draw(document.item, council=council, version=document.version)
        if not now.says_the_same_as(document.paper):
            raise DomainError(CHANGED)
    if document.paper is None:
        session.scalars(Attachment.of(document).limit(1)).one().insist_on_being_open()
    at = utc_now()
    is_as_seen = D.state == DocumentState.DRAFT, D.sha256 == seen_sha256
    file = printed(document.paper) if document.paper is not None else None
    named = {"file_sha256": file.sha256, "file_name": file.name} if file else {}
    now_is = {"state": DocumentState.PUBLISHED, "published_at": at, "published_by_id": by.id, "updated_at": at}
    if not move(document, *is_as_seen, **now_is, **named):
        raise DomainError(OTHER_SEEN if document.state is DocumentState.DRAFT else NOT_A_DRAFT)
    if file:
        keep([file], for_=document, by=by)
    older = D.series == document.series, D.version < document.version, D.state == DocumentState.PUBLISHED
    gone = {"state": DocumentState.SUPERSEDED, "updated_at": at, "decided_at": at, "decided_by_id": by.id}
    rows_changed(update(D).where(*older).values(**gone), unsynced=True)
    _take_offers_back(document)
    if document.paper is not None and document.item_id is not None:
        paper = document.paper
        offer(document.provider_id, document.id, document.item_id, paper.terms, paper.basis, paper.vat_basis_points)
    record("document.published", document, by=by, version=document.version, sha256=document.sha256)


def withdraw(document: ContractDocument, *, reason: str, by: User) -> None:
    """The council asks for it no longer; of a draft, that it will not be published."""
    if not reason.strip():
        raise DomainError("Say why, so that whoever looks for it knows")
    at = utc_now()
    may = D.state.in_((DocumentState.DRAFT, DocumentState.PUBLISHED))
    gone = {"state": DocumentState.WITHDRAWN, "updated_at": at, "decided_at": at, "decided_by_id": by.id}
    if not move(document, may, **gone, reason=reason.strip()):
        raise DomainError(TOO_LATE)
    _take_offers_back(document)
    record("document.withdrawn", document, by=by, version=document.version)


def chase(documents: Iterable[ContractDocument], *, by: User) -> int:
    """Remind the provider's people of documents that wait, each once a day at most; how many were chased."""
    chased = []
    for document in documents:
        is_first = sa.or_(D.chased_at.is_(None), D.chased_at < midnight(london_day(utc_now())))
        if move(document, D.state == DocumentState.PUBLISHED, is_first, chased_at=utc_now()):
            record("document.chased", document, by=by, version=document.version)
            chased.append(document)
    tell_of_documents(chased, again=True)
    return len(chased)


def agree(document: ContractDocument, *, seen_sha256: str, council: str, proof: Proof, by: User) -> None:
    """Bind the provider to this version. The act is kept with the version's hash and words. What was agreed before is
    superseded, and what waited for this is in the current payment. DomainError where it is not the version that was
    looked at, or where this person may not.
    """
    lock([document.provider_id])
    _agree(document, seen_sha256=seen_sha256, council=council, proof=proof, by=by)
    calculate([document.provider_id])


def agree_each(
    documents: Sequence[ContractDocument], seen: Mapping[int, str], *, council: str, proof: Proof, by: User
) -> tuple[int, list[str]]:
    """As `agree`, of several of one provider: how many, and of each that was left out its name and why. `seen`: the
    hash of each as the page showed it, by id.
    """
    lock([documents[0].provider_id])
    agreed, left = 0, []
    for document in documents:
        try:
            _agree(document, seen_sha256=seen[document.id], council=council, proof=proof, by=by)
        except DomainError as refused:
            left.append(f"{document.paper.item_reference if document.paper else document.name}: {refused}")
        else:
            agreed += 1
    if agreed:
        calculate([documents[0].provider_id])
    return agreed, left


def _agree(document: ContractDocument, *, seen_sha256: str, council: str, proof: Proof, by: User) -> None:
    role = _signatory_role(document, by)
    if session.scalar(DocumentOpening.of([document.id], by.id)) is None:
        raise DomainError(NOT_OPENED.format(name=document.name))
    newest = agreement_of(document.item_id) if document.item_id and document.is_waiting else None
    if newest and document.published_at and newest.recorded_at > document.published_at:  # on paper, or by the feed
        raise DomainError(AGREED_SINCE.format(on=in_words(newest.agreed_on)))
    at = utc_now()
    act = Act(
        document_id=document.id, kind=document.kind.label, title=document.title, version=document.version,
        sha256=seen_sha256, file_sha256=document.file_sha256,
        statement=STATEMENT.format(provider=document.provider.name, council=council),
        user_id=by.id, user=by.name, email=by.email, role=role, provider=document.provider.name,
        provider_reference=document.provider.reference, at=at.isoformat(), proved_by=proof.proved_by,
        address=proof.address, agent=proof.agent, session_sha256=sha256(proof.session.encode()).hexdigest(),
    )  # fmt: skip
    is_as_seen = D.state == DocumentState.PUBLISHED, D.sha256 == seen_sha256, ~D.is_deed
    done = {"state": DocumentState.AGREED, "updated_at": at, "decided_at": at, "decided_by_id": by.id}
    if not move(document, *is_as_seen, **done, agreed_at=at, agreed_by_id=by.id, act=act):
        raise DomainError(document.why_not or OTHER_SEEN)
    before = D.series == document.series, D.id != document.id, D.state == DocumentState.AGREED
    gone = {"state": DocumentState.SUPERSEDED, "updated_at": at}
    rows_changed(update(D).where(*before).values(**gone), unsynced=True)
    _take_offers_back(document)
    record(
        "document.agreed", document, by=by, version=document.version, sha256=document.sha256,
        file_sha256=document.file_sha256, act_sha256=act.sha256_of_act,
    )  # fmt: skip
    if document.item is not None and document.paper is not None:
        record_agreement(
            document.item, document.paper.terms, agreed_on=today(), by_name=by.name, source=AgreementSource.DOCUMENT,
            by=by,
        )  # fmt: skip
    tell_of_agreement(document)


def reject(document: ContractDocument, *, seen_sha256: str, reason: str, by: User) -> ActionTeam | None:
    """The provider does not agree to this version, and says why. What was agreed before holds. An action is opened for
    the team that answers, which is returned; None where nobody does.
    """
    if not reason.strip():
        raise DomainError("Say why, so that the council knows what to put right")
    _signatory_role(document, by)
    at = utc_now()
    done = {"state": DocumentState.REJECTED, "updated_at": at, "decided_at": at, "decided_by_id": by.id}
    is_as_seen = D.state == DocumentState.PUBLISHED, D.sha256 == seen_sha256
    if not move(document, *is_as_seen, **done, reason=reason.strip()):
        raise DomainError(document.why_not or OTHER_SEEN)
    _take_offers_back(document)
    record("document.rejected", document, by=by, version=document.version, sha256=document.sha256)
    tell_of_rejection(document)
    return _open_action(document, by)


def _open_action(document: ContractDocument, by: User) -> ActionTeam | None:
    """For the team that answers: that of service agreements, whichever kind of provider rejects; else whoever answers
    any query of this kind. None where nobody does. The reason stays with the document, since it may name a price, and
    more people read actions than prices.
    """
    provider = document.provider
    types = {each.reference: each for each in session.scalars(ActionType.by_name()).unique()}
    agreements, query = (types.get(name) for name in ASKED_BY)
    about = About(
        document_id=document.id, client_id=document.client_id, contract_id=document.contract_id,
        item_id=document.item_id,
    )  # fmt: skip
    title, text = f"Rejected: {document.name}", REASON_BESIDE.format(name=document.name)
    at_work = agreements.teams_at_work if agreements is not None and agreements.is_offered else []
    if agreements is not None and at_work:
        team = at_work[0]
        open_action(agreements, provider, team=team, title=title, text=text, by=by, about=about, is_chosen=False)
        return team
    if query is None or not query.is_for(provider.kind):
        return None
    team = query.teams_for(provider.kind)[0]
    open_action(query, provider, team=team, title=title, text=text, by=by, about=about)
    return team


def _take_offers_back(document: ContractDocument) -> None:
    """Nothing waits any more on those of its series that are not published now."""
    answered = select(D.id).where(D.series == document.series, D.state != DocumentState.PUBLISHED)
    take_back(answered)


def _signatory_role(document: ContractDocument, by: User) -> str:
    """What this person is at the provider at this moment, held until the act is done: who is removed meanwhile has
    either agreed before or does not. DomainError where they may not bind it.
    """
    place = (
        Membership.user_id == by.id,
        Membership.provider_id == document.provider_id,
        Membership.granted_at.is_not(None),
    )
    role = session.scalar(select(Membership.role).where(*place).with_for_update(read=True))
    if role is None or Permission.AGREE_DOCUMENTS not in GRANTS[role]:
        raise DomainError(NO_SIGNATORY.format(provider=document.provider.name))
    return role.label


def _one_at_a_time(provider_id: int) -> None:
    session.scalars(Provider.numbered(provider_id)).one().one_at_a_time()

"""Contract documents that the council brings as files: terms and conditions, deeds, and what it makes elsewhere."""

from secrets import token_hex

from sqlalchemy import select

from models.accounts.user import User
from models.audit import record
from models.base import DomainError, session
from models.correspondence.attachment import Taken, keep
from models.correspondence.document import ContractDocument, DocumentKind, DocumentState
from models.records.client import Client
from models.records.contract import Contract
from models.records.provider import Provider, ids_named

UNKNOWN_CONTRACT = "{provider} has no contract with the reference {reference}"
UNKNOWN_CLIENT = "{provider} has, or had, no client with the reference {reference}"


def upload(
    provider_name: str, file: Taken, *, kind: DocumentKind, title: str, contract: str = "", client: str = "",
    is_deed: bool = False, by: User,
) -> ContractDocument:  # fmt: skip
    """A draft of version 1 of a document, which is a file. The provider, its contract and its client are given by
    reference (the provider by name too). DomainError where one of them is not known.
    """
    [provider_id] = ids_named([provider_name])
    provider = session.scalars(Provider.numbered(provider_id)).one()
    own = {"provider": provider.name}
    contract_id = client_id = None
    if contract:
        found = select(Contract.id).where(Contract.reference == contract, Contract.provider_id == provider_id)
        if (contract_id := session.scalar(found)) is None:
            raise DomainError(UNKNOWN_CONTRACT.format(**own, reference=contract))
    if client:
        known = Client.of_provider(provider_id).where(Client.reference == client).with_only_columns(Client.id)
        if (client_id := session.scalar(known)) is None:
            raise DomainError(UNKNOWN_CLIENT.format(**own, reference=client))
    document = ContractDocument(
        provider_id=provider_id, kind=kind, title=title, series=f"upload:{token_hex(8)}", version=1,
        contract_id=contract_id, client_id=client_id, is_deed=is_deed, made_by_id=by.id, **_of(file),
    )  # fmt: skip
    return _added(document, file, by)


def upload_next(before: ContractDocument, file: Taken, *, is_deed: bool, by: User) -> ContractDocument:
    """A draft of the version after the newest one, in its place while that is agreed. DomainError where that is a draft
    still, or holds the same file.
    """
    session.scalars(Provider.numbered(before.provider_id)).one().one_at_a_time()
    newest = session.scalars(ContractDocument.versions(before.series).limit(1)).one()
    if newest.state is DocumentState.DRAFT:
        raise DomainError(f"Version {newest.version} is a draft. Publish or withdraw it first")
    if newest.file_sha256 == file.sha256:
        raise DomainError(f"This is the same file as version {newest.version}")
    document = ContractDocument(
        provider_id=newest.provider_id, kind=newest.kind, title=newest.title, series=newest.series,
        version=newest.version + 1, contract_id=newest.contract_id, client_id=newest.client_id, is_deed=is_deed,
        made_by_id=by.id, **_of(file),
    )  # fmt: skip
    return _added(document, file, by)


def _of(file: Taken) -> dict[str, str]:
    return {"sha256": file.sha256, "file_sha256": file.sha256, "file_name": file.name}


def _added(document: ContractDocument, file: Taken, by: User) -> ContractDocument:
    session.add(document)
    keep([file], for_=document, by=by)
    record("document.made", document, by=by, version=document.version, sha256=file.sha256)
    return document

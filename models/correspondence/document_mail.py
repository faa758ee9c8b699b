"""Mail about contract documents: that something waits, was agreed or was rejected. No client is named, and nothing that
somebody typed is in it.
"""

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import select

from models.accounts.notification import Letter, News, at_provider, send
from models.accounts.user import User
from models.base import session
from models.correspondence.document import ContractDocument
from models.payments.asking import people_who_may
from models.permissions import Permission
from models.words import how_many

WAIT = """\
{name},

{count} of {provider} {still}for your answer on the Provider Portal.

Log in, and choose Contract Documents, to read and to agree or reject.
"""
AGREED = """\
{name},

{document} of {provider} was agreed on the Provider Portal by {who}.

Log in to the Provider Portal to read it, and to save the receipt.
"""
REJECTED = """\
{name},

{document} of {provider} was rejected on the Provider Portal.

Log in to the Provider Portal to read why.
"""


def tell_of_documents(documents: Iterable[ContractDocument], *, again: bool = False) -> None:
    """Write to whoever may agree for the providers of these documents that they wait, one mail a person."""
    by_provider: dict[int, list[ContractDocument]] = defaultdict(list)
    for document in documents:
        by_provider[document.provider_id].append(document)
    letters = []
    for user, provider in people_who_may(Permission.AGREE_DOCUMENTS, by_provider):
        found = len(by_provider[provider.id])
        still = ("still wait " if found > 1 else "still waits ") if again else "wait " if found > 1 else "waits "
        words = WAIT.format(name=user.name, count=how_many(found, "document"), provider=provider.name, still=still)
        path = at_provider(provider.id, "documents", "")
        letters.append(Letter(user, News.DOCUMENT, provider.id, "A contract document waits for you", words, path))
    send(letters)


def tell_of_agreement(document: ContractDocument) -> None:
    """Write to whoever may agree for the provider, and to the colleague of the council who published it."""
    who = document.act.user if document.act else ""
    told = [user for user, _ in people_who_may(Permission.AGREE_DOCUMENTS, [document.provider_id])]
    words = {"document": _called(document), "provider": document.provider.name, "who": who}
    theirs = at_provider(document.provider_id, "documents", str(document.id))
    subject = "A contract document was agreed"
    send(
        Letter(user, News.DOCUMENT, document.provider_id, subject, AGREED.format(name=user.name, **words), there)
        for people, there in ((told, theirs), (_publisher(document), _at_council(document)))
        for user in people
    )


def tell_of_rejection(document: ContractDocument) -> None:
    words = {"document": _called(document), "provider": document.provider.name}
    there, subject = _at_council(document), "A contract document was rejected"
    send(
        Letter(user, News.DOCUMENT, document.provider_id, subject, REJECTED.format(name=user.name, **words), there)
        for user in _publisher(document)
    )


def _called(document: ContractDocument) -> str:
    """Its kind and version: an uploaded document’s title is something that somebody typed."""
    return f"{document.kind.label}, version {document.version}"


def _at_council(document: ContractDocument) -> str:
    return f"/council/documents/{document.id}"


def _publisher(document: ContractDocument) -> list[User]:
    return list(session.scalars(select(User).where(User.id == document.published_by_id, User.is_active)))

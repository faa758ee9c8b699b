"""The file of a contract document, to open on screen or to save, and the receipt of its agreement."""

from flask import Response, abort, request

from blueprints.access import sees_contact_details
from blueprints.attachments import send_attachment, stored
from blueprints.download import TableFile
from blueprints.frame import settings
from blueprints.security import FILE_POLICY
from exchange.evidence import receipt
from exchange.pdf.seal import SealKey
from models.audit import named
from models.auditing.sealed import sealed_events
from models.auditing.words import Group, actions_of
from models.base import session
from models.correspondence.attachment import Attachment
from models.correspondence.document import ContractDocument


def send_document(document: ContractDocument, attachment: Attachment) -> Response:
    """What was made from a paper, or uploaded. Load both before: permission to read the document is permission to read
    its file. `?open=yes` shows on screen what was made from a paper; what somebody uploaded is only saved. 403 for who
    may not see where the provider is, which a paper says.
    """
    if document.paper is None:
        return send_attachment(attachment)
    if not sees_contact_details():
        abort(403)
    response = TableFile(stored(attachment).read_bytes(), mimetype=attachment.kind.mimetype)
    response.told = _words_of(document)
    is_opened = request.args.get("open") == "yes"
    response.headers.set("Content-Disposition", "inline" if is_opened else "attachment", filename=attachment.name)
    if not is_opened:  # browsers show a PDF in no sandbox
        response.headers["Content-Security-Policy"] = FILE_POLICY
    return response


def send_receipt(document: ContractDocument) -> Response:
    """The receipt of an agreed document, as a zip (exchange/evidence.py). 403 as for its file."""
    if not sees_contact_details():
        abort(403)
    events = sealed_events(named(document), actions_of(Group.DOCUMENTS))
    attachment = session.scalars(Attachment.of(document).limit(1)).one()
    packed = receipt(document, stored(attachment).read_bytes(), events, _key())
    response = TableFile(packed, mimetype="application/zip")
    response.told = f"{_words_of(document)} {document.act.text if document.act else ''}"
    name = f"receipt-{document.id}-version-{document.version}.zip"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.headers["Content-Security-Policy"] = FILE_POLICY
    return response


def _words_of(document: ContractDocument) -> str:
    """What a paper says, as words and not as JSON, in which the lines of an address run into one another."""
    return "\n".join(words for _, words in document.paper.facts) if document.paper is not None else ""


def _key() -> SealKey | None:
    """The council's, where settings.toml names one."""
    own, files = settings().instance, settings().files
    return SealKey(own / files.seal, files.seal_password) if files.seal else None

"""Contract documents: those that wait for an answer, each one to read, and agreeing to one or rejecting it."""

from flask import Blueprint, request, url_for
from sqlalchemy import select

from blueprints.access import looking_at, me, requires, sees_contact_details, viewed
from blueprints.document_file import send_document, send_receipt
from blueprints.frame import settings
from blueprints.lookups import get_or_404, kept_in_links, page_of
from blueprints.origin import AGAIN, origin, proved_by
from blueprints.pages import done, refusals_on, render
from blueprints.provider.needs import Need, source
from blueprints.reading import reads_client_records
from blueprints.session_store import session as web_session
from blueprints.transactions import note
from forms.documents import AgreeForm, AgreeSeveralForm, DocumentFilter, RejectForm
from models.accounts.user import names_of
from models.base import DomainError, reload, session
from models.correspondence import documents
from models.correspondence.attachment import Attachment
from models.correspondence.document import STATEMENT, ContractDocument, DocumentOpening, DocumentState
from models.correspondence.document_list import (
    clients_here,
    services_here,
    shown_to_provider,
    standing_of,
    waiting_here,
)
from models.correspondence.paper import ADDRESS, sums_in_words
from models.money import gbp
from models.permissions import Permission
from models.records.client import full_name
from models.words import how_many

MOST_TICKED = 100
"""So many documents are agreed to at once."""

bp = Blueprint("documents", __name__, url_prefix="/documents")


@bp.get("/")
@requires(Permission.VIEW_DOCUMENTS)
@reads_client_records
def index():
    form = DocumentFilter(request.args)
    clients = [(row.id, full_name(*row[1:])) for row in session.execute(clients_here())]
    form.offer(clients, [tuple(row) for row in session.execute(services_here())])
    page = page_of(shown_to_provider(**form.chosen), pence="waits_pence") if form.validate() else None
    since = form.since.data
    older = session.execute(waiting_here(before=since)).one() if since else None
    ticked = list(dict.fromkeys(request.args.getlist("document")))[:MOST_TICKED]
    here = {_tick_of(row) for row in page.items} if page else set()
    return render(
        "provider/documents/index.html", partial="provider/documents/_list.html", form=form, page=page, older=older,
        ticked=ticked, elsewhere=[each for each in ticked if each not in here], tick_of=_tick_of,
    )  # fmt: skip


@bp.get("/<int:document_id>")
@requires(Permission.VIEW_DOCUMENTS)
@reads_client_records
def show(document_id):
    document = get_or_404(ContractDocument.at_provider(document_id))
    if document.paper is not None:
        _note_opening(document)
    return render("provider/documents/show.html", **_shown(document))


@bp.get("/<int:document_id>/file")
@requires(Permission.VIEW_DOCUMENTS)
@reads_client_records
def file(document_id):
    """The PDF of the page, or what was uploaded: that can be read nowhere else, so that saving it is opening it."""
    document = get_or_404(ContractDocument.at_provider(document_id))
    attachment = get_or_404(Attachment.of(document).limit(1))
    if document.paper is None:
        _note_opening(document)
    return send_document(document, attachment)


@bp.get("/<int:document_id>/receipt")
@requires(Permission.VIEW_DOCUMENTS)
@reads_client_records
def receipt(document_id):
    of_agreed = ContractDocument.at_provider(document_id).where(ContractDocument.agreed())
    return send_receipt(get_or_404(of_agreed))


def _note_opening(document):
    """Not where a browser asks for the head alone: then nobody reads it."""
    if looking_at() is None and request.method != "HEAD":
        note(lambda: DocumentOpening.note(document, me().id))


@bp.route("/<int:document_id>/agree", methods=["GET", "POST"])
@requires(Permission.AGREE_DOCUMENTS)
@reads_client_records
def agree(document_id):
    document = get_or_404(ContractDocument.at_provider(document_id))
    form = AgreeForm(seen=document.sha256, provider=viewed().name, has_password=me().password_hash is not None)
    if form.validate_on_submit() and (proof := _proof(form)):
        with refusals_on(form):
            documents.agree(document, seen_sha256=form.seen.data, council=settings().council.name, proof=proof, by=me())
            said = f"You have agreed to {document.name}. We have sent you a mail that says so"
            return done(said, then=url_for(".show", document_id=document_id))
        reload(document)
        return _refused("provider/documents/agree.html", document, form)
    return render("provider/documents/agree.html", form=form, statement=_statement(document), **_shown(document))


@bp.route("/agree-several", methods=["GET", "POST"])
@requires(Permission.AGREE_DOCUMENTS)
@reads_client_records
def agree_several():
    """The ticked ones, each of which this person has opened, as the list showed them: see `_tick_of`."""
    seen = _ticked()
    query = select(ContractDocument).where(ContractDocument.id.in_(seen), ContractDocument.is_waiting)
    found = session.scalars(query.options(*ContractDocument.whole()).order_by(ContractDocument.id)).all()
    opened = set(session.scalars(DocumentOpening.of([each.id for each in found], me().id)))
    ready = [each for each in found if each.id in opened and each.can_be_agreed and _tick_of(each) == seen[each.id]]
    form = AgreeSeveralForm(provider=viewed().name, has_password=me().password_hash is not None)
    if ready and form.validate_on_submit() and (proof := _proof(form)):
        with refusals_on(form):
            council = settings().council.name
            count, left = documents.agree_each(
                ready, {each.id: each.sha256 for each in ready}, council=council, proof=proof, by=me()
            )
            if not count:
                raise DomainError(" ".join(left))
            if gone := len(seen) - len(ready):
                left.append(f"{how_many(gone, 'document')} that changed, or stopped waiting, since you ticked it")
            said = f"You have agreed to {how_many(count, 'document')}. We have sent you mails that say so"
            return done(f"{said}. Left out: {'; '.join(left)}" if left else said, then=url_for(".index", since=""))
    return render(
        "provider/documents/agree_several.html", form=form, found=found, ready=ready, opened=opened,
        tick_of=_tick_of, sums=sums_in_words(each.paper for each in ready if each.paper),
        statement=STATEMENT.format(provider=viewed().name, council=settings().council.name),
    )  # fmt: skip


def _tick_of(document):
    """What a tick sends: 12-<the first digits of its SHA-256>. An address has to hold MOST_TICKED of them."""
    return f"{document.id}-{document.sha256[:16]}"


def _ticked():
    """What was ticked, by the document's id."""
    values = request.values.getlist("document")[:MOST_TICKED]
    parts = [(value.partition("-")[0], value) for value in values]
    return {int(number): value for number, value in parts if number.isdecimal() and len(number) < 10}


def _proof(form):
    how = proved_by(form.password)
    if not how and form.password is None:
        form.form_errors = [AGAIN]
    agent = request.user_agent.string[:300]
    return documents.Proof(how, origin().address, agent, web_session.token) if how else None


def _statement(document):
    return STATEMENT.format(provider=document.provider.name, council=settings().council.name)


@bp.route("/<int:document_id>/reject", methods=["GET", "POST"])
@requires(Permission.AGREE_DOCUMENTS)
@reads_client_records
def reject(document_id):
    document = get_or_404(ContractDocument.at_provider(document_id))
    form = RejectForm(seen=document.sha256)
    if form.validate_on_submit():
        with refusals_on(form):
            team = documents.reject(document, seen_sha256=form.seen.data, reason=form.reason.data, by=me())
            to = f". An action is open for the {team.name}, which reads your reason here and answers it" if team else ""
            said = f"You have rejected it{to}"
            return done(said, then=url_for(".show", document_id=document_id))
        reload(document)
        return _refused("provider/documents/reject.html", document, form)
    return render("provider/documents/reject.html", form=form, **_shown(document))


def _refused(page, document, form):
    """409: the page again, with why it was not done and what stands now."""
    answer = render(page, form=form, statement=_statement(document), **_shown(document))
    answer.status_code = 409
    return answer


def _shown(document):
    """A version, with the one that holds, or has taken its place, and what it says otherwise."""
    versions = session.scalars(ContractDocument.versions(document.series).where(ContractDocument.is_published)).all()
    newest, agreed = versions[0], next((each for each in versions if each.state is DocumentState.AGREED), None)
    beside = newest if newest.id != document.id else agreed
    other = None if beside is None or beside.id == document.id else beside
    before, after = (other, document) if other is None or other.version < document.version else (document, other)
    differs = after.paper.differs_from(before.paper) if before and after.paper and before.paper else []
    if not sees_contact_details():
        differs = [row for row in differs if row[0] != ADDRESS]
    DocumentFilter(request.args)  # so that links keep the filters of the list that the person comes from
    return {
        "document": document, "versions": versions, "other": other, "before": before, "after": after,
        "standing": standing_of(document), "differs": differs,
        "names": names_of([document.decided_by_id]), "list_filters": kept_in_links(),
    }  # fmt: skip


@source
def _to_answer(now):
    """Documents that wait for this person's answer, and the money that waits on them; deeds are not agreed to here."""
    pence, deeds = now.glance.documents_pence, now.glance.deeds
    why = f"{gbp(pence)} waits until you do" if pence else ""
    there, do = url_for("provider.documents.index", since=""), "Review documents"
    if to_agree := now.glance.documents - deeds:
        what = f"Agree {how_many(to_agree, 'document')}"
        yield Need(what=what, why=why, pence=pence or None, address=there, do=do)
    if deeds:
        what = f"Sign {how_many(deeds, 'deed')} on paper, before a witness"
        yield Need(what=what, why="" if to_agree else why, pence=None if to_agree else pence or None, address=there,
                   do="Read it" if deeds == 1 else "Read them")  # fmt: skip

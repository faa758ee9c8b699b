"""Contract documents at the council: by age and money, looked at, made, published, chased and withdrawn."""

from flask import Blueprint, request, url_for
from sqlalchemy import select

from blueprints.access import me, requires
from blueprints.attachments import sent, store, takes_files
from blueprints.document_file import send_document, send_receipt
from blueprints.download import table_file
from blueprints.frame import settings
from blueprints.lookups import PER_PAGE, get_or_404, key, page_of
from blueprints.pages import done, refusals_on, render
from blueprints.reading import reads_client_records
from blueprints.refusals import stays_on
from blueprints.sorting import Columns, Sorting
from exchange.downloads.documents import documents_data
from exchange.pdf.agreement import kept_in
from forms.base import ButtonForm
from forms.documents import CouncilDocumentFilter, NextVersionForm, ToMakeFilter, UploadForm, WithdrawForm
from models.accounts.conflict import insist_on_none
from models.base import DomainError, session, utc_now
from models.correspondence import documents, uploading
from models.correspondence.attachment import Attachment
from models.correspondence.document import ContractDocument, DocumentKind, DocumentOpening
from models.correspondence.document_list import listed, standing_of, to_make
from models.permissions import Permission
from models.records.care_package import CarePackageLineItem
from models.records.client import Client
from models.records.provider import Provider
from models.words import how_many

bp = Blueprint("documents", __name__, url_prefix="/documents")

ONE = "/<int:document_id>"
SORTED_BY: Columns = {
    "client": Client.name_order(), "provider": Provider.folded_name, "state": "state", "updated": "updated_at",
    "waits": "waits_pence",
}  # fmt: skip


@bp.get("/")
@requires(Permission.VIEW_EVERY_DOCUMENT)
@reads_client_records
def index():
    form, sorting = CouncilDocumentFilter(request.args), Sorting(SORTED_BY, usual="-updated")
    page = page_of(sorting.of(listed(**form.chosen)), pence="waits_pence") if form.validate() else None
    return render(
        "admin/documents/index.html", partial="admin/documents/_list.html", form=form, page=page, sorting=sorting,
        now=utc_now(),
    )  # fmt: skip


@bp.get("/data.<file:ending>")
@requires(Permission.VIEW_EVERY_DOCUMENT, fresh=True)
@reads_client_records
def data(ending):
    form = CouncilDocumentFilter(request.args)
    rows = session.execute(Sorting(SORTED_BY).of(listed(**form.chosen))) if form.validate() else ()
    return table_file("contract-documents", documents_data(rows), ending)


@bp.get(ONE)
@requires(Permission.VIEW_EVERY_DOCUMENT)
@reads_client_records
def show(document_id):
    document = get_or_404(ContractDocument.with_people(document_id))
    versions = session.scalars(ContractDocument.versions(document.series)).all()
    before = next((each for each in versions if each.version < document.version and each.is_published), None)
    openings = session.execute(DocumentOpening.by_whom(document.id)).all()
    return render(
        "admin/documents/show.html", document=document, versions=versions, before=before, openings=openings,
        differs=document.paper.differs_from(before.paper) if before and before.paper and document.paper else [],
        standing=standing_of(document),
    )  # fmt: skip


@bp.get(f"{ONE}/file")
@requires(Permission.VIEW_EVERY_DOCUMENT)
@reads_client_records
def file(document_id):
    document = get_or_404(ContractDocument.numbered(document_id))
    return send_document(document, get_or_404(Attachment.of(document).limit(1)))


@bp.get(f"{ONE}/receipt")
@requires(Permission.VIEW_EVERY_DOCUMENT)
@reads_client_records
def receipt(document_id):
    return send_receipt(get_or_404(ContractDocument.numbered(document_id).where(ContractDocument.agreed())))


@bp.route("/make", methods=["GET", "POST"])
@requires(Permission.MANAGE_DOCUMENTS)
@reads_client_records
def make():
    """Line items that need an agreement, and drafts made of the ticked ones."""
    form, asked = ButtonForm(), ToMakeFilter(request.args)
    if form.validate_on_submit():
        items = _ticked_items(request.form.getlist("item", type=key)[:PER_PAGE])
        with refusals_on(form):
            if not items:
                raise DomainError("Tick at least one line item")
            count, left = documents.make_each(items, council=settings().council.name, by=me())
            if not count:
                raise DomainError(" ".join(left))
            said = f"{how_many(count, 'draft')} made. Look at each, then publish it"
            return done(_with_left(said, left), then=url_for(".index", state="draft"))
    page = page_of(to_make(**asked.chosen)) if asked.validate() else None
    return render(
        "admin/documents/make.html", partial="admin/documents/_to_make.html", form=form, asked=asked, page=page
    )


def _ticked_items(ids):
    query = select(CarePackageLineItem).where(CarePackageLineItem.id.in_(ids)).order_by(CarePackageLineItem.id)
    items = session.scalars(query).all()
    insist_on_none(me(), {each.provider_id for each in items})
    return items


def _with_left(said, left):
    return f"{said}. Left out: {'; '.join(left)}" if left else said


@bp.post(f"{ONE}/make-again")
@requires(Permission.MANAGE_DOCUMENTS)
@stays_on("admin.documents.show")
def make_again(document_id):
    document = get_or_404(ContractDocument.numbered(document_id))
    if document.item is None:
        raise DomainError("It is a file. Upload its next version")
    made = documents.make(document.item, council=settings().council.name, by=me())
    session.flush()
    return done("Made from the care package as it is today", then=url_for(".show", document_id=made.id))


@bp.post(f"{ONE}/publish")
@requires(Permission.MANAGE_DOCUMENTS)
@stays_on("admin.documents.show")
def publish(document_id):
    document = get_or_404(ContractDocument.numbered(document_id))
    seen, council = request.form.get("seen", ""), settings().council.name
    documents.publish(document, seen_sha256=seen, council=council, printed=kept_in(store()), by=me())
    return done("Published. Whoever may agree is told by mail", then=url_for(".show", document_id=document_id))


@bp.post(f"{ONE}/chase")
@requires(Permission.MANAGE_DOCUMENTS)
@stays_on("admin.documents.show")
def chase(document_id):
    document = get_or_404(ContractDocument.numbered(document_id))
    if not documents.chase([document], by=me()):
        raise DomainError("It waits no longer, or its people were reminded today already")
    return done("Whoever may agree is reminded by mail", then=url_for(".show", document_id=document_id))


@bp.route(f"{ONE}/withdraw", methods=["GET", "POST"])
@requires(Permission.MANAGE_DOCUMENTS)
@reads_client_records
def withdraw(document_id):
    document = get_or_404(ContractDocument.numbered(document_id))
    form = WithdrawForm()
    if form.validate_on_submit():
        documents.withdraw(document, reason=form.reason.data, by=me())
        return done("Withdrawn", then=url_for(".show", document_id=document_id))
    return render("admin/documents/withdraw.html", document=document, form=form)


@bp.post("/publish-many")
@requires(Permission.MANAGE_DOCUMENTS)
@stays_on("admin.documents.index")
def publish_many():
    found, seen = _ticked()
    count, left = documents.publish_each(
        found, seen, council=settings().council.name, printed=kept_in(store()), by=me()
    )  # fmt: skip
    said = f"{how_many(count, 'document')} published. Whoever may agree is told by mail"
    return done(_with_left(said, left), then=url_for(".index", state="published"))


@bp.post("/chase-many")
@requires(Permission.MANAGE_DOCUMENTS)
@stays_on("admin.documents.index")
def chase_many():
    found, _ = _ticked()
    count = documents.chase(found, by=me())
    rest = len(found) - count
    left = [f"{how_many(rest, 'document')} that waits no longer, or was chased today already"] if rest else []
    return done(
        _with_left(f"Reminded of {how_many(count, 'document')}", left), then=url_for(".index", state="published")
    )


def _ticked():
    """The documents that are ticked, each with the beginning of the hash that the list showed: 12-0a1b2c3d4e5f6071."""
    seen = {}
    for value in request.form.getlist("document")[:PER_PAGE]:
        number, _, begin = value.partition("-")
        if number.isdecimal() and len(number) < 10 and begin:
            seen[int(number)] = begin
    query = select(ContractDocument).where(ContractDocument.id.in_(seen)).options(*ContractDocument.whole())
    found = session.scalars(query.order_by(ContractDocument.id)).all()
    if not found:
        raise DomainError("Tick at least one document")
    insist_on_none(me(), {each.provider_id for each in found})
    return found, seen


@bp.route("/upload", methods=["GET", "POST"])
@requires(Permission.MANAGE_DOCUMENTS)
@takes_files
@reads_client_records
def upload():
    """Terms and conditions, or another document that is a file: a draft to look at and publish."""
    form = UploadForm()
    if sent(form):
        with refusals_on(form):
            made = uploading.upload(
                form.provider.data, form.one_file, kind=DocumentKind(form.kind.data), title=form.title.data,
                contract=form.contract.data, client=form.client.data, is_deed=form.is_deed.data, by=me(),
            )  # fmt: skip
            insist_on_none(me(), {made.provider_id})
            return done("Uploaded as a draft. Look at it, then publish it", then=url_for(".show", document_id=made.id))
    return render("admin/documents/upload.html", form=form, document=None)


@bp.route(f"{ONE}/next-version", methods=["GET", "POST"])
@requires(Permission.MANAGE_DOCUMENTS)
@takes_files
@reads_client_records
def next_version(document_id):
    document = get_or_404(ContractDocument.numbered(document_id))
    form = NextVersionForm(data={"is_deed": document.is_deed})
    if sent(form):
        with refusals_on(form):
            made = uploading.upload_next(document, form.one_file, is_deed=form.is_deed.data, by=me())
            return done("Uploaded as a draft. Look at it, then publish it", then=url_for(".show", document_id=made.id))
    return render("admin/documents/upload.html", form=form, document=document)

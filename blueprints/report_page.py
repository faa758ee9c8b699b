"""What reports have in common: the file of a sheet, and the PDF of a long one, which the worker draws."""

from dataclasses import dataclass
from typing import Any

from flask import Response, request

from blueprints.access import me, sees_contact_details
from blueprints.attachments import store
from blueprints.download import TableFile, table_file
from blueprints.frame import settings
from blueprints.lookups import Page, page_of, size_for
from blueprints.pages import go_to, render
from blueprints.security import FILE_POLICY
from exchange.pdf.report import report_pdf
from exchange.reports.remittance import remittance_sheet
from exchange.reports.sheet import Sheet, told
from models.base import session
from models.job import Job, JobKind
from models.reports.remittances import Remitted
from models.reports.report_file import ReportFile, job_of

PDF = "application/pdf"


def sheet_of(found: Remitted, *, is_summary: bool = False) -> Sheet:
    """The sheet for the person at hand, who may not be shown where a provider is."""
    with_address = sees_contact_details()
    return remittance_sheet(found, council=settings().council.name, is_summary=is_summary, with_address=with_address)


@dataclass(frozen=True)
class OnPage:
    """What of a sheet stands on a page, and which of its rows those are."""

    sheet: Sheet
    rows: Page


def on_page(sheet: Sheet) -> OnPage:
    """The rows that the address asks for. The sheet's files have all of them."""
    rows = page_of(range(sheet.rows), size=size_for(sheet.rows), name="rows")
    return OnPage(sheet.part(rows.first - 1, rows.size), rows)


def send_data(sheet: Sheet, ending: str) -> Response:
    return table_file(sheet.name, sheet.data, ending)


def send_pdf(sheet: Sheet, content: bytes | None = None) -> Response:
    """The sheet as PDF: `content` where it is drawn already, else drawn now."""
    response = TableFile(content if content is not None else report_pdf(sheet), mimetype=PDF)
    response.told = f"{told(sheet)} {' '.join(str(cell) for _, cell in sheet.facts)}"
    is_opened = request.args.get("open") == "yes"
    kind = "inline" if is_opened else "attachment"
    response.headers.set("Content-Disposition", kind, filename=f"{sheet.name}.pdf")
    if not is_opened:  # browsers show a PDF in no sandbox
        response.headers["Content-Security-Policy"] = FILE_POLICY
    return response


@dataclass(frozen=True)
class Wanted:
    """A report that the worker may have to draw, and how commands/batchwise/reporting.py finds it again."""

    provider_id: int
    sheet: Sheet
    arguments: dict[str, Any]


def pdf_of(wanted: Wanted, *, back: str) -> Response:
    """The PDF; of a long report once the worker has drawn it. Until then a page that says how far it is, and with a
    POST puts it into the queue. `back` is the address of the report's page.
    """
    sheet = wanted.sheet
    if not sheet.is_long:
        return send_pdf(sheet)
    kept = session.scalars(ReportFile.of(sheet.key)).one_or_none()
    if kept is not None and store().has(kept.sha256) and request.args.get("page") != "yes":
        return send_pdf(sheet, store().path(kept.sha256).read_bytes())
    if request.method == "POST":
        how = {"council": settings().council.name, "with_address": sees_contact_details()}
        given = wanted.arguments | how | {"key": sheet.key}
        Job.ask(JobKind.REPORT, by=me(), providers=[wanted.provider_id], **given)
        return go_to(request.path + _kept_summary())
    job = session.scalars(job_of(wanted.provider_id, sheet.key)).one_or_none()
    return render(
        "reports/drawing.html", partial="reports/_drawing.html",
        sheet=sheet, job=job, is_drawn=kept is not None, here=request.path + _kept_summary(), back=back,
    )  # fmt: skip


def _kept_summary() -> str:
    return "?summary=yes" if request.args.get("summary") == "yes" else ""

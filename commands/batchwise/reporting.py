"""Drawing the PDF of a long report, for whoever asked for it on a page."""

import io
from collections.abc import Callable
from datetime import date

from sqlalchemy import select

from exchange.files.store import Store
from exchange.pdf.report import report_pdf
from exchange.reports.remittance import remittance_sheet
from exchange.reports.sheet import Sheet
from models.base import DomainError, scope, session, transaction
from models.job import Job
from models.payments.payment import ScheduledPayment
from models.records.contract import Contract
from models.reports import remittances, report_file
from models.tenancy import set_tenant
from models.words import how_many

Progress = Callable[[int, int], None]


def draw(job: Job, store: Store, progress: Progress) -> str:
    """Draw the report that the job names and keep its file; DomainError where the report says something else by now."""
    [provider_id] = job.provider_ids or [0]
    with scope():
        set_tenant(provider_id)
        sheet = _sheet(job)
    if sheet is None or sheet.key != job.arguments["key"]:
        raise DomainError("The report has changed since it was asked for. Open it again, and ask once more")
    content = report_pdf(sheet, progress)
    sha256, size = store.put(io.BytesIO(content))
    with transaction():
        set_tenant(provider_id)
        report_file.keep(provider_id, sheet.key, name=sheet.name, sha256=sha256, size=size)
    return f"{sheet.name}.pdf is drawn: {how_many(sheet.rows, 'line')}."


def _sheet(job: Job) -> Sheet | None:
    given = job.arguments
    contract = session.scalars(select(Contract).where(Contract.reference == given["contract"])).one_or_none()
    if contract is None:
        return None
    if "run" in given:
        found = remittances.of_finalisation(contract, given["run"])
    else:
        first_on = date.fromisoformat(given["first"])
        payment = session.scalars(ScheduledPayment.of(contract.reference, first_on)).one_or_none()
        if payment is None:
            return None
        found = remittances.of_period(payment)
    return remittance_sheet(
        found, council=given["council"], is_summary=given["summary"], with_address=given["with_address"]
    )

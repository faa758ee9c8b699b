"""Files of figures: the template, the file that comes back, its faults and their mends, and what becomes of it."""

import io
from hashlib import sha256
from typing import BinaryIO, cast

from flask import Blueprint, abort, request, url_for

from blueprints.access import me, requires, viewed
from blueprints.attachments import takes_files
from blueprints.download import FileKind, TableFile, checked, table_file
from blueprints.frame import settings
from blueprints.lookups import get_or_404, page_of
from blueprints.pages import done, go_to, refusals_on, render, wants_partial
from blueprints.reading import reads_client_records
from blueprints.transactions import unlocked
from exchange.files.taking import tidy_name
from exchange.sheets.example import with_faults
from exchange.sheets.marked import marked_rows, write_marked
from exchange.sheets.reading import LARGEST, table_or_fault
from exchange.sheets.template import headings, safe_twice, template_rows, write_template
from forms.base import ButtonForm
from forms.uploads import ApplyForm, ColumnsForm, MendForm, TemplateFilter, UnmendForm, UploadForm
from models.base import session
from models.calendar import today
from models.permissions import Permission
from models.records.import_batch import (
    CellMend,
    ColumnMapping,
    ImportBatch,
    ImportKind,
    ImportRow,
    ImportState,
    ValueMend,
)
from models.uploads import batch as verbs
from models.uploads import mending, queue
from models.uploads.cells import cell_name
from models.uploads.columns import COLUMNS
from models.uploads.open_files import job_of
from models.uploads.prefilled import A_WEEK, prefilled, services_of
from models.words import how_many

MOST_WARNINGS = 20
bp = Blueprint("uploads", __name__, url_prefix="/uploads")


@bp.route("/", methods=["GET", "POST"])
@requires(Permission.SUBMIT_ACTUALS)
@takes_files
def index():
    form = UploadForm()
    if form.validate_on_submit():
        name, kind = tidy_name(form.file.data.filename or ""), ImportKind(form.kind.data)
        table, digest = _read(form, name, kind)
        if table is not None:
            with refusals_on(form):
                batch = verbs.receive(
                    viewed(), kind, name, digest, table.rows, bad=table.bad, merged=table.merged, notes=table.notes,
                    is_csv=not table.sheet, is_test=form.is_test.data, by=me(),
                )  # fmt: skip
                session.flush()
                if batch.state is ImportState.WAITING:
                    queue.check_soon(batch, viewed(), by=me())
                return done(f"“{name}” was read: {how_many(batch.rows_read, 'row')}", then=_at(batch))
    template = TemplateFilter(request.args, services=services_of(viewed()))
    template.validate()
    page = page_of(ImportBatch.newest_first())
    return render("provider/uploads/index.html", form=form, template=template, page=page)


def _read(form, name, kind):
    """The table in the file, and the file's hash; None where it cannot be read, which the form says."""
    with cast(BinaryIO, form.file.data.stream) as stream:
        content = stream.read(LARGEST + 1)
    with unlocked():
        table, fault = table_or_fault(name, content, kind.sheet)
    form.file.errors = [fault] if fault else []
    return table, sha256(content).hexdigest()


@bp.get("/template.<file:ending>")
@requires(Permission.SUBMIT_ACTUALS)
@reads_client_records
def template(ending):
    form = checked(TemplateFilter(request.args))
    found = prefilled(viewed(), until=form.until_on, weeks=int(form.weeks.data), service_id=form.service_id)
    rows = list(template_rows(viewed().reference, found))
    if FileKind(ending) is FileKind.CSV:
        return table_file("actuals", safe_twice(rows), ending)
    write_template(rows, file := io.BytesIO())
    return _workbook("actuals", file, table_file("actuals", rows, "csv").told)


@bp.get("/faulty-example.csv")
@requires(Permission.SUBMIT_ACTUALS)
@reads_client_records
def faulty_example():
    """In a demonstration: a file of the provider's own people in which this and that is wrong."""
    if not settings().is_demonstration:
        abort(404)
    rows = template_rows(viewed().reference, prefilled(viewed(), until=today() - A_WEEK, weeks=1))
    return table_file("a-file-with-faults", safe_twice(with_faults(rows)), "csv")


@bp.get("/columns-of-<any(carers, visits):choice>.csv")
@requires(Permission.SUBMIT_ACTUALS)
def empty_template(choice):
    """The headings of a file of workers or of visits."""
    kind = ImportKind(choice)
    return table_file(kind.value, [headings(kind)], "csv")


@bp.get("/<int:batch_id>")
@requires(Permission.SUBMIT_ACTUALS)
@reads_client_records
def show(batch_id):
    batch = _loaded(batch_id)
    if batch.state is ImportState.COLUMNS:
        return go_to(url_for(".columns", batch_id=batch.id))
    return _page(batch)


@bp.route("/<int:batch_id>/columns", methods=["GET", "POST"])
@requires(Permission.SUBMIT_ACTUALS)
@reads_client_records
def columns(batch_id):
    batch = _loaded(batch_id)
    form = ColumnsForm()
    if form.validate_on_submit():
        names = [column.name for column in COLUMNS[batch.kind]]
        said = {place: text for (_, place), text in form.columns.data.items()}
        with refusals_on(form):
            ours = [said.get(place, "") for place in range(len(batch.columns))]
            verbs.match(batch, [name if name in names else "" for name in ours], by=me())
            queue.check_soon(batch, viewed(), by=me())
            return done("The columns are kept for your next file", then=_at(batch))
        batch = _loaded(batch_id)
    table = mending.content_of(batch)
    chosen = {place: text for (_, place), text in form.columns.data.items()} if form.is_submitted() else {}
    return render(
        "provider/uploads/columns.html", form=form, batch=batch, table=table, ours=COLUMNS[batch.kind],
        cell_name=cell_name, chosen=[chosen.get(place, name) for place, name in enumerate(batch.columns)],
    )  # fmt: skip


@bp.post("/<int:batch_id>/check")
@requires(Permission.SUBMIT_ACTUALS)
@reads_client_records
def check(batch_id):
    """Look at the file anew, as figures, plans and weeks are now."""
    batch, form = _loaded(batch_id), ButtonForm()
    if form.validate_on_submit():
        with refusals_on(form):
            queue.check_soon(batch, viewed(), by=me())
            return _again(batch, "The file is checked as things stand now")
        batch = _loaded(batch_id)
    return _page(batch, mending_form=form)


@bp.post("/<int:batch_id>/mend")
@requires(Permission.SUBMIT_ACTUALS)
@reads_client_records
def mend(batch_id):
    batch, form = _loaded(batch_id), MendForm()
    if form.validate_on_submit():
        with refusals_on(form):
            message = _mend(batch, form)
            queue.check_soon(batch, viewed(), by=me())
            return _again(batch, message)
        batch = _loaded(batch_id)
    return _page(batch, mending_form=form)


def _mend(batch, form):
    """Save what stands in the boxes, and what the pressed button says."""
    names = dict(enumerate(batch.columns))
    cells = {(row, names.get(place, "")): text for (row, place), text in form.cells.data.items()}
    if (used := form.used) is not None:
        number, column = used[0], names.get(used[1], "")
        row = session.scalars(ImportRow.of_number(batch, number)).one_or_none()
        faults = row.faults if row is not None else []
        right = [each.suggestion for each in faults if each.column == column and each.suggestion]
        cells |= dict.fromkeys([(number, column)], right[0]) if right else {}
    count = mending.mend(batch, cells, by=me(), seen=form.seen_at)
    if form.alike_at is not None and form.alike_at < len(batch.alike):
        alike = batch.alike[form.alike_at]
        mending.mend_everywhere(batch, alike.column, alike.typed, alike.meant, by=me())
        return f"{how_many(alike.count, 'cell')} “{alike.typed}” became “{alike.meant}”"
    return f"{how_many(count, 'cell')} changed, and the file was checked again"


@bp.post("/<int:batch_id>/unmend")
@requires(Permission.SUBMIT_ACTUALS)
@reads_client_records
def unmend(batch_id):
    batch, form = _loaded(batch_id), UnmendForm()
    if form.validate_on_submit():
        with refusals_on(form):
            mending.unmend(batch, form.column.data, form.meant.data)
            queue.check_soon(batch, viewed(), by=me())
            return _again(batch, "That is undone")
        batch = _loaded(batch_id)
    return _page(batch, mending_form=form)


@bp.post("/<int:batch_id>/forget/<int:mend_id>")
@requires(Permission.SUBMIT_ACTUALS)
@reads_client_records
def forget(batch_id, mend_id):
    batch, kept = _loaded(batch_id), get_or_404(ValueMend.numbered(mend_id))
    form = ButtonForm()
    if form.validate_on_submit():
        with refusals_on(form):
            mending.forget(kept, by=me())
            session.flush()
            queue.check_soon(batch, viewed(), by=me())
            return _again(batch, "That is undone, here and for files to come")
        batch = _loaded(batch_id)
    return _page(batch, mending_form=form)


@bp.post("/<int:batch_id>/apply")
@requires(Permission.SUBMIT_ACTUALS)
@reads_client_records
def apply(batch_id):
    batch = _loaded(batch_id)
    form = ApplyForm(data={"seen": batch.rows_good})
    if form.validate_on_submit():
        with refusals_on(form):
            wish = queue.Wish(
                batch.rows_good, bool(form.only_good.data), form.confirms.data, form.late_reason.data,
                form.checked_as.data or "",
            )  # fmt: skip
            return done(queue.apply_soon(batch, viewed(), wish, by=me()), then=_at(batch))
        batch = _loaded(batch_id)
    return _page(batch, applying=form)


@bp.post("/<int:batch_id>/discard")
@requires(Permission.SUBMIT_ACTUALS)
@reads_client_records
def discard(batch_id):
    batch, form = _loaded(batch_id), ButtonForm()
    if form.validate_on_submit():
        with refusals_on(form):
            verbs.discard(batch, by=me())
            return done(f"“{batch.file_name}” is discarded", then=url_for(".index"))
        batch = _loaded(batch_id)
    return _page(batch, mending_form=form)


@bp.get("/<int:batch_id>/marked.<file:ending>")
@requires(Permission.SUBMIT_ACTUALS)
@reads_client_records
def marked(batch_id, ending):
    """The file with its faults marked, to be mended in a spreadsheet and uploaded again."""
    batch = _loaded(batch_id)
    table = mending.content_of(batch)
    rows = mending.mended(batch, table)
    faults = {row.number: row for row in session.scalars(ImportRow.faulty(batch))}
    told = list(marked_rows(table.headings, rows, faults))
    if FileKind(ending) is FileKind.CSV:
        return table_file("faults-marked", safe_twice(told), ending)
    write_marked(table.headings, batch.columns, rows, faults, file := io.BytesIO(), sheet=batch.kind.sheet)
    return _workbook("faults-marked", file, table_file("faults-marked", told, "csv").told)


@bp.get("/remembered")
@requires(Permission.SUBMIT_ACTUALS)
def remembered():
    """What is kept for files to come: what values mean, and which columns are which."""
    mends = session.scalars(ValueMend.remembered()).all()
    columns = session.scalars(ColumnMapping.remembered()).all()
    return render("provider/uploads/remembered.html", mends=mends, columns=columns)


@bp.post("/remembered/<int:mend_id>/forget")
@requires(Permission.SUBMIT_ACTUALS)
def forget_value(mend_id):
    mending.forget(get_or_404(ValueMend.numbered(mend_id)), by=me())
    return done("That is forgotten", then=url_for(".remembered"))


def _workbook(name, file, told):
    response = TableFile(file.getvalue())
    response.told, response.mimetype = told, FileKind.XLSX.mimetype
    response.headers.set("Content-Disposition", "attachment", filename=f"{name}.xlsx")
    return response


def _at(batch, **more):
    return url_for(".show", batch_id=batch.id, **more)


def _again(batch, message):
    """What is left of the file's faults, after a mend."""
    page = page_of(ImportRow.of_batch(batch))
    then = _at(batch, page=page.number) if page.number > 1 else _at(batch)
    return done(message, then=then, partial="provider/uploads/_check.html", **_context(batch))


def _loaded(batch_id):
    return get_or_404(ImportBatch.numbered(batch_id))


def _page(batch, *, mending_form=None, applying=None):
    form = next((each for each in (mending_form, applying) if each is not None and each.errors), None)
    return render("provider/uploads/show.html", partial="provider/uploads/_check.html", form=form,
                  **_context(batch, typed=mending_form))  # fmt: skip


def _context(batch, *, typed=None):
    cells = typed.cells.data if isinstance(typed, MendForm) else {}
    return {
        "batch": batch,
        "job": session.scalars(job_of(batch)).one_or_none() if batch.is_long else None,
        "is_partial": wants_partial(),
        "cell_name": cell_name,
        "page": page_of(ImportRow.of_batch(batch)),
        "told": session.scalars(ImportRow.of_batch(batch, is_rejected=False).limit(MOST_WARNINGS)).all(),
        "values": session.scalars(ValueMend.of_kind(batch.kind)).all() if batch.is_open else [],
        "cells": session.execute(CellMend.counted(batch).limit(MOST_WARNINGS)).all() if batch.is_open else [],
        "earlier": session.scalars(batch.earlier_same().limit(1)).first(),
        "typed": cells,
        "places": {name: place for place, name in enumerate(batch.columns) if name},
        "labels": {column.name: column.label for column in COLUMNS[batch.kind]},
        "applying": ApplyForm(formdata=None, data={"seen": batch.rows_good}),
    }

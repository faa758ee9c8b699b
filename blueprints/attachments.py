"""Files that people attach: taking them with a form, and giving them out. In a view:

    @bp.route("/<int:thread_id>/reply", methods=["GET", "POST"])
    @requires(Permission.WRITE_ACTIONS)
    @takes_files
    def reply(thread_id):
        thread = get_or_404(Thread.numbered(thread_id))
        form = ReplyForm()                              # with files = FilesField()
        if sent(form):                                  # in place of form.validate_on_submit()
            with refusals_on(form):
                thread.reply(form.text.data, files=form.files.taken, by=me())     # which calls attachment.keep()

    @bp.get("/<int:thread_id>/files/<int:file_id>")
    @requires(Permission.VIEW_ACTIONS)
    def file(thread_id, file_id):
        thread = get_or_404(Thread.numbered(thread_id))
        return send_attachment(get_or_404(Attachment.one_of(thread, file_id)))

The form says enctype="multipart/form-data" and draws `files_field(form.files)`; the page draws what is attached with
`file_list(files, ".file", thread_id=thread.id)`:

    {% from "components/files.html" import file_list, files_field %}

What was taken stays with the form when it is drawn again, and in a draft: a mark stands for it, sealed for its person
and provider.
"""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast
from urllib.parse import quote

from flask import Flask, Response, current_app, g, request
from flask_login import current_user
from werkzeug.datastructures import FileStorage
from werkzeug.http import dump_options_header
from werkzeug.wsgi import FileWrapper

from blueprints.access import me
from blueprints.security import FILE_POLICY
from blueprints.transactions import note, unlocked
from exchange.files.store import UPLOADS, Store
from exchange.files.taking import FileRefused, VirusFound, take, tidy_name
from forms.base import FlaskForm
from forms.files import FilesField
from models.audit import record
from models.base import DomainError
from models.correspondence.attachment import (
    MISSING,
    MOST_FILES,
    Attachment,
    Taken,
    found_infected,
    remember_unsent,
    tell_of_missing,
    tell_of_virus,
)
from models.correspondence.file_kind import ACCEPT, LARGEST, in_megabytes
from models.correspondence.unsent_file import MOST_UNSENT, unsent_of
from models.tenancy import every_provider
from models.vault import Tampered, seal, unseal

LARGEST_REQUEST = 64 * 1024 * 1024
"""Bytes of a form with files: one that is too large is refused on its form, with what was typed beside it."""
NO_ROOM = (
    "“{name}” cannot be kept: {most} of yours may lie here with forms that are not sent yet. Send those first, or send "
    "this tomorrow"
)
GONE = "A file that came with this before is no longer here. Choose it again"


def init_app(app: Flask) -> None:
    app.before_request(_allow_files)
    app.jinja_env.globals.update(kept_files=kept_files, accepted_files=ACCEPT, largest_file=LARGEST)
    app.jinja_env.filters["megabytes"] = in_megabytes


def takes_files(view: Callable) -> Callable:
    """For a view whose form has files: what it is sent may be larger than elsewhere."""
    view.takes_files = True  # type: ignore[attr-defined]  # functions may have attributes
    return view


def _allow_files() -> None:
    view = current_app.view_functions.get(request.endpoint or "")
    if getattr(view, "takes_files", False):
        request.max_content_length = LARGEST_REQUEST


def store() -> Store:
    return Store(Path(current_app.instance_path) / UPLOADS)


def sent(form: FlaskForm) -> bool:
    """As `form.validate_on_submit()`, with a look at its field `files`: those that may be kept are in
    `form.files.taken`, and of the others the field says what is wrong. Call it before the view has done anything:
    looking takes time, and others may write meanwhile.
    """
    if not form.is_submitted():
        return False
    field: FilesField = form.files  # type: ignore[attr-defined]  # of the forms that have one
    field.taken, wrong = _came_before(field)
    if len(field.data) + len(field.taken) > MOST_FILES:
        wrong.append(f"Send {MOST_FILES} files or fewer at once")
    elif field.data:
        wrong += _look(field)
    field.refuse(wrong)
    return form.validate()


def _look(field: FilesField) -> list[str]:
    """Take the files; what is wrong with those that cannot be."""
    wrong, bad, scanner = [], set(), current_app.config["SETTINGS"].files.scanner
    user_id, provider_id, room = me().id, g.get("provider_id"), MOST_UNSENT - unsent_of(me().id)
    came: list[Taken] = []
    with unlocked():
        for each in field.data:
            if (size := _size(each)) > room and size <= LARGEST:
                wrong.append(NO_ROOM.format(name=tidy_name(each.filename or ""), most=in_megabytes(MOST_UNSENT)))
                continue
            try:
                taken = take(each.filename or "", cast(BinaryIO, each.stream), store(), scanner=scanner)
            except FileRefused as refused:
                wrong.append(str(refused))
                bad |= {refused.sha256} if isinstance(refused, VirusFound) else set()
            else:
                field.taken += [] if taken in field.taken else [taken]
                came.append(taken)
                room -= taken.size
    if came:
        note(lambda: _remember(came, user_id, provider_id))
    if bad:
        note(lambda: _tell_of_viruses(bad))
    return wrong


def _size(file: FileStorage) -> int:
    size = file.stream.seek(0, io.SEEK_END)
    file.stream.seek(0)
    return size


def _remember(files: list[Taken], user_id: int, provider_id: int | None) -> None:
    with every_provider():
        remember_unsent(files, user_id=user_id, provider_id=provider_id)


def _tell_of_viruses(bad: set[str]) -> None:
    """The same file may have been attached before, when the scanner was away or did not know the virus: it is gone."""
    tell_of_virus(current_app.config["SETTINGS"].council.team_email, by=me())
    with every_provider():
        for sha256 in sorted(bad):
            found_infected(sha256, "")


def kept_files(field: FilesField) -> list[tuple[str, Taken]]:
    """The files that stay with the form as it is drawn, each with the mark that stands for it."""
    files = field.taken or _came_before(field)[0]
    return [(seal(_owner(), json.dumps(each.as_dict())), each) for each in files]


def _came_before(field: FilesField) -> tuple[list[Taken], list[str]]:
    found, wrong = [], []
    for mark in field.sealed[:MOST_FILES]:
        try:
            taken = Taken.from_dict(json.loads(unseal(_owner(), mark)))
        except Tampered:
            wrong.append(GONE)
            continue
        if store().has(taken.sha256):
            found.append(taken)
        else:
            wrong.append(GONE)
    return found, wrong[:1]


def _owner() -> str:
    """Whom a mark is sealed for: nobody takes a file over to another person's form, or to another provider."""
    return f"file:{current_user.id}:{g.get('provider_id') or ''}"


def send_attachment(attachment: Attachment) -> Response:
    """The file, to save. Load the record that holds it before: permission to read that is permission to read this. Who
    opened it is noted. DomainError where it waits for the virus scanner, or held a virus.
    """
    attachment.insist_on_being_open()
    path = stored(attachment)
    note(lambda: record("file.opened", attachment, by=me()))
    response = Response(FileWrapper(path.open("rb")), mimetype=attachment.kind.mimetype, direct_passthrough=True)
    response.headers["Content-Disposition"] = _to_save_as(attachment)
    response.headers["Content-Security-Policy"] = FILE_POLICY
    response.content_length = attachment.size
    return response


def stored(attachment: Attachment) -> Path:
    """Where what is in the file lies. DomainError where it is gone: then the team is told. Call it before the view has
    done anything.
    """
    path = store().path(attachment.sha256)
    if not path.is_file():
        current_app.logger.error("what is in attachment %s is not in the store", attachment.id)
        note(lambda: tell_of_missing(attachment, current_app.config["SETTINGS"].council.team_email))
        raise DomainError(MISSING)
    return path


def _to_save_as(attachment: Attachment) -> str:
    """Headers hold ASCII only: another name is written as RFC 5987 says, beside one that every browser takes."""
    names = {"filename": attachment.name}
    if not attachment.name.isascii():
        encoded = quote(attachment.name, safe="")
        names = {"filename": f"file.{attachment.kind}", "filename*": f"UTF-8''{encoded}"}
    return dump_options_header("attachment", names)

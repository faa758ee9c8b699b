"""The fields for files of a form."""

from typing import Any

from werkzeug.datastructures import FileStorage
from wtforms import FileField, MultipleFileField

from models.correspondence.attachment import MOST_FILES, Taken
from models.correspondence.file_kind import KINDS, LARGEST, in_megabytes

HINT = f"{KINDS}. Up to {MOST_FILES} files, {in_megabytes(LARGEST)} each, 60 MB together"


class OneFileField(FileField):
    """One file that is read when the form comes, and not kept with it. What comes in its place as text is none."""

    data: Any
    """A FileStorage, or None where no file came."""

    def process(self, formdata: Any, *more: Any, **named: Any) -> None:
        super().process(formdata, *more, **named)
        self.data = self.data if isinstance(self.data, FileStorage) and self.data.filename else None


class FilesField(MultipleFileField):
    """Files that somebody sends with a form, drawn by `files_field` of components/files.html. `sent()` of
    blueprints/attachments.py looks at them: what may be kept is then in `taken`.
    """

    data: list[FileStorage]
    taken: list[Taken]
    """What was looked at and may be kept, in the order in which it was chosen."""
    sealed: list[str]
    """Marks of files that came with this form before, and are not sent again: see blueprints/attachments.py."""

    def __init__(self, label: str = "Files (optional)", **options: Any) -> None:
        super().__init__(label, **{"description": HINT, **options})
        self.taken = []

    def process(self, formdata: Any, *more: Any, **named: Any) -> None:
        super().process(formdata, *more, **named)
        self.sealed = list(formdata.getlist(self.kept_name)) if formdata is not None else []
        self.data = [each for each in self.data or [] if isinstance(each, FileStorage) and each.filename]

    @property
    def kept_name(self) -> str:
        """What the boxes are called that stand for files that came before."""
        return f"{self.name}-kept"

    def refuse(self, reasons: list[str]) -> None:
        """What is wrong with the files, for the validation that follows."""
        self.process_errors = [*self.process_errors, *reasons]

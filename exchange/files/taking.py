"""Looking at a file that somebody sends, and keeping it: by its name, by what is in it, by its size, and for viruses.

A refusal says why and what to do, and names the file as its sender called it.
"""

import io
import unicodedata
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import BinaryIO

from exchange.files.pictures import NoPicture, TooManyPixels, redrawn
from exchange.files.scanner import Verdict, scan
from exchange.files.store import Store
from exchange.files.structure import Wrong, check_office, check_pdf, check_text
from models.base import DomainError
from models.correspondence.attachment import Taken
from models.correspondence.file_kind import ENDINGS, KINDS, LARGEST, LONGEST_NAME, FileKind, in_megabytes

_PICTURES = {"jpg": "JPEG", "jpeg": "JPEG", "heic": "HEIF", "heif": "HEIF", "png": "PNG"}
_INSTEAD = {
    "doc": "Save it as .docx in Word, or as a PDF, and send that",
    "xls": "Save it as .xlsx in Excel, and send that",
    "docm": "It may hold macros. Save it as .docx, and send that",
    "xlsm": "It may hold macros. Save it as .xlsx, and send that",
    "zip": "Unpack it, and send the files in it",
}
_CHECKS: dict[FileKind, Callable[[BinaryIO], None]] = {
    FileKind.PDF: check_pdf,
    FileKind.DOCX: lambda file: check_office(file, "word/document.xml"),
    FileKind.XLSX: lambda file: check_office(file, "xl/workbook.xml"),
    FileKind.CSV: check_text,
    FileKind.TEXT: check_text,
}


class FileRefused(DomainError):
    """The file is not taken; the text says why, and what to do."""


class VirusFound(FileRefused):
    """The scanner has found a virus in it. Nothing of it is kept."""

    def __init__(self, words: str, sha256: str) -> None:
        super().__init__(words)
        self.sha256 = sha256


def take(name: str, sent: BinaryIO, store: Store, *, scanner: str = "") -> Taken:
    """Look at the file and keep it in the store, for models.correspondence.attachment.keep(). A picture is kept at
    1,600 pixels and without where it was taken. FileRefused or VirusFound.

    `scanner`: where the virus scanner listens; empty where the council has none. While it does not answer, the file is
    kept as one that waits.
    """
    name = tidy_name(name)
    ending = PurePosixPath(name).suffix.lower().removeprefix(".")
    if ending not in ENDINGS:
        instead = _INSTEAD.get(ending, f"Choose a file of one of these kinds: {KINDS}")
        raise FileRefused(f"“{name}” cannot be sent. {instead}")
    size = sent.seek(0, io.SEEK_END)
    sent.seek(0)
    if size == 0:
        raise FileRefused(f"“{name}” is empty. Check that it is the right file")
    if size > LARGEST:
        less = "Send it in parts, or as a smaller PDF" if ending not in _PICTURES else "Make the picture smaller"
        largest, has = in_megabytes(LARGEST), in_megabytes(size)
        has = f"a little more than {has}" if has == largest else has
        raise FileRefused(f"“{name}” has {has}, and a file can have {largest}. {less}")
    kind = ENDINGS[ending]
    if ending in _PICTURES:
        sent, name = _picture(name, sent, _PICTURES[ending]), _renamed(name, kind)
    else:
        _check(name, sent, kind)
    return _kept(name, sent, kind, store, scanner)


def _check(name: str, sent: BinaryIO, kind: FileKind) -> None:
    try:
        _CHECKS[kind](sent)
    except Wrong as wrong:
        raise FileRefused(f"“{name}” {wrong}") from None
    sent.seek(0)


def _picture(name: str, sent: BinaryIO, kind: str) -> BinaryIO:
    try:
        return io.BytesIO(redrawn(sent.read(), kind))
    except TooManyPixels:
        raise FileRefused(f"“{name}” has more than 40 million pixels. Make the picture smaller") from None
    except NoPicture:
        said = "JPEG" if kind == "JPEG" else "PNG" if kind == "PNG" else "HEIC"
        raise FileRefused(
            f"“{name}” cannot be read as a {said} picture. Open it, save it again, and send that"
        ) from None


def _kept(name: str, sent: BinaryIO, kind: FileKind, store: Store, scanner: str) -> Taken:
    full = FileRefused(f"“{name}” cannot be kept, since our disk is full. Send this without it, and contact us")
    if not store.has_room():
        raise full
    try:
        digest, size = store.put(sent)
    except OSError:
        raise full from None
    verdict = scan(scanner, store.path(digest)) if scanner else Verdict.CLEAN
    if verdict is Verdict.INFECTED:
        store.remove(digest)
        raise VirusFound(f"“{name}” holds a virus, and was not kept. Check the device that it comes from", digest)
    return Taken(digest, name, kind, size, is_pending=verdict is Verdict.UNAVAILABLE)


def tidy_name(name: str) -> str:
    """The name of a file as it is kept and shown: without folders, control characters and marks that turn the direction
    of writing, composed (NFC), no more than LONGEST_NAME characters, and never empty.
    """
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    plain = "".join(each for each in last if unicodedata.category(each) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))
    plain = " ".join(plain.split()).strip(". ")
    path = PurePosixPath(plain)
    return f"{path.stem[: LONGEST_NAME - len(path.suffix)]}{path.suffix}"[:LONGEST_NAME] or "file"


def _renamed(name: str, kind: FileKind) -> str:
    """A picture from a telephone, IMG_0001.HEIC, is kept as IMG_0001.jpg."""
    path = PurePosixPath(name)
    return f"{path.stem}.{kind.value}" if path.suffix.lower() in (".heic", ".heif") else name

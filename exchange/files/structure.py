"""Whether what is in a file is what its name says. What may be something else as well is refused."""

import io
import zipfile
import zlib
from lzma import LZMAError
from typing import BinaryIO

MOST_PARTS = 5_000
LARGEST_UNPACKED = 200_000_000
"""Bytes: an office file is a zip, and a small one may unpack to very much."""
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How office files of before 2007 begin, and newer ones that ask for a password."""
_BROKEN = (zipfile.BadZipFile, zlib.error, LZMAError)
LOCKED = "asks for a password. Save it without one, and send that"


class Wrong(Exception):
    """What is wrong with the file: a sentence that goes on after its name."""


def check_pdf(file: BinaryIO) -> None:
    file.seek(0)
    data = file.read()
    if not data.startswith(b"%PDF-") or b"%%EOF" not in data[-2_048:]:
        raise Wrong("is no whole PDF. Open it, save it again, and send that")
    if b"/Encrypt" in data:
        raise Wrong(LOCKED)


def check_office(file: BinaryIO, main: str) -> None:
    """`main` is the part that makes it a document or a workbook."""
    file.seek(0)
    if file.read(len(_OLE)) == _OLE:
        raise Wrong(f"{LOCKED}. If it asks for none, it is of an old kind: save it as .docx or .xlsx")
    file.seek(0)
    broken = "cannot be opened. Open it, save it again, and send that"
    try:
        with zipfile.ZipFile(file) as packed:
            parts = packed.infolist()
            names = {each.filename for each in parts}
            if len(parts) > MOST_PARTS or sum(each.file_size for each in parts) > LARGEST_UNPACKED:
                raise Wrong("unpacks to too much. Send it in parts, or as a PDF")
            if main not in names or "[Content_Types].xml" not in names:
                raise Wrong("is not what its name says. Open it, save it again, and send that")
            kinds = packed.read("[Content_Types].xml")
    except (*_BROKEN, NotImplementedError, RuntimeError, EOFError, OSError, ValueError):
        raise Wrong(broken) from None
    if b"macroEnabled" in kinds or any(name.lower().endswith("vbaproject.bin") for name in names):
        raise Wrong("holds macros. Save it without them, and send that")


def check_text(file: BinaryIO) -> None:
    """UTF-8, with or without its mark, UTF-16 with its mark, or what Windows writes; nothing that no keyboard has."""
    file.seek(0)
    data = file.read()
    if any(ord(each) < 32 and each not in "\t\n\r\f" for each in _decoded(data)):
        raise Wrong("is no text. Send it as what it is, or as a PDF")


def _decoded(data: bytes) -> str:
    codings = ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp1252")
    for coding in codings:
        try:
            return io.StringIO(data.decode(coding)).read()
        except UnicodeDecodeError:
            continue
    raise Wrong("is no text that we can read. Save it as UTF-8, or as a PDF, and send that")

"""Which files may be attached: their kinds, their endings and their sizes."""

from models.words import Choice

MEGABYTE = 1_000_000
LARGEST = 10 * MEGABYTE
"""Bytes of one file, as it is sent."""
LONGEST_NAME = 150
KINDS = "PDF, Word (.docx), Excel (.xlsx), JPEG, PNG, HEIC, CSV or text (.txt)"
"""What may be attached, for whoever chooses."""


class FileKind(Choice):
    """What may be attached. The value is the ending under which it is kept and saved."""

    PDF = "pdf"
    DOCX = "docx"
    XLSX = "xlsx"
    JPEG = "jpg"
    PNG = "png"
    CSV = "csv"
    TEXT = "txt"

    @property
    def mimetype(self) -> str:
        """How it is served. Nothing else is ever served, whatever the browser called it when it was sent."""
        return _MIMETYPES[self]

    @property
    def label(self) -> str:
        return _LABELS[self]


_OFFICE = "application/vnd.openxmlformats-officedocument"
_MIMETYPES = {
    FileKind.PDF: "application/pdf",
    FileKind.DOCX: f"{_OFFICE}.wordprocessingml.document",
    FileKind.XLSX: f"{_OFFICE}.spreadsheetml.sheet",
    FileKind.JPEG: "image/jpeg",
    FileKind.PNG: "image/png",
    FileKind.CSV: "text/csv",
    FileKind.TEXT: "text/plain",
}
_LABELS = {
    FileKind.PDF: "PDF",
    FileKind.DOCX: "Word",
    FileKind.XLSX: "Excel",
    FileKind.JPEG: "picture",
    FileKind.PNG: "picture",
    FileKind.CSV: "CSV",
    FileKind.TEXT: "text",
}
ENDINGS = {
    "pdf": FileKind.PDF,
    "docx": FileKind.DOCX,
    "xlsx": FileKind.XLSX,
    "jpg": FileKind.JPEG,
    "jpeg": FileKind.JPEG,
    "heic": FileKind.JPEG,
    "heif": FileKind.JPEG,
    "png": FileKind.PNG,
    "csv": FileKind.CSV,
    "txt": FileKind.TEXT,
}
"""What the name may end in, and what it is kept as: a picture of an iPhone becomes a JPEG, which everybody can open."""
ACCEPT = ",".join(f".{ending}" for ending in ENDINGS)
"""What a browser offers to choose from."""


def in_megabytes(size: int) -> str:
    """40.2 MB, 512 KB: as people say it, from bytes."""
    if size >= MEGABYTE:
        return f"{size / MEGABYTE:.1f} MB".replace(".0 ", " ")
    return f"{max(1, round(size / 1_000))} KB"

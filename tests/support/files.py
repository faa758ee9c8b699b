"""Files as people send them, and a virus scanner to ask about them."""

import io
import socket
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image, TiffImagePlugin

PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
GPS = 0x8825
LETTER = b"Dear council"
"""What is in the one file that every test finds in the store of the app."""


def office(main: str = "word/document.xml", *more: str, kinds: str = "<Types/>") -> bytes:
    """A Word file, or with `xl/workbook.xml` an Excel file; `more` are names of parts."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("[Content_Types].xml", kinds)
        for name in (main, *more):
            packed.writestr(name, "<x/>")
    return file.getvalue()


def picture(kind: str = "JPEG", size: tuple[int, int] = (40, 30), *, turned: bool = False) -> bytes:
    """A picture with a position in it. `turned`: it lies on its side, and says so."""
    made = Image.new("RGB", size, "#3a7")
    exif = Image.Exif()
    exif[0x010F] = "Camera of the Hills"
    exif[0x0112] = 6 if turned else 1
    place = exif.get_ifd(GPS)
    place[1], place[2] = "N", tuple(TiffImagePlugin.IFDRational(each) for each in (54, 46, 34))
    exif[GPS] = place
    if kind == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener()
    made.save(file := io.BytesIO(), kind, exif=exif)
    return file.getvalue()


@contextmanager
def scanner(answer: bytes = b"") -> Iterator[str]:
    """clamd, at an address: it finds EICAR; or always says `answer`, and "-" is to hang up."""
    server = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=_serve, args=(server, answer), daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.getsockname()[1]}"
    finally:
        server.close()


def _serve(server: socket.socket, answer: bytes) -> None:
    while True:
        try:
            line, _ = server.accept()
        except OSError:
            return
        with line, line.makefile("rb") as said:
            if answer == b"-":
                continue
            assert said.read(10) == b"zINSTREAM\0"
            sent = b""
            while size := int.from_bytes(said.read(4), "big"):
                sent += said.read(size)
            line.sendall(answer or (b"stream: Eicar-Test FOUND\0" if EICAR in sent else b"stream: OK\0"))

"""Which files are taken, what is kept of them, and what a refusal says."""

import io
import zipfile

import pytest
from PIL import Image

from exchange.files.store import Store
from exchange.files.taking import FileRefused, VirusFound, take, tidy_name
from models.correspondence.file_kind import LARGEST, FileKind
from tests.support.files import EICAR, PDF, office, picture, scanner


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "uploads")


def taken(store, name, data, **more):
    return take(name, io.BytesIO(data), store, **more)


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("letter.pdf", PDF, FileKind.PDF),
        ("Letter.DOCX", office(), FileKind.DOCX),
        ("list.xlsx", office("xl/workbook.xml"), FileKind.XLSX),
        ("list.csv", "Tŷ’r Ŵyn,1\r\n".encode(), FileKind.CSV),
        ("note.txt", "caf\u00e9\n".encode("cp1252"), FileKind.TEXT),
        ("note.txt", "Łukasz".encode("utf-16"), FileKind.TEXT),
    ],
)
def test_what_is_what_its_name_says_is_kept_as_it_is(store, name, data, kind):
    found = taken(store, name, data)
    assert (found.name, found.kind, found.size, found.is_pending) == (name, kind, len(data), False)
    path = store.path(found.sha256)
    assert path.read_bytes() == data
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("letter.pdf", office(), "is no whole PDF"),
        ("letter.pdf", PDF[:-8], "is no whole PDF"),
        ("letter.pdf", PDF.replace(b"<</Root", b"<</Encrypt 5 0 R/Root"), "asks for a password"),
        ("letter.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "asks for a password"),
        ("letter.docx", office("xl/workbook.xml"), "is not what its name says"),
        ("letter.docx", office("word/document.xml", "word/vbaProject.bin"), "holds macros"),
        ("list.xlsx", office("xl/workbook.xml", kinds="<x>ms-excel.sheet.macroEnabled</x>"), "holds macros"),
        ("list.xlsx", b"PK\x03\x04 and nothing", "cannot be opened"),
        ("list.csv", picture("PNG"), "is no text"),
        ("note.txt", b"MZ\x00\x01", "is no text"),
        ("photo.jpg", PDF, "cannot be read as a JPEG picture"),
        ("photo.jpg", picture("PNG"), "cannot be read as a JPEG picture"),
        ("photo.heic", picture(), "cannot be read as a HEIC picture"),
        ("photo.png", picture("PNG")[:60], "cannot be read as a PNG picture"),
        ("page.html", b"<script>", "Choose a file of one of these kinds"),
        ("drawing.svg", b"<svg/>", "Choose a file of one of these kinds"),
        ("letter.pdf.exe", PDF, "Choose a file of one of these kinds"),
        ("letter", PDF, "Choose a file of one of these kinds"),
        ("all.zip", office(), "Unpack it"),
        ("list.xlsm", office("xl/workbook.xml"), "Save it as .xlsx"),
        ("letter.doc", b"\xd0\xcf\x11\xe0", "Save it as .docx"),
        ("letter.pdf", b"", "is empty"),
    ],
)
def test_anything_else_is_refused_in_words_and_nothing_of_it_is_kept(store, tmp_path, name, data, words):
    with pytest.raises(FileRefused) as refused:
        taken(store, name, data)
    assert str(refused.value).startswith(f"“{name}” ")
    assert words in str(refused.value)
    assert not list(tmp_path.rglob("*"))


def test_the_largest_is_ten_megabytes(store):
    ends = b"%%EOF\n"
    at_most = PDF + bytes(LARGEST - len(PDF) - len(ends)) + ends
    assert taken(store, "a.pdf", at_most).size == 10_000_000
    with pytest.raises(FileRefused, match="has 40 MB, and a file can have 10 MB. Send it in parts"):
        taken(store, "a.pdf", bytes(40_000_000))
    with pytest.raises(FileRefused, match="and a file can have 10 MB"):
        taken(store, "a.pdf", at_most + b"\n")


@pytest.mark.parametrize(
    ("name", "kind", "kept_as"),
    [
        ("IMG_0001.JPG", "JPEG", "IMG_0001.JPG"),
        ("IMG_0001.HEIC", "HEIF", "IMG_0001.jpg"),
        ("scan.png", "PNG", "scan.png"),
    ],
)
def test_a_picture_is_drawn_anew_without_where_it_was_taken(store, name, kind, kept_as):
    sent = picture(kind, (2_000, 1_000))
    assert b"Camera of the Hills" in sent or Image.open(io.BytesIO(sent)).getexif()
    found = taken(store, name, sent)
    assert found.name == kept_as
    kept = store.path(found.sha256).read_bytes()
    assert b"Camera" not in kept
    assert b"Exif" not in kept
    with Image.open(io.BytesIO(kept)) as drawn:
        assert (drawn.size, drawn.format) == ((1_600, 800), "PNG" if kind == "PNG" else "JPEG")
        assert not drawn.getexif()
        assert "exif" not in drawn.info
        red, green, blue = drawn.convert("RGB").getpixel((5, 5))
        assert abs(red - 0x33) < 6
        assert abs(green - 0xAA) < 6
        assert abs(blue - 0x77) < 6


def test_a_picture_that_lies_on_its_side_is_set_upright(store):
    kept = store.path(taken(store, "a.jpg", picture("JPEG", (40, 30), turned=True)).sha256)
    with Image.open(kept) as drawn:
        assert drawn.size == (30, 40)


def test_a_picture_of_very_many_pixels_is_refused(store):
    file = io.BytesIO()
    Image.new("1", (8_000, 5_001)).save(file, "PNG")
    with pytest.raises(FileRefused, match="more than 40 million pixels"):
        taken(store, "a.png", file.getvalue())


@pytest.mark.parametrize(
    ("name", "kept_as"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\me\\plan.pdf", "plan.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie: x.pdf"),
        ("\u202efdp.exe", "fdp.exe"),
        ("cafe\u0301.pdf", "caf\u00e9.pdf"),
        ("  two   words .pdf. ", "two words .pdf"),
        ("שלום.pdf", "שלום.pdf"),
        ("...", "file"),
        ("x" * 300 + ".pdf", "x" * 146 + ".pdf"),
    ],
)
def test_a_name_is_cleaned_and_kept(name, kept_as):
    assert tidy_name(name) == kept_as


def test_the_scanner_s_verdict_decides(store, tmp_path):
    virus = b"a note\n" + EICAR
    with scanner() as address:
        assert not taken(store, "note.txt", b"a note", scanner=address).is_pending
        with pytest.raises(VirusFound, match="holds a virus, and was not kept"):
            taken(store, "note.txt", virus, scanner=address)
        assert len([path for path in tmp_path.rglob("*") if path.is_file() and path.name != ".lock"]) == 1
    for answer in (b"-", b"INSTREAM size limit exceeded. ERROR\0", b"stream: OK and more\0"):
        with scanner(answer) as address:
            assert taken(store, "note.txt", virus, scanner=address).is_pending
    assert taken(store, "note.txt", virus, scanner="/nowhere/clamd.ctl").is_pending


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_an_office_file_that_was_damaged_on_its_way_is_refused(store, method):
    file, part = io.BytesIO(), b"[Content_Types].xml"
    with zipfile.ZipFile(file, "w", method) as packed:
        packed.writestr(part.decode(), "abcdefgh" * 500)
        packed.writestr("word/document.xml", "<x/>")
    data = bytearray(file.getvalue())
    start = data.index(part) + len(part) + (9 if method == zipfile.ZIP_LZMA else 0)
    data[start] ^= 0xFF
    data[start + 1] ^= 0xFF
    with pytest.raises(FileRefused, match="cannot be opened"):
        taken(store, "letter.docx", bytes(data))


def test_a_scan_in_sixteen_bits_of_grey_does_not_come_out_white(store):
    Image.new("I;16", (9, 9), 30_000).save(file := io.BytesIO(), "PNG")
    kept = Image.open(store.path(taken(store, "scan.png", file.getvalue()).sha256))
    assert kept.convert("L").getpixel((4, 4)) == 30_000 // 256

"""The council's seal on a PDF: what it holds, what breaks it, and keys that cannot be used."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from exchange.pdf.agreement import agreement_pdf
from exchange.pdf.seal import NoSeal, certificate_of, fingerprint, look_at, seal
from tests.exchange.pdf.test_agreement import PAPER
from tests.support.seals import make_key


@pytest.fixture(scope="module")
def pdf():
    return agreement_pdf(PAPER)


@pytest.fixture
def key(tmp_path):
    return make_key(tmp_path / "seal.p12")


def test_a_sealed_file_begins_with_the_bytes_that_were_agreed_and_names_who_sealed_it(pdf, key):
    sealed = seal(pdf, key, reason="for the act abc")
    assert sealed.startswith(pdf)
    found = look_at(sealed)
    assert (found.is_whole, found.whose, found.reason) == (True, "Borsetshire Council", "for the act abc")
    assert found.certificate_sha256 == fingerprint(certificate_of(key))


def test_it_is_sealed_and_read_where_an_event_loop_is_running(pdf, key):
    async def both():
        return look_at(seal(pdf, key, reason="for the act abc"))

    with ThreadPoolExecutor(1) as pool:  # where no browser test of the same worker has left its own loop running
        assert pool.submit(asyncio.run, both()).result().is_whole


def test_a_byte_that_is_changed_or_added_breaks_the_seal(pdf, key):
    sealed = seal(pdf, key, reason="for the act abc")
    place = len(pdf) // 2
    changed = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
    assert b"act abc" in sealed
    for each in (changed, sealed.replace(b"act abc", b"act abd"), sealed + b"\n%added"):
        assert not look_at(each).is_whole


def test_what_bears_no_seal_says_so(pdf):
    for each in (pdf, b"%PDF", b""):
        with pytest.raises(NoSeal, match="cannot be read"):
            look_at(each)


def test_what_is_no_pdf_or_no_whole_one_is_not_sealed(key):
    for content, why in ((b"Terms", "it is no PDF"), (b"%PDF-1.4 no pdf", "this PDF cannot be sealed")):
        with pytest.raises(NoSeal, match=why):
            seal(content, key, reason="")


def test_a_key_that_cannot_be_used_says_why(key, tmp_path, pdf):
    (tmp_path / "text.p12").write_text("no key")
    for wrong, why in (
        (replace(key, path=tmp_path / "none.p12"), "it cannot be read: No such file"),
        (replace(key, password="another"), "SEAL_PASSWORD is not its password"),
        (replace(key, path=tmp_path / "text.p12"), "it is no PKCS#12 file"),
        (make_key(tmp_path / "old.p12", begins=-10, days=9), "its certificate has expired on"),
        (make_key(tmp_path / "new.p12", begins=1), "its certificate is not valid before"),
    ):
        with pytest.raises(NoSeal, match=why):
            seal(pdf, wrong, reason="")

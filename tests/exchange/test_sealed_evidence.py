"""The receipt of an agreement with the council's seal on a copy of its PDF."""

import io
import zipfile
from dataclasses import replace
from hashlib import sha256

import pytest

from exchange.evidence import HOW, SEALED, receipt, verify
from exchange.pdf.agreement import agreement_pdf
from exchange.pdf.seal import seal
from models.correspondence.document import ContractDocument, DocumentKind
from tests.exchange.pdf.test_agreement import PAPER
from tests.exchange.test_evidence import act, changed, sealed
from tests.support.seals import make_key

NAME = "agreement-I1-version-2.pdf"


@pytest.fixture(scope="module")
def file():
    return agreement_pdf(PAPER)


@pytest.fixture
def key(tmp_path):
    return make_key(tmp_path / "seal.p12")


def packed(file, key, name=NAME):
    of = act(file_sha256=sha256(file).hexdigest())
    kind = DocumentKind.SERVICE_AGREEMENT
    return receipt(ContractDocument(kind=kind, paper=PAPER, act=of, file_name=name), file, [sealed(of)], key)


def inside(whole):
    with zipfile.ZipFile(io.BytesIO(whole)) as bundle:
        return {name: bundle.read(name) for name in bundle.namelist()}


def wrong(whole):
    return [each.words for each in verify(whole) if not each.is_right]


def test_a_receipt_holds_the_file_that_was_agreed_and_a_sealed_copy_and_says_so(file, key):
    whole = packed(file, key)
    parts = inside(whole)
    assert parts[NAME] == file
    assert parts[f"{SEALED}{NAME}"].startswith(file)
    assert b"the same file with the council's seal behind its last byte" in parts[HOW]
    told = [each.words for each in verify(whole)]
    assert wrong(whole) == []
    assert "Its seal names this act" in told
    assert any(each.startswith("The seal says that it is of Borsetshire Council, by a certificate") for each in told)


def test_a_receipt_without_a_key_says_that_it_bears_no_seal(file):
    whole = packed(file, None)
    assert b"The file bears no seal of the council: the council seals no receipts." in inside(whole)[HOW]
    assert wrong(whole) == []
    assert any("no copy with the council’s seal" in each.words for each in verify(whole))


@pytest.mark.parametrize(("begins", "days"), [(-10, 9), (1, 9)])
def test_a_key_that_cannot_be_used_takes_nobodys_receipt_away(file, tmp_path, begins, days, caplog):
    whole = packed(file, make_key(tmp_path / "old.p12", begins=begins, days=days))
    assert b"the council's key could not be used when this receipt was made" in inside(whole)[HOW]
    assert wrong(whole) == []
    assert "a receipt is not sealed: its certificate" in caplog.text


def test_what_is_no_pdf_is_given_unsealed_and_says_why(key):
    assert b"no seal of the council: it is no PDF" in inside(packed(b"Terms and conditions", key, "terms.txt"))[HOW]


def test_a_sealed_copy_that_was_changed_or_is_of_another_act_or_file_is_found(file, key):
    whole, there = packed(file, key), f"{SEALED}{NAME}"
    other = seal(file, key, reason="Agreed in the Provider Portal. SHA-256 of the act: 0")
    elsewhere = seal(agreement_pdf(replace(PAPER, version=3)), key, reason="")
    for make, words in (
        (lambda content: content + b"\n%more", "The sealed copy was changed after its seal"),
        (lambda _: other, "Its seal names another act"),
        (lambda _: elsewhere, "The sealed copy is of another file than the one that was agreed"),
        (lambda _: file, "There is no seal on the sealed copy: it cannot be read"),
    ):
        assert any(each.startswith(words) for each in wrong(changed(whole, there, make))), words


def test_whichever_byte_of_the_sealed_copy_is_changed_is_found(file, key):
    """One in a few hundred, all over it: checking a seal takes a while."""
    whole, there = packed(file, key), f"{SEALED}{NAME}"
    size = len(inside(whole)[there])
    for place in range(0, size, size // 40):

        def flip(content, at=place):
            return content[:at] + bytes([content[at] ^ 0x41]) + content[at + 1 :]

        assert wrong(changed(whole, there, flip)), place

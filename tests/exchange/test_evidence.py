"""The receipt of an agreement: what is in it, and what its check finds when one byte is another."""

import io
import json
import zipfile
from datetime import UTC, datetime
from hashlib import sha256
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.cli import ScriptInfo

from commands.evidence import verify as command
from exchange import evidence
from exchange.evidence import ACT, AUDIT, SAYS, NoReceipt, receipt, verify
from models.auditing.chain import START, canonical, seal_of
from models.correspondence.document import Act, ContractDocument, DocumentKind
from tests.exchange.pdf.test_agreement import PAPER

FILE = b"%PDF what was agreed"


def act(**given):
    usual = {
        "document_id": 4, "kind": "Individual Service Agreement", "title": "Individual Service Agreement", "version": 2,
        "sha256": PAPER.sha256, "file_sha256": sha256(FILE).hexdigest(), "statement": "I am authorised", "user_id": 7,
        "user": "Dawn Stockton", "email": "dawn@example.org", "role": "Contract signatory", "provider": "Oak House",
        "provider_reference": "P1", "at": "2019-10-02T09:00:00+00:00", "proved_by": "their password", "address": "",
        "agent": "", "session_sha256": "",
    }  # fmt: skip
    return Act(**usual | given)


def sealed(of, user_id=7):
    row = SimpleNamespace(
        id=1, at=datetime(2019, 10, 2, 9, tzinfo=UTC), action="document.agreed", user_id=user_id, provider_id=3,
        subject="contract_document:4", detail={"act_sha256": of.sha256_of_act},
    )  # fmt: skip
    return {"event": canonical(row), "seq": 1, "hash": seal_of(START, row), "before": START}


def packed(of=None, events=None):
    of = of or act()
    document = ContractDocument(
        kind=DocumentKind.SERVICE_AGREEMENT, paper=PAPER, act=of, file_name="agreement-I1-version-2.pdf"
    )
    return receipt(document, FILE, [sealed(of)] if events is None else events)


def changed(whole, name, change):
    """The receipt with one of its files changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(out, "w") as new:
        for each in old.namelist():
            new.writestr(each, change(old.read(each)) if each == name else old.read(each))
    return out.getvalue()


def wrong(whole):
    return [each.words for each in verify(whole) if not each.is_right]


def test_a_receipt_says_how_it_is_checked_and_every_hash_fits():
    whole = packed()
    assert wrong(whole) == []
    assert packed() == whole
    with zipfile.ZipFile(io.BytesIO(whole)) as bundle:
        assert sorted(bundle.namelist()) == [
            "HOW-TO-CHECK.txt", "act.json", "agreement-I1-version-2.pdf", "audit.json", "says.json",
        ]  # fmt: skip
        assert "./portal evidence verify" in bundle.read("HOW-TO-CHECK.txt").decode()
        assert sha256(bundle.read(SAYS)).hexdigest() == PAPER.sha256
        assert json.loads(bundle.read(ACT))["user"] == "Dawn Stockton"


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        ("agreement-I1-version-2.pdf", b"agreed", b"Agreed", "The file is not the one that was agreed"),
        (SAYS, b"8725000", b"9152500", "The data are not what was agreed"),
        (ACT, b"Dawn", b"Fawn", "name no such act"),
        (AUDIT, b"2019-10-02", b"2019-10-03", "is not that of this event"),
    ],
)
def test_whatever_is_changed_is_found(name, old, new, words):
    whole = changed(packed(), name, lambda content: content.replace(old, new))
    assert any(words in each for each in wrong(whole)), wrong(whole)


def test_an_act_that_the_audit_gives_to_somebody_else_is_found():
    assert wrong(packed(events=[sealed(act(), user_id=8)])) == ["The audit names somebody else"]
    assert any("name no such act" in each for each in wrong(packed(events=[])))


def test_one_that_is_made_up_with_care_is_told_to_be_of_one_piece_and_no_more():
    """Whoever makes up an act makes up its event and seal as well: only the council's audit knows better."""
    made_up = act(user="Fawn Stockton")
    told = [each.words for each in verify(packed(made_up))]
    assert not [each for each in told if "audit has the act" in each]
    assert told[-1].endswith(f"./portal audit verify --head {sealed(made_up)['hash']}")
    assert "of one piece" in told[-1]


def test_what_is_no_receipt_is_told_so():
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as bundle:
        bundle.writestr("a.txt", "x")
    for each in (b"", b"no zip", other.getvalue(), changed(packed(), ACT, lambda _: b"[]")):
        with pytest.raises(NoReceipt):
            verify(each)


def test_whichever_byte_is_changed_the_answer_is_a_finding_or_that_it_is_no_receipt():
    whole = packed()
    for place in range(len(whole)):
        try:
            verify(whole[:place] + bytes([whole[place] ^ 0x41]) + whole[place + 1 :])
        except NoReceipt:
            continue


@pytest.mark.parametrize("name", [ACT, AUDIT])
def test_data_without_an_end_of_brackets_are_no_receipt(name):
    with pytest.raises(NoReceipt):
        verify(changed(packed(), name, lambda _: b"[" * 100_000))


def test_more_than_a_receipt_holds_is_not_unpacked(monkeypatch):
    monkeypatch.setattr(evidence, "LARGEST", 100)
    with pytest.raises(NoReceipt, match="more than a receipt"):
        verify(packed())


def test_the_command_needs_no_database_and_ends_with_1_where_something_is_wrong(tmp_path):
    good, bad, none = (tmp_path / name for name in ("good.zip", "bad.zip", "none.zip"))
    good.write_bytes(packed())
    bad.write_bytes(changed(packed(), SAYS, lambda content: content + b" "))
    none.write_bytes(b"x")
    bare = ScriptInfo(create_app=lambda: Flask("no portal"))
    runs = [CliRunner().invoke(command, [str(path)], obj=bare) for path in (good, bad, none)]
    assert [run.exit_code for run in runs] == [0, 1, 1]
    assert "ok     Dawn Stockton (Contract signatory) agreed for Oak House" in runs[0].output
    assert "WRONG  The data are not what was agreed." in runs[1].output
    assert "is no receipt of the portal" in runs[2].output

"""The receipt of an agreement: a zip that proves by itself what was agreed, by whom and when, and how it is checked.

It holds the file that was agreed, what it says as data, the act, and the audit's events of it with their seals. Whoever
has it needs neither the portal nor its database: the hashes name one another. Where the council has a key for it, a
copy of the file stands beside it with the council's seal (exchange/pdf/seal.py), which names the act.
"""

import io
import json
import logging
import lzma
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from exchange.pdf.seal import PDF, NoSeal, SealKey, look_at, seal
from models.correspondence.document import Act, ContractDocument
from models.correspondence.paper import canonical

log = logging.getLogger(__name__)

SAYS, ACT, AUDIT, HOW = "says.json", "act.json", "audit.json", "HOW-TO-CHECK.txt"
SEALED = "sealed/"
"""Where the copy with the council's seal stands, under the file's own name."""
REASON = "Agreed in the Provider Portal. SHA-256 of the act: {}"
"""What the seal says, so that a copy sealed for another act is no proof of this one."""
LARGEST = 40_000_000
"""Bytes of all that is in a receipt, unpacked."""
UNREADABLE = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, NotImplementedError, RuntimeError,
)  # fmt: skip
"""What zipfile raises of a file with a byte changed, wherever that stands."""
OF_ONE_PIECE = (
    "So far the receipt is of one piece, as one made up with care would be. That the council’s own audit has it is "
    "shown at the council by"
)
NOT_DATED = (2000, 1, 1, 0, 0, 0)
"""What stands in the zip for the time of each file: the act says when."""
HOW_TO_CHECK = """\
This is the receipt of {title}, version {version}, which {user} agreed for {provider} at {at} (UTC).

{file_name}  what was agreed, to read
says.json      the same as data, where the portal has made it
act.json       who agreed, for whom, in which words, when and from where
audit.json     what the council's audit has on record of it, with its seals
{sealed}

With the portal:       ./portal evidence verify FILE.zip
With any computer:     sha256sum {file_name} gives the file_sha256 that act.json names,
                       sha256sum says.json gives its sha256,
                       sha256sum act.json gives the act_sha256 in the event document.agreed of audit.json,
                       and a seal of audit.json is the SHA-256 of the seal before it, a newline, and the event.
With a reader of PDF:  a sealed copy shows who sealed it, and that nothing in it has changed since.
At the council:        ./portal audit verify --head HASH, with the hash of a seal in audit.json, proves that the
                       audit still has it.
"""


WITH_SEAL = "sealed/{file_name}  the same file with the council's seal behind its last byte"
WITHOUT_SEAL = "The file bears no seal of the council: {why}."
NO_KEY = "the council seals no receipts"
KEY_TROUBLE = "the council's key could not be used when this receipt was made"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at, in words, and whether it is right."""

    words: str
    is_right: bool = True


class NoReceipt(ValueError):
    """The file is no receipt of the portal; the text says why."""


def receipt(
    document: ContractDocument, file: bytes, events: Sequence[dict[str, Any]], key: SealKey | None = None
) -> bytes:
    """The zip of an agreed document, with a sealed copy of its file where there is a key that can seal it; the receipt
    says so, or why not. ValueError where it was never agreed.
    """
    if document.act is None:
        raise ValueError("this document was never agreed")
    act = document.act
    sealed, said = _sealed(document.file_name, file, act, key)
    how = HOW_TO_CHECK.format(
        title=act.title, version=act.version, user=act.user, provider=act.provider, at=act.at,
        file_name=document.file_name, sealed=said,
    )  # fmt: skip
    parts = {document.file_name: file, ACT: act.text.encode(), AUDIT: canonical(list(events)).encode(), **sealed}
    if document.paper is not None:
        parts[SAYS] = document.paper.text.encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in {**parts, HOW: how.encode()}.items():
            bundle.writestr(zipfile.ZipInfo(name, NOT_DATED), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _sealed(name: str, file: bytes, act: Act, key: SealKey | None) -> tuple[dict[str, bytes], str]:
    """The sealed copy, if there is one, and what the receipt says of it. A key that cannot be used takes nobody's
    receipt away: `./portal doctor` tells the council of it.
    """
    if key is None:
        return {}, WITHOUT_SEAL.format(why=NO_KEY)
    if not file.startswith(PDF):
        return {}, WITHOUT_SEAL.format(why="it is no PDF")
    try:
        sealed = seal(file, key, reason=REASON.format(act.sha256_of_act))
    except NoSeal as fault:
        log.error("a receipt is not sealed: %s", fault)
        return {}, WITHOUT_SEAL.format(why=KEY_TROUBLE)
    return {f"{SEALED}{name}": sealed}, WITH_SEAL.format(file_name=name)


def verify(packed: bytes) -> list[Finding]:
    """What was looked at in a receipt, and what of it is not as it should be. NoReceipt where it is none."""
    parts = _unpacked(packed)
    try:
        return list(_findings(parts, Act.from_dict(json.loads(parts[ACT])), json.loads(parts[AUDIT])))
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as fault:
        raise NoReceipt(f"It holds no act of the portal, or not all of it ({type(fault).__name__})") from None


def _unpacked(packed: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as bundle:
            if sum(each.file_size for each in bundle.infolist()) > LARGEST:
                raise NoReceipt("It holds more than a receipt does")
            names = bundle.namelist()
            if len(names) != len(set(names)):
                raise NoReceipt("It holds two files of one name")
            return {name: bundle.read(name) for name in names}
    except NoReceipt:
        raise
    except UNREADABLE as fault:
        raise NoReceipt(f"It cannot be opened as a zip file ({type(fault).__name__})") from None


def _findings(parts: dict[str, bytes], act: Act, events: list[dict[str, Any]]) -> Iterator[Finding]:
    who = f"{act.user} ({act.role}) agreed for {act.provider}"
    yield Finding(f"{who} at {act.at} to {act.title}, version {act.version}")
    sealed = {name: content for name, content in parts.items() if name.startswith(SEALED)}
    files = {
        name: content for name, content in parts.items() if name not in (SAYS, ACT, AUDIT, HOW) and name not in sealed
    }
    is_file = len(files) == 1 and _hash(*files.values()) == act.file_sha256
    yield _told(is_file, "The file is the one that was agreed", "The file is not the one that was agreed")
    if SAYS in parts or act.sha256 != act.file_sha256:
        is_same = _hash(parts.get(SAYS, b"")) == act.sha256
        yield _told(is_same, "What it says as data is what was agreed", "The data are not what was agreed")
    yield from _of_council(sealed, b"".join(files.values()), _hash(parts[ACT]))
    yield from _of_audit(act, events, _hash(parts[ACT]))


def _of_council(sealed: dict[str, bytes], file: bytes, act_sha256: str) -> Iterator[Finding]:
    """The council's seal: over the very bytes that were agreed, naming the act, and unchanged."""
    if not sealed:
        yield Finding("It has no copy with the council’s seal, and is checked without")
    for content in sealed.values():
        if not content.startswith(file):
            yield Finding("The sealed copy is of another file than the one that was agreed", is_right=False)
            continue
        try:
            found = look_at(content)
        except NoSeal as fault:
            yield Finding(f"There is no seal on the sealed copy: {fault}", is_right=False)
            continue
        yield _told(found.is_whole, "The sealed copy is as it was sealed", "The sealed copy was changed after its seal")
        is_of_act = found.reason == REASON.format(act_sha256)
        yield _told(is_of_act, "Its seal names this act", "Its seal names another act")
        whose = f"{found.whose}, by a certificate with the SHA-256 {found.certificate_sha256}"
        yield Finding(f"The seal says that it is of {whose}. Compare this with what the council has published")


def _of_audit(act: Act, events: list[dict[str, Any]], act_sha256: str) -> Iterator[Finding]:
    agreed = [json.loads(each["event"]) for each in events]
    known = [each for each in agreed if each[2] == "document.agreed" and each[6].get("act_sha256") == act_sha256]
    if not known:
        yield Finding("The audit’s events in it name no such act: it was changed, or is another’s", is_right=False)
    else:
        _, at, _, user_id, *_ = known[0]
        yield _told(
            user_id == act.user_id,
            f"The audit’s events in it name the act, written at {at}",
            "The audit names somebody else",
        )
    for each in events:
        yield _of_seal(each)
    sealed = [each["hash"] for each in events if each["seq"] is not None]
    if sealed:
        yield Finding(f"{OF_ONE_PIECE}: ./portal audit verify --head {sealed[-1]}")


def _told(is_right: bool, right: str, wrong: str) -> Finding:
    return Finding(right if is_right else wrong, is_right)


def _of_seal(each: dict[str, Any]) -> Finding:
    action = json.loads(each["event"])[2]
    if each["seq"] is None:
        return Finding(f"{action}: not sealed yet when the receipt was made. Take it again in a few minutes")
    is_right = _hash(f"{each['before']}\n{each['event']}".encode()) == each["hash"]
    said = f"seal {each['seq']} ({each['hash']})"
    return Finding(
        f"{action}: {said} is right" if is_right else f"{action}: {said} is not that of this event", is_right
    )


def _hash(content: bytes) -> str:
    return sha256(content).hexdigest()

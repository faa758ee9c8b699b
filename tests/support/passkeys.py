"""A passkey in software: it answers a browser's questions as a real one does, with a key of its own (ES256)."""

import hashlib
import json
import secrets
from typing import Any
from urllib.parse import urlsplit

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import bytes_to_base64url

from models.accounts.own_passkeys import add
from models.accounts.passkey import Passkey, RelyingParty, Verdict, options_to_add
from models.accounts.user import User
from tests.support.rows import every, unit_of_work

HERE = RelyingParty("portal.example", "https://portal.example", "Children's Provider Portal")
PRESENT, VERIFIED, HOLDS_A_NEW_KEY = 0x01, 0x04, 0x40


class SoftPasskey:
    """`key.create(options)` and `key.get(options)` are what navigator.credentials would return, as JSON."""

    def __init__(self, party: RelyingParty = HERE, *, count: int = 0, counts: bool = True) -> None:
        self.party = party
        self.count = count
        self.counts = counts
        self.id = secrets.token_bytes(32)
        self._key = ec.generate_private_key(ec.SECP256R1())

    def create(self, options: dict[str, Any], **told: Any) -> str:
        client = self._client_data("webauthn.create", options, **told)
        data = self._data(PRESENT | VERIFIED | HOLDS_A_NEW_KEY) + bytes(16) + len(self.id).to_bytes(2) + self.id
        attestation = {"fmt": "none", "attStmt": {}, "authData": data + self._public_key()}
        return self._answer(client, attestationObject=cbor2.dumps(attestation), transports=["internal", "hybrid"])

    def get(self, options: dict[str, Any], *, flags: int = PRESENT | VERIFIED, **told: Any) -> str:
        self.count += self.counts
        client, data = self._client_data("webauthn.get", options, **told), self._data(flags)
        signature = self._key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._answer(client, authenticatorData=data, signature=signature)

    def _client_data(self, kind: str, options: dict[str, Any], **told: Any) -> bytes:
        given = {"type": kind, "challenge": options["challenge"], "origin": self.party.origin, "crossOrigin": False}
        return json.dumps(given | told).encode()

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(self.party.host.encode()).digest() + bytes([flags]) + self.count.to_bytes(4)

    def _public_key(self) -> bytes:
        point = self._key.public_key().public_numbers()
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32), -3: point.y.to_bytes(32)})

    def _answer(self, client: bytes, **response: bytes | list[str]) -> str:
        said = {
            name: value if isinstance(value, list) else bytes_to_base64url(value) for name, value in response.items()
        }
        credential = bytes_to_base64url(self.id)
        return json.dumps({
            "id": credential, "rawId": credential, "type": "public-key",
            "response": {"clientDataJSON": bytes_to_base64url(client), **said},
        })  # fmt: skip


def give_passkey(user: User, name: str = "My phone", party: RelyingParty = HERE, **made: Any) -> SoftPasskey:
    """A passkey that the person has added."""
    key = SoftPasskey(party, **made)
    with unit_of_work() as session:
        mine = session.merge(user)
        verdict, _ = add(mine, key.create(options_to_add(mine.id, mine.email, party)), name, party)
    assert verdict is Verdict.ACCEPTED
    return key


def passkeys_of(user: User) -> list[Passkey]:
    return every(Passkey.of(user.id))


def passkey_row(user: User) -> Passkey:
    """A row for pages that list it; it logs nobody in."""
    return Passkey(
        user_id=user.id, credential_id=secrets.token_urlsafe(16), public_key="", host=HERE.host, name="My phone",
        sign_count=0, transports=[], last_used_at=None,
    )  # fmt: skip


def party_at(address: str) -> RelyingParty:
    """The portal at this address: `http://localhost:8000`."""
    return RelyingParty(urlsplit(address).hostname or "", address, HERE.name)

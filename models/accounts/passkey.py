"""Passkeys (WebAuthn): keys in a person's telephone, computer or security key that answer for them.

A browser makes an answer for one portal only (RelyingParty), to one question only (PasskeyChallenge). Questions are
kept here, each for five minutes and for one answer.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, TypeVar

import sqlalchemy as sa
import webauthn
from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Mapped, mapped_column
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    generate_challenge,
    options_to_json_dict,
    parse_authentication_credential_json,
    parse_registration_credential_json,
)
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from models.base import Base, Key, insert_first, move, session, utc_now
from models.vault import keyed_hash

T = TypeVar("T")

LIFE = timedelta(minutes=5)
"""Of a question, and how long a browser waits for the person."""
LONGEST_ID = 1023
"""Bytes: the standard allows no longer credential id."""
VERIFICATION = UserVerificationRequirement.PREFERRED
"""A device that can ask for a PIN, a finger or a face does so; one that cannot is a second step all the same, since the
password came first (docs/security.md).
"""


@dataclass(frozen=True)
class RelyingParty:
    """The portal as browsers know it. They give a passkey to nobody else."""

    host: str
    """Its host name, which a passkey is bound to: the RP ID."""
    origin: str
    """As in `https://portal.example.gov.uk`."""
    name: str


class Verdict(Enum):
    """What an answer comes to; the value is what to tell the person."""

    ACCEPTED = ""
    TOO_LATE = "That took too long, or was sent twice. Press the button again, and answer within 5 minutes"
    NOT_YOURS = "That passkey does not belong to this login. Use one that you have added to it"
    WRONG = "That passkey could not be checked. Press the button again, or use another way"
    COPIED = "That passkey may have been copied, so it was refused. Use another way, and remove this passkey"
    KNOWN = "That passkey has been added already. Use another device or security key"


class Passkey(Base):
    __tablename__ = "passkey"

    id: Mapped[Key]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), index=True)
    credential_id: Mapped[str] = mapped_column(unique=True)
    """What the browser finds it by, in base64url, like the public key."""
    public_key: Mapped[str]
    host: Mapped[str]
    """The portal's host name when it was made: under another one, browsers do not have it."""
    name: Mapped[str]
    """As the person calls it."""
    sign_count: Mapped[int] = mapped_column(sa.BigInteger().with_variant(sa.Integer(), "sqlite"))
    """How often it has answered, by its own count; 0 for ever if it does not count."""
    transports: Mapped[list[str]]
    """How browsers may reach it: `usb`, `nfc`, `internal`, ... Empty if they did not say."""
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    last_used_at: Mapped[datetime | None]

    @classmethod
    def of(cls, user_id: int) -> Select["Passkey"]:
        return select(cls).where(cls.user_id == user_id).order_by(cls.created_at, cls.id)

    @classmethod
    def at(cls, host: str, user_id: int) -> Select["Passkey"]:
        """Those that a browser can use at this host name."""
        return cls.of(user_id).where(cls.host == host)

    @classmethod
    def count_of(cls, user_id: int) -> int:
        return session.scalars(cls.counted(user_id)).one()

    @classmethod
    def counted(cls, user_id: int) -> Select[int]:
        """How many the person has."""
        return select(sa.func.count(cls.id)).where(cls.user_id == user_id)

    @property
    def descriptor(self) -> PublicKeyCredentialDescriptor:
        known = {each.value for each in AuthenticatorTransport}
        transports = [AuthenticatorTransport(each) for each in self.transports if each in known]
        return PublicKeyCredentialDescriptor(id=base64url_to_bytes(self.credential_id), transports=transports or None)

    def used(self, count: int) -> bool:
        """Note that it has answered, with this count of its own. False if the count has not risen: then two devices
        hold the key. Answers at the same moment are judged one by one.
        """
        has_risen = sa.or_(Passkey.sign_count < count, sa.and_(Passkey.sign_count == 0, sa.literal(count) == 0))
        return move(self, has_risen, sign_count=count, last_used_at=utc_now())


class PasskeyChallenge(Base):
    """A question that the next answer has to be made for: to one log-in, or to a person who adds a passkey."""

    __tablename__ = "passkey_challenge"

    id: Mapped[Key]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), index=True)
    pending_id: Mapped[int | None] = mapped_column(sa.ForeignKey("pending_login.id"))
    """The log-in that is to be answered; None for a passkey that is to be added."""
    challenge: Mapped[str]
    expires_at: Mapped[datetime] = mapped_column(index=True)

    @classmethod
    def begin(cls, user_id: int, pending_id: int | None) -> bytes:
        """A new question in place of the one before. Those of anybody that have expired go as well."""
        session.execute(delete(cls).where(sa.or_(cls.expires_at <= utc_now(), cls._for(user_id, pending_id))))
        made = generate_challenge()
        text = bytes_to_base64url(made)
        session.add(cls(user_id=user_id, pending_id=pending_id, challenge=text, expires_at=utc_now() + LIFE))
        return made

    @classmethod
    def spend(cls, user_id: int, pending_id: int | None) -> bytes | None:
        """The question, which takes no answer from now on; None if there is none, or it has expired."""
        gone = delete(cls).where(cls._for(user_id, pending_id)).returning(cls.challenge, cls.expires_at)
        live = [row.challenge for row in session.execute(gone) if row.expires_at > utc_now()]
        return base64url_to_bytes(live[-1]) if live else None

    @classmethod
    def _for(cls, user_id: int, pending_id: int | None) -> sa.ColumnElement[bool]:
        return sa.and_(cls.user_id == user_id, cls.pending_id.is_not_distinct_from(pending_id))


def options_to_add(user_id: int, called: str, party: RelyingParty) -> dict[str, Any]:
    """What a browser needs to make a passkey. `called` is how it names the login to the person."""
    options = webauthn.generate_registration_options(
        rp_id=party.host,
        rp_name=party.name,
        user_id=bytes.fromhex(keyed_hash(f"passkey:{user_id}")),
        user_name=called,
        challenge=PasskeyChallenge.begin(user_id, None),
        timeout=_milliseconds(LIFE),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=VERIFICATION
        ),
        exclude_credentials=[each.descriptor for each in session.scalars(Passkey.at(party.host, user_id))],
    )
    return options_to_json_dict(options)


def options_to_give(user_id: int, pending_id: int, party: RelyingParty) -> dict[str, Any]:
    """What a browser needs to answer with one of the person's passkeys."""
    options = webauthn.generate_authentication_options(
        rp_id=party.host,
        challenge=PasskeyChallenge.begin(user_id, pending_id),
        timeout=_milliseconds(LIFE),
        allow_credentials=[each.descriptor for each in session.scalars(Passkey.at(party.host, user_id))],
        user_verification=VERIFICATION,
    )
    return options_to_json_dict(options)


def accept_new(user_id: int, answer: str, name: str, party: RelyingParty) -> tuple[Verdict, Passkey | None]:
    """The new passkey, if the browser's answer holds."""
    challenge = PasskeyChallenge.spend(user_id, None)
    if challenge is None:
        return Verdict.TOO_LATE, None
    sent = _held(parse_registration_credential_json, answer)
    if sent is None:
        return Verdict.WRONG, None
    checked = _held(
        webauthn.verify_registration_response,
        credential=sent, expected_challenge=challenge, expected_rp_id=party.host, expected_origin=party.origin,
    )  # fmt: skip
    if checked is None or len(checked.credential_id) > LONGEST_ID:
        return Verdict.WRONG, None
    credential_id = bytes_to_base64url(checked.credential_id)
    is_new = insert_first(
        Passkey, user_id=user_id, credential_id=credential_id, host=party.host, name=name,
        public_key=bytes_to_base64url(checked.credential_public_key), sign_count=checked.sign_count,
        transports=[each.value for each in dict.fromkeys(sent.response.transports or ())],
    )  # fmt: skip
    if not is_new:
        return Verdict.KNOWN, None
    return Verdict.ACCEPTED, session.scalars(select(Passkey).where(Passkey.credential_id == credential_id)).one()


def accept(user_id: int, pending_id: int, answer: str, party: RelyingParty) -> tuple[Verdict, Passkey | None]:
    """What the browser's answer comes to, with the passkey that it names if it is one of this person's.

    The signature is checked before the count, so that who holds no key cannot have one called a copy.
    """
    challenge = PasskeyChallenge.spend(user_id, pending_id)
    sent = _held(parse_authentication_credential_json, answer)
    if challenge is None or sent is None:
        return Verdict.TOO_LATE if challenge is None else Verdict.WRONG, None
    credential_id = bytes_to_base64url(sent.raw_id)
    theirs = session.scalars(Passkey.at(party.host, user_id)).all()
    key = next((each for each in theirs if each.credential_id == credential_id), None)
    if key is None:
        return Verdict.NOT_YOURS, None
    checked = _held(
        webauthn.verify_authentication_response,
        credential=sent, expected_challenge=challenge, expected_rp_id=party.host, expected_origin=party.origin,
        credential_public_key=base64url_to_bytes(key.public_key), credential_current_sign_count=0,
    )  # fmt: skip
    if checked is None:
        return Verdict.WRONG, key
    return (Verdict.ACCEPTED if key.used(checked.new_sign_count) else Verdict.COPIED), key


def _held(check: Callable[..., T], *given: Any, **named: Any) -> T | None:
    """What the library says, or None where it refuses. For bytes that are not as they should be it raises whatever its
    readers of JSON, CBOR and keys raise.
    """
    try:
        return check(*given, **named)
    except Exception:
        return None


def _milliseconds(life: timedelta) -> int:
    return int(life.total_seconds() * 1000)

"""Two ways to keep secrets, each under a key that is kept outside the database: sealing, for what has to be read again
(security codes, seeds of authenticator apps, kept forms), and hashing, for what has only to be recognised. A copy of
the database alone tells none of them.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from models.portal import current_portal


class Tampered(RuntimeError):
    """A sealed value was changed, belongs to another record, or was sealed under a key that is gone."""


def vault_of(keys: Sequence[str]) -> MultiFernet:
    """A portal's vault, of keys of at least 32 random characters each. The first one seals; each of them opens."""
    return MultiFernet([Fernet(urlsafe_b64encode(sha256(key.encode()).digest())) for key in keys])


def seal(owner: str, secret: str) -> str:
    """`secret`, sealed for `owner`: what is copied to another owner's row does not open there."""
    return current_portal().vault.encrypt(f"{owner}\n{secret}".encode()).decode()


def unseal(owner: str, sealed: str) -> str:
    """The secret that was sealed for `owner`; Tampered where it was changed, is another's, or its key is gone."""
    try:
        kept_for, _, secret = current_portal().vault.decrypt(sealed.encode()).decode().partition("\n")
    except InvalidToken:
        raise Tampered(f"what is sealed for {owner} cannot be opened") from None
    if kept_for != owner:
        raise Tampered(f"what is sealed for {kept_for} was found at {owner}")
    return secret


def can_open(sealed: str) -> bool:
    """Whether one of the keys opens it, whosever it is."""
    try:
        current_portal().vault.decrypt(sealed.encode())
    except InvalidToken:
        return False
    return True


def resealed(sealed: str) -> str:
    """The same under the first key, for `flask vault rotate`."""
    return current_portal().vault.rotate(sealed.encode()).decode()


def keyed_hash(text: str) -> str:
    """A hash, in hexadecimal, that nobody can compute without the portal's key. For log-in and recovery codes, and for
    the e-mail and network addresses of log-in attempts.
    """
    return hmac.new(current_portal().hash_key, text.encode(), "sha256").hexdigest()

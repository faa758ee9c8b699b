"""Secrets that have to be read again, security codes and the seeds of authenticator apps, sealed under a key that is
kept outside the database; and hashes, under another such key, of what has only to be recognised. The database alone,
or a copy of it, does not tell them.
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
    try:
        kept_for, _, secret = current_portal().vault.decrypt(sealed.encode()).decode().partition("\n")
    except InvalidToken:
        raise Tampered(f"what is sealed for {owner} cannot be opened") from None
    if kept_for != owner:
        raise Tampered(f"what is sealed for {kept_for} was found at {owner}")
    return secret


def resealed(sealed: str) -> str:
    """The same under the first key, for `flask vault rotate`."""
    return current_portal().vault.rotate(sealed.encode()).decode()


def keyed_hash(text: str) -> str:
    """For log-in codes, recovery codes, and the addresses that a log-in was tried with and from."""
    return hmac.new(current_portal().hash_key, text.encode(), "sha256").hexdigest()

"""A key with its certificate, as a council would have it, made anew."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from cryptography.x509.oid import NameOID

from exchange.pdf.seal import SealKey

PASSWORD = "of wax"


def make_key(path: Path, *, begins: int = -1, days: int = 400, name: str = "Borsetshire Council") -> SealKey:
    """A file of PKCS#12 whose certificate is valid from `begins` days after today on, for so many days."""
    key = ec.generate_private_key(ec.SECP256R1())
    named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    first = datetime.now(UTC) + timedelta(days=begins)
    usage = dict.fromkeys(
        ("key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign", "encipher_only",
         "decipher_only"), False,
    )  # fmt: skip
    made = x509.CertificateBuilder(named, named, key.public_key(), 7, first, first + timedelta(days=days))
    made = made.add_extension(x509.KeyUsage(digital_signature=True, content_commitment=True, **usage), critical=True)
    certificate = made.sign(key, hashes.SHA256())
    shut = BestAvailableEncryption(PASSWORD.encode())
    path.write_bytes(pkcs12.serialize_key_and_certificates(b"seal", key, certificate, None, shut))
    path.chmod(0o600)
    return SealKey(path, PASSWORD)

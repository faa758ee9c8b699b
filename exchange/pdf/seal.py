"""The council's seal on a PDF: a signature by the key of its settings, which any reader of PDF checks (PAdES).

A seal is added behind the last byte of the file, and changes none before it: a sealed file begins with the bytes that
were agreed. pyHanko, which seals and checks, is loaded when it is needed: it takes longer than the rest of the portal.
"""

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12
from cryptography.x509.oid import NameOID

from models.base import utc_now
from models.calendar import in_words

FIELD = "Seal"
"""What the field of the signature is called in the PDF."""
PDF = b"%PDF"


class NoSeal(Exception):
    """Why nothing can be sealed, or a seal cannot be read: a clause without a full stop."""


@dataclass(frozen=True)
class SealKey:
    """A key with its certificate, in a file of PKCS#12."""

    path: Path
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class SealFound:
    """What stands in a seal. `is_whole`: it is over the whole file, and no byte has changed since."""

    is_whole: bool
    whose: str
    certificate_sha256: str
    reason: str


def certificate_of(key: SealKey) -> x509.Certificate:
    """Of whoever seals. NoSeal where the file cannot be read, opened with the password, or used now."""
    certificate = _opened(key)
    if certificate.not_valid_after_utc <= utc_now():
        raise NoSeal(f"its certificate has expired on {in_words(certificate.not_valid_after_utc)}")
    if certificate.not_valid_before_utc > utc_now():
        raise NoSeal(f"its certificate is not valid before {in_words(certificate.not_valid_before_utc)}")
    return certificate


def seal(pdf: bytes, key: SealKey, *, reason: str) -> bytes:
    """The PDF with a seal behind it, which holds the reason. NoSeal where the key cannot be used, or the file is none
    that can be sealed.
    """
    if not pdf.startswith(PDF):
        raise NoSeal("it is no PDF")
    certificate_of(key)
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import PdfSignatureMetadata, sign_pdf
    from pyhanko.sign.fields import SigSeedSubFilter
    from pyhanko.sign.signers import SimpleSigner

    signer = SimpleSigner.load_pkcs12(str(key.path), passphrase=key.password.encode() or None)
    meta = PdfSignatureMetadata(field_name=FIELD, reason=reason, subfilter=SigSeedSubFilter.PADES)
    try:
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
        sealed = _apart(lambda: sign_pdf(writer, meta, signer=signer, output=io.BytesIO()))
    except Exception as fault:  # of whatever file the council has uploaded: encrypted, not whole, sealed already
        raise NoSeal(f"this PDF cannot be sealed ({type(fault).__name__})") from fault
    return bytes(sealed.getvalue())


def look_at(sealed: bytes) -> SealFound:
    """What the seal of a PDF says, and whether it holds. NoSeal where there is none that can be read."""
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko.sign.validation.status import SignatureCoverageLevel
    from pyhanko_certvalidator import ValidationContext

    try:
        reader = PdfFileReader(io.BytesIO(sealed))
        found = reader.embedded_signatures[-1]
        context = ValidationContext(trust_roots=[found.signer_cert], allow_fetching=False)
        status = _apart(lambda: validate_pdf_signature(found, context))
        is_all = status.coverage is SignatureCoverageLevel.ENTIRE_FILE
        certificate = x509.load_der_x509_certificate(found.signer_cert.dump())
        reason = str(found.sig_object.get("/Reason", ""))
        is_whole = bool(is_all and status.intact and status.valid)
        return SealFound(is_whole, name_of(certificate), fingerprint(certificate), reason)
    except Exception as fault:  # of whatever somebody has made of it, byte by byte
        raise NoSeal(f"it cannot be read ({type(fault).__name__})") from None


def _apart(work: Callable[[], Any]) -> Any:
    """In a thread of its own: pyHanko starts an event loop, and whoever calls may have one running."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def name_of(certificate: x509.Certificate) -> str:
    """Its common name or, where it has none, all of its name."""
    named = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(named[0].value) if named else certificate.subject.rfc4514_string()


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the certificate, in hexadecimal: by which the council says which one is its own."""
    return sha256(certificate.public_bytes(Encoding.DER)).hexdigest()


def _opened(key: SealKey) -> x509.Certificate:
    try:
        content = key.path.read_bytes()
    except OSError as fault:
        raise NoSeal(f"it cannot be read: {fault.strerror}") from None
    try:
        private, certificate, _ = pkcs12.load_key_and_certificates(content, key.password.encode() or None)
    except ValueError:
        raise NoSeal("it is no PKCS#12 file, or SEAL_PASSWORD is not its password") from None
    if private is None or certificate is None:
        raise NoSeal("it holds no key with its certificate")
    return certificate

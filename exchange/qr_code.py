"""QR codes, as pictures that a page may show."""

import segno
from markupsafe import Markup


def qr_code(text: str) -> Markup:
    """An inline SVG. Attributes only, so the content security policy has nothing against it."""
    return Markup(segno.make(text, error="m").svg_inline(omitsize=True, title="QR code for your authenticator app"))  # noqa: S704 - made by segno of our own text

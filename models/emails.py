"""What an e-mail address is: one rule for what people type, for commands and for the finance system's feed."""

from email_validator import EmailNotValidError, validate_email

LONGEST_EMAIL = 254


def one_form(text: str) -> str:
    """How an address is kept and compared: without blanks around it, in small letters, an international domain in its
    own letters. Browsers send xn--bcher-kva.example for bücher.example. What is no address is only trimmed and lowered.
    """
    plain = text.strip().lower()
    local, _, domain = plain.rpartition("@")
    if len(plain) > LONGEST_EMAIL or (domain.isascii() and "xn--" not in domain):
        return plain
    try:
        return f"{local}@{validate_email(f'x@{domain}', check_deliverability=False).domain}"
    except EmailNotValidError:
        return plain


def to_send(address: str) -> str:
    """The address as any mail server takes it: its domain in ASCII. Another first part stays as it is."""
    local, _, domain = address.rpartition("@")
    if domain.isascii() or not local.isascii():
        return address
    try:
        return f"{local}@{validate_email(f'x@{domain}', check_deliverability=False).ascii_domain}"
    except EmailNotValidError:
        return address


def email_address(text: str) -> str:
    """The address as it is kept, its domain in small letters. ValueError, with a reason in English, where no mail could
    get there. No name server is asked.
    """
    if len(text) > LONGEST_EMAIL:  # nobody looks any closer at a longer one: that takes minutes
        raise ValueError(f"An e-mail address has {LONGEST_EMAIL} characters or fewer")
    try:
        return validate_email(text.strip(), check_deliverability=False).normalized
    except EmailNotValidError as problem:
        raise ValueError(str(problem)) from None

"""What an e-mail address is: one rule for what people type, for commands and for the finance system's feed."""

from email_validator import EmailNotValidError, validate_email

LONGEST_EMAIL = 254


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

"""What follows from an answer of the mail server: of this message, of its address, and of those that wait behind it."""

import re
from enum import Enum


class Stage(Enum):
    """How far a message had come."""

    CONNECTION = "connection"
    """The line, its encryption, and the log-in to the mail server."""
    SENDER = "MAIL FROM"
    RECIPIENT = "RCPT TO"
    CONTENT = "DATA"


class Verdict(Enum):
    STOP = "stop"
    """The mail server is away, or wants nothing from us: this message is postponed, and all others wait as they are."""
    LATER = "later"
    """This message is postponed, and refused after five days: its address is well."""
    NOT_NOW = "not now"
    """The address takes nothing now: this message is postponed, and after five days it and the address are refused."""
    REFUSED = "refused"
    """This message is refused for good, the address is well."""
    NOBODY = "nobody"
    """The message and its address are refused for good."""


NOT_FOR_US = {421, 530, 534, 535, 538}
"""The server closes, or wants us to log in, whatever it was asked."""
OUR_FAULT = {500, 502, 503, 504}
"""A command that it did not understand, or not at that moment."""
OF_AN_ADDRESS = {0, 1, 2}
"""The subjects of enhanced status codes (RFC 3463) that are about an address or a mailbox; others are about systems,
networks, protocols, content and policy, that is, about us."""
OF_THE_SENDER = {"1.7", "1.8"}
FULL = "2.2"
TOO_LARGE = 552
"""Of the recipient it means a mailbox that is full, or too many at once (RFC 5321, 4.5.3.1.10)."""


def verdict(stage: Stage, code: int, text: str) -> Verdict:
    """By the stage, the code (550) and the words, which may begin with an enhanced status (5.1.1)."""
    enhanced = re.match(r"\s*[45]\.(\d{1,3})\.(\d{1,3})\b", text)
    subject, detail = (int(enhanced[1]), f"{enhanced[1]}.{enhanced[2]}") if enhanced else (0, "")
    is_of_address = subject in OF_AN_ADDRESS and detail not in OF_THE_SENDER
    if stage is Stage.CONNECTION or code in NOT_FOR_US:
        return Verdict.STOP
    if stage is Stage.SENDER:
        return Verdict.REFUSED if code == TOO_LARGE else Verdict.STOP
    if stage is Stage.CONTENT:
        if code < 500 or detail == FULL:
            return Verdict.NOT_NOW if detail and is_of_address else Verdict.LATER
        return Verdict.NOBODY if detail and is_of_address else Verdict.REFUSED
    if not is_of_address or code in OUR_FAULT:
        return Verdict.LATER
    return Verdict.NOT_NOW if code < 500 or code == TOO_LARGE or detail == FULL else Verdict.NOBODY


def in_short(text: str) -> str:
    """The server's words in one line of 150 characters at most."""
    line = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return line if len(line) <= 150 else f"{line[:149]}…"

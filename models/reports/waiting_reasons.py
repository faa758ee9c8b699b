"""Why a sum is not on its way to a provider, in words, and who acts next."""

from typing import NamedTuple

from models.words import Choice


class Words(NamedTuple):
    """How a reason is told, to whom."""

    label: str
    """As the council reads it."""
    to_provider: str
    next_at_council: str
    """The next step, as the council reads it."""
    next_at_provider: str


class Reason(Choice):
    """Why a sum is not on its way: the first five are held, the next five blocked; the one after them is planned, and
    due once it is known what was delivered.
    """

    HELD = "held"
    REJECTED = "rejected"
    QUERIED = "queried"
    ASKED = "asked"
    """Its provider has a window to answer it in. Before an ordinary cut-off a sum is still to come."""
    MISSED = "missed"
    UNAUTHORISED = "not authorised"
    LATER = "authorised later"
    SUSPENDED = "suspended"
    NOT_AGREED = "not agreed"
    """Its service agreement was never agreed."""
    ABOVE_AGREED = "more than agreed"
    """It comes to more than the terms that were agreed last, which are paid."""
    AWAITED = "no actuals"
    """Its contract pays what was delivered, and the provider has not confirmed that."""
    OWED = "owed back"
    RETURNED = "returned by the bank"
    UNCALCULATED = "not calculated"

    @property
    def words(self) -> Words:
        return _WORDS[self]

    @property
    def is_blocked(self) -> bool:
        """It is no part of the payment's total."""
        return self in (
            Reason.UNAUTHORISED, Reason.LATER, Reason.SUSPENDED, Reason.NOT_AGREED, Reason.ABOVE_AGREED,
        )  # fmt: skip

    @property
    def is_providers(self) -> bool:
        """The provider has the next step; otherwise the council's team has it."""
        return self in (Reason.ASKED, Reason.AWAITED, Reason.OWED)


WAITS = [reason for reason in Reason if reason not in (Reason.OWED, Reason.RETURNED, Reason.UNCALCULATED)]
"""What holds or blocks a sum, or lets it wait for actuals."""
_WORDS = {
    Reason.HELD: Words(
        "Held by us", "Held by the council", "Look into it, then release it.",
        "The council looks into it. You need do nothing."),
    Reason.REJECTED: Words(
        "Rejected by the provider", "Rejected by you", "Put it right, then send it back.",
        "The council puts it right and asks you again. You may take the rejection back."),
    Reason.QUERIED: Words(
        "Queried by the provider", "Queried by you", "Answer the query, then release the row.",
        "The council looks at what you asked, and releases it."),
    Reason.ASKED: Words(
        "Waits for the provider’s confirmation", "Waits for your confirmation", "The provider answers.",
        "Confirm or reject the payment."),
    Reason.MISSED: Words(
        "Not confirmed in time", "Not confirmed in time", "Ask again, or pay it as it is.",
        "The council asks you again, or pays it as it is."),
    Reason.UNAUTHORISED: Words(
        "Not authorised", "Not authorised", "Authorise the care package in the finance system.",
        "The council authorises the care package; the next payment then has it."),
    Reason.LATER: Words(
        "Authorised from a later day", "Authorised from a later day", "Nothing: it is paid from that day.",
        "Nothing: it is paid from that day."),
    Reason.SUSPENDED: Words(
        "Suspended", "Suspended", "End the suspension, or the care package, in the finance system.",
        "The council ends the suspension, or the care package."),
    Reason.NOT_AGREED: Words(
        "Not agreed", "Its service agreement is not agreed",
        "Send the provider its service agreement, or record what was agreed on paper.",
        "Agree to it under Contract Documents, once the council has published it. Then the next payment catches up."),
    Reason.ABOVE_AGREED: Words(
        "Not agreed: more than the agreed terms", "More than its agreed terms",
        "Send the provider the new terms to agree, or record what was agreed on paper.",
        "Agree to the new terms under Contract Documents, once the council has published them there. What you agreed "
        "before is paid; then the next payment catches up."),
    Reason.AWAITED: Words(
        "By plan, waits for the provider’s actuals", "By plan, waits for your actuals",
        "The provider confirms what it delivered in the week.",
        "Confirm what you delivered in the week. Then the next payment has it."),
    Reason.OWED: Words(
        "Owed by the provider", "You owe it to the council", "It is taken from the next payments.",
        "It is taken from your next payments."),
    Reason.RETURNED: Words(
        "Returned by the bank", "Returned by the bank",
        "Ask the provider for its bank details, then pay it again in the finance system.",
        "Tell the council your right bank details. It then pays you again."),
    Reason.UNCALCULATED: Words(
        "Its contract cannot be calculated", "It cannot be calculated just now",
        "Ring the systems administrator.", "The council looks into it. You need do nothing."),
}  # fmt: skip

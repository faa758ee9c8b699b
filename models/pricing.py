"""How care is priced: the words that records and the engine share."""

from enum import StrEnum

from models.words import Choice


class Unit(Choice):
    """What a rate is paid for. MONTH is the calendar month."""

    WEEK = "week"
    MONTH = "month"
    NIGHT = "night"
    DAY = "day"
    HOUR = "hour"
    SESSION = "session"
    MILE = "mile"
    ITEM = "item"

    @property
    def is_counted_weekly(self) -> bool:
        """A quantity says how many of it are bought a week. By the week, month or night, how many times its price."""
        return self not in (Unit.WEEK, Unit.MONTH, Unit.NIGHT)


class Convention(StrEnum):
    """Whether the last day of a line item is paid: INCLUSIVE pays it, the other two do not. NIGHTS: a night belongs to
    the day on which it begins.
    """

    INCLUSIVE = "inclusive"
    EXCLUDE_LAST = "exclude_last"
    NIGHTS = "nights"

    @property
    def words(self) -> str:
        """What becomes of the last day, on a page."""
        return {
            "inclusive": "Is paid", "exclude_last": "Is not paid", "nights": "Nights are paid, the last day is not",
        }[self.value]  # fmt: skip


class Basis(StrEnum):
    """Net: what the provider collects from the client is taken off. Gross: the council pays it all."""

    NET = "net"
    GROSS = "gross"


class PayOnActuals(StrEnum):
    """Whether a payment method pays the plan or what was delivered. UNTIL_ACTUAL pays the plan until it is known what
    was delivered; ALWAYS pays nothing until then.
    """

    NEVER = "never"
    ALWAYS = "always"
    UNTIL_ACTUAL = "until_actual"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ").capitalize()


class DeductionKind(StrEnum):
    CONTRIBUTION = "contribution"
    TOP_UP = "top_up"
    NURSING = "nursing"

    @property
    def words(self) -> str:
        return {
            "contribution": "Client contribution", "top_up": "Top-up", "nursing": "Nursing care, by the NHS",
        }[self.value]  # fmt: skip

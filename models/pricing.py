"""How care is priced: the words that records and the engine share."""

from enum import StrEnum


class Unit(StrEnum):
    """What a rate is paid for. MONTH is the calendar month."""

    WEEK = "week"
    MONTH = "month"
    NIGHT = "night"
    DAY = "day"
    HOUR = "hour"
    SESSION = "session"
    MILE = "mile"
    ITEM = "item"


class Convention(StrEnum):
    """Whether the last day of a line item is paid: INCLUSIVE pays it, the other two do not. NIGHTS: a night belongs to
    the day on which it begins.
    """

    INCLUSIVE = "inclusive"
    EXCLUDE_LAST = "exclude_last"
    NIGHTS = "nights"


class Basis(StrEnum):
    """Net: what the provider collects from the client is taken off. Gross: the council pays it all."""

    NET = "net"
    GROSS = "gross"


class DeductionKind(StrEnum):
    CONTRIBUTION = "contribution"
    TOP_UP = "top_up"
    NURSING = "nursing"

"""Why a payment differs from the one before it: the kinds of reason, which models.reports.reasons adds up."""

from models.words import Choice


class Kind(Choice):
    """Why a payment differs from the one before."""

    NEW = "new"
    GONE = "gone"
    BLOCKED = "blocked"
    """Paid before, and now not authorised, not agreed or suspended."""
    SERVICE = "services begun or ended"
    ABSENCE = "days of absence"
    PRICE = "a new price"
    QUANTITY = "other hours or units"
    SHARED = "a price by the month, shared by its days"
    PART = "care begun or ended part-way"
    DAYS = "days"
    """More or fewer days at the same price."""
    ROUNDING = "rounding"
    CONTRIBUTION = "client contributions"
    ALLOWANCE = "allowance"
    CLAIM = "claim"
    INVOICE = "invoices"
    ADJUSTMENT = "adjustment"
    EARLIER = "corrections of earlier days"
    PLANNED = "changes that are planned"
    OTHER = "other"

    @property
    def label(self) -> str:
        return self.value

    @property
    def is_by_days(self) -> bool:
        """It is about care for a payment's own days, which are not known row by row before they begin."""
        return self not in (*_SUMS, Kind.EARLIER, Kind.PLANNED, Kind.OTHER)

    @property
    def is_one_sided(self) -> bool:
        """What the one payment has of it is another thing than what the other has."""
        return self in (Kind.ADJUSTMENT, Kind.EARLIER, Kind.INVOICE)


_SUMS = (Kind.ALLOWANCE, Kind.CLAIM, Kind.INVOICE, Kind.ADJUSTMENT)

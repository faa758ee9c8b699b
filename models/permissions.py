"""Who may do what: the whole policy on one screen."""

from enum import StrEnum


class Permission(StrEnum):
    VIEW_HOME = "view the home page"
    VIEW_PAYMENTS = "view scheduled payments"
    CONFIRM_PAYMENTS = "confirm and reject scheduled payments"
    VIEW_PURCHASE_ORDERS = "view purchase orders"


class Role(StrEnum):
    """What a person is at one provider."""

    CARER = "carer"
    FINANCE = "finance"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ").capitalize()


GRANTS: dict[Role, frozenset[Permission]] = {
    Role.CARER: frozenset({Permission.VIEW_HOME, Permission.VIEW_PAYMENTS, Permission.VIEW_PURCHASE_ORDERS}),
    Role.FINANCE: frozenset(
        {
            Permission.VIEW_HOME,
            Permission.VIEW_PAYMENTS,
            Permission.CONFIRM_PAYMENTS,
            Permission.VIEW_PURCHASE_ORDERS,
        }
    ),
}

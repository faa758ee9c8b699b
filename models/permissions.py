"""Who may do what: the whole policy on one screen."""

from enum import StrEnum


class Permission(StrEnum):
    # at a provider
    VIEW_HOME = "view the home page"
    VIEW_PAYMENTS = "view scheduled payments"
    CONFIRM_PAYMENTS = "confirm and reject scheduled payments"
    VIEW_PURCHASE_ORDERS = "view purchase orders"

    # at the council
    VIEW_COUNCIL = "view the council's desk and every provider's payments"
    VIEW_RUNS = "view payment runs"
    PREPARE_RUNS = "calculate, prepare and discard payment runs"
    AUTHORISE_RUNS = "authorise and finalise payment runs"
    HOLD_PAYMENTS = "hold and release payments"
    ADJUST_PAYMENTS = "adjust payments and agree instalments"
    ANSWER_REJECTIONS = "send rejected payments back to the provider"


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


class CouncilRole(StrEnum):
    """What a person is at the council: one only, so that nobody prepares and authorises."""

    PAYMENTS_OFFICER = "payments_officer"
    PAYMENTS_MANAGER = "payments_manager"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ").capitalize()


_VIEWS = frozenset({Permission.VIEW_COUNCIL, Permission.VIEW_RUNS})

COUNCIL_GRANTS: dict[CouncilRole, frozenset[Permission]] = {
    CouncilRole.PAYMENTS_OFFICER: _VIEWS
    | {
        Permission.PREPARE_RUNS,
        Permission.HOLD_PAYMENTS,
        Permission.ADJUST_PAYMENTS,
        Permission.ANSWER_REJECTIONS,
    },
    CouncilRole.PAYMENTS_MANAGER: _VIEWS | {Permission.AUTHORISE_RUNS},
}

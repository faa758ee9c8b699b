"""What a payment line is for."""

from enum import StrEnum


class Component(StrEnum):
    """What a payment line is for."""

    CARE = "care"
    ALLOWANCE = "allowance"
    CLAIM = "claim"
    INVOICE = "invoice"
    ADJUSTMENT = "adjustment"
    CONTRIBUTION = "contribution"
    TOP_UP = "top_up"
    NURSING = "nursing"
    BROUGHT_FORWARD = "brought_forward"
    CARRIED_FORWARD = "carried_forward"

    @property
    def label(self) -> str:
        return _LABELS.get(self, self.value.replace("_", " ").capitalize())


_LABELS = {Component.CLAIM: "One-off claim", Component.CONTRIBUTION: "Client contribution", Component.TOP_UP: "Top-up"}
DEDUCTIONS = frozenset({Component.CONTRIBUTION, Component.TOP_UP, Component.NURSING})
"""What somebody else pays towards the price: taken off, and no recovery."""
CARRIED = frozenset({Component.BROUGHT_FORWARD, Component.CARRIED_FORWARD})
"""What a run takes for a debt, or adds to it: no part of a payment's own total."""
LUMPS = frozenset({Component.ALLOWANCE, Component.CLAIM, Component.INVOICE, Component.ADJUSTMENT})
"""Sums that are not priced by days."""

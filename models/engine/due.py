"""What one line item comes to in a payment period, or in one of its weeks: by plan, and where the contract pays on
actuals by what was delivered. Pure.
"""

from datetime import date

from models.engine.actuals import delivered_cells, goes_by_plan
from models.engine.component import Component
from models.engine.entitlement import Cell
from models.engine.facts import ItemFacts
from models.engine.periods import Period
from models.engine.steady import SteadyItem
from models.engine.weeks import Week

Cells = dict[tuple[Component, date], Cell]
"""By component and first day. Steady cells may carry another period's days (Draft.first)."""


def alike(days: Period | Week, own: SteadyItem) -> list[Cell] | None:
    """Its cells, where they are like those of other periods; None where they are its own."""
    return None if days.is_cut else own.cells_like_those_of(days.span)


def by_plan(days: Period | Week, own: SteadyItem) -> Cells:
    """The cells of a period, or of a week, as planned."""
    found = alike(days, own)
    if found is not None:
        return {(cell.component, days.span.first): cell for cell in found}
    return {(cell.component, cell.first): cell for cell in own.cells(days.span)}


def due_of(period: Period, days: Period | Week, item: ItemFacts, own: SteadyItem) -> Cells | None:
    """What is due for the days: a period whose method never pays on actuals, or a week of one that does. `own` are the
    item's terms, or those that were agreed. None: nothing, since the week waits for its actuals.
    """
    if not isinstance(days, Week):
        return by_plan(days, own)
    delivered, rule = item.delivered.get(days.begins_on), item.actuals_rule
    if goes_by_plan(own.terms.unit, days.begins_on, period.method.pay_on_actuals, delivered, rule):
        return by_plan(days, own)
    if delivered is None:
        return None
    found = delivered_cells(own.terms, days.span, days.begins_on, delivered, rule)
    return {(cell.component, cell.first): cell for cell in found}

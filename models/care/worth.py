"""What a week of actuals comes to as it stands, before it is confirmed, and what its plan comes to."""

from models.care.sheet import Sheet
from models.payments.delivered import Given, Worth, in_all, value_of


def worth_of(sheet: Sheet) -> Worth:
    """Of all its rows, whether or not the council looks at some of them first."""
    first_on = sheet.week.first_on
    figures = {
        (row.item_id, first_on): Given(row.actual.actual_e4, row.actual.frustrated_e4, row.figures.by_day_e4)
        for row in sheet.rows
    }
    return in_all(value_of(figures, [sheet.week.provider_id]).values())

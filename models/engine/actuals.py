"""What is planned for a week, and what a week of actuals comes to. Pure: no database.

A week of actuals belongs whole to the payment period in which it ends. Rules: design.md section 7, *Actuals*.
"""

from models.calendar import Span
from models.engine.entitlement import runs
from models.engine.facts import Terms
from models.money import round_half_away
from models.pricing import Unit


def planned_units(terms: Terms, week: Span) -> int:
    """Units that the plan has for the payable days of the week, in ten-thousandths, rounded once: of a quantity a week
    a seventh a day, of a timetable the units of each weekday, of a price by the night the nights. Absences change what
    is paid, not what is planned. 0 for a price by the calendar month, which no week has units of.
    """
    window = week.overlap(terms.starts_on, terms.last_payable_on)
    if window is None or terms.unit is Unit.MONTH:
        return 0
    sevenths = 0
    for first, last, (_, quantity, _) in runs(window, terms):
        days = Span(first, last)
        if quantity.timetable_e4 is not None:
            begin = first.weekday()
            sevenths += 7 * sum(quantity.timetable_e4[(begin + i) % 7] for i in range(days.days))
        elif terms.unit is Unit.NIGHT:
            sevenths += 7 * quantity.weekly_e4 * days.days
        else:
            sevenths += quantity.weekly_e4 * days.days
    return round_half_away(sevenths, 7)

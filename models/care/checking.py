"""The one judge of a row of actuals, whoever brings it: the form, a file, visits or a timesheet. Pure.

The codes are those of domain.md 4.1. An ERROR is put right before the week can be confirmed; an EXCEPTION is confirmed,
and pays nothing until the council has approved it; a WARNING is only told.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from models.care.figures import Figures
from models.care.plan import Planned
from models.care.rules import LevelRules, Verdict
from models.money import SCALE, number
from models.pricing import Unit
from models.records.actual import AbsenceReason
from models.words import Choice

LONGEST_COMMENT = 1_000
LONGEST_REFERENCE = 30
MOST_VISITS = 500


class Severity(Choice):
    ERROR = "error"
    EXCEPTION = "exception"
    WARNING = "warning"


class Code(Choice):
    """What is wrong. E: an error, X: an exception, W: a warning."""

    TOO_MUCH = "E050"
    STEP = "E051"
    NEGATIVE = "E052"
    NO_EXTRAS = "E053"
    VISITS = "E054"
    REASON = "E060"
    COMMENT = "E061"
    REFERENCE = "E062"
    HOSPITAL_ONLY = "E063"
    DAYS = "E064"
    EXTRA_TOO_LONG = "E065"
    REJECTED = "E066"
    RECONCILE = "W120"
    EXTRAS = "W153"
    NO_VISITS = "W154"
    NOT_HOSPITAL = "W163"
    EXTRA_LONG = "W165"
    ALWAYS_PLANNED = "W130"
    IN_HOSPITAL = "W131"
    ABOVE_TOLERANCE = "X200"
    NOTHING = "X201"
    UNPLANNED = "X202"
    OVERLAP = "X203"

    @property
    def severity(self) -> Severity:
        return {"E": Severity.ERROR, "X": Severity.EXCEPTION}.get(self.value[0], Severity.WARNING)

    @property
    def label(self) -> str:
        """Of an exception, on the council's lists."""
        return {
            "X200": "More than planned", "X201": "Nothing delivered, and no reason", "X202": "Nothing was planned",
            "X203": "A worker at two visits at once",
        }.get(self.value, self.value)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a row, in which column, and what to do."""

    code: Code
    column: str
    """A field of Figures."""
    text: str
    suggestion: str | None = None
    """What the column should say, where one answer is certain; as one would type it."""

    @property
    def severity(self) -> Severity:
        return self.code.severity

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR


def check(figures: Figures, planned: Planned, rules: LevelRules) -> list[Fault]:
    """All that is wrong with a row, errors first."""
    found = [*_quantities(figures, planned, rules)]
    if not found:
        found = [*_rules(figures, planned, rules), *_words(figures, planned), *_exceptions(figures, planned, rules)]
    return sorted(found, key=lambda each: (Severity.ERROR, Severity.EXCEPTION, Severity.WARNING).index(each.severity))


_NAMES = {
    "actual_e4": "Actual", "frustrated_e4": "Frustrated", "missed_e4": "Missed", "extra_e4": "Extra",
}  # fmt: skip


def _quantities(figures: Figures, planned: Planned, rules: LevelRules) -> Iterator[Fault]:
    most_e4 = max(rules.most_e4, planned.planned_e4)
    for column, name in _NAMES.items():
        value: int = getattr(figures, column)
        if value < 0:
            yield Fault(Code.NEGATIVE, column, f"{name} is below 0. Enter 0 or more")
        elif value > most_e4:
            most = _units(most_e4, planned.unit)
            yield Fault(Code.TOO_MUCH, column, f"{name} is {number(value)}, and a week has at most {most}")
        elif value % rules.step_e4 and not _is_of_plan(figures, column, planned):
            steps = _units(rules.step_e4, planned.unit)
            yield Fault(Code.STEP, column, f"{name} is {number(value)}. Enter steps of {steps}")
    if figures.by_day_e4 is not None and (len(figures.by_day_e4) != 7 or sum(figures.by_day_e4) != figures.actual_e4):
        yield Fault(Code.DAYS, "actual_e4", "The seven days do not add up to Actual")
    if figures.visits is not None and not 0 <= figures.visits <= MOST_VISITS:
        yield Fault(Code.VISITS, "visits", f"Enter a whole number of visits, 0 to {MOST_VISITS}")


def _is_of_plan(figures: Figures, column: str, planned: Planned) -> bool:
    """A plan that is no multiple of the step (part of a week) may be delivered, missed or frustrated whole."""
    return column != "extra_e4" and getattr(figures, column) == planned.planned_e4


def _rules(figures: Figures, planned: Planned, rules: LevelRules) -> Iterator[Fault]:
    if figures.extra_e4 > 0 or figures.actual_e4 > planned.planned_e4:
        column = "extra_e4" if figures.extra_e4 else "actual_e4"
        text = f"Extra is not paid for {planned.level_name}: no more than the planned {_plan(planned)}"
        yield from _told(rules.extras, Code.NO_EXTRAS, Code.EXTRAS, column, text)
    if figures.frustrated_e4 > 0 and figures.reason is not AbsenceReason.HOSPITAL:
        text = f"Frustrated means in hospital for {planned.level_name}. Choose In hospital, or enter it as missed"
        yield from _told(rules.hospital_only, Code.HOSPITAL_ONLY, Code.NOT_HOSPITAL, "reason", text)
    if figures.visits is None:
        yield from _told(rules.visits, Code.VISITS, Code.NO_VISITS, "visits", "Enter how many visits there were")


def _told(verdict: Verdict, refused: Code, warned: Code, column: str, text: str) -> Iterator[Fault]:
    if verdict is not Verdict.SILENT:
        yield Fault(refused if verdict is Verdict.REFUSED else warned, column, text)


def _words(figures: Figures, planned: Planned) -> Iterator[Fault]:
    if (figures.frustrated_e4 > 0 or figures.missed_e4 > 0) and figures.reason is None:
        yield Fault(Code.REASON, "reason", "Choose why care was not taken up or not delivered")
    if len(figures.comment) > LONGEST_COMMENT:
        yield Fault(Code.COMMENT, "comment", f"Shorten the comment to {LONGEST_COMMENT:,} characters")
    elif figures.actual_e4 != planned.planned_e4 and not figures.comment.strip():
        yield Fault(Code.COMMENT, "comment", f"Say why it is not the planned {_plan(planned)}")
    elif not figures.reconciles_with(planned.planned_e4) and not figures.comment.strip():
        yield Fault(Code.COMMENT, "comment", "Say why Actual is not Planned, less frustrated and missed, with extra")
    if len(figures.provider_reference) > LONGEST_REFERENCE:
        yield Fault(Code.REFERENCE, "provider_reference", f"Shorten your reference to {LONGEST_REFERENCE} characters")
    if not figures.reconciles_with(planned.planned_e4):
        comes_to = planned.planned_e4 - figures.frustrated_e4 - figures.missed_e4 + figures.extra_e4
        yield Fault(
            Code.RECONCILE, "actual_e4",
            f"Planned, less frustrated and missed, with extra comes to {number(comes_to)}, not "
            f"{number(figures.actual_e4)}",
            number(comes_to) if comes_to >= 0 else None,
        )  # fmt: skip
    if planned.in_hospital and figures.actual_e4 >= planned.planned_e4 > 0:
        yield Fault(Code.IN_HOSPITAL, "actual_e4", "The council knows of a stay in hospital in this week")


def _exceptions(figures: Figures, planned: Planned, rules: LevelRules) -> Iterator[Fault]:
    """What is compared with the plan is what would be paid: frustrated as well, where the level pays it."""
    paid_e4 = figures.actual_e4 + (figures.frustrated_e4 if rules.is_frustrated_paid else 0)
    if planned.planned_e4 == 0 and paid_e4 > 0:
        yield Fault(Code.UNPLANNED, "actual_e4", "Nothing was planned in this week. The council looks at it first")
    elif paid_e4 * SCALE > planned.planned_e4 * (SCALE + rules.tolerance_basis_points):
        yield Fault(
            Code.ABOVE_TOLERANCE, "actual_e4",
            f"More than the planned {_plan(planned)}. The council looks at it first",
        )  # fmt: skip
    elif figures.actual_e4 == 0 < planned.planned_e4 and figures.reason is None:
        yield Fault(Code.NOTHING, "actual_e4", "Nothing was delivered, and no reason is given. The council asks first")


def _plan(planned: Planned) -> str:
    return _units(planned.planned_e4, planned.unit)


def _units(quantity_e4: int, unit: Unit) -> str:
    return f"{number(quantity_e4)} {unit.value}{'' if quantity_e4 == SCALE else 's'}"

"""Tax years, and years of either sort as reports name them: with their days, since the two are easily mixed up."""

from dataclasses import dataclass
from datetime import date

from models.calendar import FinancialYear, Span


@dataclass(frozen=True, order=True)
class TaxYear:
    """6 April of `starts_in` to 5 April of the year after. The council's financial year is another thing."""

    starts_in: int

    @classmethod
    def of(cls, day: date) -> "TaxYear":
        return cls(day.year if (day.month, day.day) >= (4, 6) else day.year - 1)

    @property
    def first_on(self) -> date:
        return date(self.starts_in, 4, 6)

    @property
    def last_on(self) -> date:
        return date(self.starts_in + 1, 4, 5)

    def __str__(self) -> str:
        return f"{self.starts_in}/{self.starts_in + 1}"


@dataclass(frozen=True)
class ReportYear:
    """A tax year or a financial year, as an address names it (`tax-2018`) and a heading does (Tax year 2018/2019)."""

    year: TaxYear | FinancialYear

    @classmethod
    def named(cls, key: str) -> "ReportYear":
        """ValueError for what is no year's name."""
        sort, _, begins = key.partition("-")
        if sort not in ("tax", "financial") or not (begins.isascii() and begins.isdigit() and len(begins) == 4):
            raise ValueError(key)
        return cls(TaxYear(int(begins)) if sort == "tax" else FinancialYear(int(begins)))

    @classmethod
    def if_named(cls, key: str) -> "ReportYear | None":
        """As `named`; None for what is no year's name, say in an address that somebody has typed."""
        try:
            return cls.named(key)
        except ValueError:
            return None

    @property
    def is_tax(self) -> bool:
        return isinstance(self.year, TaxYear)

    @property
    def key(self) -> str:
        return f"{'tax' if self.is_tax else 'financial'}-{self.year.starts_in}"

    @property
    def span(self) -> Span:
        return Span(self.year.first_on, self.year.last_on)

    @property
    def name(self) -> str:
        return f"{'Tax' if self.is_tax else 'Financial'} year {self.year}"

    @property
    def words(self) -> str:
        """With its days: Tax year 2018/2019, 6 April 2018 to 5 April 2019."""
        return f"{self.name}, {self.span.words()}"

"""What an Individual Service Agreement says: the facts of one care package line item, copied on the day it was made.

A paper never changes. Whatever is renamed or priced anew afterwards, it says what it said, and its SHA-256 proves it:
that of the facts as JSON, keys sorted, without blanks, in UTF-8. The page and the PDF are drawn from nothing else.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import date
from hashlib import sha256
from typing import Any, Self

from models.agreed_terms import AgreedAllowance, AgreedDeduction, AgreedPrice, AgreedQuantity, AgreedTerms
from models.calendar import in_words
from models.money import gbp, gbp_rate, number
from models.pricing import Basis, DeductionKind, Unit
from models.records.client import full_name
from models.sight import What, seen

ADDRESS = "Provider’s address"
"""The name of the fact that says where the provider is, which not everybody at the council sees."""
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
UNPRICED = "This care package has no price yet, so there is nothing to agree to. Add one in the finance system"
_PAYS = {
    DeductionKind.CONTRIBUTION: "The person’s contribution", DeductionKind.TOP_UP: "Top-up",
    DeductionKind.NURSING: "Nursing care",
}  # fmt: skip
CLAUSES = (
    "The provider gives this person the service named here, on these days, at this price, under the terms and "
    "conditions of the contract named here.",
    "The council pays for it as the contract says, from the first day, and catches up what was not paid before this "
    "agreement was agreed.",
    "More care, more days or a higher price need a new version of it; until that is agreed, this one holds. "
    "An earlier end, days away and a lower price count at once.",
    "Agreeing in the portal binds the provider as a signature does, and cannot be taken back.",
)


@dataclass(frozen=True, slots=True)
class Paper:
    """The facts of one version. `sum_pence` is what the council pays for `sum_of`, a week or a calendar month, VAT
    included and less what the provider collects from others.
    """

    version: int
    made_on: date
    council: str
    provider: str
    provider_reference: str
    provider_address: str
    surname: str
    first_name: str
    client_reference: str
    contract: str
    contract_reference: str
    payment_terms: str
    item_reference: str
    service: str
    basis: Basis
    vat_basis_points: int
    terms: AgreedTerms
    """What money goes by once it is agreed: prices, quantities, days."""
    sum_pence: int
    clauses: tuple[str, ...] = CLAUSES

    @property
    def sum_of(self) -> str:
        return "month" if self.terms.unit is Unit.MONTH else "week"

    @property
    def sum_words(self) -> str:
        """£872.50 a week"""
        return f"{gbp(self.sum_pence)} a {self.sum_of}"

    @property
    def client(self) -> str:
        return full_name(self.surname, self.first_name, self.client_reference)

    @property
    def facts(self) -> list[tuple[str, str]]:
        """All that it says, in the order of the page: names and words."""
        terms = self.terms
        return [
            ("Council", self.council),
            ("Provider", f"{self.provider} ({self.provider_reference})"),
            (ADDRESS, ", ".join(self.provider_address.splitlines()) or "None given"),
            ("For", self.client),
            ("Contract", f"{self.contract} ({self.contract_reference})"),
            ("Payment terms", self.payment_terms or "As the contract says"),
            ("Care package line item", self.item_reference),
            ("Service", self.service),
            ("Service level", terms.service),
            ("From", in_words(terms.starts_on)),
            ("To", in_words(terms.ends_on) if terms.ends_on else "No end"),
            ("Last day", terms.convention.words),
            ("Price", "\n".join(self._price(each) for each in terms.prices)),
            ("Quantity", "\n".join(self._quantity(each) for each in terms.quantities) or self._one),
            ("Paid", "Gross: the council pays it all" if self.basis is Basis.GROSS else
                     "Net: less what the provider collects from the person"),
            ("Others pay", "\n".join(_deduction(each) for each in terms.deductions) or "Nothing"),
            *([("Allowances", "\n".join(_allowance(each) for each in terms.allowances))] if terms.allowances else []),
            (f"The council pays a {self.sum_of}", gbp(self.sum_pence)),
        ]  # fmt: skip

    def _price(self, price: AgreedPrice) -> str:
        unit = self.terms.unit
        vat = f", and VAT at {number(self.vat_basis_points * 100)} %" if self.vat_basis_points else ""
        return f"{gbp_rate(price.rate_e4)} {'an' if unit[0] in 'hi' else 'a'} {unit}{vat}, {_days(price)}"

    @property
    def _one(self) -> str:
        unit = self.terms.unit
        return (
            f"One {unit}"
            if unit in (Unit.WEEK, Unit.MONTH)
            else f"One {unit} a {'night' if unit is Unit.NIGHT else 'week'}"
        )

    def _quantity(self, quantity: AgreedQuantity) -> str:
        every = {Unit.NIGHT: "a night", Unit.MONTH: "a calendar month"}.get(self.terms.unit, "a week")
        each = zip(WEEKDAYS, quantity.timetable_e4 or (), strict=False)
        days = [f"{name} {number(units)}" for name, units in each if units]
        timetable = f" ({', '.join(days)})" if days else ""
        return f"{number(quantity.quantity_e4)} {every}{timetable}, {_days(quantity)}"

    def differs_from(self, other: "Paper") -> list[tuple[str, str, str]]:
        """What this one says otherwise than the other: name, the other's words, this one's words."""
        before = dict(other.facts)
        now = dict(self.facts)
        names = [*now, *(name for name in before if name not in now)]
        return [
            (name, before.get(name, "Nothing"), now.get(name, "Nothing"))
            for name in names
            if before.get(name) != now.get(name)
        ]

    def says_the_same_as(self, other: "Paper") -> bool:
        return replace(self, version=0, made_on=other.made_on) == replace(other, version=0)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {
            "made_on": self.made_on.isoformat(), "terms": self.terms.as_dict(), "clauses": list(self.clauses),
        }  # fmt: skip

    @property
    def text(self) -> str:
        """The facts as their SHA-256 is made of."""
        return canonical(self.as_dict())

    @property
    def sha256(self) -> str:
        return sha256_of(self.as_dict())

    @classmethod
    def from_dict(cls, row: dict[str, Any]) -> Self:
        """Tells the audit whom it names: its client and its provider's address stand in no column of their own."""
        seen(What.CLIENT, row["client_reference"])
        seen(What.NAME, row["surname"])
        seen(What.NAME, row["first_name"])
        seen(What.CONTACT, row["provider_address"])
        return cls(
            **row
            | {
                "made_on": date.fromisoformat(row["made_on"]), "terms": AgreedTerms.from_dict(row["terms"]),
                "basis": Basis(row["basis"]), "clauses": tuple(row["clauses"]),
            }
        )  # fmt: skip


def sums_in_words(papers: Iterable[Paper]) -> str:
    """What several come to together: £1,745.00 a week, or £872.50 a week and £100.00 a month. Empty of none."""
    sums: dict[str, int] = {}
    for paper in papers:
        sums[paper.sum_of] = sums.get(paper.sum_of, 0) + paper.sum_pence
    return " and ".join(f"{gbp(sums[each])} a {each}" for each in ("week", "month") if each in sums)


def canonical(value: Any) -> str:
    """JSON that is the same for the same facts: keys sorted, no blanks, no escapes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def sha256_of(value: Any) -> str:
    return sha256(canonical(value).encode()).hexdigest()


def _days(dated: AgreedPrice | AgreedQuantity | AgreedDeduction) -> str:
    return f"from {in_words(dated.first)}" + (f" to {in_words(dated.last)}" if dated.last else "")


def _deduction(deduction: AgreedDeduction) -> str:
    who = "the provider" if deduction.is_collected_by_provider else "the council"
    return (
        f"{_PAYS[deduction.kind]}: {gbp_rate(deduction.weekly_rate_e4)} a week, {_days(deduction)}, collected by {who}"
    )


def _allowance(allowance: AgreedAllowance) -> str:
    return f"{allowance.name}: {gbp(allowance.amount_pence)}, due on {in_words(allowance.due_on)}"

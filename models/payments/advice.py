"""What a remittance says, as plain values: kept whole on the day on which its run paid, and never worked out again.

Only these classes read or write the JSON that is stored.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import Any, overload

from models.base import JSONText
from models.calendar import Span
from models.engine.component import Component
from models.engine.reason_code import ReasonCode
from models.engine.working import Slice
from models.sight import What, seen

CARRIED = (Component.CARRIED_FORWARD, Component.BROUGHT_FORWARD)
"""Of money of other payments."""


@dataclass(frozen=True, slots=True)
class Units:
    """What was claimed: ten-thousandths of units, at ten-thousandths of a pound each."""

    quantity_e4: int
    rate_e4: int
    unit: str


@dataclass(frozen=True, slots=True)
class AdviceLine:
    """One amount that was rounded once; pence. Of the days that it is for, `part` says quantity and price."""

    client: str
    """As payments show one: S, Bart (C2000020). Empty for what is of no client."""
    client_reference: str
    order_number: int | None
    reason: ReasonCode
    component: Component
    name: str
    """Of the service, allowance, claim or adjustment."""
    first: date
    last: date
    net_pence: int
    vat_pence: int
    is_earlier: bool
    """It is about days before the payment's own period."""
    part: Slice | None = None
    units: Units | None = None
    due_pence: int | None = None
    """Of a difference, net: what is due for these days in all ..."""
    paid_pence: int | None = None
    """... and what of it was paid before."""

    @property
    def total_pence(self) -> int:
        return self.net_pence + self.vat_pence

    @property
    def span(self) -> Span:
        return Span(self.first, self.last)

    @property
    def is_own(self) -> bool:
        """It is no carried or brought forward money."""
        return self.component not in CARRIED

    def as_dict(self) -> dict[str, Any]:
        row = _kept(
            self.client, self.client_reference, self.order_number, self.reason, self.component, self.name,
            self.first.isoformat(), self.last.isoformat(), self.net_pence, self.vat_pence, self.is_earlier,
        )  # fmt: skip
        if self.part is not None:
            row["part"] = self.part.as_dict()
        if self.units is not None:
            row["units"] = [self.units.quantity_e4, self.units.rate_e4, self.units.unit]
        if self.due_pence is not None:
            row["difference"] = [self.due_pence, self.paid_pence]
        return row

    @classmethod
    def from_dict(cls, row: dict[str, Any]) -> "AdviceLine":
        seen(What.CLIENT, row["reference"])
        due, paid = row.get("difference", (None, None))
        return cls(
            row["client"], row["reference"], row["order"], ReasonCode(row["reason"]), Component(row["component"]),
            row["name"], date.fromisoformat(row["first"]), date.fromisoformat(row["last"]), row["net"], row["vat"],
            row["earlier"], Slice.from_dict(row["part"]) if "part" in row else None,
            Units(*row["units"]) if "units" in row else None, due, paid,
        )  # fmt: skip


def _kept(
    client: str, reference: str, order: int | None, reason: ReasonCode, component: Component, name: str, first: str,
    last: str, net: int, vat: int, is_earlier: bool,
) -> dict[str, Any]:  # fmt: skip
    return {
        "client": client, "reference": reference, "order": order, "reason": reason.value, "component": component.value,
        "name": name, "first": first, "last": last, "net": net, "vat": vat, "earlier": is_earlier,
    }  # fmt: skip


def lines_of_slices(
    slices: Iterable[dict[str, Any]], *, client: str, reference: str, order: int | None, reason: ReasonCode,
    component: Component, name: str, is_earlier: bool,
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """A line for each of these slices, both as they are kept: what `AdviceLine.as_dict()` gives of them."""
    for part in slices:
        days, pence = (part["first"], part["last"]), (part["net_pence"], part["vat_pence"])
        row = _kept(client, reference, order, reason, component, name, *days, *pence, is_earlier)
        row["part"] = part
        yield row


class Lines(Sequence[AdviceLine]):
    """Lines as they are kept. One becomes an AdviceLine when it is read, and then the open Sight is told of its client:
    of the thousands that a large contract has, a page shows some and adds up the others.
    """

    __slots__ = ("_kept", "_sums")

    def __init__(self, kept: Sequence[dict[str, Any]] = ()) -> None:
        self._kept = kept
        self._sums: tuple[int, int] | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Lines) and self._kept == other._kept

    def __repr__(self) -> str:
        return f"Lines({self._kept!r})"

    def __len__(self) -> int:
        return len(self._kept)

    @overload
    def __getitem__(self, at: int) -> AdviceLine: ...
    @overload
    def __getitem__(self, at: slice) -> "Lines": ...
    def __getitem__(self, at: int | slice) -> "AdviceLine | Lines":
        return Lines(self._kept[at]) if isinstance(at, slice) else AdviceLine.from_dict(self._kept[at])

    def __iter__(self) -> Iterator[AdviceLine]:
        return map(AdviceLine.from_dict, self._kept)

    @property
    def net_pence(self) -> int:
        return self._added[0]

    @property
    def vat_pence(self) -> int:
        return self._added[1]

    @property
    def _added(self) -> tuple[int, int]:
        if self._sums is None:
            self._sums = sum(row["net"] for row in self._kept), sum(row["vat"] for row in self._kept)
        return self._sums

    @property
    def own(self) -> "Lines":
        """Without what is carried or brought forward."""
        return Lines([row for row in self._kept if row["component"] not in CARRIED])

    @property
    def carried(self) -> "Lines":
        return Lines([row for row in self._kept if row["component"] in CARRIED])

    def by_client(self) -> Iterator[range]:
        """Where those stand that are beside each other and of one client; what is of none likewise."""
        clients, first = [row["client"] for row in self._kept], 0
        for at, client in enumerate(clients):
            if client != clients[first]:
                yield range(first, at)
                first = at
        if clients:
            yield range(first, len(clients))

    def as_dicts(self) -> list[dict[str, Any]]:
        return list(self._kept)


@dataclass(frozen=True, slots=True)
class Advice:
    """All that a remittance of one payment by one run says."""

    reference: str
    """Contract and run: 741254-317."""
    provider: str
    provider_reference: str
    organisation: str
    address: str
    account: str
    """The last digits of the account, empty where the finance system has not told them."""
    contract: str
    contract_reference: str
    method: str
    """As the guides print it: Scheduled (Pay on actuals: Never) 04/02/2019 Weekly Net."""
    first: date
    last: date
    finalised_on: date
    bank_on: date
    run_id: int
    lines: Lines = field(default_factory=Lines)
    council: str = ""
    """Who paid; empty in those that were kept before this was."""

    @property
    def span(self) -> Span:
        return Span(self.first, self.last)

    @property
    def net_pence(self) -> int:
        return self.lines.net_pence

    @property
    def vat_pence(self) -> int:
        return self.lines.vat_pence

    @property
    def total_pence(self) -> int:
        """What the run paid to the bank."""
        return self.net_pence + self.vat_pence

    @property
    def masked_account(self) -> str:
        return f"ending {self.account}" if self.account else "not on record"

    @property
    def sha256(self) -> str:
        """A seal over what it says: the same words, the same seal."""
        return seal_of(text_of(self.as_dict()))

    def as_dict(self) -> dict[str, Any]:
        words = {name: getattr(self, name) for name in _WORDS}
        days = {name: getattr(self, name).isoformat() for name in _DAYS}
        lines = {"run": self.run_id, "lines": self.lines.as_dicts()}
        return words | days | lines | ({"council": self.council} if self.council else {})

    @classmethod
    def from_dict(cls, row: dict[str, Any]) -> "Advice":
        seen(What.CONTACT, row["address"])
        given: dict[str, Any] = {name: row[name] for name in _WORDS}
        given |= {name: date.fromisoformat(row[name]) for name in _DAYS}
        return cls(**given, run_id=row["run"], lines=Lines(row["lines"]), council=row.get("council", ""))


def text_of(words: dict[str, Any]) -> JSONText:
    """What `Advice.as_dict()` gave, as it is stored and sealed: the same words, the same text."""
    return JSONText(json.dumps(words, ensure_ascii=False, sort_keys=True, separators=(",", ":")))


def seal_of(text: JSONText) -> str:
    """As `Advice.sha256`, of what `text_of` gave."""
    return sha256(text.encode()).hexdigest()


_WORDS = ("reference", "provider", "provider_reference", "organisation", "address", "account", "contract",
          "contract_reference", "method")  # fmt: skip
_DAYS = ("first", "last", "finalised_on", "bank_on")

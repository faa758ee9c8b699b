"""A remittance as a sheet: who was paid what for whom, why, and what of it went to the bank."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import overload

from exchange.downloads.tabular import Cell, Pence, Rate
from exchange.reports.sheet import Column, Later, Row, RowKind, Sheet, Table
from models.calendar import Span, in_words
from models.engine.component import Component
from models.money import SCALE, gbp, gbp_rate
from models.payments.advice import Advice, AdviceLine, Lines
from models.pricing import Unit
from models.reports.explanation import days_text, price_text
from models.reports.remittances import Basis, Remitted
from models.words import how_many

TITLE = "Remittance Advice: Provider Payments"
CLAIMS, OWED = "One-Off Claims", "What you owe"
MONEY = (Column("Excl VAT", 22, True), Column("VAT", 18, True), Column("Total", 22, True))
COLUMNS = (
    Column("Client", 42), Column("Reason", 27), Column("For", 48), Column("Days", 38), Column("Quantity", 16),
    Column("Price", 24), *MONEY,
)  # fmt: skip
SUMMARY = (Column("Client", 150), Column("Lines", 45, True), *MONEY)
DATA = (
    "Remittance", "Contract", "Reference", "Period from", "Period to", "In the bank", "Client", "Client reference",
    "Purchase order", "Reason", "Kind", "For", "From", "To", "Earlier days", "Quantity", "Unit", "Rate", "Per",
    "Per cent paid", "Due", "Paid before", "Excl VAT", "VAT", "Total",
)  # fmt: skip


def remittance_sheet(found: Remitted, *, council: str, is_summary: bool = False, with_address: bool = True) -> Sheet:
    """The sheet of what was remitted. Where nothing was, it has no tables and says so. `council`: who paid, where the
    remittance does not say so itself. `with_address`: its reader may see where the provider is.
    """
    parts = found.advices
    council = "; ".join(dict.fromkeys(part.council or council for part in parts)) or council
    newest = max((part.finalised_on for part in parts), default=found.as_on)
    references = " and ".join(dict.fromkeys(part.reference for part in parts)) or found.name
    return Sheet(
        title=TITLE,
        name=f"remittance-{found.name}",
        made_on=newest,
        foot=f"{council}. Remittance {references}",
        facts=list(_facts(found, council, with_address)),
        notes=list(_notes(found)),
        tables=[_table(part, found, is_summary) for part in parts],
        data=Later(lambda: [DATA, *(_data(part, line) for part in parts for line in part.lines)]),
    )


def _facts(found: Remitted, council: str, with_address: bool) -> Iterator[tuple[str, Cell]]:
    parts = found.advices
    if not parts:
        return
    last = parts[-1]

    def all_of(values: Iterable[str]) -> str:
        return "; ".join(dict.fromkeys(value for value in values if value))

    yield "Contract", all_of(part.contract for part in parts)
    yield "Reference", all_of(part.contract_reference for part in parts)
    yield "Remittance", all_of(part.reference for part in parts)
    yield "Payment Method", all_of(part.method for part in parts)
    yield "Period", all_of(_days(part.span) for part in parts) + (" *" if found.is_partly else "")
    yield "In your bank", all_of(in_words(part.bank_on) for part in parts)
    yield "Paid by", council
    yield "Paid to", all_of([last.provider, last.organisation]) + f" ({last.provider_reference})"
    yield "Address", last.address.replace("\n", ", ") if with_address else "Not shown to your role"
    yield "Account", last.masked_account
    yield "Excl VAT", Pence(sum(part.net_pence for part in parts))
    yield "VAT", Pence(sum(part.vat_pence for part in parts))
    yield "Paid to your bank", Pence(found.total_pence)


def _notes(found: Remitted) -> Iterator[str]:
    if not found.advices:
        yield "Nothing of this has been paid yet, so there is no remittance of it."
    if found.is_partly:
        yield "* This payment period is partially finalised: something of it waits, and is paid by a later run."
    if found.basis is Basis.FINALISATION:
        yield "All that one run has paid, whichever days it is for."


def _table(part: Advice, found: Remitted, is_summary: bool) -> Table:
    caption = f"{part.contract}, {_days(part.span)}: {gbp(part.total_pence)} in your bank on {in_words(part.bank_on)}"
    columns = SUMMARY if is_summary else COLUMNS
    carried = part.lines.carried
    own = part.lines.own if carried else part.lines
    rows: list[Making] = []
    for group in own.by_client():
        if not is_summary:
            rows += [(_long, own, at) for at in group]
        if is_summary or len(group) > 1:
            rows.append((_short if is_summary else _client_in_all, own[group.start : group.stop], None))
    if carried:
        rows.append((partial(_in_all, columns=columns, label="This payment’s own lines"), own, None))
        owed = partial(_short if is_summary else _long, client=OWED)
        rows += [(owed, carried, at) for at in range(1 if is_summary else len(carried))]
    total = partial(_in_all, columns=columns, label="Paid to your bank", kind=RowKind.TOTAL)
    rows.append((total, part.lines, None))
    if not part.lines:
        nothing = Row(["Nothing was paid", *[None] * (len(columns) - 4), *[Pence(0)] * 3], RowKind.TOTAL)
        return Table(caption, columns, [nothing])
    return Table(caption, columns, Made(rows))


Making = tuple[Callable[[Lines, int | None], Row], Lines, int | None]
"""What makes a row, of which lines, and of which of them where it is of one."""


class Made(Sequence[Row]):
    """Rows that are made when somebody reads them: a page shows a few of those of a large contract."""

    def __init__(self, rows: Sequence[Making]) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, at: int) -> Row: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Row]: ...
    def __getitem__(self, at: int | slice) -> Row | Sequence[Row]:
        if isinstance(at, slice):
            return Made(self._rows[at])
        make, lines, which = self._rows[at]
        return make(lines, which)

    def __repr__(self) -> str:
        return repr(list(self))


def _client(line: AdviceLine) -> str:
    return line.client or CLAIMS


def _long(lines: Lines, at: int | None, client: str = "") -> Row:
    """One of these lines."""
    line = lines[at or 0]
    return Row(_cells(client or _client(line), line))


def _client_in_all(lines: Lines, _at: int | None) -> Row:
    return _in_all(lines, None, COLUMNS, f"{_client(lines[0])}, in all")


def _in_all(
    lines: Lines, _at: int | None, columns: Sequence[Column], label: str, kind: RowKind = RowKind.SUBTOTAL
) -> Row:  # fmt: skip
    """A row below these lines: every column of money added up."""
    return Row([label, *[None] * (len(columns) - 1 - len(MONEY)), *_sums(lines)], kind)


def _short(lines: Lines, _at: int | None, client: str = "") -> Row:
    """All of these lines in one row."""
    return Row([client or _client(lines[0]), len(lines), *_sums(lines)])


def _sums(lines: Lines) -> Iterator[Pence]:
    net, vat = lines.net_pence, lines.vat_pence
    yield from (Pence(net), Pence(vat), Pence(net + vat))


def _cells(client: str, line: AdviceLine) -> list[Cell]:
    quantity, price = _quantity_words(line)
    return [
        client, line.reason.value, _for(line), _days(line.span), quantity, price, Pence(line.net_pence),
        Pence(line.vat_pence), Pence(line.total_pence),
    ]  # fmt: skip


def _for(line: AdviceLine) -> str:
    """What the line is for; of a difference what is due, and what was paid before; and that its days are earlier."""
    what = f"{line.component.label}: {line.name}" if line.name else line.component.label
    if line.is_earlier:
        what += ", earlier days"
    if line.due_pence is not None and line.paid_pence is not None:
        what += f", {gbp(line.due_pence)} is due, {gbp(line.paid_pence)} was paid before"
    return what


def _quantity_words(line: AdviceLine) -> tuple[str, str]:
    if line.part is not None:
        return days_text([line.part], line.span), price_text(line.part)
    if line.units is not None:
        count = line.units.quantity_e4
        return _plural(count, line.units.unit), f"{gbp_rate(line.units.rate_e4)} a {line.units.unit}"
    return "", ""


def _plural(quantity_e4: int, unit: str) -> str:
    whole, rest = divmod(quantity_e4, SCALE)
    if not rest:
        return how_many(whole, unit)
    return f"{whole:,}.{f'{rest:04}'.rstrip('0')} {unit}s"


def _days(span: Span) -> str:
    """As the guides print a period: 23/09/2019 - 29/09/2019."""
    return f"{span.first:%d/%m/%Y} - {span.last:%d/%m/%Y}"


def _data(part: Advice, line: AdviceLine) -> tuple[Cell, ...]:
    return (
        part.reference, part.contract, part.contract_reference, part.first, part.last, part.bank_on,
        line.client or (CLAIMS if line.component is Component.CLAIM else OWED), line.client_reference,
        line.order_number, line.reason.value, line.component.label, line.name, line.first, line.last,
        "yes" if line.is_earlier else "no", *_quantity(line),
        None if line.due_pence is None else Pence(line.due_pence),
        None if line.paid_pence is None else Pence(line.paid_pence),
        Pence(line.net_pence), Pence(line.vat_pence), Pence(line.total_pence),
    )  # fmt: skip


def _quantity(line: AdviceLine) -> tuple[Cell, ...]:
    """Quantity and its unit, rate and what it is paid for, and the per cent of it that is paid."""
    if line.units is not None:
        return Rate(line.units.quantity_e4), line.units.unit, Rate(line.units.rate_e4), line.units.unit, 100
    part = line.part
    if part is None:
        return None, "", None, "", None
    if part.is_timetabled:
        quantity, unit = part.quantity_e4, part.unit.value
    else:
        quantity, unit = part.days * SCALE, "night" if part.unit is Unit.NIGHT else "day"
    return Rate(quantity), unit, Rate(part.rate_e4), part.unit.value, part.percent

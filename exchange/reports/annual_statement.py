"""The annual statement of a carer's payments as a sheet, with a page on qualifying care relief."""

from collections.abc import Iterator
from datetime import date

from exchange.downloads.tabular import Cell, Pence
from exchange.reports.sheet import Column, Row, RowKind, Sheet, Table, sums
from models.calendar import in_words
from models.money import gbp
from models.records.provider import Provider
from models.reports.annual_statement import Child, Statement
from models.words import how_many

TITLE = "Annual Statement Of Foster Carer Payments"
NO_ADVICE = (
    "This is no tax advice. It says what this council has paid into your bank in the year, and no other income. What "
    "you enter in a tax return is for you, HM Revenue and Customs or an adviser to say."
)
WEEKS = (
    "Weeks run from Monday to Sunday. A part of a week counts as a whole one, in the year in which it was first paid, "
    "by the child’s age on its Monday. Compare them with your own diary."
)
MONEY = (Column("Excl VAT", 30, True), Column("VAT", 25, True), Column("Total", 32, True))
CHILDREN = (Column("Client", 110), Column("Weeks under 11", 50, True), Column("Weeks 11 or over", 50, True),
            Column("Total", 47, True))  # fmt: skip
KINDS = (Column("Kind", 170), *MONEY)
PAYMENTS = (Column("In your bank", 40), Column("Contract", 110), Column("Period", 70), Column("Paid", 37, True))
RELIEF = (Column("What", 90), Column("How", 120), Column("Amount", 47, True))
DATA = ("Year", "From", "To", "Client", "Client reference", "Kind", "Weeks under 11", "Weeks 11 or over", "Excl VAT",
        "VAT", "Total")  # fmt: skip


def annual_sheet(statement: Statement, provider: Provider, *, council: str, as_on: date) -> Sheet:
    """`provider` is read with its organisation; `as_on` is the day on which it was asked for."""
    year = statement.year
    return Sheet(
        title=TITLE,
        name=f"annual-statement-{year.key}",
        made_on=min(as_on, year.span.last) if statement.is_so_far else year.span.last,
        foot=f"{council}. Annual statement of {provider.name}, {year.name}",
        facts=list(_facts(statement, provider, council, as_on)),
        notes=[NO_ADVICE],
        tables=[_children(statement), _kinds(statement), _payments(statement), *_relief(statement)],
        data=[DATA, *_data(statement)],
    )


def _facts(statement: Statement, provider: Provider, council: str, as_on: date) -> Iterator[tuple[str, Cell]]:
    year, span = statement.year, statement.year.span
    so_far = f" so far, as on {in_words(as_on)}" if statement.is_so_far else ""
    yield "Organisation", provider.organisation.name if provider.organisation else provider.name
    yield "Provider", f"{provider.name} ({provider.reference})"
    yield "Tax Year" if year.is_tax else "Financial year", f"{year.year}{so_far}"
    yield "From", span.first
    yield "To", span.last
    yield "Goes by", "The day on which each payment was in your bank"
    yield "Paid by", council
    yield "Paid to your bank", Pence(statement.total_pence)


def _children(statement: Statement) -> Table:
    rows = [Row(_of_child(child)) for child in statement.children]
    total = Row(
        ["Paid to your bank", statement.younger_weeks, statement.older_weeks, Pence(statement.total_pence)],
        RowKind.TOTAL,
    )
    return Table("By child", CHILDREN, [*rows, total], WEEKS)


def _of_child(child: Child) -> list[Cell]:
    if child.is_of_unknown_age:
        return [f"{child.name}, {how_many(len(child.weeks), 'week')}, age not on record", None, None,
                Pence(child.total_pence)]  # fmt: skip
    weeks: list[Cell] = [child.younger_weeks, child.older_weeks] if child.weeks else [None, None]
    return [child.name, *weeks, Pence(child.total_pence)]


def _kinds(statement: Statement) -> Table:
    rows = [Row([kind.name, *_money(kind.net_pence, kind.vat_pence)]) for kind in statement.kinds]
    return Table("By kind of payment", KINDS, [*rows, _total(rows, KINDS)])


def _payments(statement: Statement) -> Table:
    rows = [
        Row([each.bank_on, each.contract, f"{each.span.first:%d/%m/%Y} - {each.span.last:%d/%m/%Y}", Pence(each.pence)])
        for each in statement.payments
    ]
    return Table("Payments, by bank day", PAYMENTS, [*rows, _total(rows, PAYMENTS)])


def _total(rows: list[Row], columns: tuple[Column, ...]) -> Row:
    if not rows:
        return Row(["Nothing was paid", *[None] * (len(columns) - 2), Pence(0)], RowKind.TOTAL)
    return sums(rows, columns, "Paid to your bank", RowKind.TOTAL)


def _money(net_pence: int, vat_pence: int) -> tuple[Cell, ...]:
    return Pence(net_pence), Pence(vat_pence), Pence(net_pence + vat_pence)


def _relief(statement: Statement) -> Iterator[Table]:
    """What a household may receive before tax is due; where something is missing, what that is."""
    caption = f"Qualifying care relief, {statement.year.words}"
    relief, qualifying = statement.relief, statement.qualifying_pence
    if relief is None or qualifying is None:
        yield Table(caption, RELIEF, [Row(["Not worked out", statement.missing, None])], NO_ADVICE)
        return
    younger, older = statement.younger_weeks, statement.older_weeks
    rows = [
        Row(["Fixed amount", "For your household, for a whole year", Pence(relief.fixed_pence)]),
        _weeks("Under 11", younger, relief.younger_pence),
        _weeks("11 or over", older, relief.older_pence),
        Row(["Qualifying amount", f"Set by {relief.instrument}", Pence(qualifying)], RowKind.TOTAL),
    ]
    note = (
        f"This council paid you {gbp(statement.total_pence)}{' so far' if statement.is_so_far else ''}. The fixed "
        "amount is for all carers of a household together, and less if you were approved for a part of the year only. "
    )
    yield Table(caption, RELIEF, rows, note + NO_ADVICE)


def _weeks(what: str, count: int, pence: int) -> Row:
    return Row([what, f"{how_many(count, 'week')} at {gbp(pence)}", Pence(count * pence)])


def _data(statement: Statement) -> Iterator[tuple[Cell, ...]]:
    """A row a child and kind; the weeks stand in a child's first row, so that columns add up."""
    year, span = statement.year, statement.year.span
    for child in statement.children:
        weeks: tuple[Cell, Cell] = (child.younger_weeks, child.older_weeks) if child.weeks else (None, None)
        for kind in sorted(child.kinds.values(), key=lambda kind: kind.name):
            money = _money(kind.net_pence, kind.vat_pence)
            yield (year.name, span.first, span.last, child.name, child.reference, kind.name, *weeks, *money)
            weeks = (None, None)

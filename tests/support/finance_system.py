"""A small stand-in for a council's finance system, built from what docs/feed.md says and from nothing else: it takes
exports out of a directory, looks at them as its own books would, and answers with the files of the next feed.
"""

import csv
import io
import json
import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

FEED_MD = Path(__file__).parents[2] / "docs" / "feed.md"
ACCOUNTS = {"care", "invoice", "allowance", "claim", "adjustment", "contribution", "top_up", "nursing",
            "carried_forward", "brought_forward", "bank"}  # fmt: skip
CAN_CHANGE = {"answers.csv", "queries.csv", "claims_decided.csv", "claim_items_decided.csv", "claim_trips.csv",
              "actions.csv", "changes_asked.csv", "change_fields.csv", "debt_entries.csv", "actuals.csv",
              "invoices.csv", "invoice_lines.csv"}  # fmt: skip
"""Files of records of which something can change, so that they are told once more."""

Row = dict[str, str]


def columns_of_the_way_out() -> dict[str, dict[str, str]]:
    """By file: its columns in their order, with what stands in each, as docs/feed.md lists them."""
    text = FEED_MD.read_text("utf-8")
    [chapter] = re.findall(r"<!-- columns out -->\n(.*)<!-- end of columns out -->", text, re.DOTALL)
    found: dict[str, dict[str, str]] = {}
    for name, table in re.findall(r"### (\S+\.csv)\n(.*?)(?=\n### |\Z)", chapter, re.DOTALL):
        found[name] = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", table, re.MULTILINE))
    return found


def pence(text: str) -> int:
    amount = Decimal(text) * 100
    assert amount == int(amount), text
    return int(amount)


@dataclass
class FinanceSystem:
    """Its books: the newest row of every record, by file and reference, and the exports that it has read."""

    inbox: Path
    columns: dict[str, dict[str, str]] = field(default_factory=columns_of_the_way_out)
    read: dict[int, str] = field(default_factory=dict)
    """By number: the hash of the file."""
    books: dict[str, dict[str, list[Row]]] = field(default_factory=lambda: defaultdict(dict))
    told: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    """How often each record was told, by file and reference."""
    refuses: set[tuple[str, str]] = field(default_factory=set)
    """Rows that it refuses, once each, by file and reference."""
    answers: list[tuple[str, ...]] = field(default_factory=list)
    """Rows of acknowledgements.csv that nobody has fetched."""
    sent: list[Row] = field(default_factory=list)
    """Rows of payments.csv that its bank has been told to pay, and of which nobody has been told."""

    def look(self) -> list[int]:
        """Read what lies in the inbox, in the order of the numbers; which are new."""
        new = []
        for path in sorted(self.inbox.glob("portal-*.zip")):
            number = int(path.stem.removeprefix("portal-"))
            content = path.read_bytes()
            if number in self.read:
                assert self.read[number] == sha256(content).hexdigest(), f"export {number} came with another content"
            else:
                self._take(number, content)
                new.append(number)
            path.unlink()
        return new

    def feed(self, directory: Path) -> bool:
        """Write the files of its next feed; whether there is anything to say."""
        directory.mkdir(exist_ok=True)
        _write(directory / "acknowledgements.csv", "sequence,file,row,result,reason", self.answers)
        rows = [
            (row["contract_ref"], row["period_first_on"], row["run"], row["amount"], row["run_on"], row["bank_on"])
            for row in self.sent
        ]
        _write(directory / "payments_sent.csv", "contract_ref,period_first_on,run,amount,sent_on,in_bank_on", rows)
        said = bool(self.answers or self.sent)
        self.answers, self.sent = [], []
        return said

    def rows(self, name: str) -> list[Row]:
        """The newest rows of the file, of all records that it has taken."""
        return [row for rows in self.books[name].values() for row in rows]

    def sum(self, name: str, column: str, **which: str) -> int:
        """Pence of a column of these rows."""
        chosen = (row for row in self.rows(name) if all(row[key] == value for key, value in which.items()))
        return sum(pence(row[column]) for row in chosen)

    def _take(self, number: int, content: bytes) -> None:
        with ZipFile(io.BytesIO(content)) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
        manifest = json.loads(files.pop("manifest.json"))
        assert (manifest["format"], manifest["sequence"]) == (1, number)
        assert manifest["since"] == max(self.read, default=0), "an export is missing"
        said = {each["file"]: each for each in manifest["files"]}
        assert list(said) == list(files)
        assert files, "an export with nothing in it"
        tables = {name: self._table(name, data, said[name]) for name, data in files.items()}
        self._balance(tables)
        for name, rows in tables.items():
            self._book(number, name, rows)
        days = {(row["payment_ref"]): row["run_on"] for row in tables.get("general_ledger.csv", [])}
        self.sent += [
            row | {"run_on": days[row["payment_ref"]]}
            for row in tables.get("payments.csv", []) if pence(row["amount"])
        ]  # fmt: skip
        self.read[number] = sha256(content).hexdigest()
        self.answers.append((str(number), "", "", "accepted", ""))

    def _table(self, name: str, content: bytes, said: dict) -> list[Row]:
        assert sha256(content).hexdigest() == said["sha256"]
        assert content.endswith(b"\n")
        assert b"\r" not in content
        heading, *cells = csv.reader(io.StringIO(content.decode()))
        assert heading == list(self.columns[name]), name
        assert cells == sorted(cells, key=lambda row: [cell.encode() for cell in row])
        rows = [dict(zip(heading, row, strict=True)) for row in cells]
        assert (len(rows), bool(rows)) == (said["rows"], True)
        money = [column for column, kind in self.columns[name].items() if kind.startswith("pounds and pence")]
        assert said["sums_in_pence"] == {column: sum(pence(row[column]) for row in rows) for column in money}
        for row in rows:
            for column, kind in self.columns[name].items():
                if row[column]:
                    _check(row[column], kind)
        return rows

    def _balance(self, tables: dict[str, list[Row]]) -> None:
        """Debits and credits of each payment are the same, and what goes to the bank is what the payment file pays."""
        sums: dict[str, int] = defaultdict(int)
        lines: dict[str, int] = defaultdict(int)
        for row in tables.get("general_ledger.csv", []):
            assert row["account"] in ACCOUNTS
            assert pence(row["net"]) + pence(row["vat"]) == pence(row["debit"]) - pence(row["credit"])
            assert min(pence(row["debit"]), pence(row["credit"])) == 0
            sums[row["payment_ref"]] += pence(row["debit"]) - pence(row["credit"])
        assert not any(sums.values()), sums
        for row in tables.get("payment_lines.csv", []):
            lines[row["payment_ref"]] += pence(row["net"]) + pence(row["vat"])
        for row in tables.get("payments.csv", []):
            assert lines[row["payment_ref"]] == pence(row["amount"])

    def _book(self, number: int, name: str, rows: list[Row]) -> None:
        by_record: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            by_record[next(iter(row.values()))].append(row)
        for reference, found in by_record.items():
            self.told[name, reference] += 1
            if (name, reference) in self.refuses:
                self.refuses.discard((name, reference))
                self.answers.append((str(number), name, reference, "refused", f"Not in this ledger: {reference}"))
                continue
            if reference in self.books[name] and name not in CAN_CHANGE:
                assert found == self.books[name][reference], f"{name} tells {reference} anew, and otherwise"
            self.books[name][reference] = found


def _check(cell: str, kind: str) -> None:
    """What stands in a cell is what docs/feed.md says."""
    if kind.startswith("a date"):
        date.fromisoformat(cell)
    elif kind.startswith("pounds and pence"):
        assert re.fullmatch(r"-?\d+\.\d\d", cell), cell
    elif kind == "a whole number":
        assert re.fullmatch(r"\d+", cell), cell
    elif kind == "`yes` or `no`":
        assert cell in ("yes", "no"), cell
    elif kind.startswith("a financial year"):
        first, last = cell.split("/")
        assert int(last) == int(first) + 1
    elif kind.startswith("a number"):
        assert re.fullmatch(r"-?\d+(\.\d{1,4})?", cell), cell
    else:
        assert "\n" not in cell


def _write(path: Path, heading: str, rows: list[tuple[str, ...]]) -> None:
    path.unlink(missing_ok=True)
    if not rows:
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(heading.split(","))
        writer.writerows(rows)

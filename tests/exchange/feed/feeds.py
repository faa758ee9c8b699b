"""A small feed to begin with, for tests that change something about it."""

from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path

from exchange.feed import FILES, Fault, FeedFaults, Report, check_feed, import_feed
from tests.support.rows import every
from tests.support.runs import finalise
from tests.support.snapshots import once

FEED: dict[str, str] = {
    "organisations.csv": """\
organisation_ref,name
O1,Oak Group
""",
    "services.csv": """\
service_ref,name
S1,Fostering
""",
    "service_levels.csv": """\
service_level_ref,service_ref,name,unit,convention,vat_code,vat_percent,claimable
WEEK,S1,Placement,week,inclusive,exempt,0,no
HOUR,S1,Support,hour,inclusive,standard,20,no
MILE,S1,Mileage,mile,inclusive,exempt,0,client
KIT,S1,Equipment,item,inclusive,exempt,0,provider
""",
    "calendars.csv": """\
calendar_ref,name,frequency,anchor_on,confirm_by_days,finalise_days,bank_days
WEEKLY,Weekly,weekly,2019-02-04,1,6,11
MONTHLY,Monthly,monthly,2019-02-01,5,27,32
""",
    "calendar_overrides.csv": """\
calendar_ref,period_first_on,confirm_by,finalise_on,bank_on
WEEKLY,2019-12-23,,,2020-01-03
""",
    "providers.csv": """\
provider_ref,organisation_ref,name,kind,address,email,phone
P1,O1,Oak House,foster_carer,1 Oak Street|Darlington,oak@example.org,01632 960 001
P2,,Elm House,care_home,2 Elm Street,,
""",
    "provider_services.csv": """\
provider_ref,service_ref,starts_on,ends_on
P1,S1,2018-04-01,
""",
    "contacts.csv": """\
contact_ref,provider_ref,name,position,email,phone,correspondence
T1,P1,Dawn Stockton,Carer,dawn@example.org,01632 960 002,yes
""",
    "clients.csv": """\
client_ref,surname,first_name,born_on
C1,Simpson,Bart,2009-05-10
C2,Testing,CLA,2006-02-14
""",
    "contracts.csv": """\
contract_ref,provider_ref,name,starts_on,ends_on,confirmation,agreement_required
K1,P1,Oak,2018-04-01,,none,no
K2,P2,Elm,2018-04-01,,required,no
""",
    "payment_methods.csv": """\
payment_method_ref,contract_ref,calendar_ref,pay_on_actuals,basis,calculate_from,ends_on
M1,K1,WEEKLY,never,net,2019-02-04,
M2,K2,WEEKLY,never,gross,2019-02-04,
""",
    "rates.csv": """\
contract_ref,service_level_ref,starts_on,ends_on,rate
K1,MILE,2018-04-01,,0.387
K2,WEEK,2018-04-01,2019-03-31,500
K2,WEEK,2019-04-01,,512.50
""",
    "care_package_items.csv": """\
item_ref,contract_ref,client_ref,service_level_ref,starts_on,ends_on,authorised_on,suspended
I1,K1,C1,WEEK,2018-06-04,,2018-06-04,no
I2,K2,C2,HOUR,2019-03-01,2020-03-01,2019-03-01,no
""",
    "item_prices.csv": """\
item_ref,starts_on,ends_on,rate
I1,2018-06-04,2019-03-31,346.15
I1,2019-04-01,,353.08
""",
    "item_quantities.csv": """\
item_ref,starts_on,ends_on,quantity,monday,tuesday,wednesday,thursday,friday,saturday,sunday
I2,2019-03-01,,12.75,2.5,2.5,2.5,2.5,2.75,0,0
""",
    "absences.csv": """\
absence_ref,item_ref,starts_on,ends_on,reason,pay_percent
A1,I1,2019-08-05,2019-08-11,Holiday,50
""",
    "allowances.csv": """\
allowance_ref,item_ref,name,due_on,amount
L1,I1,Birthday,2019-05-10,186.02
""",
    "deductions.csv": """\
deduction_ref,item_ref,kind,collected_by,starts_on,ends_on,weekly_rate,assessed
D1,I1,contribution,provider,2019-04-01,,20.02,no
""",
    "agreements.csv": """\
item_ref,version,agreed_on,agreed_by
I1,1,2018-06-01,Dawn Stockton
I2,1,2019-02-20,
""",
    "claims.csv": """\
claim_ref,provider_ref,claimed_on,notes,status,decided_on
CL1,P1,2019-07-19,Mileage,accepted,2019-07-24
CL2,P1,2019-09-20,Trampoline,rejected,2019-09-25
""",
    "claim_items.csv": """\
claim_item_ref,claim_ref,contract_ref,service_level_ref,client_ref,description,spent_on,quantity,rate,amount,included,\
la_note,accepted_amount
CI1,CL1,K1,MILE,C1,School runs,2019-07-18,150,0.387,58.05,yes,,
CI2,CL2,K1,KIT,,Trampoline,2019-09-14,1,149.99,149.99,no,Not agreed,0
""",
    "purchase_orders.csv": """\
number,provider_ref,client_ref,financial_year
148,P1,C1,2019/2020
147,P1,,2019/2020
""",
}


class Feed:
    """A directory with that feed in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()
        for name, content in FEED.items():
            self.write(name, content)

    def write(self, name: str, content: str | bytes) -> None:
        (self.path / name).write_bytes(content.encode() if isinstance(content, str) else content)

    def text(self, name: str) -> str:
        return (self.path / name).read_bytes().decode()

    def change(self, name: str, old: str, new: str) -> None:
        text = self.text(name)
        assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in {name}"
        self.write(name, text.replace(old, new))

    def add(self, name: str, *rows: str) -> None:
        self.write(name, self.text(name) + "".join(f"{row}\n" for row in rows))

    def only(self, *names: str) -> None:
        """Leave the other files out."""
        for path in self.path.iterdir():
            if path.name not in names:
                path.unlink()

    def paid_until(self, day: date) -> None:
        """Imported, and finalised to that day: once for the same feed, and copied."""
        said = tuple((path.name, path.read_bytes()) for path in sorted(self.path.iterdir()))
        once(("a paid feed", said, day), lambda: self._pay_until(day))

    def _pay_until(self, day: date) -> None:
        self.load()
        finalise(day)

    def load(self) -> Report:
        return import_feed(self.path, is_foreseen=False)

    def faults(self, work: Callable[[Path], Report] | None = None) -> list[Fault]:
        """What is wrong, as an import says; and nothing is written, and its counts add up."""
        before = everything()
        try:
            (work or partial(import_feed, is_foreseen=False))(self.path)
        except FeedFaults as found:
            for count in found.counts.values():
                assert count.read == count.new + count.changed + count.unchanged + count.rejected
            assert everything() == before
            return found.faults
        return []

    def check_faults(self) -> list[Fault]:
        return self.faults(check_feed)


def everything() -> dict[str, list[dict]]:
    """Every row of every table that a feed writes."""
    return {file.name: [_values(row) for row in every(file.entity)] for file in FILES}


def _values(row: object) -> dict:
    return {name: value for name, value in vars(row).items() if not name.startswith("_")}

"""The accounts that a demonstration has. They are made, and named on the log-in page, in demonstration mode only."""

from dataclasses import dataclass

from sqlalchemy import select

from models.accounts.user import User
from models.base import session
from models.permissions import CouncilRole, Role


@dataclass(frozen=True)
class Account:
    email: str
    name: str
    """Two demonstrations may have the same address: it is the name that tells them apart."""
    who: str
    """What the log-in page says about them."""
    role: Role | CouncilRole
    providers: tuple[str, ...]
    """References of the providers in the demonstration's feed, which has a contact with the e-mail address at each of
    them; none for staff of the council."""
    password: str = "Look-around-2019"  # noqa: S105 - opens made-up data only
    security_code: str = ""
    """Where the council asks for digits of one."""


ACCOUNTS = (
    # durham
    Account("carer@demo.example", "Dawn Stockton", "a foster carer", Role.CARER, ("P100741",), security_code="271905"),
    Account("toast@demo.example", "Marguerite Okonkwo", "a foster carer who may confirm what she is paid",
            Role.ADMINISTRATOR, ("P100915",)),
    # borsetshire
    Account("carer@demo.example", "Marian Oakshott", "a foster carer", Role.CARER, ("P201101",)),
    Account("lodgings@demo.example", "Llŷr Prydderch", "a supported lodgings host", Role.CARER, ("P202101",)),
    Account("former-host@demo.example", "Tamsin Hallworth", "a host whose placements have ended, and who owes money",
            Role.CARER, ("P209101",)),
    Account("agency@demo.example", "Abena Fielding", "the finance manager of a fostering agency with two services",
            Role.FINANCE, ("P203101", "P203102")),
    Account("care-home@demo.example", "Raymond Tansley", "the finance manager of three care homes", Role.FINANCE,
            ("P204101", "P204102", "P204103")),
    Account("administrator@demo.example", "Beatrix Tansley", "the administrator of the same three care homes",
            Role.ADMINISTRATOR, ("P204101", "P204102", "P204103")),
    Account("home-care@demo.example", "Priyanka Lynch", "the finance manager of a home care agency", Role.FINANCE,
            ("P205101",)),
    Account("direct-payments@demo.example", "Emyr Waymark", "a direct payment support service", Role.FINANCE,
            ("P206101",)),
    Account("shared-lives@demo.example", "Sunita Thakkar", "a Shared Lives carer", Role.CARER, ("P207101",)),
    # both
    Account("payments-officer@demo.example", "Ola Bright", "a payments officer of the council",
            CouncilRole.PAYMENTS_OFFICER, ()),
    Account("payments-manager@demo.example", "Morgan Reid", "a payments manager of the council",
            CouncilRole.PAYMENTS_MANAGER, ()),
    Account("second-manager@demo.example", "Ines Calder", "another payments manager of the council",
            CouncilRole.PAYMENTS_MANAGER, ()),
    Account("systems-administrator@demo.example", "Sam Whitlock", "a systems administrator of the council",
            CouncilRole.SYSTEMS_ADMINISTRATOR, ()),
    Account("help-desk@demo.example", "Robin Vale", "the council's help desk", CouncilRole.HELP_DESK, ()),
    Account("auditor@demo.example", "Kit Ashdown", "an auditor of the council", CouncilRole.AUDITOR, ()),
    Account("procurement@demo.example", "Jude Farrow", "a procurement officer of the council",
            CouncilRole.PROCUREMENT, ()),
    Account("service-agreements@demo.example", "Noor Haddad", "the council's service agreement team",
            CouncilRole.SERVICE_AGREEMENTS, ()),
    Account("finance-panel@demo.example", "Asha Rowley", "the council's finance panel", CouncilRole.FINANCE_PANEL, ()),
    Account("brokerage@demo.example", "Ellis Thorne", "a broker of the council", CouncilRole.BROKERAGE, ()),
)  # fmt: skip


def accounts_here() -> list[Account]:
    """Those of the accounts that exist in this database."""
    query = select(User.email, User.name).where(User.email.in_({each.email for each in ACCOUNTS}))
    known = {(row.email, row.name) for row in session.execute(query)}
    return [each for each in ACCOUNTS if (each.email, each.name) in known]

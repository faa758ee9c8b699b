"""Who may do what: the whole policy on one screen. `docs/permissions.md` prints it, and a test goes cell by cell."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class Permission(StrEnum):
    # at a provider
    VIEW_HOME = "view the home page"
    VIEW_PAYMENTS = "view scheduled payments"
    CONFIRM_PAYMENTS = "confirm and reject scheduled payments"
    VIEW_PURCHASE_ORDERS = "view purchase orders"
    VIEW_CARE_PACKAGES = "view care package line items"
    VIEW_DOCUMENTS = "view contract documents"
    AGREE_DOCUMENTS = "agree and reject contract documents, which binds the provider"
    VIEW_ORGANISATION = "view organisation details and contacts"
    ASK_FOR_CHANGES = "ask for a change of details or contacts"
    VIEW_ACTIONS = "view actions and change requests"
    SEND_ACTIONS = "create, answer and ask to close actions"
    VIEW_CLAIMS = "view one-off claims"
    MAKE_CLAIMS = "make, change, send and withdraw one-off claims"
    VIEW_ACTUALS = "view actuals, visits and timesheets"
    SUBMIT_ACTUALS = "enter, upload and confirm actuals, visits and timesheets"
    VIEW_INVOICES = "view invoices and credit notes"
    SUBMIT_INVOICES = "make, change, send and cancel invoices and credit notes"
    MANAGE_TEAM = "invite, change and remove colleagues, and review their access"

    # at the council
    VIEW_COUNCIL = "open the council's desk"
    VIEW_EVERY_PAYMENT = "view every provider's payments"
    VIEW_RUNS = "view payment runs"
    REVIEW_RUNS = "tick the exceptions of payment runs, and say that an adjustment has been seen"
    PREPARE_RUNS = "calculate, prepare and discard payment runs"
    AUTHORISE_RUNS = "authorise and finalise payment runs"
    HOLD_PAYMENTS = "hold and release payments"
    ADJUST_PAYMENTS = "adjust payments, agree instalments, and record what becomes of a debt"
    DECIDE_WRITE_OFFS = "agree to or refuse a write-off that a colleague asks for"
    ANSWER_REJECTIONS = "send rejected payments back to the provider"
    MANAGE_GATES = "say from when a contract's payments wait for agreements"
    RECORD_AGREEMENTS = "record what was agreed on paper"
    VIEW_FEEDS = "view what the finance system's feeds have brought, and what was exported to it"
    EXPORT_FEEDS = "send exports to the finance system again, and what it has refused of them"
    TAKE_EXPORTS = "take exports to the finance system away as files"
    VIEW_PROVIDERS = "view providers, their contacts and who has access"
    VIEW_CONTACT_DETAILS = "see addresses, telephone numbers and e-mail addresses of providers and their people"
    VIEW_CONTRACTS = "view contracts, rates and calendars"
    VIEW_LINE_ITEMS = "view care package line items, by the client's reference"
    VIEW_CLIENTS = "view clients by name, what is known of their care, and purchase orders"
    VIEW_EVERY_DOCUMENT = "view every provider's contract documents"
    MANAGE_DOCUMENTS = "make, publish, chase and withdraw contract documents"
    VIEW_AS_PROVIDER = "look at a provider's pages as the provider sees them, read-only"
    VIEW_EVERY_ACTION = "view the actions of every provider, and internal notes about them"
    ANSWER_ACTIONS = "take, answer, pass on and close actions"
    MANAGE_ACTION_TYPES = "say which types of action there are, which teams answer them, and by which rules"
    VIEW_EVERY_CLAIM = "view the one-off claims of every provider, and who may claim what"
    DECIDE_CLAIMS = "accept, reject and return one-off claims"
    MANAGE_CLAIM_GRANTS = "approve providers to claim, and end it"
    VIEW_EVERY_ACTUAL = "view the actuals of every provider, and their exceptions"
    DECIDE_ACTUALS = (
        "approve, amend and reject exceptions of actuals, open weeks again and chase those that are missing"
    )
    MANAGE_ACTUAL_RULES = "set the rules of actuals, by service level"
    MANAGE_CLAIM_RULES = "ask for another price or limit of one-off claims"
    AGREE_CLAIM_RULES = "agree to another price or limit of one-off claims"
    VIEW_EVERY_INVOICE = "view the invoices and credit notes of every provider"
    DECIDE_INVOICES = "hold, release, approve and reject invoices and credit notes"
    MANAGE_INVOICE_RULES = "say why invoices may be held, and enter the figures of late payment"
    VERIFY_TIMESHEETS = "verify or return timesheets, for the Shared Lives scheme"
    APPROVE_TIMESHEETS = "approve or return verified timesheets, for finance"
    DECIDE_CHANGES = "decide the changes of details that providers ask for"
    HELP_USERS = "reset, unlock and log out people at providers"
    MANAGE_ACCESS = "create and disable users, and grant and revoke their access to providers"
    MANAGE_STAFF = "create council users, change their roles, and reset and unlock them"
    VIEW_STAFF_REQUESTS = "view what waits for a second person before it is done to a colleague's account"
    DECIDE_STAFF_REQUESTS = "agree, as the second person, to what is done to a colleague's account"
    VIEW_CONFLICTS = "view which colleagues have or had a place at a provider"
    MANAGE_BANK_HOLIDAYS = "keep the list of bank holidays"
    VIEW_CARE_RELIEF = "view the figures of care relief, by tax year"
    MANAGE_CARE_RELIEF = "enter and correct the figures of care relief, and check those that a colleague has entered"
    VIEW_AUDIT = "search the audit, and see its alarms"
    ANSWER_ALARMS = "look at an alarm, and say what came of it"
    VIEW_DAILY_WORK = "see what is done every day, and what of it has failed"
    RUN_DAILY_WORK = "run a daily work at once"


class Role(StrEnum):
    """What a person is at one provider."""

    ADMINISTRATOR = "administrator"
    FINANCE = "finance"
    SIGNATORY = "signatory"
    SCHEDULER = "scheduler"
    VIEWER = "viewer"
    CARER = "carer"

    @property
    def label(self) -> str:
        return _LABELS.get(self, self.value.capitalize())

    @property
    def about(self) -> str:
        """A sentence for whoever gives the role: what it allows."""
        return _ABOUT[self]


_LABELS = {Role.ADMINISTRATOR: "Provider administrator", Role.SIGNATORY: "Contract signatory"}
_ABOUT = {
    Role.ADMINISTRATOR: "Does everything, and says who else at the provider may log in.",
    Role.FINANCE: "Sees payments, orders and contract documents, confirms or rejects payments, and makes claims.",
    Role.SIGNATORY: "Agrees contract documents, sees purchase orders, and no payments. For whoever signs contracts.",
    Role.SCHEDULER: "Sees no money. For whoever plans and reports the care.",
    Role.VIEWER: "Sees payments, purchase orders and contract documents, and changes nothing.",
    Role.CARER: "Does everything that one person working alone has to do.",
}


class CouncilRole(StrEnum):
    """What a person is at the council: one only, so that nobody prepares and authorises."""

    PAYMENTS_OFFICER = "payments_officer"
    PAYMENTS_MANAGER = "payments_manager"
    BROKERAGE = "brokerage"
    PROCUREMENT = "procurement"
    SERVICE_AGREEMENTS = "service_agreements"
    FINANCE_PANEL = "finance_panel"
    HELP_DESK = "help_desk"
    SYSTEMS_ADMINISTRATOR = "systems_administrator"
    AUDITOR = "auditor"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ").capitalize()


P = Permission
# fmt: off
AT_PROVIDER = {
    #                          administrator  finance  signatory  scheduler  viewer  carer
    P.VIEW_HOME:              "yes            yes      yes        yes        yes     yes",
    P.VIEW_PAYMENTS:          "yes            yes      -          -          yes     yes",
    P.CONFIRM_PAYMENTS:       "yes            yes      -          -          -       -",
    P.VIEW_PURCHASE_ORDERS:   "yes            yes      yes        -          yes     yes",
    P.VIEW_CARE_PACKAGES:     "yes            yes      yes        yes        yes     yes",
    P.VIEW_DOCUMENTS:         "yes            yes      yes        -          yes     yes",
    P.AGREE_DOCUMENTS:        "yes            -        yes        -          -       yes",
    P.VIEW_ORGANISATION:      "yes            yes      yes        yes        yes     yes",
    P.ASK_FOR_CHANGES:        "yes            yes      -          -          -       yes",
    P.VIEW_ACTIONS:           "yes            yes      yes        yes        yes     yes",
    P.SEND_ACTIONS:           "yes            yes      yes        yes        -       yes",
    P.VIEW_CLAIMS:            "yes            yes      -          -          yes     yes",
    P.MAKE_CLAIMS:            "yes            yes      -          -          -       yes",
    P.VIEW_ACTUALS:           "yes            yes      -          yes        yes     yes",
    P.SUBMIT_ACTUALS:         "yes            yes      -          yes        -       yes",
    P.VIEW_INVOICES:          "yes            yes      -          -          yes     yes",
    P.SUBMIT_INVOICES:        "yes            yes      -          -          -       yes",
    P.MANAGE_TEAM:            "yes            -        -          -          -       -",
}
AT_COUNCIL = {
    #                          officer  manager  brokerage  procurement  agreements  panel  help  systems  auditor
    P.VIEW_COUNCIL:           "yes      yes      yes        yes          yes         yes    yes   yes      yes",
    P.VIEW_EVERY_PAYMENT:     "yes      yes      -          -            -           yes    -     -        yes",
    P.VIEW_RUNS:              "yes      yes      -          -            -           -      -     -        yes",
    P.REVIEW_RUNS:            "yes      yes      -          -            -           -      -     -        -",
    P.PREPARE_RUNS:           "yes      -        -          -            -           -      -     -        -",
    P.AUTHORISE_RUNS:         "-        yes      -          -            -           -      -     -        -",
    P.HOLD_PAYMENTS:          "yes      -        -          -            -           -      -     -        -",
    P.ADJUST_PAYMENTS:        "yes      -        -          -            -           -      -     -        -",
    P.DECIDE_WRITE_OFFS:      "yes      yes      -          -            -           -      -     -        -",
    P.ANSWER_REJECTIONS:      "yes      -        -          -            -           -      -     -        -",
    P.MANAGE_GATES:           "-        yes      -          -            -           -      -     -        -",
    P.RECORD_AGREEMENTS:      "yes      -        -          -            -           -      -     -        -",
    P.VIEW_FEEDS:             "yes      yes      -          -            -           -      -     yes      yes",
    P.EXPORT_FEEDS:           "yes      -        -          -            -           -      -     yes      -",
    P.TAKE_EXPORTS:           "yes      -        -          -            -           -      -     -        -",
    P.VIEW_PROVIDERS:         "yes      yes      yes        yes          yes         yes    yes   yes      yes",
    P.VIEW_CONTACT_DETAILS:   "yes      -        -          yes          yes         -      yes   yes      -",
    P.VIEW_CONTRACTS:         "yes      yes      yes        yes          yes         yes    -     yes      yes",
    P.VIEW_LINE_ITEMS:        "yes      yes      yes        yes          yes         yes    -     -        yes",
    P.VIEW_CLIENTS:           "yes      yes      -          -            -           yes    -     -        yes",
    P.VIEW_EVERY_DOCUMENT:    "yes      yes      -          -            yes         -      -     -        yes",
    P.MANAGE_DOCUMENTS:       "-        -        -          -            yes         -      -     -        -",
    P.VIEW_AS_PROVIDER:       "yes      yes      -          -            -           -      yes   yes      yes",
    P.VIEW_EVERY_ACTION:      "yes      yes      yes        yes          yes         yes    yes   -        yes",
    P.ANSWER_ACTIONS:         "yes      yes      yes        yes          yes         yes    yes   -        -",
    P.MANAGE_ACTION_TYPES:    "-        yes      -          -            -           -      -     yes      -",
    P.VIEW_EVERY_CLAIM:       "yes      yes      -          -            -           yes    -     -        yes",
    P.DECIDE_CLAIMS:          "-        -        -          -            -           yes    -     -        -",
    P.MANAGE_CLAIM_GRANTS:    "yes      -        -          -            -           -      -     -        -",
    P.VIEW_EVERY_ACTUAL:      "yes      yes      yes        -            -           -      -     -        yes",
    P.DECIDE_ACTUALS:         "yes      -        -          -            -           -      -     -        -",
    P.MANAGE_ACTUAL_RULES:    "-        yes      -          -            -           -      -     -        -",
    P.MANAGE_CLAIM_RULES:     "yes      yes      -          -            -           -      -     -        -",
    P.AGREE_CLAIM_RULES:      "-        yes      -          -            -           -      -     -        -",
    P.VIEW_EVERY_INVOICE:     "yes      yes      yes        -            -           -      -     -        yes",
    P.DECIDE_INVOICES:        "yes      -        -          -            -           -      -     -        -",
    P.MANAGE_INVOICE_RULES:   "-        yes      -          -            -           -      -     -        -",
    P.VERIFY_TIMESHEETS:      "-        -        yes        -            -           -      -     -        -",
    P.APPROVE_TIMESHEETS:     "yes      -        -          -            -           -      -     -        -",
    P.DECIDE_CHANGES:         "-        -        -          yes          -           -      -     yes      -",
    P.HELP_USERS:             "-        -        -          -            -           -      yes   yes      -",
    P.MANAGE_ACCESS:          "-        -        -          -            -           -      -     yes      -",
    P.MANAGE_STAFF:           "-        -        -          -            -           -      -     yes      -",
    P.VIEW_STAFF_REQUESTS:    "-        yes      -          -            -           -      -     yes      yes",
    P.DECIDE_STAFF_REQUESTS:  "-        yes      -          -            -           -      -     yes      -",
    P.VIEW_CONFLICTS:         "-        -        -          -            -           -      -     yes      yes",
    P.MANAGE_BANK_HOLIDAYS:   "-        yes      -          -            -           -      -     yes      -",
    P.VIEW_CARE_RELIEF:       "yes      yes      -          -            -           yes    -     -        yes",
    P.MANAGE_CARE_RELIEF:     "yes      yes      -          -            -           -      -     -        -",
    P.VIEW_AUDIT:             "-        -        -          -            -           -      -     yes      yes",
    P.ANSWER_ALARMS:          "-        -        -          -            -           -      -     yes      yes",
    P.VIEW_DAILY_WORK:        "yes      yes      -          -            -           -      -     yes      yes",
    P.RUN_DAILY_WORK:         "yes      -        -          -            -           -      -     yes      -",
}
# fmt: on
"""Rows are permissions; the columns are the roles, in the order in which they are declared above."""


def _by_role(table: Mapping[Permission, str], roles: type[StrEnum]) -> dict[Any, frozenset[Permission]]:
    cells = {permission: dict(zip(roles, row.split(), strict=True)) for permission, row in table.items()}
    return {role: frozenset(each for each, row in cells.items() if row[role] == "yes") for role in roles}


GRANTS: dict[Role, frozenset[Permission]] = _by_role(AT_PROVIDER, Role)
COUNCIL_GRANTS: dict[CouncilRole, frozenset[Permission]] = _by_role(AT_COUNCIL, CouncilRole)
STRONG = frozenset(
    (P.PREPARE_RUNS, P.AUTHORISE_RUNS, P.HOLD_PAYMENTS, P.ADJUST_PAYMENTS, P.DECIDE_WRITE_OFFS, P.ANSWER_REJECTIONS,
     P.MANAGE_GATES, P.RECORD_AGREEMENTS, P.DECIDE_CLAIMS, P.MANAGE_CLAIM_GRANTS, P.MANAGE_CLAIM_RULES,
     P.DECIDE_ACTUALS, P.MANAGE_ACTUAL_RULES, P.APPROVE_TIMESHEETS,
     P.AGREE_CLAIM_RULES, P.DECIDE_INVOICES, P.MANAGE_INVOICE_RULES,
     P.MANAGE_ACCESS, P.MANAGE_STAFF, P.DECIDE_STAFF_REQUESTS)
)  # fmt: skip
"""What moves public money, or lets people in. Two people give a role with any of it: docs/grant-states.md."""
STRONG_ROLES = frozenset(role for role, granted in COUNCIL_GRANTS.items() if granted & STRONG)
AS_STAFF = GRANTS[Role.VIEWER]
"""What staff see of a provider's pages when they look at them as the provider does; pages with contact details (those
of VIEW_ORGANISATION) only with VIEW_CONTACT_DETAILS.
"""

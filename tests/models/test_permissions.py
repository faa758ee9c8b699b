"""The policy, cell by cell, against a table that was written down apart from it, role by role.

A change of the policy changes both: whoever makes it says so twice.
"""

import re

import pytest

from models.accounts.user import Membership, Staff, User
from models.permissions import AS_STAFF, COUNCIL_GRANTS, GRANTS, CouncilRole, Permission, Role

AT_A_PROVIDER = {
    "administrator": """
        VIEW_HOME VIEW_PAYMENTS CONFIRM_PAYMENTS VIEW_PURCHASE_ORDERS VIEW_ORGANISATION ASK_FOR_CHANGES MANAGE_TEAM
        VIEW_ACTIONS SEND_ACTIONS VIEW_CARE_PACKAGES VIEW_DOCUMENTS AGREE_DOCUMENTS VIEW_CLAIMS MAKE_CLAIMS
        VIEW_ACTUALS SUBMIT_ACTUALS
        VIEW_INVOICES SUBMIT_INVOICES
    """,
    "finance": """
        VIEW_HOME VIEW_PAYMENTS CONFIRM_PAYMENTS VIEW_PURCHASE_ORDERS VIEW_ORGANISATION ASK_FOR_CHANGES VIEW_ACTIONS
        SEND_ACTIONS VIEW_CARE_PACKAGES VIEW_DOCUMENTS VIEW_CLAIMS MAKE_CLAIMS VIEW_ACTUALS SUBMIT_ACTUALS
        VIEW_INVOICES SUBMIT_INVOICES
    """,
    "signatory": """
        VIEW_HOME VIEW_PURCHASE_ORDERS VIEW_ORGANISATION VIEW_ACTIONS SEND_ACTIONS VIEW_CARE_PACKAGES VIEW_DOCUMENTS
        AGREE_DOCUMENTS
    """,
    "scheduler": "VIEW_HOME VIEW_ORGANISATION VIEW_ACTIONS SEND_ACTIONS VIEW_CARE_PACKAGES VIEW_ACTUALS SUBMIT_ACTUALS",
    "viewer": """
        VIEW_HOME VIEW_PAYMENTS VIEW_PURCHASE_ORDERS VIEW_ORGANISATION VIEW_ACTIONS VIEW_CARE_PACKAGES VIEW_DOCUMENTS
        VIEW_CLAIMS VIEW_ACTUALS
        VIEW_INVOICES
    """,
    "carer": """
        VIEW_HOME VIEW_PAYMENTS VIEW_PURCHASE_ORDERS VIEW_ORGANISATION ASK_FOR_CHANGES VIEW_ACTIONS SEND_ACTIONS
        VIEW_CARE_PACKAGES VIEW_DOCUMENTS AGREE_DOCUMENTS VIEW_CLAIMS MAKE_CLAIMS VIEW_ACTUALS SUBMIT_ACTUALS
        VIEW_INVOICES SUBMIT_INVOICES
    """,
}
AT_THE_COUNCIL = {
    "payments_officer": """
        VIEW_CARE_RELIEF MANAGE_CARE_RELIEF
        VIEW_COUNCIL VIEW_CONTRACTS VIEW_CLIENTS VIEW_EVERY_PAYMENT VIEW_RUNS VIEW_FEEDS REVIEW_RUNS PREPARE_RUNS
        HOLD_PAYMENTS ADJUST_PAYMENTS DECIDE_WRITE_OFFS ANSWER_REJECTIONS VIEW_PROVIDERS VIEW_CONTACT_DETAILS
        VIEW_AS_PROVIDER VIEW_DAILY_WORK RUN_DAILY_WORK VIEW_EVERY_ACTION ANSWER_ACTIONS VIEW_LINE_ITEMS
        VIEW_EVERY_DOCUMENT RECORD_AGREEMENTS VIEW_EVERY_CLAIM MANAGE_CLAIM_GRANTS VIEW_EVERY_ACTUAL DECIDE_ACTUALS
        MANAGE_CLAIM_RULES EXPORT_FEEDS TAKE_EXPORTS APPROVE_TIMESHEETS
        VIEW_EVERY_INVOICE DECIDE_INVOICES
    """,
    "payments_manager": """
        VIEW_CARE_RELIEF MANAGE_CARE_RELIEF
        VIEW_COUNCIL VIEW_CONTRACTS VIEW_CLIENTS VIEW_EVERY_PAYMENT VIEW_RUNS VIEW_FEEDS REVIEW_RUNS AUTHORISE_RUNS
        DECIDE_WRITE_OFFS VIEW_PROVIDERS VIEW_AS_PROVIDER MANAGE_BANK_HOLIDAYS VIEW_DAILY_WORK VIEW_STAFF_REQUESTS
        MANAGE_ACTION_TYPES DECIDE_STAFF_REQUESTS VIEW_EVERY_ACTION ANSWER_ACTIONS VIEW_LINE_ITEMS VIEW_EVERY_DOCUMENT
        MANAGE_GATES VIEW_EVERY_CLAIM MANAGE_CLAIM_RULES VIEW_EVERY_ACTUAL MANAGE_ACTUAL_RULES AGREE_CLAIM_RULES
        VIEW_EVERY_INVOICE MANAGE_INVOICE_RULES
    """,
    "brokerage": """
        VIEW_COUNCIL VIEW_CONTRACTS VIEW_PROVIDERS VIEW_EVERY_ACTION ANSWER_ACTIONS VIEW_LINE_ITEMS
        VIEW_EVERY_ACTUAL VERIFY_TIMESHEETS
        VIEW_EVERY_INVOICE
    """,
    "procurement": """
        VIEW_COUNCIL VIEW_CONTRACTS VIEW_PROVIDERS VIEW_CONTACT_DETAILS DECIDE_CHANGES VIEW_EVERY_ACTION
        ANSWER_ACTIONS VIEW_LINE_ITEMS
    """,
    "service_agreements": """
        VIEW_COUNCIL VIEW_CONTRACTS VIEW_PROVIDERS VIEW_CONTACT_DETAILS VIEW_EVERY_ACTION ANSWER_ACTIONS VIEW_LINE_ITEMS
        VIEW_EVERY_DOCUMENT MANAGE_DOCUMENTS
    """,
    "finance_panel": """
        VIEW_CARE_RELIEF
        VIEW_COUNCIL VIEW_CONTRACTS VIEW_CLIENTS VIEW_EVERY_PAYMENT VIEW_PROVIDERS VIEW_EVERY_ACTION ANSWER_ACTIONS
        VIEW_LINE_ITEMS VIEW_EVERY_CLAIM DECIDE_CLAIMS
    """,
    "help_desk": """
        VIEW_COUNCIL VIEW_PROVIDERS VIEW_CONTACT_DETAILS VIEW_AS_PROVIDER HELP_USERS VIEW_EVERY_ACTION ANSWER_ACTIONS
    """,
    "systems_administrator": """
        VIEW_COUNCIL VIEW_CONTRACTS VIEW_FEEDS VIEW_PROVIDERS VIEW_AS_PROVIDER DECIDE_CHANGES HELP_USERS MANAGE_ACCESS
        MANAGE_STAFF MANAGE_BANK_HOLIDAYS VIEW_AUDIT ANSWER_ALARMS VIEW_CONTACT_DETAILS VIEW_DAILY_WORK RUN_DAILY_WORK
        MANAGE_ACTION_TYPES EXPORT_FEEDS
        VIEW_STAFF_REQUESTS DECIDE_STAFF_REQUESTS VIEW_CONFLICTS
    """,
    "auditor": """
        VIEW_CARE_RELIEF
        VIEW_COUNCIL VIEW_CONTRACTS VIEW_CLIENTS VIEW_EVERY_PAYMENT VIEW_RUNS VIEW_FEEDS VIEW_PROVIDERS
        VIEW_AS_PROVIDER VIEW_AUDIT ANSWER_ALARMS VIEW_DAILY_WORK VIEW_STAFF_REQUESTS VIEW_CONFLICTS VIEW_EVERY_ACTION
        VIEW_LINE_ITEMS VIEW_EVERY_DOCUMENT VIEW_EVERY_CLAIM VIEW_EVERY_ACTUAL
        VIEW_EVERY_INVOICE
    """,
}
CHANGES_SOMETHING = {
    "CONFIRM_PAYMENTS", "ASK_FOR_CHANGES", "MANAGE_TEAM", "REVIEW_RUNS", "PREPARE_RUNS", "AUTHORISE_RUNS",
    "HOLD_PAYMENTS", "ADJUST_PAYMENTS", "DECIDE_WRITE_OFFS", "ANSWER_REJECTIONS", "DECIDE_CHANGES", "HELP_USERS",
    "MANAGE_ACCESS", "MANAGE_STAFF", "MANAGE_BANK_HOLIDAYS", "MANAGE_ACTION_TYPES", "RUN_DAILY_WORK",
    "DECIDE_STAFF_REQUESTS", "SEND_ACTIONS", "ANSWER_ACTIONS", "MAKE_CLAIMS", "DECIDE_CLAIMS", "MANAGE_CLAIM_GRANTS",
    "MANAGE_CLAIM_RULES", "SUBMIT_ACTUALS", "DECIDE_ACTUALS", "MANAGE_ACTUAL_RULES", "AGREE_CLAIM_RULES",
    "EXPORT_FEEDS", "SUBMIT_INVOICES", "DECIDE_INVOICES", "MANAGE_INVOICE_RULES",
    "VERIFY_TIMESHEETS", "APPROVE_TIMESHEETS",
}  # fmt: skip

CELLS = [(role, permission) for role in Role for permission in Permission]
COUNCIL_CELLS = [(role, permission) for role in CouncilRole for permission in Permission]


def test_both_tables_know_the_same_roles_and_permissions():
    assert set(AT_A_PROVIDER) == {role.value for role in Role}
    assert set(AT_THE_COUNCIL) == {role.value for role in CouncilRole}
    written = " ".join([*AT_A_PROVIDER.values(), *AT_THE_COUNCIL.values()])
    assert set(written.split()) == {permission.name for permission in Permission}


@pytest.mark.parametrize(("role", "permission"), CELLS)
def test_a_role_at_a_provider_may_do_just_this(role, permission):
    may = permission.name in AT_A_PROVIDER[role.value].split()
    person = User(memberships=[], staff=None)
    assert not person.can(permission, 7)
    person = with_place(role, provider_id=7)
    assert person.can(permission, 7) is may
    assert (permission in GRANTS[role]) is may
    assert not person.can(permission, 8)
    assert not person.can_at_council(permission)


@pytest.mark.parametrize(("role", "permission"), COUNCIL_CELLS)
def test_a_role_at_the_council_may_do_just_this(role, permission):
    may = permission.name in AT_THE_COUNCIL[role.value].split()
    person = User(memberships=[], staff=Staff(role=role))
    assert person.can_at_council(permission) is may
    assert (permission in COUNCIL_GRANTS[role]) is may
    assert not person.can(permission, 7)


def with_place(role, provider_id):
    """Somebody as they are loaded for a request."""
    person = User(staff=None)
    person.__dict__["memberships"] = [Membership(role=role, provider_id=provider_id)]
    return person


def test_nobody_prepares_and_authorises():
    for granted in COUNCIL_GRANTS.values():
        assert not {Permission.PREPARE_RUNS, Permission.AUTHORISE_RUNS} <= granted


def test_who_decides_who_gets_in_touches_no_money():
    money = {"PREPARE_RUNS", "AUTHORISE_RUNS", "HOLD_PAYMENTS", "ADJUST_PAYMENTS", "ANSWER_REJECTIONS"}
    for granted in COUNCIL_GRANTS.values():
        names = {permission.name for permission in granted}
        assert not ({"MANAGE_ACCESS", "MANAGE_STAFF", "HELP_USERS"} & names and money & names)


def test_auditors_and_staff_who_look_at_a_providers_pages_change_nothing():
    for granted in (COUNCIL_GRANTS[CouncilRole.AUDITOR], GRANTS[Role.VIEWER], AS_STAFF):
        assert not {permission.name for permission in granted} & CHANGES_SOMETHING
    assert {permission.name for permission in AS_STAFF} == set(AT_A_PROVIDER["viewer"].split())


@pytest.mark.parametrize(("title", "roles", "table"), [
    ("## Roles at a provider", Role, AT_A_PROVIDER),
    ("## Roles at the council", CouncilRole, AT_THE_COUNCIL),
])  # fmt: skip
def test_the_table_in_the_docs_says_the_same_in_every_cell(repository, title, roles, table):
    text = (repository / "docs" / "permissions.md").read_text("utf-8").partition(title + "\n")[2]
    head, _, *rows = re.match(r"\n((?:\|.*\n)+)", text)[1].splitlines()
    assert [cell.strip() for cell in head.strip("|").split("|")][1:] == [role.label for role in roles]
    printed = {}
    for row in rows:
        name, *cells = (cell.strip() for cell in row[1:-1].split("|"))
        printed[Permission(name).name] = {role.value for role, cell in zip(roles, cells, strict=True) if cell == "yes"}
    names = {name for granted in table.values() for name in granted.split()}
    assert printed == {name: {role for role in table if name in table[role].split()} for name in names}

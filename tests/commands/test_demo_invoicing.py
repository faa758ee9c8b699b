"""In the Durham demonstration, what pays by invoice goes its whole way by the pages: the agency confirms last week and
invoices it, the council approves, and the next run pays.
"""

from datetime import date

from sqlalchemy import select

from models.accounts.user import User
from models.payments.payment import PaymentLine
from models.records.contract import Contract
from models.records.invoice import Invoice, InvoiceLine, InvoiceStatus
from tests.support import runs
from tests.support.client import PortalClient
from tests.support.rows import every

LAST_WEEK = date(2019, 9, 23)


def log_in(app, email):
    return PortalClient(app).sign_in(every(select(User).where(User.email == email))[0])


def test_a_week_is_confirmed_invoiced_approved_and_paid(durham_app):
    agency, officer = log_in(durham_app, "home-care@demo.example"), log_in(durham_app, "payments-officer@demo.example")
    [contract] = every(select(Contract).where(Contract.reference == "741503"))
    home = f"/providers/{contract.provider_id}/"

    listed = agency.get(f"{home}actuals/")
    [week] = listed.page.select(f"main a[href*='/741503/'][href$='/{LAST_WEEK}']")
    print(listed.words)
    begun = agency.follow(agency.submit(agency.get(week["href"])))
    print(begun.words)

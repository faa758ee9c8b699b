"""In the Durham demonstration, what pays by invoice goes its whole way by the pages: the agency confirms last week and
invoices it, the council approves, and the next run pays.
"""

from datetime import date

from sqlalchemy import select

from models.accounts.user import User
from models.payments.payment import PaymentLine
from models.records.contract import Contract
from models.records.invoice import Invoice, InvoiceLine
from tests.support import runs
from tests.support.client import PortalClient
from tests.support.rows import every

LAST_WEEK = date(2019, 9, 23)
NEXT_RUN = date(2019, 10, 13)


def log_in(app, email):
    return PortalClient(app).sign_in(every(select(User).where(User.email == email))[0])


def test_a_week_is_confirmed_invoiced_approved_and_paid(durham_app):
    agency, officer = log_in(durham_app, "home-care@demo.example"), log_in(durham_app, "payments-officer@demo.example")
    [contract] = every(select(Contract).where(Contract.reference == "741503"))
    home = f"/providers/{contract.provider_id}/"

    [week] = agency.get(f"{home}actuals/").page.select(f"main a[href*='/741503/'][href$='/{LAST_WEEK}']")
    agency.follow(agency.submit(agency.get(week["href"])))
    review = agency.get(f"{week['href']}/confirm")
    confirmed = agency.follow(
        agency.submit(review, {"late_reason": "Our clerk was ill"}, form="form[action$='confirm']")
    )
    assert "You have confirmed the week of 23 Sep to 29 Sep 2019: 3 rows new or changed" in confirmed.words

    fresh = agency.get(f"{home}invoices/from-actuals/741503")
    offered = [box["value"] for box in fresh.page.select("main [name=weeks]")]
    assert offered[:3] == ["2019-07-15", "2019-07-22", "2019-07-29"], "left out by hand, rejected, cancelled"
    assert offered[3:] == ["2019-09-16", str(LAST_WEEK)]
    made = agency.follow(agency.submit(fresh, {"weeks": [str(LAST_WEEK)], "number": "1061"}))
    sent = agency.follow(agency.submit(made, form="form[action$='/send']"))
    assert "SUBMITTED" in sent.words
    [invoice] = every(select(Invoice).where(Invoice.number == "1061"))

    looked_at = officer.get(f"/council/invoices/{invoice.id}")
    assert "Every line matches" in looked_at.words
    officer.follow(officer.submit(looked_at, form="form[action$='/approve']"))
    runs.finalise(NEXT_RUN)

    assert "PART-PAID" in agency.get(f"{home}invoices/{invoice.id}").words, "one care package is suspended"
    own = select(InvoiceLine.id).where(InvoiceLine.invoice_id == invoice.id)
    paid = every(select(PaymentLine).where(PaymentLine.invoice_line_id.in_(own), PaymentLine.run_id.is_not(None)))
    assert [line.total_pence for line in paid] == [11_550, 11_550]

"""tmp"""

from datetime import date
from models.permissions import Role
from models.records.provider import Provider
from tests.care_factories import make_contract, make_item
from tests.factories import make_user, make_provider
from tests.support import runs
from tests.support.client import PortalClient


def test_x(app, set_today):
    p = make_provider()
    c = make_contract(p, calculate_from=date(2019, 9, 2))
    item = make_item(c)
    runs.finalise_weeks(date(2019, 9, 2), date(2019, 9, 15))
    late = make_item(c, 3_030_300, starts_on=date(2019, 9, 6), authorised_on=date(2019, 9, 16))
    runs.finalise_weeks(date(2019, 9, 16), date(2019, 9, 29))
    set_today(date(2019, 10, 2))
    me = PortalClient(app).sign_in(make_user(Role.CARER, p))
    page = me.get(f"/providers/{p.id}/reports/")
    print(page.words)
    page = me.get(f"/providers/{p.id}/reports/remittance-by-period")
    print(page.words)
    page = me.get(f"/providers/{p.id}/reports/remittance-by-period?contract={c.reference}&period=2019-09-16")
    print(page.words, len(page.reads), page.reads)
    page = me.get(f"/providers/{p.id}/reports/remittance-by-finalisation?contract={c.reference}&period=3")
    print(page.words)
    a = me.get(f"/providers/{p.id}/reports/remittances/{c.reference}/2019-09-16/data.csv")
    print(a.get_data(as_text=True))
    a = me.get(f"/providers/{p.id}/reports/remittances/{c.reference}/2019-09-16/pdf")
    print(a.status, len(a.data))
    open("/tmp/x.pdf", "wb").write(a.data)
    assert 0

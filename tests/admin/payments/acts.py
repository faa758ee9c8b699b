"""What an officer presses on the pages of a payment, and what the list shows."""

from tests.support.runs import orders

LIST = "/council/payments/"
ADJUSTMENT = {"amount": "-100.00", "for_day": ["30", "9", "2019"], "reason": "Paid twice in June"}


def rows_of(answer):
    return answer.page.select("#payments tbody tr")


def act(desk, path, data, status=303):
    answer = desk.officer.post(f"{desk.payment}/{path}", data, status=status)
    return desk.officer.follow(answer) if status == 303 else answer


def fill(desk, path, data=None, status=303):
    """Open the form and send it, as its page was."""
    page = desk.officer.get(f"{desk.payment}/{path}")
    answer = desk.officer.submit(page, data, form="main form[method=post]", status=status)
    return desk.officer.follow(answer) if status == 303 else answer


def adjust(desk, **changed):
    """Check an adjustment, and save what was checked."""
    shown = fill(desk, "adjust", given(desk, **changed), 200)
    return desk.officer.follow(desk.officer.submit(shown, {"save": "yes"}, form="main form", status=303))


def given(desk, **changed):
    [client_id, *_] = [order.client_id for order in orders(desk.contract)]
    return ADJUSTMENT | {"client": str(client_id)} | changed


def make_it_owe(desk):
    """More is taken back than the payment comes to, for the week that is finalised."""
    adjust(desk, amount="-700", is_of_earlier_days="y")

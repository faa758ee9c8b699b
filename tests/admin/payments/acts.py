"""What an officer presses on the pages of a payment, and what the list shows."""

from tests.support.runs import orders

LIST = "/council/payments/"
ADJUSTMENT = {"amount": "-100.00", "for_day": ["30", "9", "2019"], "reason": "Paid twice in June"}


def rows_of(answer):
    return answer.page.select("#payments tbody tr")


def act(desk, path, data, status=303):
    answer = desk.officer.post(f"{desk.payment}/{path}", data, status=status)
    return desk.officer.follow(answer) if status == 303 else answer


def given(desk, **changed):
    [client_id, *_] = [order.client_id for order in orders(desk.contract)]
    return ADJUSTMENT | {"client": str(client_id)} | changed

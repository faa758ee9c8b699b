"""Malformed files, 65 kinds of them and more: each is told what is wrong with it and what to do, and nothing is written
(trust.md F6, R2).
"""

import io

from models.records.actual import Actual, ActualWeek
from tests.actual_factories import AFTER
from tests.support.client import PortalClient
from tests.support.malformed import malformed
from tests.support.rows import every
from tests.support.uploads import Agency

LEAST = 65


def test_every_malformed_file_is_told_what_is_wrong_and_nothing_is_written(app, set_today, subtests):
    set_today(AFTER)
    agency = Agency(1)
    clerk = PortalClient(app).sign_in(agency.clerk)
    place = f"/providers/{agency.provider.id}/uploads/"
    names = []
    for name, file_name, content, said in malformed(agency):
        names.append(name)
        with subtests.test(name):
            sent = {"kind": "actuals", "file": (io.BytesIO(content), file_name)}
            answer = clerk.post(place, sent)
            assert answer.status_code in (303, 422)
            page = answer
            for _ in range(2):
                page = clerk.get(page.location, status=None) if page.location else page
            assert said in page.words
            assert not every(Actual)
            assert not every(ActualWeek)
            if answer.location:
                clerk.post(f"{answer.location}/discard", status=303)
    assert len(names) >= LEAST

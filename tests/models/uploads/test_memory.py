"""How much memory each row of a file takes: 150 MB for 100,000 rows are 1,500 bytes a row."""

import gc
import tracemalloc
from datetime import timedelta

import pytest
from sqlalchemy import select

from models.base import session
from models.calendar import as_on
from models.records.import_batch import ImportBatch
from models.uploads import batch as uploads
from tests.actual_factories import AFTER, MONDAY
from tests.support.rows import unit_of_work
from tests.support.uploads import Agency, csv_of, receive

pytestmark = pytest.mark.usefixtures("database")
PEOPLE = 60


def peak_of_a_check(agency, weeks):
    """Bytes that looking at a file of these weeks takes at once, and how many rows it finds good."""
    days = [f"{MONDAY - timedelta(weeks=back):%d/%m/%Y}" for back in range(weeks)]
    rows = [agency.row(person, WeekCommencing=day) for day in days for person in range(PEOPLE)]
    with unit_of_work(agency.provider.id):
        batch_id = receive(agency, csv_of(*rows)).id
    with unit_of_work(agency.provider.id):
        batch = session.scalars(select(ImportBatch).where(ImportBatch.id == batch_id)).one()
        uploads.look(batch, agency.provider)  # what is kept once for all files is there from now on
        session.expire(batch, ["content"])
        gc.collect()
        tracemalloc.start()
        try:
            found = uploads.look(batch, agency.provider)
            return tracemalloc.get_traced_memory()[1], found.counts[0]
        finally:
            tracemalloc.stop()


def test_a_row_of_a_file_takes_no_more_than_its_share_of_the_memory():
    with as_on(AFTER):
        agency = Agency(PEOPLE)
        few, good_of_few = peak_of_a_check(agency, 3)
        many, good_of_many = peak_of_a_check(agency, 9)
    assert (good_of_few, good_of_many) == (3 * PEOPLE, 9 * PEOPLE)
    assert many - few < 1_500 * 6 * PEOPLE

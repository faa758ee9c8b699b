"""What the worker and `./portal feed export` do: write what is new for the finance system, deliver it, and tell the
team of what it has not answered.
"""

from exchange.files.store import Store
from exchange.outbound.delivering import deliver, highest_in
from exchange.outbound.writing import export_all
from models.base import scope, session, transaction
from models.calendar import london_day
from models.daily_work import timetable
from models.outbox import post
from models.records.export import Export, chase
from models.words import how_many

MAIL = """\
{words}

Exports, on the council's pages of the Provider Portal, says what was in them and sends them again. Ask whoever looks
after the finance system whether it has read them: it answers with acknowledgements.csv.
"""


def export(store: Store, *, after: int = 0) -> str:
    """Export and deliver; what came of it, in words. DomainError where something of it cannot be done: what was done
    before stays done.
    """
    directory = timetable().exports
    made = export_all(store, after=max(after, highest_in(directory)))
    delivered = deliver(store, directory)
    chase_answers()
    said = [_made(made)]
    if delivered:
        said.append(f"{how_many(delivered, 'file')} put into the directory of exports.")
    elif directory is None and made:
        said.append("settings.toml names no export_directory, so it is taken from its page.")
    return " ".join(said)


def _made(numbers: list[int]) -> str:
    if not numbers:
        return "There is nothing new to tell the finance system."
    with scope():
        found = [session.scalars(Export.numbered(number)).one() for number in numbers]
    rows, files = sum(each.rows for each in found), sum(len(each.files) for each in found)
    if len(numbers) == 1:
        return f"Export {numbers[0]} is written: {how_many(rows, 'row')} in {how_many(files, 'file')}."
    return f"Exports {numbers[0]} to {numbers[-1]} are written: {how_many(rows, 'row')} in {how_many(files, 'file')}."


def chase_answers() -> int:
    """Tell the team, once of each, of exports that the finance system has not answered in time; how many."""
    days, team = timetable().answer_days, timetable().team
    if not team:
        return 0
    with scope():
        found = session.scalars(Export.unanswered(days).where(Export.chased_at.is_(None))).all()
    if not found:
        return 0
    with transaction() as own:
        news = [export for id_ in [each.id for each in found] if chase(export := own.get_one(Export, id_))]
        if news:
            words = _waiting_words(news, days)
            post(team, "The finance system has not answered", MAIL.format(words=words))
    return len(news)


def _waiting_words(exports: list[Export], days: int) -> str:
    """What the team reads of exports without an answer, in a sentence."""
    since = london_day(exports[0].made_at)
    which = (
        f"Export {exports[0].number}" if len(exports) == 1 else f"{len(exports)} exports from {exports[0].number} on"
    )
    has = "has" if len(exports) == 1 else "have"
    return (
        f"{which} {has} had no answer from the finance system for more than {how_many(days, 'working day')}, since "
        f"{since:%d/%m/%Y}."
    )

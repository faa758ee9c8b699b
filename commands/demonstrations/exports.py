"""What a demonstration has told its finance system, and what that has answered: one export is taken, of the next a row
is refused, and the last one waits for its answer.
"""

from sqlalchemy import select

from exchange.files.store import Store
from exchange.outbound.writing import export_all
from models.base import session, transaction
from models.records.export import AnswerResult, Export, ExportAnswer, Exported

WHY = "There is no open supplier for this provider in the ledger of this year"
REFUSABLE = ("claim", "answer", "action")
"""Kinds of which a record is refused, the first that there is."""


def tell(store: Store, *, is_answered: bool = True, is_refused: bool = False) -> None:
    """Export what is new, and have it accepted (`is_answered`), but for one row of it (`is_refused`)."""
    numbers = export_all(store)
    with transaction() as own:
        for number in numbers if is_answered else []:
            own.add(ExportAnswer(number=number, result=AnswerResult.ACCEPTED))
        if is_refused and numbers:
            _refuse_a_row(numbers[-1])


def _refuse_a_row(number: int) -> None:
    export = session.scalars(Export.numbered(number)).one()
    files = {each.kind: each.name for each in reversed(export.files)}
    for kind in REFUSABLE:
        told = select(Exported.reference).where(Exported.export_id == export.id, Exported.kind == kind)
        reference = session.scalar(told.order_by(Exported.record_id).limit(1))
        if reference is not None:
            refused = {"file": files[kind], "row": reference, "result": AnswerResult.REFUSED, "reason": WHY}
            session.add(ExportAnswer(number=number, **refused))
            return

"""What goes back to the finance system: numbered exports, which version of which record each of them told, and what
the finance system has answered.

What has been told is a fact of its own row (Exported), never a moment up to which everything counts as told: of two
transactions that commit in another order than they began, none is lost. States and events: docs/export-states.md.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy import Select, select, update
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql.functions import FunctionElement

from models.audit import Actor, record
from models.bank_holiday import working_days
from models.base import AsJSON, Base, DomainError, Key, choice, move, rows_changed, session, utc_now
from models.calendar import DAY, london_day
from models.records.feed import FromFeed
from models.statements import Named
from models.waiting import waits
from models.words import Choice

NAME = "portal-{:06}.zip"
UNANSWERED, REFUSED = "exports unanswered", "exports refused"
"""Names of queues on My work."""


class moment_of(FunctionElement[str]):  # it is a function of SQL, as sa.func.max is
    """A column of instants as text that never hangs on the time zone of a connection."""

    inherit_cache = True
    type = sa.Text()


@compiles(moment_of)
def _moment_of(element: moment_of, compiler: Any, **options: Any) -> str:
    [column] = element.clauses
    return f"to_char({compiler.process(column, **options)} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')"


@compiles(moment_of, "sqlite")
def _moment_of_sqlite(element: moment_of, compiler: Any, **options: Any) -> str:
    [column] = element.clauses
    return f"CAST({compiler.process(column, **options)} AS TEXT)"


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """One file of an export."""

    name: str
    kind: str
    """Of its records: what Exported calls it."""
    rows: int
    sums: dict[str, int]
    """Pence, by the names of its columns of money."""
    sha256: str

    def as_dict(self) -> dict[str, Any]:
        return {"name": self.name, "kind": self.kind, "rows": self.rows, "sums": self.sums, "sha256": self.sha256}

    @classmethod
    def from_dict(cls, row: dict[str, Any]) -> Self:
        return cls(row["name"], row["kind"], row["rows"], row["sums"], row["sha256"])


class ExportState(Choice):
    WRITTEN = "written"
    """The finance system has not answered."""
    ACKNOWLEDGED = "acknowledged"
    """It has taken it; what it refused of it is sent again."""
    REFUSED = "refused"
    """It has refused rows that nobody has sent again."""

    @property
    def label(self) -> str:
        return {"written": "Waits for an answer", "refused": "Rows refused"}.get(self.value, "Acknowledged")

    @property
    def colour(self) -> str:
        return {"written": "blue", "refused": "red"}.get(self.value, "green")


class AnswerResult(Choice):
    ACCEPTED = "accepted"
    REFUSED = "refused"


class Export(Base):
    """One file that went, or goes, to the finance system. What is in it never changes."""

    __tablename__ = "export"
    __table_args__ = (sa.CheckConstraint("number >= 1", name="number"),)

    id: Mapped[Key]
    number: Mapped[int] = mapped_column(unique=True)
    """The finance system tells by it what it has had. One number is used once."""
    since: Mapped[int]
    """The number before it; 0 where it is the first."""
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    sha256: Mapped[str] = mapped_column(index=True)
    """Of the file, which lies in the store under it."""
    size: Mapped[int]
    """Bytes."""
    files: Mapped[list[ExportedFile]] = mapped_column(AsJSON(ExportedFile, many=True))
    chased_at: Mapped[datetime | None]
    """When the team was told that no answer has come."""

    @property
    def name(self) -> str:
        return NAME.format(self.number)

    @property
    def rows(self) -> int:
        return sum(each.rows for each in self.files)

    @property
    def paid_pence(self) -> int:
        """What its payment file pays."""
        return sum(each.sums.get("amount", 0) for each in self.files if each.name == "payments_out.csv")

    @hybrid_property
    def state(self) -> sa.ColumnElement[ExportState]:
        """As a subquery: ask for it beside the export."""
        answer = ExportAnswer
        of_it = answer.number == self.number
        is_refused = select(answer.id).where(of_it, answer.is_waiting).correlate(Export).exists()
        is_answered = select(answer.id).where(of_it).correlate(Export).exists()
        state = sa.case(
            (is_refused, ExportState.REFUSED.value),
            (is_answered, ExportState.ACKNOWLEDGED.value),
            else_=ExportState.WRITTEN.value,
        )
        return sa.type_coerce(state, choice(ExportState))

    @classmethod
    def listed(cls, *, state: ExportState | None = None, unanswered_for: int | None = None) -> Select:
        """Rows (export, state, refused), the newest first; `refused`: how many answers refuse something of it. With
        `unanswered_for`: those only that have had no answer for more than so many working days."""
        is_refused = ExportAnswer.number == cls.number, ExportAnswer.result == AnswerResult.REFUSED
        refused = select(sa.func.count(ExportAnswer.id)).where(*is_refused)
        columns = cls, cls.state.label("state"), refused.correlate(cls).scalar_subquery().label("refused")
        late = _is_unanswered(answers_due(unanswered_for)) if unanswered_for is not None else ()
        found = select(*columns).where(*late).order_by(cls.number.desc())
        return found if state is None else found.where(cls.state == state)

    @classmethod
    def numbered(cls, number: int) -> Select["Export"]:
        return select(cls).where(cls.number == number)

    @classmethod
    def claims(cls, sha256: str) -> Select:
        """Whether an export has the file with this hash, for clearing the store."""
        return select(cls.id).where(cls.sha256 == sha256).limit(1)

    @classmethod
    def unanswered(cls, days: int) -> Select["Export"]:
        """Those that were made more than so many working days ago, and to which no answer has come, oldest first."""
        return select(cls).where(*_is_unanswered(answers_due(days))).order_by(cls.number)


def _is_unanswered(since: datetime | Named) -> tuple[sa.ColumnElement[bool], ...]:
    answered = select(ExportAnswer.id).where(ExportAnswer.number == Export.number).correlate(Export)
    return Export.made_at < since, ~answered.exists()


def unanswered_waiting(since: datetime | Named) -> Select:
    """How many have had no answer since that instant (`answers_due`), for My work."""
    return waits(UNANSWERED, sa.func.count(Export.id), sa.func.min(Export.made_at)).where(*_is_unanswered(since))


def refused_waiting() -> Select:
    """How many have rows that were refused and that nobody has sent again."""
    numbers = sa.func.count(ExportAnswer.number.distinct())
    return waits(REFUSED, numbers, sa.func.min(ExportAnswer.told_at)).where(ExportAnswer.is_waiting)


def answers_due(days: int) -> datetime:
    """The instant so many working days ago, by the real clock: what was made before it should have been answered."""
    day = today = london_day(utc_now())
    known = working_days()
    while days:
        day -= DAY
        days -= day in known
    return utc_now() - (today - day)


def last_number() -> int:
    """Of the newest export; 0 where there is none."""
    return session.scalar(select(sa.func.max(Export.number))) or 0


class Exported(Base):
    """One version of one record, told in one export. The newest of a record that is not asked for again is what the
    finance system knows of it: a record that comes back to what it was (an invoice that was held and released) is told
    again, as what it is now.
    """

    __tablename__ = "exported"
    __table_args__ = (
        sa.Index("ix_exported_record", "kind", "record_id"),
        sa.Index("ix_exported_reference", "export_id", "kind", "reference"),
        sa.UniqueConstraint("export_id", "kind", "record_id"),
    )

    id: Mapped[Key]
    export_id: Mapped[int] = mapped_column(sa.ForeignKey("export.id"))
    kind: Mapped[str]
    record_id: Mapped[int]
    version: Mapped[str]
    """What of the record can change, as text: another version is told anew."""
    reference: Mapped[str]
    """What stands in the first column of its rows."""
    asked_again_at: Mapped[datetime | None]
    """When somebody had it sent again: it counts as not told from then on, and is in the next export."""

    @classmethod
    def tells(cls, kind: str, record_id: Any, version: Any) -> sa.ColumnElement[bool]:
        """A condition: this version of the record is what was told of it last."""
        later = sa.orm.aliased(cls)
        is_later = (
            later.kind == cls.kind,
            later.record_id == cls.record_id,
            later.id > cls.id,
            later.asked_again_at.is_(None),
        )
        same = cls.kind == kind, cls.record_id == record_id, cls.version == version
        return (
            select(cls.id)
            .where(*same, cls.asked_again_at.is_(None), ~select(later.id).where(*is_later).exists())
            .exists()
        )


class ExportDelivery(Base):
    """An export is to be put into the directory where the finance system finds it: when it is made, and whenever
    somebody sends it again.
    """

    __tablename__ = "export_delivery"

    id: Mapped[Key]
    export_id: Mapped[int] = mapped_column(sa.ForeignKey("export.id"), index=True)
    asked_at: Mapped[datetime] = mapped_column(default=utc_now)
    asked_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    """None for the first one."""
    done_at: Mapped[datetime | None]

    @classmethod
    def waiting(cls) -> Select:
        """Rows (delivery, export) that are to be made, in the order in which they were asked for."""
        query = select(cls, Export).join(Export, Export.id == cls.export_id)
        return query.where(cls.done_at.is_(None)).order_by(cls.id)

    @classmethod
    def of(cls, export_id: int) -> Select["ExportDelivery"]:
        return select(cls).where(cls.export_id == export_id).order_by(cls.id)

    def is_made(self) -> None:
        """The file is in its place."""
        move(self, ExportDelivery.done_at.is_(None), done_at=utc_now())


class ExportAnswer(FromFeed, Base):
    """What the finance system says of an export, of a file of it, or of one record in it. It comes with a feed."""

    __tablename__ = "export_answer"
    __table_args__ = (
        sa.UniqueConstraint("number", "file", "row"),
        sa.CheckConstraint("(result = 'refused') = (reason <> '')", name="reason"),
        sa.CheckConstraint("\"row\" = '' OR file <> ''", name="row"),
        sa.CheckConstraint("asked_again_at IS NULL OR result = 'refused'", name="asked_again"),
    )

    id: Mapped[Key]
    number: Mapped[int] = mapped_column(sa.ForeignKey("export.number"))
    file: Mapped[str] = mapped_column(default="")
    """Empty: it speaks of the whole export."""
    row: Mapped[str] = mapped_column(default="")
    """The first cell of the row; empty: it speaks of the whole file."""
    result: Mapped[AnswerResult]
    reason: Mapped[str] = mapped_column(default="")
    told_at: Mapped[datetime] = mapped_column(default=utc_now)
    asked_again_at: Mapped[datetime | None]
    """When what it refuses was put up for the next export."""

    @hybrid_property
    def is_waiting(self) -> bool:
        """It refuses something that nobody has sent again."""
        return self.result is AnswerResult.REFUSED and self.asked_again_at is None

    @is_waiting.inplace.expression
    @classmethod
    def _is_waiting(cls) -> sa.ColumnElement[bool]:
        return sa.and_(cls.result == AnswerResult.REFUSED, cls.asked_again_at.is_(None))

    @classmethod
    def refusals_of(cls, number: int) -> Select["ExportAnswer"]:
        """What it refuses, what nobody has sent again first."""
        of_it = cls.number == number, cls.result == AnswerResult.REFUSED
        return select(cls).where(*of_it).order_by(cls.asked_again_at.is_not(None), cls.file, cls.row, cls.id)


def send_again(export: Export, *, by: Actor) -> None:
    """Put the same file, under its number, into the directory once more: it was lost on its way. DomainError where it
    waits for that already.
    """
    waiting = select(ExportDelivery.id).where(ExportDelivery.export_id == export.id, ExportDelivery.done_at.is_(None))
    if session.scalar(waiting.limit(1)) is not None:
        raise DomainError(f"Export {export.number} is to be delivered already. Wait until the worker has done it")
    session.add(ExportDelivery(export_id=export.id, asked_by_id=by.id))
    record("export.sent_again", export, by=by, number=export.number)


def send_refused_again(export: Export, *, by: Actor) -> int:
    """Put what is refused of it up for the next export; how many records. DomainError where that is nothing by now."""
    is_waiting = ExportAnswer.number == export.number, ExportAnswer.is_waiting
    answers = session.scalars(select(ExportAnswer).where(*is_waiting).order_by(ExportAnswer.id).with_for_update()).all()
    if not answers:
        raise DomainError(f"Nothing of export {export.number} is refused, or somebody else has sent it again just now")
    now = utc_now()
    rows_changed(update(ExportAnswer).where(*is_waiting).values(asked_again_at=now))
    told = Exported.export_id == export.id, Exported.asked_again_at.is_(None)
    count = sum(
        rows_changed(update(Exported).where(*told, *_meant(export, each)).values(asked_again_at=now), unsynced=True)
        for each in answers
    )
    record("export.refused_sent_again", export, by=by, number=export.number, records=count)
    return count


def _meant(export: Export, answer: ExportAnswer) -> tuple[sa.ColumnElement[bool], ...]:
    """Conditions on Exported: the records of which the answer speaks."""
    if not answer.file:
        return ()
    kind = next((each.kind for each in export.files if each.name == answer.file), "")
    of_kind = Exported.kind == kind
    return (of_kind, Exported.reference == answer.row) if answer.row else (of_kind,)


def chase(export: Export) -> bool:
    """The team is to be told that no answer has come: whether nobody was told before."""
    return move(export, Export.chased_at.is_(None), chased_at=utc_now())

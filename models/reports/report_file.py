"""Long reports as PDF, which the worker draws: what is asked for, and where the file lies when it is done."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key, session, utc_now
from models.job import Job, JobKind
from models.tenancy import ProviderOwned, owned


class ReportFile(ProviderOwned, Base):
    """A PDF in the store, of a report that says what `key` stands for. The same key has the same bytes for good."""

    __tablename__ = "report_file"
    __table_args__ = owned(sa.UniqueConstraint("provider_id", "key"))

    id: Mapped[Key]
    key: Mapped[str]
    """SHA-256 over what the report says."""
    name: Mapped[str]
    """To save it under; it says nothing of a client."""
    sha256: Mapped[str] = mapped_column(index=True)
    size: Mapped[int]
    """Bytes."""
    made_at: Mapped[datetime] = mapped_column(default=utc_now)

    @classmethod
    def of(cls, key: str) -> Select["ReportFile"]:
        return select(cls).where(cls.key == key)

    @classmethod
    def claims(cls, sha256: str) -> Select[Any]:
        """Whether a report has the file with this hash, for clearing away."""
        return select(cls.id).where(cls.sha256 == sha256).limit(1)


def keep(provider_id: int, key: str, *, name: str, sha256: str, size: int) -> None:
    """Note that the file is drawn. Twice is once: no two jobs draw for one provider at the same time."""
    if session.scalars(ReportFile.of(key)).one_or_none() is None:
        session.add(ReportFile(provider_id=provider_id, key=key, name=name, sha256=sha256, size=size))


def job_of(provider_id: int, key: str) -> Select[Job]:
    """The newest job that draws the provider's report of this key."""
    about = (Job.kind == JobKind.REPORT, Job.scope == str(provider_id), Job.arguments["key"].as_string() == key)
    return select(Job).where(*about).options(*Job.told()).order_by(Job.id.desc()).limit(1)

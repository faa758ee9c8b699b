"""What is wrong with the database itself, told from its error: nothing that the code could have done better."""

from enum import Enum
from typing import Self

from sqlalchemy.exc import DBAPIError, OperationalError


class DatabaseTrouble(Enum):
    """The value is what to say, and what whoever runs the portal is to do."""

    BUSY = (
        "The database is locked: somebody else has been writing for longer than this command waits.",
        "Give the same command again in a minute.",
    )
    FULL = (
        "The database cannot grow: the disk is full, or a limit is reached.",
        "Make room, and give the same command again.",
    )
    READ_ONLY = (
        "The database cannot be written to.",
        "Give the command as the user who owns the database and its folder, and see that the disk is not mounted "
        "read-only.",
    )
    AWAY = (
        "The database does not answer, or cannot be opened.",
        "See that it runs, and that DATABASE_URL or PORTAL_INSTANCE names it; then give the same command again.",
    )
    OTHER_TABLES = (
        "The database has not the tables of this version of the portal.",
        "Give ./portal db upgrade first.",
    )
    DAMAGED = (
        "The database is damaged, or its disk fails.",
        "Stop the portal, keep a copy of what there is, and restore a backup.",
    )

    @property
    def words(self) -> str:
        return self.value[0]

    @property
    def cure(self) -> str:
        return self.value[1]

    @classmethod
    def of(cls, fault: BaseException) -> Self | None:
        """Of an error, or of one during which it arose: a full SQLite forgets its savepoints. None where the database
        is well, and the statement, or a rule of a table, is at fault.
        """
        found = cls._of(fault) if isinstance(fault, DBAPIError) else None
        return found or (cls.of(fault.__context__) if fault.__context__ else None)

    @classmethod
    def _of(cls, fault: DBAPIError) -> Self | None:
        orig = fault.orig
        if type(orig).__module__.partition(".")[0] == "psycopg":
            state = getattr(orig, "sqlstate", None) or (NO_ANSWER if isinstance(fault, OperationalError) else "")
            found = next((name for start, name in POSTGRES if state.startswith(start)), None)
        else:
            found = next((name for part, name in SQLITE if part in str(orig)), None)
        return cls[found] if found else None


NO_ANSWER = "08006"
"""The state of a connection that failed: psycopg gives none where it never came about."""
POSTGRES = (
    ("40001", "BUSY"), ("40P01", "BUSY"), ("55P03", "BUSY"), ("57014", "BUSY"),
    ("53100", "FULL"), ("53200", "FULL"), ("54", "FULL"),
    ("25006", "READ_ONLY"), ("42501", "READ_ONLY"),
    ("08", "AWAY"), ("28", "AWAY"), ("3D000", "AWAY"), ("53300", "AWAY"), ("57P", "AWAY"),
    ("42P01", "OTHER_TABLES"), ("42703", "OTHER_TABLES"),
    ("58", "DAMAGED"), ("XX001", "DAMAGED"), ("XX002", "DAMAGED"),
)  # fmt: skip
"""How the SQLSTATE begins."""
SQLITE = (
    ("is locked", "BUSY"), ("disk is full", "FULL"), ("readonly database", "READ_ONLY"), ("unable to open", "AWAY"),
    ("no such table", "OTHER_TABLES"), ("no such column", "OTHER_TABLES"), ("has no column named", "OTHER_TABLES"),
    ("malformed", "DAMAGED"), ("not a database", "DAMAGED"), ("disk I/O error", "DAMAGED"),
)  # fmt: skip
"""What the message of SQLite holds; the driver gives no code."""

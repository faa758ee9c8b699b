"""The way back to the finance system: numbered exports of all that it needs to know. See docs/feed.md.

`kinds` lists what is told, in the words of `shape`; `money`, `answers`, `debts`, `care`, `invoices` and `talk` say
which rows that is. `writing` makes an export, `delivering` puts it where the finance system finds it, `describe` says
it all in docs/feed.md.
"""

from exchange.outbound.delivering import deliver
from exchange.outbound.writing import export_all

__all__ = ["deliver", "export_all"]

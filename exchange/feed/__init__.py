"""The finance system's feed: a directory of CSV files, read, checked and written as one. See docs/feed.md.

`schema` says what the files are, `reading` parses them, `world` puts them beside what is on record,
`rules`, `across` and `frozen` judge, `effect` finds out what changes in money, `writing` writes, `importing` is the
whole of it.
"""

from exchange.feed.faults import Count, Fault, FeedFaults
from exchange.feed.importing import AboveLimits, Report, check_feed, import_feed
from exchange.feed.schema import FILES

__all__ = ["FILES", "AboveLimits", "Count", "Fault", "FeedFaults", "Report", "check_feed", "import_feed"]

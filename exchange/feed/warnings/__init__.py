"""What may be wrong with a feed that has no fault: warnings, which stop no import.

`brought` says what a rule looks at; each other module holds rules of one kind, which register themselves. Only what the
feed brings or changes is looked at, beside what is on record; no rule asks the database for itself.
"""

from exchange.feed.warnings import days, doubles, links, paid, prices, records
from exchange.feed.warnings.brought import found_in

__all__ = ["days", "doubles", "found_in", "links", "paid", "prices", "records"]

"""The pages of bench/pages.py as one would write them without a portal: plain Flask, Jinja and SQLAlchemy Core.

A page asks one to three plain selects, each built once, of the same SQLite file; it loops over their rows in a
template, writes sums and days by filters and links by `url_for`. Sums, comparisons and states it works out in SQL or in
Python, in the simplest way that is right for the rows of bench/_places.py; words for states that none of these rows has
are left out. It sends what the portal sends, as tests/bench/test_bare.py proves; fewer blanks between its tags are all
that is different.

It does not know who asks: no session, no person, no gate, no tenant, no token (constants of the same length stand for
those), no note of who was shown, no filters but those that a page is asked with, no sorting, no page but the first, no
compression. What stands around a page's main part tells nothing of its rows, and is text that bench/pages.py has
recorded.
"""

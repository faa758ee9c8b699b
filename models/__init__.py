"""The domain: tables, verbs, rules and queries. Knows nothing of Flask.

Importing this package loads every table, so that `Base.metadata` is whole.
"""

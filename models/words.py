"""Saying how many."""


def how_many(count: int, thing: str) -> str:
    """1 payment, 2 payments, 1,204 payments."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"

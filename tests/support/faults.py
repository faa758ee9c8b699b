"""Contracts that cannot be calculated, made so by a test."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from models.payments import foreseeing, working_out
from models.records.contract import Contract


@contextmanager
def unable_to_calculate(*contracts: Contract) -> Iterator[None]:
    """Within the block, whatever reckons one of these contracts breaks off with a KeyError."""
    ids, reckon = {contract.id for contract in contracts}, working_out.reckon

    def broken(contract, *rest):
        if contract.id in ids:
            raise KeyError("Simpson")
        return reckon(contract, *rest)

    with pytest.MonkeyPatch.context() as patch:
        for module in (working_out, foreseeing):
            patch.setattr(module, "reckon", broken)
        yield

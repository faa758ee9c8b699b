import pytest

from models.base import DomainError
from models.records.provider import ids_named, problem_with_name
from tests.factories import make_provider
from tests.support.rows import reading


@pytest.mark.postgres
@pytest.mark.parametrize(
    "typed",
    ["Élan’s Meadow Lodge", "P-700", "p-700", "ELANS  MEADOW-LODGE", "élan's meadow lodge", "Tansy Meadow Lodge",
     "tansy meadow LODGE"],
)  # fmt: skip
def test_a_provider_is_named_by_its_reference_or_by_its_name_however_written(database, typed):
    elan = make_provider(name="Élan’s Meadow Lodge", reference="P-700")
    tansy = make_provider(name="Tansy Meadow Lodge", reference="P-701")
    with reading():
        assert ids_named([typed]) == [tansy.id if "tansy" in typed.lower() else elan.id]
        assert problem_with_name(typed) is None


def test_one_that_is_not_known_or_not_the_only_one_is_said(database):
    make_provider(name="Oak House")
    make_provider(name="oak house")
    with reading():
        assert problem_with_name("OAK HOUSE") == "More than one provider is called OAK HOUSE. Enter its reference"
        assert problem_with_name("Elm House") == "There is no provider with the reference or name Elm House"
        assert problem_with_name("’") == "There is no provider with the reference or name ’"
        with pytest.raises(DomainError, match="no provider with the reference or name Elm House"):
            ids_named(["Elm House"])
        with pytest.raises(DomainError, match="More than one provider is called Oak House"):
            ids_named(["Oak House"])

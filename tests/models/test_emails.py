"""One form of an e-mail address, whatever a browser or a person makes of an international domain."""

import pytest

from models.accounts.login import account_hash
from models.accounts.user import User, tidy_email
from models.emails import email_address, one_form, to_send
from models.permissions import Role
from tests.factories import PASSWORD, make_contact, make_provider, make_user
from tests.support.rows import every, unit_of_work

SPELLINGS = ["ann@bücher.example", "Ann@BÜCHER.example", " ann@xn--bcher-kva.example ", "ANN@XN--BCHER-KVA.EXAMPLE"]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_an_international_domain_is_kept_and_compared_in_its_own_letters(spelling):
    assert one_form(spelling) == tidy_email(spelling) == "ann@bücher.example"
    assert email_address(spelling).lower() == "ann@bücher.example"
    assert account_hash(spelling) == account_hash("ann@bücher.example")


@pytest.mark.parametrize(
    "text", ["", "@", "ann", "ann@", "ann@xn--", "ann@xn--zzzzzz-.example", "ann@[é", f"{'é' * 300}@é"]
)
def test_what_is_no_address_stays_as_it_was_typed(text):
    assert one_form(f" {text.upper()} ") == text


def test_any_mail_server_takes_an_address_whose_first_part_is_ascii():
    assert to_send("ann@bücher.example") == "ann@xn--bcher-kva.example"
    assert to_send("ann@example.org") == "ann@example.org"
    assert to_send("añn@bücher.example") == "añn@bücher.example"
    assert to_send("no address é") == "no address é"


@pytest.mark.postgres
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_contact_user_and_log_in_agree(client, spelling):
    provider = make_provider()
    make_contact(provider, email="ann@bücher.example")
    user = make_user(Role.FINANCE, provider, email="ann@bücher.example")
    with unit_of_work() as session:
        assert session.merge(provider).knows(spelling)
    assert [each.id for each in every(User.with_email(spelling))] == [user.id]
    client.submit(client.get("/log-in"), {"email": spelling, "password": PASSWORD}, status=303)

import pytest

from models.accounts.authenticator import Authenticator
from models.accounts.security_code import SecurityCode
from models.vault import Tampered, unseal, vault_of
from tests.auth.steps import give_app, give_security_code
from tests.factories import make_user
from tests.support.rows import every

OLD, NEW = "the old key, of more than 32 characters", "the new key, which is as long as that"


@pytest.mark.postgres
def test_after_rotating_the_old_key_is_not_needed_any_more(app, own_portal):
    own_portal.change(vault=vault_of([OLD]))
    user = make_user()
    give_security_code(user)
    give_app(user)
    seed = every(Authenticator)[0].seed

    own_portal.change(vault=vault_of([NEW, OLD]))
    done = app.test_cli_runner().invoke(args=["vault", "rotate"])
    assert done.output == "Sealed anew: 1 security codes, 1 authenticator apps.\n"

    own_portal.change(vault=vault_of([NEW]))
    assert every(Authenticator)[0].seed == seed
    [code] = every(SecurityCode.of(user.id))
    assert unseal(f"security_code:{user.id}", code.sealed) == "135790"
    own_portal.change(vault=vault_of([OLD]))
    with pytest.raises(Tampered):
        unseal(f"security_code:{user.id}", code.sealed)

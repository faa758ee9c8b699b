"""A small OpenID provider on Authlib's own server side, in a process of its own: what the portal's client is tried
against. Whoever comes types who they are; a word in `fault` makes it answer wrongly in that way.

    python -m tests.support.identity_provider PORT
"""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import requests
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import UserInfo
from authlib.oidc.core.grants import OpenIDCode
from flask import Flask, request
from joserfc.jwk import RSAKey

CLIENT_ID, SECRET = "provider-portal", "a secret between the two of them"
CODES: dict[str, "Code"] = {}
KEY = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256", "kid": "one"})
ANOTHER_KEY = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256", "kid": "one"})


class Client(ClientMixin):
    client_id, client_secret = CLIENT_ID, SECRET

    def get_client_id(self):
        return self.client_id

    def get_default_redirect_uri(self):
        return None

    def get_allowed_scope(self, scope):
        return scope

    def check_redirect_uri(self, redirect_uri):
        return redirect_uri.endswith("/log-in/identity/return")

    def check_client_secret(self, client_secret):
        return client_secret == SECRET

    def check_endpoint_auth_method(self, method, endpoint):
        return method == "client_secret_basic"

    def check_response_type(self, response_type):
        return response_type == "code"

    def check_grant_type(self, grant_type):
        return grant_type == "authorization_code"


class Code(AuthorizationCodeMixin):
    def __init__(self, sent, redirect_uri, person):
        self.sent, self.redirect_uri, self.person = sent, redirect_uri, person
        self.code_challenge = sent.get("code_challenge")
        self.code_challenge_method = sent.get("code_challenge_method")

    def get_redirect_uri(self):
        return self.redirect_uri

    def get_scope(self):
        return self.sent["scope"]

    def get_nonce(self):
        return "not the one that was sent" if self.person.fault == "nonce" else self.sent.get("nonce")

    def get_auth_time(self):
        return int(time.time())

    def get_acr(self):
        return None

    def get_amr(self):
        return self.person.amr.split()


class Grant(AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic"]

    def save_authorization_code(self, code, request):
        CODES[code] = Code(request.payload.data, request.payload.redirect_uri, request.user)

    def query_authorization_code(self, code, client):
        return CODES.get(code)

    def delete_authorization_code(self, authorization_code):
        for code in [code for code, kept in CODES.items() if kept is authorization_code]:
            del CODES[code]

    def authenticate_user(self, authorization_code):
        return authorization_code.person


class Token(OpenIDCode):
    def __init__(self, issuer):
        super().__init__(require_nonce=True)
        self.issuer = issuer
        self.person = None

    def exists_nonce(self, nonce, request):
        return any(code.sent.get("nonce") == nonce for code in CODES.values())

    def encode_id_token(self, token, request):
        self.person = request.user
        return super().encode_id_token(token, request)

    def resolve_client_private_key(self, client):
        return ANOTHER_KEY if self.person.fault == "signature" else KEY

    def get_encode_header(self, client):
        return {"alg": "RS256", "kid": "one"}

    def get_client_claims(self, client):
        fault = self.person.fault
        return {
            "iss": "https://somebody-else.example" if fault == "issuer" else self.issuer,
            "aud": ["another-client" if fault == "audience" else CLIENT_ID],
            "exp": int(time.time()) + (-3600 if fault == "expired" else 3600),
        }

    def generate_user_info(self, user, scope):
        return UserInfo(sub=user.sub, email=user.email, email_verified=user.verified)


def make_app(issuer: str) -> Flask:
    app = Flask(__name__)
    server = AuthorizationServer(app, lambda client_id: Client() if client_id == CLIENT_ID else None, lambda *_: None)
    server.register_grant(Grant, [Token(issuer), CodeChallenge(required=True)])

    @app.get("/.well-known/openid-configuration")
    def configuration():
        return {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "jwks_uri": f"{issuer}/keys",
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    @app.get("/keys")
    def keys():
        return {"keys": [KEY.as_dict(private=False)]}

    @app.get("/authorize")
    def authorize():
        return (
            "<!doctype html><html lang=en><title>Council log-in</title><h1>Council log-in</h1><form method=post>"
            "<label>E-mail <input name=email></label><button>Submit</button></form></html>"
        )

    @app.post("/authorize")
    def authorized():
        typed = request.form
        person = SimpleNamespace(
            email=typed["email"],
            sub=typed.get("sub") or f"subject of {typed['email']}",
            verified=typed.get("verified", "yes") == "yes",
            amr=typed.get("amr", "pwd"),
            fault=typed.get("fault", ""),
        )
        return server.create_authorization_response(
            grant_user=None if person.fault == "denied" else person, grant=server.get_consent_grant(end_user=person)
        )

    @app.post("/token")
    def token():
        return server.create_token_response()

    return app


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Its address, once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tests.support.identity_provider", str(port)]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(address, process)
        yield address
    finally:
        process.terminate()
        process.wait()


def _wait_for(address: str, process: subprocess.Popen) -> None:
    for _ in range(200):
        try:
            requests.get(f"{address}/keys", timeout=1)
        except requests.ConnectionError:
            assert process.poll() is None, "the identity provider has ended"
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the identity provider did not start")


if __name__ == "__main__":
    port = int(sys.argv[1])
    make_app(f"http://127.0.0.1:{port}").run("127.0.0.1", port)

"""A relying party on Python's Authlib: what an app of that library writes, and no more."""

import json
import os
from urllib.parse import urlencode

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # loopback

import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from authlib.jose import JsonWebKey, JsonWebToken
from authlib.oidc.core import CodeIDToken

issuer, client_id = os.environ["ISSUER"], os.environ["CLIENT_ID"]
metadata = requests.get(issuer + "/.well-known/openid-configuration", timeout=30).json()
assert metadata["issuer"] == issuer
session = OAuth2Session(
    client_id,
    os.environ["CLIENT_SECRET"],
    scope="openid profile offline_access",
    redirect_uri=os.environ["REDIRECT_URI"],
    code_challenge_method="S256",
)
verifier, nonce = generate_token(48), generate_token()
address, state = session.create_authorization_url(
    metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce
)
print(address, flush=True)

back = input()
tokens = session.fetch_token(
    metadata["token_endpoint"], authorization_response=back, code_verifier=verifier, state=state
)
keys = JsonWebKey.import_key_set(requests.get(metadata["jwks_uri"], timeout=30).json())
algorithms = [alg for alg in metadata["id_token_signing_alg_values_supported"] if alg in ("RS256", "PS256", "ES256", "EdDSA")]
claims = JsonWebToken(algorithms).decode(
    tokens["id_token"],
    keys,
    claims_cls=CodeIDToken,
    claims_options={"iss": {"essential": True, "value": issuer}, "aud": {"essential": True, "value": client_id}},
    claims_params={"nonce": nonce, "client_id": client_id, "access_token": tokens["access_token"]},
)
claims.validate()
userinfo = session.get(metadata["userinfo_endpoint"]).json()
session.refresh_token(metadata["token_endpoint"], refresh_token=tokens["refresh_token"])
refreshed = session.get(metadata["userinfo_endpoint"]).json()
logout = metadata["end_session_endpoint"] + "?" + urlencode(
    {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": os.environ["SIGNED_OUT"]}
)
print(json.dumps({"claims": claims, "userinfo": userinfo, "refreshed": refreshed, "logout": logout}))

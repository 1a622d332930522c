//! A presented access token looked up: an opaque one by its hash, a JWT of ours by its signature and its `jti`.
//!
//! The one way for `/userinfo`, `/introspect`, token exchange and every API of ours. A JWT without a row (a client's own,
//! `client_credentials`) is good until its end unless its `jti` was taken back.

use super::{AccessToken, Form, Grant, Holder, Holds, Used, by_hash, is_revoked, still_holds};
use crate::app::AppState;
use crate::clients::{self, Client};
use crate::http::{Failure, Fault};
use crate::keys::jws;
use crate::oidc::token::access_jwt::{self, AccessClaims};
use samekey_shared::accounts::{Groups, LoginName, groups};
use samekey_shared::clock::UnixTime;
use samekey_shared::flows::FlowError;
use samekey_shared::ids::RequestId;
use samekey_shared::secrets::opaque;
use samekey_shared::store::Tx;

/// A token that holds now.
#[derive(Debug, Clone)]
pub struct Found {
    /// The token.
    pub token: AccessToken,
    /// What it rests on; `None` for a JWT that has no row.
    pub grant: Option<Grant>,
    /// The client that may use it.
    pub client: Client,
    /// The person, as they are now; `None` where a client speaks for itself.
    pub holder: Option<Holder>,
}

/// What a text can be looked up by.
#[derive(Debug)]
struct Key {
    hash: [u8; 32],
    form: Form,
    claims: Option<AccessClaims>,
}

impl Key {
    fn of(app: &AppState, text: &str) -> Option<Self> {
        if text.bytes().filter(|byte| *byte == b'.').count() != 2 {
            return Some(Self {
                hash: opaque::hash(text),
                form: Form::Opaque,
                claims: None,
            });
        }
        let published = app.published();
        let claims: AccessClaims = jws::read_typed(&published.keys, access_jwt::TYP, text)?;
        let ours = claims.iss == app.config.issuer.as_str() && claims.exp > app.realm.clock.now();
        ours.then(|| Self {
            hash: opaque::hash(&claims.jti),
            form: Form::Jwt,
            claims: Some(claims),
        })
    }
}

/// The token of this text, if it is one, lives, and all that it rests on still holds.
pub fn find(app: &AppState, text: &str) -> Result<Option<Found>, Fault> {
    let Some(key) = Key::of(app, text) else {
        return Ok(None);
    };
    let mut host: Option<Groups> = None;
    loop {
        let looked = app.realm.store.read(|tx| look(app, tx, &key, host.as_ref()));
        match looked.map_err(|error: FlowError| Fault::as_json(&Failure::from(error)))? {
            Looked::Found(found) => return Ok(Some(*found)),
            Looked::Nothing => return Ok(None),
            Looked::AskHost(name) => host = Some(groups::from_nss(&name)),
        }
    }
}

enum Looked {
    Found(Box<Found>),
    Nothing,
    AskHost(LoginName),
}

fn look(app: &AppState, tx: &mut Tx<'_>, key: &Key, host: Option<&Groups>) -> Result<Looked, FlowError> {
    let Some((token, grant)) = by_hash(tx, &key.hash, key.form, app.realm.clock.now())? else {
        return Ok(match own(tx, key)? {
            Some(found) => Looked::Found(Box::new(found)),
            None => Looked::Nothing,
        });
    };
    let (client, holder) = match still_holds(app, tx, &grant, &token.scope, host, Used::Access)? {
        Holds::Yes(client, holder) => (*client, holder.map(|holder| *holder)),
        Holds::AskHost(name) => return Ok(Looked::AskHost(name)),
        Holds::No(why) => {
            tracing::info!(grant = %grant.id, why, "an access token no longer holds");
            return Ok(Looked::Nothing);
        }
    };
    if token.client == grant.client {
        return Ok(found(token, grant, client, holder));
    }
    // An exchanged token is another client's than the grant's: for that one all must hold as well.
    let theirs = Grant {
        client: token.client.clone(),
        ..grant.clone()
    };
    Ok(match still_holds(app, tx, &theirs, &token.scope, host, Used::Access)? {
        Holds::Yes(client, _) => found(token, grant, *client, holder),
        Holds::AskHost(name) => Looked::AskHost(name),
        Holds::No(_) => Looked::Nothing,
    })
}

fn found(token: AccessToken, grant: Grant, client: Client, holder: Option<Holder>) -> Looked {
    Looked::Found(Box::new(Found {
        token,
        grant: Some(grant),
        client,
        holder,
    }))
}

/// A client's own JWT, for which no row stands.
fn own(tx: &mut Tx<'_>, key: &Key) -> Result<Option<Found>, FlowError> {
    let Some(claims) = key
        .claims
        .as_ref()
        .filter(|claims| access_jwt::is_unstored(&claims.jti))
    else {
        return Ok(None);
    };
    if is_revoked(tx, &key.hash)? {
        return Ok(None);
    }
    let Some(client) = clients::by_id(tx, &claims.client_id)? else {
        return Ok(None);
    };
    let (Some(grant), Some(binding)) = (access_jwt::id_of(&claims.jti), claims.binding()) else {
        return Ok(None);
    };
    Ok(Some(Found {
        token: AccessToken {
            grant,
            client: client.id.clone(),
            scope: claims.scope.clone(),
            audience: claims.aud.clone(),
            binding,
            act: None,
            issued_at: claims.iat,
            expires_at: claims.exp,
        },
        grant: None,
        client,
        holder: None,
    }))
}

/// What takes a presented token back, whoever's it is: its row, or the hash of its `jti` with its end.
#[derive(Debug, Clone)]
pub enum Retraction {
    /// It has a row under this hash.
    Row([u8; 32], Form),
    /// It has none: remembered until its end.
    Remembered {
        /// Of its `jti`.
        hash: [u8; 32],
        /// Whose it is.
        client: String,
        /// What stands for its grant in the trail.
        grant: RequestId,
        /// Its end.
        until: UnixTime,
    },
}

/// How the token of this text would be taken back; `None` for what is no token of ours.
pub fn retraction(app: &AppState, text: &str) -> Option<Retraction> {
    let key = Key::of(app, text)?;
    let unstored = key.claims.filter(|claims| access_jwt::is_unstored(&claims.jti));
    let Some(claims) = unstored else {
        return Some(Retraction::Row(key.hash, key.form));
    };
    Some(Retraction::Remembered {
        hash: key.hash,
        grant: access_jwt::id_of(&claims.jti)?,
        client: claims.client_id,
        until: claims.exp,
    })
}

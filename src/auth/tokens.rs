//! Access tokens: signed, short-lived statements of who somebody is. What they may is asked of the database.
//!
//! Tokens of the server before this one (claims `sub`, `username`, `email`, `exp`, `iat` alone) stay good until they
//! expire. They have no `ver`, which reads as 0, the version that every adopted user starts with: the user's first
//! password change or deactivation ends them, as it ends all others. They have no `jti` either; a hash of what was
//! signed stands for it, so that they can be logged out.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::TimeDelta;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Role, cookies::Cookies, passwords::Passwords, standing::Standings, store::UserRow};
use crate::{
    config::{AuthConfig, TokenAlgorithm},
    error::{Error, Result},
    types::{Clock, ids::UserId},
};

/// The `type` of tokens that open routes.
const ACCESS: &str = "access";
/// How many seconds after its end or before its beginning a token is taken, for servers whose clocks differ.
pub(super) const LEEWAY: i64 = 30;
/// Ids above this length do not fit the table of revoked tokens.
const LONGEST_ID: usize = 64;
const ID_BYTES: usize = 16;
/// How many verified tokens are kept, a few hundred bytes each; then all are forgotten and verified again.
const MOST_VERIFIED: usize = 4096;

/// Keys, lives of tokens, what is known of users for a moment, and the bound on password hashing.
pub struct AuthState {
    encoding: EncodingKey,
    decoding: DecodingKey,
    /// What tokens say whose signatures were good. Whether their time is over, and what became of their users, is asked anew.
    verified: Mutex<HashMap<Box<str>, Arc<AccessToken>>>,
    header: Header,
    validation: Validation,
    access_ttl: TimeDelta,
    pub(super) refresh_ttl: TimeDelta,
    pub(super) allow_signup: bool,
    pub(super) signup_role: Role,
    pub(super) cookies: Cookies,
    pub(super) standings: Standings,
    pub(super) clock: Clock,
    /// The hashing of passwords.
    pub passwords: Passwords,
}

impl AuthState {
    /// The state for these settings.
    pub fn new(config: &AuthConfig, clock: Clock) -> Self {
        let algorithm = match config.algorithm {
            TokenAlgorithm::Hs256 => Algorithm::HS256,
            TokenAlgorithm::Hs384 => Algorithm::HS384,
            TokenAlgorithm::Hs512 => Algorithm::HS512,
        };
        let mut validation = Validation::new(algorithm);
        // The library would ask its own clock; `read` asks ours.
        validation.validate_exp = false;
        validation.required_spec_claims.clear();
        let key = config.secret_key.expose_secret().as_bytes();
        let ttl = |life| TimeDelta::from_std(life).unwrap_or(TimeDelta::zero());
        Self {
            encoding: EncodingKey::from_secret(key),
            decoding: DecodingKey::from_secret(key),
            verified: Mutex::default(),
            header: Header::new(algorithm),
            validation,
            access_ttl: ttl(config.access_token_ttl),
            refresh_ttl: ttl(config.refresh_token_ttl),
            allow_signup: config.allow_signup,
            signup_role: config.signup_default_role,
            cookies: Cookies::new(config),
            standings: Standings::new(clock.clone()),
            clock,
            passwords: Passwords::default(),
        }
    }

    /// Signs a token for a user; `session` is the family of the refresh token that goes with it.
    pub(super) fn sign(&self, user: &UserRow, session: Uuid) -> Result<SignedToken> {
        let issued_at = self.clock.now().timestamp();
        let expires_at = issued_at + self.access_ttl.num_seconds();
        let claims = SignedClaims {
            sub: user.id.to_string(),
            username: &user.username,
            email: &user.email,
            exp: expires_at,
            iat: issued_at,
            roles: [user.role],
            role: user.role,
            jti: random_hex::<ID_BYTES>()?,
            kind: ACCESS,
            ver: user.token_version,
            sid: session,
        };
        let text = jsonwebtoken::encode(&self.header, &claims, &self.encoding).map_err(Error::internal)?;
        Ok(SignedToken {
            text,
            expires_at,
            expires_in: self.access_ttl.num_seconds(),
        })
    }

    /// Reads a token; `None` if it is not ours, not an access token, over, or not good yet.
    pub(super) fn read(&self, token: &str) -> Option<Arc<AccessToken>> {
        let known = self.verified().get(token).map(Arc::clone);
        let read = match known {
            Some(known) => known,
            None => self.verify(token)?,
        };
        let now = self.clock.now().timestamp();
        let is_over = read.expires_at.saturating_add(LEEWAY) < now;
        // RFC 7519 section 4.1.5; ours have none. `iat` decides nothing: the tokens of a server that is ahead are good.
        let is_early = read
            .begins_at
            .is_some_and(|start| start.saturating_sub(LEEWAY) > now);
        (!is_over && !is_early).then_some(read)
    }

    /// Verifies a token's signature and keeps what it says, which the same text will always say.
    fn verify(&self, token: &str) -> Option<Arc<AccessToken>> {
        let claims: Claims = jsonwebtoken::decode(token, &self.decoding, &self.validation)
            .ok()?
            .claims;
        if claims.kind.is_some_and(|kind| kind != ACCESS) {
            return None;
        }
        let own_id = claims.jti.filter(|id| (1..=LONGEST_ID).contains(&id.len()));
        let read = Arc::new(AccessToken {
            user: UserId::parse(&claims.sub)?,
            id: own_id.unwrap_or_else(|| stand_in_id(token)),
            version: claims.ver.unwrap_or(0),
            session: claims.sid,
            expires_at: claims.exp,
            begins_at: claims.nbf,
        });
        let mut verified = self.verified();
        if verified.len() >= MOST_VERIFIED {
            verified.clear();
        }
        verified.insert(token.into(), Arc::clone(&read));
        Some(read)
    }

    fn verified(&self) -> MutexGuard<'_, HashMap<Box<str>, Arc<AccessToken>>> {
        self.verified.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a token of ours says that matters.
#[derive(Debug, Deserialize)]
struct Claims {
    sub: String,
    exp: i64,
    nbf: Option<i64>,
    jti: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    ver: Option<i32>,
    sid: Option<Uuid>,
}

#[derive(Debug, Serialize)]
struct SignedClaims<'a> {
    sub: String,
    username: &'a str,
    email: &'a str,
    exp: i64,
    iat: i64,
    roles: [Role; 1],
    role: Role,
    jti: String,
    #[serde(rename = "type")]
    kind: &'static str,
    /// The user's `token_version`; raising that ends all tokens of before.
    ver: i32,
    sid: Uuid,
}

/// A token as it goes to the client.
#[derive(Debug)]
pub(super) struct SignedToken {
    pub(super) text: String,
    /// Seconds since 1970.
    pub(super) expires_at: i64,
    /// Seconds from now.
    pub(super) expires_in: i64,
}

/// A token that was read and is good as far as it can tell itself.
#[derive(Debug)]
pub(super) struct AccessToken {
    pub(super) user: UserId,
    pub(super) id: String,
    pub(super) version: i32,
    pub(super) session: Option<Uuid>,
    pub(super) expires_at: i64,
    /// When it begins to be good, if not at once.
    begins_at: Option<i64>,
}

/// The hash of header and claims. The signature stays out of it, so that no other spelling of a token has another id.
fn stand_in_id(token: &str) -> String {
    let signed = token.rsplit_once('.').map_or(token, |(signed, _)| signed);
    hex::encode(Sha256::digest(signed))
}

/// Random bytes as hex.
fn random_hex<const N: usize>() -> Result<String> {
    random_bytes::<N>().map(hex::encode)
}

/// Random bytes of the operating system.
pub(super) fn random_bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::internal(anyhow::anyhow!("no random bytes: {error}")))?;
    Ok(bytes)
}

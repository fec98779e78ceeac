//! Tokens, cookies and signup.

use std::collections::BTreeSet;
use std::time::Duration;

use secrecy::SecretString;

use super::ROLES;
use crate::auth::Role;
use crate::config::reader::{MASK, Reader};
use crate::config::{AuthConfig, Environment, SameSite, TokenAlgorithm};

/// A key that signs tokens has at least this many bytes in production.
const SECRET_KEY_BYTES: usize = 32;
/// A key with fewer different bytes was typed, not drawn.
const SECRET_KEY_DISTINCT: usize = 8;
/// The mark of keys in examples, which everyone knows.
const PLACEHOLDER: &str = "change-me";

pub(super) fn read(reader: &mut Reader<'_>, environment: Environment) -> AuthConfig {
    let production = environment.is_production();
    let (secret_key, secret_key_is_random) = secret_key(reader, production);
    let algorithm = reader.choice(
        "ALGORITHM",
        TokenAlgorithm::Hs256,
        &[
            ("HS256", TokenAlgorithm::Hs256),
            ("HS384", TokenAlgorithm::Hs384),
            ("HS512", TokenAlgorithm::Hs512),
        ],
    );
    let access_minutes = reader.number("ACCESS_TOKEN_EXPIRE_MINUTES", 30_u64, 1..=1440);
    let refresh_days = reader.number("REFRESH_TOKEN_EXPIRE_DAYS", 7_u64, 1..=90);
    let allow_signup = reader.boolean("ALLOW_SIGNUP", !production);
    let signup_default_role = reader.choice("SIGNUP_DEFAULT_ROLE", Role::Viewer, &ROLES);
    if allow_signup && signup_default_role == Role::Admin {
        reader.warn("SIGNUP_DEFAULT_ROLE makes everyone who signs up an admin");
    }
    let cookie_secure = reader.boolean("COOKIE_SECURE", production);
    let cookie_same_site = reader.choice(
        "COOKIE_SAMESITE",
        SameSite::Lax,
        &[
            ("Lax", SameSite::Lax),
            ("Strict", SameSite::Strict),
            ("None", SameSite::None),
        ],
    );
    if production && !cookie_secure {
        reader.warn("COOKIE_SECURE is false: browsers send tokens over plain HTTP too");
    }
    if cookie_same_site == SameSite::None && !cookie_secure {
        reader.fault(
            "COOKIE_SAMESITE",
            "None needs COOKIE_SECURE=true, because browsers drop such cookies otherwise",
        );
    }
    AuthConfig {
        secret_key,
        secret_key_is_random,
        algorithm,
        access_token_ttl: Duration::from_mins(access_minutes),
        refresh_token_ttl: Duration::from_hours(refresh_days * 24),
        allow_signup,
        signup_default_role,
        cookie_secure,
        cookie_same_site,
    }
}

/// The key that signs tokens, and whether it was drawn for this run only.
fn secret_key(reader: &mut Reader<'_>, production: bool) -> (SecretString, bool) {
    const NAME: &str = "SECRET_KEY";
    if let Some(key) = reader.raw(NAME) {
        if let Some(weakness) = weakness(&key) {
            if production {
                reader.fault(
                    NAME,
                    format!("{weakness}; production needs at least {SECRET_KEY_BYTES} random bytes"),
                );
            } else {
                reader.warn(format!("{NAME} {weakness}; production will refuse it"));
            }
        }
        reader.note(NAME, MASK, "");
        return (key.into(), false);
    }
    reader.note(NAME, MASK, "random at every start");
    if production {
        let reason = format!("must be set in production to at least {SECRET_KEY_BYTES} random bytes");
        reader.fault(NAME, reason);
    } else {
        reader.warn(format!(
            "{NAME} is not set: a random one signs tokens, which end with this run"
        ));
    }
    let mut key = [0; SECRET_KEY_BYTES];
    if getrandom::fill(&mut key).is_err() {
        reader.fault(NAME, "must be set, because this system gives no random bytes");
    }
    (hex::encode(key).into(), true)
}

/// Why a key is easy to guess.
fn weakness(key: &str) -> Option<&'static str> {
    let distinct: BTreeSet<u8> = key.bytes().collect();
    if key.to_ascii_lowercase().contains(PLACEHOLDER) {
        Some("is a placeholder that everyone knows")
    } else if key.len() < SECRET_KEY_BYTES {
        Some("is too short")
    } else if distinct.len() < SECRET_KEY_DISTINCT {
        Some("consists of too few different characters")
    } else {
        None
    }
}

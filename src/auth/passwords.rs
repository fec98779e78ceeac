//! Hashing passwords with bcrypt, off the async threads and a few at a time.
//!
//! bcrypt takes no more than 72 bytes. What is longer is cut at the last whole character within them, before hashing
//! and before comparing, which is what the hashes that were adopted were made with.

use std::{
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use bcrypt::HashParts;
use secrecy::{ExposeSecret, SecretString};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task, time,
};

use crate::error::{Error, Result};

/// The cost of new hashes: 2^12 rounds.
const COST: u32 = 12;
/// The longest password, in bytes, that bcrypt takes.
const LONGEST: usize = 72;
/// What a password is compared with where there is no hash to compare it with, so that it takes as long. Made from
/// bytes that nobody kept.
const DUMMY: &str = "$2b$12$2H7LczL9A1XIJJpUUFEEUunbxjVZCaMZu44OCtv4sxANXTiiMYbum";
/// How long a request waits for its turn to hash: less than a request may take, so that it can still say so.
const PATIENCE: Duration = Duration::from_secs(20);

/// The hashing of passwords; a permit for each core.
pub struct Passwords {
    permits: Arc<Semaphore>,
    runs: AtomicU64,
}

impl Default for Passwords {
    fn default() -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self {
            permits: Arc::new(Semaphore::new(cores)),
            runs: AtomicU64::new(0),
        }
    }
}

impl Passwords {
    /// The hash of a new password.
    ///
    /// # Errors
    /// `Unavailable` if too many others are being hashed.
    pub async fn hash(&self, password: SecretString) -> Result<String> {
        self.run(move || bcrypt::hash(cut(password.expose_secret()), COST))
            .await?
            .map_err(Error::internal)
    }

    /// Whether a password is the one behind a hash; without a hash, or with none that bcrypt knows, it is wrong after
    /// as long a time.
    ///
    /// # Errors
    /// `Unavailable` if too many others are being hashed.
    pub async fn verify(&self, password: SecretString, hash: Option<String>) -> Result<bool> {
        let hash = hash.filter(|hash| HashParts::from_str(hash).is_ok());
        self.run(move || {
            let known = hash.as_deref().unwrap_or(DUMMY);
            let is_equal = bcrypt::verify(cut(password.expose_secret()), known).unwrap_or(false);
            is_equal && hash.is_some()
        })
        .await
    }

    /// How many hashes were made since the start, by `hash` and by `verify`.
    pub fn runs(&self) -> u64 {
        self.runs.load(Ordering::Relaxed)
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let permit = self.permit().await?;
        self.runs.fetch_add(1, Ordering::Relaxed);
        let done = task::spawn_blocking(move || {
            let result = work();
            // Here and not in the request, which may be gone while the work goes on.
            drop(permit);
            result
        });
        done.await.map_err(Error::internal)
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit> {
        let permit = Arc::clone(&self.permits).acquire_owned();
        match time::timeout(PATIENCE, permit).await {
            Ok(permit) => permit.map_err(Error::internal),
            Err(_) => Err(Error::Unavailable(anyhow::anyhow!(
                "too many passwords wait to be hashed"
            ))),
        }
    }
}

/// The part of a password that counts.
fn cut(password: &str) -> &str {
    password
        .get(..password.floor_char_boundary(LONGEST))
        .unwrap_or(password)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_cut_at_a_whole_character_within_72_bytes() {
        for (password, bytes) in [
            ("x".repeat(71), 71),
            ("x".repeat(72), 72),
            ("x".repeat(100), 72),
            (format!("{}é", "x".repeat(70)), 72),
            (format!("{}éy", "x".repeat(71)), 71),
            (format!("{}€", "x".repeat(70)), 70),
            ("😀".repeat(19), 72),
        ] {
            assert_eq!(cut(&password).len(), bytes, "{password}");
        }
    }

    #[test]
    fn the_dummy_takes_as_long_as_a_new_hash() {
        assert_eq!(HashParts::from_str(DUMMY).unwrap().get_cost(), COST);
    }

    #[tokio::test]
    async fn hashes_of_every_version_are_known_and_others_are_wrong() {
        let passwords = Passwords::default();
        // Made by another implementation, that of libxcrypt.
        for hash in [
            "$2a$04$Zp9vTqL0yD1kN3xBsRw8OuCrmXtLX.RzE1hBe1JzTKEq2LufBIFaa",
            "$2b$04$Zp9vTqL0yD1kN3xBsRw8OuCrmXtLX.RzE1hBe1JzTKEq2LufBIFaa",
            "$2y$04$Zp9vTqL0yD1kN3xBsRw8OuCrmXtLX.RzE1hBe1JzTKEq2LufBIFaa",
        ] {
            let verify = |password: &str| passwords.verify(password.to_owned().into(), Some(hash.to_owned()));
            assert!(verify("correct horse").await.unwrap(), "{hash}");
            assert!(!verify("Correct horse").await.unwrap(), "{hash}");
        }
        for hash in [None, Some("!"), Some("$2b$99$x"), Some("plain")] {
            let right = passwords
                .verify("plain".to_owned().into(), hash.map(str::to_owned))
                .await
                .unwrap();
            assert!(!right, "{hash:?}");
        }
        assert_eq!(passwords.runs(), 10);
    }
}

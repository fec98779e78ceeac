//! Links that open one stored file for a short time without a token, because a browser's link sends none.
//!
//! Who holds the link may read the file until the link ends, and nothing else.
//!
//! Source: uploads contract, section 1.5.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::{
    app::AppState,
    error::{Error, Result},
    types::ids::DocumentId,
};

/// What the signing key is derived for; a change of the message's form takes a new name.
const PURPOSE: &[u8] = b"download-url-v1";

/// What a link is told that opens nothing.
pub(crate) const NOT_VALID: Error = Error::Unauthenticated("The download link is not valid or has expired");

/// A link of an answer that is kept for a repeat, and what it takes to sign it again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SignedLink {
    token: String,
    /// What is signed, but for the end.
    subject: String,
    /// When the session of the file ends, in seconds since 1970; none where the link's own life is its only end.
    until: Option<i64>,
}

/// Signs links that all end at the same time.
#[derive(Debug, Clone)]
pub(crate) struct Links {
    key: Vec<u8>,
    /// Seconds since 1970.
    expires_at: i64,
}

impl Links {
    /// Links that end `DOWNLOAD_URL_TTL_SECONDS` from now.
    ///
    /// # Errors
    /// `Internal` if the settings make no key or time.
    pub(crate) fn of(state: &AppState) -> Result<Self> {
        let secret = state.config.auth.secret_key.expose_secret();
        Self::new(
            secret.as_bytes(),
            state.clock.now().timestamp(),
            state.config.uploads.download_url_ttl,
        )
    }

    fn new(secret: &[u8], now: i64, life: Duration) -> Result<Self> {
        let life = i64::try_from(life.as_secs()).map_err(Error::internal)?;
        Ok(Self {
            key: sign(secret, PURPOSE)?,
            expires_at: now.saturating_add(life),
        })
    }

    /// The path of a document's download, with its token.
    ///
    /// # Errors
    /// `Internal` if it cannot be signed.
    pub(crate) fn document(&self, id: DocumentId) -> Result<String> {
        let token = self.token(&document_subject(id))?;
        Ok(format!("/api/documents/download/{id}?token={token}"))
    }

    /// The link that [`document`](Self::document) signs, to be kept with an answer.
    ///
    /// # Errors
    /// `Internal` if it cannot be signed.
    pub(crate) fn kept_document(&self, id: DocumentId) -> Result<SignedLink> {
        self.kept(document_subject(id), None)
    }

    /// The path of a session file's download, with its token.
    ///
    /// # Errors
    /// `Internal` if it cannot be signed.
    pub(crate) fn file(&self, session: &str, file: &str) -> Result<String> {
        let token = self.file_token(session, file)?;
        Ok(format!(
            "/api/uploads/session/{session}/files/{file}/download?token={token}"
        ))
    }

    /// What opens a session file.
    ///
    /// # Errors
    /// `Internal` if it cannot be signed.
    pub(crate) fn file_token(&self, session: &str, file: &str) -> Result<String> {
        self.token(&file_subject(session, file))
    }

    /// The link that [`file`](Self::file) signs, to be kept with an answer; `session_ends` when its session does.
    ///
    /// # Errors
    /// `Internal` if it cannot be signed.
    pub(crate) fn kept_file(
        &self,
        session: &str,
        file: &str,
        session_ends: Option<DateTime<Utc>>,
    ) -> Result<SignedLink> {
        self.kept(
            file_subject(session, file),
            session_ends.map(|end| end.timestamp()),
        )
    }

    /// The same links, which end no later than a session does.
    pub(crate) fn until(&self, end: DateTime<Utc>) -> Self {
        self.ending_by(end.timestamp())
    }

    /// Puts links that are signed now into a text in place of those that were signed for it once.
    ///
    /// # Errors
    /// `Internal` if one cannot be signed.
    pub(crate) fn renew(&self, text: &str, kept: &[SignedLink]) -> Result<String> {
        let mut renewed = text.to_owned();
        for link in kept {
            let fresh = self.kept(link.subject.clone(), link.until)?;
            renewed = renewed.replace(&link.token, &fresh.token);
        }
        Ok(renewed)
    }

    fn ending_by(&self, end: i64) -> Self {
        Self {
            key: self.key.clone(),
            expires_at: self.expires_at.min(end),
        }
    }

    fn kept(&self, subject: String, until: Option<i64>) -> Result<SignedLink> {
        let token = match until {
            Some(end) => self.ending_by(end).token(&subject)?,
            None => self.token(&subject)?,
        };
        Ok(SignedLink {
            token,
            subject,
            until,
        })
    }

    fn token(&self, subject: &str) -> Result<String> {
        let message = format!("{subject}{}", self.expires_at);
        let signature = URL_SAFE_NO_PAD.encode(sign(&self.key, message.as_bytes())?);
        Ok(format!("{}.{signature}", self.expires_at))
    }
}

/// Checks that a link to a document was signed here and has not ended.
///
/// # Errors
/// `Unauthenticated` otherwise.
pub(crate) fn ensure_opens_document(state: &AppState, id: DocumentId, token: &str) -> Result<()> {
    let secret = state.config.auth.secret_key.expose_secret();
    let now = state.clock.now().timestamp();
    ensure(is_signed(secret.as_bytes(), now, token, &document_subject(id))?)
}

/// Checks that a link to a session file was signed here and has not ended.
///
/// # Errors
/// `Unauthenticated` otherwise.
pub(crate) fn ensure_opens_file(state: &AppState, session: &str, file: &str, token: &str) -> Result<()> {
    let secret = state.config.auth.secret_key.expose_secret();
    let now = state.clock.now().timestamp();
    ensure(is_signed(
        secret.as_bytes(),
        now,
        token,
        &file_subject(session, file),
    )?)
}

fn ensure(is_signed: bool) -> Result<()> {
    if is_signed { Ok(()) } else { Err(NOT_VALID) }
}

fn file_subject(session: &str, file: &str) -> String {
    format!("file\n{session}\n{file}\n")
}

fn document_subject(id: DocumentId) -> String {
    format!("document\n{id}\n\n")
}

/// Whether a token has the signature of what it opens and its end, and the end is still to come.
fn is_signed(secret: &[u8], now: i64, token: &str, subject: &str) -> Result<bool> {
    let Some((expires_at, signature)) = token.split_once('.') else {
        return Ok(false);
    };
    let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else {
        return Ok(false);
    };
    let key = sign(secret, PURPOSE)?;
    // The end is signed as it stands there, so that no other spelling of it passes.
    let is_ours = hmac(&key, format!("{subject}{expires_at}").as_bytes())?
        .verify_slice(&signature)
        .is_ok();
    Ok(is_ours && expires_at.parse::<i64>().is_ok_and(|end| now < end))
}

/// HMAC-SHA256.
fn sign(key: &[u8], message: &[u8]) -> Result<Vec<u8>> {
    Ok(hmac(key, message)?.finalize().into_bytes().to_vec())
}

fn hmac(key: &[u8], message: &[u8]) -> Result<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(Error::internal)?;
    mac.update(message);
    Ok(mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed with OpenSSL: `openssl dgst -sha256 -mac HMAC`, first over the purpose, then over the message.
    #[test]
    fn a_link_is_signed_as_the_contract_says() {
        let links = Links::new(b"a secret of this test", 1_770_000_000, Duration::from_hours(1)).unwrap();

        let link = links.document(DocumentId(9)).unwrap();

        assert_eq!(
            link,
            "/api/documents/download/9?token=1770003600.UkG4VF0LRjn8xDfxMR60NyX0GSdCufaYU1KiKpXSyd8"
        );
    }

    /// Computed the same way.
    #[test]
    fn a_link_to_a_session_file_is_signed_as_the_contract_says_and_ends_with_its_session() {
        let now = 1_770_000_000;
        let links = Links::new(b"a secret of this test", now, Duration::from_hours(2)).unwrap();
        let (session, file) = (
            "sess_generic_20260210_100000_0123456789abcdef",
            "0f7a4f58-54b1-4d4c-9c0a-2f1f0e9a6f11",
        );

        let link = links
            .until(DateTime::from_timestamp(now + 3600, 0).unwrap())
            .file(session, file)
            .unwrap();

        assert_eq!(
            link,
            format!(
                "/api/uploads/session/{session}/files/{file}/download?token=1770003600.\
                 lqduaK_kr6HBmBqQL4dUbW4nGWR0aKqGO7EbE9tw0m4"
            )
        );
        let later = DateTime::from_timestamp(now + 86_400, 0).unwrap();
        let link = |links: &Links| links.file(session, file).unwrap();
        assert_eq!(link(&links.until(later)), link(&links));
    }

    #[test]
    fn another_document_time_or_secret_gives_another_signature() {
        let signature = |secret: &[u8], now, id| {
            let links = Links::new(secret, now, Duration::from_mins(1)).unwrap();
            let link = links.document(DocumentId(id)).unwrap();
            link.rsplit_once('.').unwrap().1.to_owned()
        };
        let signatures = [
            signature(b"a", 1, 1),
            signature(b"b", 1, 1),
            signature(b"a", 2, 1),
            signature(b"a", 1, 2),
        ];
        for (index, one) in signatures.iter().enumerate() {
            assert!(!signatures[..index].contains(one), "{index}");
        }
    }

    #[test]
    fn a_token_opens_its_own_document_until_it_ends_and_nothing_else() {
        let (secret, now) = (b"a secret of this test".as_slice(), 1_770_000_000);
        let links = Links::new(secret, now, Duration::from_mins(1)).unwrap();
        let link = links.document(DocumentId(9)).unwrap();
        let token = link.split_once("token=").unwrap().1;
        let opens = |secret: &[u8], now, token: &str, id| {
            is_signed(secret, now, token, &document_subject(DocumentId(id))).unwrap()
        };

        assert!(opens(secret, now, token, 9));
        assert!(opens(secret, now + 59, token, 9));
        assert!(!opens(secret, now + 60, token, 9));
        assert!(!opens(secret, now, token, 90));
        assert!(!opens(b"another", now, token, 9));
        let (end, signature) = token.split_once('.').unwrap();
        for forged in [
            String::new(),
            ".".to_owned(),
            end.to_owned(),
            format!("{end}."),
            format!(".{signature}"),
            format!("{}.{signature}", i64::MAX),
            format!("0{end}.{signature}"),
            format!("+{end}.{signature}"),
            format!("{end}.{signature}="),
            format!("{end}.{signature}."),
            format!("{end}.{}", &signature[1..]),
            format!("{end}.{}", signature.to_uppercase()),
        ] {
            assert!(!opens(secret, now, &forged, 9), "{forged}");
        }
    }

    #[test]
    fn a_kept_link_is_renewed_wherever_it_stands_and_never_beyond_its_session() {
        let links = |now| Links::new(b"a secret of this test", now, Duration::from_mins(10)).unwrap();
        let (first, end) = (links(1000), DateTime::from_timestamp(2000, 0).unwrap());
        let kept = [
            first.kept_document(DocumentId(9)).unwrap(),
            first.kept_file("s", "f", Some(end)).unwrap(),
        ];
        let all = |links: &Links| {
            let file = links.until(end).file("s", "f").unwrap();
            let document = links.document(DocumentId(9)).unwrap();
            format!("{document} {file} {document} /api/documents/download/9?token=1600.x")
        };
        let later = links(1900);

        assert_eq!(later.renew(&all(&first), &kept).unwrap(), all(&later));
        assert!(all(&later).contains("token=2000."));
    }
}

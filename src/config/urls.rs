//! Addresses among the settings: of databases, of this server, of browsers' origins; and their masking.

use std::{fmt, path::PathBuf};

use reqwest::Url;

use super::reader::MASK;

/// The words of `sslmode`.
pub(super) const SSL_MODES: [&str; 6] = [
    "disable",
    "allow",
    "prefer",
    "require",
    "verify-ca",
    "verify-full",
];

/// What a database URL looks like; faults of one never repeat it, because it may hold a password.
pub(super) const DATABASE_URL_FORM: &str = "must be postgres://user:password@host:port/database";

/// The parts from which a database URL is made.
pub(super) struct DatabaseParts<'a> {
    pub(super) host: &'a str,
    pub(super) port: u16,
    pub(super) name: &'a str,
    pub(super) user: &'a str,
    pub(super) password: Option<&'a str>,
    pub(super) ssl_mode: &'a str,
}

impl DatabaseParts<'_> {
    /// The URL of the parts, each of them percent-encoded. A host that starts with `/` is a socket's folder.
    pub(super) fn url(&self) -> String {
        let Self {
            host,
            port,
            name,
            user,
            password,
            ssl_mode,
        } = self;
        let host = if host.contains(':') {
            format!("[{host}]")
        } else {
            percent_encoded(host)
        };
        let password = password
            .map(|password| format!(":{}", percent_encoded(password)))
            .unwrap_or_default();
        let user = percent_encoded(user);
        let name = percent_encoded(name);
        format!("postgres://{user}{password}@{host}:{port}/{name}?sslmode={ssl_mode}")
    }
}

/// Checks a database URL and brings its scheme to `postgres://`; drivers as in `postgresql+name://` are dropped,
/// because the predecessor's settings carried them.
pub(super) fn database_url(text: &str) -> Result<String, String> {
    let (scheme, rest) = text.split_once("://").ok_or(DATABASE_URL_FORM)?;
    let base = scheme.split_once('+').map_or(scheme, |(base, _)| base);
    if !["postgres", "postgresql"].contains(&base.to_ascii_lowercase().as_str()) {
        return Err(DATABASE_URL_FORM.to_owned());
    }
    let plain = format!("postgres://{rest}");
    let url = Url::parse(&plain).map_err(|_| DATABASE_URL_FORM)?;
    let names_host = url.host_str().is_some_and(|host| !host.is_empty())
        || url
            .query_pairs()
            .any(|(key, _)| key == "host" || key == "hostaddr");
    if !names_host {
        return Err(format!("{DATABASE_URL_FORM}: it names no host"));
    }
    let mode = url
        .query_pairs()
        .find(|(key, _)| key == "sslmode" || key == "ssl-mode");
    if mode.is_some_and(|(_, mode)| !SSL_MODES.contains(&mode.as_ref())) {
        return Err(format!(
            "has an sslmode that is not one of {}",
            SSL_MODES.join(", ")
        ));
    }
    Ok(plain)
}

/// Checks an absolute http(s) address without trailing slash, query, fragment or user.
pub(super) fn base_url(text: &str) -> Result<Url, String> {
    let form = "must be an absolute http:// or https:// address without a trailing slash, query or user";
    let url = Url::parse(text).map_err(|_| form)?;
    let is_plain = url.query().is_none() && url.fragment().is_none() && !has_user(&url);
    let is_web = ["http", "https"].contains(&url.scheme()) && url.has_host();
    if is_plain && is_web && !text.ends_with('/') {
        Ok(url)
    } else {
        Err(form.to_owned())
    }
}

/// Checks an origin and brings it to the form browsers send: lower case, no default port.
pub(super) fn origin(text: &str) -> Result<String, String> {
    let form = "must be scheme://host[:port] with http or https, without a path";
    if text.contains('*') {
        return Err("must not contain *, because answers carry credentials; list each origin".to_owned());
    }
    let url = Url::parse(text).map_err(|_| form)?;
    let after_scheme = text.split_once("://").map(|(_, rest)| rest).ok_or(form)?;
    let is_origin = ["http", "https"].contains(&url.scheme())
        && !after_scheme.contains(['/', '?', '#', '@', '\\'])
        && url.has_host();
    if is_origin {
        Ok(url.origin().ascii_serialization())
    } else {
        Err(form.to_owned())
    }
}

/// Checks a host that requests may name, and brings it to lower case without port; `*` and `*.example.com` are patterns.
pub(super) fn trusted_host(text: &str) -> Result<String, String> {
    if text == "*" {
        return Ok(text.to_owned());
    }
    let form = "must be host names, addresses or *.example.com";
    let (wildcard, name) = match text.strip_prefix("*.") {
        Some(name) => ("*.", name),
        None => ("", text),
    };
    let url = Url::parse(&format!("http://{name}")).map_err(|_| form)?;
    let is_host =
        !name.contains(['/', '?', '#', '@', '*', '\\']) && (wildcard.is_empty() || !is_address(&url));
    match url.host_str().filter(|_| is_host) {
        Some(host) => Ok(format!("{wildcard}{host}")),
        None => Err(form.to_owned()),
    }
}

/// Checks the address to bind; brackets of an IPv6 address are dropped.
pub(super) fn bind_host(text: &str) -> Result<String, String> {
    let form = "must be an address or a host name";
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    if bare.parse::<std::net::IpAddr>().is_ok() {
        return Ok(bare.to_owned());
    }
    let is_name =
        !text.contains(['/', '?', '#', '@', ':', '*', '\\']) && Url::parse(&format!("http://{text}")).is_ok();
    if is_name {
        Ok(text.to_owned())
    } else {
        Err(form.to_owned())
    }
}

/// Where files are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Storage {
    /// A folder of this machine.
    Folder(PathBuf),
    /// A bucket, and what every key in it begins with.
    Bucket { bucket: String, prefix: String },
}

impl fmt::Display for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => write!(f, "file://{}", folder.display()),
            Self::Bucket { bucket, prefix } if prefix.is_empty() => write!(f, "s3://{bucket}"),
            Self::Bucket { bucket, prefix } => write!(f, "s3://{bucket}/{prefix}"),
        }
    }
}

/// Checks where files are stored.
pub(super) fn storage(text: &str) -> Result<Storage, String> {
    let form = "must be file:///absolute/path or s3://bucket/prefix";
    let url = Url::parse(text).map_err(|_| form)?;
    let is_plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    match (url.scheme(), url.host_str()) {
        ("file", None) if is_plain => {
            let folder = url.to_file_path().map_err(|()| form)?;
            Ok(Storage::Folder(folder))
        }
        ("s3", Some(bucket)) if is_plain && url.port().is_none() && !bucket.is_empty() => {
            let prefix = url.path().trim_matches('/');
            let is_simple = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.');
            if prefix.contains("//") || prefix.contains("..") || !prefix.chars().all(is_simple) {
                return Err(form.to_owned());
            }
            Ok(Storage::Bucket {
                bucket: bucket.to_owned(),
                prefix: prefix.to_owned(),
            })
        }
        _ => Err(form.to_owned()),
    }
}

/// Checks the address of another server.
pub(super) fn web_address(text: &str) -> Result<String, String> {
    let form = "must be an absolute http:// or https:// address, such as http://localhost:4318";
    let url = Url::parse(text).map_err(|_| form)?;
    let is_web = ["http", "https"].contains(&url.scheme()) && url.has_host();
    if is_web {
        Ok(text.trim_end_matches('/').to_owned())
    } else {
        Err(form.to_owned())
    }
}

/// An address with its password, and a query's password, masked.
pub(super) fn masked(text: &str) -> String {
    let Ok(mut url) = Url::parse(text) else {
        return MASK.to_owned();
    };
    if url.password().is_some() && url.set_password(Some(MASK)).is_err() {
        return MASK.to_owned();
    }
    if url.query_pairs().any(|(key, _)| is_secret_key(&key)) {
        let pairs: Vec<_> = url
            .query_pairs()
            .map(|(key, value)| {
                if is_secret_key(&key) {
                    (key, MASK.into())
                } else {
                    (key, value)
                }
            })
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        url.set_query(Some(&pairs.join("&")));
    }
    url.into()
}

/// Whether a query's key names a secret of a database URL.
fn is_secret_key(key: &str) -> bool {
    ["password", "sslpassword", "passfile"].contains(&key.to_ascii_lowercase().as_str())
}

fn has_user(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

fn is_address(url: &Url) -> bool {
    url.host_str()
        .is_some_and(|host| host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok())
}

/// A text with every byte but letters, digits and `-._~` as `%XX`.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push_str(&hex::encode_upper([byte]));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use sqlx::postgres::PgConnectOptions;

    use super::*;

    #[test]
    fn the_parts_survive_the_url_whatever_they_hold() {
        let parts = DatabaseParts {
            host: "db.example.com",
            port: 6432,
            name: "Nexgen erp/2%41",
            user: "fin@nce:%41",
            password: Some("p@ss:w/o?r#d %41 ü"),
            ssl_mode: "verify-full",
        };

        let url = parts.url();
        let options = PgConnectOptions::from_str(&url).unwrap();

        assert_eq!(options.get_host(), "db.example.com");
        assert_eq!(options.get_port(), 6432);
        assert_eq!(options.get_username(), "fin@nce:%41");
        assert_eq!(options.get_database(), Some("Nexgen erp/2%41"));
        assert!(url.contains(":p%40ss%3Aw%2Fo%3Fr%23d%20%2541%20%C3%BC@"), "{url}");
        assert!(url.ends_with("?sslmode=verify-full"), "{url}");
    }

    #[test]
    fn a_socket_folder_and_an_ipv6_address_are_hosts() {
        let mut parts = DatabaseParts {
            host: "/var/run/postgresql",
            port: 5432,
            name: "erp",
            user: "postgres",
            password: None,
            ssl_mode: "prefer",
        };
        let socket = PgConnectOptions::from_str(&parts.url()).unwrap();
        parts.host = "::1";
        let address = parts.url();

        assert_eq!(socket.get_socket().unwrap().to_str(), Some("/var/run/postgresql"));
        assert_eq!(address, "postgres://postgres@[::1]:5432/erp?sslmode=prefer");
    }

    #[test]
    fn database_urls_are_checked_and_drivers_dropped() {
        for (good, plain) in [
            ("postgres://u:p@h/d", "postgres://u:p@h/d"),
            ("postgresql://h", "postgres://h"),
            ("postgresql+psycopg2://u:p@h:1/d", "postgres://u:p@h:1/d"),
            ("postgres://%2Frun%2Fpg/d", "postgres://%2Frun%2Fpg/d"),
            ("postgres:///d?host=/run/pg", "postgres:///d?host=/run/pg"),
        ] {
            assert_eq!(database_url(good).as_deref(), Ok(plain), "{good}");
        }
        for bad in [
            "mysql://h/d",
            "h:5432/d",
            "postgres:///d",
            "postgres://h:99999/d",
            "postgres://h/d?sslmode=maybe",
            "postgres://u@/d",
        ] {
            assert!(database_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn passwords_of_addresses_are_masked() {
        assert_eq!(
            masked("postgres://u:geheim@h:1/d?sslmode=prefer"),
            "postgres://u:********@h:1/d?sslmode=prefer"
        );
        assert_eq!(masked("postgres://u@h/d"), "postgres://u@h/d");
        assert_eq!(
            masked("postgres://h/d?user=u&password=geheim"),
            "postgres://h/d?user=u&password=********"
        );
        assert_eq!(masked("not an address with geheim"), "********");
    }

    #[test]
    fn origins_are_as_browsers_send_them() {
        assert_eq!(
            origin("https://App.Example.com:443").as_deref(),
            Ok("https://app.example.com")
        );
        assert_eq!(
            origin("http://localhost:5175").as_deref(),
            Ok("http://localhost:5175")
        );
        assert_eq!(origin("http://[::1]:80").as_deref(), Ok("http://[::1]"));
        for bad in [
            "*",
            "https://*.example.com",
            "https://a/",
            "https://a/b",
            "ftp://a",
            "null",
            "a.example",
            "https://u@a",
        ] {
            assert!(origin(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn trusted_hosts_lose_their_port_and_case() {
        for (text, host) in [
            ("*", "*"),
            ("API.example.com:8443", "api.example.com"),
            ("*.Example.com", "*.example.com"),
            ("127.0.0.1:8000", "127.0.0.1"),
            ("[::1]:8000", "[::1]"),
        ] {
            assert_eq!(trusted_host(text).as_deref(), Ok(host), "{text}");
        }
        for bad in [
            "https://a",
            "a/b",
            "a b",
            "*.*",
            "a.*",
            "*.127.0.0.1",
            "u@a",
            "::1",
        ] {
            assert!(trusted_host(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn hosts_to_bind_are_addresses_or_names() {
        for (text, host) in [
            ("0.0.0.0", "0.0.0.0"),
            ("[::]", "::"),
            ("::1", "::1"),
            ("localhost", "localhost"),
        ] {
            assert_eq!(bind_host(text).as_deref(), Ok(host), "{text}");
        }
        for bad in ["http://a", "a:80", "a b", "*", "[::"] {
            assert!(bind_host(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn storage_is_a_folder_or_a_bucket() {
        let bucket = |bucket: &str, prefix: &str| Storage::Bucket {
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
        };
        for (text, expected) in [
            (
                "file:///srv/nex%20gen",
                Storage::Folder(PathBuf::from("/srv/nex gen")),
            ),
            ("s3://nexgen-files", bucket("nexgen-files", "")),
            ("s3://nexgen-files/", bucket("nexgen-files", "")),
            ("s3://nexgen-files/live/erp/", bucket("nexgen-files", "live/erp")),
        ] {
            assert_eq!(storage(text), Ok(expected), "{text}");
        }
        for bad in [
            "s3://",
            "s3:///prefix",
            "s3://key:secret@bucket",
            "s3://bucket:9000/a",
            "s3://bucket/a?region=x",
            "s3://bucket/a//b",
            "s3://bucket/a b",
            "file://other/host",
            "/srv/files",
            "http://a/b",
        ] {
            assert!(storage(bad).unwrap_err().contains("s3://bucket/prefix"), "{bad}");
        }
    }
}

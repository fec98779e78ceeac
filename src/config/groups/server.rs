//! The listener, its hosts, origins and limits of time.

use std::time::Duration;

use ipnet::IpNet;
use reqwest::Url;

use super::{joined, note_optional, seconds};
use crate::config::reader::Reader;
use crate::config::{Environment, ServerConfig, urls};

/// Uploads and bulk downloads may take this long.
const UPLOAD_TIMEOUT: Duration = Duration::from_mins(5);
/// The frontend's addresses during development.
const DEVELOPMENT_ORIGINS: &str = "http://localhost:3000,http://localhost:8080,http://localhost:5175";

pub(super) fn read(reader: &mut Reader<'_>, environment: Environment) -> ServerConfig {
    let production = environment.is_production();
    let host = reader.parsed("HOST", "127.0.0.1".to_owned(), urls::bind_host);
    let port = reader.number("PORT", 8000_u16, 0..=u16::MAX);
    let base_url = reader.optional("PUBLIC_BASE_URL", urls::base_url);
    let public_base_url = base_url
        .as_ref()
        .map(|url| url.as_str().trim_end_matches('/').to_owned());
    note_optional(reader, "PUBLIC_BASE_URL", public_base_url.as_deref());
    let trusted_hosts = trusted_hosts(reader, environment, base_url.as_ref());
    let trusted_proxies = trusted_proxies(reader, production);
    let shown = trusted_proxies.as_ref().map(|networks| joined(networks));
    note_optional(reader, "TRUSTED_PROXIES", shown.as_deref());
    ServerConfig {
        host,
        port,
        public_base_url,
        trusted_hosts,
        trusted_proxies: trusted_proxies.unwrap_or_default(),
        cors_origins: cors_origins(reader, production),
        request_timeout: seconds(reader, "REQUEST_TIMEOUT_SECONDS", 60, 1, 3600),
        upload_timeout: UPLOAD_TIMEOUT,
        shutdown_grace: seconds(
            reader,
            "SHUTDOWN_GRACE_SECONDS",
            if production { 5 } else { 0 },
            0,
            120,
        ),
        shutdown_timeout: seconds(reader, "SHUTDOWN_TIMEOUT_SECONDS", 30, 0, 3600),
        enable_hsts: reader.boolean("ENABLE_HSTS", production),
        docs_enabled: reader.boolean("DOCS_ENABLED", !production),
    }
}

fn trusted_hosts(reader: &mut Reader<'_>, environment: Environment, base_url: Option<&Url>) -> Vec<String> {
    let (hosts, source) = match reader.list("TRUSTED_HOSTS", urls::trusted_host) {
        Some(hosts) => (hosts, ""),
        None => match base_url.and_then(Url::host_str) {
            Some(host) => (vec![host.to_owned()], "default, from PUBLIC_BASE_URL"),
            None => (vec!["*".to_owned()], "default"),
        },
    };
    let any = hosts.iter().any(|host| host == "*");
    if any && environment.is_production() {
        let reason =
            "must name the hosts of this server in production, not *; PUBLIC_BASE_URL alone does it too";
        reader.fault("TRUSTED_HOSTS", reason);
    } else if any && environment == Environment::Staging {
        reader.warn("TRUSTED_HOSTS lets requests for any host in; production will refuse that");
    }
    reader.note("TRUSTED_HOSTS", joined(&hosts), source);
    hosts
}

fn trusted_proxies(reader: &mut Reader<'_>, production: bool) -> Option<Vec<IpNet>> {
    let networks = reader.list("TRUSTED_PROXIES", network)?;
    if networks.iter().any(|network| network.prefix_len() == 0) {
        let reason = "lets every client say from which address it comes, and so pass every limit by address";
        if production {
            reader.fault("TRUSTED_PROXIES", reason);
        } else {
            reader.warn(format!("TRUSTED_PROXIES {reason}; production will refuse that"));
        }
    }
    Some(networks)
}

fn cors_origins(reader: &mut Reader<'_>, production: bool) -> Vec<String> {
    if let Some(origins) = reader.list("CORS_ORIGINS", urls::origin) {
        reader.note("CORS_ORIGINS", joined(&origins), "");
        return origins;
    }
    if production {
        reader.warn(
            "CORS_ORIGINS is not set: of other origins, only the development ones on localhost are allowed",
        );
    }
    reader.note("CORS_ORIGINS", DEVELOPMENT_ORIGINS, "default");
    DEVELOPMENT_ORIGINS.split(',').map(str::to_owned).collect()
}

fn network(text: &str) -> Result<IpNet, String> {
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from))
        .map_err(|_| "must be addresses or networks such as 10.0.0.0/8".to_owned())
}

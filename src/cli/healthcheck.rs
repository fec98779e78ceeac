//! `healthcheck`: asks a running server whether it is ready, for containers that have no other client.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, bail};
use clap::Args;
use reqwest::Url;

use crate::config::{Config, ServerConfig};

const AFTER_HELP: &str = "\
Exit code 0 if the server answers 200 within three seconds, 1 if not: for HEALTHCHECK in a Dockerfile.

Examples:
  nexgen-finance healthcheck                                      the server of these settings
  nexgen-finance healthcheck --url http://127.0.0.1:9000/api/health/live";

/// The readiness probe.
const READY_PATH: &str = "/api/health/ready";
/// The whole check takes no longer.
const LIMIT: Duration = Duration::from_secs(3);
/// A status line is shorter.
const HEAD_BYTES: usize = 64;

/// Ask a running server whether it is ready
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Arguments {
    /// Address to ask, http only [default: /api/health/ready at HOST and PORT of the settings]
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

/// Succeeds if the server answers 200.
pub(super) fn run(config: &Config, arguments: &Arguments) -> anyhow::Result<()> {
    let probe = match &arguments.url {
        Some(url) => Probe::of_url(url)?,
        None => Probe::of_settings(&config.server),
    };
    match probe.status()? {
        200 => super::print("ready\n"),
        status => Err(anyhow!(
            "{}:{}{} answers {status}",
            probe.host,
            probe.port,
            probe.path
        )),
    }
}

/// One request: where it goes, what it asks for, and the host it names.
#[derive(Debug, PartialEq, Eq)]
struct Probe {
    host: String,
    port: u16,
    path: String,
    host_header: String,
}

impl Probe {
    fn of_url(text: &str) -> anyhow::Result<Self> {
        let url = Url::parse(text).ok().filter(|url| url.scheme() == "http");
        let url = url.context("--url must be an address that starts with http://")?;
        let host = url.host_str().context("--url names no host")?;
        let port = url.port().unwrap_or(80);
        let path = if url.path() == "/" { READY_PATH } else { url.path() };
        Ok(Self {
            host: host.trim_matches(['[', ']']).to_owned(),
            port,
            path: path.to_owned(),
            host_header: format!("{host}:{port}"),
        })
    }

    /// The readiness probe of a server with these settings on this machine; it names a host that the server trusts.
    fn of_settings(server: &ServerConfig) -> Self {
        let host = match server.host.parse::<IpAddr>() {
            Ok(IpAddr::V4(address)) if address.is_unspecified() => Ipv4Addr::LOCALHOST.to_string(),
            Ok(IpAddr::V6(address)) if address.is_unspecified() => Ipv6Addr::LOCALHOST.to_string(),
            _ => server.host.clone(),
        };
        let host_header = match server.trusted_hosts.first() {
            Some(trusted) if !server.trusts_any_host() => trusted.replacen('*', "healthcheck", 1),
            _ => "localhost".to_owned(),
        };
        Self {
            host,
            port: server.port,
            path: READY_PATH.to_owned(),
            host_header,
        }
    }

    /// The status with which the server answers.
    fn status(&self) -> anyhow::Result<u16> {
        let Self {
            host,
            port,
            path,
            host_header,
        } = self;
        let deadline = Instant::now() + LIMIT;
        let addresses = (host.as_str(), *port)
            .to_socket_addrs()
            .with_context(|| format!("{host} is unknown"))?;
        let mut stream =
            connect(addresses, deadline).with_context(|| format!("{host}:{port} does not answer"))?;
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {host_header}\r\nUser-Agent: nexgen-finance-healthcheck\r\nConnection: close\r\n\r\n"
        );
        stream.set_write_timeout(Some(remaining(deadline)?))?;
        stream.write_all(request.as_bytes())?;
        let mut head = Vec::with_capacity(HEAD_BYTES);
        while head.len() < HEAD_BYTES && !head.contains(&b'\n') {
            let mut chunk = [0; HEAD_BYTES];
            stream.set_read_timeout(Some(remaining(deadline)?))?;
            let count = stream
                .read(&mut chunk)
                .with_context(|| format!("{host}:{port} does not answer"))?;
            if count == 0 {
                break;
            }
            head.extend(chunk.iter().take(count));
        }
        status_of(&head).with_context(|| format!("{host}:{port} does not speak HTTP"))
    }
}

/// The first of the addresses that takes the connection.
fn connect(
    addresses: impl Iterator<Item = std::net::SocketAddr>,
    deadline: Instant,
) -> anyhow::Result<TcpStream> {
    let mut failure = anyhow!("it has no address");
    for address in addresses {
        match TcpStream::connect_timeout(&address, remaining(deadline)?) {
            Ok(stream) => return Ok(stream),
            Err(error) => failure = error.into(),
        }
    }
    Err(failure)
}

/// The time that is left, which is never zero.
fn remaining(deadline: Instant) -> anyhow::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        bail!("no answer within {} s", LIMIT.as_secs());
    }
    Ok(left)
}

/// The code of a status line such as `HTTP/1.1 200 OK`.
fn status_of(head: &[u8]) -> Option<u16> {
    let line = String::from_utf8_lossy(head);
    let mut words = line.split_ascii_whitespace();
    words.next().filter(|version| version.starts_with("HTTP/1."))?;
    words.next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> ServerConfig {
        Config::from_pairs(pairs).unwrap().server
    }

    /// A server that answers one request with `answer`, and hands out the request.
    fn server(answer: &'static str) -> (u16, std::thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let thread = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            let mut byte = [0];
            while !request.ends_with(b"\r\n\r\n") {
                stream.read_exact(&mut byte).unwrap();
                request.extend(byte);
            }
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8(request).unwrap()
        });
        (port, thread)
    }

    #[test]
    fn the_status_of_the_answer_decides() {
        for (answer, status) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Some(200)),
            ("HTTP/1.1 503 Service Unavailable\r\n\r\n", Some(503)),
            ("SSH-2.0-OpenSSH_9.6\r\n", None),
            ("", None),
        ] {
            let (port, thread) = server(answer);
            let probe = Probe::of_url(&format!("http://127.0.0.1:{port}")).unwrap();

            assert_eq!(probe.status().ok(), status, "{answer}");
            let request = thread.join().unwrap();
            assert!(
                request.starts_with("GET /api/health/ready HTTP/1.1\r\n"),
                "{request}"
            );
            assert!(
                request.contains(&format!("\r\nHost: 127.0.0.1:{port}\r\n")),
                "{request}"
            );
        }
    }

    #[test]
    fn nobody_there_is_a_failure() {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();

        assert!(
            Probe::of_url(&format!("http://127.0.0.1:{port}"))
                .unwrap()
                .status()
                .is_err()
        );
    }

    #[test]
    fn settings_lead_to_this_machine_and_a_trusted_host() {
        for (host, asked) in [
            ("0.0.0.0", "127.0.0.1"),
            ("::", "::1"),
            ("192.0.2.1", "192.0.2.1"),
            ("box", "box"),
        ] {
            assert_eq!(Probe::of_settings(&settings(&[("HOST", host)])).host, asked);
        }
        for (trusted, named) in [
            ("*", "localhost"),
            ("erp.example.com,b.example", "erp.example.com"),
            ("*.example.com", "healthcheck.example.com"),
        ] {
            assert_eq!(
                Probe::of_settings(&settings(&[("TRUSTED_HOSTS", trusted)])).host_header,
                named
            );
        }
    }

    #[test]
    fn only_plain_http_is_asked() {
        for bad in ["https://a", "127.0.0.1:8000", "ftp://a", ""] {
            assert!(Probe::of_url(bad).is_err(), "{bad}");
        }
        let probe = Probe::of_url("http://[::1]:9000/api/health/live").unwrap();
        assert_eq!(
            (probe.host.as_str(), probe.port, probe.path.as_str()),
            ("::1", 9000, "/api/health/live")
        );
        assert_eq!(probe.host_header, "[::1]:9000");
    }
}

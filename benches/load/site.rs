//! A server that is driven, and what is known of it.

use std::{fmt::Write as _, fs, net::SocketAddr, time::Duration};

use reqwest::Client;
use serde_json::{Value, json};

use crate::{
    drive::{Driven, drive},
    options::Options,
    report::Measured,
    requests::{self, Scenario},
    support::{PASSWORD, Server, USERNAME, answer, data},
};

/// A server with its rows.
pub(crate) struct Site {
    /// None of one that ran already.
    pub(crate) server: Option<Server>,
    pub(crate) address: SocketAddr,
    host: String,
    pub(crate) pos: u32,
    pub(crate) token: String,
    pub(crate) username: String,
    pub(crate) password: String,
    pub(crate) may_be_changed: bool,
    /// What names in paths stand for, where seed.sql did not make the rows.
    names: Vec<(&'static str, String)>,
}

/// Who sends a scenario's requests.
#[derive(Clone)]
pub(crate) struct Sender {
    host: String,
    token: String,
}

impl Site {
    /// A server of its own with so many POs.
    pub(crate) async fn start(pos: u32) -> Self {
        eprintln!("{pos} POs: starting a server and making its rows");
        let server = Server::start().await;
        let token = server.sign_up(&Client::new()).await;
        data::seed(&server, pos).await;
        Self {
            address: server.address,
            host: server.address.to_string(),
            server: Some(server),
            pos,
            token,
            username: USERNAME.to_owned(),
            password: PASSWORD.to_owned(),
            may_be_changed: true,
            names: Vec::new(),
        }
    }

    /// A server that runs already, with what the user may read there.
    pub(crate) async fn there(url: &str, options: &Options) -> Self {
        let host = url
            .strip_prefix("http://")
            .expect("a URL that begins with http://")
            .trim_end_matches('/')
            .to_owned();
        let address = tokio::net::lookup_host(&host)
            .await
            .expect("host and port")
            .next()
            .expect("an address");
        let setting = |name| std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"));
        let (username, password) = (setting("LOAD_USERNAME"), setting("LOAD_PASSWORD"));
        let client = Client::new();
        let who = json!({"username": username, "password": password});
        let login = client.post(format!("http://{host}/api/auth/login")).json(&who);
        let token = answer(login).await["access_token"].as_str().unwrap().to_owned();
        let list = client
            .get(format!("http://{host}/api/po?limit=1"))
            .bearer_auth(&token);
        let list = answer(list).await;
        let po = &list["pos"][0];
        let id = |field: &str| po[field].as_i64().unwrap_or(1).to_string();
        Self {
            server: None,
            address,
            host,
            pos: u32::try_from(list["total_count"].as_i64().unwrap_or(0)).unwrap_or(u32::MAX),
            token,
            username,
            password,
            may_be_changed: !options.only.is_empty(),
            names: vec![("{po}", id("client_po_id")), ("{project}", id("project_id"))],
        }
    }

    /// A path with the names of rows that are there.
    pub(crate) fn name(&self, template: &str) -> String {
        if self.names.is_empty() {
            return requests::seeded(template, self.pos);
        }
        self.names
            .iter()
            .fold(template.to_owned(), |path, (name, id)| path.replace(name, id))
    }

    pub(crate) fn caller(&self) -> Sender {
        Sender {
            host: self.host.clone(),
            token: self.token.clone(),
        }
    }

    pub(crate) fn request(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<(&str, &[u8])>,
    ) -> Vec<u8> {
        request(&self.host, method, path, token, body)
    }

    /// Drives a scenario and notes what the server took for it.
    pub(crate) async fn measure(
        &self,
        scenario: &Scenario,
        connections: usize,
        length: Duration,
    ) -> Measured {
        let before = self.processor_time();
        let driven = drive(self.address, scenario, connections, length).await;
        let used = before
            .zip(self.processor_time())
            .map(|(before, after)| after.saturating_sub(before));
        Measured::new(&driven, used.map(|used| per_thousand(used, &driven)))
    }

    /// The processor time that the server has used so far.
    pub(crate) fn processor_time(&self) -> Option<Duration> {
        processor_time(self.server.as_ref()?.process())
    }

    /// The server's memory now and at its highest, in megabytes.
    pub(crate) fn memory(&self) -> Option<(u64, u64)> {
        let server = self.server.as_ref()?;
        Some((server.status("VmRSS:")? / 1024, server.status("VmHWM:")? / 1024))
    }
}

impl Sender {
    pub(crate) fn request(&self, method: &str, path: &str, body: Option<(&str, &[u8])>) -> Vec<u8> {
        request(&self.host, method, path, Some(&self.token), body)
    }
}

/// A request as a browser behind a proxy sends it.
fn request(
    host: &str,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: Option<(&str, &[u8])>,
) -> Vec<u8> {
    let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nAccept: application/json\r\n");
    if let Some(token) = token {
        write!(request, "Authorization: Bearer {token}\r\n").unwrap();
    }
    if let Some((kind, body)) = body {
        write!(
            request,
            "Content-Type: {kind}\r\nContent-Length: {}\r\n",
            body.len()
        )
        .unwrap();
    }
    request += "\r\n";
    let mut bytes = request.into_bytes();
    bytes.extend(body.map(|(_, body)| body).unwrap_or_default());
    bytes
}

/// The processor time for a thousand requests.
pub(crate) fn per_thousand(used: Duration, driven: &Driven) -> Duration {
    used.div_f64((driven.latencies.len() as f64 / 1000.0).max(0.001))
}

/// The processor time of a process, where the system tells.
pub(crate) fn processor_time(process: u32) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let fields: Vec<u64> = stat
        .rsplit_once(") ")?
        .1
        .split(' ')
        .map(|field| field.parse().unwrap_or(0))
        .collect();
    // User and system time, in hundredths of a second.
    Some(Duration::from_millis(10 * (fields[11] + fields[12])))
}

/// What an answer says, for those who look into it.
pub(crate) async fn read(site: &Site, path: &str) -> Value {
    let client = Client::new();
    let url = format!("http://{}{path}", site.host);
    answer(client.get(url).bearer_auth(&site.token)).await
}

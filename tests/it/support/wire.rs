//! Requests written byte by byte, for what no decent client sends; and servers for routes that exist in one test only.

use axum::Router;
use nexgen_finance::{app::AppState, http::layers};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use super::{TestApp, callers::Caller, callers::Reply};

/// Sends bytes as they are and reads until the server closes: the bytes must ask it to, or make it.
pub(crate) async fn exchange(app: &TestApp, request: impl AsRef<[u8]>) -> Reply {
    let mut stream = connect(app).await;
    stream
        .write_all(request.as_ref())
        .await
        .expect("send the request");
    read_reply(&mut stream).await
}

/// A connection to the server.
pub(crate) async fn connect(app: &TestApp) -> TcpStream {
    connect_to(&app.base_url).await
}

async fn connect_to(base_url: &str) -> TcpStream {
    let address = base_url.trim_start_matches("http://");
    TcpStream::connect(address).await.expect("connect to the server")
}

/// Reads an answer until the server closes.
pub(crate) async fn read_reply(stream: &mut TcpStream) -> Reply {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.expect("read the answer");
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let end = bytes
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .unwrap_or_else(|| panic!("no answer: {text:?}"));
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .and_then(|status| status.parse().ok())
        .unwrap_or_else(|| panic!("no status: {text:?}"));
    let headers: HeaderMap = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| {
            (
                HeaderName::try_from(name).expect("a header's name"),
                HeaderValue::try_from(value).expect("a header's value"),
            )
        })
        .collect();
    Reply {
        status,
        headers,
        bytes: bytes[end + 4..].to_vec(),
    }
}

/// A server of a test's own routes, behind the whole stack and with the state of the test's server.
pub(crate) struct SideServer {
    base_url: String,
    server: JoinHandle<()>,
}

impl SideServer {
    pub(crate) async fn start(app: &TestApp, routes: Router<AppState>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind a port");
        let base_url = format!("http://{}", listener.local_addr().expect("the address"));
        let service = layers::wrap(routes, app.state.clone())
            .into_make_service_with_connect_info::<std::net::SocketAddr>();
        let server = tokio::spawn(async move {
            axum::serve(listener, service).await.expect("serve");
        });
        Self { base_url, server }
    }

    /// A connection to it.
    pub(crate) async fn connect(&self) -> TcpStream {
        connect_to(&self.base_url).await
    }

    /// The same person calling this server.
    pub(crate) fn caller(&self, caller: &Caller) -> Caller {
        Caller::new(
            reqwest::Client::new(),
            &self.base_url,
            caller.token.clone(),
            caller.user_id,
        )
    }
}

impl Drop for SideServer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

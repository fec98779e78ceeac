//! Clients that hold connections and give or take next to nothing: others are served meanwhile, and the slow ones are let go.

use std::{
    net::SocketAddr,
    process::Command,
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    task::JoinSet,
};

use crate::support::{
    TestApp,
    callers::Caller,
    server::{Home, Server},
};

const IDLE: usize = 1_000;
const SLOW_HEADS: usize = 50;
const SLOW_BODIES: usize = 20;
const SLOW_READERS: usize = 10;
/// More than the systems of both sides keep for a client that does not read.
const FILE: usize = 8 << 20;
/// `REQUEST_TIMEOUT_SECONDS` is 1, and a connection may idle 15 s longer than a request may take.
const LET_GO_AFTER: Duration = Duration::from_secs(16);
/// How much later than that a busy machine may be.
const MARGIN: Duration = Duration::from_secs(20);
/// The longest that a browser waits for the probe.
const CLIENT_PATIENCE: Duration = Duration::from_secs(5);
/// By how much the server's memory may grow: some 30 kB for each connection.
const MEMORY: u64 = 64 << 10;
const DRIP: Duration = Duration::from_millis(250);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_idle_connections_and_slow_clients_hold_up_nobody_and_are_let_go() {
    let (app, home) = (TestApp::start().await, Home::new());
    let settings = crate::beside(&app);
    let mut settings: Vec<(&str, &str)> = settings
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    // A fast machine asks more often in these seconds than a user may in a minute.
    settings.extend([
        ("REQUEST_TIMEOUT_SECONDS", "1"),
        ("LOG_LEVEL", "WARN"),
        ("RATE_LIMIT_ENABLED", "false"),
    ]);
    let mut server = home
        .start_under("ulimit -S -n $(ulimit -H -n) || true", &settings)
        .await;
    let editor = server.caller_of(&app.editor().await);
    let file = store_file(&editor).await;
    let address: SocketAddr = server.base_url().trim_start_matches("http://").parse().unwrap();
    let idle = idle_connections();
    let (quiet, memory_before) = (latency(&editor).await, memory_of(&server));

    let started = Instant::now();
    let mut connections = JoinSet::new();
    for _ in 0..idle {
        let stream = TcpStream::connect(address).await.expect("connect");
        connections.spawn(until_closed(stream, started));
    }
    for _ in 0..SLOW_HEADS {
        connections.spawn(drip_head(address, started));
    }
    let mut bodies = JoinSet::new();
    for _ in 0..SLOW_BODIES {
        bodies.spawn(drip_body(address, editor.token.clone().unwrap()));
    }
    let mut readers = JoinSet::new();
    for _ in 0..SLOW_READERS {
        readers.spawn(ask_and_read_late(
            address,
            file.clone(),
            editor.token.clone().unwrap(),
        ));
    }

    let mut busy = Vec::new();
    while started.elapsed() < LET_GO_AFTER / 2 {
        busy.push(latency(&editor).await);
    }
    busy.sort_unstable();
    let memory_during = memory_of(&server);
    while let Some(status) = bodies.join_next().await {
        assert_eq!(status.unwrap(), 503, "of a body that comes too slowly");
    }
    let mut longest = Duration::ZERO;
    while let Some(closed_after) = connections.join_next().await {
        longest = longest.max(closed_after.unwrap());
    }
    assert!(longest < LET_GO_AFTER + MARGIN, "{longest:?}");
    while let Some(received) = readers.join_next().await {
        let received = received.unwrap();
        assert!(
            received < FILE,
            "the whole file was sent to one who did not read: {received}"
        );
    }
    assert!(server.is_running());
    editor.get("/api/projects").send().await.expect(200);
    println!(
        "slow clients: {idle} idle connections, {SLOW_HEADS} heads and {SLOW_BODIES} bodies byte by byte, {SLOW_READERS} \
         answers not read; a read took {} ms before and {} ms (median) meanwhile; all let go within {} s; memory {} MB \
         before, {} MB meanwhile",
        quiet.as_millis(),
        busy[busy.len() / 2].as_millis(),
        longest.as_secs(),
        memory_before.unwrap_or_default() >> 10,
        memory_during.unwrap_or_default() >> 10
    );
    if let (Some(before), Some(during)) = (memory_before, memory_during) {
        assert!(during < before + MEMORY, "{before} kB grew to {during} kB");
    }
}

/// How many idle connections the limit of this process's files allows.
fn idle_connections() -> usize {
    let limit = Command::new("/bin/sh")
        .args(["-c", "ulimit -S -n"])
        .output()
        .expect("ask for the limit");
    let limit = String::from_utf8_lossy(&limit.stdout)
        .trim()
        .parse::<usize>()
        .unwrap_or(usize::MAX);
    let room = limit.saturating_sub(400);
    if room < IDLE {
        println!(
            "slow clients: this process may have {limit} files open, which leaves {room} idle connections"
        );
    }
    room.min(IDLE)
}

async fn store_file(editor: &Caller) -> String {
    let new = json!({"client_id": 1, "po_number": "PO-1", "po_value": 100});
    let po = editor.post("/api/po").json(&new).send().await.expect(200)["po_id"].clone();
    let mut bytes = b"%PDF-1.7\n".to_vec();
    bytes.resize(FILE, b'x');
    let stored = editor
        .post(format!("/api/client-po/{po}/files"))
        .file("drawing.pdf", bytes, &[])
        .send()
        .await
        .expect(200);
    stored["file"]["download_url"]
        .as_str()
        .unwrap_or_else(|| panic!("no download in {stored}"))
        .to_owned()
}

/// The time of one request, which is answered within a client's patience.
async fn latency(editor: &Caller) -> Duration {
    let started = Instant::now();
    let reply = tokio::time::timeout(CLIENT_PATIENCE, editor.get("/api/projects").send()).await;
    reply.expect("an answer in time").expect(200);
    started.elapsed()
}

/// The memory of the server in kB, where the system tells.
fn memory_of(server: &Server) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.id())).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Waits until the server closes a connection; when that was.
async fn until_closed(mut stream: TcpStream, started: Instant) -> Duration {
    let mut received = Vec::new();
    let closed = tokio::time::timeout(LET_GO_AFTER + MARGIN, stream.read_to_end(&mut received)).await;
    // In good order or not: it is let go.
    closed.expect("the server lets it go").ok();
    started.elapsed()
}

/// Sends the head of a request byte by byte, one that never ends.
async fn drip_head(address: SocketAddr, started: Instant) -> Duration {
    let stream = TcpStream::connect(address).await.expect("connect");
    let (reader, mut writer) = stream.into_split();
    let dripping = tokio::spawn(async move {
        writer
            .write_all(b"GET /api/health HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
            .await?;
        while writer.write_all(b"x").await.is_ok() {
            tokio::time::sleep(DRIP).await;
        }
        Ok::<_, std::io::Error>(writer)
    });
    let mut reader = reader;
    let mut received = Vec::new();
    let closed = tokio::time::timeout(LET_GO_AFTER + MARGIN, reader.read_to_end(&mut received)).await;
    closed.expect("the server lets it go").ok();
    dripping.abort();
    started.elapsed()
}

/// Sends a body byte by byte; the status of the answer.
async fn drip_body(address: SocketAddr, token: String) -> u16 {
    let mut stream = TcpStream::connect(address).await.expect("connect");
    let head = format!(
        "POST /api/projects HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.expect("send");
    let (mut reader, mut writer) = stream.into_split();
    let dripping = tokio::spawn(async move {
        while writer.write_all(b" ").await.is_ok() {
            tokio::time::sleep(DRIP).await;
        }
    });
    let mut status = [0; 12];
    tokio::time::timeout(MARGIN, reader.read_exact(&mut status))
        .await
        .expect("an answer in time")
        .expect("an answer");
    dripping.abort();
    let status = String::from_utf8_lossy(&status).into_owned();
    status.rsplit(' ').next().unwrap().parse().unwrap()
}

/// Asks for a file and reads nothing until the server should have given up; how many bytes were sent in all.
async fn ask_and_read_late(address: SocketAddr, path: String, token: String) -> usize {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(16 << 10).expect("a small buffer");
    let mut stream = socket.connect(address).await.expect("connect");
    let head = format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.expect("send");
    tokio::time::sleep(LET_GO_AFTER + Duration::from_secs(6)).await;
    let mut received = 0;
    let mut piece = vec![0; 64 << 10];
    loop {
        match tokio::time::timeout(MARGIN, stream.read(&mut piece))
            .await
            .expect("the connection ends")
        {
            Ok(0) | Err(_) => return received,
            Ok(length) => received += length,
        }
    }
}

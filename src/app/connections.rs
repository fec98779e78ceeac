//! The connections of a listener: accepted, served, ended when they idle, and let go in good order.
//!
//! `axum::serve` waits for a request's head for ever, so that anybody could use up our file descriptors by sending none.

use std::{convert::Infallible, net::SocketAddr, time::Duration};

use axum::{Router, extract::connect_info::IntoMakeServiceWithConnectInfo, serve::Listener};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::net::TcpListener;
use tower::Service;

use super::patient::Patient;

/// What is held of a connection at most in either direction: with hyper's own 400 kB, a few hundred clients that take nothing of
/// their downloads would hold more memory than all else.
const BUFFER: usize = 128 * 1024;

/// Serves until `closing` is done, and then until no request runs any more. A connection on which no whole head of a
/// request arrives, or whose client takes nothing of an answer, for as long as `patience` is closed.
pub async fn serve_connections(
    mut listener: TcpListener,
    mut routes: IntoMakeServiceWithConnectInfo<Router, SocketAddr>,
    patience: Duration,
    closing: impl Future<Output = ()>,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(patience)
        .max_buf_size(BUFFER);
    let open = GracefulShutdown::new();
    tokio::pin!(closing);
    loop {
        let (stream, peer) = tokio::select! {
            // Waits out a lack of file descriptors by itself.
            accepted = Listener::accept(&mut listener) => accepted,
            () = &mut closing => break,
        };
        let service = match routes.call(peer).await {
            Ok(service) => TowerToHyperService::new(service),
            Err(never) => {
                let never: Infallible = never;
                match never {}
            }
        };
        let connection =
            open.watch(http.serve_connection(TokioIo::new(Patient::new(stream, patience)), service));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection has ended early");
            }
        });
    }
    drop(listener);
    open.shutdown().await;
}

//! An S3-compatible server with one bucket, whose objects lie as plain files in a folder.
//!
//! With `TEST_STORAGE=s3` in the environment every test server of the run stores its files in one, so that the same tests
//! hold for both kinds of storage.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use hyper_util::rt::TokioIo;
use s3s::{auth::SimpleAuth, service::S3ServiceBuilder};
use s3s_fs::FileSystem;
use tokio::{
    net::TcpListener,
    sync::Mutex,
    task::{JoinHandle, JoinSet},
};

const BUCKET: &str = "nexgen-files";
const PREFIX: &str = "live/erp";
const KEY: &str = "a-key-of-the-tests";
const SECRET: &str = "a-secret-of-the-tests";

/// The server. It ends with this.
pub(crate) struct Bucket {
    address: SocketAddr,
    root: PathBuf,
    objects: PathBuf,
    /// While it runs.
    server: Mutex<Option<JoinHandle<()>>>,
}

/// Whether this run is about files in a bucket.
pub(crate) fn is_asked_for() -> bool {
    std::env::var("TEST_STORAGE").is_ok_and(|storage| storage == "s3")
}

impl Bucket {
    /// Starts a server that keeps its objects below a folder.
    pub(crate) async fn serve(folder: &Path) -> Self {
        let root = folder.join("s3");
        let objects = root.join(BUCKET).join(PREFIX);
        std::fs::create_dir_all(&objects).expect("make the bucket's folder");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind a port");
        let bucket = Self {
            address: listener.local_addr().expect("the address"),
            root,
            objects,
            server: Mutex::new(None),
        };
        bucket.serve_on(listener).await;
        bucket
    }

    async fn serve_on(&self, listener: TcpListener) {
        let files = FileSystem::new(&self.root).expect("open the bucket's folder");
        let mut service = S3ServiceBuilder::new(files);
        service.set_auth(SimpleAuth::from_single(KEY, SECRET));
        let service = service.build();
        let server = tokio::spawn(async move {
            // Its connections end with it.
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let service = service.clone();
                connections.spawn(async move {
                    let connection = hyper::server::conn::http1::Builder::new();
                    // A client that goes away is no fault of the test.
                    connection
                        .serve_connection(TokioIo::new(stream), service)
                        .await
                        .ok();
                });
            }
        });
        *self.server.lock().await = Some(server);
    }

    /// Ends the server; what it keeps stays.
    pub(crate) async fn stop(&self) {
        let server = self.server.lock().await.take().expect("it runs");
        server.abort();
        server.await.expect_err("it was ended");
    }

    /// Starts the server again at the same address.
    pub(crate) async fn start(&self) {
        let listener = TcpListener::bind(self.address).await.expect("bind its port");
        self.serve_on(listener).await;
    }

    /// The settings of a server that stores its files here.
    pub(crate) fn settings(&self) -> [(&'static str, String); 4] {
        [
            ("STORAGE_URL", format!("s3://{BUCKET}/{PREFIX}")),
            ("AWS_ENDPOINT_URL", format!("http://{}", self.address)),
            ("AWS_ACCESS_KEY_ID", KEY.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
        ]
    }

    /// The folder of the objects.
    pub(crate) fn objects(&self) -> &Path {
        &self.objects
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        if let Some(server) = self.server.get_mut() {
            server.abort();
        }
    }
}

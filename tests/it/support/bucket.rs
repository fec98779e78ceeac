//! An S3-compatible server with one bucket, whose objects lie as plain files in a folder.
//!
//! With `TEST_STORAGE=s3` in the environment every test server of the run stores its files in one, so that the same tests
//! hold for both kinds of storage.

use std::path::{Path, PathBuf};

use hyper_util::rt::TokioIo;
use s3s::{auth::SimpleAuth, service::S3ServiceBuilder};
use s3s_fs::FileSystem;
use tokio::{net::TcpListener, task::JoinHandle};

const BUCKET: &str = "nexgen-files";
const PREFIX: &str = "live/erp";
const KEY: &str = "a-key-of-the-tests";
const SECRET: &str = "a-secret-of-the-tests";

/// The server. It ends with this.
pub(crate) struct Bucket {
    address: String,
    objects: PathBuf,
    server: JoinHandle<()>,
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
        let files = FileSystem::new(&root).expect("open the bucket's folder");
        let mut service = S3ServiceBuilder::new(files);
        service.set_auth(SimpleAuth::from_single(KEY, SECRET));
        let service = service.build();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind a port");
        let address = listener.local_addr().expect("the address");
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let service = service.clone();
                tokio::spawn(async move {
                    let connection = hyper::server::conn::http1::Builder::new();
                    // A client that goes away is no fault of the test.
                    connection
                        .serve_connection(TokioIo::new(stream), service)
                        .await
                        .ok();
                });
            }
        });
        Self {
            address: format!("http://{address}"),
            objects,
            server,
        }
    }

    /// The settings of a server that stores its files here.
    pub(crate) fn settings(&self) -> [(&'static str, String); 4] {
        [
            ("STORAGE_URL", format!("s3://{BUCKET}/{PREFIX}")),
            ("AWS_ENDPOINT_URL", self.address.clone()),
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
        self.server.abort();
    }
}

//! No room for files: an upload that does not fit is refused and leaves nothing, all else goes on, and once there is room the
//! same upload works.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::json;

use crate::support::{
    TestApp,
    callers::{Call, Caller},
    server::{Home, Server},
};

const LARGE: usize = 4 << 20;
const SMALL: usize = 20 << 10;

fn pdf(size: usize) -> Vec<u8> {
    let mut bytes = b"%PDF-1.7\n".to_vec();
    bytes.resize(size - 6, b'x');
    bytes.extend(b"\n%%EOF");
    bytes
}

fn upload(caller: &Caller, po: i64, key: &str, size: usize) -> Call {
    caller
        .post(format!("/api/client-po/{po}/files"))
        .header("idempotency-key", key)
        .file("drawing.pdf", pdf(size), &[])
}

/// The names in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("list a folder");
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

/// A server of its own process on the database of a test, and what its files lie in.
struct Scene {
    app: TestApp,
    server: Server,
    editor: Caller,
    po: i64,
    uploads: PathBuf,
    log: PathBuf,
}

impl Scene {
    async fn start(home: &Home, folder: &Path, command: &str) -> Self {
        let app = TestApp::start().await;
        let (uploads, logs) = (folder.join("uploads"), folder.join("logs"));
        let settings = crate::beside(&app);
        let mut settings: Vec<(&str, &str)> = settings
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        settings.extend([
            ("UPLOAD_DIR", uploads.to_str().unwrap()),
            ("LOG_DIR", logs.to_str().unwrap()),
        ]);
        let server = home.start_under(command, &settings).await;
        let editor = server.caller_of(&app.editor().await);
        let new = json!({"client_id": 1, "po_number": "PO-1", "po_value": 100});
        let po = editor.post("/api/po").json(&new).send().await.expect(200)["po_id"]
            .as_i64()
            .unwrap();
        Self {
            app,
            server,
            editor,
            po,
            uploads,
            log: logs.join("app.log"),
        }
    }

    /// Sends a large file, for which there is no room, and checks that nothing comes of it and all else goes on.
    async fn check_refusal(&mut self) {
        let traces = r#"
            SELECT (SELECT count(*) FROM "Finances".project_document)
                 + (SELECT count(*) FROM "Finances".audit_entry WHERE entity = 'project_document')
                 + (SELECT count(*) FROM "Finances".idempotency_key)
        "#;
        let before: i64 = self.app.value(traces).await;

        let reply = upload(&self.editor, self.po, "large", LARGE).send().await;

        reply.expect_error(503, "SERVICE_UNAVAILABLE");
        assert_eq!(reply.header("retry-after"), "5");
        // The key is given back a moment after the answer.
        crate::support::waiting::until(
            &self.app,
            r#"SELECT NOT EXISTS (SELECT FROM "Finances".idempotency_key WHERE state = 'running')"#,
        )
        .await;
        assert_eq!(self.app.value::<i64>(traces).await, before);
        assert_eq!(names(&self.uploads.join("temp")), Vec::<String>::new());
        self.editor
            .get(format!("/api/po/{}/details", self.po))
            .send()
            .await
            .expect(200);
        self.editor
            .post("/api/projects")
            .json(&json!({"name": "Store"}))
            .send()
            .await
            .expect(200);
        self.server
            .nobody()
            .get("/api/health/ready")
            .send()
            .await
            .expect(200);
        assert!(self.server.is_running());
    }

    /// Sends it once more, and checks that it is stored whole, and once.
    async fn check_success(&self) {
        let reply = upload(&self.editor, self.po, "large", LARGE).send().await;
        reply.expect(200);
        let again = upload(&self.editor, self.po, "large", LARGE).send().await;
        assert_eq!(again.header("idempotency-replayed"), "true", "{}", again.text());
        let sizes: Vec<i64> =
            sqlx::query_scalar(r#"SELECT original_size::bigint FROM "Finances".project_document"#)
                .fetch_all(&self.app.db)
                .await
                .unwrap();
        let large = i64::try_from(LARGE).unwrap();
        assert_eq!(
            sizes.iter().filter(|size| **size == large).count(),
            1,
            "{sizes:?}"
        );
        let stored: Vec<u64> = names(&self.uploads)
            .iter()
            .map(|name| std::fs::metadata(self.uploads.join(name)).unwrap())
            .filter(std::fs::Metadata::is_file)
            .map(|file| file.len())
            .collect();
        assert!(!stored.is_empty());
    }

    /// Waits until lines of requests stand in the log again.
    async fn until_logged(&self) {
        crate::support::waiting::until_so("the log is written again", || {
            std::fs::read(&self.log).is_ok_and(|log| log.windows(9).any(|word| word == b"Status: 2"))
        })
        .await;
    }
}

#[tokio::test]
async fn beyond_the_limit_of_a_file_an_upload_fails_and_the_server_goes_on() {
    let home = Home::new();
    // The log is beyond the limit before the first line.
    std::fs::create_dir(home.path().join("logs")).unwrap();
    std::fs::write(home.path().join("logs/app.log"), vec![b'\n'; LARGE]).unwrap();

    // In blocks of 512 or 1024 bytes: one or two megabytes.
    let mut scene = Scene::start(&home, home.path(), "ulimit -S -f 2048").await;
    scene.check_refusal().await;
    upload(&scene.editor, scene.po, "small", SMALL)
        .send()
        .await
        .expect(200);

    assert!(
        home.stderr().contains("app.log: "),
        "it says so: {}",
        home.stderr()
    );
    let raised = Command::new("prlimit")
        .args(["--fsize=unlimited", "--pid", &scene.server.id().to_string()])
        .status();
    if raised.is_ok_and(|status| status.success()) {
        scene.check_success().await;
        scene.until_logged().await;
        assert!(home.stderr().contains("is written again"), "{}", home.stderr());
        println!("disk full: beyond a limit 503 and nothing left, without it the same upload is stored once");
    } else {
        println!(
            "disk full: prlimit is not there to lift the limit; that the same upload then works is not tried"
        );
    }
}

#[tokio::test]
async fn on_a_full_disk_an_upload_fails_and_works_once_there_is_room() {
    let home = Home::new();
    let Some(disk) = Disk::mount(&home.path().join("disk")) else {
        println!("disk full: no file system can be mounted here; only the limit of a file is tried");
        return;
    };
    let mut scene = Scene::start(&home, &disk.0, ":").await;
    upload(&scene.editor, scene.po, "small", SMALL)
        .send()
        .await
        .expect(200);
    let filler = disk.0.join("filler");
    std::fs::write(&filler, vec![0; 32 << 20]).expect_err("the disk gets full");

    scene.check_refusal().await;

    let before = std::fs::metadata(&scene.log).unwrap().len();
    std::fs::remove_file(&filler).unwrap();
    scene.check_success().await;
    crate::support::waiting::until_so("the log grows again", || {
        std::fs::metadata(&scene.log).unwrap().len() > before
    })
    .await;
    assert!(!home.stderr().contains("panick"), "{}", home.stderr());
    println!(
        "disk full: on a full file system 503 and nothing left, after it the same upload is stored once"
    );
}

/// A small file system in memory, which goes with this.
struct Disk(PathBuf);

impl Disk {
    fn mount(at: &Path) -> Option<Self> {
        std::fs::create_dir(at).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=16m", "tmpfs"])
            .arg(at)
            .output();
        mounted
            .is_ok_and(|output| output.status.success())
            .then(|| Self(at.to_owned()))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // The server that uses it may be there for a moment yet.
        Command::new("umount").arg("-l").arg(&self.0).status().ok();
    }
}

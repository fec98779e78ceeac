//! The real server on a database of its own, reached over TCP.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use nexgen_finance::{
    app::{AppState, serve_connections},
    auth::Role,
    config::Config,
    postgres::{Pool, migrate},
    types::Clock,
};
use sqlx::{ConnectOptions, Connection, migrate::Migrator, postgres::PgConnectOptions};
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};

use super::{
    bucket::{self, Bucket},
    callers::Caller,
    cluster::{self, TestDatabase},
};

/// The key that signs the tokens of every test server.
pub(crate) const SECRET_KEY: &str = "0f9b6a71d4c8e2537a90bf1c6de8437250aa91bc";

static MIGRATOR: LazyLock<Migrator> = LazyLock::new(migrate::migrator);

/// A running server. It ends with the test, and its files with it.
pub(crate) struct TestApp {
    pub(crate) base_url: String,
    pub(crate) db: Pool,
    pub(crate) state: AppState,
    users: AtomicU32,
    http: reqwest::Client,
    server: JoinHandle<()>,
    uploads: Arc<Uploads>,
    database: TestDatabase,
}

/// Where a server's files are, shared by those behind one load balancer.
struct Uploads {
    folder: TempDir,
    bucket: Option<Bucket>,
}

impl Uploads {
    async fn new(is_remote: bool) -> Arc<Self> {
        let folder = tempfile::tempdir().expect("make a temp folder");
        let bucket = if is_remote {
            Some(Bucket::serve(folder.path()).await)
        } else {
            None
        };
        Arc::new(Self { folder, bucket })
    }
}

impl TestApp {
    /// A server with the settings of a test.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// A server with some settings of its own.
    pub(crate) async fn start_with(settings: &[(&str, &str)]) -> Self {
        let database = cluster::database(&MIGRATOR).await;
        let uploads = Uploads::new(bucket::is_asked_for()).await;
        Self::on(database, uploads, settings).await
    }

    /// A server that stores its files in a bucket.
    pub(crate) async fn start_on_bucket() -> Self {
        let database = cluster::database(&MIGRATOR).await;
        Self::on(database, Uploads::new(true).await, &[]).await
    }

    /// Ends the server of the bucket.
    pub(crate) async fn stop_bucket(&self) {
        self.bucket().stop().await;
    }

    /// Starts the server of the bucket again.
    pub(crate) async fn start_bucket(&self) {
        self.bucket().start().await;
    }

    fn bucket(&self) -> &Bucket {
        self.uploads.bucket.as_ref().expect("its files lie in a bucket")
    }

    /// A server on a database of the test's own making, which is migrated here.
    pub(crate) async fn start_on(options: PgConnectOptions, settings: &[(&str, &str)]) -> Self {
        let mut connection = options.connect().await.expect("connect to the database");
        MIGRATOR
            .run_direct(None, &mut connection, false)
            .await
            .expect("migrate the database");
        connection.close().await.expect("end the session");
        let uploads = Uploads::new(bucket::is_asked_for()).await;
        Self::on(TestDatabase::of_own_server(options), uploads, settings).await
    }

    /// A second server on the same database and files, as behind a load balancer.
    pub(crate) async fn another(&self) -> Self {
        Self::on(self.database.clone(), Arc::clone(&self.uploads), &[]).await
    }

    async fn on(database: TestDatabase, uploads: Arc<Uploads>, settings: &[(&str, &str)]) -> Self {
        let folder = uploads
            .folder
            .path()
            .to_str()
            .expect("a temp folder's name is text")
            .to_owned();
        let remote = uploads.bucket.as_ref().map(Bucket::settings);
        let mut variables = BTreeMap::from([
            ("APP_ENVIRONMENT", "test"),
            ("SECRET_KEY", SECRET_KEY),
            ("UPLOAD_DIR", folder.as_str()),
            ("LOG_DIR", ""),
            ("DB_POOL_SIZE", "2"),
            ("DB_MAX_OVERFLOW", "6"),
            ("CORS_ORIGINS", "https://app.example.com"),
        ]);
        let remote = remote.iter().flatten();
        variables.extend(remote.map(|(name, value)| (*name, value.as_str())));
        variables.extend(settings.iter().copied());
        let pairs: Vec<(&str, &str)> = variables.into_iter().collect();
        let config = Config::from_pairs(&pairs).unwrap_or_else(|faults| panic!("{faults}"));
        let db = Pool::open(database.options.clone(), &config.database);
        let state = AppState::new(Arc::new(config), db.clone())
            .await
            .expect("make the server's state");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind a port");
        let base_url = format!("http://{}", listener.local_addr().expect("the address"));
        let service = state.clone().into_service();
        let patience = Duration::from_mins(1);
        let server = tokio::spawn(serve_connections(
            listener,
            service,
            patience,
            std::future::pending(),
        ));
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("make a client");
        Self {
            base_url,
            db,
            state,
            users: AtomicU32::new(0),
            http,
            server,
            uploads,
            database,
        }
    }

    /// The address of its database, for the program's commands.
    pub(crate) fn database_url(&self) -> String {
        self.database.options.to_url_lossy().to_string()
    }

    /// The server's clock, which tests may move ahead.
    pub(crate) fn clock(&self) -> &Clock {
        &self.state.clock
    }

    /// Where the server stores files.
    pub(crate) fn upload_folder(&self) -> &std::path::Path {
        match &self.uploads.bucket {
            Some(bucket) => bucket.objects(),
            None => self.uploads.folder.path(),
        }
    }

    /// The settings of a command that works on this server's database and files.
    pub(crate) fn command_settings(&self) -> Vec<(String, String)> {
        let folder = self.uploads.folder.path().to_str().expect("text").to_owned();
        let url = self.db.connect_options().to_url_lossy().to_string();
        let mut settings = vec![
            ("DATABASE_URL".to_owned(), url),
            ("UPLOAD_DIR".to_owned(), folder),
        ];
        let remote = self.uploads.bucket.as_ref().map(Bucket::settings);
        settings.extend(
            remote
                .into_iter()
                .flatten()
                .map(|(name, value)| (name.to_owned(), value)),
        );
        settings
    }

    /// Where files are while they arrive.
    pub(crate) fn spool_folder(&self) -> std::path::PathBuf {
        self.uploads.folder.path().join("temp")
    }

    /// The names of all tables.
    pub(crate) async fn tables(&self) -> Vec<String> {
        let tables: Vec<String> = sqlx::query_scalar(
            "
            SELECT table_name::text
              FROM information_schema.tables
             WHERE table_schema = 'Finances'
               AND table_type = 'BASE TABLE'
             ORDER BY 1
            ",
        )
        .fetch_all(&self.db)
        .await
        .unwrap();
        assert!(tables.len() > 25, "{tables:?}");
        tables
    }

    /// The same person calling this server.
    pub(crate) fn caller_of(&self, caller: &Caller) -> Caller {
        Caller::new(
            self.http.clone(),
            &self.base_url,
            caller.token.clone(),
            caller.user_id,
        )
    }

    /// Somebody without a token.
    pub(crate) fn nobody(&self) -> Caller {
        Caller::new(self.http.clone(), &self.base_url, None, 0)
    }

    /// A new user who may read.
    pub(crate) async fn viewer(&self) -> Caller {
        self.user(Role::Viewer).await
    }

    /// A new user who may write.
    pub(crate) async fn editor(&self) -> Caller {
        self.user(Role::Editor).await
    }

    /// A new user who may do everything.
    pub(crate) async fn admin(&self) -> Caller {
        self.user(Role::Admin).await
    }

    /// A new user with this role and a token for it; without a password, since hashing one takes its time.
    pub(crate) async fn user(&self, role: Role) -> Caller {
        let number = self.users.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}-{}-{number}", role.as_str(), uuid::Uuid::new_v4().simple());
        let id: i32 = sqlx::query_scalar(
            r#"INSERT INTO "Finances"."user" (username, email, password_hash, role) VALUES ($1, $2, '!', $3) RETURNING id"#,
        )
        .bind(&name)
        .bind(format!("{name}@example.com"))
        .bind(role.as_str())
        .fetch_one(&self.db)
        .await
        .expect("insert a user");
        let token = super::callers::token(id, &name, role, self.clock().now());
        Caller::new(self.http.clone(), &self.base_url, Some(token), id)
    }

    /// The one value of a query, for looking at what a request did.
    pub(crate) async fn value<T>(&self, sql: &'static str) -> T
    where
        T: Send + Unpin + for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
    {
        sqlx::query_scalar(sql)
            .fetch_one(&self.db)
            .await
            .expect("ask the database")
    }

    /// Runs statements that set the scene.
    pub(crate) async fn execute(&self, sql: &'static str) {
        sqlx::raw_sql(sql).execute(&self.db).await.expect("set the scene");
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.server.abort();
    }
}

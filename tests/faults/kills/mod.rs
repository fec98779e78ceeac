//! The server and its database are killed at random moments under a mixed load of writes, over and over.
//!
//! Nobody stops for it: the writers send what was not answered again, under its key, to the server that runs next. In the end
//! all that was acknowledged is there once, nothing else is there, and every figure follows from it.

mod client;
mod figures;
mod load;

use std::{
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use futures_util::{StreamExt, stream};
use nexgen_finance::postgres::embedded::{EmbeddedPostgres, EmbeddedSettings};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::json;
use sqlx::{ConnectOptions, Connection};
use tokio::{sync::watch, task::JoinHandle};

use self::{
    client::{Client, Counts},
    figures::{Figures, Kind},
    load::{Load, Site},
};
use crate::{
    numbers::Dice,
    support::{
        callers::Caller,
        cluster,
        server::{Home, Server},
    },
};

const DATABASE: &str = "books";
/// So often each is killed alone; and so often both at once.
const ROUNDS: usize = 12;
const BOTH: usize = 2;
const WRITERS: u64 = 8;
/// How long the load runs between two kills: from, and how much longer at most, in milliseconds.
const CALM: (u64, u64) = (50, 550);
/// How long the server may take to work again.
const PATIENCE: Duration = Duration::from_mins(1);
/// How many repeats are compared with the first answer once all is over.
const REPLAYS: usize = 400;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Victim {
    Server,
    Database,
    Both,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_there_once_however_often_server_and_database_are_killed() {
    let seed = seed();
    println!("kills: FAULTS_SEED={seed} repeats these moments");
    let mut scene = Scene::start().await;
    let load = scene.set_up().await;
    let mut writers: Vec<JoinHandle<()>> = (0..WRITERS)
        .map(|number| tokio::spawn(load.clone().write(number, seed)))
        .collect();
    writers.push(tokio::spawn(load.clone().upload()));

    let mut dice = Dice::new(seed);
    let mut recoveries = Vec::new();
    for victim in victims(&mut dice) {
        tokio::time::sleep(Duration::from_millis(CALM.0 + dice.roll(CALM.1))).await;
        assert!(
            writers.iter().all(|writer| !writer.is_finished()),
            "a writer gave up"
        );
        recoveries.push((victim, scene.kill(victim).await));
    }
    load.is_over.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.expect("a writer ends");
    }

    scene.check(load, &recoveries).await;
}

/// The moments can be repeated; what runs at them, on a busy machine, only nearly.
fn seed() -> u64 {
    std::env::var("FAULTS_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or_else(|| {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
            now.expect("after 1970").as_secs()
        })
}

/// Who is killed, in an order of chance.
fn victims(dice: &mut Dice) -> Vec<Victim> {
    let mut left = [
        vec![Victim::Server; ROUNDS],
        vec![Victim::Database; ROUNDS],
        vec![Victim::Both; BOTH],
    ]
    .concat();
    let mut order = Vec::new();
    while !left.is_empty() {
        order.push(left.swap_remove(dice.index(left.len())));
    }
    order
}

/// A server and a database, each of which can be killed, and those who call.
struct Scene {
    postgres: EmbeddedPostgres,
    home: Home,
    settings: Vec<(&'static str, String)>,
    server: Option<Server>,
    /// The admin, calling the server that runs now.
    caller: watch::Sender<Caller>,
}

impl Scene {
    async fn start() -> Self {
        let settings = EmbeddedSettings {
            // As in production: what is acknowledged is on the disk.
            durable: true,
            ..cluster::settings(Path::new("/tmp"))
        };
        let postgres = EmbeddedPostgres::start(settings).await.expect("start PostgreSQL");
        postgres
            .ensure_database(DATABASE)
            .await
            .expect("make the database");
        let url = postgres.connect_options(DATABASE).to_url_lossy().to_string();
        let settings = vec![
            ("DATABASE_URL", url),
            (
                "SECRET_KEY",
                "a key for many runs of one server: 0f9b6a71d4c8e253".to_owned(),
            ),
            ("DB_POOL_SIZE", "4".to_owned()),
            ("DB_MAX_OVERFLOW", "4".to_owned()),
            ("DB_POOL_TIMEOUT", "2".to_owned()),
            ("RATE_LIMIT_ENABLED", "false".to_owned()),
            ("UPLOADS_PER_HOUR", "100000".to_owned()),
            ("LOG_LEVEL", "WARN".to_owned()),
        ];
        let home = Home::new();
        let server = home.start(&as_text(&settings)).await;
        let admin = sign_up(&server).await;
        Self {
            postgres,
            home,
            settings,
            server: Some(server),
            caller: watch::Sender::new(admin),
        }
    }

    /// Makes what the writers write into.
    async fn set_up(&self) -> Load {
        let admin = self.caller.borrow().clone();
        let made = async |path: String, body, id: &str| {
            let answer = admin.post(&path).json(&body).send().await.expect(200);
            answer[id]
                .as_i64()
                .unwrap_or_else(|| panic!("no {id} in {answer}"))
        };
        let mut sites = Vec::new();
        for name in ["First", "Second"] {
            let project = made(
                "/api/projects".to_owned(),
                json!({"name": name, "client_id": 1}),
                "project_id",
            )
            .await;
            let new = json!({"client_id": 1, "project_id": project, "po_number": name});
            let po = made("/api/po".to_owned(), new, "po_id").await;
            let vendor = made("/api/vendors".to_owned(), json!({"name": name}), "vendor_id").await;
            let new = json!({"vendor_id": vendor, "po_number": name, "po_date": "2026-02-05", "po_value": 900_000_000});
            let path = format!("/api/projects/{project}/vendor-orders");
            let order = made(path, new, "vendor_order_id").await;
            sites.push(Site {
                project,
                po,
                vendor,
                order,
            });
        }
        Load {
            client: Client {
                server: self.caller.subscribe(),
                counts: Arc::new(Counts::default()),
            },
            sites,
            figures: Arc::new(Mutex::new(Figures::default())),
            is_over: Arc::new(AtomicBool::new(false)),
        }
    }

    /// Kills and starts again what only an operator's tools would start again; how long it took until the server worked.
    async fn kill(&mut self, victim: Victim) -> Duration {
        let started = Instant::now();
        if victim != Victim::Database {
            self.server.take().expect("it runs").kill();
        }
        if victim != Victim::Server {
            self.kill_database().await;
            if let Some(server) = &self.server {
                server.nobody().get("/api/health/live").send().await.expect(200);
            }
            self.postgres.restart().await.expect("start PostgreSQL again");
        }
        if victim != Victim::Database {
            let server = self.home.start(&as_text(&self.settings)).await;
            let admin = self.caller.borrow().token.clone().expect("a token");
            self.caller.send_replace(server.nobody().with_token(admin));
            self.server = Some(server);
        }
        let admin = self.caller.borrow().clone();
        while admin.get("/api/projects?limit=1").send().await.status != 200 {
            assert!(started.elapsed() < PATIENCE, "the server does not recover");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        started.elapsed()
    }

    /// Ends the first process of the database and all of its children as a power cut would.
    async fn kill_database(&self) {
        let exited = self.postgres.exited();
        let first = self.postgres.pid().expect("it runs");
        let children = children_of(first);
        kill(Pid::from_raw(first), Signal::SIGKILL).expect("kill PostgreSQL");
        for child in children {
            // One that has ended by itself meanwhile is dead as well.
            kill(Pid::from_raw(child), Signal::SIGKILL).ok();
        }
        exited.await;
    }

    async fn check(mut self, load: Load, recoveries: &[(Victim, Duration)]) {
        let figures = Arc::into_inner(load.figures)
            .expect("nobody writes")
            .into_inner()
            .unwrap();
        let admin = self.caller.borrow().clone();

        let mut database = self
            .postgres
            .connect_options(DATABASE)
            .connect()
            .await
            .expect("connect");
        let difference = figures.compare(&mut database).await;
        report(&load.client.counts, &figures, recoveries, &difference);
        assert_eq!(difference, figures::Difference::default());
        figures.check_trail(&mut database).await;
        database.close().await.expect("end the session");

        for (number, site) in load.sites.iter().enumerate() {
            let details = admin
                .get(format!("/api/po/{}/details", site.po))
                .send()
                .await
                .expect(200);
            assert_eq!(
                details["data"]["po_value"],
                figures.lines(number),
                "the value is that of the lines"
            );
            let path = format!("/api/projects/{}/financial-summary", site.project);
            let summary = admin.get(path).send().await.expect(200)["data"].clone();
            let ordered = figures.lines(number) + figures.sum(Kind::Po, number);
            let collected = figures.collected(number);
            for (figure, expected) in [
                ("total_po_value", ordered),
                ("total_collected", collected),
                ("outstanding_amount", ordered - collected),
                ("total_billing_value", figures.sum(Kind::Bill, number)),
                ("total_vendor_paid", figures.sum(Kind::Link, number)),
            ] {
                assert_eq!(summary[figure], expected, "{figure}");
            }
        }
        check_replays(&admin, &figures).await;

        let server = self.server.take().expect("it runs");
        assert_eq!(server.stop().await.code(), Some(0), "it ends in good order");
        assert!(!self.home.stderr().contains("panick"), "{}", self.home.stderr());
        let settings: Vec<_> = self
            .settings
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        let verified = self
            .home
            .command(&["verify"], &settings)
            .output()
            .await
            .expect("run verify");
        let told = String::from_utf8_lossy(&verified.stdout).into_owned();
        print!("{told}");
        assert!(
            verified.status.success(),
            "{told}{}",
            String::from_utf8_lossy(&verified.stderr)
        );
        assert!(!told.contains("not sealed"), "{told}");
        assert!(told.contains("0 files are named by no row"), "{told}");
        self.postgres.stop().await.expect("stop PostgreSQL");
    }
}

/// Sends what was acknowledged once more, and expects the first answer to the byte.
async fn check_replays(admin: &Caller, figures: &Figures) {
    let each = figures.done.len().div_ceil(REPLAYS);
    let checked = AtomicU64::new(0);
    stream::iter(figures.done.iter().step_by(each))
        .for_each_concurrent(4, async |done| {
            let reply = done.write.call(admin).send().await;
            assert_eq!(reply.status, 200, "{}", reply.text());
            assert_eq!(reply.header("idempotency-replayed"), "true", "{}", done.mark);
            // Links to files are signed anew.
            if done.kind != Kind::File {
                assert_eq!(reply.text(), String::from_utf8_lossy(&done.answer));
            }
            checked.fetch_add(1, Ordering::Relaxed);
        })
        .await;
    println!(
        "kills: {} answers were given again, byte for byte",
        checked.into_inner()
    );
}

fn report(
    counts: &Counts,
    figures: &Figures,
    recoveries: &[(Victim, Duration)],
    difference: &figures::Difference,
) {
    for victim in [Victim::Server, Victim::Database, Victim::Both] {
        let of_it = recoveries.iter().filter(|(killed, _)| *killed == victim);
        let mut times: Vec<u128> = of_it.map(|(_, time)| time.as_millis()).collect();
        times.sort_unstable();
        println!(
            "kills: {victim:?} killed {} times; it worked again after {} ms (median), {} ms (longest)",
            times.len(),
            times[times.len() / 2],
            times[times.len() - 1]
        );
    }
    let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    println!(
        "kills: {} writes acknowledged, {} of them files; {} were sent more than once, {} of those had been done already \
         and got the answer that was kept; {} connections broke or were refused, {} answers were 503; {} lost, {} done twice",
        figures.count(),
        figures.count_of(Kind::File),
        get(&counts.repeated),
        get(&counts.replayed),
        get(&counts.unanswered),
        get(&counts.unavailable),
        difference.lost.len(),
        difference.twice.len()
    );
    assert_eq!(get(&counts.acknowledged), u64::try_from(figures.count()).unwrap());
}

fn as_text<'a>(settings: &'a [(&'static str, String)]) -> Vec<(&'static str, &'a str)> {
    settings
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect()
}

async fn sign_up(server: &Server) -> Caller {
    let nobody = server.nobody();
    let body = json!({"username": "admin", "email": "admin@example.com", "password": "of this test"});
    let session = nobody
        .post("/api/auth/signup")
        .json(&body)
        .send()
        .await
        .expect(200);
    nobody.with_token(session["access_token"].as_str().expect("a token"))
}

/// The processes whose parent this one is; none where the system does not show them as files, and they end by themselves.
fn children_of(parent: i32) -> Vec<i32> {
    let Ok(processes) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    processes
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok())
        .filter(|process| {
            let status = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
            // What follows the name, which may hold anything: the state, and the parent.
            let parent_of = status
                .rsplit_once(')')
                .and_then(|(_, rest)| rest.split_whitespace().nth(1));
            parent_of == Some(parent.to_string().as_str())
        })
        .collect()
}

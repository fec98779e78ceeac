//! The server is killed in the middle of its work: what it acknowledged is there once, and nothing is half there.

use std::sync::Arc;

use reqwest::multipart::{Form, Part};
use rust_decimal::dec;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::support::{
    callers::Caller,
    server::{Home, Server},
    workbooks::{Item, ProformaWorkbook},
};

const SETTINGS: [(&str, &str); 3] = [
    ("SECRET_KEY", "a key for two runs of one server: 0f9b6a71d4c8e253"),
    ("UPLOADS_PER_HOUR", "1000"),
    ("LOG_LEVEL", "WARN"),
];
/// Uploads and line writes that run at once when the server dies.
const WRITERS: usize = 200;
/// How many have been acknowledged by then.
const ENOUGH: u32 = 100;

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill_and_nothing_is_half_written() {
    let home = Home::new();
    let server = home.start(&SETTINGS).await;
    let admin = sign_up(&server).await;
    let po = admin.send_invoice("4500000000").await.expect("the first upload")["client_po_id"]
        .as_i64()
        .unwrap();

    let acknowledgements = Arc::new(Semaphore::new(0));
    let mut writers = Vec::new();
    for number in 0..WRITERS {
        let (writer, acknowledgements) = (admin.clone(), Arc::clone(&acknowledgements));
        writers.push(tokio::spawn(async move {
            let mut done = Vec::new();
            for round in 1.. {
                let name = format!("{number:03}{round:03}");
                let answer = if number % 2 == 0 {
                    writer.send_invoice(&format!("46{name}")).await.map(|_| ())
                } else {
                    writer.add_line(po, &format!("line {name}")).await
                };
                match answer {
                    Some(()) => {
                        done.push(name);
                        acknowledgements.add_permits(1);
                    }
                    // The server is gone.
                    None => break,
                }
            }
            done
        }));
    }
    acknowledgements
        .acquire_many(ENOUGH)
        .await
        .expect("the server works")
        .forget();
    server.kill();
    let mut acknowledged = Vec::new();
    for (number, writer) in writers.into_iter().enumerate() {
        acknowledged.push((number % 2 == 0, writer.await.expect("a writer ends")));
    }

    let server = home.start(&SETTINGS).await;
    let admin = admin.on(&server);
    check(&admin, po, &acknowledged, &home).await;
}

async fn check(admin: &Account, po: i64, acknowledged: &[(bool, Vec<String>)], home: &Home) {
    let count: usize = acknowledged.iter().map(|(_, done)| done.len()).sum();
    assert!(count >= 100, "{count}");
    let mut pos: Vec<Value> = Vec::new();
    loop {
        let query = format!("/api/po?sort=id&limit=1000&skip={}", pos.len());
        let page = admin.0.get(query).send().await.expect(200)["data"]["pos"]
            .as_array()
            .unwrap()
            .clone();
        if page.is_empty() {
            break;
        }
        pos.extend(page);
    }
    for (is_upload, done) in acknowledged {
        for name in done.iter().filter(|_| *is_upload) {
            let number = format!("46{name}");
            assert_eq!(
                pos.iter().filter(|po| po["po_number"] == *number).count(),
                1,
                "{number}"
            );
        }
    }
    // 2 × 100 and 1 × 50 at 18 %
    for uploaded in pos.iter().filter(|shown| shown["id"] != po) {
        assert_eq!(uploaded["po_value"], 295, "{uploaded}");
        assert_eq!(uploaded["line_item_count"], 2, "{uploaded}");
        assert!(uploaded["project_id"].is_i64(), "{uploaded}");
    }

    let details = admin.0.get(format!("/api/po/{po}")).send().await.expect(200)["data"].clone();
    let lines = details["line_items"].as_array().unwrap();
    for (is_upload, done) in acknowledged {
        for name in done.iter().filter(|_| !*is_upload) {
            let name = format!("line {name}");
            assert_eq!(
                lines.iter().filter(|line| line["item_name"] == *name).count(),
                1,
                "{name}"
            );
        }
    }
    let added = lines.len() - 2;
    assert_eq!(details["po_value"], 295 + added, "the value is that of the lines");

    // Every PO has its file, its document and the document's archive, all in their places.
    let folder = home.path().join("uploads");
    let files = std::fs::read_dir(folder.join("sessions")).unwrap().count();
    assert_eq!(files, pos.len());
    let documents = std::fs::read_dir(&folder)
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().path().is_file())
        .count();
    assert_eq!(documents, 2 * pos.len());
}

/// The admin of the server, across its restarts.
#[derive(Clone)]
struct Account(Caller);

async fn sign_up(server: &Server) -> Account {
    let nobody = server.nobody();
    let body = json!({"username": "admin", "email": "admin@example.com", "password": "of this test"});
    let token = nobody
        .post("/api/auth/signup")
        .json(&body)
        .send()
        .await
        .expect(200)["access_token"]
        .clone();
    Account(nobody.with_token(token.as_str().unwrap()))
}

impl Account {
    fn on(&self, server: &Server) -> Self {
        Self(server.nobody().with_token(self.0.token.clone().unwrap()))
    }

    /// The answer, or nothing if the server is gone.
    async fn send_invoice(&self, number: &str) -> Option<Value> {
        let book = ProformaWorkbook::sample()
            .field("PO Number", number)
            .field("PI Number", format!("PI-{number}").as_str())
            .items(vec![
                Item::new("First", "1", "NOS", dec!(2), dec!(100)),
                Item::new("Second", "2", "NOS", dec!(1), dec!(50)),
            ]);
        let form = Form::new().part("file", Part::bytes(book.xlsx()).file_name("po.xlsx"));
        let reply = self.0.post("/api/po/upload").form(form).try_send().await?;
        Some(reply.expect(200))
    }

    async fn add_line(&self, po: i64, name: &str) -> Option<()> {
        let line = json!({"item_name": name, "quantity": 1, "unit_price": 1});
        let reply = self
            .0
            .post(format!("/api/po/{po}/line-items"))
            .json(&line)
            .try_send()
            .await?;
        reply.expect(200);
        Some(())
    }
}

//! Links of payments to vendor orders: never more than the payment or the order allows, whoever asks at the same time.

use serde_json::{Value, json};

use crate::support::{
    TestApp,
    callers::{Call, Caller, Reply, fault_list},
    money, race,
    vendor_rows::{Order, advance, order_line, vendor},
};

fn link(caller: &Caller, order: i64, body: &Value) -> Call {
    caller
        .post(format!("/api/vendor-orders/{order}/link-payment"))
        .json(body)
}

fn incoming(payment: i64, amount: &str) -> Value {
    json!({"link_type": "incoming", "payment_id": payment, "amount": amount})
}

fn outgoing(payment: i64, amount: &str) -> Value {
    json!({"link_type": "outgoing", "vendor_payment_id": payment, "amount": amount})
}

async fn linked(caller: &Caller, order: i64, body: Value) -> Value {
    link(caller, order, &body).send().await.expect(200)["link"].clone()
}

/// Checks that a link is refused for this, and gives the message.
#[track_caller]
fn refused(reply: &Reply, faults: &[&str]) -> String {
    let body = reply.expect_error(409, "CONFLICT");
    assert_eq!(fault_list(&body), faults, "{body}");
    body["message"].as_str().unwrap().to_owned()
}

async fn shown(caller: &Caller, path: String) -> Value {
    caller.get(path).send().await.expect(200)
}

async fn status(caller: &Caller, path: &str, word: &str) -> Reply {
    caller.put(path).json(&json!({"status": word})).send().await
}

/// Fails if a payment, a client PO or an order has more links than it allows.
async fn expect_nothing_over(app: &TestApp) {
    let over: i64 = app
        .value(
            r#"
            SELECT (SELECT count(*)
                      FROM "Finances".client_payment AS payment
                     WHERE payment.amount < (SELECT sum(amount_allocated) FROM "Finances".payment_vendor_link
                                              WHERE payment_id = payment.id))
                 + (SELECT count(*)
                      FROM "Finances".vendor_payment AS payment
                     WHERE payment.amount < (SELECT sum(amount_allocated) FROM "Finances".payment_vendor_link
                                              WHERE vendor_payment_id = payment.id))
                 + (SELECT count(*)
                      FROM "Finances".client_po AS po
                     WHERE po.po_value < (SELECT sum(link.amount_allocated)
                                            FROM "Finances".payment_vendor_link AS link
                                            JOIN "Finances".vendor_order AS ordered ON ordered.id = link.vendor_order_id
                                            JOIN "Finances".client_payment AS payment ON payment.id = link.payment_id
                                           WHERE ordered.client_po_id = po.id
                                             AND link.link_type = 'incoming'
                                             AND payment.status NOT IN ('bounced', 'failed', 'cancelled')))
                 + (SELECT count(*)
                      FROM "Finances".vendor_order AS ordered
                     WHERE ordered.po_value < (SELECT sum(link.amount_allocated)
                                                 FROM "Finances".payment_vendor_link AS link
                                                 JOIN "Finances".vendor_payment AS payment
                                                   ON payment.id = link.vendor_payment_id
                                                WHERE link.vendor_order_id = ordered.id
                                                  AND payment.status NOT IN ('bounced', 'failed', 'cancelled')))
            "#,
        )
        .await;
    assert_eq!(over, 0);
    let deadlocks: i64 = app
        .value("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        .await;
    assert_eq!(deadlocks, 0);
    app.expect_kept_totals_as_recounted().await;
}

#[tokio::test]
async fn a_payment_is_linked_shown_and_unlinked() {
    let app = TestApp::start().await;
    let (editor, viewer) = (app.editor().await, app.viewer().await);
    let project = app.project("Site A").await;
    let steel = vendor(&app, "Example Steel").await;
    let po = app
        .client_po()
        .project(project)
        .stated("100000", "0")
        .insert()
        .await;
    let order = Order::over("50000").of(steel).project(project).client_po(po);
    let order = order.insert(&app).await;
    let payment = app.payment(po, "credit", "100000", "cleared").await;

    // As the older of the two clients writes it.
    let body = json!({"link_type": "Incoming", "amount": 25000, "payment_id": payment.to_string()});
    let answer = link(&editor, order, &body).send().await.expect(200);

    assert_eq!(answer["message"], "Payment linked to vendor order");
    assert_eq!(answer["vendor_order_id"], order);
    let id = answer["link"]["id"].as_i64().unwrap();
    let mut found = answer["link"].clone();
    for field in ["linked_at", "created_at"] {
        assert!(found[field].as_str().unwrap().ends_with('Z'), "{found}");
        found.as_object_mut().unwrap().remove(field);
    }
    assert_eq!(
        found,
        json!({
            "id": id, "link_id": id, "vendor_order_id": order, "payment_id": payment, "vendor_payment_id": null,
            "source": "client", "link_type": "incoming", "amount": money("25000"), "amount_allocated": money("25000"),
            "payment_amount": money("100000"), "payment_date": "2026-02-10", "payment_mode": "neft",
            "payment_status": "cleared", "reference_number": null,
        })
    );
    assert_eq!(answer["linked_payment"], answer["link"]);
    let mut data = answer["data"].clone();
    for name in ["link", "linked_payment"] {
        assert_eq!(data[name], answer["link"]);
        data.as_object_mut().unwrap().remove(name);
    }
    assert_eq!(data, answer["link"]);

    let advance = advance(&app, steel, "700", "pending").await;
    let out = linked(&editor, order, outgoing(advance, "300")).await;
    assert_eq!(
        (&out["source"], &out["vendor_payment_id"], &out["payment_id"]),
        (&json!("vendor"), &json!(advance), &Value::Null)
    );
    let list = shown(&viewer, format!("/api/vendor-orders/{order}/linked-payments")).await;
    assert_eq!(
        (&list["incoming_payments"], &list["outgoing_payments"]),
        (&json!([answer["link"]]), &json!([out]))
    );
    assert_eq!(
        (&list["total_linked"], &list["total_count"]),
        (&json!(2), &json!(2))
    );
    assert_eq!(list["data"]["linked_payments"], json!([out, answer["link"]]));
    for name in ["incoming_payments", "outgoing_payments", "total_linked"] {
        assert_eq!(list["data"][name], list[name], "{name}");
    }
    let own = shown(&viewer, format!("/api/vendor-payments/{advance}")).await;
    assert_eq!(own["payment"]["links"], json!([out]));
    assert_eq!(
        (
            &own["data"]["allocated_amount"],
            &own["data"]["unallocated_amount"]
        ),
        (&money("300"), &money("400"))
    );

    let gone = editor
        .delete(format!("/api/vendor-orders/{order}/payments/{payment}"))
        .send()
        .await;
    assert_eq!(
        gone.expect(200),
        json!({"status": "SUCCESS", "message": "Payment unlinked",
               "data": {"vendor_order_id": order, "payment_id": payment, "link_id": id}})
    );
    let list = shown(&viewer, format!("/api/vendor-orders/{order}/linked-payments")).await;
    assert_eq!(list["data"]["linked_payments"], json!([out]));
    let trail: String = app
        .value(
            r#"SELECT string_agg(action || ' ' || entity_id, ' ' ORDER BY id) FROM "Finances".audit_entry
                WHERE entity = 'payment_vendor_link'"#,
        )
        .await;
    assert_eq!(trail, format!("linked {id} linked {} unlinked {id}", out["id"]));
    for path in ["linked-payments", "payment-summary", "profit-analysis"] {
        let unknown = viewer
            .get(format!("/api/vendor-orders/999999/{path}"))
            .send()
            .await;
        unknown.expect_error(404, "NOT_FOUND");
    }
    expect_nothing_over(&app).await;
}

#[tokio::test]
async fn unless_an_amount_is_given_as_much_is_linked_as_there_is() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let steel = vendor(&app, "Example Steel").await;
    let first = Order::over("600").of(steel).insert(&app).await;
    let second = Order::over("600").of(steel).insert(&app).await;
    let free = Order::over("1").insert(&app).await;
    let advance = advance(&app, steel, "1000", "cleared").await;
    let po = app.client_po().stated("1000", "0").insert().await;
    let payment = app.payment(po, "credit", "5000", "pending").await;
    let body = json!({"link_type": "outgoing", "vendor_payment_id": advance});

    assert_eq!(linked(&editor, first, body.clone()).await["amount"], money("600"));
    assert_eq!(linked(&editor, second, body).await["amount"], money("400"));
    // Without a client PO nothing limits what a client pays for an order.
    let body = json!({"payment_id": payment, "link_type": "incoming"});
    assert_eq!(linked(&editor, free, body.clone()).await["amount"], money("5000"));
    let for_po = Order::over("1").client_po(po).insert(&app).await;
    let reply = link(&editor, for_po, &body).send().await;
    assert_eq!(
        refused(&reply, &["amount: payment_overlinked"]),
        "Nothing is left of the payment"
    );
    let payment = app.payment(po, "credit", "5000", "pending").await;
    let body = json!({"payment_id": payment, "link_type": "incoming"});
    assert_eq!(linked(&editor, for_po, body).await["amount"], money("1000"));
    expect_nothing_over(&app).await;
}

#[tokio::test]
async fn a_client_payment_is_found_by_its_reference_too() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let order = Order::over("600").insert(&app).await;
    let po = app.client_po().insert().await;
    let payment = app.payment(po, "credit", "50", "cleared").await;
    app.payment(po, "credit", "50", "cleared").await;
    app.execute(r#"UPDATE "Finances".client_payment SET reference_number = 'UTR-' || (id % 2)"#)
        .await;
    let reference = format!("UTR-{}", payment % 2);
    let by_name = |name: &str| json!({"link_type": "incoming", "payment_id": name});

    let reply = link(&editor, order, &by_name("UTR-x")).send().await;
    assert_eq!(reply.faults(), ["payment_id: foreign_key"]);
    let reply = link(&editor, order, &by_name("12345678901234567890"))
        .send()
        .await;
    assert_eq!(reply.faults(), ["payment_id: int_parsing"]);
    let reply = link(&editor, order, &by_name("999999")).send().await;
    assert_eq!(reply.faults(), ["payment_id: foreign_key"]);
    let reply = link(&editor, 999_999, &by_name(&reference)).send().await;
    reply.expect_error(404, "NOT_FOUND");
    assert_eq!(
        linked(&editor, order, by_name(&format!(" {reference} "))).await["payment_id"],
        payment
    );
    app.execute(r#"UPDATE "Finances".client_payment SET reference_number = 'UTR-7'"#)
        .await;
    let reply = link(&editor, order, &by_name("UTR-7")).send().await;
    refused(&reply, &["payment_id: value_error"]);
}

#[tokio::test]
async fn what_cannot_be_linked_is_refused() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let (steel, paint) = (
        vendor(&app, "Example Steel").await,
        vendor(&app, "Example Paint").await,
    );
    let po = app.client_po().insert().await;
    let order = Order::over("600").of(steel).insert(&app).await;
    let given_up = Order::over("600").of(steel).status("rejected").insert(&app).await;
    let credit = app.payment(po, "credit", "100", "cleared").await;
    let debit = app.payment(po, "debit", "100", "cleared").await;
    let bounced = app.payment(po, "credit", "100", "bounced").await;
    let (own, foreign) = (
        advance(&app, steel, "100", "cleared").await,
        advance(&app, paint, "100", "cleared").await,
    );
    let failed = advance(&app, steel, "100", "failed").await;
    let of_order = app.vendor_payment(order, "100", "cleared").await;

    for (body, fault) in [
        (
            json!({"payment_id": 999_999, "link_type": "incoming"}),
            "payment_id: foreign_key",
        ),
        (outgoing(999_999, "1"), "vendor_payment_id: foreign_key"),
        (
            json!({"payment_id": credit, "link_type": "outgoing"}),
            "link_type: value_error",
        ),
        (
            json!({"payment_id": debit, "link_type": "incoming"}),
            "link_type: value_error",
        ),
        (
            json!({"vendor_payment_id": own, "link_type": "incoming"}),
            "link_type: value_error",
        ),
        (outgoing(foreign, "1"), "vendor_payment_id: value_error"),
    ] {
        let reply = link(&editor, order, &body).send().await;
        assert_eq!(reply.faults(), [fault], "{body}");
    }
    for (order, body, faults) in [
        (order, incoming(bounced, "1"), vec!["payment_id: value_error"]),
        (
            order,
            outgoing(failed, "1"),
            vec!["vendor_payment_id: value_error"],
        ),
        (
            order,
            outgoing(of_order, "1"),
            vec!["vendor_payment_id: value_error"],
        ),
        (given_up, incoming(credit, "1"), vec![]),
        (given_up, outgoing(own, "1"), vec![]),
        (
            order,
            incoming(credit, "100.01"),
            vec!["amount: payment_overlinked"],
        ),
        (order, outgoing(own, "100.01"), vec!["amount: payment_overlinked"]),
        // Nothing came in for the order that could go back.
        (
            order,
            json!({"payment_id": debit, "link_type": "outgoing"}),
            vec!["amount: order_overlinked"],
        ),
    ] {
        let reply = link(&editor, order, &body).send().await;
        refused(&reply, &faults);
    }
    let reply = link(&editor, 999_999, &incoming(credit, "1")).send().await;
    reply.expect_error(404, "NOT_FOUND");
    let links: i64 = app
        .value(r#"SELECT count(*) FROM "Finances".payment_vendor_link"#)
        .await;
    assert_eq!(links, 0);

    linked(&editor, order, outgoing(own, "10")).await;
    let again = link(&editor, order, &outgoing(own, "10")).send().await;
    refused(&again, &["vendor_payment_id: value_error"]);
}

#[tokio::test]
async fn an_order_of_nobody_takes_advances_of_those_whom_its_lines_name() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let (steel, paint) = (
        vendor(&app, "Example Steel").await,
        vendor(&app, "Example Paint").await,
    );
    let bundle = Order::over("0").insert(&app).await;
    order_line(&app, bundle, "100", Some(steel), None).await;
    order_line(&app, bundle, "100", None, None).await;
    let anybodys = Order::over("100").insert(&app).await;
    let (of_steel, of_paint) = (
        advance(&app, steel, "100", "cleared").await,
        advance(&app, paint, "100", "cleared").await,
    );

    linked(&editor, bundle, outgoing(of_steel, "10")).await;
    let reply = link(&editor, bundle, &outgoing(of_paint, "10")).send().await;
    assert_eq!(reply.faults(), ["vendor_payment_id: value_error"]);
    linked(&editor, anybodys, outgoing(of_paint, "10")).await;

    // In the list of all, such a link is the payment's vendor's.
    for (vendor, order) in [(steel, bundle), (paint, anybodys)] {
        let list = shown(&editor, format!("/api/vendor-payment-links?vendor_id={vendor}")).await;
        assert_eq!(list["total_count"], 1);
        assert_eq!(list["links"][0]["vendor_order_id"], order);
        assert_eq!(list["links"][0]["vendor_id"], vendor);
    }
    // Someone whose vendor nobody knows yet becomes one of the order's.
    app.execute(r#"UPDATE "Finances".vendor_payment SET vendor_id = NULL"#)
        .await;
    let path = format!("/api/vendor-payments/{of_steel}");
    let admin = app.admin().await;
    let reply = admin.put(&path).json(&json!({"vendor_id": paint})).send().await;
    refused(&reply, &["vendor_id: value_error"]);
    let reply = admin.put(&path).json(&json!({"vendor_id": steel})).send().await;
    reply.expect(200);
}

#[tokio::test]
async fn the_room_of_each_kind_is_kept_to_the_paisa() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let steel = vendor(&app, "Example Steel").await;
    let po = app.client_po().stated("1000.10", "0").insert().await;
    let one = Order::over("500").of(steel).client_po(po).insert(&app).await;
    let two = Order::over("500").of(steel).client_po(po).insert(&app).await;
    let gone = Order::over("500")
        .client_po(po)
        .work_status("cancelled")
        .insert(&app)
        .await;

    // What client payments bring is shared by the live orders for the PO; one that bounced takes no room.
    let bounced = app.payment(po, "credit", "400", "cleared").await;
    linked(&editor, one, incoming(bounced, "400")).await;
    status(&editor, &format!("/api/payments/{bounced}"), "bounced")
        .await
        .expect(200);
    let payment = app.payment(po, "credit", "5000", "cleared").await;
    app.execute(
        r#"INSERT INTO "Finances".payment_vendor_link (vendor_order_id, payment_id, link_type, amount_allocated)
           SELECT ordered.id, payment.id, 'incoming', 300
             FROM "Finances".vendor_order AS ordered, "Finances".client_payment AS payment
            WHERE ordered.work_status = 'cancelled' AND payment.amount = 5000"#,
    )
    .await;
    linked(&editor, one, incoming(payment, "700.05")).await;
    let reply = link(&editor, two, &incoming(payment, "300.06")).send().await;
    assert_eq!(
        refused(&reply, &["amount: order_overlinked"]),
        "The vendor order has room for 300.05 only"
    );
    linked(&editor, two, incoming(payment, "300.05")).await;
    let other = app.payment(po, "credit", "1", "cleared").await;
    let reply = link(&editor, two, &incoming(other, "0.01")).send().await;
    assert_eq!(
        refused(&reply, &["amount: order_overlinked"]),
        "The vendor order has no room for it"
    );

    // What goes back is at most what came in for the order.
    let debit = app.payment(po, "debit", "1000", "pending").await;
    let back = |amount: &str| json!({"link_type": "outgoing", "payment_id": debit, "amount": amount});
    let reply = link(&editor, two, &back("300.06")).send().await;
    refused(&reply, &["amount: order_overlinked"]);
    linked(&editor, two, back("300.05")).await;
    let second = app.payment(po, "debit", "1000", "pending").await;
    let reply = link(
        &editor,
        two,
        &json!({"link_type": "outgoing", "payment_id": second}),
    )
    .send()
    .await;
    refused(&reply, &["amount: order_overlinked"]);
    // Also of an order that was given up.
    linked(&editor, gone, back("300")).await;

    // An advance fits beside what was paid and what is promised.
    app.vendor_payment(one, "100", "cleared").await;
    app.vendor_payment(one, "100.50", "processing").await;
    app.vendor_payment(one, "100", "bounced").await;
    let advances = advance(&app, steel, "1000", "pending").await;
    let reply = link(&editor, one, &outgoing(advances, "299.51")).send().await;
    assert_eq!(
        refused(&reply, &["amount: order_overlinked"]),
        "The vendor order has room for 299.50 only"
    );
    let reply = link(&editor, one, &outgoing(advances, "1000.01")).send().await;
    refused(
        &reply,
        &["amount: order_overlinked", "amount: payment_overlinked"],
    );
    linked(&editor, one, outgoing(advances, "299.5")).await;
    let summary = shown(&editor, format!("/api/vendor-orders/{one}/payment-summary")).await;
    assert_eq!(summary["paid_amount"], money("100"));
}

#[tokio::test]
async fn unlinking_gives_everything_back() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let steel = vendor(&app, "Example Steel").await;
    let po = app.client_po().stated("1000", "0").insert().await;
    let order = Order::over("500").of(steel).client_po(po).insert(&app).await;
    let payment = app.payment(po, "credit", "1000", "cleared").await;
    let advance = advance(&app, steel, "500", "cleared").await;
    let figures = async || {
        let mut figures = Vec::new();
        for path in [
            "payment-summary",
            "profit-analysis",
            "linked-payments",
            "payments",
        ] {
            figures.push(shown(&editor, format!("/api/vendor-orders/{order}/{path}")).await);
        }
        figures
    };
    let before = figures().await;

    linked(&editor, order, incoming(payment, "1000")).await;
    linked(&editor, order, outgoing(advance, "500")).await;
    assert_ne!(figures().await, before);
    // Ids of the two ledgers overlap: the client's goes first, unless the other is meant.
    assert_eq!(payment, advance);
    for (path, status) in [
        (format!("{payment}?source=nobody"), 422),
        (format!("{payment}?source=vendor"), 200),
        (format!("{payment}?source=vendor"), 404),
        (payment.to_string(), 200),
        (payment.to_string(), 404),
        ("999999".to_owned(), 404),
    ] {
        let reply = editor
            .delete(format!("/api/vendor-orders/{order}/payments/{path}"))
            .send()
            .await;
        assert_eq!(reply.status, status, "{path}: {}", reply.text());
    }
    assert_eq!(figures().await, before);
    linked(&editor, order, incoming(payment, "1000")).await;
    linked(&editor, order, outgoing(advance, "500")).await;
    expect_nothing_over(&app).await;
}

#[tokio::test]
async fn a_link_keeps_to_the_version_of_the_order_that_was_read() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let order = Order::over("500").insert(&app).await;
    let po = app.client_po().insert().await;
    let payment = app.payment(po, "credit", "10", "cleared").await;
    let read = editor
        .get(format!("/api/vendor-orders/{order}/payment-summary"))
        .send()
        .await;
    let tag = read.header("etag");
    assert_eq!(tag.split('-').next(), Some("\"1"));

    let path = format!("/api/vendor-orders/{order}/payments/{payment}");
    let body = incoming(payment, "10");
    let stale = link(&editor, order, &body).header("if-match", "\"2\"");
    stale.send().await.expect_error(412, "PRECONDITION_FAILED");
    link(&editor, order, &body)
        .header("if-match", tag)
        .send()
        .await
        .expect(200);
    let stale = editor.delete(&path).header("if-match", "\"2\"").send().await;
    stale.expect_error(412, "PRECONDITION_FAILED");
    editor
        .delete(&path)
        .header("if-match", tag)
        .send()
        .await
        .expect(200);
}

#[tokio::test]
async fn a_repeated_request_links_once() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let order = Order::over("500").insert(&app).await;
    let po = app.client_po().insert().await;
    let payment = app.payment(po, "credit", "10", "cleared").await;
    let body = incoming(payment, "10");
    let send = || {
        link(&editor, order, &body)
            .header("idempotency-key", "link-1")
            .send()
    };

    let first = send().await;
    let again = send().await;

    assert_eq!(first.expect(200), again.expect(200));
    assert_eq!(again.header("idempotency-replayed"), "true");
    let other = link(&editor, order, &incoming(payment, "9")).header("idempotency-key", "link-1");
    assert_eq!(other.send().await.faults(), ["Idempotency-Key: value_error"]);
}

#[tokio::test]
async fn what_is_linked_holds_its_payment() {
    let app = TestApp::start().await;
    let (editor, admin) = (app.editor().await, app.admin().await);
    let steel = vendor(&app, "Example Steel").await;
    let order = Order::over("500").of(steel).insert(&app).await;
    let po = app.client_po().stated("1000", "0").insert().await;
    let payment = app.payment(po, "credit", "300", "pending").await;
    let advance = advance(&app, steel, "300", "pending").await;
    linked(&editor, order, incoming(payment, "200")).await;
    linked(&editor, order, outgoing(advance, "200")).await;
    let (client, own) = (
        format!("/api/payments/{payment}"),
        format!("/api/vendor-payments/{advance}"),
    );

    for (path, body, status, faults) in [
        (
            &client,
            json!({"amount": "199.99"}),
            409,
            vec!["amount: payment_overlinked"],
        ),
        (
            &client,
            json!({"transaction_type": "debit"}),
            409,
            vec!["transaction_type: value_error"],
        ),
        (&client, json!({"amount": 200}), 200, vec![]),
        (
            &own,
            json!({"amount": "199.99"}),
            409,
            vec!["amount: payment_overlinked"],
        ),
        (
            &own,
            json!({"status": "bounced"}),
            409,
            vec!["status: value_error"],
        ),
        (
            &own,
            json!({"vendor_order_id": order}),
            409,
            vec!["vendor_order_id: value_error"],
        ),
        (&own, json!({"amount": 200, "status": "cleared"}), 200, vec![]),
        (
            &own,
            json!({"status": "cancelled"}),
            409,
            vec!["status: value_error"],
        ),
    ] {
        let reply = editor.put(path).json(&body).send().await;
        assert_eq!(reply.status, status, "{body}: {}", reply.text());
        if status == 409 {
            refused(&reply, &faults);
        }
    }
    for path in [&client, &own] {
        let reply = admin.delete(path).send().await;
        refused(&reply, &[]);
    }
    for source in ["client", "vendor"] {
        let path = format!("/api/vendor-orders/{order}/payments/{payment}?source={source}");
        editor.delete(path).send().await.expect(200);
    }
    for path in [&client, &own] {
        admin.delete(path).send().await.expect(200);
    }
    app.expect_kept_totals_as_recounted().await;
}

#[tokio::test]
async fn a_payment_comes_to_life_again_only_where_there_is_room_for_its_links() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let steel = vendor(&app, "Example Steel").await;
    let po = app.client_po().stated("1000", "0").insert().await;
    let one = Order::over("500").of(steel).client_po(po).insert(&app).await;
    let two = Order::over("500").of(steel).client_po(po).insert(&app).await;
    let first = app.payment(po, "credit", "700", "cleared").await;
    linked(&editor, one, incoming(first, "700")).await;
    let first = format!("/api/payments/{first}");
    status(&editor, &first, "bounced").await.expect(200);
    let second = app.payment(po, "credit", "400", "cleared").await;
    linked(&editor, two, incoming(second, "400")).await;

    let reply = status(&editor, &first, "pending").await;
    refused(&reply, &["status: order_overlinked"]);
    // An admin is not let past it either.
    let admin = app.admin().await;
    let reply = admin
        .put(format!("{first}/status"))
        .json(&json!({"status": "completed"}))
        .send()
        .await;
    refused(&reply, &["status: order_overlinked"]);
    let path = format!("/api/vendor-orders/{two}/payments/{second}");
    editor.delete(path).send().await.expect(200);
    linked(&editor, two, incoming(second, "300")).await;
    status(&editor, &first, "pending").await.expect(200);

    // Money back to the client, too.
    let back = app.payment(po, "debit", "300", "pending").await;
    let body = json!({"link_type": "outgoing", "payment_id": back});
    linked(&editor, two, body).await;
    let back = format!("/api/payments/{back}");
    status(&editor, &back, "failed").await.expect(200);
    let path = format!("/api/vendor-orders/{two}/payments/{second}");
    editor.delete(path).send().await.expect(200);
    let reply = status(&editor, &back, "pending").await;
    refused(&reply, &["status: order_overlinked"]);
    linked(&editor, two, incoming(second, "300")).await;
    status(&editor, &back, "pending").await.expect(200);

    // An older program left a link of an advance that bounced.
    let advance = advance(&app, steel, "200", "cleared").await;
    linked(&editor, one, outgoing(advance, "200")).await;
    app.execute(r#"UPDATE "Finances".vendor_payment SET status = 'bounced'"#)
        .await;
    let other = app.vendor_payment(one, "300.01", "pending").await;
    let own = format!("/api/vendor-payments/{advance}");
    let reply = status(&editor, &own, "pending").await;
    refused(&reply, &["status: order_overlinked"]);
    let other = editor.put(format!("/api/vendor-payments/{other}"));
    other.json(&json!({"amount": 300})).send().await.expect(200);
    status(&editor, &own, "pending").await.expect(200);
    expect_nothing_over(&app).await;
}

#[tokio::test]
async fn every_filter_of_the_links_narrows_them() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let (project, elsewhere) = (app.project("Site A").await, app.project("Site B").await);
    let (steel, paint) = (
        vendor(&app, "Example Steel").await,
        vendor(&app, "Example Paint").await,
    );
    let one = Order::over("500").of(steel).project(project).insert(&app).await;
    let two = Order::over("500").of(paint).project(elsewhere).insert(&app).await;
    let po = app.client_po().stated("1000", "0").insert().await;
    let payment = app.payment(po, "credit", "300", "pending").await;
    let advance = advance(&app, steel, "300", "pending").await;
    let mut made = Vec::new();
    for (order, body) in [
        (one, incoming(payment, "30")),
        (two, incoming(payment, "10")),
        (one, outgoing(advance, "20")),
    ] {
        made.push(linked(&editor, order, body).await["id"].as_i64().unwrap());
    }
    let [a, b, c] = made[..] else { panic!("{made:?}") };

    for (query, rows) in [
        (String::new(), vec![c, b, a]),
        (format!("vendor_order_id={one}"), vec![c, a]),
        (format!("payment_id={payment}"), vec![b, a]),
        (format!("vendor_payment_id={advance}"), vec![c]),
        ("link_type=INCOMING".to_owned(), vec![b, a]),
        (format!("vendor_id={steel}"), vec![c, a]),
        (format!("project_id={elsewhere}"), vec![b]),
        (format!("project_id={project}&link_type=outgoing"), vec![c]),
        (format!("project_id={project}&vendor_id={paint}"), vec![]),
        (format!("project_id={elsewhere}&vendor_id={paint}"), vec![b]),
        (format!("vendor_id={steel}&link_type=outgoing"), vec![c]),
        (format!("vendor_id={steel}&sort=-amount"), vec![a, c]),
        (format!("vendor_id={steel}&payment_id={payment}"), vec![a]),
        (format!("project_id={elsewhere}&vendor_order_id={two}"), vec![b]),
        (format!("vendor_id={paint}&vendor_order_id={one}"), vec![]),
        (format!("vendor_id={steel}&skip=1"), vec![a]),
        ("sort=amount".to_owned(), vec![b, c, a]),
        ("sort=-id&limit=1&skip=1".to_owned(), vec![b]),
    ] {
        let list = shown(&editor, format!("/api/vendor-payment-links?{query}")).await;
        let found: Vec<i64> = list["links"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["link_id"].as_i64().unwrap())
            .collect();
        assert_eq!(found, rows, "{query}");
        assert_eq!(list["link_count"], rows.len(), "{query}");
        let all =
            rows.len() + usize::from(query.ends_with("skip=1")) + usize::from(query.contains("limit=1"));
        assert_eq!(list["total_count"], all, "{query}");
        for name in ["links", "vendor_payment_links", "data"] {
            assert_eq!(list["data"][name], list["links"], "{query}");
        }
        assert_eq!(list["vendor_payment_links"], list["links"]);
    }
    let list = shown(&editor, "/api/vendor-payment-links".to_owned()).await;
    let number: String = app
        .value(r#"SELECT po_number FROM "Finances".vendor_order ORDER BY id LIMIT 1"#)
        .await;
    let row = &list["links"][0];
    assert_eq!(
        (
            &row["po_number"],
            &row["vendor_id"],
            &row["vendor_name"],
            &row["project_id"]
        ),
        (
            &json!(number),
            &json!(steel),
            &json!("Example Steel"),
            &json!(project)
        )
    );
    for query in ["limit=2".to_owned(), format!("limit=1&vendor_id={steel}")] {
        let page = shown(&editor, format!("/api/vendor-payment-links?{query}")).await;
        let cursor = page["next_cursor"].as_str().unwrap();
        let rest = shown(
            &editor,
            format!("/api/vendor-payment-links?{query}&cursor={cursor}"),
        )
        .await;
        assert_eq!(rest["links"][0]["id"], a, "{query}");
    }
    let unknown = editor
        .get("/api/vendor-payment-links?vendor_id=999999&payment_id=999999&vendor_payment_id=999999&vendor_order_id=999999&project_id=999999")
        .send()
        .await;
    assert_eq!(
        unknown.faults(),
        [
            "payment_id: foreign_key",
            "project_id: foreign_key",
            "vendor_id: foreign_key",
            "vendor_order_id: foreign_key",
            "vendor_payment_id: foreign_key",
        ]
    );
}

/// The worked check of the contract, steps 3 to 7, as far as payments and links go.
#[tokio::test]
async fn the_worked_example_comes_out_as_it_is_written_down() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let project = app.project("Site A").await;
    let steel = vendor(&app, "Example Steel").await;
    let po = app
        .client_po()
        .project(project)
        .stated("60000", "0")
        .insert()
        .await;
    let order = Order::over("50000").of(steel).project(project).client_po(po);
    let order = order.status("pending").insert(&app).await;
    let other = Order::over("50000").of(steel).project(project).insert(&app).await;
    let summary =
        async || shown(&editor, format!("/api/vendor-orders/{order}/payment-summary")).await["data"].clone();
    let day = "2026-02-17";

    let payments = format!("/api/vendor-orders/{order}/payments");
    let body = json!({"amount": 20000, "payment_date": day});
    let first = editor.post(&payments).json(&body).send().await.expect(200);
    let now = summary().await;
    assert_eq!(
        (&now["total_paid"], &now["payment_status"]),
        (&money("0"), &json!("pending"))
    );
    let path = format!("/api/vendor-payments/{}", first["payment_id"]);
    let changed = status(&editor, &path, "COMPLETED").await.expect(200);
    assert_eq!(changed["payment"]["status"], "completed");
    let now = summary().await;
    assert_eq!(
        (&now["total_paid"], &now["payment_status"]),
        (&money("20000"), &json!("partial"))
    );

    let body = json!({"amount": 30000, "payment_date": day, "status": "bounced"});
    editor.post(&payments).json(&body).send().await.expect(200);
    assert_eq!(summary().await["total_paid"], money("20000"));

    let body = json!({"vendor_id": steel, "amount": 40000, "payment_date": day, "status": "cleared"});
    let advance = editor
        .post("/api/vendor-payments")
        .json(&body)
        .send()
        .await
        .expect(200);
    let advance = advance["payment_id"].as_i64().unwrap();
    linked(&editor, order, outgoing(advance, "30000")).await;
    let now = summary().await;
    assert_eq!(
        (&now["total_paid"], &now["payment_status"]),
        (&money("50000"), &json!("paid"))
    );
    assert_eq!(
        (&now["pending_amount"], &now["overpaid_amount"]),
        (&money("0"), &money("0"))
    );
    assert_eq!(
        (&now["payment_count"], &now["link_count"]),
        (&json!(3), &json!(1))
    );
    let reply = link(&editor, other, &outgoing(advance, "15000")).send().await;
    assert_eq!(
        refused(&reply, &["amount: payment_overlinked"]),
        "Only 10000.00 of the payment are left"
    );
    let reply = link(&editor, order, &outgoing(advance, "10000")).send().await;
    refused(
        &reply,
        &["amount: order_overlinked", "vendor_payment_id: value_error"],
    );

    let profit = shown(&editor, format!("/api/vendor-orders/{order}/profit-analysis")).await;
    assert_eq!(
        (
            &profit["billable_amount"],
            &profit["billable_basis"],
            &profit["data"]["profit"],
            &profit["data"]["profit_margin"]
        ),
        (
            &money("60000"),
            &json!("pro_rata"),
            &money("10000"),
            &money("16.67")
        )
    );
    expect_nothing_over(&app).await;
}

#[tokio::test]
async fn fifty_orders_at_once_never_get_more_of_a_payment_than_it_is() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let steel = vendor(&app, "Example Steel").await;
    let po = app.client_po().stated("100000", "0").insert().await;
    let mut orders = Vec::new();
    for _ in 0..50 {
        orders.push(Order::over("100").of(steel).client_po(po).insert(&app).await);
    }
    let advance = advance(&app, steel, "1000", "pending").await;
    let payment = app.payment(po, "credit", "1000", "cleared").await;

    // 30 of each fit 33 times into 1000.
    for body in [outgoing(advance, "30"), incoming(payment, "30")] {
        let calls = orders.iter().map(|order| link(&editor, *order, &body));
        let replies = race(calls.collect()).await;
        let done = replies.iter().filter(|reply| reply.status == 200).count();
        assert_eq!(done, 33);
        for reply in &replies[done..] {
            refused(reply, &["amount: payment_overlinked"]);
        }
    }
    let sums: String = app
        .value(
            r#"SELECT sum(amount_allocated) FILTER (WHERE payment_id IS NULL) || ' ' ||
                      sum(amount_allocated) FILTER (WHERE payment_id IS NOT NULL) FROM "Finances".payment_vendor_link"#,
        )
        .await;
    assert_eq!(sums, "990.00 990.00");
    expect_nothing_over(&app).await;
}

#[tokio::test]
async fn fifty_payments_at_once_never_give_an_order_more_than_it_takes() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let steel = vendor(&app, "Example Steel").await;
    let po = app.client_po().stated("1000", "0").insert().await;
    let orders = [
        Order::over("1000").of(steel).client_po(po).insert(&app).await,
        Order::over("1000").of(steel).client_po(po).insert(&app).await,
    ];
    let (mut advances, mut payments, mut refunds) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..50 {
        advances.push(advance(&app, steel, "30", "cleared").await);
        payments.push(app.payment(po, "credit", "30", "cleared").await);
        refunds.push(app.payment(po, "debit", "30", "cleared").await);
    }

    // One order takes of advances what it is worth, …
    let calls = advances
        .iter()
        .map(|id| link(&editor, orders[0], &outgoing(*id, "30")));
    let replies = race(calls.collect()).await;
    let done = replies.iter().filter(|reply| reply.status == 200).count();
    assert_eq!(done, 33);
    for reply in &replies[done..] {
        refused(reply, &["amount: order_overlinked"]);
    }
    // … both together of the client's payments what the client PO is worth, …
    let calls = payments
        .iter()
        .enumerate()
        .map(|(n, id)| link(&editor, orders[n % 2], &incoming(*id, "30")));
    let replies = race(calls.collect()).await;
    let done = replies.iter().filter(|reply| reply.status == 200).count();
    assert_eq!(done, 33);
    for reply in &replies[done..] {
        refused(reply, &["amount: order_overlinked"]);
    }
    // … and no more goes back than came in.
    let came: i64 = sqlx::query_scalar(
        r#"SELECT count(*) FROM "Finances".payment_vendor_link WHERE link_type = 'incoming' AND vendor_order_id = $1"#,
    )
    .bind(orders[1])
    .fetch_one(&app.db)
    .await
    .unwrap();
    let back = |id: i64| json!({"link_type": "outgoing", "payment_id": id, "amount": 30});
    let calls = refunds.iter().map(|id| link(&editor, orders[1], &back(*id)));
    let replies = race(calls.collect()).await;
    let done = replies.iter().filter(|reply| reply.status == 200).count();
    assert_eq!(i64::try_from(done).unwrap(), came);
    for reply in &replies[done..] {
        refused(reply, &["amount: order_overlinked"]);
    }
    expect_nothing_over(&app).await;
}

#[tokio::test]
async fn links_and_the_status_of_their_payment_follow_each_other() {
    let app = TestApp::start().await;
    let (editor, admin) = (app.editor().await, app.admin().await);
    let steel = vendor(&app, "Example Steel").await;
    let po = app.client_po().stated("1000", "0").insert().await;
    let mut orders = Vec::new();
    for _ in 0..6 {
        orders.push(Order::over("300").of(steel).client_po(po).insert(&app).await);
    }
    for _ in 0..4 {
        let advance = advance(&app, steel, "600", "pending").await;
        let payment = app.payment(po, "credit", "600", "pending").await;
        let (own, client) = (
            format!("/api/vendor-payments/{advance}"),
            format!("/api/payments/{payment}"),
        );
        let mut calls: Vec<Call> = Vec::new();
        for (n, order) in orders.iter().enumerate() {
            calls.push(link(&editor, *order, &outgoing(advance, "100")));
            calls.push(link(&editor, *order, &incoming(payment, "100")));
            let word = [
                "cleared",
                "bounced",
                "completed",
                "pending",
                "failed",
                "processing",
            ][n];
            calls.push(admin.put(&own).json(&json!({"status": word})));
            calls.push(admin.put(&client).json(&json!({"status": word})));
            calls.push(admin.put(&own).json(&json!({"amount": 400 + n})));
            calls.push(editor.delete(format!(
                "/api/vendor-orders/{order}/payments/{advance}?source=vendor"
            )));
        }
        for reply in race(calls).await {
            assert!(
                matches!(reply.status, 200 | 404 | 409),
                "{}: {}",
                reply.status,
                reply.text()
            );
        }
        // A vendor payment that did not come about has no links.
        let dead: i64 = app
            .value(
                r#"SELECT count(*) FROM "Finances".payment_vendor_link AS link
                     JOIN "Finances".vendor_payment AS payment ON payment.id = link.vendor_payment_id
                    WHERE payment.status IN ('bounced', 'failed', 'cancelled')"#,
            )
            .await;
        assert_eq!(dead, 0);
        expect_nothing_over(&app).await;
    }
}

#[tokio::test]
async fn a_link_is_removed_once_however_many_ask() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let steel = vendor(&app, "Example Steel").await;
    let order = Order::over("1000").of(steel).insert(&app).await;
    let advance = advance(&app, steel, "600", "cleared").await;
    linked(&editor, order, outgoing(advance, "600")).await;

    let path = format!("/api/vendor-orders/{order}/payments/{advance}");
    let mut calls: Vec<Call> = (0..8).map(|_| editor.delete(&path)).collect();
    calls.push(
        editor
            .put(format!("/api/vendor-payments/{advance}"))
            .json(&json!({"status": "completed"})),
    );
    let replies = race(calls).await;

    let statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    assert_eq!(statuses, [200, 200, 404, 404, 404, 404, 404, 404, 404]);
    expect_nothing_over(&app).await;
}

#[tokio::test]
async fn the_count_of_links_follows_their_orders_wherever_they_go() {
    let app = TestApp::start().await;
    let (editor, admin) = (app.editor().await, app.admin().await);
    let (home, away) = (app.project("Home").await, app.project("Away").await);
    let (steel, paint) = (
        vendor(&app, "Example Steel").await,
        vendor(&app, "Example Paint").await,
    );
    let po = app.client_po().project(home).stated("1000", "0").insert().await;
    let order = Order::over("500").of(steel).project(home).client_po(po);
    let order = order.insert(&app).await;
    let other = Order::over("500").project(home).insert(&app).await;
    let payment = app.payment(po, "credit", "100", "pending").await;
    linked(&editor, order, incoming(payment, "30")).await;
    linked(&editor, other, incoming(payment, "30")).await;
    let count = async |query: String| {
        shown(&editor, format!("/api/vendor-payment-links?limit=1&{query}")).await["total_count"].clone()
    };

    assert_eq!(count(format!("vendor_id={steel}")).await, 1);
    let vendor = json!({"vendor_id": paint});
    let path = format!("/api/projects/{home}/vendor-orders/{order}");
    editor.put(path).json(&vendor).send().await.expect(200);
    assert_eq!(count(format!("vendor_id={steel}")).await, 0);
    assert_eq!(count(format!("vendor_id={paint}&link_type=incoming")).await, 1);
    let moved = shown(&editor, format!("/api/vendor-payment-links?vendor_id={paint}")).await;
    assert_eq!(moved["links"][0]["vendor_name"], "Example Paint");

    assert_eq!(count(format!("project_id={home}")).await, 2);
    let moved = editor.post(format!("/api/projects/{away}/po/{po}/attach"));
    moved.send().await.expect(200);
    assert_eq!(count(format!("project_id={home}")).await, 1);
    assert_eq!(count(format!("project_id={away}")).await, 1);
    app.expect_kept_totals_as_recounted().await;

    let gone = admin.delete(format!("/api/po/{po}?force=true"));
    gone.send().await.expect(200);
    assert_eq!(count(String::new()).await, 0);
    app.expect_kept_totals_as_recounted().await;
    for project in [home, away] {
        let gone = admin.delete(format!("/api/projects/{project}?force=true"));
        gone.send().await.expect(200);
    }
    app.expect_kept_totals_as_recounted().await;
}

//! How the server comes up, or says why it does not.

use nexgen_finance::app::Database;
use nexgen_finance::config::Config;
use sqlx::ConnectOptions;

use crate::support::TestApp;

#[tokio::test]
async fn a_database_that_does_not_exist_is_not_waited_for() {
    let app = TestApp::start().await;
    let options = app.db.connect_options().as_ref().clone();
    let url = options.database("no_such_database").to_url_lossy();
    let config = Config::from_pairs(&[("DATABASE_URL", url.as_str())]).unwrap();

    let Err(error) = Database::reach(&config.database).await else {
        panic!("there is no such database");
    };

    let text = format!("{error:#}");
    assert!(
        text.ends_with("refuses the connection: database \"no_such_database\" does not exist"),
        "{text}"
    );
}

#[tokio::test]
async fn metrics_with_a_port_of_their_own_are_not_on_the_main_one() {
    let app = TestApp::start_with(&[("METRICS_PORT", "9100")]).await;

    app.nobody()
        .get("/metrics")
        .send()
        .await
        .expect_error(404, "NOT_FOUND");
}

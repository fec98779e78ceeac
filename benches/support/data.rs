//! The rows that a server is measured with, and the names of those in the middle of them.

use std::fs;

use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};

use super::{Server, port};

/// Fills an empty database with so many POs and what belongs to them.
pub(crate) async fn seed(server: &Server, pos: u32) {
    let mut database = database(server).await;
    sqlx::query("SELECT set_config('bench.pos', $1, false)")
        .bind(pos.to_string())
        .execute(&mut database)
        .await
        .unwrap();
    sqlx::raw_sql(include_str!("../seed.sql"))
        .execute(&mut database)
        .await
        .unwrap();
    sqlx::raw_sql("VACUUM ANALYZE")
        .execute(&mut database)
        .await
        .unwrap();
}

/// A connection to the server's own database.
pub(crate) async fn database(server: &Server) -> PgConnection {
    let folder = server.postgres();
    let password = fs::read_to_string(folder.join("password")).unwrap();
    let options = PgConnectOptions::new_without_pgpass()
        .host(folder.join("socket").to_str().unwrap())
        .port(port(&folder).parse().unwrap())
        .username("erp")
        .password(password.trim())
        .database("Nexgen_erp");
    PgConnection::connect_with(&options).await.unwrap()
}

/// Puts the names of a size in.
pub(crate) fn path(template: &str, pos: u32) -> String {
    // The last PO of the project in the middle, which is neither an agreement nor without a store.
    let project = pos / 40;
    let po = (0..20)
        .map(|back| project * 20 - back)
        .find(|po| po % 50 != 0 && po % 11 != 0)
        .unwrap();
    // As seed.sql makes them.
    let mixed = |number: u32| u64::from(number) * 104_729 % 1_000_003;
    template
        .replace("{project_name}", &mixed(project).to_string())
        .replace("{project}", &project.to_string())
        .replace(
            "{session}",
            &format!("sess_generic_20240101_090000_{project:016}"),
        )
        .replace("{po}", &po.to_string())
        .replace("{store}", &format!("ST-{}", mixed((po - 1) / 5)))
        .replace(
            "{number}",
            &(4_100_000_000 + u64::from(po) * 7919 % 99_999_989).to_string(),
        )
        .replace("{payment}", &(po * 2).to_string())
        .replace("{vendor_order}", &po.to_string())
        .replace(
            "{vendor_order_number}",
            &(u64::from(po) * 7919 % 99_999_989).to_string(),
        )
        .replace("{vendor_payment}", &(po * 2).to_string())
        .replace("{reference}", &format!("UTR{:010}", po * 2 + 1))
}

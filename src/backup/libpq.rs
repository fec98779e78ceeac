//! How PostgreSQL's own programs are told which database is meant: by their environment.

use anyhow::Context;
use percent_encoding::percent_decode_str;
use sqlx::{ConnectOptions, postgres::PgConnectOptions};

/// What libpq has to know to reach the database as the options say.
pub(super) fn environment(options: &PgConnectOptions) -> anyhow::Result<Vec<(String, String)>> {
    // The options give their password only as part of a URL; names that a URL might not hold stay out of it.
    let url = options
        .clone()
        .host("localhost")
        .username("user")
        .database("name")
        .to_url_lossy();
    let host = match options.get_socket() {
        Some(folder) => folder
            .to_str()
            .context("the folder of the socket has no name in UTF-8")?,
        None => options.get_host().trim_start_matches('[').trim_end_matches(']'),
    };
    let mut environment = vec![
        ("PGHOST".to_owned(), host.to_owned()),
        ("PGPORT".to_owned(), options.get_port().to_string()),
        ("PGUSER".to_owned(), options.get_username().to_owned()),
    ];
    if let Some(name) = options.get_application_name() {
        environment.push(("PGAPPNAME".to_owned(), name.to_owned()));
    }
    if let Some(password) = url.password() {
        let password = percent_decode_str(password)
            .decode_utf8()
            .context("the password is not UTF-8")?;
        environment.push(("PGPASSWORD".to_owned(), password.into_owned()));
    }
    if let Some(options) = options.get_options() {
        environment.push(("PGOPTIONS".to_owned(), options.to_owned()));
    }
    for (name, value) in url.query_pairs() {
        match &*name {
            "sslmode" => environment.push(("PGSSLMODE".to_owned(), value.into_owned())),
            "sslrootcert" | "sslcert" | "sslkey" => {
                // libpq takes no certificate as text; its own variables stand then, which are passed on.
                if let Some(file) = value.strip_prefix("file: ") {
                    environment.push((format!("PG{}", name.to_uppercase()), file.to_owned()));
                }
            }
            _ => {}
        }
    }
    Ok(environment)
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use super::*;

    #[test]
    fn the_environment_says_what_the_url_says() {
        let url = "postgres://fin%40nce:p%23ss%20w%C3%B6rd@[::1]:6543/Nexgen_erp?sslmode=verify-full&sslrootcert=/etc/ca.pem";
        let found = environment(&PgConnectOptions::from_str(url).unwrap()).unwrap();

        for (name, value) in [
            ("PGHOST", "::1"),
            ("PGPORT", "6543"),
            ("PGUSER", "fin@nce"),
            ("PGPASSWORD", "p#ss wörd"),
            ("PGSSLMODE", "verify-full"),
            ("PGSSLROOTCERT", "/etc/ca.pem"),
        ] {
            assert!(
                found.contains(&(name.to_owned(), value.to_owned())),
                "{name}: {found:?}"
            );
        }

        let options = PgConnectOptions::new_without_pgpass()
            .socket("/run/a, 'b' c")
            .username("erp")
            .password("x");
        let found = environment(&options).unwrap();
        assert!(
            found.contains(&("PGHOST".to_owned(), "/run/a, 'b' c".to_owned())),
            "{found:?}"
        );
    }
}

//! Pieces of SQL that name what only a running database knows: tables and columns of another program, of an older schema, of a
//! dump. Everything that is known beforehand stands in checked queries.

use sqlx::PgConnection;

/// A name as SQL takes it, whatever is in it.
pub(crate) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A table's name in the schema.
pub(crate) fn qualified(table: &str) -> String {
    format!("\"Finances\".{}", identifier(table))
}

/// A text as SQL takes it, whatever is in it.
pub(crate) fn literal(text: &str) -> String {
    let doubled = text.replace('\'', "''");
    if doubled.contains('\\') {
        format!("E'{}'", doubled.replace('\\', "\\\\"))
    } else {
        format!("'{doubled}'")
    }
}

/// Gives a setting a value for as long as the session lasts.
///
/// # Errors
/// If the database cannot be reached, or has no such setting or value.
pub(crate) async fn set(db: &mut PgConnection, name: &str, value: &str) -> sqlx::Result<()> {
    sqlx::query("SELECT set_config($1, $2, false)")
        .bind(name)
        .bind(value)
        .execute(db)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_cannot_leave_its_quotes() {
        assert_eq!(
            identifier(r#"a"; DROP TABLE x; --"#),
            r#""a""; DROP TABLE x; --""#
        );
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal(r"\'; DROP"), r"E'\\''; DROP'");
    }
}

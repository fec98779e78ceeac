//! The list of users.

use serde::Serialize;
use sqlx::{Postgres, QueryBuilder};
use utoipa::{IntoParams, ToSchema};

use super::{Role, model::User, store::UserRow};
use crate::{
    error::Result,
    http::list::{Column, Direction, Listed, Order, PageInfo, Paging},
    postgres::Pool,
    types::{Fields, FromFields, Text},
};

const ID: Column = Column {
    name: "id",
    sql: "account.id",
    kind: "integer",
};
const COLUMNS: [Column; 3] = [
    ID,
    Column {
        name: "username",
        sql: "account.username",
        kind: "text",
    },
    Column {
        name: "created_at",
        sql: "account.created_at",
        kind: "timestamptz",
    },
];
const DEFAULT_LIMIT: i64 = 50;

/// Which users are asked for.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct UserQuery {
    /// Only those with this role.
    role: Option<Role>,
    /// Only those with this text in name or address.
    #[param(value_type = Option<String>)]
    search: Option<Text<255>>,
    #[param(ignore)]
    paging: Paging,
    #[param(ignore)]
    order: Order,
}

impl FromFields for UserQuery {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            role: fields.optional("role"),
            search: fields.optional("search"),
            paging: Paging::read(fields, DEFAULT_LIMIT),
            order: Order::read(fields, &COLUMNS, Order::of(&[(ID, Direction::Up)])),
        })
    }
}

impl UserQuery {
    fn push_filters(&self, sql: &mut QueryBuilder<Postgres>) {
        sql.push(r#" FROM "Finances"."user" AS account WHERE TRUE"#);
        if let Some(role) = self.role {
            sql.push(" AND account.role = ").push_bind(role.as_str());
        }
        if let Some(text) = &self.search {
            for (before, column) in [(" AND (", "username"), (" OR ", "email")] {
                sql.push(before).push("strpos(lower(account.").push(column);
                sql.push("), lower(").push_bind(text.to_string()).push(")) > 0");
            }
            sql.push(")");
        }
    }
}

/// A page of users.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UserList {
    users: Vec<User>,
    #[serde(flatten)]
    page: PageInfo,
}

/// A page of users.
///
/// # Errors
/// `Unavailable` without the database.
pub(super) async fn list(db: &Pool, query: &UserQuery) -> Result<UserList> {
    let mut sql = QueryBuilder::<Postgres>::new(
        "SELECT account.id, account.username, account.email, account.role, account.is_active, account.token_version, \
         account.created_at, account.updated_at, account.last_login_at",
    );
    query.order.push_key(&mut sql);
    query.push_filters(&mut sql);
    query.order.push_after(&mut sql, &query.paging);
    query.order.push_page(&mut sql, &query.paging);
    let rows: Vec<Listed<UserRow>> = sql.build_query_as().fetch_all(db).await?;

    let mut sql = QueryBuilder::<Postgres>::new("SELECT count(*)");
    query.push_filters(&mut sql);
    let total = sql.build_query_scalar().fetch_one(db).await?;
    let (rows, page) = query.paging.page(rows, total);
    Ok(UserList {
        page,
        users: rows.into_iter().map(Into::into).collect(),
    })
}

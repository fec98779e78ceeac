//! Rows that are read by the places of their columns: of a page with thousands of values, looking each up by its name takes longer
//! than reading it.

use std::ops::RangeFrom;

use sqlx::{ColumnIndex, Decode, Postgres, Row, Type, postgres::PgRow};

/// A type whose fields stand in a row one after the other, in their own order.
pub(crate) trait InOrder: Sized {
    /// How many columns it takes.
    const COLUMNS: usize;

    /// Reads it from the columns that begin at this place.
    ///
    /// # Errors
    /// If a value is not of the field's type.
    fn read(row: &PgRow, first: usize) -> sqlx::Result<Self>;
}

/// The value at the next place, which in development has to have this name.
pub(crate) fn next<'r, T>(row: &'r PgRow, places: &mut RangeFrom<usize>, name: &str) -> sqlx::Result<T>
where
    T: Decode<'r, Postgres> + Type<Postgres>,
{
    let place = places.next().unwrap_or(usize::MAX);
    if cfg!(debug_assertions) {
        assert_eq!(
            name.index(row).ok(),
            Some(place),
            "the columns of a query are not in the order of the fields: {name}"
        );
        return row.try_get(place);
    }
    // The types are those that development has seen, and those of a column are the same in every row.
    row.try_get_unchecked(place)
}

/// Reads a type's rows by the places of its fields, all of which are named here in the order of the query's columns.
macro_rules! in_order {
    ($name:ident { $($field:ident),+ $(,)? }) => {
        impl $crate::postgres::in_order::InOrder for $name {
            const COLUMNS: usize = [$(stringify!($field)),+].len();

            fn read(row: &sqlx::postgres::PgRow, first: usize) -> sqlx::Result<Self> {
                let mut places = first..;
                // Fields are read as they are written here.
                Ok(Self {
                    $($field: $crate::postgres::in_order::next(row, &mut places, stringify!($field))?),+
                })
            }
        }

        impl sqlx::FromRow<'_, sqlx::postgres::PgRow> for $name {
            fn from_row(row: &sqlx::postgres::PgRow) -> sqlx::Result<Self> {
                $crate::postgres::in_order::InOrder::read(row, 0)
            }
        }
    };
}
pub(crate) use in_order;

//! Direct access of the control API to the tables.

use rusqlite::{ToSql, params_from_iter, types::ValueRef};
use serde_json::{Map, Value, json};

use super::Db;
use crate::clock;

/// Sets columns of a row; false if there is no such row.
pub(crate) fn set(
    db: &Db,
    table: &str,
    id: &str,
    columns: &[(&str, Box<dyn ToSql>)],
) -> rusqlite::Result<bool> {
    for (column, value) in columns {
        let sql = format!("UPDATE {table} SET {column} = ?2 WHERE id = ?1");
        db.conn.execute(&sql, (id, value))?;
    }
    let sql = format!("SELECT 1 FROM {table} WHERE id = ?1");
    db.conn.prepare(&sql)?.exists([id])
}

/// The number of rows of each table, and of tickets in each state.
pub(crate) fn counts(db: &Db) -> rusqlite::Result<Value> {
    let count = |table: &str| {
        let sql = format!("SELECT count(*) FROM {table}");
        db.conn.query_row(&sql, (), |row| row.get::<_, i64>(0))
    };
    let mut by_status = Map::new();
    let mut statement = db
        .conn
        .prepare("SELECT status, count(*) FROM tickets GROUP BY status ORDER BY status")?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        by_status.insert(row.get(0)?, json!(row.get::<_, i64>(1)?));
    }
    Ok(json!({
        "branches": count("branches")?,
        "services": count("services")?,
        "customers": count("customers")?,
        "tickets": by_status,
    }))
}

/// The rows of `tickets` that match, in the order of insertion.
pub(crate) fn ticket_rows(db: &Db, filters: &[(&str, String)]) -> rusqlite::Result<Value> {
    let conditions: Vec<_> = filters
        .iter()
        .enumerate()
        .map(|(at, (column, _))| format!("{column} = ?{}", at + 1))
        .collect();
    let conditions = match conditions.as_slice() {
        [] => "1".to_owned(),
        some => some.join(" AND "),
    };
    rows(
        db,
        &format!(
            "SELECT seq, id, number AS ticketNumber, status, status_at AS statusAt,
                CASE WHEN time IS NULL THEN 'sequential' ELSE 'appointment' END AS type, time,
                service_id AS serviceId, customer_id AS customerId, customer_name AS customerName,
                options, location, booked_at AS bookedAt, place
             FROM tickets WHERE {conditions} ORDER BY seq"
        ),
        filters.iter().map(|(_, value)| value),
    )
}

/// All rows of `customers`, in the order of insertion.
pub(crate) fn customer_rows(db: &Db) -> rusqlite::Result<Value> {
    rows(
        db,
        "SELECT seq, id AS _id, external_id AS externalId, name, email, mobile, metadata, created_at AS createdAt,
            updated_at AS updatedAt
         FROM customers ORDER BY seq",
        [] as [String; 0],
    )
}

fn rows(
    db: &Db,
    sql: &str,
    values: impl IntoIterator<Item = impl ToSql>,
) -> rusqlite::Result<Value> {
    let mut statement = db.conn.prepare(sql)?;
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    statement
        .query_map(params_from_iter(values), |row| {
            let mut json = Map::new();
            for (at, name) in names.iter().enumerate() {
                json.insert(name.clone(), cell(name, row.get_ref(at)?)?);
            }
            Ok(Value::Object(json))
        })?
        .collect()
}

fn cell(name: &str, value: ValueRef<'_>) -> rusqlite::Result<Value> {
    let is_time = name == "time" || name.ends_with("At");
    let is_json = ["options", "location", "metadata"].contains(&name);
    Ok(match value {
        ValueRef::Integer(at) if is_time => json!(clock::format(at)),
        ValueRef::Integer(number) => json!(number),
        ValueRef::Text(_) => {
            let text = value.as_str()?;
            if is_json {
                serde_json::from_str(text).unwrap_or(Value::Null)
            } else {
                json!(text)
            }
        }
        _ => Value::Null,
    })
}

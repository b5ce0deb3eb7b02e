//! One statement for many rows: what would be written row by row is written from arrays, in one go.

use tokio_postgres::types::Type;

/// The statement that does, for each row of some arrays, what this one does for one row: `INSERT … VALUES (…)`, or
/// `UPDATE … WHERE …`. `types` are those of its values. `None` if it is of another form.
pub(super) fn for_each(sql: &str, types: &[Type]) -> Option<String> {
    let arrays: Vec<_> = (1..)
        .zip(types)
        .map(|(n, one)| format!("${n}::{}[]", one.name()))
        .collect();
    let names: Vec<_> = (1..=types.len()).map(|n| format!("p{n}")).collect();
    let given = format!(
        "FROM unnest({}) AS given({})",
        arrays.join(", "),
        names.join(", ")
    );
    if sql.starts_with("INSERT INTO ") {
        let (into, rest) = sql.split_once("VALUES (")?;
        let (values, rest) = rest.split_once(')')?;
        // What follows cannot see the rows of the arrays, and changes none of them twice.
        let is_plain = !values.contains('(') && !rest.contains('$') && !rest.contains("UPDATE");
        is_plain.then(|| format!("{into}SELECT {} {given}{rest}", named(values)))
    } else if sql.starts_with("UPDATE ") {
        let (set, which) = sql.split_once("WHERE ")?;
        Some(format!("{}{given} WHERE {}", named(set), named(which)))
    } else {
        None
    }
}

/// `$1` becomes the first value of a row, and so on.
fn named(sql: &str) -> String {
    sql.replace('$', "given.p")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_insert_is_made_of_arrays() {
        let types = [Type::INT8, Type::TEXT];
        let many = for_each(
            "INSERT INTO t (a, b, c) VALUES ($1, $2, $1) ON CONFLICT (a) DO NOTHING",
            &types,
        );
        assert_eq!(
            many.as_deref(),
            Some(
                "INSERT INTO t (a, b, c) SELECT given.p1, given.p2, given.p1 \
                 FROM unnest($1::int8[], $2::text[]) AS given(p1, p2) ON CONFLICT (a) DO NOTHING"
            )
        );
    }

    #[test]
    fn an_update_is_made_of_arrays() {
        let many = for_each("UPDATE t SET a = a + $1 WHERE b = $2", &[Type::INT8; 2]);
        assert_eq!(
            many.as_deref(),
            Some(
                "UPDATE t SET a = a + given.p1 \
                 FROM unnest($1::int8[], $2::int8[]) AS given(p1, p2) WHERE b = given.p2"
            )
        );
    }

    #[test]
    fn nothing_else_is() {
        for sql in [
            "DELETE FROM t WHERE a = $1",
            "INSERT INTO t (a) SELECT $1",
            "INSERT INTO t (a) VALUES (abs($1))",
            "INSERT INTO t (a) VALUES ($1) ON CONFLICT (a) DO UPDATE SET b = excluded.b",
            "INSERT INTO t (a) VALUES ($1) ON CONFLICT (a) DO UPDATE SET a = $1",
            "UPDATE t SET a = $1",
        ] {
            assert_eq!(for_each(sql, &[Type::INT8]), None, "{sql}");
        }
    }
}

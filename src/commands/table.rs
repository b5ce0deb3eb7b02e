//! How is a list printed for people? In columns as wide as their contents.

/// Prints rows under their headings.
pub fn print<const COLUMNS: usize>(headings: [&str; COLUMNS], rows: &[[String; COLUMNS]]) {
    let widths: [usize; COLUMNS] = std::array::from_fn(|at| {
        let cells = rows.iter().map(|row| row[at].chars().count());
        cells.chain([headings[at].len()]).max().unwrap_or_default()
    });
    line(&headings.map(str::to_uppercase), &widths);
    for row in rows {
        line(row, &widths);
    }
}

fn line<const COLUMNS: usize>(cells: &[String; COLUMNS], widths: &[usize; COLUMNS]) {
    let padded = cells.iter().zip(widths).map(|(cell, width)| {
        // A name must not move the cursor.
        let cell: String = cell.chars().filter(|c| !c.is_control()).collect();
        format!("{cell:<width$}")
    });
    println!("{}", padded.collect::<Vec<_>>().join("  ").trim_end());
}

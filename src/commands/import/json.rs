//! Reads JSON one row at a time, however long the whole is: the elements of an array, or one object on a line.

use std::io::{self, BufRead, BufReader, Read};

/// Bytes of one row; a longer one is passed over.
pub const ROW: usize = 16 << 20;

/// A row of the input.
#[derive(Debug, PartialEq, Eq)]
pub enum Row {
    Whole(Vec<u8>),
    TooLong,
}

/// The lines of a text; empty ones are passed over.
pub struct Lines<R> {
    from: BufReader<R>,
    pub number: u64,
}

impl<R: Read> Lines<R> {
    pub fn new(from: R) -> Self {
        Self {
            from: BufReader::with_capacity(64 << 10, from),
            number: 0,
        }
    }

    pub fn next(&mut self) -> io::Result<Option<Row>> {
        loop {
            let (mut line, mut too_long, mut any) = (Vec::new(), false, false);
            loop {
                let filled = self.from.fill_buf()?;
                if filled.is_empty() {
                    break;
                }
                any = true;
                let end = filled.iter().position(|byte| *byte == b'\n');
                let taken = &filled[..end.unwrap_or(filled.len())];
                if line.len() + taken.len() > ROW {
                    (too_long, line) = (true, Vec::new());
                }
                if !too_long {
                    line.extend_from_slice(taken);
                }
                let used = end.map_or(filled.len(), |end| end + 1);
                self.from.consume(used);
                if end.is_some() {
                    break;
                }
            }
            if !any {
                return Ok(None);
            }
            self.number += 1;
            if too_long {
                return Ok(Some(Row::TooLong));
            }
            if !line.trim_ascii().is_empty() {
                return Ok(Some(Row::Whole(line)));
            }
        }
    }
}

/// The elements of a JSON array, or values one after another. What is no JSON is a row too, and its reader says so.
pub struct Elements<R> {
    from: BufReader<R>,
    pub number: u64,
}

impl<R: Read> Elements<R> {
    pub fn new(from: R) -> Self {
        Self {
            from: BufReader::with_capacity(64 << 10, from),
            number: 0,
        }
    }

    pub fn next(&mut self) -> io::Result<Option<Row>> {
        let (mut row, mut too_long) = (Vec::new(), false);
        let (mut depth, mut in_string, mut escaped, mut begun) = (0_u64, false, false, false);
        loop {
            let filled = self.from.fill_buf()?;
            if filled.is_empty() {
                break;
            }
            let (mut used, mut done, mut from) = (0, false, 0);
            for (at, byte) in filled.iter().enumerate() {
                used = at + 1;
                if !begun {
                    // The array's own brackets, and what is between elements; a byte-order mark too.
                    if byte.is_ascii_whitespace()
                        || matches!(byte, b'[' | b']' | b',' | 0xEF | 0xBB | 0xBF)
                    {
                        from = at + 1;
                        continue;
                    }
                    begun = true;
                    from = at;
                }
                if in_string {
                    match byte {
                        _ if escaped => escaped = false,
                        b'\\' => escaped = true,
                        b'"' => in_string = false,
                        _ => {}
                    }
                    if in_string || depth > 0 {
                        continue;
                    }
                    done = true;
                } else {
                    match byte {
                        b'"' => in_string = true,
                        b'{' | b'[' => depth += 1,
                        b'}' | b']' if depth > 0 => {
                            depth -= 1;
                            done = depth == 0;
                        }
                        b',' | b']' if depth == 0 => {
                            used = at;
                            done = true;
                        }
                        _ => {}
                    }
                }
                if done {
                    break;
                }
            }
            if begun {
                let taken = &filled[from.min(used)..used];
                if row.len() + taken.len() > ROW {
                    (too_long, row) = (true, Vec::new());
                }
                if !too_long {
                    row.extend_from_slice(taken);
                }
            }
            self.from.consume(used);
            if done {
                break;
            }
        }
        if !begun {
            return Ok(None);
        }
        self.number += 1;
        Ok(Some(if too_long {
            Row::TooLong
        } else {
            Row::Whole(row)
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<String> {
        let mut elements = Elements::new(text.as_bytes());
        let mut all = Vec::new();
        while let Some(row) = elements.next().expect("memory") {
            match row {
                Row::Whole(row) => all.push(String::from_utf8_lossy(&row).into_owned()),
                Row::TooLong => all.push("too long".into()),
            }
        }
        all
    }

    #[test]
    fn an_array_is_read_element_by_element() {
        assert_eq!(
            rows(r#"[ {"a": [1, "}]\" ,{"]}, {"b":2},"x,y", 7 ]"#),
            [r#"{"a": [1, "}]\" ,{"]}"#, r#"{"b":2}"#, "\"x,y\"", "7 "]
        );
        assert_eq!(rows("[]"), Vec::<String>::new());
        assert_eq!(rows("\u{FEFF}[{}]"), ["{}"]);
        assert_eq!(rows(r#"[{"a": "cut"#), [r#"{"a": "cut"#]);
    }

    #[test]
    fn a_row_that_is_too_long_is_passed_over_and_the_next_is_read() {
        let long = "x".repeat(ROW + 1);
        assert_eq!(
            rows(&format!(r#"[{{"a":"{long}"}},{{"b":1}}]"#)),
            ["too long", r#"{"b":1}"#]
        );
        let text = format!("{long}\n\n{{}}");
        let mut lines = Lines::new(text.as_bytes());
        assert_eq!(lines.next().expect("memory"), Some(Row::TooLong));
        assert_eq!(
            lines.next().expect("memory"),
            Some(Row::Whole(b"{}".to_vec()))
        );
        assert_eq!(lines.number, 3);
        assert_eq!(lines.next().expect("memory"), None);
    }
}

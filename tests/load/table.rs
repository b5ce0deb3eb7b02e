//! What does a person read of it? A table of medians, each with how many times better the first column is.

use crate::compare::{Measured, median};
use crate::row::Row;

/// What is worth a line, in this order; the rest is in the JSON.
const LINES: [(&str, &str); 19] = [
    ("messages_per_second", "messages/s"),
    ("server_cpu_us_per_message", "CPU µs/message"),
    ("server_cpu_us_per_delivery", "CPU µs/delivery"),
    ("ack_ms_p50", "answered, p50 ms"),
    ("ack_ms_p99", "answered, p99 ms"),
    ("server_mib", "memory, MiB"),
    ("requests_per_second", "requests/s"),
    ("server_cpu_us_per_request", "CPU µs/request"),
    ("answer_ms_p50", "answered, p50 ms"),
    ("answer_ms_p99", "answered, p99 ms"),
    ("bytes_per_answer", "bytes/answer"),
    ("seconds_until_all_are_back", "all are back, s"),
    ("server_cpu_us_per_return", "CPU µs/return"),
    ("bytes_per_socket", "RSS bytes/socket"),
    ("proportional_bytes_per_socket", "PSS bytes/socket"),
    ("server_mib_before", "MiB without"),
    ("server_cpu_us_to_open_one", "CPU µs to open one"),
    ("start_ms_median", "median ms"),
    ("start_ms_fastest", "fastest ms"),
];

pub fn print(row: &Row, measured: &Measured) {
    println!("\n{}: {}", row.name, row.about);
    print!("{:>20}", "");
    for (column, _) in &measured.columns {
        print!("{column:>23}");
    }
    println!();
    for (metric, label) in LINES {
        let medians: Vec<Option<f64>> = measured
            .columns
            .iter()
            .map(|(_, metrics)| metrics.get(metric).map(|turns| median(turns)))
            .collect();
        let Some(first) = medians.iter().flatten().next().copied() else {
            continue;
        };
        print!("{label:>20}");
        for (at, found) in medians.iter().enumerate() {
            let cell = match found {
                None => String::new(),
                Some(value) if at == 0 => short(*value),
                Some(value) => format!(
                    "{} ×{}",
                    short(*value),
                    short(better(metric, first, *value))
                ),
            };
            print!("{cell:>23}");
        }
        println!();
    }
}

/// How many times better the first one is than this one.
pub fn better(metric: &str, first: f64, this: f64) -> f64 {
    if metric.ends_with("per_second") {
        first / this
    } else {
        this / first
    }
}

/// Three digits say enough.
pub fn short(value: f64) -> String {
    match value.abs() {
        10_000.0.. => thousands(value.round() as i64),
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

pub fn thousands(number: i64) -> String {
    let digits = number.to_string();
    let mut spaced = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            spaced.push(',');
        }
        spaced.push(digit);
    }
    spaced
}

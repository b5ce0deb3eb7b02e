//! What does it look like? What `compare` found, as one picture: a dot for each server, on axes that grow tenfold.

use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, ensure};
use serde_json::Value;

/// Which rows are drawn, and what stands beside them.
const ROWS: [(&str, &str); 9] = [
    ("socket-1", "one at a time"),
    ("socket-16", "16 under way"),
    ("socket-512", "512 under way"),
    ("rest-16", "REST, 16 under way"),
    ("rest-512", "REST, 512 under way"),
    ("rooms-4x8", "4 rooms of 8"),
    ("pairs", "two by two"),
    ("fan-out", "heard by 1,000"),
    ("rooms-1000", "1,000 rooms"),
];
/// Legible on white and on black, and told apart without colours by their shapes.
const SERVERS: [(&str, &str, &str, Shape); 4] = [
    ("chat", "chat", "#1f7ae0", Shape::Circle),
    ("bun", "Bun, batched", "#d9822b", Shape::Diamond),
    ("node-batched", "Node, batched", "#2f9e51", Shape::Square),
    ("node", "Node", "#9a6dd7", Shape::Triangle),
];
const PANELS: [Panel; 2] = [
    Panel {
        metric: "messages_per_second",
        title: "messages per second (more is better)",
    },
    Panel {
        metric: "server_cpu_us_per_delivery",
        title: "server CPU per delivery, µs (less is better)",
    },
];

const LABELS: f64 = 170.0;
const PANEL: f64 = 320.0;
const GAP: f64 = 60.0;
const TOP: f64 = 74.0;
const ROW: f64 = 26.0;

struct Panel {
    metric: &'static str,
    title: &'static str,
}

#[derive(Clone, Copy)]
enum Shape {
    Circle,
    Diamond,
    Square,
    Triangle,
}

/// # Errors
/// Where the file is none that `compare --json` wrote, or none of the rows is in it.
pub fn draw(json: &Path, svg: &Path) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(json).with_context(|| json.display().to_string())?;
    let found: Value = serde_json::from_str(&text)?;
    let picture = picture(&found["rows"])?;
    std::fs::write(svg, picture).with_context(|| svg.display().to_string())
}

fn picture(found: &Value) -> anyhow::Result<String> {
    let rows: Vec<_> = ROWS
        .iter()
        .filter(|(name, _)| found[name].is_object())
        .collect();
    ensure!(
        !rows.is_empty(),
        "none of the rows that are drawn was measured"
    );
    let bottom = TOP + ROW * rows.len() as f64;
    let (width, height) = (LABELS + 2.0 * PANEL + 2.0 * GAP, bottom + 30.0);
    let mut svg = String::new();
    writeln!(
        svg,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" aria-label="chat beside Bun and Node: messages per second, and processor time per delivery">
<style>
text {{ font: 13px system-ui, sans-serif; fill: #57606a }}
.line {{ stroke: #8c959f; stroke-opacity: .35 }}
@media (prefers-color-scheme: dark) {{ text {{ fill: #9ea7b3 }} }}
</style>"#
    )?;
    for (at, (_, label, colour, shape)) in SERVERS.iter().enumerate() {
        let x = LABELS + 10.0 + 130.0 * at as f64;
        writeln!(svg, "{}", shape.at(x, 16.0, colour, label))?;
        writeln!(svg, r#"<text x="{}" y="20">{label}</text>"#, x + 12.0)?;
    }
    for (at, (_, label)) in rows.iter().enumerate() {
        let y = TOP + ROW * (at as f64 + 0.5);
        writeln!(
            svg,
            r#"<text x="{}" y="{}" text-anchor="end">{label}</text>"#,
            LABELS - 12.0,
            y + 4.0
        )?;
    }
    for (at, panel) in PANELS.iter().enumerate() {
        let left = LABELS + (PANEL + GAP) * at as f64;
        panel.draw(&mut svg, found, &rows, left)?;
    }
    svg.push_str("</svg>\n");
    Ok(svg)
}

impl Panel {
    fn draw(
        &self,
        svg: &mut String,
        found: &Value,
        rows: &[&(&str, &str)],
        left: f64,
    ) -> anyhow::Result<()> {
        let value = |row: &str, server: &str| {
            let median = &found[row]["columns"][server][self.metric]["median"];
            median.as_f64().filter(|value| *value > 0.0)
        };
        let all = rows.iter().flat_map(|(row, _)| {
            SERVERS
                .iter()
                .filter_map(move |(server, ..)| value(row, server))
        });
        let (least, most) = all.fold((f64::MAX, f64::MIN), |(least, most), value| {
            (least.min(value), most.max(value))
        });
        ensure!(least <= most, "{} was not measured", self.metric);
        // From one round number to another: 1, 2 or 5 times a power of ten.
        let ticks: Vec<f64> = (-3..9)
            .flat_map(|power| [1.0, 2.0, 5.0].map(|digit| digit * 10_f64.powi(power)))
            .collect();
        let first = ticks.iter().rposition(|tick| *tick <= least).unwrap_or(0);
        let last = ticks
            .iter()
            .position(|tick| *tick >= most)
            .unwrap_or(ticks.len() - 1);
        let (low, high) = (ticks[first].ln(), ticks[last.max(first + 1)].ln());
        let x = |value: f64| left + PANEL * (value.ln() - low) / (high - low);
        let bottom = TOP + ROW * rows.len() as f64;

        writeln!(
            svg,
            r#"<text x="{left}" y="{}">{}</text>"#,
            TOP - 14.0,
            self.title
        )?;
        for tick in &ticks[first..=last.max(first + 1)] {
            let x = x(*tick);
            writeln!(
                svg,
                r#"<line class="line" x1="{x:.1}" y1="{TOP}" x2="{x:.1}" y2="{bottom}"/>"#
            )?;
            // One word for each power of ten, and one for each step where there is room for it.
            let power = tick.log10();
            if (power - power.round()).abs() < 1e-9 || last - first < 7 {
                let label = tick_label(*tick);
                writeln!(
                    svg,
                    r#"<text x="{x:.1}" y="{}" text-anchor="middle">{label}</text>"#,
                    bottom + 18.0
                )?;
            }
        }
        for (at, (row, _)) in rows.iter().enumerate() {
            let y = TOP + ROW * (at as f64 + 0.5);
            let right = left + PANEL;
            writeln!(
                svg,
                r#"<line class="line" x1="{left}" y1="{y}" x2="{right}" y2="{y}"/>"#
            )?;
            // Ours last, so that it lies on top.
            for (server, label, colour, shape) in SERVERS.iter().rev() {
                if let Some(value) = value(row, server) {
                    let told = format!("{label}: {}", crate::table::short(value));
                    writeln!(svg, "{}", shape.at(x(value), y, colour, &told))?;
                }
            }
        }
        Ok(())
    }
}

fn tick_label(tick: f64) -> String {
    if tick >= 1.0 {
        crate::table::thousands(tick.round() as i64)
    } else {
        format!("{tick}")
    }
}

impl Shape {
    fn at(self, x: f64, y: f64, colour: &str, told: &str) -> String {
        let points = |offsets: &[(f64, f64)]| {
            offsets
                .iter()
                .fold(String::new(), |mut points, (right, down)| {
                    // A string takes everything.
                    let _ = write!(points, "{:.1},{:.1} ", x + right, y + down);
                    points
                })
        };
        let title = format!("<title>{told}</title>");
        let polygon = |offsets: &[(f64, f64)]| {
            let points = points(offsets);
            format!(
                r#"<polygon points="{}" fill="{colour}">{title}</polygon>"#,
                points.trim_end()
            )
        };
        match self {
            Self::Circle => {
                format!(r#"<circle cx="{x:.1}" cy="{y:.1}" r="6" fill="{colour}">{title}</circle>"#)
            }
            Self::Diamond => polygon(&[(0.0, -6.0), (6.0, 0.0), (0.0, 6.0), (-6.0, 0.0)]),
            Self::Square => polygon(&[(-4.5, -4.5), (4.5, -4.5), (4.5, 4.5), (-4.5, 4.5)]),
            Self::Triangle => polygon(&[(0.0, -6.0), (5.5, 4.5), (-5.5, 4.5)]),
        }
    }
}

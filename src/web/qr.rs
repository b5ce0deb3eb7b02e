//! Draws a link as a QR code, for a telephone to read from a screen.

use qrcode::QrCode;
use qrcode::render::{svg, unicode};

/// Pixels of a side.
const SIDE: u32 = 240;

/// An SVG document. Empty for a link that is too long for a code.
pub fn svg(link: &str) -> String {
    let code = QrCode::new(link).map(|code| {
        let mut drawing = code.render::<svg::Color>();
        drawing.min_dimensions(SIDE, SIDE).build()
    });
    code.unwrap_or_default()
}

/// Lines of a terminal, dark on light. Empty for a link that is too long for a code.
pub fn lines(link: &str) -> String {
    let code = QrCode::new(link).map(|code| {
        let mut drawing = code.render::<unicode::Dense1x2>();
        // The blocks are what is light on most terminals.
        let drawing = drawing.dark_color(unicode::Dense1x2::Light);
        drawing.light_color(unicode::Dense1x2::Dark).build()
    });
    code.unwrap_or_default()
}

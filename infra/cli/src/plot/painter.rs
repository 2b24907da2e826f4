//! A coloured line of a terminal.

pub(super) const WARN: &str = "33";

pub(super) const ALERT: &str = "31";

/// A coloured line, with an escape sequence only where the colour changes.
pub(super) struct Painter {
    line: String,
    colour: bool,
    now: Option<&'static str>,
}

impl Painter {
    pub(super) fn new(colour: bool) -> Self {
        Self { line: String::new(), colour, now: None }
    }

    pub(super) fn plain(&mut self, text: &str) {
        self.paint(text, None);
    }

    pub(super) fn paint(&mut self, text: &str, code: Option<&'static str>) {
        if self.colour && self.now != code {
            self.line.push_str(&format!("\u{1b}[{}m", code.unwrap_or("0")));
            self.now = code;
        }
        self.line.push_str(text);
    }

    pub(super) fn end(mut self) -> String {
        self.plain("");
        format!("{}\n", self.line.trim_end())
    }
}

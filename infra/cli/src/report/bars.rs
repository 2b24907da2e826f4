//! A bar chart for the terminal.

/// Height of the chart, in lines.
const ROWS: usize = 6;
/// Number of steps in the height of a line (Unicode, Block Elements).
const PARTS: usize = 8;
const BLOCKS: [char; PARTS + 1] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Maximum width of a bar with its gap, in columns.
const WIDEST: usize = 7;

/// Draws the bars with their names beneath, at most `width` columns wide. Each bar has at least two columns with its gap.
pub(super) fn bars(counts: &[(String, usize)], width: usize, colour: bool) -> String {
    let highest = counts.iter().map(|(_, count)| *count).max().unwrap_or(0).max(1);
    let left = highest.to_string().len();
    let each = (width.saturating_sub(left + 2) / counts.len().max(1)).clamp(2, WIDEST);
    let (begin, end) = if colour { ("\u{1b}[34m", "\u{1b}[0m") } else { ("", "") };
    let mut out = String::new();
    for row in (0..ROWS).rev() {
        let axis = if row + 1 == ROWS { format!("{highest} ┤") } else { format!("{:left$} │", "") };
        let cells: String = counts
            .iter()
            .map(|(_, count)| {
                let full = parts(*count, highest).saturating_sub(row * PARTS).min(PARTS);
                format!(" {}", BLOCKS[full].to_string().repeat(each - 1))
            })
            .collect();
        let cells = cells.trim_end();
        let painted = if cells.is_empty() { String::new() } else { format!("{begin}{cells}{end}") };
        out.push_str(&format!("{axis}{painted}\n"));
    }
    out.push_str(&format!("{:>left$} └{}\n", 0, "─".repeat(each * counts.len())));
    // Names that don't fit under one bar appear only under every second or third.
    let longest = counts.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let every = (longest + 1).div_ceil(each);
    let names: String = counts
        .chunks(every)
        .map(|some| format!(" {:<1$}", some[0].0, (each * every).saturating_sub(1)))
        .collect();
    out.push_str(format!("{:left$}  {names}", "").trim_end());
    out.push('\n');
    out
}

/// Returns the height of a bar in steps: at least one if the count isn't zero.
fn parts(count: usize, highest: usize) -> usize {
    let all = ROWS * PARTS;
    ((count * all + highest / 2) / highest).max(usize::from(count > 0))
}

//! A bar chart for the terminal: how many there were of each.

/// How high it is, in lines.
const ROWS: usize = 6;
/// A line has so many parts (Unicode, Block Elements).
const PARTS: usize = 8;
const BLOCKS: [char; PARTS + 1] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// No bar and the gap after it are wider.
const WIDEST: usize = 7;

/// The bars with their names beneath, at most so many columns wide as long as each has two.
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
    // Names that have no room between two bars stand under every second or third.
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

/// How many parts high: some, if there is any at all.
fn parts(count: usize, highest: usize) -> usize {
    let all = ROWS * PARTS;
    ((count * all + highest / 2) / highest).max(usize::from(count > 0))
}

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::axis::{Counts, Hours};
use super::{Chart, ChartLine, ChartPeriod, HEIGHT, Tone, WIDTH, png, png_sized, text};

const BLUE: [u8; 3] = [0x2f, 0x6d, 0xb5];
const ORANGE: [u8; 3] = [0xee, 0x8a, 0x00];
const RED: [u8; 3] = [0xc6, 0x1f, 0x2d];

/// A decoded PNG.
struct Picture {
    width: usize,
    height: usize,
    rgb: Vec<u8>,
}

impl Picture {
    fn read(bytes: &[u8]) -> Picture {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut rgb = vec![0; reader.output_buffer_size().unwrap()];
        let frame = reader.next_frame(&mut rgb).unwrap();
        assert_eq!(frame.color_type, png::ColorType::Rgb);
        Picture { width: frame.width as usize, height: frame.height as usize, rgb }
    }

    fn of(chart: &Chart<'_>) -> Picture {
        Picture::read(&png(chart))
    }

    fn at(&self, x: usize, y: usize) -> [u8; 3] {
        let from = (y * self.width + x) * 3;
        [self.rgb[from], self.rgb[from + 1], self.rgb[from + 2]]
    }

    /// Returns the pixels of exactly this colour, which excludes smoothed edges.
    fn spots(&self, color: [u8; 3]) -> Vec<(usize, usize)> {
        let all = (0..self.height).flat_map(|y| (0..self.width).map(move |x| (x, y)));
        all.filter(|&(x, y)| self.at(x, y) == color).collect()
    }

    fn columns(&self, color: [u8; 3]) -> Vec<usize> {
        let mut columns: Vec<_> = self.spots(color).into_iter().map(|(x, _)| x).collect();
        columns.sort_unstable();
        columns.dedup();
        columns
    }

    /// Returns the middle of the rows that mostly have this colour.
    fn row(&self, color: [u8; 3]) -> f64 {
        let spots = self.spots(color);
        let rows: Vec<_> = (0..self.height)
            .filter(|&row| spots.iter().filter(|(_, y)| *y == row).count() > self.width / 3)
            .map(|row| row as f64)
            .collect();
        assert!(!rows.is_empty(), "there is no such line");
        rows.iter().sum::<f64>() / rows.len() as f64
    }
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn berlin() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap()
}

fn chart(points: &[Option<u32>]) -> Chart<'_> {
    Chart {
        title: "Floor 2 / Shoes",
        caption: "87 of 100, usual for Saturday 14:00: 52",
        start: time("2025-09-06T06:00:00Z"),
        step: SignedDuration::from_mins(5),
        points,
        levels: &[],
        spans: &[],
        zone: berlin(),
        tone: Tone::Calm,
    }
}

/// The counts of a day, highest in the afternoon.
fn day() -> Vec<Option<u32>> {
    let usual = |i: u32| 95_u32.saturating_sub(i.abs_diff(160).pow(2) / 80);
    (0..288).map(|i| Some(usual(i) * (20 + i * 7919 % 5) / 20)).collect()
}

#[test]
fn a_chart_fits_into_a_message() {
    let mut points = day();
    points[40..60].fill(None);
    let levels = [
        ChartLine { at: 52, label: "usual 52", tone: Tone::Calm },
        ChartLine { at: 80, label: "busy 80", tone: Tone::Warn },
        ChartLine { at: 100, label: "limit 100", tone: Tone::Alert },
    ];
    let chart = Chart { levels: &levels, tone: Tone::Alert, ..chart(&points) };
    let bytes = png(&chart);
    assert!(bytes.len() < 15_000, "{} bytes", bytes.len());
    assert_eq!(bytes, png(&chart), "the same chart is the same file");
    let picture = Picture::read(&bytes);
    assert_eq!((picture.width, picture.height), (WIDTH as usize, HEIGHT as usize));
    let larger = Picture::read(&png_sized(&chart, 1000, 420));
    assert_eq!((larger.width, larger.height), (1000, 420));
}

#[test]
fn a_gap_has_no_line() {
    let mut points = vec![Some(50); 101];
    let whole = Picture::of(&chart(&points)).columns(BLUE);
    points[40..=60].fill(None);
    let broken = Picture::of(&chart(&points)).columns(BLUE);
    // Up to the white ring around the last point, which is five pixels wide.
    let line = whole.chunk_by(|a, b| a + 1 == *b).next().unwrap();
    let at = |point: usize| line[0] + (line.len() + 5) * point / 100;
    // From the point before the gap to the one after it, without the line's round ends.
    let gap: Vec<_> = (at(39) + 3..at(61) - 2).collect();
    assert!(gap.len() > 100 && gap.iter().all(|x| whole.contains(x) && !broken.contains(x)));
    assert!(broken.contains(&at(38)) && broken.contains(&at(62)));
}

#[test]
fn unknown_is_not_zero() {
    assert!(Picture::of(&chart(&[Some(0); 12])).columns(BLUE).len() > 500);
    for points in [&[None; 12][..], &[]] {
        assert!(Picture::of(&chart(points)).columns(BLUE).is_empty());
    }
}

#[test]
fn a_point_between_gaps_is_visible() {
    let points = [Some(90), None, Some(50), None, Some(10)];
    let picture = Picture::of(&chart(&points));
    let middle = picture.width / 2;
    assert!(picture.columns(BLUE).iter().any(|x| x.abs_diff(middle) < 40));
}

#[test]
fn levels_are_at_their_heights() {
    let (points, zero) = ([Some(20); 12], [ChartLine { at: 0, label: "", tone: Tone::Alert }]);
    let levels = [
        ChartLine { at: 50, label: "busy", tone: Tone::Warn },
        ChartLine { at: 100, label: "limit", tone: Tone::Alert },
    ];
    let picture = Picture::of(&Chart { levels: &levels, ..chart(&points) });
    let (half, all, line) = (picture.row(ORANGE), picture.row(RED), picture.row(BLUE));
    let all_zero = [Some(100); 12];
    let none = Picture::of(&Chart { levels: &zero, ..chart(&all_zero) }).row(RED);
    assert!((half - (none + all) / 2.0).abs() <= 1.5, "{all}, {half}, {none}");
    assert!((line - (none + (all - none) * 0.2)).abs() <= 1.5, "{all}, {line}, {none}");
}

#[test]
fn a_period_is_highlighted_at_its_time() {
    let points = [Some(5); 13];
    let span = |from: &str, to: &str| ChartPeriod { from: time(from), to: time(to), tone: Tone::Alert };
    let marked = |spans: &[ChartPeriod]| Picture::of(&Chart { spans, ..chart(&points) }).columns(RED);
    // The chart shows the hour from 06:00 to 07:00.
    let all = marked(&[span("2025-09-06T05:00:00Z", "2025-09-06T09:00:00Z")]);
    let quarter = marked(&[span("2025-09-06T06:15:00Z", "2025-09-06T06:30:00Z")]);
    assert!(quarter.len().abs_diff(all.len() / 4) < 3, "{} of {}", quarter.len(), all.len());
    assert!((quarter[0] - all[0]).abs_diff(all.len() / 4) < 3);
    let outside = [
        span("2025-09-06T04:00:00Z", "2025-09-06T05:00:00Z"),
        ChartPeriod { from: Timestamp::MAX, to: Timestamp::MIN, tone: Tone::Alert },
    ];
    assert!(marked(&outside).is_empty());
    assert!(!marked(&[span("2025-09-06T06:20:00Z", "2025-09-06T06:20:00Z")]).is_empty(), "a moment is seen");
}

#[test]
fn the_heading_stays_inside_the_picture() {
    let long = "Grüße aus dem Erdgeschoß ".repeat(4000);
    let picture = Picture::of(&Chart { title: &long, caption: &long, ..chart(&[]) });
    for y in 0..60 {
        for x in (0..15).chain(picture.width - 15..picture.width) {
            assert_eq!(picture.at(x, y), [255; 3], "at {x}, {y}");
        }
    }
}

#[test]
fn texts_are_cut_between_characters() {
    let room = text::width("Women and", 12.0) + text::width("…", 12.0);
    assert_eq!(text::cut("Women and children", 12.0, room), "Women and…");
    assert_eq!(text::cut("Women", 12.0, room), "Women");
    assert_eq!(text::cut("Women", 12.0, text::width("Women", 12.0)), "Women");
    assert_eq!(text::cut("Women", 12.0, 0.0), "");
    assert_eq!(text::cut("", 12.0, -5.0), "");
}

#[test]
fn a_character_that_the_font_lacks_is_a_box() {
    assert_eq!(text::width("鞋", 12.0), text::width("□", 12.0));
    assert!(text::outlines("鞋", 0.0, 0.0, 12.0).is_some());
    for known in ["ÄÖÜäöüß", "éèêçñåøłžő", "–…%≥≤·€×"] {
        assert!(!known.chars().any(|c| text::outlines(&c.to_string(), 0.0, 0.0, 12.0).is_none()));
        assert_ne!(text::width(known, 12.0), text::width(&"□".repeat(known.chars().count()), 12.0));
    }
    assert_eq!(text::width("e\u{301}\u{200d}", 12.0), text::width("e", 12.0));
}

#[test]
fn counts_have_round_ticks() {
    let ticks = |highest| {
        let counts = Counts::up_to(highest, 4);
        counts.ticks().map(|tick| counts.label(tick)).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(ticks(0), "0 1 2 3 4");
    assert_eq!(ticks(7), "0 2 4 6 8");
    assert_eq!(ticks(87), "0 25 50 75 100");
    assert_eq!(ticks(100), "0 25 50 75 100");
    assert_eq!(ticks(101), "0 50 100 150");
    assert_eq!(ticks(9_300), "0 2.5k 5k 7.5k 10k");
    assert_eq!(ticks(u32::MAX), "0 2000M 4000M 6000M");
}

/// Returns the labels of a chart with one point per hour.
fn hours(start: &str, hours: usize, most: f64) -> String {
    let (zone, hour) = (berlin(), SignedDuration::from_hours(1));
    let hours = Hours::of(time(start), hour, hours + 1, &zone).unwrap();
    let labels =
        hours.ticks(most).into_iter().map(|tick| format!("{}@{:.0}", tick.label, tick.place * 100.0));
    labels.collect::<Vec<_>>().join(", ")
}

#[test]
fn hours_are_those_of_the_shop() {
    assert_eq!(
        hours("2025-09-06T06:00:00Z", 10, 5.0),
        "08:00@0, 10:00@20, 12:00@40, 14:00@60, 16:00@80, 18:00@100"
    );
    assert_eq!(hours("2025-09-06T20:00:00Z", 4, 5.0), "22:00@0, 23:00@25, Sun 7 Sep@50, 01:00@75, 02:00@100");
    // The clocks go from 02:00 to 03:00, and from 03:00 back to 02:00.
    assert_eq!(
        hours("2025-03-29T23:00:00Z", 4, 5.0),
        "Sun 30 Mar@0, 01:00@25, 03:00@50, 03:00@50, 04:00@75, 05:00@100"
    );
    assert_eq!(
        hours("2025-10-25T22:00:00Z", 5, 5.0),
        "Sun 26 Oct@0, 01:00@20, 02:00@40, 03:00@80, 04:00@100"
    );
    assert_eq!(
        hours("2025-10-24T22:00:00Z", 73, 4.0),
        "Sat 25 Oct@0, Sun 26 Oct@33, Mon 27 Oct@67, Tue 28 Oct@100"
    );
    assert_eq!(hours("2025-01-01T23:00:00Z", 24 * 365, 3.0), "2 Jan 2025@0, 4 May 2025@33, 3 Sep 2025@67");
}

#[test]
fn a_chart_without_duration_has_no_hours() {
    let zone = TimeZone::UTC;
    let of = |step, points| Hours::of(Timestamp::UNIX_EPOCH, step, points, &zone).is_some();
    assert!(of(SignedDuration::from_secs(1), 2));
    assert!(!of(SignedDuration::from_secs(1), 1) && !of(SignedDuration::from_secs(1), 0));
    assert!(!of(SignedDuration::ZERO, 9) && !of(SignedDuration::from_secs(-1), 9));
    assert!(!of(SignedDuration::MAX, 2) && !of(SignedDuration::MAX, usize::MAX));
}

fn tone() -> impl Strategy<Value = Tone> {
    prop_oneof![Just(Tone::Calm), Just(Tone::Warn), Just(Tone::Alert)]
}

fn moment() -> impl Strategy<Value = Timestamp> {
    let seconds = Timestamp::MIN.as_second()..=Timestamp::MAX.as_second();
    prop_oneof![seconds, 1_757_000_000_i64..=1_757_600_000].prop_map(|at| Timestamp::from_second(at).unwrap())
}

fn count() -> impl Strategy<Value = u32> {
    prop_oneof![4 => 0_u32..200, 1 => any::<u32>(), 1 => Just(u32::MAX), 1 => Just(0)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_input_makes_a_picture(
        texts in (any::<String>(), any::<String>(), ".{0,300}"),
        start in moment(),
        step in prop_oneof![Just(300_i64), any::<i64>(), -5_i64..5, 1_i64..10_000_000_000],
        points in proptest::collection::vec(proptest::option::of(count()), 0..60),
        levels in proptest::collection::vec((count(), tone()), 0..40),
        spans in proptest::collection::vec((moment(), moment(), tone()), 0..8),
        tone in tone(),
        (width, height) in prop_oneof![(0_u32..60, 0_u32..400), (100_u32..500, 100_u32..300)],
    ) {
        let levels: Vec<_> = levels.into_iter().map(|(at, tone)| ChartLine { at, label: &texts.2, tone }).collect();
        let spans: Vec<_> = spans.into_iter().map(|(from, to, tone)| ChartPeriod { from, to, tone }).collect();
        let bytes = png_sized(&Chart {
            title: &texts.0,
            caption: &texts.1,
            start,
            step: SignedDuration::from_secs(step),
            points: &points,
            levels: &levels,
            spans: &spans,
            zone: berlin(),
            tone,
        }, width, height);
        let picture = Picture::read(&bytes);
        prop_assert_eq!((picture.width, picture.height), (width.max(1) as usize, height.max(1) as usize));
    }

    #[test]
    fn every_count_fits_on_its_axis(highest in any::<u32>(), steps in 0_u64..10) {
        let counts = Counts::up_to(highest, steps);
        prop_assert!(counts.top >= u64::from(highest));
        prop_assert!(counts.ticks().count() as u64 <= steps.max(1) + 1);
        prop_assert_eq!(counts.ticks().last(), Some(counts.top));
    }

    #[test]
    fn ticks_are_few(start in moment(), step in 1_i64..100_000_000, points in 2_usize..2_000, most in 0_f64..20.0) {
        let zone = berlin();
        if let Some(hours) = Hours::of(start, SignedDuration::from_secs(step), points, &zone) {
            let ticks = hours.ticks(most).len();
            prop_assert!(ticks as f64 <= most.max(1.0) * 2.0 + 3.0, "{ticks} ticks");
        }
    }
}

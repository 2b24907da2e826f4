use super::*;

fn day() -> Vec<Option<u32>> {
    let mut points: Vec<Option<u32>> =
        (0..1440_u32).map(|minute| Some(95_u32.saturating_sub(minute.abs_diff(800).pow(2) / 1600))).collect();
    points[1000..1060].fill(None);
    points
}

fn shown<'a>(
    points: &'a [Option<u32>],
    levels: &'a [Bounds],
    spans: &'a [(Timestamp, Timestamp, Level)],
) -> Plot<'a> {
    Plot {
        start: "2026-11-13T23:00:00Z".parse().unwrap(),
        counts: points,
        levels,
        spans,
        zone: TimeZone::get("Europe/Paris").unwrap(),
    }
}

const LEVELS: [Bounds; 2] =
    [Bounds { level: Level::Warn, at: 60, clear: 50 }, Bounds { level: Level::Alert, at: 80, clear: 70 }];

#[test]
fn a_day_in_a_terminal() {
    let points = day();
    let spans =
        [("2026-11-14T08:30:00Z".parse().unwrap(), "2026-11-14T16:00:00Z".parse().unwrap(), Level::Alert)];
    insta::assert_snapshot!(plot(&shown(&points, &LEVELS, &spans), 72, false), @r"
    100 ┤                             ⣀⣠⠤⠤⢤⣀
        │                          ⢀⡤⠚⠁    ⠈⠙⢦⡀
        │─────────────────────────⡴⠋──────────⠈⢳⡀────────────────── alert 80
     75 ┤                       ⢀⡞⠁             ⠙⠄
        │┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄⣠⠏┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄ warn 60
        │                     ⣰⠃                   ⢠
     50 ┤                    ⣰⠃                    ⠈⢧
        │                   ⢠⠇                      ⠈⢧
     25 ┤                  ⢠⠇                        ⠈⣇
        │                 ⢀⡞                          ⠘⡆
        │                 ⡼                            ⠹⡀
      0 ┤⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣰⠃                             ⢣⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀
        └┬─────────────┬──────────────┬─────────────┬──────────────
                               ████████████████████░
         00:00         06:00          12:00         18:00
         █ alert   ░ unknown
    ");
}

#[test]
fn the_chart_keeps_its_width_for_any_counts() {
    let week: Vec<Option<u32>> = day().into_iter().cycle().take(7 * 1440).collect();
    for points in [&week[..], &week[..30], &week[..1], &[Some(0); 90], &[None; 90], &[Some(4_000_000_000); 5]]
    {
        for width in [0, 40, 80, 200] {
            for line in plot(&shown(points, &LEVELS, &[]), width, false).lines() {
                assert!(line.chars().count() <= width.max(usize::from(NARROWEST) + 22), "{width}: {line}");
            }
        }
    }
    assert_eq!(plot(&shown(&[], &LEVELS, &[]), 80, false), "");
}

#[test]
fn colours_change_no_character() {
    let points = day();
    let spans =
        [("2026-11-14T08:30:00Z".parse().unwrap(), "2026-11-14T16:00:00Z".parse().unwrap(), Level::Warn)];
    let shown = shown(&points, &LEVELS, &spans);
    let coloured = plot(&shown, 80, true);
    let plain = coloured
        .split("\u{1b}[")
        .enumerate()
        .map(|(index, part)| if index == 0 { part } else { part.split_once('m').unwrap().1 });
    let trimmed = |text: &str| text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    assert_eq!(trimmed(&plain.collect::<String>()), trimmed(&plot(&shown, 80, false)));
    assert!(coloured.contains("\u{1b}[33m") && !coloured.contains("\u{1b}[33m\n"));
}

/// Draws only the time axis with its labels.
fn times(start: &str, hours: usize) -> String {
    let counts = vec![Some(1); hours * 60];
    let chart = plot(&Plot { start: start.parse().unwrap(), ..shown(&counts, &[], &[]) }, 83, false);
    chart.lines().skip(ROWS.into()).collect::<Vec<_>>().join("\n")
}

#[test]
fn days_and_hours_follow_the_clock_when_it_changes() {
    let charts = [
        times("2026-03-28T21:00:00Z", 8),
        times("2026-10-24T23:00:00Z", 3),
        times("2026-03-27T09:00:00Z", 4 * 24),
        times("2026-10-23T20:00:00Z", 4 * 24),
    ];
    insta::assert_snapshot!(charts.join("\n"), @r"
    └┬─────────┬─────────┬─────────┬─────────┬─────────┬─────────┬─────────┬─────────

     22:00     23:00     00:00     01:00     03:00     04:00     05:00     06:00
    └┬────────────┬────────────┬─────────────┬────────────┬────────────┬─────────────

     01:00        01:30        02:00         02:30        02:00        02:30
    └───────────┬───────────────────┬──────────────────┬───────────────────┬─────────

     Fri 27 Mar Sat 28 Mar          Sun 29 Mar         Mon 30 Mar          Tue 31 Mar
    └─┬───────────────────┬────────────────────┬───────────────────┬─────────────────

      Sat 24 Oct          Sun 25 Oct           Mon 26 Oct          Tue 27 Oct
    ");
}

#[test]
fn a_count_at_a_level_stands_in_its_line() {
    for at in 1..=250 {
        let levels = [Bounds { level: Level::Alert, at, clear: 0 }];
        for highest in [at, 100, 249, 1000] {
            let counts: Vec<Option<u32>> = [at, highest].into_iter().map(Some).collect();
            let chart = plot(&shown(&counts, &levels, &[]), 60, false);
            let line = chart.lines().find(|line| line.ends_with(&format!("alert {at}"))).unwrap();
            assert!(line.contains(|c| ('\u{2801}'..='\u{28ff}').contains(&c)), "{chart}");
        }
    }
}

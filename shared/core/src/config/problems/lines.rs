//! Checks of lines.

use jiff::SignedDuration;

use super::advice::{NAME_ADVICE, is_name};
use crate::address::E164;
use crate::config::{Config, Line};

pub(super) fn problems(config: &Config, report: &mut dyn FnMut(&[&str], String)) {
    let timezone = config.time_zone();
    for (name, line) in &config.lines {
        let at = ["lines", name.as_str()];
        if !is_name(name) {
            report(&at, format!("a line's {NAME_ADVICE}; use `label` for what people read"));
        }
        if config.twilio.is_none() {
            report(&at, "a line needs `twilio`: texts and calls come by it".into());
        }
        if config.lines.iter().any(|(other, line2)| other < name && line2.number == line.number) {
            report(
                &[at[0], at[1], "number"],
                "another line has this number already; a text goes to one team".into(),
            );
        }
        if config.webex.webhook.is_none() {
            report(&["webex"], "a line needs `webhook`: without it nobody hears what agents write".into());
        }
        countries(&at, line, report);
        whispers(&at, line, report);
        circles(&at, line, config, report);
        texts(&at, line, report);
        people(&at, line, report);
        waiting(&at, line, config, report);
        if let Some(hours) = &line.hours
            && let Err((path, what)) = hours.calendar(&timezone)
        {
            let path: Vec<&str> =
                at.into_iter().chain(["hours"]).chain(path.iter().map(String::as_str)).collect();
            report(&path, what);
        }
        limits(&at, line, report);
    }
}

fn countries(at: &[&str; 2], line: &Line, report: &mut dyn FnMut(&[&str], String)) {
    for (index, code) in line.countries.iter().enumerate() {
        if !code.strip_prefix('+').is_some_and(|digits| {
            (1..=7).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit())
        }) {
            report(
                &[at[0], at[1], "countries", &index.to_string()],
                "a calling code is + and digits: +1, +352".into(),
            );
        }
    }
}

fn whispers(at: &[&str; 2], line: &Line, report: &mut dyn FnMut(&[&str], String)) {
    for (index, whisper) in line.whispers.iter().enumerate() {
        let letters = whisper.chars().filter(|c| c.is_alphabetic()).count();
        if letters < 2 || whisper.lines().count() != 1 {
            report(
                &[at[0], at[1], "whispers", &index.to_string()],
                "a whisper begins with a word of two letters or more: `nota:`, `[internal]`".into(),
            );
        }
    }
}

fn circles(at: &[&str; 2], line: &Line, config: &Config, report: &mut dyn FnMut(&[&str], String)) {
    for (key, number) in [("forward", &line.voice.forward), ("after_hours", &line.voice.after_hours)] {
        let Some(number) = number else { continue };
        if *number == line.number {
            report(
                &[at[0], at[1], "voice", key],
                "calls would go round in circles: this is the line's own number".into(),
            );
        } else if comes_back(number, line, config) {
            report(
                &[at[0], at[1], "voice", key],
                "calls could go round in circles: that line passes them on to this one".into(),
            );
        }
    }
}

/// Returns true if calls to this number may be forwarded to the line, directly or through other lines.
fn comes_back(number: &E164, line: &Line, config: &Config) -> bool {
    let mut seen = vec![number];
    let mut next = 0;
    while let Some(number) = seen.get(next).copied() {
        for (_, other) in config.lines.iter().filter(|(_, other)| other.number == *number) {
            for onwards in [&other.voice.forward, &other.voice.after_hours].into_iter().flatten() {
                if !seen.contains(&onwards) {
                    seen.push(onwards);
                }
            }
        }
        next += 1;
    }
    seen.contains(&&line.number)
}

fn texts(at: &[&str; 2], line: &Line, report: &mut dyn FnMut(&[&str], String)) {
    let texts = &line.texts;
    for (key, text) in [
        ("welcome", &texts.welcome),
        ("nobody", &texts.nobody),
        ("closed", &texts.closed),
        ("missed_call", &texts.missed_call),
        ("closing", &texts.closing),
    ] {
        if text.as_ref().is_some_and(|text| text.trim().is_empty()) {
            report(
                &[at[0], at[1], "texts", key],
                "there are no words here; leave it out if nothing is to be said".into(),
            );
        }
    }
    for (name, _) in line.canned.iter().filter(|(_, text)| text.trim().is_empty()) {
        report(&[at[0], at[1], "canned", name], "there are no words here".into());
    }
}

fn people(at: &[&str; 2], line: &Line, report: &mut dyn FnMut(&[&str], String)) {
    if line.team.is_none() && line.agents.is_empty() {
        report(at, "a line needs a `team` or `agents`: who is to answer?".into());
    }
}

fn waiting(at: &[&str; 2], line: &Line, config: &Config, report: &mut dyn FnMut(&[&str], String)) {
    let Some(waiting) = &line.waiting else { return };
    match config.plans.get(&waiting.plan) {
        None => {
            let known = config.plans.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            report(
                &[at[0], at[1], "waiting", "plan"],
                format!("there is no plan {:?}; the plans are: {known}", waiting.plan),
            );
        }
        Some(_) if !is_name(&waiting.plan) => {
            report(&["plans", &waiting.plan], format!("the {NAME_ADVICE} if a line runs it"));
        }
        Some(_) => {}
    }
    if waiting.after.0 < SignedDuration::from_secs(10) {
        report(&[at[0], at[1], "waiting", "after"], "`after` is at least 10s".into());
    }
    if waiting.after.0 >= line.close_after.0 {
        report(
            &[at[0], at[1], "waiting", "after"],
            "nobody would be told: the conversation is over before it (`close_after`); make `close_after` longer".into(),
        );
    }
}

fn limits(at: &[&str; 2], line: &Line, report: &mut dyn FnMut(&[&str], String)) {
    let undo = line.undo.map_or(SignedDuration::ZERO, |undo| undo.0);
    if !(SignedDuration::ZERO..=SignedDuration::from_secs(60)).contains(&undo) {
        report(&[at[0], at[1], "undo"], "`undo` is at most 60s: the customer waits for it".into());
    }
    if line.close_after.0 < SignedDuration::from_mins(10) {
        report(&[at[0], at[1], "close_after"], "`close_after` is at least 10m".into());
    }
    if !(1..=3650).contains(&line.keep_days) {
        report(&[at[0], at[1], "keep_days"], "`keep_days` is 1 to 3650".into());
    }
    for (key, limit) in [
        ("per_minute", line.limits.per_minute),
        ("per_day", line.limits.per_day),
        ("parts_per_day", line.limits.parts_per_day),
    ] {
        if limit == 0 {
            report(&[at[0], at[1], "limits", key], "a limit of 0 would keep every answer here".into());
        }
    }
    if !(5..=60).contains(&line.voice.ring.0.as_secs()) {
        report(&[at[0], at[1], "voice", "ring"], "`ring` is 5s to 60s".into());
    }
}

//! The house rules of metrics: the dashboard shows each one that the code writes, and no other.

use std::collections::BTreeSet;

use handbell_local::cloud::template;

use super::read;

/// Returns the texts between two marks.
fn between<'a>(source: &'a str, begin: &str, end: &str) -> BTreeSet<&'a str> {
    source.split(begin).skip(1).filter_map(|rest| rest.split(end).next()).collect()
}

fn written(code: &str) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    for unit in ["Count", "Seconds", "Milliseconds", "Percent"] {
        let end = format!("\", \"{unit}\")");
        names.extend(
            code.split(end.as_str())
                .filter_map(|before| before.rsplit("(\"").next())
                .filter(|name| !name.is_empty() && name.chars().all(char::is_alphabetic)),
        );
    }
    names
}

fn shown(template: &str) -> BTreeSet<&str> {
    let mut names = between(template, "[\"Handbell\", \"", "\"");
    names.extend(between(template, "MetricName=\\\"", "\\\""));
    names
}

#[test]
fn the_dashboard_shows_every_metric_that_the_code_writes() {
    let code = read("shared/boot/src/metrics.rs");
    assert!(written(&code).len() >= 10, "{:?}", written(&code));
    assert_eq!(shown(template::SOURCE), written(&code));
    // The test notices a metric that is missing on either side.
    let fewer = template::SOURCE.replace("[\"Handbell\", \"MailsTaken\"", "[\"Other\", \"MailsTaken\"");
    assert_ne!(shown(&fewer), written(&code));
}

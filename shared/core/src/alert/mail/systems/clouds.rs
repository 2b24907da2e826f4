//! Clouds, and services that evaluate metrics.

use super::form::{Line, System, end, states, trouble};

// SNS cuts a subject at 100 characters; the text has the whole name.
const NAME: Line = Line::Whole("- name: {name}");

pub(super) const SYSTEMS: &[System] = &[
    System {
        name: "Amazon CloudWatch",
        hints: &[],
        forms: &[
            states("{state}: \"{name}\" in {*}").line(NAME),
            states("{state}: \"{name}\"{*}").line(NAME),
            states("{state}: \"{name}").line(NAME),
        ],
    },
    System {
        name: "Azure Monitor",
        hints: &[],
        forms: &[
            trouble("fired:sev{*} azure monitor alert {name} at {*}"),
            trouble("fired:sev{*} azure monitor alert {name}"),
            end("resolved:sev{*} azure monitor alert {name} at {*}"),
            end("resolved:sev{*} azure monitor alert {name}"),
            trouble("azure: activated severity: {*} {name}"),
            end("azure: deactivated severity: {*} {name}"),
            trouble("alert '{name}' was fired"),
            end("alert '{name}' was resolved"),
        ],
    },
    System {
        name: "Datadog",
        hints: &[],
        forms: &[
            states("[monitor alert] {state} on {name}: {name}"),
            states("[monitor alert] {state}: {name}"),
            states("[{*}] [{state} on {name}] {name}"),
            states("[{state} on {name}] {name}"),
        ],
    },
];

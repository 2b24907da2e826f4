//! Clouds, and services that evaluate metrics.

use super::{System, end, news, states, trouble};

pub(super) const SYSTEMS: &[System] = &[
    System {
        name: "Amazon CloudWatch",
        hints: &[],
        forms: &[
            states("{state}: \"{name}\" in {*}"),
            // SNS cuts a subject at 100 characters.
            states("{state}: \"{name}\"{*}"),
            states("{state}: \"{name}"),
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
    System {
        name: "Site24x7",
        hints: &["site24x7"],
        forms: &[
            trouble("{name} is down{*}"),
            trouble("{name} is critical{*}"),
            trouble("{name} is in trouble{*}"),
            end("{name} is up{*}"),
        ],
    },
    System {
        name: "Opsgenie",
        hints: &["opsgenie"],
        forms: &[
            news("[opsgenie] alert #{*}: {*} acknowledged {name}"),
            end("[opsgenie] alert #{*}: {*} closed {name}"),
        ],
    },
];

//! Services that watch web sites and scheduled jobs from outside.

use super::{System, end, states, trouble};

pub(super) const SYSTEMS: &[System] = &[
    System {
        name: "Uptime Kuma",
        hints: &[],
        forms: &[
            trouble("[{name}] [🔴 down] {*}"),
            end("[{name}] [✅ up] {*}"),
            trouble("[{name}] [⚠️ pending] {*}"),
        ],
    },
    System {
        name: "UptimeRobot",
        hints: &[],
        forms: &[states("monitor is {state}: {name}"), states("monitor {state}: {name}")],
    },
    System {
        name: "Pingdom",
        hints: &[],
        forms: &[
            states("{type} alert: {name} ({name}) is {state}"),
            states("{type} alert: {name} is {state}"),
        ],
    },
    System { name: "Healthchecks", hints: &[], forms: &[states("{state} | {name}")] },
    System {
        name: "StatusCake",
        hints: &[],
        forms: &[
            trouble("your site '{name}' went down{*}"),
            trouble("your site '{name}' is down{*}"),
            end("your site '{name}' is back up{*}"),
            end("your site '{name}' went back up{*}"),
        ],
    },
];

//! Services that watch web sites and scheduled jobs from outside.

use super::form::{System, end, news, states, trouble};

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
            states("{type} alert: {name} is {state}"),
            states("pingdomalert {type}: {name} is {state} since {*}"),
            states("pingdomalert {type}: {name} is {state}"),
        ],
    },
    System {
        name: "Healthchecks",
        hints: &[],
        forms: &[
            states("{state} | {name}"),
            news("reminder: {*} check{*} still down"),
            news("the check \"{name}\" is flapping"),
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
            news("root cause analysis report - {name}"),
        ],
    },
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
    System {
        name: "Gatus",
        hints: &[],
        forms: &[trouble("{name}: alert triggered"), end("{name}: alert resolved")],
    },
];

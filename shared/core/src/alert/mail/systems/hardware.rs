//! Disks, arrays, power, backups and networks.

use super::super::words::Tone;
use super::{System, end, news, states, trouble};

const TRUENAS: &[(&str, Tone)] = &[
    ("new alert", Tone::Trouble),
    ("the following alert has been cleared", Tone::Good),
    ("these alerts have been cleared", Tone::Good),
    ("current alert", Tone::Trouble),
];

pub(super) const SYSTEMS: &[System] = &[
    System {
        name: "smartd",
        hints: &[],
        forms: &[
            trouble("smart error ({*}) detected on host: {name}").line("device: {name} [{*}"),
            trouble("smart error ({*}) detected on host: {name}").line("device: {name}, {*}"),
        ],
    },
    System {
        name: "mdadm",
        hints: &[],
        forms: &[
            end("rebuildfinished event on {name}"),
            end("spareactive event on {name}"),
            news("rebuildstarted event on {name}"),
            news("rebuild{*} event on {name}"),
            news("newarray event on {name}"),
            trouble("fail event on {name}"),
            trouble("failspare event on {name}"),
            trouble("degradedarray event on {name}"),
            trouble("devicedisappeared event on {name}"),
            trouble("{*}event on /dev/md{name}"),
        ],
    },
    System {
        name: "Proxmox VE",
        hints: &[],
        forms: &[
            trouble("fence: {*} node '{name}'{*}").about("fencing"),
            end("succeed: fencing: {*} node '{name}'{*}").about("fencing"),
            end("vzdump backup status ({name}) : backup successful"),
            end("vzdump backup status ({name}): backup successful"),
            trouble("vzdump backup status ({name}) {*}"),
            trouble("vzdump backup status ({name}): {*}"),
        ],
    },
    System {
        name: "TrueNAS",
        hints: &["truenas", "freenas"],
        forms: &[trouble("{name}: alerts").headings(TRUENAS), trouble("{name}").headings(TRUENAS)],
    },
    System { name: "Veeam", hints: &[], forms: &[states("[{state}] {name} ({*} object{*}")] },
    System {
        name: "Switches",
        hints: &[],
        forms: &[trouble("link down on {name}").about("link"), end("link up on {name}").about("link")],
    },
    System {
        name: "UniFi",
        hints: &["unifi", "ubiquiti", "ui.com"],
        forms: &[
            trouble("{name} was disconnected{*}"),
            trouble("{name} lost contact{*}"),
            trouble("{name} is offline{*}"),
            end("{name} was connected{*}"),
            end("{name} was reconnected{*}"),
            end("{name} is connected{*}"),
            end("{name} is online{*}"),
        ],
    },
    System {
        name: "apcupsd",
        hints: &[],
        forms: &[
            trouble("{name} power failure !!!").about("power"),
            trouble("{name} power failure").about("power"),
            end("{name} power has returned").about("power"),
            trouble("{name} communications with ups {name} lost").about("communications"),
            end("{name} communications with ups {name} restored").about("communications"),
            trouble("{name} ups {name} communications lost").about("communications"),
            end("{name} ups {name} communications restored").about("communications"),
        ],
    },
];

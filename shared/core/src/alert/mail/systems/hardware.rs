//! Disks, arrays, power, backups and networks.

use super::super::words::Tone;
use super::form::{Line, System, end, news, states, trouble};

const TRUENAS: &[(&str, Tone)] = &[
    ("new alert", Tone::Trouble),
    ("the following alert has been cleared", Tone::Good),
    ("these alerts have been cleared", Tone::Good),
    ("current alert", Tone::Trouble),
];

const DEVICE: Line = Line::Part("device: {name},{*}");
const DEVICE_NAME: Line = Line::Part("device name: {name}");

pub(super) const SYSTEMS: &[System] = &[
    System {
        name: "smartd",
        hints: &[],
        forms: &[trouble("smart error ({*}) detected on host: {name}").line(DEVICE)],
    },
    System {
        name: "mdadm",
        hints: &[],
        forms: &[
            end("rebuildfinished event on {name}"),
            end("spareactive event on {name}"),
            news("rebuildstarted event on {name}"),
            news("rebuild{*} event on {name}"),
            news("movespare event on {name}"),
            news("newarray event on {name}"),
            trouble("fail event on {name}"),
            trouble("failspare event on {name}"),
            trouble("degradedarray event on {name}"),
            trouble("sparesmissing event on {name}"),
            trouble("devicedisappeared event on {name}"),
        ],
    },
    System {
        name: "OpenZFS zed",
        hints: &[],
        forms: &[
            trouble("zfs device fault for pool {name} on {name}"),
            trouble("zfs {*} error for {name} on {name}"),
            end("zfs resilver_finish event for {name} on {name}").needs(&["state: online"]),
            news("zfs resilver_finish event for {name} on {name}"),
            news("zfs scrub_finish event for {name} on {name}").needs(&["state: online"]),
        ],
    },
    System {
        name: "Proxmox VE",
        hints: &[],
        forms: &[
            trouble("fence: {*} node '{name}'{*}").about("fencing"),
            end("succeed: fencing: {*} node '{name}'{*}").about("fencing"),
            end("vzdump backup status ({name}) : backup successful").about("vzdump"),
            end("vzdump backup status ({name}): backup successful").about("vzdump"),
            trouble("vzdump backup status ({name}) {*}").about("vzdump"),
            trouble("vzdump backup status ({name}): {*}").about("vzdump"),
            trouble("replication job: '{name}' failed").about("replication"),
            trouble("{name} datastore '{name}' failed"),
            end("{name} datastore '{name}' successful"),
        ],
    },
    System {
        name: "TrueNAS",
        hints: &["truenas", "freenas"],
        forms: &[trouble("{name}: alerts").headings(TRUENAS), trouble("{name}").headings(TRUENAS)],
    },
    System {
        name: "Synology DSM",
        hints: &["synology"],
        forms: &[
            trouble("[{name}] {name} has degraded{*}"),
            trouble("[{name}] {name} has crashed{*}"),
            end("[{name}] {name} has been repaired{*}"),
        ],
    },
    System {
        name: "Veeam",
        hints: &[],
        forms: &[states("[{state}] {name} ({*} object{*}"), states("[{state}] {name} ({*} instance{*}")],
    },
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
            trouble("[unifi{*}] {name} disconnected").line(DEVICE_NAME),
            end("[unifi{*}] {name} connected").line(DEVICE_NAME),
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
            trouble("{name} communications with ups lost").about("communications"),
            end("{name} communications with ups restored").about("communications"),
        ],
    },
    System {
        name: "NUT",
        hints: &[],
        forms: &[
            trouble("ups {name} on battery").about("power"),
            end("ups {name} on line power").about("power"),
            trouble("communications with ups {name} lost").about("communications"),
            end("communications with ups {name} established").about("communications"),
        ],
    },
];

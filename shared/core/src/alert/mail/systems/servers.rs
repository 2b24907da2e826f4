//! Systems that watch servers and services.

use super::form::{Form, Line, System, end, news, states, trouble};

const fn system(name: &'static str, forms: &'static [Form]) -> System {
    System { name, hints: &[], forms }
}

/// Lines by which a mail says that its subject is no news of its own.
const NOTIFICATION_IS_NEWS: &[&str] =
    &["notification type: acknowledgement", "notification type: flapping", "notification type: downtime"];

// The update of a problem has no such line.
const HOST: Line = Line::Label("host: {name}");

pub(super) const SYSTEMS: &[System] = &[
    system(
        "Nagios",
        &[
            states("** {type} service alert: {name} is {state} **"),
            states("** {type} host alert: {name} is {state} **"),
            states("** {type} alert - {name} is {state} **"),
        ],
    ),
    system(
        "Icinga 2",
        &[
            states("[{type}] host {name} is {state}!"),
            states("[{type}] {name} is {state}!"),
            states("{type} - {name} is {state}"),
        ],
    ),
    System {
        name: "Zabbix",
        hints: &["zabbix", "original problem id", "problem name:"],
        forms: &[
            trouble("problem: {name}").line(HOST),
            end("resolved in {*}: {name}").line(HOST),
            end("resolved: {name}").line(HOST),
            trouble("updated problem in {*}: {name}").line(HOST),
            trouble("updated problem: {name}").line(HOST),
        ],
    },
    system("PRTG", &[states("{name} {old} ended (now: {state}){*}")]),
    System {
        name: "PRTG",
        hints: &["prtg"],
        forms: &[
            news("{name} down (acknowledged{*}"),
            news("{name} down ended (now: down (acknowledged{*}"),
            news("{name} paused{*}"),
            news("{name} resumed{*}"),
            trouble("{name} down escalation{*}"),
            trouble("{name} warning escalation{*}"),
            trouble("{name} down (partial){*}"),
            trouble("{name} down ({*}"),
            trouble("{name} down"),
            trouble("{name} warning ({*}"),
            trouble("{name} warning"),
            trouble("{name} unusual ({*}"),
            trouble("{name} unknown ({*}"),
            end("{name} up ({*}"),
            end("{name} up"),
        ],
    },
    system(
        "Alertmanager and Grafana",
        &[
            trouble("[firing{*}] ({labels})").group(),
            trouble("[firing{*}] {name} ({labels})").group(),
            trouble("[firing{*}] {name}").group(),
            trouble("[resolved:{*}firing{*}] {name}").group(),
            end("[resolved{*}] ({labels})").group(),
            end("[resolved{*}] {name} ({labels})").group(),
            end("[resolved{*}] {name}").group(),
            end("[ok] {name}").free(),
            trouble("[alerting] {name}").free(),
            trouble("[no data] {name}").free(),
            trouble("[pending] {name}").free(),
            news("[paused] {name}").free(),
        ],
    ),
    system(
        "Netdata",
        &[
            trouble("warning, {name} = {*}, on {name}"),
            trouble("critical, {name} = {*}, on {name}"),
            end("clear, {name} (was {*}), on {name}"),
            end("clear, {name} (alarm was raised for {*}), on {name}"),
            trouble("{name} needs attention - {name}"),
            trouble("{name} needs attention, {name}"),
            trouble("{name} is critical - {name}"),
            trouble("{name} is critical, {name}"),
            end("{name} recovered - {name}"),
            end("{name} recovered, {name}"),
        ],
    ),
    system(
        "LibreNMS",
        &[
            end("device {name} recovered from {name}"),
            news("alert for device {name} - {name} got acknowledged"),
            news("alert for device {name} - {name} got better"),
            trouble("alert for device {name} - {name} got worse"),
            trouble("alert for device {name} - {name}"),
        ],
    ),
    system(
        "Xymon",
        &[
            states("xymon [{*}] {name} {state} ({*}){*}"),
            trouble("xymon [{*}] {name} stopped reporting{*}"),
            end("xymon {name} recovered{*}"),
            news("xymon {name} disabled{*}"),
        ],
    ),
    system(
        "Centreon",
        &[
            news("host {old} alert for {name}").needs(NOTIFICATION_IS_NEWS),
            states("host {state} alert for {name}"),
            states("*** {type} : host: {name} {state} ***"),
            states("*** {type} : {name} {state} on {name} ***"),
            states("*** {type} {name} {state} ***"),
        ],
    ),
    system("OMD", &[states("*** {type} *** {name} is {state}")]),
    system("Munin", &[states("munin {state}: {name}")]),
    system(
        "Observium",
        &[trouble("alert: [{name}"), trouble("alert reminder: [{name}"), end("recover: [{name}")],
    ),
    system(
        "OpenNMS",
        &[
            end("cleared: notice #{*}: {name}"),
            end("resolved: notice #{*}: {name}"),
            end("notice #{*}: {name} threshold rearmed for {name}"),
            trouble("notice #{*}: {name} threshold for {name}"),
            trouble("notice #{*}: {name}"),
        ],
    ),
    System {
        name: "GoAlert",
        hints: &["goalert"],
        forms: &[
            // The number is the only name that all mails of an alert have.
            news("alert #{name}: acknowledged by {*}"),
            news("alert #{name}: escalated {*}"),
            news("alert #{name}: escalation requested{*}"),
            news("alert #{name}: notification sent{*}"),
            news("alert #{name}: suppressed duplicate{*}"),
            end("alert #{name}: closed by {*}"),
            end("alert #{name}: closed due to {*}"),
            trouble("alert #{name}: {*}"),
        ],
    },
    system(
        "Jenkins",
        &[
            trouble("build failed in jenkins: {name} #{*}"),
            end("jenkins build is back to normal : {name} #{*}"),
            end("jenkins build is back to stable : {name} #{*}"),
            trouble("jenkins build is still unstable: {name} #{*}"),
            trouble("jenkins build is unstable: {name} #{*}"),
            trouble("jenkins build became unstable: {name} #{*}"),
        ],
    ),
    system("Sensu", &[states("sensu alert - {name}: {state}")]),
    system("cron", &[trouble("cron <{name}> {name}")]),
];

//! Checks of the mailboxes that Handbell reads.

use crate::config::Mailbox;

pub(super) fn problems(at: &[&str; 3], mailbox: &Mailbox, report: &mut dyn FnMut(&[&str], String)) {
    let mut at_key = |key: &str, what: String| report(&[at[0], at[1], at[2], key], what);
    match mailbox.url.split_once("://") {
        Some((scheme @ ("imaps" | "pop3s" | "imap" | "pop3"), rest)) => {
            let host = host(rest);
            if host.is_none() {
                at_key("url", "an address is imaps:// or pop3s:// and a host, with :port or without, and nothing more: imaps://imap.example.com".into());
            }
            if !scheme.ends_with('s') && host.is_some_and(|host| !is_this_machine(host)) {
                at_key(
                    "url",
                    format!("without TLS everybody on the way reads the password; write {scheme}s://"),
                );
            }
            if scheme.starts_with("pop3") && mailbox.move_to.is_some() {
                at_key("move_to", "POP3 knows no folders; leave `move_to` out or use imaps://".into());
            }
            if scheme.starts_with("pop3") && !mailbox.folder.eq_ignore_ascii_case("inbox") {
                at_key("folder", "POP3 knows no folders; leave `folder` out or use imaps://".into());
            }
        }
        _ => at_key("url", "an address begins with imaps:// or pop3s://".into()),
    }
    if mailbox.user.trim().is_empty() {
        at_key("user", "nobody is named here".into());
    }
    if mailbox.folder.trim().is_empty() {
        at_key("folder", "a folder has a name; leave it out for the inbox".into());
    }
    if mailbox.move_to.as_ref().is_some_and(|folder| folder.trim().is_empty()) {
        at_key("move_to", "a folder has a name; leave it out to leave the mails where they are".into());
    }
    if mailbox.move_to.as_ref().is_some_and(|folder| *folder == mailbox.folder) {
        at_key("move_to", "mails would be moved to where they are; name another folder than `folder`".into());
    }
    // A line break would end the command to the mail server, and the rest would be read as another command.
    for (key, text) in [
        ("user", Some(&mailbox.user)),
        ("folder", Some(&mailbox.folder)),
        ("move_to", mailbox.move_to.as_ref()),
    ] {
        if text.is_some_and(|text| text.contains(char::is_control)) {
            at_key(key, "this must be one line without control characters".into());
        }
    }
    if mailbox.password.is_some() == mailbox.oauth.is_some() {
        report(at, "a mailbox has one of `password` and `oauth`".into());
    }
}

/// Returns the host of `host`, `host:port`, `[::1]` or `[::1]:port`.
fn host(rest: &str) -> Option<&str> {
    let (host, port) = match rest.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']')?;
            host.parse::<std::net::Ipv6Addr>().ok()?;
            (host, if after.is_empty() { None } else { Some(after.strip_prefix(':')?) })
        }
        None => match rest.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (rest, None),
        },
    };
    let is_host =
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte));
    let is_port = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    (is_host && is_port).then_some(host)
}

fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

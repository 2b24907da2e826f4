//! Limits of forms: per IP address, per number, and in total.

use std::net::{IpAddr, Ipv6Addr};

use bytes::Bytes;
use handbell_store::Counters;
use http::Request;
use sha2::{Digest, Sha256};

use crate::Fault;
use crate::dependencies::{Time, parts};

/// IP address of the caller, as API Gateway saw it. Boot attaches it to each request.
#[derive(Clone, Debug)]
pub struct SourceIp(pub String);

/// Limits of forms: from one IP address in an hour and in a day, for one number in an hour, and in total in a day.
const PER_HOUR: u32 = 20;
const PER_DAY: u32 = 240;
const PER_NUMBER: u32 = 5;
const OF_ALL: u32 = 5000;

const HOUR: i64 = 3600;
const DAY: i64 = 86_400;

parts! {
    /// Counts forms.
    pub(crate) struct FormLimits {
        counters: Counters,
        time: Time,
    }
}

impl FormLimits {
    /// Counts a form of this kind, and returns whether it may be taken.
    pub(crate) async fn is_welcome(
        &self,
        kind: &str,
        request: &Request<Bytes>,
        number: Option<&str>,
    ) -> Result<bool, Fault> {
        let now = self.time.now();
        let (hour, day) = (now.as_second().div_euclid(HOUR), now.as_second().div_euclid(DAY));
        let source = request.extensions().get::<SourceIp>().map_or("", |source| source.0.as_str());
        let source = network(source);
        // Counted by a digest that contains the day: the table doesn't remember who looked at a form.
        let who = digest(&format!("{day}#{source}"));
        let mut counts =
            vec![(format!("{kind}:{who}:{hour}"), PER_HOUR, HOUR), (format!("{kind}:{who}"), PER_DAY, DAY)];
        counts.extend(number.map(|number| (format!("{kind}:{}:{hour}", digest(number)), PER_NUMBER, HOUR)));
        // Last: one address that sends too much must not close the form for everybody.
        counts.push((format!("{kind}:{day}"), OF_ALL, DAY));
        for (what, limit, keep) in counts {
            if self.counters.count(&what, 1, now, keep).await? >= limit {
                tracing::warn!(kind, "too many forms; one was rejected");
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Returns the network of an address: one customer of a provider has 2^64 addresses of IPv6.
fn network(source: &str) -> String {
    match source.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V4(address)) => address.to_string(),
        Ok(IpAddr::V6(address)) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).to_string(),
        Err(_) => "unknown".to_owned(),
    }
}

/// Returns 24 hexadecimal digits, which are the same for the same text and reveal nothing about it.
pub(crate) fn digest(text: &str) -> String {
    handbell_core::hex(&Sha256::digest(text)[..12])
}

#[cfg(test)]
mod tests {
    use super::network;

    #[test]
    fn a_network_of_ipv6_counts_as_one_sender() {
        assert_eq!(network("203.0.113.7"), "203.0.113.7");
        assert_eq!(network("::ffff:203.0.113.7"), "203.0.113.7");
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2::1"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("nonsense"), network(""));
    }
}

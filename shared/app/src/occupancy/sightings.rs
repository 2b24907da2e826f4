//! SightingBatches of devices that CMX or Meraki pushes: `/cmx/{site}`, `/meraki/{site}`.

use bytes::Bytes;
use handbell_core::Rejected;
use handbell_core::config::{Source, Zone};
use handbell_inbound::sightings;
use handbell_store::{SeenRow, SightingBatches};
use http::{Method, Request, Response, StatusCode};
use secrecy::ExposeSecret;

use crate::configuration::Configuration;
use crate::dependencies::{Time, parts};
use crate::secrets::{Secrets, values};
use crate::{Failed, answer, header, refuse};

parts! {
    /// Stores the devices that CMX and Meraki see.
    pub struct SightingsPush {
        config: Configuration,
        sightings: SightingBatches,
        secrets: Secrets,
        time: Time,
    }
}

impl SightingsPush {
    /// Answers 200 once the sightings are stored. No address of a device is kept, only a keyed hash of it.
    pub async fn answer(&self, request: Request<Bytes>) -> Response<Bytes> {
        self.take(&request).await.unwrap_or_else(|failed| refuse(&failed))
    }

    async fn take(&self, request: &Request<Bytes>) -> Result<Response<Bytes>, Failed> {
        let path = request.uri().path();
        let (of_cmx, name) = match (path.strip_prefix("/cmx/"), path.strip_prefix("/meraki/")) {
            (Some(name), _) => (true, name),
            (_, Some(name)) => (false, name),
            _ => return Err(Rejected::Unknown.into()),
        };
        let (name, site) = self.config.site_named(name).ok_or(Rejected::Unknown)?;
        let now = self.time.now();
        let zones: Vec<(&str, &Zone)> = self
            .config
            .zones
            .iter()
            .filter(|(_, zone)| zone.site == name)
            .map(|(name, zone)| (name.as_str(), zone))
            .collect();
        let key = match site.source() {
            Some(Source::CmxPush(push)) if of_cmx => &push.key,
            Some(Source::MerakiPush(push)) if !of_cmx => {
                if request.method() == Method::GET {
                    // Meraki validates the receiver once, when it is set up.
                    let validator = self.secrets.get(&push.validator.secret, now).await?;
                    return Ok(answer(StatusCode::OK, validator.expose_secret().to_owned()));
                }
                &push.key
            }
            _ => return Err(Rejected::Unknown.into()),
        };
        if request.method() != Method::POST {
            return Err(Rejected::Unknown.into());
        }
        let read = |keys: &[&str]| {
            // A reader of the table must not be able to try out addresses: the key is the salt.
            let salt = keys.first().copied().unwrap_or_default().as_bytes().to_vec();
            if of_cmx {
                sightings::cmx(header(request, "authorization"), request.body(), keys, &salt, &zones)
            } else {
                sightings::meraki(request.body(), keys, &salt, &zones, now)
            }
        };
        let read = |secrets: &_| read(&values(secrets, [key.secret.as_str()]));
        let seen = self.secrets.verify(now, read, |seen| matches!(seen, Err(Rejected::Forged))).await??;
        let pack = |devices| handbell_store::Bytes(sightings::pack(devices));
        let row = SeenRow {
            seen: seen.seen.iter().map(|(zone, devices)| (zone.clone(), pack(devices))).collect(),
            gone: pack(&seen.gone),
            at_ms: now.as_millisecond(),
        };
        self.sightings.add_sightings(name, seen.digest, &row).await?;
        Ok(answer(StatusCode::OK, ""))
    }
}

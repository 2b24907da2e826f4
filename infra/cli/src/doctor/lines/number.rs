//! Checks where Twilio sends the texts and calls of a line's number.

use handbell_core::config::Line;
use reqwest::Url;
use serde::Deserialize;

use super::{Asked, Found};

/// Limit of Twilio's answer, in bytes. Only one page of numbers is requested.
const ANSWER_MAX: u64 = 1024 * 1024;

#[derive(Deserialize)]
struct Numbers {
    incoming_phone_numbers: Vec<Number>,
}

/// A number of the account (Twilio, IncomingPhoneNumbers resource).
#[derive(Deserialize)]
struct Number {
    phone_number: String,
    #[serde(default)]
    sms_url: Option<String>,
    #[serde(default)]
    sms_method: Option<String>,
    /// Application `AP…`, whose URLs replace those of the number.
    #[serde(default)]
    sms_application_sid: Option<String>,
    #[serde(default)]
    voice_url: Option<String>,
    #[serde(default)]
    voice_method: Option<String>,
    #[serde(default)]
    voice_application_sid: Option<String>,
    #[serde(default)]
    status_callback: Option<String>,
    #[serde(default)]
    status_callback_method: Option<String>,
    /// Trunk `TK…`, which gets the calls.
    #[serde(default)]
    trunk_sid: Option<String>,
    #[serde(default)]
    capabilities: Capabilities,
}

#[derive(Default, Deserialize)]
struct Capabilities {
    #[serde(default)]
    sms: Option<bool>,
    #[serde(default)]
    voice: Option<bool>,
}

/// Destination of the texts or of the calls.
struct Way<'a> {
    what: &'static str,
    key: &'static str,
    path: &'static str,
    url: Option<&'a str>,
    method: Option<&'a str>,
    /// The application or trunk that takes precedence over the URL.
    instead: Option<&'a str>,
    can: Option<bool>,
}

pub(super) async fn check(asked: &Asked<'_>, line: &Line, found: &mut Found) {
    let number = match ask(asked, &line.number).await {
        Ok(number) => number,
        Err(why) => {
            let advice = "Check `twilio.account`, its secret, and that the number belongs to this account.";
            return found.wrong(&format!("the settings of {}: {why}", line.number), advice);
        }
    };
    let given = |text: &'_ Option<String>| text.as_deref().filter(|text| !text.is_empty()).map(str::to_owned);
    let trunk = given(&number.trunk_sid).or_else(|| given(&number.voice_application_sid));
    let application = given(&number.sms_application_sid);
    let ways = [
        Way {
            what: "texts",
            key: "A message comes in",
            path: "/twilio/sms",
            url: number.sms_url.as_deref(),
            method: number.sms_method.as_deref(),
            instead: application.as_deref(),
            can: number.capabilities.sms,
        },
        Way {
            what: "calls",
            key: "A call comes in",
            path: "/twilio/voice",
            url: number.voice_url.as_deref(),
            method: number.voice_method.as_deref(),
            instead: trunk.as_deref(),
            can: number.capabilities.voice,
        },
        // Without it, nobody learns of a caller who hangs up during the announcement.
        Way {
            what: "ends of calls",
            key: "Call status changes",
            path: "/twilio/voice/status",
            url: number.status_callback.as_deref(),
            method: number.status_callback_method.as_deref(),
            instead: trunk.as_deref(),
            can: number.capabilities.voice,
        },
    ];
    for way in ways {
        way.check(asked.public_url, found);
    }
}

impl Way<'_> {
    fn check(&self, public_url: Option<&str>, found: &mut Found) {
        let Self { what, key, path, .. } = self;
        let wanted = format!("{}{path}", public_url.unwrap_or("https://…"));
        let advice =
            format!("In Twilio's console, on the number's page under {key:?}: Webhook, {wanted}, HTTP POST.");
        let url = self.url.unwrap_or_default();
        // What stands behind `#` tells Twilio how to retry (Twilio documentation, "Webhooks connection overrides").
        let address = url.split('#').next().unwrap_or_default();
        let is_ours = match public_url {
            Some(_) => address == wanted,
            None => address.starts_with("https://") && address.ends_with(path),
        };
        if self.can == Some(false) {
            found.wrong(
                &format!("{what}: this number can't receive any"),
                "Use another number, or do without them on this line.",
            );
        } else if let Some(instead) = self.instead {
            found.wrong(&format!("{what} go to {instead}, not to Handbell"), &advice);
        } else if url.is_empty() {
            found.wrong(&format!("{what} go nowhere"), &advice);
        } else if !is_ours {
            found.wrong(&format!("{what} go to {url}, not to Handbell"), &advice);
        } else if self.method.is_some_and(|method| method.eq_ignore_ascii_case("GET")) {
            found.wrong(&format!("{what} go to {url} with GET, which Handbell doesn't serve"), &advice);
        } else {
            found.good(&format!("{what} go to {url}"));
        }
    }
}

/// Asks Twilio for the number's settings. The error is for people.
async fn ask(asked: &Asked<'_>, number: &str) -> Result<Number, String> {
    let Some(twilio) = &asked.twilio else { return Err("the configuration has no `twilio`".to_owned()) };
    let (base, account) = &asked.twilio_at;
    let no_address = || format!("{base:?} is not an address of Twilio");
    let mut url = Url::parse(base).map_err(|_| no_address())?;
    url.path_segments_mut().map_err(|()| no_address())?.pop_if_empty().extend([
        "2010-04-01",
        "Accounts",
        account,
        "IncomingPhoneNumbers.json",
    ]);
    url.query_pairs_mut().append_pair("PhoneNumber", number);
    let answer = twilio.fetch(url.as_str(), ANSWER_MAX).await.map_err(|failure| failure.why().to_owned())?;
    let numbers: Numbers =
        serde_json::from_slice(&answer.bytes).map_err(|_| "Twilio's answer can't be read".to_owned())?;
    // The filter also matches parts of numbers.
    let mut numbers = numbers.incoming_phone_numbers.into_iter();
    numbers
        .find(|own| own.phone_number == number)
        .ok_or_else(|| "Twilio says that the account has no such number".to_owned())
}

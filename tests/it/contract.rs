//! Checks every request to the vendors, and every response of the simulated vendors, against the vendors' own OpenAPI documents.
//!
//! The documents allow more than they mean: they close no object and require next to nothing, so that a misspelt field would pass.
//! Here every object is closed, a response of Twilio has all fields (Twilio sends null for a field without a value), and one of
//! Webex has its id. [`departures::DEPARTURES`] lists by name, and with the reason, what the vendors do differently from their
//! documents. A departure that nothing needs any more fails too.

mod departures;
mod document;
mod engine;
mod hooks;
mod mail;
mod schema;
mod stage;
mod teeth;
mod twilio;
mod webex;

use std::collections::BTreeSet;
use std::path::Path;

use handbell_sim::wire::WireEntry;

use departures::{DEPARTURES, Departure};
use document::Contract;
use document::Vendor::{Twilio as T, Webex as W};
use engine::{a_customer, an_alert};
use mail::all_of_ses;
use stage::Stage;
use twilio::all_of_twilio;
use webex::all_of_webex;

/// Returns everything that is wrong with the recorded exchanges, as far as the documents describe them.
fn problems(entries: &[WireEntry], without: Option<Departure>) -> Vec<String> {
    let (webex, twilio) = (Contract::new(W, without), Contract::new(T, without));
    let mut wrong = Vec::new();
    for entry in entries {
        wrong.extend(match (entry.from.as_str(), entry.to.as_str()) {
            // What a person does with a phone is no request to Twilio.
            ("phone", "twilio") => Vec::new(),
            (_, "webex") => webex.check(entry),
            (_, "twilio") => twilio.check(entry),
            ("webex", _) => webex.check_webhook(entry),
            // Twilio fetches a picture that is to go with a text. Such a request contains nothing to check.
            ("twilio", _) if entry.method == "GET" => Vec::new(),
            ("twilio", _) => twilio.check_callback(entry),
            // The location of Twilio's files is no part of its API. On the laptop, both have one address, so the password is sent
            // there as well. A test of the client checks that another server doesn't receive the password.
            (_, "twilio-cdn") => Vec::new(),
            _ => Vec::new(),
        });
    }
    wrong
}

/// Operations that the simulated vendors never accept: numbers are bought and people are created elsewhere.
const NEVER: &[&str] = &[
    "POST /people",
    "PUT /people/{personId}",
    "DELETE /people/{personId}",
    "DELETE /2010-04-01/Accounts/{AccountSid}/IncomingPhoneNumbers/{Sid}.json",
    "POST /2010-04-01/Accounts/{AccountSid}/IncomingPhoneNumbers.json",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_exchange_follows_the_contracts() {
    let direct = async {
        let stage = Stage::new(false, |config| config).await;
        all_of_webex(&stage).await;
        all_of_twilio(&stage).await;
        all_of_ses(&stage).await;
        stage.entries().await
    };
    let (mut entries, customers, direct) = tokio::join!(an_alert(), a_customer(), direct);
    entries.extend(customers);
    for (what, applied) in [
        ("the webhook was registered", said(&entries, "POST", "/webhooks", 200)),
        ("a picture was posted", entries.iter().any(|entry| entry.body.starts_with("(multipart)"))),
        ("somebody was unknown", said(&entries, "POST", "/memberships", 404)),
        ("a number was refused", said(&entries, "POST", "/Messages.json", 400)),
        ("a text was sent", said(&entries, "POST", "/Messages.json", 201)),
        ("somebody was called", said(&entries, "POST", "/Calls.json", 201)),
        ("Webex told us", said(&entries, "POST", "/webex", 200)),
        ("a text's receipt was told", said(&entries, "POST", "/twilio/sms/status", 200)),
        ("a key was pressed", said(&entries, "POST", "/twilio/voice/key", 200)),
        ("a customer texted", said(&entries, "POST", "/twilio/sms", 200)),
        ("a customer called", said(&entries, "POST", "/twilio/voice", 200)),
        ("nobody took the call", said(&entries, "POST", "/twilio/voice/dialed", 200)),
        ("a message was recorded", said(&entries, "POST", "/twilio/voice/recorded", 200)),
        ("a recording was fetched", entries.iter().any(|entry| entry.url.ends_with(".mp3"))),
        ("a picture was fetched", entries.iter().any(|entry| entry.to == "twilio-cdn")),
        ("an agent's file was fetched", entries.iter().any(|entry| entry.url.contains("/contents/"))),
        (
            "a post was looked at or changed",
            said(&entries, "PUT", "/messages/", 200) || said(&entries, "GET", "/messages/", 200),
        ),
    ] {
        assert!(applied, "it isn't tested that {what}");
    }
    entries.extend(direct);

    let wrong: BTreeSet<String> = problems(&entries, None).into_iter().collect();
    assert!(wrong.is_empty(), "{} departures:\n{}", wrong.len(), Vec::from_iter(wrong).join("\n"));
    for (vendor, departure, why) in DEPARTURES {
        assert!(
            !problems(&entries, Some(*departure)).is_empty(),
            "{vendor:?} needs no {departure:?} any more ({why})"
        );
    }

    let mut left: BTreeSet<String> = BTreeSet::new();
    for contract in [Contract::new(W, None), Contract::new(T, None)] {
        for (path, item) in contract.document["paths"].as_object().expect("paths") {
            left.extend(
                item.as_object()
                    .expect("methods")
                    .keys()
                    .map(|method| format!("{} {path}", method.to_uppercase())),
            );
        }
        for entry in entries.iter().filter(|entry| (200..300).contains(&entry.status)) {
            if let Ok((operation, _)) = contract.operation(entry) {
                left.remove(&operation.name);
            }
        }
    }
    assert_eq!(left, NEVER.iter().map(|name| (*name).to_owned()).collect(), "operations that are not tested");
}

fn said(entries: &[WireEntry], method: &str, path: &str, status: u16) -> bool {
    let is = |entry: &WireEntry| {
        let url = entry.url.split('?').next().unwrap_or_default();
        let there = if path.ends_with('/') { url.contains(path) } else { url.ends_with(path) };
        entry.method == method && entry.status == status && there
    };
    entries.iter().any(is)
}

/// A method that is added to a client has to be called here too.
#[test]
fn every_method_of_the_clients_is_called() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let here: String = sources(&root.join("it/contract")).split_whitespace().collect();
    for client in ["webex", "twilio", "ses"] {
        let source = sources(&root.join("../shared/outbound/src").join(client));
        let methods: Vec<_> =
            source.split("pub async fn ").skip(1).filter_map(|rest| rest.split(['(', '<']).next()).collect();
        assert!(!methods.is_empty(), "no method of {client} was found");
        for name in methods {
            assert!(here.contains(&format!("{client}.{name}(")), "{client}.{name}");
        }
    }
}

/// Returns all sources of a folder, one after the other.
fn sources(folder: &Path) -> String {
    let files = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let files = files.flatten().map(|file| file.path());
    files
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
        .map(|path| std::fs::read_to_string(path).expect("a source"))
        .collect()
}

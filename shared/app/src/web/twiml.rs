//! Responses to Twilio.

use bytes::Bytes;
use handbell_outbound::twiml::{Verb, response};
use http::{Response, StatusCode};

use crate::{Failed, Fault, typed};

/// Returns verbs that say a text and hang up.
pub(crate) fn goodbye(text: &str) -> Vec<Verb> {
    vec![Verb::Say { text: text.to_owned(), language: None, voice: None }, Verb::Hangup]
}

/// Returns the verbs as a response.
pub(crate) fn twiml(verbs: &[Verb]) -> Result<Response<Bytes>, Failed> {
    let xml = response(verbs).map_err(|error| Fault::caused(error.to_string(), error))?;
    Ok(typed(StatusCode::OK, "text/xml; charset=utf-8", xml))
}

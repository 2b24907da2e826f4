//! A request to Webex and its answer: the parts of the API that all endpoints share.

use std::sync::Arc;

use axum::http::StatusCode;
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::refusal::Refusal;
use super::state::{File, State};

/// Handler of an endpoint.
pub(super) type Act = fn(&mut State, &Call) -> Result<Answer, Refusal>;

/// A received file, by multipart or fetched from its URL.
#[derive(Debug)]
pub(super) struct Upload {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) bytes: Bytes,
}

/// An authenticated request.
#[derive(Debug, Default)]
pub(super) struct Call {
    /// The caller.
    pub(super) caller: String,
    /// Whether the caller is a bot, which sees less.
    pub(super) bot: bool,
    /// The `{id}` of the path.
    pub(super) id: String,
    /// The whole URL without its query.
    pub(super) url: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) body: Map<String, Value>,
    pub(super) upload: Option<Upload>,
    pub(super) now: Timestamp,
}

/// A successful answer.
pub(super) enum Answer {
    /// 200 with one object.
    One(Value),
    /// 200 with `items`, and the URL of the next page.
    Page(Vec<Value>, Option<String>),
    /// 204.
    Done,
    /// 200 with a file.
    File(Arc<File>),
}

impl Call {
    /// Returns a parameter of the query. An empty one counts as absent.
    pub(super) fn asked(&self, key: &str) -> Option<&str> {
        self.query.iter().find(|(k, v)| k == key && !v.is_empty()).map(|(_, v)| v.as_str())
    }

    /// Returns a text of the body. Null and empty count as absent.
    pub(super) fn text(&self, key: &str) -> Result<Option<&str>, Refusal> {
        match self.body.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
            Some(_) => Err(Refusal::bad(format!("'{key}' must be a string."))),
        }
    }

    /// Returns a required text of the body.
    pub(super) fn need(&self, key: &str) -> Result<&str, Refusal> {
        self.text(key)?.ok_or_else(|| Refusal::bad(format!("'{key}' is required.")))
    }

    /// Returns a boolean of the body, which is text in a form.
    pub(super) fn flag(&self, key: &str) -> Result<Option<bool>, Refusal> {
        match self.body.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(Value::String(word)) if word == "true" || word == "false" => Ok(Some(word == "true")),
            Some(_) => Err(Refusal::bad(format!("'{key}' must be a boolean."))),
        }
    }

    /// Returns a list of the body, or an empty one.
    pub(super) fn array(&self, key: &str) -> Result<&[Value], Refusal> {
        match self.body.get(key) {
            None | Some(Value::Null) => Ok(&[]),
            Some(Value::Array(items)) => Ok(items),
            Some(_) => Err(Refusal::bad(format!("'{key}' must be an array."))),
        }
    }

    /// Returns the number of items in a page: the requested one, up to Webex's limit.
    pub(super) fn max(&self, usual: usize, most: usize) -> Result<usize, Refusal> {
        match self.asked("max") {
            None => Ok(usual),
            Some(max) => match max.parse::<usize>() {
                Ok(max) if max > 0 => Ok(max.min(most)),
                _ => Err(Refusal::bad("'max' must be a positive number.")),
            },
        }
    }

    /// Returns a page of the items. The URL's `cursor` is the position of the next one.
    pub(super) fn page(&self, items: Vec<Value>, usual: usize, most: usize) -> Result<Answer, Refusal> {
        let max = self.max(usual, most)?;
        let from: usize = self
            .asked("cursor")
            .map_or(Ok(0), str::parse)
            .map_err(|_| Refusal::bad("'cursor' is not valid."))?;
        let more = items.len() > from.saturating_add(max);
        let page = items.into_iter().skip(from).take(max).collect();
        Ok(Answer::Page(page, more.then(|| self.next(from + max))))
    }

    /// Returns the URL of this list from the cursor on.
    pub(super) fn next(&self, cursor: impl ToString) -> String {
        let cursor = cursor.to_string();
        let mut query: Vec<(&str, &str)> =
            self.query.iter().filter(|(k, _)| k != "cursor").map(|(k, v)| (k.as_str(), v.as_str())).collect();
        query.push(("cursor", &cursor));
        format!("{}?{}", self.url, serde_html_form::to_string(query).unwrap_or_default())
    }
}

pub(super) fn no_such_place(_: &mut State, _: &Call) -> Result<Answer, Refusal> {
    Err(Refusal::new(StatusCode::NOT_FOUND, "The requested resource could not be found."))
}

pub(super) fn wrong_method(_: &mut State, _: &Call) -> Result<Answer, Refusal> {
    Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "Request method is not supported here."))
}

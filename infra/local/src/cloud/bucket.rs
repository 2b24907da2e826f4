//! S3: one bucket, path style, with the operations that Handbell needs: Put, Get, Head, Delete and ListObjectsV2.

mod list;
mod request;
mod shelf;

use std::io;
use std::path::Path;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;

use super::CloudError;
use super::door::Door;
use handbell_sim::Stage;
use list::escaped;
use request::{Query, check_signed, decoded, text};
use shelf::Shelf;

/// The bucket's name.
pub const NAME: &str = "handbell-mail-local";
/// Limit of an object, in bytes: the largest mail that SES accepts. S3 itself accepts more.
pub const LARGEST: usize = 40 * 1024 * 1024;
/// Path of the bucket on the runner.
const PATH: &str = "/aws/s3/";
/// The longest key, in bytes of UTF-8 (S3, "Naming Amazon S3 objects").
const KEY: usize = 1024;
/// S3's default content type.
const UNKNOWN_KIND: &str = "binary/octet-stream";

/// The bucket. Cheap to clone.
#[derive(Clone)]
pub struct Bucket {
    stage: Stage,
    shelf: Arc<Shelf>,
}

/// S3's refusal: status, code and message.
struct Refusal(StatusCode, &'static str, String);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self(status, code, message) = self;
        let (message, id) = (escaped(&message), uuid::Uuid::new_v4().simple().to_string());
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message><RequestId>{id}</RequestId></Error>"
        );
        (status, [("content-type", "application/xml"), ("x-amz-request-id", &id)], body).into_response()
    }
}

type Answer = Result<Response, Refusal>;

fn refuse<T>(status: StatusCode, code: &'static str, message: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal(status, code, message.into()))
}

fn throttled() -> Response {
    Refusal(StatusCode::SERVICE_UNAVAILABLE, "SlowDown", "Please reduce your request rate.".into())
        .into_response()
}

fn broken(error: &io::Error) -> Refusal {
    let message = format!("the laptop's bucket can't use its folder: {error}");
    Refusal(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", message)
}

impl Bucket {
    /// Opens a bucket in memory, or in a directory with the objects there.
    pub fn open(stage: Stage, data: Option<&Path>) -> Result<Self, CloudError> {
        let shelf = match data {
            Some(data) => {
                let folder = data.join("bucket");
                Shelf::open(&folder).map_err(|error| CloudError::File(folder, error))?
            }
            None => Shelf::default(),
        };
        Ok(Self { stage, shelf: Arc::new(shelf) })
    }

    /// Stores an object, replacing any with the same key. The error is that of its file.
    pub fn put(&self, key: &str, kind: &str, content: &Bytes) -> io::Result<()> {
        self.shelf.put(key, kind, content, self.stage.clock.now()).map(drop)
    }

    /// Returns the content of an object, if it exists. The error is that of its file.
    pub fn get(&self, key: &str) -> io::Result<Option<Bytes>> {
        Ok(self.shelf.get(key)?.map(|(_, content)| content))
    }

    /// Returns all keys in S3's order.
    pub fn keys(&self) -> Vec<String> {
        self.shelf.after("", "").map(|(key, _)| key).collect()
    }

    /// Answers a request, unless the current trouble is a lost answer.
    pub async fn handle(&self, request: Request) -> Response {
        let door = Door { stage: &self.stage, service: "s3", largest: LARGEST, throttled };
        let answer = |parts: &Parts, body: Option<&Bytes>, at: Timestamp| {
            self.answer(parts, body, at).unwrap_or_else(Refusal::into_response)
        };
        door.pass(request, answer).await
    }

    fn answer(&self, parts: &Parts, body: Option<&Bytes>, at: Timestamp) -> Answer {
        let path = parts.uri.path().strip_prefix(PATH).unwrap_or_default();
        let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
        let Some(key) = decoded(key) else {
            return refuse(StatusCode::BAD_REQUEST, "InvalidURI", "Couldn't parse the specified URI.");
        };
        let query = Query::of(parts);
        let Some(body) = body else {
            let message = "Your proposed upload exceeds the maximum allowed size: 40 MB on the laptop.";
            return refuse(StatusCode::BAD_REQUEST, "EntityTooLarge", message);
        };
        check_signed(&parts.headers, &query, body)?;
        if bucket != NAME {
            return refuse(StatusCode::NOT_FOUND, "NoSuchBucket", "The specified bucket does not exist");
        }
        if key.len() > KEY {
            return refuse(StatusCode::BAD_REQUEST, "KeyTooLongError", "Your key is too long");
        }
        match (&parts.method, key.as_str()) {
            (&Method::GET, "") => self.list(&query),
            (_, "") => {
                let message = "the laptop's S3 knows of a bucket only ListObjectsV2";
                refuse(StatusCode::NOT_IMPLEMENTED, "NotImplemented", message)
            }
            (&Method::PUT, key) => self.put_object(&parts.headers, &query, key, body, at),
            (&Method::GET | &Method::HEAD, key) => self.get_object(key),
            (&Method::DELETE, key) => {
                self.shelf.delete(key).map_err(|error| broken(&error))?;
                Ok(StatusCode::NO_CONTENT.into_response())
            }
            _ => {
                let message = "the laptop's S3 knows of an object only Put, Get, Head and Delete";
                refuse(StatusCode::NOT_IMPLEMENTED, "NotImplemented", message)
            }
        }
    }

    fn put_object(
        &self,
        headers: &HeaderMap,
        query: &Query,
        key: &str,
        body: &Bytes,
        at: Timestamp,
    ) -> Answer {
        // An unsupported feature must fail, so that the caller doesn't believe that it worked.
        let unknown = ["x-amz-copy-source", "if-none-match", "if-match"]
            .into_iter()
            .find(|name| headers.contains_key(*name))
            .or_else(|| ["uploadId", "partNumber"].into_iter().find(|name| query.get(name).is_some()));
        if let Some(unknown) = unknown {
            let message = format!("the laptop's S3 doesn't know {unknown}");
            return refuse(StatusCode::NOT_IMPLEMENTED, "NotImplemented", message);
        }
        let kind = text(headers, "content-type").unwrap_or(UNKNOWN_KIND);
        let object = self.shelf.put(key, kind, body, at).map_err(|error| broken(&error))?;
        Ok([(header::ETAG, object.etag)].into_response())
    }

    fn get_object(&self, key: &str) -> Answer {
        let Some((object, content)) = self.shelf.get(key).map_err(|error| broken(&error))? else {
            return refuse(StatusCode::NOT_FOUND, "NoSuchKey", "The specified key does not exist.");
        };
        let modified = object.modified.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let headers = [
            (header::CONTENT_TYPE, object.kind),
            (header::ETAG, object.etag),
            (header::LAST_MODIFIED, modified),
            (header::ACCEPT_RANGES, "bytes".to_owned()),
        ];
        Ok((headers, content).into_response())
    }
}

#[cfg(test)]
#[path = "bucket_tests.rs"]
mod tests;

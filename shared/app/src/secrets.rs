//! Secrets: one document, kept for five minutes. After a bad signature it is fetched again, at most once a minute.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use crate::Fault;

/// Reads the whole document.
pub type Fetch = Arc<
    dyn Fn() -> Pin<Box<dyn Future<Output = Result<BTreeMap<String, SecretString>, Fault>> + Send>>
        + Send
        + Sync,
>;

const KEPT: SignedDuration = SignedDuration::from_mins(5);
const AGAIN: SignedDuration = SignedDuration::from_mins(1);

pub(crate) type All = Arc<BTreeMap<String, SecretString>>;

/// The secrets, by name. Clones share the fetched document.
#[derive(Clone)]
pub struct Secrets {
    fetch: Fetch,
    kept: Arc<Mutex<Option<(Timestamp, All)>>>,
}

impl Secrets {
    /// Creates secrets that `fetch` reads.
    pub fn new(fetch: Fetch) -> Self {
        Self { fetch, kept: Arc::default() }
    }

    /// Returns all secrets. If they can't be fetched again, the earlier ones still serve: a secret store that is down
    /// must not silence an alert.
    pub async fn all(&self, now: Timestamp) -> Result<All, Fault> {
        self.no_older_than(KEPT, now).await
    }

    /// Returns all secrets, fetched again if they are older than a minute: for a signature that didn't verify.
    async fn newest(&self, now: Timestamp) -> Result<All, Fault> {
        self.no_older_than(AGAIN, now).await
    }

    /// Checks something with the secrets. If the result is that of a wrong secret, the secrets are fetched again, unless
    /// they are newer than a minute, and the check is repeated: a secret may just have been replaced.
    pub(crate) async fn verify<T>(
        &self,
        now: Timestamp,
        check: impl Fn(&All) -> T,
        is_wrong: impl Fn(&T) -> bool,
    ) -> Result<T, Fault> {
        let first = check(&self.all(now).await?);
        if !is_wrong(&first) {
            return Ok(first);
        }
        drop(first);
        Ok(check(&self.newest(now).await?))
    }

    async fn no_older_than(&self, age: SignedDuration, now: Timestamp) -> Result<All, Fault> {
        let mut kept = self.kept.lock().await;
        if let Some((at, all)) = kept.as_ref()
            && now.duration_since(*at) < age
        {
            return Ok(Arc::clone(all));
        }
        match (self.fetch)().await {
            Ok(all) => {
                let all = Arc::new(all);
                *kept = Some((now, Arc::clone(&all)));
                Ok(all)
            }
            Err(fault) => match kept.as_mut() {
                Some((at, all)) => {
                    tracing::warn!(reason = %fault, "secrets could not be fetched again; the earlier ones are used");
                    *at = now;
                    Ok(Arc::clone(all))
                }
                None => Err(fault),
            },
        }
    }

    /// Returns the secret of this name.
    pub async fn get(&self, name: &str, now: Timestamp) -> Result<SecretString, Fault> {
        let all = self.all(now).await?;
        all.get(name)
            .cloned()
            .ok_or_else(|| Fault::from(format!("the secret {name:?} is not in the secrets document")))
    }
}

/// Returns the values of those names that exist.
pub(crate) fn values<'a, 'n>(all: &'a All, names: impl IntoIterator<Item = &'n str>) -> Vec<&'a str> {
    names.into_iter().filter_map(|name| all.get(name)).map(ExposeSecret::expose_secret).collect()
}

//! The client: requests everything that the zones of a site need, within the available time.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use futures_util::stream::{self, StreamExt};
use handbell_core::config::{Source, Zone};
use http::StatusCode;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use jiff::Timestamp;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::body::excerpt;
use super::{Ask, BODY_MAX, Reading, Sign, SiteAnswer, System, Term, Unknown, places, terms};
use crate::failure::{Failure, retry_after};
use crate::timer;

/// Maximum number of concurrent requests: a CMX is a single machine with other work to do.
const AT_ONCE: usize = 4;

/// Time between two requests to Meraki, which allows an organisation ten per second; this stays slightly below.
const MERAKI_PACE: Duration = Duration::from_millis(110);

/// Pause after a 429 of Meraki that doesn't state one.
const MERAKI_PAUSE: Duration = Duration::from_secs(1);

/// A site that can be polled.
#[derive(Clone)]
pub struct Floor {
    http: reqwest::Client,
    system: System,
    base_url: String,
    /// User for Basic authentication; Bearer without one.
    user: Option<String>,
    secret: SecretString,
    timeout: Duration,
    pace: Option<RequestPace>,
}

impl fmt::Debug for Floor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Floor")
            .field("system", &self.system)
            .field("base_url", &self.base_url)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// Spaces requests out. The sites of a Meraki organisation share one, since they share its limit.
#[derive(Clone, Debug)]
pub struct RequestPace {
    gap: Duration,
    next: Arc<Mutex<Option<Instant>>>,
}

impl RequestPace {
    /// Returns the pace that Meraki allows.
    pub fn meraki() -> RequestPace {
        RequestPace { gap: MERAKI_PACE, next: Arc::default() }
    }

    /// Waits for the caller's turn. Returns false at once if the turn would come after the deadline.
    async fn turn(&self, deadline: Instant) -> bool {
        let turn = {
            let mut next = self.next.lock().await;
            let now = timer::now();
            let turn = next.unwrap_or(now).max(now);
            if turn >= deadline {
                return false;
            }
            *next = Some(turn + self.gap);
            turn
        };
        tokio::time::sleep_until(turn).await;
        true
    }

    /// Lets nobody's turn come before this pause is over.
    async fn pause(&self, pause: Duration) {
        let mut next = self.next.lock().await;
        let over = timer::now() + pause;
        *next = Some(next.map_or(over, |next| next.max(over)));
    }
}

/// A site's answer to one request.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The request.
    pub ask: Ask,
    /// The answer.
    pub answer: Result<SiteAnswer, Unknown>,
    /// How long the request took.
    pub took: Duration,
}

impl Exchange {
    /// Returns the status, if there was an answer.
    pub fn status(&self) -> Option<u16> {
        self.answer.as_ref().ok().map(|answer| answer.status.as_u16())
    }

    /// Returns the first 300 characters of the body on one line; empty if there is no body.
    pub fn excerpt(&self) -> String {
        self.answer.as_ref().map(|answer| excerpt(&answer.body)).unwrap_or_default()
    }

    /// Returns the names of the places in the answer, if it lists several: see [`places`].
    pub fn places(&self) -> Vec<String> {
        self.answer.as_ref().map(places).unwrap_or_default()
    }
}

/// Result of one poll.
#[derive(Clone, Debug)]
pub struct SiteCounts {
    /// Devices in each zone, without those that are always there.
    pub zones: BTreeMap<String, Result<u32, Unknown>>,
    /// All answers, to find errors.
    pub said: Vec<Exchange>,
}

impl Floor {
    /// `secret` is the password of CMX, or the API key of the other systems. Returns `None` if the site pushes its
    /// counts.
    ///
    /// `http` trusts the certificates in the site's configuration and follows no redirects.
    pub fn new(
        http: reqwest::Client,
        source: Source<'_>,
        secret: SecretString,
        timeout: Duration,
    ) -> Option<Floor> {
        let system = System::of(source)?;
        let (base_url, user, pace) = match source {
            Source::Cmx(cmx) => (cmx.url.clone(), Some(cmx.user.clone()), None),
            Source::Spaces(spaces) => (spaces.url.clone(), None, None),
            Source::Meraki(meraki) => (meraki.url.clone(), None, Some(RequestPace::meraki())),
            Source::CmxPush(_) | Source::MerakiPush(_) => return None,
        };
        Some(Floor { http, system, base_url, user, secret, timeout, pace })
    }

    /// Sets another address, which has a path too in the local environment.
    #[must_use]
    pub fn at(self, base_url: String) -> Floor {
        Floor { base_url, ..self }
    }

    /// Shares a pace with other sites.
    #[must_use]
    pub fn paced(self, pace: RequestPace) -> Floor {
        Floor { pace: Some(pace), ..self }
    }

    /// Returns the system that is polled.
    pub fn system(&self) -> System {
        self.system
    }

    /// Counts the zones `within` this time. Each request is made once, and several run concurrently. `now` determines
    /// which of Meraki's five-minute periods are over.
    ///
    /// After the first request without an answer, no further one is made: an unreachable site costs one time-out,
    /// however many zones it has.
    pub async fn count(&self, zones: &[(&str, &Zone)], now: Timestamp, within: Duration) -> SiteCounts {
        let wanted: Vec<_> =
            zones.iter().map(|(name, zone)| (*name, *zone, terms(self.system, zone))).collect();
        let mut asks: Vec<Ask> = Vec::new();
        for term in wanted.iter().filter_map(|(_, _, terms)| terms.as_ref().ok()).flatten() {
            if !asks.contains(&term.ask) {
                asks.push(term.ask.clone());
            }
        }
        let said = self.ask_all(asks, timer::now() + within).await;
        let readings = readings(&said, now);
        let zones = wanted
            .into_iter()
            .map(|(name, zone, terms)| {
                let sum = terms.and_then(|terms| sum(&terms, &readings));
                // The number of devices that are always there is an estimate, and the staff may be counted a second
                // later, so the difference could be below 0.
                (name.to_owned(), sum.map(|devices| devices.saturating_sub(zone.exclude.devices)))
            })
            .collect();
        SiteCounts { zones, said }
    }

    async fn ask_all(&self, asks: Vec<Ask>, deadline: Instant) -> Vec<Exchange> {
        let mut said: Vec<Exchange> = Vec::with_capacity(asks.len());
        let mut dead = None;
        let mut coming =
            stream::iter(asks.clone()).map(|ask| self.say(ask, deadline)).buffer_unordered(AT_ONCE);
        while dead.is_none()
            && let Some(one) = coming.next().await
        {
            dead = one.answer.as_ref().err().filter(|why| matches!(why, Unknown::NoAnswer(_))).cloned();
            said.push(one);
        }
        drop(coming);
        if let Some(dead) = dead {
            for ask in asks {
                if !said.iter().any(|one| one.ask == ask) {
                    said.push(Exchange { ask, answer: Err(dead.clone()), took: Duration::ZERO });
                }
            }
        }
        said
    }

    async fn say(&self, ask: Ask, deadline: Instant) -> Exchange {
        let began = timer::now();
        let answer = self.ask_until(&ask, deadline).await;
        Exchange { ask, answer, took: timer::now().duration_since(began) }
    }

    /// Makes one request, and retries it if Meraki asks us to slow down and the time allows it. A refusal is an answer
    /// too; [`read`](super::read) interprets it.
    pub async fn ask(&self, ask: &Ask, within: Duration) -> Result<SiteAnswer, Unknown> {
        self.ask_until(ask, timer::now() + within).await
    }

    async fn ask_until(&self, ask: &Ask, deadline: Instant) -> Result<SiteAnswer, Unknown> {
        let mut slowed = None;
        loop {
            let in_time = match &self.pace {
                Some(pace) => pace.turn(deadline).await,
                None => timer::now() < deadline,
            };
            if !in_time {
                let late = || Unknown::NotAsked(format!("no time was left to ask {}", self.system.name()));
                return slowed.ok_or_else(late);
            }
            let left = deadline.saturating_duration_since(timer::now());
            let (answer, pause) = self.once(ask, self.timeout.min(left)).await?;
            let Some(pace) = self.pace.as_ref().filter(|_| answer.status == StatusCode::TOO_MANY_REQUESTS)
            else {
                return Ok(answer);
            };
            pace.pause(pause.unwrap_or(MERAKI_PAUSE)).await;
            slowed = Some(answer);
        }
    }

    async fn once(&self, ask: &Ask, timeout: Duration) -> Result<(SiteAnswer, Option<Duration>), Unknown> {
        let request = self.http.get(self.url(ask)?).timeout(timeout);
        let request = match &self.user {
            Some(user) => request.basic_auth(user, Some(self.secret.expose_secret())),
            None => request.bearer_auth(self.secret.expose_secret()),
        };
        let mut response = request.send().await.map_err(|error| self.without_answer(&error))?;
        let headers = response.headers();
        let pause = retry_after(headers);
        let framed = headers.contains_key(CONTENT_LENGTH) || headers.contains_key(TRANSFER_ENCODING);
        let content_type = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).map(str::to_owned);
        let status = response.status();
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.without_answer(&error))? {
            if body.len() + chunk.len() > BODY_MAX {
                return Err(Unknown::NoCount(format!(
                    "{}'s answer is too long for a count (more than 1 MB)",
                    self.system.name()
                )));
            }
            body.extend_from_slice(&chunk);
        }
        Ok((SiteAnswer { status, content_type, body: body.freeze(), framed }, pause))
    }

    fn url(&self, ask: &Ask) -> Result<Url, Unknown> {
        let wrong = || {
            Unknown::NotAsked(format!("the address of {} in the settings can't be used", self.system.name()))
        };
        let mut url = Url::parse(&self.base_url).map_err(|_| wrong())?;
        if !matches!(url.scheme(), "http" | "https") || !url.username().is_empty() || url.password().is_some()
        {
            return Err(wrong());
        }
        let path = format!("{}{}", url.path().trim_end_matches('/'), ask.path());
        url.set_path(&path);
        url.set_query(Some(ask.query()).filter(|query| !query.is_empty()));
        url.set_fragment(None);
        Ok(url)
    }

    fn without_answer(&self, error: &reqwest::Error) -> Unknown {
        let why = Failure::without_answer(self.system.name(), error).why().to_owned();
        if error.is_builder() {
            Unknown::NotAsked(why)
        } else if why.contains("certificate") {
            Unknown::NoAnswer(format!("{why}; give the site its `ca` or its `pin`"))
        } else {
            Unknown::NoAnswer(why)
        }
    }
}

/// All answers, parsed and ready to be picked from.
type Readings<'a> = BTreeMap<&'a Ask, Result<Reading<'a>, &'a Unknown>>;

fn readings(said: &[Exchange], now: Timestamp) -> Readings<'_> {
    said.iter().map(|one| (&one.ask, one.answer.as_ref().map(|answer| Reading::new(answer, now)))).collect()
}

fn sum(terms: &[Term], readings: &Readings<'_>) -> Result<u32, Unknown> {
    let (mut plus, mut minus) = (0_u32, 0_u32);
    for term in terms {
        let reading = readings.get(&term.ask).ok_or_else(|| Unknown::NotAsked("it wasn't asked".into()))?;
        let devices = reading.as_ref().map_err(|&why| why.clone())?.read(&term.pick)?;
        match term.sign {
            Sign::Plus => plus = plus.saturating_add(devices),
            Sign::Minus => minus = minus.saturating_add(devices),
        }
    }
    Ok(plus.saturating_sub(minus))
}

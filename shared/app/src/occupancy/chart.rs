//! The chart on a zone's card: `/chart/{name}`.

use bytes::Bytes;
use handbell_core::Rejected;
use handbell_core::delivery::DispatchKey;
use handbell_core::occupancy::view::{BUCKET, View};
use handbell_core::occupancy::zone::Level;
use handbell_core::wording::{Words, occupancy as wording};
use handbell_inbound::link;
use handbell_outbound::chart::{Chart, ChartLine, Tone, png};
use handbell_store::Dispatches;
use http::{Request, Response, StatusCode};
use secrecy::ExposeSecret;

use crate::configuration::Configuration;
use crate::dependencies::{PublicUrl, Time, parts};
use crate::engine::delivery_token::{dispatch_token, read_dispatch_token};
use crate::secrets::{Secrets, values};
use crate::{Failed, Fault, refuse, typed};

/// Takes the place of a delivery's name in a chart's token.
const CHART: &str = "chart";

/// Minimum number of points in a chart, which cover an hour.
const FEWEST: usize = 12;

/// Draws the chart of a view. Points before the first known count are left out.
pub(crate) fn draw(view: &View, words: &Words) -> Vec<u8> {
    let tone = |level: Level| match level {
        Level::Warn => Tone::Warn,
        Level::Alert => Tone::Alert,
    };
    let labels: Vec<(u32, String, Tone)> = view
        .levels
        .iter()
        .map(|bounds| {
            (bounds.at, format!("{} {}", wording::level(bounds.level), bounds.at), tone(bounds.level))
        })
        .chain(view.usual.map(|usual| (usual, format!("usual {usual}"), Tone::Calm)))
        .collect();
    let levels: Vec<ChartLine<'_>> =
        labels.iter().map(|(at, label, tone)| ChartLine { at: *at, label, tone: *tone }).collect();
    let unknown = view.points.iter().take_while(|point| point.is_none()).count();
    let left_out = unknown.min(view.points.len().saturating_sub(FEWEST));
    png(&Chart {
        title: &words.name,
        caption: &wording::amount(view.count, view.capacity),
        start: view.start + BUCKET * i32::try_from(left_out).unwrap_or_default(),
        step: BUCKET,
        points: &view.points[left_out..],
        levels: &levels,
        spans: &[],
        zone: words.zone.clone(),
        tone: view.level.map_or(Tone::Calm, tone),
    })
}

parts! {
    /// Creates the URLs of charts.
    pub(crate) struct ChartLinks {
        config: Configuration,
        secrets: Secrets,
        public_url: PublicUrl,
        time: Time,
    }
}

impl ChartLinks {
    /// Returns the URL of a dispatch's chart. It is signed, so that nobody can guess another's.
    pub(crate) async fn url(&self, key: &DispatchKey) -> Result<String, Fault> {
        let name = format!("{}.{CHART}", dispatch_token(key));
        let secret = self.secrets.get(self.config.link_secret(), self.time.now()).await?;
        let signature = link::sign(secret.expose_secret().as_bytes(), &name);
        Ok(format!("{}/chart/{name}.{signature}.png", self.public_url.get()))
    }
}

parts! {
    /// Draws the chart of a card.
    pub struct ChartPicture {
        config: Configuration,
        dispatches: Dispatches,
        secrets: Secrets,
        time: Time,
    }
}

impl ChartPicture {
    /// Answers with the chart, which is drawn each time from the view that was stored with the card.
    pub async fn answer(&self, request: Request<Bytes>) -> Response<Bytes> {
        self.picture(&request).await.unwrap_or_else(|failed| refuse(&failed))
    }

    async fn picture(&self, request: &Request<Bytes>) -> Result<Response<Bytes>, Failed> {
        let name = request.uri().path().strip_prefix("/chart/").ok_or(Rejected::Unknown)?;
        let (name, signature) =
            name.strip_suffix(".png").and_then(|name| name.rsplit_once('.')).ok_or(Rejected::Unknown)?;
        let secrets = self.secrets.all(self.time.now()).await?;
        if !link::verify(&values(&secrets, [self.config.link_secret()]), name, signature) {
            return Err(Rejected::Unknown.into());
        }
        let (dispatch, part) = name.rsplit_once('.').ok_or(Rejected::Unknown)?;
        let key = read_dispatch_token(dispatch).filter(|_| part == CHART).ok_or(Rejected::Unknown)?;
        let dispatch = self.dispatches.dispatch(&key).await?.ok_or(Rejected::Unknown)?;
        let view = dispatch.view().ok_or(Rejected::Unknown)?;
        let picture = draw(view, &self.config.words(&key.subject, None));
        Ok(typed(StatusCode::OK, "image/png", picture))
    }
}

//! The card of a zone, and the text that replaces it.

use handbell_core::delivery::{DispatchKey, Message, SpaceMessage};
use handbell_core::incident::reference;
use handbell_core::occupancy::view::View;
use handbell_core::vendor_id::MessageId;
use handbell_core::wording;
use handbell_outbound::webex::{Attached, Post, zone_card};
use handbell_store::Dispatches;

use crate::configuration::Configuration;
use crate::dependencies::parts;
use crate::engine::attempt::Attempt;
use crate::engine::work::Work;
use crate::occupancy::chart::{ChartLinks, draw};
use crate::webhooks::Webhooks;

parts! {
    /// Makes the cards of zones.
    pub(crate) struct ZoneCards {
        config: Configuration,
        charts: ChartLinks,
        webhooks: Webhooks,
        dispatches: Dispatches,
    }
}

impl ZoneCards {
    /// Returns the card, or the same in words with the chart where cards aren't wanted.
    pub(crate) async fn card(&self, work: &Work) -> Post {
        let Some(view) = work.dispatch.view() else { return Post::default() };
        // Without a webhook nobody hears a choice, so none is offered.
        let listens = self.config.webex.webhook.is_some();
        if !self.config.webex.cards {
            return self.words_and_picture(work, view, listens);
        }
        self.webhooks.ensure_once().await;
        // Without a point there is nothing to draw.
        let drawn = view.points.iter().any(Option::is_some);
        let picture = if drawn { self.charts.url(&work.dispatch.key).await.ok() } else { None };
        let incident = reference(&work.dispatch.key.subject, work.dispatch.key.epoch);
        let mut card = wording::occupancy::card(view, &work.words);
        if !listens {
            card.choices.clear();
        }
        Post {
            markdown: wording::occupancy::markdown(view, &work.words, false),
            card: Some(zone_card(&card, picture.as_deref(), &incident)),
            ..Post::default()
        }
    }

    /// Returns the same in words, with the chart as a file.
    pub(crate) fn words_and_picture(&self, work: &Work, view: &View, answers: bool) -> Post {
        Post {
            markdown: wording::occupancy::markdown(view, &work.words, answers),
            attached: Some(Attached::chart(draw(view, &work.words).into())),
            ..Post::default()
        }
    }

    /// Returns the id of the card that the message belongs under, if the card has been posted.
    pub(crate) async fn card_above(&self, attempt: Attempt<'_>) -> Option<MessageId> {
        let work = attempt.work;
        let number = attempt.delivery.under?;
        let key = DispatchKey { number, ..work.dispatch.key.clone() };
        let dispatch = self.dispatches.dispatch(&key).await.ok()??;
        dispatch
            .deliveries
            .values()
            .find(|delivery| delivery.message == Message::Space(SpaceMessage::ZoneCard))?
            .post_id()
    }
}

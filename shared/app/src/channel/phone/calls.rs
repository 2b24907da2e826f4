//! Calls through Twilio: placing, looking up and ending them.

use futures_util::future::join_all;
use handbell_core::address::E164;
use handbell_core::delivery::{DispatchKey, OtherCalls, Outcome, Task};
use handbell_core::vendor_id::CallSid;
use handbell_outbound::twilio::{Call, CallSeen, Twilio};
use handbell_store::EpochKey;
use jiff::SignedDuration;

use super::{CLOCK_SKEW, PhoneChannel};
use crate::Fault;
use crate::engine::attempt::{Attempt, outcome_of_lookup, outcome_of_send};
use crate::engine::work::wait;

/// Time for which a phone rings, in seconds.
const RING: u32 = 30;
/// Time for which an agent's phone rings, in seconds.
const AGENT_RING: u32 = 25;
/// How long before an attempt another one may have begun whose call is still to come.
const EARLIER: SignedDuration = SignedDuration::from_hours(1);

impl PhoneChannel {
    pub(super) async fn place_call(
        &self,
        twilio: &Twilio,
        attempt: Attempt<'_>,
        to: &E164,
        from: Option<&E164>,
    ) -> Outcome {
        let Attempt { work, delivery, task, .. } = attempt;
        // A line calls its agents from its own number.
        let caller = from.cloned().or_else(|| self.config.from()?.number());
        if task == Task::LookUp {
            match self.look_for_call(twilio, attempt, to, caller.as_ref()).await {
                Ok(Some(sid)) => return Outcome::Sent(sid.into()),
                Ok(None) => {}
                Err(outcome) => return outcome,
            }
            if let Some(outcome) = attempt.after_empty_look() {
                return outcome;
            }
        }
        if !work.may_begin(self.time.now()) {
            return wait(0);
        }
        let Some(from) = caller else {
            let why = "`twilio.from` in the configuration is no phone number, so that it can't call";
            return Outcome::Refused { why: why.to_owned() };
        };
        let (public, here) = (self.public_url.get(), attempt.token());
        let status = format!("{public}/twilio/voice/status?d={here}");
        let call = Call {
            to: to.clone(),
            from,
            url: format!("{public}/twilio/voice?d={here}"),
            // Whether a person has answered matters only where something follows from it.
            detect_machine: delivery.recipient.is_some().then(|| status.clone()),
            status_callback: Some(status),
            timeout: RING,
        };
        twilio.place_call(&call).await.map_or_else(outcome_of_send, |sid| Outcome::Sent(sid.into()))
    }

    pub(super) async fn call_agent(
        &self,
        twilio: &Twilio,
        attempt: Attempt<'_>,
        agent: &E164,
        from: &E164,
    ) -> Outcome {
        if attempt.task == Task::LookUp {
            // An agent whose phone didn't ring asks again; a phone that rings twice is answered twice.
            return Outcome::Refused {
                why: "it is not certain whether it rang; write /call again".to_owned(),
            };
        }
        if !attempt.work.may_begin(self.time.now()) {
            return wait(0);
        }
        let (public, here) = (self.public_url.get(), attempt.token());
        let call = Call {
            to: agent.clone(),
            from: from.clone(),
            url: format!("{public}/twilio/voice?d={here}"),
            status_callback: Some(format!("{public}/twilio/voice/status?d={here}")),
            timeout: AGENT_RING,
            detect_machine: None,
        };
        twilio.place_call(&call).await.map_or_else(outcome_of_send, |sid| Outcome::Sent(sid.into()))
    }

    /// Looks up a call that an earlier attempt may have placed. A call carries no tag: one to this number since the
    /// delivery was decided is ours unless it is another delivery's, of this incident or another.
    async fn look_for_call(
        &self,
        twilio: &Twilio,
        attempt: Attempt<'_>,
        to: &E164,
        from: Option<&E164>,
    ) -> Result<Option<CallSid>, Outcome> {
        let since = attempt.delivery.since - CLOCK_SKEW;
        let calls = twilio.calls_since(to, from, since).await;
        let calls = calls.map_err(|failure| outcome_of_lookup(&failure))?;
        // A call without a readable time may be older.
        let recent: Vec<CallSeen> = calls.into_iter().filter(|call| call.date_created.is_some()).collect();
        if recent.is_empty() {
            return Ok(None);
        }
        let others = self.other_calls(attempt, to).await;
        let others = others.map_err(|fault| Outcome::LookFailed { why: fault.to_string() })?;
        // Twilio lists the newest first.
        let ours = recent.into_iter().rev().find(|call| !others.known.contains(&call.sid));
        match ours {
            Some(_) if others.uncertain => Err(Outcome::Unknown {
                why: "another incident called the same phone, and Twilio's records don't say for which one it rang"
                    .to_owned(),
            }),
            ours => Ok(ours.map(|call| call.sid)),
        }
    }

    /// Returns the calls to this number that were placed for other deliveries.
    async fn other_calls(&self, attempt: Attempt<'_>, to: &E164) -> Result<OtherCalls, Fault> {
        let dispatch = &attempt.work.dispatch;
        let since = attempt.delivery.since - EARLIER;
        let mut others = dispatch.calls_to(to, Some(attempt.id), since);
        let mut incidents = self.paged.paged_since(to, since).await?;
        if !incidents
            .iter()
            .any(|named| named.subject == dispatch.key.subject && named.epoch == dispatch.key.epoch)
        {
            incidents.push(EpochKey { subject: dispatch.key.subject.clone(), epoch: dispatch.key.epoch });
        }
        for named in incidents {
            for other in self.history.dispatches_of(&named.subject, named.epoch).await? {
                if other.key != dispatch.key {
                    others.extend(other.calls_to(to, None, since));
                }
            }
        }
        Ok(others)
    }

    /// Ends the calls of an incident that still ring, for the dispatches up to a number. A phone rings for half a minute,
    /// so a call that can't be ended now isn't retried.
    pub(crate) async fn hang_up(&self, key: &DispatchKey, up_to: u32) {
        let hung_up = async {
            let dispatches = self.history.dispatches_of(&key.subject, key.epoch).await?;
            let now = self.time.now();
            let ringing: Vec<CallSid> = dispatches
                .iter()
                .filter(|dispatch| dispatch.key.number <= up_to)
                .flat_map(|dispatch| dispatch.ringing_calls(now))
                .collect();
            if ringing.is_empty() {
                return Ok(());
            }
            let twilio = self.twilio.client().await?;
            let ended = ringing.iter().map(|sid| twilio.cancel_call(sid));
            for failure in join_all(ended).await.into_iter().filter_map(Result::err) {
                tracing::warn!(reason = failure.why(), "a ringing call could not be ended");
            }
            Ok::<(), Fault>(())
        };
        if let Err(fault) = hung_up.await {
            tracing::warn!(reason = %fault, "ringing calls could not be ended");
        }
    }
}

//! `<Dial>`: a second phone rings, and two people talk until one of them hangs up.

use std::collections::VecDeque;

use tokio::task::JoinHandle;

use super::call::{Call, Dialing, Step};
use super::twiml::{Dial, Verb};
use super::webhook::Hook;
use super::{Pairs, Twilio, is_e164, pairs};

impl Twilio {
    pub(super) fn connect(
        &self,
        sid: &str,
        epoch: u64,
        dial: Dial,
        rest: VecDeque<Verb>,
        base: Option<Hook>,
    ) {
        let now = self.now();
        let mut state = self.lock();
        let Some(parent) = state.calls.iter_mut().find(|call| call.sid == sid && call.epoch == epoch) else {
            return;
        };
        let from = dial.caller_id.clone().unwrap_or_else(|| parent.from.clone());
        let children: Vec<_> =
            dial.numbers.iter().map(|number| Call::child(parent, &from, number, dial.timeout, now)).collect();
        let sids: Vec<_> = children.iter().map(|child| (child.sid.clone(), is_e164(&child.to))).collect();
        parent.dialing = Some(Dialing {
            children: children.iter().map(|child| child.sid.clone()).collect(),
            dial,
            rest,
            base,
        });
        for child in children {
            if is_e164(&child.to) {
                state.phone(&child.to);
            }
            state.calls.push(child);
        }
        drop(state);
        for (child, reachable) in sids {
            match reachable {
                true => self.ring(child),
                false => self.change(&child, "failed"),
            }
        }
    }

    /// Connects the first person who answers, and stops the other phones.
    pub(super) fn join(&self, parent: &str, child: &str) {
        let others = self.with_call(parent, |call| {
            call.heard.push("(connected)".into());
            call.dialing
                .iter()
                .flat_map(|dialing| dialing.children.clone())
                .filter(|other| other != child)
                .collect::<Vec<_>>()
        });
        self.with_call(child, |call| call.heard.push("(connected)".into()));
        others.into_iter().flatten().for_each(|other| self.end(&other));
    }

    /// Continues after a `<Dial>` when the connected person has hung up, or no phone is left to answer.
    pub(super) fn child_ended(&self, parent: &str, child: &str) -> Option<JoinHandle<()>> {
        let mut state = self.lock();
        let calls: Vec<_> =
            state.calls.iter().filter(|call| call.parent.as_deref() == Some(parent)).cloned().collect();
        let ended = calls.iter().find(|call| call.sid == child)?;
        let call = state.calls.iter_mut().find(|call| call.sid == parent)?;
        let dialing = call.dialing.take_if(|dialing| {
            let waiting = calls.iter().any(|other| dialing.children.contains(&other.sid) && other.is_live());
            dialing.children.iter().any(|other| other == child) && (ended.started.is_some() || !waiting)
        })?;
        call.epoch += 1;
        let epoch = call.epoch;
        drop(state);
        let params = self.dialled(ended);
        let step = match dialing.action() {
            Some(hook) => Step::Fetch(hook, params),
            None => Step::Verbs(dialing.rest, dialing.base),
        };
        Some(self.play(parent.to_owned(), epoch, step))
    }

    /// Ends the other leg when the caller has hung up. Still calls the action, whose answer has no effect.
    pub(super) fn end_dial_in_vain(&self, sid: &str, dialing: &Dialing) -> Option<JoinHandle<()>> {
        dialing.children.iter().for_each(|child| self.end(child));
        let children: Vec<_> = dialing.children.iter().filter_map(|child| self.find_call(child)).collect();
        let answered = children.iter().find(|child| child.started.is_some());
        let params = self.dialled(answered.or(children.last())?);
        self.ask_in_vain(sid, dialing.action()?, params)
    }

    /// Returns the action's fields about the second leg.
    fn dialled(&self, child: &Call) -> Pairs {
        let mut params = pairs([("DialCallStatus", child.status), ("DialCallSid", &child.sid)]);
        if child.started.is_some() {
            params.extend(pairs([("DialCallDuration", &child.duration(self.now()).to_string())]));
        }
        params
    }
}

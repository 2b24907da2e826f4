//! Answering machine detection and its callback.

use tokio::task::JoinHandle;

use super::call::AnsweredBy;
use super::webhook::{Hook, Side};
use super::{Twilio, pairs};

impl Twilio {
    /// Answers a ringing phone, unless somebody was faster. The returned handle waits for the first step of the call.
    pub(super) fn pick_up(&self, sid: &str, by: AnsweredBy) -> Option<JoinHandle<()>> {
        let picked = self.with_call(sid, |call| {
            if call.status != "ringing" || call.answered_by.is_some() {
                return None;
            }
            call.answered_by = Some(by);
            if let Some(detection) = &mut call.detection {
                // In the foreground, the call waits for the result.
                detection.known = !detection.background;
            }
            Some(call.clone())
        });
        let call = picked.flatten()?;
        self.change(sid, "in-progress");
        if let Some(detection) = call.detection.filter(|detection| detection.background) {
            self.detect(sid.to_owned(), detection.hook);
        }
        if let Some(parent) = call.parent {
            self.join(&parent, sid);
            return None;
        }
        Some(self.play(sid.to_owned(), call.epoch, call.first?))
    }

    /// Waits for one pace, and sends the result.
    fn detect(&self, sid: String, hook: Option<Hook>) {
        let twilio = self.clone();
        self.0.stage.spawn(async move {
            twilio.pace().await;
            let verdict = twilio.with_call(&sid, |call| {
                if let Some(detection) = &mut call.detection {
                    detection.known = true;
                }
                call.verdict()
            });
            let (Some(Some(verdict)), Some(hook)) = (verdict, hook) else { return };
            let millis = twilio.0.stage.pace.as_millis().to_string();
            let params = pairs([
                ("AccountSid", twilio.account()),
                ("AnsweredBy", verdict),
                ("CallSid", &sid),
                ("MachineDetectionDuration", &millis),
            ]);
            // Not in the queue of the call's status callbacks: the two may arrive in any order.
            twilio.queue_callback(&format!("{sid} detection"), hook, Side::Voice, params);
        });
    }
}

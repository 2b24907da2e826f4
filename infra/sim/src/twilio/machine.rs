//! Answering machine detection: who picked a phone up, what Twilio thinks of it, and whom it tells.

use tokio::task::JoinHandle;

use super::call::AnsweredBy;
use super::webhook::{Hook, Side};
use super::{Twilio, pairs};

impl Twilio {
    /// Answers a ringing phone, if nobody else was faster; what is returned waits for what the call does first.
    pub(super) fn pick_up(&self, sid: &str, by: AnsweredBy) -> Option<JoinHandle<()>> {
        let picked = self.with_call(sid, |call| {
            if call.status != "ringing" || call.answered_by.is_some() {
                return None;
            }
            call.answered_by = Some(by);
            if let Some(detection) = &mut call.detection {
                // In the foreground, the call waits until it is found out.
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

    /// Listens for one pace, and tells.
    fn detect(&self, sid: String, hook: Option<Hook>) {
        let twilio = self.clone();
        tokio::spawn(async move {
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
            // Not in line with the call's status: the two come in any order.
            twilio.queue_callback(&format!("{sid} detection"), hook, Side::Voice, params);
        });
    }
}

//! Twilio's error codes, classified by what can be done about them, in words for people.

/// What can be done about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// It will never work for this recipient until the data or the account is changed. Another channel starts.
    Permanent,
    /// It may work after a pause.
    Transient,
    /// It may work once more. After that, another channel starts.
    RetryOnce,
    /// Nothing works for any recipient until the operator acts.
    Alarm,
}

/// Returns what an error code, or an HTTP status without one, means (Twilio, error dictionary). An unknown code is
/// permanent: a retry of what Twilio refuses helps nobody, but the next channel does.
pub fn explain(code: u32) -> (Class, &'static str) {
    use Class::{Alarm, Permanent, RetryOnce, Transient};
    match code {
        // Everything
        401 | 20003 => (Alarm, "Twilio doesn't take our account or password"),
        403 | 20006 => (Permanent, "our Twilio account may not do this"),
        404 | 20404 => (Permanent, "Twilio doesn't know it"),
        429 | 20429 => (Transient, "Twilio asks us to slow down"),
        20005 => (Alarm, "our Twilio account isn't active"),
        20008 => (Permanent, "Twilio's test credentials can't do this"),

        // Calls
        21205 => (Permanent, "the address that Twilio shall fetch isn't valid"),
        21210 => (Permanent, "the number we call from isn't verified at Twilio"),
        21211 => (Permanent, "the number isn't a valid phone number"),
        21212 => (Permanent, "the number we send from isn't valid"),
        21214 => (Permanent, "the number can't be reached by phone"),
        21215 => (Permanent, "calls to that country aren't switched on in our Twilio account"),
        21216 => (Permanent, "Twilio blocks calls to that number"),
        21217 => (Permanent, "the number doesn't look like a phone number"),
        21219 => (Permanent, "Twilio's trial accounts call verified numbers only"),
        21220 => (Permanent, "the call is over already"),

        // Texts that Twilio refuses
        14107 => {
            (Transient, "too many texts between the two numbers; Twilio stops a possible loop for 30 seconds")
        }
        21408 => (Permanent, "texts to that country aren't switched on in our Twilio account"),
        21601 | 21606 => (Permanent, "the number we send from can't send texts there"),
        21602 | 21619 => (Permanent, "the text is empty"),
        21603 => (Permanent, "there is no number to send from"),
        21604 => (Permanent, "there is no number to send to"),
        21608 => (Permanent, "Twilio's trial accounts text verified numbers only"),
        21609 => (Permanent, "the address for the status of the text isn't valid"),
        21610 => (Permanent, "the person answered STOP and gets no texts until they send START"),
        21611 => (Transient, "too many texts wait to be sent from our number"),
        21612 => (Permanent, "there is no way for a text from our number to that one"),
        21614 => (Permanent, "the number can't receive SMS"),
        21617 => (Permanent, "the text is too long"),
        21620 => (Permanent, "the address of a picture isn't valid"),
        21623 => (Permanent, "there are too many pictures"),
        21703 | 21704 => (Permanent, "our Messaging Service has no number to send from"),
        21705 => (Permanent, "our Messaging Service isn't valid"),

        // Texts that Twilio accepted but that did not arrive
        30001 => (Transient, "too many texts wait to be sent"),
        30002 => (Alarm, "our Twilio account is suspended"),
        30003 => (RetryOnce, "the phone is off or has no network"),
        30004 => (Permanent, "the text was blocked on its way, perhaps by the person"),
        30005 => (Permanent, "nobody has that number"),
        30006 => (Permanent, "the number is a landline or its network takes no texts"),
        30007 => (Permanent, "the text was taken for spam on its way"),
        30008 => (RetryOnce, "the text was lost on its way, nobody knows why"),
        30022 => (Transient, "we send faster than US networks allow us"),
        30023 | 30027 => (Transient, "we have sent all that US networks allow us today"),
        30032 => (Permanent, "our toll-free number isn't verified yet"),
        30034 => (Permanent, "our number isn't registered for texts in the US (10DLC)"),
        30410 => (Transient, "the phone network did not answer in time"),
        63038 => (Alarm, "our Twilio account has sent all that it may today"),

        500..600 => (Transient, "Twilio is in trouble"),
        _ => (Permanent, "Twilio refused it"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_in_its_class() {
        let classes = [
            (
                Class::Permanent,
                &[
                    21211, 21212, 21214, 21215, 21216, 21217, 21219, 21408, 21601, 21602, 21603, 21604,
                    21606, 21608, 21610, 21612, 21614, 21617, 21619, 21620, 21623, 21703, 21704, 21705,
                    20404, 30004, 30005, 30006, 30007, 30032, 30034, 400, 404, 21999, 0,
                ][..],
            ),
            (Class::Transient, &[20429, 429, 500, 503, 21611, 14107, 30001, 30022, 30023, 30027, 30410]),
            (Class::RetryOnce, &[30003, 30008]),
            (Class::Alarm, &[30002, 20003, 63038, 401]),
        ];
        for (class, codes) in classes {
            for &code in codes {
                assert_eq!(explain(code).0, class, "{code}");
            }
        }
    }

    #[test]
    fn known_codes_have_words_of_their_own() {
        for code in [20003, 21211, 21610, 21614, 30003, 30007, 30034] {
            assert_ne!(explain(code).1, explain(21999).1, "{code}");
        }
        assert_eq!(explain(21614).1, "the number can't receive SMS");
    }
}

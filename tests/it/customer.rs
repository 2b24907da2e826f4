//! A customer texts, calls or fills in the form, and agents answer in a Webex space: through the front door, as a conversation.

mod calls;
mod old_faults_stay_fixed;
pub(crate) mod people;
mod safety;
mod talks;
mod trouble;
mod voice;

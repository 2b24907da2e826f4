//! A customer texts, calls or fills in the form, and agents answer in a Webex space: through the front door, as a conversation.

mod calls;
mod colleagues;
mod edits;
mod hang_up;
mod markup;
mod nothing_said;
mod old_faults_stay_fixed;
mod opt_out;
pub(crate) mod people;
mod safety;
mod talks;
mod trouble;
mod voice;
mod waiting;

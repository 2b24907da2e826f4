//! The space that a dispatch posts in, as the job that the dispatch belongs to describes it.

use handbell_core::delivery::Invitation;
use handbell_store::EpochKey;
use jiff::Timestamp;

/// A space as it should be.
pub(crate) struct WantedSpace {
    /// Name under which the space is stored.
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) team: Option<String>,
    /// Whether the space is permanent. It may then be older than the incident that uses it now.
    pub(crate) always: bool,
    pub(crate) oldest: Timestamp,
    /// People who are added when the space is created again after a loss, and also to a new space if `people_first`.
    pub(crate) people: Vec<Invitation>,
    pub(crate) people_first: bool,
    /// Digits at the end of a title by which an existing space may be adopted.
    pub(crate) digits: Option<String>,
    /// Conversation that the space belongs to.
    pub(crate) of: Option<EpochKey>,
}

//! Webex spaces, stored by id, and the lease on creating one.

use handbell_core::delivery::{LEASE, LEASE_MARGIN};
use handbell_core::vendor_id::RoomId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::table::{RowKey, number, text};
use crate::{SpaceMaking, Spaces, TableFault, condition_held, write};

/// Stored state of a space.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpaceRow {
    /// Id of the space at Webex; `None` while the space is being created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomId>,
    /// The worker that is creating the space.
    #[serde(default)]
    pub owner: String,
    /// End of the worker's lease, in milliseconds.
    #[serde(default)]
    pub lease_ms: i64,
    /// How often the space was lost and had to be created again. After that, everybody has to be invited again.
    #[serde(default)]
    pub made: u32,
    /// Whether an attempt to create the space has begun: it may already exist, so look for it before creating another.
    #[serde(default)]
    pub begun: bool,
}

/// Result of a claim to create a space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpaceClaim {
    /// The caller creates the space.
    Ours {
        /// Whether an earlier worker may have created the space already: look for it first.
        begun: bool,
        /// How often the space was created before.
        made: u32,
    },
    /// Another worker is creating the space, or has just created it.
    Busy,
}

impl Spaces {
    /// Returns the stored state of a space.
    pub async fn space(&self, name: &str) -> Result<Option<SpaceRow>, TableFault> {
        self.get(&RowKey::space(name)).await
    }
}

impl SpaceMaking {
    /// Claims the lease on creating a space, if its row is unchanged since it was read and no other worker holds the
    /// lease.
    pub async fn claim_space(
        &self,
        name: &str,
        seen: Option<&SpaceRow>,
        owner: &str,
        now: Timestamp,
    ) -> Result<SpaceClaim, TableFault> {
        if seen.is_some_and(|row| row.room.is_some() || row.lease_ms >= (now - LEASE_MARGIN).as_millisecond())
        {
            return Ok(SpaceClaim::Busy);
        }
        let made = seen.map_or(0, |row| row.made);
        let begun = seen.is_some_and(|row| row.begun);
        let row = SpaceRow {
            room: None,
            owner: owner.to_owned(),
            lease_ms: (now + LEASE).as_millisecond(),
            made,
            begun: true,
        };
        let put = self.put_item(write(&row, &RowKey::space(name))?);
        let put = match seen {
            None => put.condition_expression("attribute_not_exists(pk)"),
            Some(seen) => put
                .condition_expression("lease_ms = :seen AND attribute_not_exists(room)")
                .expression_attribute_values(":seen", number(seen.lease_ms)),
        };
        let ours = condition_held(put.send().await)?;
        Ok(if ours { SpaceClaim::Ours { begun, made } } else { SpaceClaim::Busy })
    }

    /// Stores the space that the caller created or adopted. Returns false if another worker has taken over the lease.
    pub async fn remember_space(
        &self,
        name: &str,
        room: &RoomId,
        made: u32,
        owner: &str,
    ) -> Result<bool, TableFault> {
        let row =
            SpaceRow { room: Some(room.clone()), owner: owner.to_owned(), lease_ms: 0, made, begun: true };
        self.put_space_if(name, &row, owner).await
    }

    /// Releases the lease without a space, so that the next worker may try at once. `begun` states whether the space
    /// may already exist.
    pub async fn give_up_space(
        &self,
        name: &str,
        begun: bool,
        made: u32,
        owner: &str,
    ) -> Result<bool, TableFault> {
        let row = SpaceRow { room: None, owner: owner.to_owned(), lease_ms: 0, made, begun };
        self.put_space_if(name, &row, owner).await
    }

    async fn put_space_if(&self, name: &str, row: &SpaceRow, owner: &str) -> Result<bool, TableFault> {
        let put = self
            .put_item(write(row, &RowKey::space(name))?)
            .condition_expression("#owner = :owner")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":owner", text(owner));
        condition_held(put.send().await)
    }

    /// Deletes the id of a space that is gone, if the row still contains that id.
    pub async fn forget_space(&self, name: &str, seen: &SpaceRow) -> Result<(), TableFault> {
        let Some(room) = &seen.room else { return Ok(()) };
        let row =
            SpaceRow { room: None, owner: String::new(), lease_ms: 0, made: seen.made + 1, begun: false };
        let put = self
            .put_item(write(&row, &RowKey::space(name))?)
            .condition_expression("room = :room")
            .expression_attribute_values(":room", text(room));
        condition_held(put.send().await).map(|_| ())
    }
}

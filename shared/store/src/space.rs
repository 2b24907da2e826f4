//! Webex spaces, remembered by id; and who is making one at the moment.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use handbell_core::delivery::{LEASE, LEASE_MARGIN};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::table::{RowKey, number, text};
use crate::{Fault, SpaceMaking, Spaces, write};

/// What is remembered of a space.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpaceRow {
    /// Its id at Webex; none while it is being made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    /// Who is making it.
    #[serde(default)]
    pub owner: String,
    /// Until when, in milliseconds.
    #[serde(default)]
    pub lease_ms: i64,
    /// How often it was lost and had to be made again: everybody has to be invited again.
    #[serde(default)]
    pub made: u32,
    /// An attempt to make it has begun: it may exist already, so look before making another.
    #[serde(default)]
    pub begun: bool,
}

/// What came of wanting to make a space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpaceClaim {
    /// It is ours to make; `begun` says that somebody may have made it before us.
    Ours {
        /// Look first.
        begun: bool,
        /// How often it was made before.
        made: u32,
    },
    /// Another is making it, or has just made it.
    Busy,
}

impl Spaces {
    /// What is remembered of a space.
    pub async fn space(&self, name: &str) -> Result<Option<SpaceRow>, Fault> {
        self.get(&RowKey::space(name)).await
    }
}

impl SpaceMaking {
    /// Takes the making of a space upon us, if it is as we read it and nobody else is at it.
    pub async fn claim_space(
        &self,
        name: &str,
        seen: Option<&SpaceRow>,
        owner: &str,
        now: Timestamp,
    ) -> Result<SpaceClaim, Fault> {
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
        match put.send().await {
            Ok(_) => Ok(SpaceClaim::Ours { begun, made }),
            Err(error)
                if matches!(
                    error.as_service_error(),
                    Some(PutItemError::ConditionalCheckFailedException(_))
                ) =>
            {
                Ok(SpaceClaim::Busy)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Remembers the space that we made or adopted. False if another had taken over.
    pub async fn remember_space(
        &self,
        name: &str,
        room: &str,
        made: u32,
        owner: &str,
    ) -> Result<bool, Fault> {
        let row =
            SpaceRow { room: Some(room.to_owned()), owner: owner.to_owned(), lease_ms: 0, made, begun: true };
        self.put_space_if(name, &row, owner).await
    }

    /// Lets go of the making without having made it, so that the next may try at once; `begun` as above.
    pub async fn give_up_space(
        &self,
        name: &str,
        begun: bool,
        made: u32,
        owner: &str,
    ) -> Result<bool, Fault> {
        let row = SpaceRow { room: None, owner: owner.to_owned(), lease_ms: 0, made, begun };
        self.put_space_if(name, &row, owner).await
    }

    async fn put_space_if(&self, name: &str, row: &SpaceRow, owner: &str) -> Result<bool, Fault> {
        let put = self
            .put_item(write(row, &RowKey::space(name))?)
            .condition_expression("#owner = :owner")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":owner", text(owner));
        match put.send().await {
            Ok(_) => Ok(true),
            Err(error)
                if matches!(
                    error.as_service_error(),
                    Some(PutItemError::ConditionalCheckFailedException(_))
                ) =>
            {
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Forgets a space that is gone, if it is still the one that we remember.
    pub async fn forget_space(&self, name: &str, seen: &SpaceRow) -> Result<(), Fault> {
        let Some(room) = &seen.room else { return Ok(()) };
        let row =
            SpaceRow { room: None, owner: String::new(), lease_ms: 0, made: seen.made + 1, begun: false };
        let put = self
            .put_item(write(&row, &RowKey::space(name))?)
            .condition_expression("room = :room")
            .expression_attribute_values(":room", text(room));
        match put.send().await {
            Ok(_) => Ok(()),
            Err(error)
                if matches!(
                    error.as_service_error(),
                    Some(PutItemError::ConditionalCheckFailedException(_))
                ) =>
            {
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }
}

//! Branches and their service groups.

use std::fmt;

use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::models::cow_str::CowStr;
use crate::models::ids::{BranchId, GroupId};
use crate::models::services::Service;

/// A branch, as of operation 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Branch {
    id: BranchId,
    name: Box<str>,
    branch_status: BranchStatus,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct BranchStatus {
    is_branch_open: bool,
}

impl Branch {
    /// The branch's id.
    pub fn id(&self) -> &BranchId {
        &self.id
    }

    /// Its name, localised.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is open now, in the company's time zone (`branchStatus.isBranchOpen`).
    pub fn is_open(&self) -> bool {
        self.branch_status.is_branch_open
    }
}

impl From<&Branch> for BranchId {
    fn from(branch: &Branch) -> Self {
        branch.id.clone()
    }
}

/// A group of services of a branch, as of operation 2.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BranchTreeGroup {
    id: GroupId,
    name: Box<str>,
    services: Vec<Service>,
}

impl BranchTreeGroup {
    /// The group's id, which a booking names beside the service's.
    pub fn id(&self) -> &GroupId {
        &self.id
    }

    /// Its name, localised.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its active services. If the response has no field `services`, whose name is not published,
    /// they are its only list of services.
    pub fn services(&self) -> &[Service] {
        &self.services
    }
}

impl<'de> Deserialize<'de> for BranchTreeGroup {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(GroupVisitor)
    }
}

struct GroupVisitor;

impl<'de> Visitor<'de> for GroupVisitor {
    type Value = BranchTreeGroup;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<BranchTreeGroup, A::Error> {
        let (mut id, mut name, mut services) = (None, None, None);
        let mut other_lists = Vec::new();
        while let Some(field) = fields.next_key::<CowStr<'de>>()? {
            match &*field {
                "id" => id = Some(fields.next_value()?),
                "name" => name = Some(fields.next_value()?),
                "services" => services = Some(fields.next_value()?),
                _ => {
                    let other = fields.next_value::<&RawValue>()?.get();
                    other_lists.extend(other.starts_with('[').then_some(other));
                }
            }
        }
        Ok(BranchTreeGroup {
            id: id.ok_or_else(|| A::Error::missing_field("id"))?,
            name: name.ok_or_else(|| A::Error::missing_field("name"))?,
            services: services
                .or_else(|| services_among(&other_lists))
                .ok_or_else(|| A::Error::missing_field("services"))?,
        })
    }
}

/// The services of a group without a field `services`: the name of this field is not published.
/// `None` if no list has services, or more than one.
fn services_among(lists: &[&str]) -> Option<Vec<Service>> {
    let lists = lists.iter();
    let (mut empty, mut filled): (Vec<Vec<Service>>, Vec<_>) = lists
        .filter_map(|list| serde_json::from_str(list).ok())
        .partition(Vec::is_empty);
    match (filled.len(), empty.len()) {
        (1, _) => filled.pop(),
        (0, 1) => empty.pop(),
        _ => None,
    }
}

impl From<&BranchTreeGroup> for GroupId {
    fn from(group: &BranchTreeGroup) -> Self {
        group.id.clone()
    }
}

//! Records of branches and their services, for operations 1 and 2.

use skiplino::{Branch, BranchTreeGroup, Service};

/// A branch, as returned by operation 1.
#[derive(Debug, Clone, uniffi::Record)]
pub struct NativeBranch {
    /// The branch's id.
    pub id: String,
    /// The name, localised.
    pub name: String,
    /// Whether the branch is open now, in the company's time zone.
    pub is_open: bool,
}

/// A service, as returned by operation 2.
#[derive(Debug, Clone, uniffi::Record)]
pub struct NativeService {
    /// The service's id.
    pub id: String,
    /// The name, localised.
    pub name: String,
    /// Whether the service is open now.
    pub is_open: bool,
    /// Whether the service takes appointments.
    pub is_appointment: bool,
}

/// A service group of a branch, as returned by operation 2.
#[derive(Debug, Clone, uniffi::Record)]
pub struct NativeBranchTreeGroup {
    /// The group's id. A booking needs this id and the service's id.
    pub id: String,
    /// The name, localised.
    pub name: String,
    /// The active services of the group.
    pub services: Vec<NativeService>,
}

impl From<&Branch> for NativeBranch {
    fn from(branch: &Branch) -> Self {
        Self {
            id: branch.id().to_string(),
            name: branch.name().to_owned(),
            is_open: branch.is_open(),
        }
    }
}

impl From<&Service> for NativeService {
    fn from(service: &Service) -> Self {
        Self {
            id: service.id().to_string(),
            name: service.name().to_owned(),
            is_open: service.is_open(),
            is_appointment: service.is_appointment(),
        }
    }
}

impl From<&BranchTreeGroup> for NativeBranchTreeGroup {
    fn from(group: &BranchTreeGroup) -> Self {
        Self {
            id: group.id().to_string(),
            name: group.name().to_owned(),
            services: group.services().iter().map(Into::into).collect(),
        }
    }
}

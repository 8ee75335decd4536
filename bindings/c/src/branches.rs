//! Branches, and the service groups of a branch.

use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::ptr;

use skiplino::{Branch, BranchTreeGroup, Operation, Response, Service};

use crate::argument::StringArg;
use crate::boundary;
use crate::c_string::StringTable;
use crate::call::{CallOptionsArg, PendingCall};
use crate::client::skiplino_client;
use crate::code::skiplino_code;
use crate::error::skiplino_error;

/// The branches (operation 1). Any thread may read it.
pub struct skiplino_branch_list(Vec<skiplino_branch>);

/// A branch. Borrowed from the list.
pub struct skiplino_branch {
    texts: StringTable<2>,
    is_open: bool,
}

/// The service groups of a branch (operation 2). Any thread may read it.
pub struct skiplino_group_list(Vec<skiplino_group>);

/// A group of services. Borrowed from the list.
pub struct skiplino_group {
    texts: StringTable<2>,
    services: Vec<skiplino_service>,
}

/// A service. Borrowed from the list of groups.
pub struct skiplino_service {
    texts: StringTable<2>,
    is_open: bool,
    is_appointment: bool,
}

const ID: usize = 0;
const NAME: usize = 1;

fn texts(id: &str, name: &str) -> StringTable<2> {
    StringTable::new([Some(id), Some(name)])
}

impl From<&Branch> for skiplino_branch {
    fn from(branch: &Branch) -> Self {
        Self {
            texts: texts(branch.id().as_str(), branch.name()),
            is_open: branch.is_open(),
        }
    }
}

impl From<&BranchTreeGroup> for skiplino_group {
    fn from(group: &BranchTreeGroup) -> Self {
        Self {
            texts: texts(group.id().as_str(), group.name()),
            services: group.services().iter().map(Into::into).collect(),
        }
    }
}

impl From<&Service> for skiplino_service {
    fn from(service: &Service) -> Self {
        Self {
            texts: texts(service.id().as_str(), service.name()),
            is_open: service.is_open(),
            is_appointment: service.is_appointment(),
        }
    }
}

impl From<Response<Vec<Branch>>> for skiplino_branch_list {
    fn from(response: Response<Vec<Branch>>) -> Self {
        Self(response.data().iter().map(Into::into).collect())
    }
}

impl From<Response<Vec<BranchTreeGroup>>> for skiplino_group_list {
    fn from(response: Response<Vec<BranchTreeGroup>>) -> Self {
        Self(response.data().iter().map(Into::into).collect())
    }
}

/// Lists the active branches (operation 1). `options` may be NULL. Free the list with
/// skiplino_branch_list_free(). Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_branches_list(
    client: Option<&skiplino_client>,
    options: CallOptionsArg<'_>,
    branches: Option<&mut MaybeUninit<Box<skiplino_branch_list>>>,
    error: Option<&mut MaybeUninit<Box<skiplino_error>>>,
) -> skiplino_code {
    boundary::call(error, || {
        let (pending, out) = PendingCall::with_output(
            Operation::ListBranches,
            client,
            &options,
            branches,
            "branches",
        )?;
        pending.send_to(out, |client| Ok(client.branches().list()))
    })
}

/// Lists the service groups of a branch with their active services (operation 2). `options` may be
/// NULL. Free the list with skiplino_group_list_free(). Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_branches_tree(
    client: Option<&skiplino_client>,
    branch_id: StringArg,
    options: CallOptionsArg<'_>,
    groups: Option<&mut MaybeUninit<Box<skiplino_group_list>>>,
    error: Option<&mut MaybeUninit<Box<skiplino_error>>>,
) -> skiplino_code {
    boundary::call(error, || {
        let (pending, out) =
            PendingCall::with_output(Operation::GetBranchTree, client, &options, groups, "groups")?;
        pending.send_to(out, |client| {
            Ok(client.branches().tree(branch_id.required("branch_id")?))
        })
    })
}

/// The number of branches; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_branch_list_count(branches: Option<&skiplino_branch_list>) -> usize {
    boundary::get(branches, 0, |branches| branches.0.len())
}

/// A branch by index, from 0. NULL if the index is out of range. Borrowed: valid as long as the
/// list.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_branch_list_at(
    branches: Option<&skiplino_branch_list>,
    index: usize,
) -> Option<&skiplino_branch> {
    boundary::guard(None, || branches?.0.get(index))
}

/// Frees a list of branches and everything borrowed from it. NULL is ignored.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_branch_list_free(branches: Option<Box<skiplino_branch_list>>) {
    boundary::free(branches);
}

/// The id. Borrowed: valid as long as the list.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_branch_id(branch: Option<&skiplino_branch>) -> *const c_char {
    boundary::get(branch, ptr::null(), |branch| branch.texts.get(ID))
}

/// The localised name. Borrowed: valid as long as the list.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_branch_name(branch: Option<&skiplino_branch>) -> *const c_char {
    boundary::get(branch, ptr::null(), |branch| branch.texts.get(NAME))
}

/// Whether the branch is open now, in the company's time zone; false for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_branch_is_open(branch: Option<&skiplino_branch>) -> bool {
    boundary::get(branch, false, |branch| branch.is_open)
}

/// The number of groups; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_group_list_count(groups: Option<&skiplino_group_list>) -> usize {
    boundary::get(groups, 0, |groups| groups.0.len())
}

/// A group by index, from 0. NULL if the index is out of range. Borrowed: valid as long as the
/// list.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_group_list_at(
    groups: Option<&skiplino_group_list>,
    index: usize,
) -> Option<&skiplino_group> {
    boundary::guard(None, || groups?.0.get(index))
}

/// Frees a list of groups and everything borrowed from it. NULL is ignored.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_group_list_free(groups: Option<Box<skiplino_group_list>>) {
    boundary::free(groups);
}

/// The id. A booking needs it together with the id of the service. Borrowed: valid as long as the
/// list.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_group_id(group: Option<&skiplino_group>) -> *const c_char {
    boundary::get(group, ptr::null(), |group| group.texts.get(ID))
}

/// The localised name. Borrowed: valid as long as the list.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_group_name(group: Option<&skiplino_group>) -> *const c_char {
    boundary::get(group, ptr::null(), |group| group.texts.get(NAME))
}

/// The number of active services in the group; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_group_service_count(group: Option<&skiplino_group>) -> usize {
    boundary::get(group, 0, |group| group.services.len())
}

/// An active service by index, from 0. NULL if the index is out of range. Borrowed: valid as long
/// as the list of groups.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_group_service_at(
    group: Option<&skiplino_group>,
    index: usize,
) -> Option<&skiplino_service> {
    boundary::guard(None, || group?.services.get(index))
}

/// The id. Borrowed: valid as long as the list of groups.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_service_id(service: Option<&skiplino_service>) -> *const c_char {
    boundary::get(service, ptr::null(), |service| service.texts.get(ID))
}

/// The localised name. Borrowed: valid as long as the list of groups.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_service_name(service: Option<&skiplino_service>) -> *const c_char {
    boundary::get(service, ptr::null(), |service| service.texts.get(NAME))
}

/// Whether the service is open now; false for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_service_is_open(service: Option<&skiplino_service>) -> bool {
    boundary::get(service, false, |service| service.is_open)
}

/// Whether the service takes appointments; false for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_service_is_appointment(service: Option<&skiplino_service>) -> bool {
    boundary::get(service, false, |service| service.is_appointment)
}

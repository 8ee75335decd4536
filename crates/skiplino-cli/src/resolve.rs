//! Finds branches, groups and services by id, by name, or by the start of a name.

use skiplino::{BranchId, Client, GroupId, ServiceId};

use crate::failure::{Failure, UsageError};

/// A service with its group and branch.
pub(crate) struct Found {
    branch: String,
    group_id: GroupId,
    group: String,
    service_id: ServiceId,
    service: String,
}

/// Ten letters and digits are an id. Without any digit, they may be a name as well and are looked
/// up.
pub(crate) fn is_id(text: &str) -> bool {
    text.len() == 10
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && text.bytes().any(|byte| byte.is_ascii_digit())
}

/// The branch of this id or name.
pub(crate) fn branch(client: &Client, text: &str) -> Result<BranchId, Failure> {
    if is_id(text) {
        return Ok(BranchId::from(text));
    }
    let branches = client.branches().list().wait()?;
    let named = |branch: &skiplino::Branch| format!("{:?} ({})", branch.name(), branch.id());
    let found = choose(
        "branch",
        text,
        branches,
        |branch| (branch.id().as_str(), branch.name()),
        named,
    )?;
    Ok(found.id().clone())
}

/// The service of this id or name, if its group does not matter. An id is not looked up.
pub(crate) fn service(
    client: &Client,
    branch: Option<&str>,
    text: &str,
) -> Result<ServiceId, Failure> {
    if branch.is_none() && is_id(text) {
        return Ok(ServiceId::from(text));
    }
    look_up(client, branch, None, text).map(|found| found.service_id)
}

/// The service of this id or name, and its group. Two ids are not looked up; anything else is
/// looked up in the branch, or in all branches if none is given.
pub(crate) fn service_and_group(
    client: &Client,
    branch: Option<&str>,
    group: Option<&str>,
    text: &str,
) -> Result<(ServiceId, GroupId), Failure> {
    if let (None, Some(group)) = (branch, group)
        && is_id(group)
        && is_id(text)
    {
        return Ok((ServiceId::from(text), GroupId::from(group)));
    }
    look_up(client, branch, group, text).map(|found| (found.service_id, found.group_id))
}

fn look_up(
    client: &Client,
    in_branch: Option<&str>,
    group: Option<&str>,
    text: &str,
) -> Result<Found, Failure> {
    let branches = match in_branch {
        Some(text) => vec![(branch(client, text)?, text.to_owned())],
        None => {
            let branches = client.branches().list().wait()?;
            let named = |branch: &skiplino::Branch| (branch.id().clone(), branch.name().to_owned());
            branches.iter().map(named).collect()
        }
    };
    let mut services = Vec::new();
    for (id, name) in branches {
        for group in client.branches().tree(id).wait()? {
            services.extend(group.services().iter().map(|service| Found {
                branch: name.clone(),
                group_id: group.id().clone(),
                group: group.name().to_owned(),
                service_id: service.id().clone(),
                service: service.name().to_owned(),
            }));
        }
    }
    if let Some(group) = group {
        services = in_group(services, group)?;
    }
    choose(
        "service",
        text,
        services,
        |found| (found.service_id.as_str(), &found.service),
        |found| {
            let Found {
                branch,
                group,
                service,
                service_id,
                ..
            } = found;
            format!("{service:?} ({service_id}) in {group:?} of {branch:?}")
        },
    )
}

/// The services whose group has this id or name. If groups of several branches do, the name of the
/// service decides among them.
fn in_group(services: Vec<Found>, text: &str) -> Result<Vec<Found>, Failure> {
    let matches = matching(text, &services, |found| {
        (found.group_id.as_str(), &found.group)
    });
    if matches.is_empty() {
        let mut groups: Vec<_> = services
            .iter()
            .map(|found| format!("{:?} ({})", found.group, found.group_id))
            .collect();
        groups.dedup();
        return Err(unknown_name("group", text, groups));
    }
    let kept = |(index, found)| matches.contains(&index).then_some(found);
    Ok(services.into_iter().enumerate().filter_map(kept).collect())
}

/// The only candidate that has this id or name.
fn choose<T>(
    kind: &'static str,
    text: &str,
    mut candidates: Vec<T>,
    id_and_name: impl Fn(&T) -> (&str, &str),
    describe: impl Fn(&T) -> String,
) -> Result<T, Failure> {
    match matching(text, &candidates, id_and_name)[..] {
        [one] => Ok(candidates.swap_remove(one)),
        [] => {
            let all: Vec<_> = candidates.iter().map(describe).collect();
            Err(unknown_name(kind, text, all))
        }
        ref several => {
            let several: Vec<_> = several
                .iter()
                .filter_map(|&index| candidates.get(index))
                .map(describe)
                .collect();
            Err(Failure::from(UsageError::AmbiguousName {
                kind,
                name: text.to_owned(),
                candidates: several,
            }))
        }
    }
}

fn unknown_name(kind: &'static str, name: &str, candidates: Vec<String>) -> Failure {
    Failure::NoName {
        kind,
        name: name.to_owned(),
        candidates,
    }
}

/// The candidates that match best: by id, else by the whole name, else by the start of the name.
/// Names match in any case.
fn matching<T>(
    text: &str,
    candidates: &[T],
    id_and_name: impl Fn(&T) -> (&str, &str),
) -> Vec<usize> {
    let wanted = text.trim().to_lowercase();
    let all = |fits: &dyn Fn(&str, &str) -> bool| -> Vec<usize> {
        let names = candidates.iter().map(&id_and_name).enumerate();
        names
            .filter(|(_, (id, name))| fits(id, name))
            .map(|(index, _)| index)
            .collect()
    };
    let by_id = all(&|id, _| id == text);
    let by_name = all(&|_, name| name.to_lowercase() == wanted);
    let by_start = all(&|_, name| !wanted.is_empty() && name.to_lowercase().starts_with(&wanted));
    [by_id, by_name, by_start]
        .into_iter()
        .find(|matches| !matches.is_empty())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACES: [(&str, &str); 4] = [
        ("802b33af66", "Seef Mall Branch"),
        ("3d90c1e7a4", "Manama Souq Branch"),
        ("aaaaaaaaa1", "Manama"),
        ("aaaaaaaaa2", "فرع السيف مول"),
    ];

    fn chosen(text: &str) -> Result<&'static str, Failure> {
        choose(
            "branch",
            text,
            PLACES.to_vec(),
            |place| *place,
            |place| place.1.to_owned(),
        )
        .map(|place| place.0)
    }

    #[test]
    fn the_id_wins_then_the_whole_name_then_its_start() {
        for (text, id) in [
            ("802b33af66", "802b33af66"),
            ("seef mall branch", "802b33af66"),
            ("SEEF", "802b33af66"),
            // The whole name of one, and the start of another.
            ("manama", "aaaaaaaaa1"),
            ("manama s", "3d90c1e7a4"),
            ("فرع", "aaaaaaaaa2"),
        ] {
            assert_eq!(chosen(text).ok(), Some(id), "{text}");
        }
    }

    #[test]
    fn an_ambiguous_or_unknown_name_lists_the_candidates() {
        let ambiguous = chosen("mana");
        assert!(matches!(
            ambiguous,
            Err(Failure::Usage(UsageError::AmbiguousName { .. }))
        ));
        let text = ambiguous.err().map(|failure| failure.to_string());
        let expected = "matches more than one branch: Manama Souq Branch, Manama;";
        assert!(text.is_some_and(|text| text.contains(expected)));
        for text in ["Riffa", "", " "] {
            let unknown = chosen(text);
            assert!(matches!(unknown, Err(Failure::NoName { .. })));
            let text = unknown.err().map(|failure| failure.to_string());
            assert!(text.is_some_and(|text| text.contains("Seef Mall Branch")));
        }
    }

    #[test]
    fn ten_letters_without_a_digit_may_be_a_name() {
        assert!(is_id("6fe8fb8b12"));
        assert!(!is_id("Withdrawal"));
        assert!(!is_id("6fe8fb8b1"));
    }
}

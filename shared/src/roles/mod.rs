//! Who may administer what (R31, R99): five roles, a closed list of actions, and one grid between them.
//!
//! ```text
//! roles::may(role, action, on)     on: the role of the account that the action touches, None where it touches none
//! ```
//!
//! The grid stands in `docs/reference/roles.md` too, written by a test from what `may` answers: any change of it shows
//! as a change of that page. Root at the machine is above roles: whoever can write the store needs nobody's leave.

mod action;
mod role;

pub use action::{Action, Reach};
pub use role::{NotARole, Role};

/// Whether this role may do this, to an account of that role.
///
/// Nobody touches an account of a higher standing than is theirs to look after: the helpdesk looks after users, an
/// admin after everybody but admins and owners, an owner after all (kanidm's rule for its service desk).
#[must_use]
pub fn may(role: Role, action: Action, on: Option<Role>) -> bool {
    let listed = match role {
        Role::Owner | Role::Admin => true,
        Role::Helpdesk => matches!(
            action,
            Action::OverviewSee
                | Action::AccountsSee
                | Action::AccountsLock
                | Action::DevicesSee
                | Action::DevicesUnbind
                | Action::TicketsIssue
                | Action::SessionsSee
                | Action::SessionsEnd
                | Action::PolicySee
                | Action::AuditSee
        ),
        Role::Auditor => action.reach() == Reach::Looks,
        Role::User => false,
    };
    listed && (action.reach() == Reach::Looks || on.is_none_or(|on| looks_after(role, on)))
}

/// Whether accounts of the role `on` are in the care of `role`.
fn looks_after(role: Role, on: Role) -> bool {
    match role {
        Role::Owner => true,
        Role::Admin => matches!(on, Role::User | Role::Helpdesk | Role::Auditor),
        Role::Helpdesk => on == Role::User,
        Role::Auditor | Role::User => false,
    }
}

/// Whether somebody of this role may turn an account of role `from` into one of role `to`: only within what is theirs
/// to look after on either side, so that nobody makes an equal, and nobody raises anybody above them.
#[must_use]
pub fn may_appoint(role: Role, from: Role, to: Role) -> bool {
    may(role, Action::RolesChange, Some(from)) && may(role, Action::RolesChange, Some(to))
}

/// The grid as a page of the documentation.
#[must_use]
pub fn grid() -> String {
    let mut page = String::from(
        "# Roles and what each may do\n\nWritten from `shared/src/roles` by a test; reviewed with every change. `all`: to any account. \
         Otherwise the roles\nof the accounts that may be touched. Nobody does any of it to their own account: for that there is `/security`.\n\n\
         | action |",
    );
    page.extend(Role::ALL.iter().map(|role| format!(" {role} |")));
    page.push_str("\n|---|---|---|---|---|---|\n");
    for action in Action::ALL {
        page.extend([format!("| {} |", action.as_str())]);
        page.extend(Role::ALL.iter().map(|role| format!(" {} |", cell(*role, *action))));
        page.push('\n');
    }
    page.push_str("\nWho may turn an account of one role (row) into another (column):\n\n| from \\ to |");
    page.extend(Role::ALL.iter().map(|to| format!(" {to} |")));
    page.push_str("\n|---|---|---|---|---|---|\n");
    for from in Role::ALL {
        page.extend([format!("| {from} |")]);
        for to in Role::ALL {
            let by = words(
                Role::ALL
                    .iter()
                    .filter(|by| from != to && may_appoint(**by, *from, *to)),
            );
            page.extend([format!(" {by} |")]);
        }
        page.push('\n');
    }
    page
}

fn cell(role: Role, action: Action) -> String {
    if action.reach() != Reach::Touches {
        return if may(role, action, None) { "yes" } else { "-" }.to_owned();
    }
    let touched: Vec<&Role> = Role::ALL.iter().filter(|on| may(role, action, Some(**on))).collect();
    if touched.len() == Role::ALL.len() {
        "all".to_owned()
    } else {
        words(touched.into_iter())
    }
}

fn words<'a>(roles: impl Iterator<Item = &'a Role>) -> String {
    let words: Vec<&str> = roles.map(|role| role.as_str()).collect();
    if words.is_empty() {
        "-".to_owned()
    } else {
        words.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_of_roles_is_the_reviewed_one() {
        let reviewed = include_str!("../../../docs/reference/roles.md");
        assert_eq!(
            grid(),
            reviewed,
            "review the change, then put this into docs/reference/roles.md"
        );
    }

    #[test]
    fn a_user_may_nothing_and_an_auditor_changes_nothing() {
        for action in Action::ALL {
            for on in [None, Some(Role::User)] {
                assert!(!may(Role::User, *action, on), "{action:?}");
                assert!(
                    !may(Role::Auditor, *action, on) || action.reach() == Reach::Looks,
                    "{action:?}"
                );
            }
        }
    }

    #[test]
    fn the_helpdesk_touches_users_only() {
        for on in [Role::Owner, Role::Admin, Role::Helpdesk, Role::Auditor] {
            for action in Action::ALL.iter().filter(|action| action.reach() != Reach::Looks) {
                assert!(!may(Role::Helpdesk, *action, Some(on)), "{action:?} on {on}");
            }
        }
        assert!(may(Role::Helpdesk, Action::DevicesUnbind, Some(Role::User)));
        assert!(!may(Role::Helpdesk, Action::Rescue, Some(Role::User)));
    }

    #[test]
    fn nobody_makes_an_equal_but_owners() {
        for by in Role::ALL {
            for from in Role::ALL {
                for to in Role::ALL {
                    let raised = may_appoint(*by, *from, *to);
                    assert!(
                        !raised || *by == Role::Owner || (*by > *from && *by > *to),
                        "{by}: {from} to {to}"
                    );
                }
            }
        }
    }
}

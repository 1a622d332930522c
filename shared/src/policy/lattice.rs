//! How fields combine: rules tighten to the strictest, exceptions loosen to the loosest (policy.md, section 4).
//!
//! Every field is a total order (or, for methods, sets under inclusion) with `min` or `max` as its two ways, so the
//! outcome cannot depend on the order in which rules and exceptions are read.

use super::requirement::{Names, Requirement};
use super::terms::{Field, Terms};
use crate::methods::Method;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Which way a phase moves the requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Rules: the strictest of each field.
    Strictest,
    /// Exceptions: the loosest of each field that they name.
    Loosest,
}

impl Way {
    /// For fields of which less is stricter.
    fn lesser<T: Ord + Copy>(self, a: T, b: T) -> T {
        match self {
            Self::Strictest => a.min(b),
            Self::Loosest => a.max(b),
        }
    }

    /// For fields of which more is stricter.
    fn greater<T: Ord + Copy>(self, a: T, b: T) -> T {
        match self {
            Self::Strictest => a.max(b),
            Self::Loosest => a.min(b),
        }
    }
}

/// A rule or exception that applies: its name and what it asks.
pub(super) type Ask<'a> = (&'a Arc<str>, &'a Terms);

/// Moves one field; those whose value it takes have decided it.
fn settle<T: Ord + Copy>(
    (value, by): (&mut T, &mut Names),
    asks: &[Ask<'_>],
    wanted: impl Fn(&Terms) -> Option<T>,
    join: impl Fn(T, T) -> T,
) {
    let wishes = || {
        asks.iter()
            .filter_map(|(name, terms)| wanted(terms).map(|wish| (*name, wish)))
    };
    let joined = wishes().fold(*value, |so_far, (_, wish)| join(so_far, wish));
    if joined != *value {
        *value = joined;
        *by = wishes()
            .filter(|(_, wish)| *wish == joined)
            .map(|(name, _)| Arc::clone(name))
            .collect();
        by.sort();
    }
}

/// As `settle`, for a limit that may be absent: no limit is the loosest of all.
fn settle_limit(
    (value, by): (&mut Option<i64>, &mut Names),
    asks: &[Ask<'_>],
    way: Way,
    wanted: impl Fn(&Terms) -> Option<i64>,
) {
    let mut limit = value.unwrap_or(i64::MAX);
    settle((&mut limit, by), asks, wanted, |a, b| way.lesser(a, b));
    *value = Some(limit).filter(|limit| *limit < i64::MAX);
}

/// As `settle`, for sets: strictest is the intersection, loosest the union.
fn settle_methods((value, by): (&mut BTreeSet<Method>, &mut Names), asks: &[Ask<'_>], way: Way) {
    let moved = |from: &BTreeSet<Method>, set: &BTreeSet<Method>| match way {
        Way::Strictest => from & set,
        Way::Loosest => from | set,
    };
    let start = value.clone();
    let mut moving = Names::new();
    for (name, terms) in asks {
        let Some(set) = &terms.methods else { continue };
        *value = moved(value, set);
        if moved(&start, set) != start {
            moving.push(Arc::clone(name));
        }
    }
    if *value != start {
        moving.sort();
        *by = moving;
    }
}

impl Requirement {
    /// Moves every field by all that apply in this phase.
    pub(super) fn settle(&mut self, asks: &[Ask<'_>], way: Way) {
        if asks.is_empty() {
            return;
        }
        let [
            level,
            methods,
            remember,
            recheck,
            max_age,
            session,
            idle,
            grace,
            deadline,
            two_types,
            deny,
        ] = &mut self.by;
        settle((&mut self.level, level), asks, |t| t.level, |a, b| way.greater(a, b));
        settle_methods((&mut self.methods, methods), asks, way);
        settle(
            (&mut self.remember, remember),
            asks,
            |t| t.remember,
            |a, b| way.lesser(a, b),
        );
        settle(
            (&mut self.recheck, recheck),
            asks,
            |t| t.recheck,
            |a, b| way.lesser(a, b),
        );
        settle_limit((&mut self.max_age, max_age), asks, way, |t| t.max_age);
        settle(
            (&mut self.session, session),
            asks,
            |t| t.session,
            |a, b| way.lesser(a, b),
        );
        settle((&mut self.idle, idle), asks, |t| t.idle, |a, b| way.lesser(a, b));
        settle_limit((&mut self.grace, grace), asks, way, |t| t.grace);
        settle_limit((&mut self.deadline, deadline), asks, way, |t| t.deadline);
        settle(
            (&mut self.two_types, two_types),
            asks,
            |t| t.two_types,
            |a, b| way.greater(a, b),
        );
        settle((&mut self.deny, deny), asks, |t| t.deny, |a, b| way.greater(a, b));
    }

    /// Whether this one is at least as strict as the other in every field.
    pub fn is_at_least(&self, other: &Self) -> bool {
        let limit = |value: Option<i64>| value.unwrap_or(i64::MAX);
        self.level >= other.level
            && self.methods.is_subset(&other.methods)
            && self.remember <= other.remember
            && self.recheck <= other.recheck
            && limit(self.max_age) <= limit(other.max_age)
            && self.session <= other.session
            && self.idle <= other.idle
            && limit(self.grace) <= limit(other.grace)
            && limit(self.deadline) <= limit(other.deadline)
            && self.two_types >= other.two_types
            && self.deny >= other.deny
    }

    /// Who decided a field: names of rules and exceptions, sorted; `default` when none changed it.
    pub fn decided_by(&self, field: Field) -> &[Arc<str>] {
        &self.by[field as usize]
    }
}

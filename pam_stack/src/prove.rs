//! Every way through a stack, by states: whether one lets somebody in whom our module did not let pass.

use crate::code::Code;
use crate::control::Action;
use crate::line::{Facility, Line};
use crate::service::{Note, Service};
use crate::walk::{State, Step, lets_in};
use std::collections::HashSet;

/// States that one proof may look at; a stack of a few dozen lines has some hundreds.
const MOST_STATES: usize = 200_000;

/// What is proven of a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Whoever comes in was let pass by our module: it said "success", or "ignore" for whom the policy exempts.
    Guarded,
    /// Somebody can come in without: the shortest way.
    Bypassed(Vec<Step>),
    /// Nobody comes in at all.
    Closed,
    /// Nothing is proven, and why.
    Unclear(Note),
}

/// A verdict, and how one comes in lawfully.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The verdict.
    pub verdict: Verdict,
    /// The shortest way in on which our module let pass; `None` where there is none.
    pub lawful: Option<Vec<Step>>,
}

/// Proves one facility of a service.
pub fn prove(service: &Service, facility: Facility) -> Proof {
    prove_where(service, facility, Line::answers)
}

/// The same, where something is known of what modules answer: `answers` tells what each line may.
pub fn prove_where(service: &Service, facility: Facility, answers: impl Fn(&Line) -> Vec<Code>) -> Proof {
    let nothing = |verdict| Proof { verdict, lawful: None };
    if let Some(note) = &service.unclear {
        return nothing(Verdict::Unclear(note.clone()));
    }
    if service.refused.is_some() {
        return nothing(Verdict::Closed);
    }
    let lines = &service.stack(facility).lines;
    let mut search = Search::begin(lines);
    let answers: Vec<Vec<Code>> = lines.iter().map(|line| distinct(line, answers(line))).collect();
    let (mut bypass, mut lawful) = (None, None);
    while let Some(at) = search.next() {
        let node = &search.nodes[at];
        if node.state.at == lines.len() {
            let is_in = lets_in(facility, node.state.result());
            let way = if node.passed { &mut lawful } else { &mut bypass };
            if is_in && way.is_none() {
                *way = Some(search.way(at));
            }
            continue;
        }
        if !search.go_on(lines, at, &answers[search.nodes[at].state.at]) {
            let first = lines.first();
            return nothing(Verdict::Unclear(Note {
                file: first.map(|line| line.file.clone()).unwrap_or_default(),
                number: 0,
                what: format!("more than {MOST_STATES} states: the stack is too tangled to prove anything of it"),
            }));
        }
    }
    let verdict = match bypass {
        Some(way) => Verdict::Bypassed(way),
        None if lawful.is_some() => Verdict::Guarded,
        None => Verdict::Closed,
    };
    Proof { verdict, lawful }
}

/// Whether a line that `wanted` picks can be asked, when modules answer only what `answers` says; `None` where that is
/// too much to tell. For questions such as "can our module be reached with a wrong password?".
pub fn reached(lines: &[Line], wanted: impl Fn(&Line) -> bool, answers: impl Fn(&Line) -> Vec<Code>) -> Option<bool> {
    let mut search = Search::begin(lines);
    while let Some(at) = search.next() {
        let Some(line) = lines.get(search.nodes[at].state.at) else {
            continue;
        };
        if wanted(line) {
            return Some(true);
        }
        if !search.go_on(lines, at, &answers(line)) {
            return None;
        }
    }
    Some(false)
}

/// Of the answers that a line's module may give, one for each thing that can come of them.
fn distinct(line: &Line, may: Vec<Code>) -> Vec<Code> {
    let mut seen: Vec<(Action, Code, bool)> = Vec::new();
    let mut answers = Vec::new();
    for answer in may {
        let counted = match answer {
            Code::SUCCESS | Code::NEW_AUTHTOK_REQD => answer,
            _ => Code::PERM_DENIED,
        };
        let told = (line.control.action(answer), counted, passes(line, answer));
        if !seen.contains(&told) {
            seen.push(told);
            answers.push(answer);
        }
    }
    answers
}

/// Whether this answer of this line is our module letting somebody pass.
fn passes(line: &Line, answer: Code) -> bool {
    line.is_ours() && (answer == Code::SUCCESS || answer == Code::IGNORE)
}

/// A state that was reached, and how.
#[derive(Debug)]
struct Node {
    state: State,
    passed: bool,
    from: Option<(usize, Step)>,
}

/// A search, breadth first: the first way that is found is a shortest one.
#[derive(Debug)]
struct Search {
    nodes: Vec<Node>,
    known: HashSet<(State, bool)>,
    looked_at: usize,
}

impl Search {
    fn begin(lines: &[Line]) -> Self {
        let first = State::first(lines).told_apart();
        Self {
            known: HashSet::from([(first.clone(), false)]),
            nodes: vec![Node {
                state: first,
                passed: false,
                from: None,
            }],
            looked_at: 0,
        }
    }

    fn next(&mut self) -> Option<usize> {
        let at = self.looked_at;
        self.looked_at += 1;
        (at < self.nodes.len()).then_some(at)
    }

    /// Adds what becomes of a state with each of these answers; false when there is no more room.
    fn go_on(&mut self, lines: &[Line], at: usize, answers: &[Code]) -> bool {
        for answer in answers {
            let Node { state, passed, .. } = &self.nodes[at];
            let line = state.at;
            let passed = *passed || lines.get(line).is_some_and(|line| passes(line, *answer));
            let state = state.after(lines, *answer).told_apart();
            if self.known.insert((state.clone(), passed)) {
                let step = Step { line, answer: *answer };
                self.nodes.push(Node {
                    state,
                    passed,
                    from: Some((at, step)),
                });
            }
        }
        self.nodes.len() <= MOST_STATES
    }

    fn way(&self, mut at: usize) -> Vec<Step> {
        let mut steps = Vec::new();
        while let Some((before, step)) = self.nodes[at].from {
            steps.push(step);
            at = before;
        }
        steps.reverse();
        steps
    }
}

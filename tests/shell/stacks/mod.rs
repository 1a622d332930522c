//! What the prover says of a stack is what libpam does with it: the same files, the same answers, on a machine whose
//! modules are all played by one that follows a script.

mod generated;
mod tree;
mod trial;

use crate::support::boxed;
use crate::support::built;
use samekey_demo::machine;
use samekey_pam_stack::{Code, Dialect, Facility, OURS, Root, Service, Verdict, advise, prove};
use std::path::Path;
use tree::Tree;
use trial::{Dice, Machine};

const FACILITIES: [Facility; 2] = [Facility::Auth, Facility::Account];

/// Runs a test in a box, with the module built before.
fn in_a_box(test: &str, body: fn()) {
    if !machine::is_inside() {
        built::stand_in();
    }
    boxed::run(test, body);
}

#[test]
fn every_verdict_is_what_libpam_does() {
    in_a_box(concat!(module_path!(), "::every_verdict_is_what_libpam_does"), || {
        let mut trees = tree::all();
        // What was loaded once stays: a module that is to be missing must not have been there before.
        trees.sort_by_key(|tree| (!tree.missing.iter().any(|name| name == OURS), tree.missing.is_empty()));

        assert!(trees.len() >= 40, "{}", trees.len());
        let machine = Machine::new();
        let faults: Vec<String> = trees.iter().filter_map(|tree| tried(&machine, tree).err()).collect();
        assert!(
            faults.is_empty(),
            "{} of {} trees:\n{}",
            faults.len(),
            trees.len(),
            faults.join("\n")
        );
    });
}

#[test]
fn stacks_of_chance_are_walked_as_libpam_walks_them() {
    in_a_box(
        concat!(module_path!(), "::stacks_of_chance_are_walked_as_libpam_walks_them"),
        || {
            let machine = Machine::new();
            let mut dice = Dice(0x5eed);
            let (mut unclear, mut bypassed) = (0, 0);
            for number in 0..250 {
                let tree = generated::tree(&mut dice);
                machine.lay(&tree);
                let service = Service::load(&Root::new(Path::new("/")), Dialect::Debian, &tree.service);
                for facility in FACILITIES {
                    match prove(&service, facility).verdict {
                        Verdict::Unclear(_) => unclear += 1,
                        verdict => {
                            bypassed += usize::from(matches!(verdict, Verdict::Bypassed(_)));
                            let compared = compare(&machine, &tree, &service, facility, &verdict, 8, &mut dice);
                            assert!(
                                compared.is_ok(),
                                "tree {number}: {}\n{}",
                                compared.unwrap_err(),
                                tree.shown()
                            );
                        }
                    }
                }
            }
            assert!(
                unclear < 200 && bypassed > 40,
                "unclear {unclear}, bypassed {bypassed}: chance is too one-sided"
            );
        },
    );
}

/// One tree: the verdict that a person has written down, and what libpam does.
fn tried(machine: &Machine, tree: &Tree) -> Result<(), String> {
    machine.lay(tree);
    let service = Service::load(&Root::new(Path::new("/")), Dialect::Debian, &tree.service);
    let mut dice = Dice(u64::from(tree.name.bytes().map(u32::from).sum::<u32>()));
    for (facility, expected) in FACILITIES.into_iter().zip(&tree.expected) {
        let wrong = |what: String| format!("{} {}: {what}\n{:?}", tree.name, facility.word(), service.notes);
        let proof = prove(&service, facility);
        let told = match &proof.verdict {
            Verdict::Guarded => "guarded".to_owned(),
            Verdict::Closed => "closed".to_owned(),
            Verdict::Unclear(_) => "unclear".to_owned(),
            Verdict::Bypassed(way) => {
                let advice = advise(&service, facility, way);
                format!("bypassed {}", advice.place.rsplit('/').next().unwrap_or_default())
            }
        };
        if told != *expected {
            return Err(wrong(format!("{told}, and not {expected}")));
        }
        if let Verdict::Unclear(_) = proof.verdict {
            if !tree.unasked && machine.run(&tree.service, facility, &[Code::SUCCESS; 64]).is_ok() {
                return Err(wrong("libpam takes it".to_owned()));
            }
            continue;
        }
        // The way around, and the lawful way, walked for real; and the lawful one when our module refuses.
        if let Verdict::Bypassed(way) = &proof.verdict {
            machine.walk(&service, facility, way, true).map_err(&wrong)?;
        }
        if let Some(way) = &proof.lawful {
            machine.walk(&service, facility, way, true).map_err(&wrong)?;
            if proof.verdict == Verdict::Guarded {
                let refused = trial::with_our_refusal(&service, facility, way);
                machine.walk(&service, facility, &refused, false).map_err(&wrong)?;
            }
        }
        compare(machine, tree, &service, facility, &proof.verdict, 60, &mut dice).map_err(&wrong)?;
    }
    Ok(())
}

/// Answers of chance: libpam asks whom we say it asks, ends as we say, and lets nobody in against the verdict.
fn compare(
    machine: &Machine,
    tree: &Tree,
    service: &Service,
    facility: Facility,
    verdict: &Verdict,
    times: usize,
    dice: &mut Dice,
) -> Result<(), String> {
    for _ in 0..times {
        let script: Vec<Code> = (0..64).map(|_| dice.answer()).collect();
        let ours = trial::foretold(service, facility, &script);
        let theirs = machine.run(&tree.service, facility, &script);
        if ours != theirs {
            return Err(format!("with {:?}…: we say {ours:?}, libpam {theirs:?}", &script[..8]));
        }
        let Ok((code, _)) = theirs else { continue };
        // An answer that our module never gives may let anybody in.
        let Some(passed) = trial::ours_let_pass(service, facility, &script) else {
            continue;
        };
        let is_in = samekey_pam_stack::lets_in(facility, code);
        let allowed = match verdict {
            Verdict::Guarded => !is_in || passed,
            Verdict::Closed => !is_in,
            Verdict::Bypassed(_) | Verdict::Unclear(_) => true,
        };
        if !allowed {
            return Err(format!("{verdict:?}, but libpam lets in with {script:?}"));
        }
    }
    Ok(())
}

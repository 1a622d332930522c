//! What holds of every stack, whoever wrote it: no file makes the prover fall over, and our line in front guards.

use proptest::prelude::*;
use samekey_pam_stack::{Code, Dialect, Facility, InMemory, Service, Verdict, advise, prove, run};

const OURS: &str = "auth [success=ok ignore=ignore default=die] pam_samekey.so\n";

fn line() -> impl Strategy<Value = String> {
    let facility = prop::sample::select(vec!["auth", "-auth", "AUTH", "account", "session", "atuh", "@include"]);
    let control = prop::sample::select(vec![
        "required",
        "requisite",
        "sufficient",
        "optional",
        "include",
        "substack",
        "[success=1 default=ignore]",
        "[success=2 default=bad]",
        "[default=reset]",
        "[success=done default=die]",
        "[default=done]",
        "requird",
        "[",
    ]);
    let module = prop::sample::select(vec![
        "pam_unix.so",
        "pam_permit.so",
        "pam_deny.so",
        "pam_samekey.so",
        "inner",
        "sshd",
        "nowhere",
        "",
    ]);
    let end = prop::sample::select(vec!["\n", " # told\n", " \\\n", "\n\n"]);
    (facility, control, module, end)
        .prop_map(|(facility, control, module, end)| format!("{facility} {control} {module}{end}"))
}

fn file() -> impl Strategy<Value = String> {
    prop::collection::vec(line(), 0..10).prop_map(|lines| lines.concat())
}

fn service(sshd: &str, inner: &str) -> Service {
    let other = "auth required pam_deny.so\naccount required pam_deny.so\n";
    let files = InMemory::pam_d([("sshd", sshd), ("inner", inner), ("other", other)]);
    Service::load(&files, Dialect::Debian, "sshd")
}

proptest! {
    #[test]
    fn no_bytes_make_it_fall_over(bytes in prop::collection::vec(any::<u8>(), 0..400), inner in file()) {
        let mut files = InMemory::pam_d([("inner", inner.as_str())]);
        files.files.insert("/etc/pam.d/sshd".into(), bytes);
        for dialect in [Dialect::Debian, Dialect::Plain] {
            let service = Service::load(&files, dialect, "sshd");
            for facility in [Facility::Auth, Facility::Account] {
                let _ = prove(&service, facility);
            }
        }
    }

    #[test]
    fn with_our_line_in_front_nobody_comes_past(sshd in file(), inner in file()) {
        let service = service(&format!("{OURS}{sshd}"), &inner);
        let verdict = prove(&service, Facility::Auth).verdict;
        prop_assert!(!matches!(verdict, Verdict::Bypassed(_)), "{verdict:?}");
    }

    #[test]
    fn a_way_that_is_told_is_a_way(sshd in file(), inner in file()) {
        let service = service(&sshd, &inner);
        for facility in [Facility::Auth, Facility::Account] {
            let proof = prove(&service, facility);
            let Verdict::Bypassed(way) = proof.verdict else { continue };
            let lines = &service.stack(facility).lines;
            let mut left = way.iter();
            let (result, steps) = run(lines, |_| left.next().map_or(Code::PERM_DENIED, |step| step.answer));
            prop_assert_eq!(&steps, &way);
            prop_assert!(samekey_pam_stack::lets_in(facility, result));
            let advice = advise(&service, facility, &way);
            prop_assert!(!advice.why.is_empty() && !advice.fix.is_empty());
        }
    }

    /// What answers of chance reach, the search has reached too.
    #[test]
    fn no_answers_of_chance_beat_the_search(sshd in file(), inner in file(), answers in prop::collection::vec(0..31_i32, 40)) {
        let service = service(&sshd, &inner);
        for facility in [Facility::Auth, Facility::Account] {
            let verdict = prove(&service, facility).verdict;
            if !matches!(verdict, Verdict::Guarded | Verdict::Closed) || service.refused.is_some() {
                continue;
            }
            let lines = &service.stack(facility).lines;
            let mut left = answers.iter();
            let (result, steps) = run(lines, |line| {
                let may = line.answers();
                let wanted = left.next().and_then(|number| Code::of(*number));
                wanted.filter(|answer| may.contains(answer)).unwrap_or(may[0])
            });
            let passed = steps.iter().any(|step| lines[step.line].is_ours() && [Code::SUCCESS, Code::IGNORE].contains(&step.answer));
            prop_assert!(!samekey_pam_stack::lets_in(facility, result) || (passed && verdict == Verdict::Guarded), "{verdict:?} {steps:?}");
        }
    }
}

#[test]
fn a_stack_that_is_too_tangled_is_not_called_guarded_and_takes_bounded_work() {
    use std::fmt::Write as _;
    let mut sshd = String::new();
    for depth in 0..40 {
        let _ = writeln!(
            sshd,
            "auth substack inner\nauth [success={} default=reset] pam_x{depth}.so",
            depth % 7 + 1
        );
    }
    let mut inner = String::new();
    for number in 0..40 {
        let _ = writeln!(
            inner,
            "auth [success={} auth_err=ok user_unknown=bad default=reset] pam_y{number}.so",
            number % 5 + 1
        );
    }
    let verdict = prove(&service(&sshd, &inner), Facility::Auth).verdict;
    assert!(
        matches!(verdict, Verdict::Bypassed(_) | Verdict::Unclear(_) | Verdict::Closed),
        "{verdict:?}"
    );
    let many = "auth include inner\n".repeat(300);
    assert!(matches!(
        prove(&service(&many, "auth required pam_unix.so\n"), Facility::Auth).verdict,
        Verdict::Unclear(_)
    ));
}

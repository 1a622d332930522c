//! A login over ssh that waits for its owner's key in a browser elsewhere: the machine at one end, the page's two steps at
//! the other.

use crate::scene::{POLICY, Scene, Turn, field, granted, plugged_in, refused, scene};
use samekey_shared::approvals::{self, Approval, Decider, Decision, Denying, State};
use samekey_shared::challenges::{self, NewChallenge, Purpose};
use samekey_shared::clock::Clock;
use samekey_shared::devices::{self, Unbinding, UnboundWhy};
use samekey_shared::flows::{
    Answer, ApprovalPrompt, Asked, Doorway, FirstFactorCheck, FromAfar, KeyAsk, Means, Notice, Prompt, RefusalCode,
    SignInRequest, Step, UserVerification,
};
use samekey_shared::ids::RequestId;
use samekey_shared::methods::fido::{KeyChecked, KeyError, Scene as Place, Terms, accept};
use samekey_shared::methods::{FirstFactor, Level, Method};
use samekey_shared::source::{Door, Source};
use samekey_shared::ssh::ShownKey;
use samekey_shared::testing::{ORIGIN, RP_ID, SoftAuthenticator};
use std::collections::BTreeSet;

const LIVES: i64 = 90;

fn ssh(address: &str) -> Doorway {
    Doorway {
        door: Door::Shell,
        service: "pam:sshd".into(),
        host: Some("box".into()),
        source: Source::remote_host(address),
    }
}

fn afar() -> Means {
    Means {
        approval: Some(FromAfar {
            command: None,
            lives: LIVES,
        }),
        ..Means::default()
    }
}

/// A login over ssh from there, up to its first question.
fn login(scene: &Scene, first: FirstFactor, means: Means, from: &str) -> (Turn, Step) {
    let request = SignInRequest {
        login: "ann",
        first: FirstFactorCheck::Done(first),
        prior: None,
        asked: Asked::default(),
        means,
        browser: None,
    };
    scene.start(ssh(from), request)
}

fn asked_approval(step: Step) -> ApprovalPrompt {
    match step {
        Step::Ask(Prompt::Approval(prompt)) => *prompt,
        other => panic!("no approval is asked: {other:?}"),
    }
}

/// Up to the prompt of an approval, which is chosen where the app is asked first.
fn waiting(scene: &Scene, from: &str) -> (Turn, ApprovalPrompt) {
    let (mut turn, step) = login(scene, FirstFactor::Password, afar(), from);
    assert!(
        matches!(&step, Step::Ask(Prompt::Code { method: Method::Totp, others, .. }) if others.contains(&Method::Passkey))
    );
    let step = scene.answer(&mut turn, Answer::Choose(Method::Passkey));
    (turn, asked_approval(step))
}

fn found(scene: &Scene, prompt: &ApprovalPrompt) -> Approval {
    let store = &scene.test.realm.store;
    store
        .read(|tx| approvals::by_code(tx, &prompt.code, scene.ann))
        .unwrap()
        .unwrap()
}

/// What the page does at "Approve with passkey": a challenge for `asked`, its answer offered for `offered`.
fn sign(scene: &mut Scene, asked: &Approval, offered: &Approval, number: &str) -> Result<Decision, KeyError> {
    let (now, ann) = (scene.test.clock.now(), scene.ann);
    let new = NewChallenge {
        purpose: Purpose::Approve,
        account: Some(ann),
        binding: &asked.id.to_string(),
        state: None,
        lives: 300,
    };
    let realm = scene.test.realm.clone();
    let challenge = realm
        .store
        .write(|tx| {
            challenges::issue(tx, realm.entropy.as_ref(), &new, now)
                .map_err(|error| samekey_shared::store::StoreError::Inconsistent(error.to_string()))
        })
        .unwrap();
    let allow = realm.store.read(|tx| devices::fido::of_account(tx, ann)).unwrap();
    let ask = KeyAsk {
        challenge_id: challenge.id,
        challenge: challenge.bytes.to_vec(),
        rp_id: RP_ID.into(),
        allow: allow.iter().map(Into::into).collect(),
        user_verification: UserVerification::Preferred,
        local: None,
    };
    let assertion = scene.key.answer(&ask, ORIGIN).unwrap();
    let source = Source::remote_host("198.51.100.1");
    let decider = Decider {
        account: ann,
        source: &source,
        request: RequestId::draw(realm.entropy.as_ref()).unwrap(),
    };
    let origins = [ORIGIN.to_owned()];
    realm
        .store
        .write(|tx| {
            let spent = challenges::spend(tx, challenge.id, Purpose::Approve, &offered.id.to_string(), now)?;
            let Some(spent) = spent else {
                return Ok(Err(KeyError::ChallengeSpent));
            };
            let terms = Terms {
                rp_id: RP_ID,
                challenge: &spent.bytes,
                scene: Place::Web { origins: &origins },
                methods: &BTreeSet::from([Method::Passkey, Method::SecurityKey]),
                user_verification: false,
                pin: false,
            };
            match accept(tx, Some(ann), &assertion, &terms, now).unwrap() {
                KeyChecked::Accepted(evidence, _) => {
                    approvals::approve(tx, offered.id, &decider, number, &evidence, now).map(Ok)
                }
                KeyChecked::Refused(error, _) => Ok(Err(error)),
            }
        })
        .map_err(|error: samekey_shared::store::StoreError| error)
        .unwrap()
}

fn approve(scene: &mut Scene, prompt: &ApprovalPrompt, number: &str) -> Decision {
    let found = found(scene, prompt);
    sign(scene, &found, &found, number).unwrap()
}

fn deny(scene: &Scene, prompt: &ApprovalPrompt) -> Decision {
    let source = Source::remote_host("198.51.100.1");
    let decider = Decider {
        account: scene.ann,
        source: &source,
        request: RequestId::draw(scene.test.realm.entropy.as_ref()).unwrap(),
    };
    let (id, now) = (prompt.id, scene.test.clock.now());
    let store = &scene.test.realm.store;
    store
        .write(|tx| approvals::deny(tx, id, &decider, Denying::Deny, now))
        .unwrap()
}

#[test]
fn a_login_is_approved_by_the_key_and_opens_once() {
    let mut scene = scene(SoftAuthenticator::new());
    let (mut turn, prompt) = waiting(&scene, "192.0.2.7");
    assert_eq!(prompt.page, format!("{ORIGIN}/approve"));
    assert_eq!(
        prompt.link(),
        format!("{ORIGIN}/approve?code={}", prompt.code.compact())
    );
    let early = scene.answer(&mut turn, Answer::Approved);
    let again = asked_approval(early);
    assert_eq!(again.notice, Some(Notice::NotApprovedYet));
    assert_eq!(
        (&again.code, again.number),
        (&prompt.code, prompt.number),
        "the same one, not another"
    );
    assert_eq!(
        approve(&mut scene, &prompt, &prompt.number.to_string()),
        Decision::Taken
    );
    let grant = granted(scene.answer(&mut turn, Answer::Approved));
    assert_eq!(
        (grant.level, grant.evidence[0].device()),
        (Level::Highest, Some(scene.bound.id))
    );
    assert_eq!(
        refused(scene.answer(&mut turn, Answer::Approved)),
        RefusalCode::OutOfTurn
    );
    assert_eq!(found(&scene, &prompt).state, State::Collected);
    let line = scene.trail("approval-approved").pop().unwrap();
    assert_eq!(field(&line, "device"), Some(scene.bound.id.to_string()));
    let line = scene.trail("sign-in-granted").pop().unwrap();
    assert_eq!(line.request, Some(grant.request.to_string()));
}

#[test]
fn an_approval_of_one_login_cannot_open_another() {
    let mut scene = scene(SoftAuthenticator::new());
    let (mut mine, one) = waiting(&scene, "192.0.2.7");
    let (mut theirs, other) = waiting(&scene, "203.0.113.9");
    let (here, there) = (found(&scene, &one), found(&scene, &other));
    assert_eq!(
        sign(&mut scene, &here, &there, &other.number.to_string()),
        Err(KeyError::ChallengeSpent)
    );
    assert_eq!(approve(&mut scene, &one, &one.number.to_string()), Decision::Taken);
    assert_eq!(
        asked_approval(scene.answer(&mut theirs, Answer::Approved)).notice,
        Some(Notice::NotApprovedYet)
    );
    assert_eq!(granted(scene.answer(&mut mine, Answer::Approved)).login.as_str(), "ann");
}

#[test]
fn whatever_is_not_a_yes_refuses_and_says_what_it_was() {
    let mut scene = scene(SoftAuthenticator::new());
    let (mut turn, prompt) = waiting(&scene, "192.0.2.7");
    assert_eq!(deny(&scene, &prompt), Decision::Taken);
    assert_eq!(
        refused(scene.answer(&mut turn, Answer::Approved)),
        RefusalCode::ApprovalDenied
    );

    let (mut turn, prompt) = waiting(&scene, "192.0.2.7");
    let wrong = if prompt.number.to_string() == "10" { "11" } else { "10" };
    assert_eq!(approve(&mut scene, &prompt, wrong), Decision::WrongNumber);
    assert_eq!(
        refused(scene.answer(&mut turn, Answer::Approved)),
        RefusalCode::ApprovalWrongNumber
    );

    let (mut turn, prompt) = waiting(&scene, "192.0.2.7");
    assert_eq!(
        approve(&mut scene, &prompt, &prompt.number.to_string()),
        Decision::Taken
    );
    scene.test.clock.advance(LIVES);
    assert_eq!(
        refused(scene.answer(&mut turn, Answer::Approved)),
        RefusalCode::ApprovalExpired,
        "a yes, too late"
    );

    let (mut turn, _) = waiting(&scene, "192.0.2.7");
    let (_, newer) = waiting(&scene, "192.0.2.7");
    assert_eq!(
        refused(scene.answer(&mut turn, Answer::Approved)),
        RefusalCode::ApprovalSuperseded
    );
    assert_eq!(found(&scene, &newer).state, State::Pending);

    let results: Vec<_> = scene
        .trail("sign-in-refused")
        .iter()
        .filter_map(|line| field(line, "result"))
        .collect();
    let told = [
        "approval_denied",
        "approval_wrong_number",
        "approval_expired",
        "approval_superseded",
    ];
    assert_eq!(results, told);
}

#[test]
fn whoever_goes_or_chooses_otherwise_leaves_nothing_to_approve() {
    let mut scene = scene(SoftAuthenticator::new());
    let (mut turn, prompt) = waiting(&scene, "192.0.2.7");
    assert_eq!(refused(scene.answer(&mut turn, Answer::GiveUp)), RefusalCode::GaveUp);
    assert_eq!(approve(&mut scene, &prompt, &prompt.number.to_string()), Decision::Gone);

    let (mut turn, prompt) = waiting(&scene, "192.0.2.7");
    let step = scene.answer(&mut turn, Answer::Choose(Method::Totp));
    assert!(
        matches!(
            step,
            Step::Ask(Prompt::Code {
                method: Method::Totp,
                ..
            })
        ),
        "{step:?}"
    );
    assert_eq!(found(&scene, &prompt).state, State::Cancelled);
    let code = scene.code();
    let _ = granted(scene.answer(&mut turn, code));

    let (mut turn, prompt) = waiting(&scene, "192.0.2.7");
    let step = scene.answer(&mut turn, Answer::Code("123456".into()));
    assert_eq!(refused(step), RefusalCode::OutOfTurn);
    assert_eq!(found(&scene, &prompt).state, State::Cancelled);
}

#[test]
fn nobody_is_offered_one_who_has_shown_nothing_or_whose_door_cannot_wait() {
    let scene = scene(SoftAuthenticator::new());
    for (first, means) in [(FirstFactor::None, afar()), (FirstFactor::Password, Means::default())] {
        let (mut turn, step) = login(&scene, first, means, "192.0.2.7");
        let Step::Ask(Prompt::Code { others, .. }) = step else {
            panic!("{step:?}");
        };
        assert!(others.iter().all(|method| !method.is_fido()), "{others:?}");
        let step = scene.answer(&mut turn, Answer::Choose(Method::Passkey));
        assert!(
            matches!(
                step,
                Step::Ask(Prompt::Code {
                    notice: Some(Notice::NotOffered),
                    ..
                })
            ),
            "{step:?}"
        );
    }
    // Where a key can be plugged in, it is the key that is asked.
    let both = Means {
        keys: plugged_in().keys,
        ..afar()
    };
    let (_, step) = login(&scene, FirstFactor::Password, both, "192.0.2.7");
    assert!(matches!(step, Step::Ask(Prompt::Key(_))), "{step:?}");
    assert!(scene.trail("approval-opened").is_empty());
}

#[test]
fn it_comes_first_where_nothing_that_is_typed_would_do() {
    let scene = scene(SoftAuthenticator::new());
    scene.policy(&POLICY.replace("\"high\"", "\"highest\""));
    let key = FirstFactor::PublicKey(ShownKey {
        key_type: "ssh-ed25519".into(),
        fingerprint: "SHA256:abc".into(),
        on_our_terms: false,
    });
    let (_, step) = login(&scene, key, afar(), "192.0.2.7");
    let prompt = asked_approval(step);
    assert_eq!(prompt.others, []);
    assert_eq!(found(&scene, &prompt).key_fingerprint.as_deref(), Some("SHA256:abc"));
    let (_, step) = login(&scene, FirstFactor::None, afar(), "192.0.2.7");
    assert_eq!(refused(step), RefusalCode::NotAtThisDoor);
}

#[test]
fn too_many_fall_back_to_what_else_there_is_or_end() {
    let scene = scene(SoftAuthenticator::new());
    for n in 0..5 {
        let _ = waiting(&scene, &format!("192.0.{n}.7"));
    }
    let (mut turn, _) = login(&scene, FirstFactor::Password, afar(), "203.0.113.9");
    let step = scene.answer(&mut turn, Answer::Choose(Method::Passkey));
    assert!(
        matches!(
            step,
            Step::Ask(Prompt::Code {
                notice: Some(Notice::TooManyApprovals),
                ..
            })
        ),
        "{step:?}"
    );
    scene.policy(&POLICY.replace("\"high\"", "\"highest\""));
    let (_, step) = login(&scene, FirstFactor::Password, afar(), "203.0.113.9");
    assert!(matches!(refused(step), RefusalCode::TooManyApprovals { .. }));
}

#[test]
fn a_policy_that_no_longer_takes_the_key_is_obeyed_at_the_last_moment() {
    let mut scene = scene(SoftAuthenticator::new());
    let (mut turn, prompt) = waiting(&scene, "192.0.2.7");
    assert_eq!(
        approve(&mut scene, &prompt, &prompt.number.to_string()),
        Decision::Taken
    );
    scene.policy(&POLICY.replace("\"passkey\", \"security-key\", ", ""));
    assert_eq!(
        refused(scene.answer(&mut turn, Answer::Approved)),
        RefusalCode::NoMethodReachesLevel
    );
}

#[test]
fn a_key_that_was_unbound_after_its_yes_lets_nobody_in() {
    let mut scene = scene(SoftAuthenticator::new());
    let (mut turn, prompt) = waiting(&scene, "192.0.2.7");
    assert_eq!(
        approve(&mut scene, &prompt, &prompt.number.to_string()),
        Decision::Taken
    );
    let realm = &scene.test.realm;
    let keys = realm.store.read(|tx| devices::fido::of_account(tx, scene.ann)).unwrap();
    let end = Unbinding {
        at: scene.test.clock.now(),
        by: "account:ann".into(),
        why: UnboundWhy::Own,
    };
    for key in keys {
        let gone = realm
            .store
            .write(|tx| devices::rows::unbind(tx, scene.ann, key.device, &end));
        gone.unwrap();
    }
    assert_eq!(
        refused(scene.answer(&mut turn, Answer::Approved)),
        RefusalCode::NoMethodReachesLevel
    );
}

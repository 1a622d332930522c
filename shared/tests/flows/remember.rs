//! R27-R29, Q12, Q13, W3, W9: browsers that are not asked again for a while.

use super::scene::*;
use samekey_shared::accounts::{AccountState, rows};
use samekey_shared::clock::Clock;
use samekey_shared::devices;
use samekey_shared::devices::{Unbinding, UnboundWhy};
use samekey_shared::flows::step_up;
use samekey_shared::flows::{
    Answer, Asked, Basis, Doorway, Earlier, Grant, Means, PasswordSource, Prior, Prompt, RefusalCode, SignInRequest,
    Step, Visit,
};
use samekey_shared::methods::{FirstFactor, Level};
use samekey_shared::source::Source;
use samekey_shared::trust::{self, Browser, Mark, Shown, TrustToken};

const DAY: i64 = 86_400;

const WEEK: &str = "version = 1\n[groups]\nsource = \"store\"\n[default]\nlevel = \"high\"\ngrace = \"0s\"\n\
    remember = \"7d\"\nmethods = [\"totp\", \"recovery-code\"]\n";

/// A browser and its two cookies.
struct Firefox {
    own: &'static str,
    token: Option<String>,
}

impl Firefox {
    fn shows(&self) -> Browser {
        Browser {
            words: "Firefox".into(),
            mark: Some(Mark::of(self.own)),
            remembered: self.token.as_deref().and_then(Shown::read),
        }
    }

    fn request(&self) -> SignInRequest<'static> {
        SignInRequest {
            browser: Some(self.shows()),
            ..on_web("ann")
        }
    }
}

/// What the provider does with a grant.
fn keep(scene: &Scene, firefox: &mut Firefox, grant: &Grant) {
    let (realm, now) = (&scene.test.realm, scene.test.clock.now());
    let token = TrustToken::draw(realm.entropy.as_ref()).unwrap();
    let before = firefox.shows().remembered;
    realm
        .store
        .write(|tx| {
            trust::know_browser(tx, scene.ann, &Mark::of(firefox.own), now)?;
            match grant.remember {
                Some(lives) => {
                    let words = ("Firefox", &web().source);
                    trust::remember(tx, &token, scene.ann, words, before.as_ref(), lives, now)
                }
                None => Ok(()),
            }
        })
        .unwrap();
    if grant.remember.is_some() {
        firefox.token = Some(token.text());
    }
}

fn with_password(
    scene: &Scene,
    doorway: &Doorway,
    request: SignInRequest<'_>,
) -> (samekey_shared::flows::SignIn, Step) {
    let (mut sign_in, _) = scene.start(doorway, request);
    let step = scene.answer(doorway, &mut sign_in, Answer::Password(PASSWORD.into()));
    (sign_in, step)
}

/// Signs in with a code, with the box ticked.
fn tick(scene: &Scene, firefox: &mut Firefox) -> Grant {
    let web = web();
    let (mut sign_in, _) = with_password(scene, &web, firefox.request());
    sign_in.wish_to_be_remembered(true);
    let grant = granted(scene.answer(&web, &mut sign_in, scene.code()));
    keep(scene, firefox, &grant);
    grant
}

fn remembered() -> (Scene, Firefox) {
    let scene = scene();
    scene.test.policy(WEEK).unwrap();
    let mut firefox = Firefox {
        own: "own",
        token: None,
    };
    assert_eq!(tick(&scene, &mut firefox).remember, Some(7 * DAY));
    (scene, firefox)
}

fn asks(step: &Step) -> bool {
    matches!(step, Step::Ask(Prompt::Code { .. }))
}

fn asked_again(scene: &Scene, firefox: &Firefox) -> bool {
    asks(&with_password(scene, &web(), firefox.request()).1)
}

#[test]
fn on_the_sixth_day_nothing_is_asked_and_on_the_eighth_it_is() {
    let (scene, firefox) = remembered();
    scene.test.clock.advance(6 * DAY);
    let grant = granted(with_password(&scene, &web(), firefox.request()).1);
    let until = scene.test.clock.now() + DAY;
    let by = Earlier::Browser;
    assert_eq!(grant.basis, Basis::Trusted { by, until });
    // Q13: what was spared is not claimed.
    assert_eq!((grant.level, grant.amr()), (Level::Single, vec!["pwd"]));
    assert_eq!(grant.acr(), Some("urn:samekey:acr:single"));
    // Fixed from the proof, not sliding.
    scene.test.clock.advance(DAY - 1);
    assert!(!asked_again(&scene, &firefox));
    scene.test.clock.advance(1);
    assert!(asked_again(&scene, &firefox));
}

#[test]
fn the_box_is_only_offered_where_the_policy_remembers_and_only_heard_with_a_proof() {
    let (scene, firefox) = remembered();
    let web = web();
    let other = Firefox {
        own: "other",
        token: None,
    };
    let (sign_in, _) = with_password(&scene, &web, other.request());
    assert_eq!(sign_in.offers_to_remember(), Some(7 * DAY));
    // Ticked, but nothing was proven in this turn.
    let (mut sign_in, _) = scene.start(&web, firefox.request());
    sign_in.wish_to_be_remembered(true);
    let grant = granted(scene.answer(&web, &mut sign_in, Answer::Password(PASSWORD.into())));
    assert_eq!(grant.remember, None);
    for forbids in ["remember = \"0s\"", "max-age = \"5m\"", "level = \"highest\""] {
        let rule = format!("{WEEK}[[rule]]\nname = \"r\"\nwhen = {{ users = [\"ann\"] }}\nrequire = {{ {forbids} }}\n");
        let rule = rule.replace(
            "[\"totp\", \"recovery-code\"]",
            "[\"totp\", \"recovery-code\", \"passkey\"]",
        );
        scene.test.policy(&rule).unwrap();
        let (sign_in, _) = with_password(&scene, &web, other.request());
        assert_eq!(sign_in.offers_to_remember(), None, "{forbids}");
    }
}

#[test]
fn the_strictest_rule_decides_how_long() {
    let (scene, firefox) = remembered();
    let rule = "[[rule]]\nname = \"wiki\"\nwhen = { services = [\"oidc:wiki\"] }\nrequire = { remember = \"1d\" }\n";
    scene.test.policy(&format!("{WEEK}{rule}")).unwrap();
    scene.test.clock.advance(DAY);
    assert!(asked_again(&scene, &firefox), "a day is over at the wiki");
    let elsewhere = Doorway {
        service: "oidc:shop".into(),
        ..web()
    };
    assert!(!asks(&with_password(&scene, &elsewhere, firefox.request()).1));
}

#[test]
fn another_browser_another_account_and_a_clock_set_back_are_asked() {
    let (scene, firefox) = remembered();
    let other = Firefox {
        own: "other",
        token: None,
    };
    assert!(asked_again(&scene, &other));
    // Stolen: the token of one account in another's sign-in.
    let bob = scene.test.account("bob", PASSWORD).unwrap();
    scene.test.bind_phone(bob).unwrap();
    let stolen = SignInRequest {
        login: "bob",
        ..firefox.request()
    };
    assert!(asks(&with_password(&scene, &web(), stolen).1));
    // Its id with a guessed secret.
    let token = firefox.token.clone().unwrap();
    let guessed = Firefox {
        own: "own",
        token: Some(format!("{}.guessed", token.split('.').next().unwrap())),
    };
    assert!(asked_again(&scene, &guessed));
    assert!(!asked_again(&scene, &firefox));
    scene.test.clock.advance(-60);
    assert!(asked_again(&scene, &firefox));
}

#[test]
fn a_clock_that_went_back_and_forth_has_ended_it_once_something_was_written() {
    let (scene, firefox) = remembered();
    scene.test.clock.advance(-60);
    let web = web();
    let (mut sign_in, _) = with_password(&scene, &web, firefox.request());
    assert_eq!(
        refused(scene.answer(&web, &mut sign_in, Answer::GiveUp)),
        RefusalCode::GaveUp
    );
    scene.test.clock.advance(120);
    assert!(asked_again(&scene, &firefox));
}

#[test]
fn an_application_that_asks_for_more_gets_a_real_prompt() {
    let (scene, firefox) = remembered();
    let level = Asked {
        level: Some(Level::High),
        ..Asked::default()
    };
    let age = Asked {
        max_age: Some(3600),
        ..Asked::default()
    };
    let fresh = Asked {
        fresh: true,
        ..Asked::default()
    };
    for asked in [level, age, fresh] {
        let request = SignInRequest {
            asked: asked.clone(),
            ..firefox.request()
        };
        assert!(asks(&with_password(&scene, &web(), request).1), "{asked:?}");
    }
}

#[test]
fn a_sensitive_operation_is_never_spared() {
    let (scene, firefox) = remembered();
    scene.test.clock.advance(30);
    let grant = granted(with_password(&scene, &web(), firefox.request()).1);
    let session = Prior {
        first: FirstFactor::Password,
        first_at: grant.first_at.unwrap(),
        evidence: grant.evidence,
    };
    let devices = Doorway {
        service: "portal:devices".into(),
        ..web()
    };
    let visit = Visit {
        realm: &scene.test.realm,
        doorway: &devices,
    };
    let (asked, means) = (Asked::default(), Means::default());
    let (_, step) = step_up::start(
        &visit,
        "ann",
        PasswordSource::Store,
        session,
        asked,
        means,
        &mut |_, _| Ok(()),
    )
    .unwrap();
    assert!(asks(&step), "{step:?}");
}

#[test]
fn any_change_of_a_credential_a_lock_and_a_policy_without_it_end_it() {
    type Change = fn(&Scene);
    let changes: [(&str, Change); 6] = [
        ("a key is bound", |scene| {
            let mut key = samekey_shared::testing::SoftAuthenticator::new();
            scene.test.bind_key(scene.ann, &mut key, "key").unwrap();
        }),
        ("paper is unbound", |scene| {
            let store = &scene.test.realm.store;
            let bound = store.read(|tx| devices::rows::bound(tx, scene.ann)).unwrap().devices;
            let paper = bound.iter().find(|one| one.id != scene.app().id).unwrap().id;
            let end = Unbinding {
                at: scene.test.clock.now(),
                by: "ann".into(),
                why: UnboundWhy::Own,
            };
            store
                .write(|tx| devices::rows::unbind(tx, scene.ann, paper, &end))
                .unwrap();
        }),
        ("the password is set", |scene| {
            let realm = &scene.test.realm;
            let cost = &realm.password_cost;
            let hash =
                samekey_shared::accounts::password::hash(cost, realm.entropy.as_ref(), &PASSWORD.into()).unwrap();
            realm
                .store
                .write(|tx| rows::set_password(tx, scene.ann, &hash))
                .unwrap();
        }),
        ("locked and unlocked", |scene| {
            for state in [AccountState::Locked, AccountState::Active] {
                let store = &scene.test.realm.store;
                store.write(|tx| rows::set_state(tx, scene.ann, state)).unwrap();
            }
        }),
        ("the policy forbids and allows again", |scene| {
            scene.test.policy(STRICT).unwrap();
            scene.test.policy(WEEK).unwrap();
        }),
        ("its owner forgets it", |scene| {
            let (store, now) = (&scene.test.realm.store, scene.test.clock.now());
            let all = store.read(|tx| trust::of_account(tx, scene.ann, now)).unwrap();
            assert_eq!((all.len(), all[0].browser.as_str()), (1, "Firefox"));
            assert!(store.write(|tx| trust::revoke(tx, scene.ann, all[0].id)).unwrap());
            assert!(!store.write(|tx| trust::revoke(tx, scene.ann, all[0].id)).unwrap());
        }),
    ];
    for (what, change) in changes {
        let (scene, firefox) = remembered();
        assert!(!asked_again(&scene, &firefox), "{what}");
        change(&scene);
        assert!(asked_again(&scene, &firefox), "{what}");
    }
}

#[test]
fn nobody_forgets_another_accounts_browser() {
    let (scene, firefox) = remembered();
    let bob = scene.test.account("bob", PASSWORD).unwrap();
    let store = &scene.test.realm.store;
    let now = scene.test.clock.now();
    let all = store.read(|tx| trust::of_account(tx, scene.ann, now)).unwrap();
    assert!(!store.write(|tx| trust::revoke(tx, bob, all[0].id)).unwrap());
    assert!(!asked_again(&scene, &firefox));
}

/// Looked at, then revoked, then granted: the grant notices.
#[test]
fn a_token_revoked_between_look_and_grant_lets_nobody_in() {
    let (scene, firefox) = remembered();
    let web = web();
    let (mut sign_in, _) = scene.start(&web, firefox.request());
    let visit = Visit {
        realm: &scene.test.realm,
        doorway: &web,
    };
    let (store, ann) = (&scene.test.realm.store, scene.ann);
    store.write(|tx| trust::revoke_all(tx, ann)).unwrap();
    let step = sign_in.answer(&visit, Answer::Password(PASSWORD.into()), &mut |_, _| Ok(()));
    assert!(asks(&step.unwrap()));
}

/// W3: what is unusual, and what is not.
#[test]
fn a_new_browser_or_network_is_unusual_and_the_first_sign_in_is_not() {
    let scene = scene();
    scene.test.policy(WEEK).unwrap();
    let mut firefox = Firefox {
        own: "own",
        token: None,
    };
    assert_eq!(tick(&scene, &mut firefox).abnormal, Some(false), "the first of all");
    scene.test.clock.advance(30);
    let again = granted(with_password(&scene, &web(), firefox.request()).1);
    assert_eq!(again.abnormal, Some(false), "the same again");
    let elsewhere = Doorway {
        source: Source::remote_host("198.51.100.1"),
        ..web()
    };
    let other = Firefox {
        own: "other",
        token: None,
    };
    for (doorway, browser) in [(&elsewhere, &firefox), (&web(), &other)] {
        scene.test.clock.advance(30);
        let (mut sign_in, step) = with_password(&scene, doorway, browser.request());
        assert!(asks(&step));
        let grant = granted(scene.answer(doorway, &mut sign_in, scene.code()));
        assert_eq!(grant.abnormal, Some(true));
    }
}

/// W9: an unusual sign-in ends what was remembered, and is spared nothing itself.
#[test]
fn an_unusual_sign_in_is_asked_and_ends_what_was_remembered() {
    let (scene, firefox) = remembered();
    scene.test.clock.advance(30);
    let elsewhere = Doorway {
        source: Source::remote_host("198.51.100.1"),
        ..web()
    };
    let (mut sign_in, step) = with_password(&scene, &elsewhere, firefox.request());
    assert!(asks(&step));
    assert!(!asked_again(&scene, &firefox), "nobody has signed in yet");
    let _ = granted(scene.answer(&elsewhere, &mut sign_in, scene.code()));
    assert!(asked_again(&scene, &firefox));
}

#[test]
fn what_has_ended_is_swept_and_a_browser_keeps_one_token() {
    let (scene, mut firefox) = remembered();
    let store = &scene.test.realm.store;
    scene.test.clock.advance(30);
    let old = firefox.token.clone();
    // Asked again in the same browser, because its owner wanted to be.
    let request = SignInRequest {
        asked: Asked {
            fresh: true,
            ..Asked::default()
        },
        ..firefox.request()
    };
    let web = web();
    let (mut sign_in, _) = with_password(&scene, &web, request);
    sign_in.wish_to_be_remembered(true);
    let grant = granted(scene.answer(&web, &mut sign_in, scene.code()));
    keep(&scene, &mut firefox, &grant);
    let now = scene.test.clock.now();
    assert_ne!(old, firefox.token);
    let count = |now| store.read(|tx| trust::of_account(tx, scene.ann, now)).unwrap().len();
    assert_eq!(count(now), 1);
    assert_eq!(store.write(|tx| trust::sweep(tx, now + 7 * DAY)).unwrap(), 1);
}

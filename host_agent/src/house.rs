//! What every conversation shares, and one conversation from its first message to its verdict.

use crate::account_phase;
use crate::approval;
use crate::configured::Configured;
use crate::conversation::{self, Ending};
use crate::enrol;
use crate::journal;
use crate::line::{Line, Lost};
use crate::passages::{Passage, Passages, Trace};
use crate::peer::{Peer, Trust};
use crate::presence::{Presence, Records};
use crate::proofs::Proofs;
use crate::reach::Reach;
use crate::ssh_keys::{self, SshTerms};
use crate::stack;
use crate::surroundings;
use samekey_agent::keys::LocalKeys;
use samekey_shared::accounts::LoginName;
use samekey_shared::audit::{self, Actor, Event, EventKind};
use samekey_shared::devices::fido;
use samekey_shared::flows::Doorway;
use samekey_shared::realm::Realm;
use samekey_shared::source::{Door, Source};
use samekey_wire::{Call, Outage, Reason, Start, Verdict};
use std::collections::HashMap;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Time for one conversation with sshd: LoginGraceTime is 120 s.
const SSHD_TIME: Duration = Duration::from_secs(100);

/// Time for one conversation with anything else.
const OTHER_TIME: Duration = Duration::from_secs(300);

/// Seconds between two audit lines about the same uid that asks for what it may not: it cannot fill the trail.
const PEER_LINES_EVERY: i64 = 60;

/// Most uids whose last such line is remembered.
const MOST_PEERS: usize = 1024;

/// Everything that conversations share.
#[derive(Debug)]
pub struct House {
    /// Store, keys, policy, clock.
    pub realm: Arc<Realm>,
    /// This host's name.
    pub host: String,
    /// Who passed lately.
    pub passages: Passages,
    /// Who proved a second factor lately.
    proofs: Proofs,
    told_of: Mutex<HashMap<u32, i64>>,
    keys: Option<Arc<dyn LocalKeys>>,
    records: Records,
    configured: Option<Arc<Configured>>,
    /// Where PAM's stacks lie.
    pub stacks: Vec<PathBuf>,
    /// What is known of this host's sshd.
    pub ssh: SshTerms,
}

impl House {
    /// A house over this realm.
    pub fn new(realm: Arc<Realm>, host: String) -> Self {
        Self {
            realm,
            host,
            passages: Passages::default(),
            proofs: Proofs::default(),
            told_of: Mutex::default(),
            keys: None,
            records: Records::default(),
            configured: None,
            stacks: stack::FOLDERS.iter().map(PathBuf::from).collect(),
            ssh: SshTerms::default(),
        }
    }

    /// With this sshd.
    #[must_use]
    pub fn with_ssh(mut self, ssh: SshTerms) -> Self {
        self.ssh = ssh;
        self
    }

    /// With PAM's stacks in another folder.
    #[cfg(test)]
    pub fn with_stacks(mut self, folder: PathBuf) -> Self {
        self.stacks = vec![folder];
        self
    }

    /// With keys that can be plugged in, and the records that tell who is here to do so.
    #[must_use]
    pub fn with_keys(mut self, keys: Arc<dyn LocalKeys>, records: Records) -> Self {
        self.keys = Some(keys);
        self.records = records;
        self
    }

    /// That says, to whoever looks at it, when its configuration has changed.
    #[must_use]
    pub fn with_configuration(mut self, configured: Arc<Configured>) -> Self {
        self.configured = Some(configured);
        self
    }

    /// Whom people may ask, if the policy says so.
    pub fn contact(&self) -> Option<String> {
        let policy = self.realm.store.read(|tx| self.realm.policy(tx)).ok()?;
        policy.settings().contact.clone()
    }

    /// One connection, from its first message to its verdict.
    pub fn serve(&self, stream: &UnixStream, peer: Peer) {
        let mut line = Line::new(stream);
        let ending = match line.start() {
            Ok(start) => self.answer(&mut line, &start, peer),
            Err(lost) => Err(lost),
        };
        match ending {
            // Whether the module hears it is its own affair: without a verdict it refuses.
            Ok(ending) => drop(line.end(ending.verdict)),
            // `samekey status` looks; it hears what an administrator should do.
            Err(Lost::OnlyLooked) => {
                let stale = self.configured.as_ref().and_then(|configured| configured.stale());
                if let Some(said) = stale {
                    line.tell(said).ok();
                }
            }
            Err(lost) => journal::note(&format!("conversation with uid {} ended: {lost}", peer.uid)),
        }
    }

    fn answer(&self, line: &mut Line<'_>, start: &Start, peer: Peer) -> Result<Ending, Lost> {
        line.allow(if start.service.starts_with("sshd") {
            SSHD_TIME
        } else {
            OTHER_TIME
        });
        let trust = match LoginName::parse(&start.user, &self.realm.names) {
            Ok(login) => peer.trust(login.as_str()),
            // Not even a name: root's conversation goes through the same motions as any other.
            Err(_) => peer.trust(""),
        };
        if start.call == Call::SshKeys && (trust != Trust::Nobody || self.ssh.may_ask(peer)) {
            return ssh_keys::serve(self, line, start, peer);
        }
        if trust == Trust::Nobody {
            return Ok(self.refuse_peer(start, peer));
        }
        if start.call == Call::Proof {
            return self.proof(line, start, trust);
        }
        let Some(doorway) = surroundings::doorway(start, trust, &self.realm.names, &self.host) else {
            journal::trouble("a module names a PAM service that cannot exist");
            return Ok(Ending::undecided(Outage::BadRequest));
        };
        let reach = self.reach(start, peer, trust, &doorway);
        let ending = match start.call {
            Call::Authenticate => {
                let reach = reach
                    .and_approval(approval::offered(self, &doorway, trust, peer))
                    .and_binding(enrol::possible(start, trust));
                conversation::sign_in(self, line, start, &doorway, trust, &reach)?
            }
            Call::Account | Call::Proof | Call::SshKeys => {
                account_phase::check(self, line, start, &doorway, trust, &reach)?
            }
        };
        self.remember(start, trust, &ending);
        log(start, &doorway, &ending);
        Ok(ending)
    }

    /// What this person can reach. Who is not known to be here is not.
    fn reach(&self, start: &Start, peer: Peer, trust: Trust, doorway: &Doorway) -> Reach {
        let presence = match doorway.source {
            Source::Local { .. } if self.keys.is_none() => Presence::Here,
            // Reading the processes up to the first takes longer than all else in a login: only for who may gain by it.
            Source::Local { .. } if !self.has_a_key(start) => Presence::Doubtful("the account has no security key"),
            Source::Local { .. } => self.records.presence(peer, trust, start),
            _ => Presence::Doubtful("the login comes from another machine"),
        };
        Reach::of(presence, self.keys.as_ref(), &self.host)
    }

    /// Whether a key of this realm could be asked of this user. One that is bound just now is asked from the next login on.
    fn has_a_key(&self, start: &Start) -> bool {
        let Ok(login) = LoginName::parse(&start.user, &self.realm.names) else {
            return false;
        };
        let has_any = || self.realm.store.look(|tx| fido::has_any(tx, &login));
        self.realm.relying_party.is_some() && has_any().unwrap_or(false)
    }

    /// Tells root when somebody proved a second factor at this place: asks nothing, writes nothing.
    fn proof(&self, line: &mut Line<'_>, start: &Start, trust: Trust) -> Result<Ending, Lost> {
        let login = LoginName::parse(&start.user, &self.realm.names).ok();
        let found = login.filter(|_| trust == Trust::Root).and_then(|login| {
            let at = self.proofs.find(start, &login, self.realm.clock.now())?;
            Some((login, at))
        });
        let Some((login, at)) = found else {
            let reason = Reason::SecondFactorMissing;
            return Ok(Ending {
                verdict: Verdict::Refused { reason },
                code: reason.code(),
                login: None,
                request: None,
            });
        };
        line.tell(at.to_string())?;
        Ok(Ending {
            verdict: Verdict::Granted,
            code: "ok",
            login: Some(login),
            request: None,
        })
    }

    /// Keeps in mind, for the account phase and for `samekey setup confirm`, who passed.
    fn remember(&self, start: &Start, trust: Trust, ending: &Ending) {
        let passage = match ending.verdict {
            Verdict::Granted | Verdict::KeyShown => Passage::Proven,
            Verdict::Exempt => Passage::Exempt,
            _ => return,
        };
        let now = self.realm.clock.now();
        let (Call::Authenticate, Trust::Root, Some(login)) = (start.call, trust, &ending.login) else {
            return;
        };
        if passage == Passage::Proven {
            self.proofs.record(start, login, now);
        }
        if let Some(trace) = Trace::of(start) {
            self.passages.record(trace, login, passage, now);
        }
    }

    /// A process asks about somebody else.
    fn refuse_peer(&self, start: &Start, peer: Peer) -> Ending {
        let reason = Reason::PeerRefused;
        let now = self.realm.clock.now();
        if self.is_news(peer, now) {
            let event = Event::new(EventKind::PeerRefused, Actor::Operator { uid: peer.uid })
                .result(reason.code())
                .about(&start.user)
                .at(Door::Shell, &start.service)
                .from(&Source::Local { by: None });
            journal::event(&event);
            if let Err(error) = self.realm.store.write(|tx| audit::append(tx, &event, now)) {
                journal::trouble(&format!("a refusal could not be written into the audit trail: {error}"));
            }
        }
        Ending {
            verdict: Verdict::Refused { reason },
            code: reason.code(),
            login: None,
            request: None,
        }
    }

    /// Whether this peer was written down so lately that it need not be again.
    fn is_news(&self, peer: Peer, now: i64) -> bool {
        let mut told = self.told_of.lock().unwrap_or_else(PoisonError::into_inner);
        told.retain(|_, at| (0..PEER_LINES_EVERY).contains(&(now - *at)));
        told.len() < MOST_PEERS && told.insert(peer.uid, now).is_none()
    }
}

/// One line in the journal about how it ended.
fn log(start: &Start, doorway: &Doorway, ending: &Ending) {
    let (kind, actor) = match (ending.verdict, &ending.login) {
        (Verdict::Granted | Verdict::KeyShown, Some(login)) => {
            (EventKind::SignInGranted, Actor::Account(login.to_string()))
        }
        (Verdict::Exempt, Some(login)) => (EventKind::SignInExempt, Actor::Account(login.to_string())),
        _ => (EventKind::SignInRefused, Actor::Stranger),
    };
    let event = Event::new(kind, actor)
        .result(ending.code)
        .about(&start.user)
        .at(doorway.door, &start.service)
        .from(&doorway.source);
    journal::event(&match ending.request {
        Some(request) => event.request(request),
        None => event,
    });
}

//! Tickets: found by either form, spent once, void in time.

use super::*;
use crate::audit;
use crate::ids::DeviceId;
use crate::store::Tx;
use crate::testing::TestRealm;

const BY: Actor = Actor::Operator { uid: 0 };

struct Desk {
    test: TestRealm,
    ann: AccountId,
    bob: AccountId,
}

impl Desk {
    fn new() -> Self {
        let test = TestRealm::new().unwrap();
        let (ann, bob) = (test.account("ann", "").unwrap(), test.account("bob", "").unwrap());
        Self { test, ann, bob }
    }

    fn now(&self) -> UnixTime {
        self.test.realm.clock.now()
    }

    fn issue(&self, account: AccountId, by: &Actor, lives: i64) -> Ticket {
        let realm = &self.test.realm;
        let keyring = realm.keyring().unwrap();
        let new = NewTicket { account, by, lives };
        realm
            .store
            .write(|tx| issue(tx, realm.entropy.as_ref(), &keyring, &new, self.now()))
            .unwrap()
    }

    fn find(&self, account: AccountId, shown: &str) -> Option<TicketId> {
        let keyring = self.test.realm.keyring().unwrap();
        self.read(|tx| find(tx, &keyring, account, shown, self.now()))
    }

    fn read<T>(&self, look: impl Fn(&mut Tx<'_>) -> Result<T, StoreError>) -> T {
        self.test.realm.store.read(look).unwrap()
    }

    fn spend(&self, id: TicketId, account: AccountId) -> bool {
        let device = DeviceId::draw(self.test.realm.entropy.as_ref()).unwrap();
        let spent = self
            .test
            .realm
            .store
            .write(|tx| spend(tx, id, account, device, self.now()));
        spent.unwrap()
    }

    fn kinds(&self) -> Vec<String> {
        let records = self.read(|tx| audit::tail(tx, 50));
        let kinds = records.into_iter().map(|record| record.kind);
        kinds.filter(|kind| kind.starts_with("ticket")).collect()
    }
}

#[test]
fn a_ticket_is_found_by_link_or_code_and_only_for_its_account() {
    let desk = Desk::new();
    let ticket = desk.issue(desk.ann, &BY, LIVES);
    let code = ticket.code.to_string();
    for shown in [ticket.secret(), &code, &code.to_lowercase(), &format!(" {code} ")] {
        assert_eq!(desk.find(desk.ann, shown), Some(ticket.id), "{shown}");
        assert_eq!(desk.find(desk.bob, shown), None, "{shown}");
    }
    for wrong in [
        "",
        " ",
        "BCDF-GHJK-LMNP",
        &ticket.secret()[1..],
        &"A".repeat(1 << 16),
        "' OR 1=1 --",
    ] {
        assert_eq!(desk.find(desk.ann, wrong), None, "{wrong}");
    }
    let link = ticket.link("https://id.example.org");
    assert!(link.expose().len() < 64 && link.expose().ends_with(ticket.secret()));
    assert!(!format!("{ticket:?}").contains(ticket.secret()));
}

#[test]
fn a_ticket_is_spent_once_and_by_its_account_only() {
    let desk = Desk::new();
    let ticket = desk.issue(desk.ann, &BY, LIVES);
    assert!(!desk.spend(ticket.id, desk.bob));
    assert!(desk.spend(ticket.id, desk.ann));
    assert!(!desk.spend(ticket.id, desk.ann));
    assert_eq!(desk.find(desk.ann, ticket.secret()), None);
    assert_eq!(desk.kinds(), ["ticket-issued", "ticket-used"]);
}

#[test]
fn of_many_at_once_one_spends_it() {
    let desk = Desk::new();
    let ticket = desk.issue(desk.ann, &BY, LIVES);
    let spent: usize = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| desk.spend(ticket.id, desk.ann)))
            .collect();
        tries.into_iter().map(|one| usize::from(one.join().unwrap())).sum()
    });
    assert_eq!(spent, 1);
}

#[test]
fn it_ends_in_time_and_never_lives_longer_than_a_day() {
    let desk = Desk::new();
    let (short, long) = (desk.issue(desk.ann, &BY, 60), desk.issue(desk.bob, &BY, i64::MAX));
    assert_eq!(long.expires_at, desk.now() + MOST);
    desk.test.clock.advance(59);
    assert!(desk.find(desk.ann, short.secret()).is_some());
    desk.test.clock.advance(1);
    assert_eq!(desk.find(desk.ann, short.secret()), None);
    assert!(!desk.spend(short.id, desk.ann));
    desk.test.realm.store.write(|tx| sweep(tx, desk.now())).unwrap();
    assert_eq!(desk.kinds(), ["ticket-issued", "ticket-issued", "ticket-expired"]);
    assert_eq!(desk.read(|tx| of_account(tx, desk.ann))[0].state, State::Expired);
    desk.test.clock.advance(31 * 86_400);
    desk.test.realm.store.write(|tx| sweep(tx, desk.now())).unwrap();
    assert!(desk.read(|tx| of_account(tx, desk.ann)).is_empty());
}

#[test]
fn a_clock_set_back_voids_it() {
    let desk = Desk::new();
    let ticket = desk.issue(desk.ann, &BY, LIVES);
    desk.test.clock.set(desk.now() - 10);
    assert_eq!(desk.find(desk.ann, ticket.secret()), None);
    assert!(!desk.spend(ticket.id, desk.ann));
}

#[test]
fn another_from_the_same_hand_takes_its_place() {
    let desk = Desk::new();
    let first = desk.issue(desk.ann, &BY, LIVES);
    let own = desk.issue(desk.ann, &Actor::Account("ann".into()), LIVES);
    let second = desk.issue(desk.ann, &BY, LIVES);
    let open = |ticket: &Ticket| desk.find(desk.ann, ticket.secret()).is_some();
    assert_eq!([open(&first), open(&own), open(&second)], [false, true, true]);
    let listed = desk.read(|tx| list(tx, None, 10));
    assert_eq!(listed.len(), 2);
    assert_eq!(desk.read(|tx| list(tx, Some(listed[0].id), 10)), listed[1..]);
}

#[test]
fn it_can_be_taken_back_once() {
    let desk = Desk::new();
    let ticket = desk.issue(desk.ann, &BY, LIVES);
    let revoke = || {
        desk.test
            .realm
            .store
            .write(|tx| revoke(tx, ticket.id, &BY, desk.now()))
            .unwrap()
    };
    assert_eq!([revoke(), revoke()], [Ended::Now, Ended::Before]);
    assert_eq!(desk.find(desk.ann, ticket.secret()), None);
    assert_eq!(desk.kinds(), ["ticket-issued", "ticket-revoked"]);
}

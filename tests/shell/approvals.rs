//! Show 4: a real ssh login approved in a real Chromium with a passkey; denied, over, a wrong number, hung up: each is
//! refused within two seconds and written down.

use crate::browser::scene::{Scene, WEB_PASSWORD, give_code};
use crate::support::boxed::boxed;
use crate::support::chromium::{Key, Window};
use crate::support::site::{CODE_PROMPT, OURS_ALONE, PASSWORD, PASSWORD_PROMPT, Person, SHELL, Site, ssh};
use samekey_demo::Terminal;
use samekey_demo::machine::Sshd;
use samekey_shared::audit::Actor;
use samekey_shared::clock::{Clock, SystemClock};
use samekey_shared::config::Config;
use samekey_shared::devices::fido::NewCredential;
use samekey_shared::entropy::SystemEntropy;
use samekey_shared::flows::bind::Authority;
use samekey_shared::flows::bind_key;
use samekey_shared::realm::Realm;
use samekey_shared::source::Door;
use samekey_shared::store::{StoreError, Tx};
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What the issue asks: a refusal within two seconds of what it follows from.
const SOON: Duration = Duration::from_secs(2);

/// Makes a passkey in the virtual authenticator; its public key's coordinates.
const CREATE: &str = "const made = await navigator.credentials.create({ publicKey: {
    challenge: new Uint8Array(32), rp: { id: 'localhost', name: 'Test' },
    user: { id: new Uint8Array(arguments[0]), name: 'ann', displayName: 'Ann' },
    pubKeyCredParams: [{ type: 'public-key', alg: -7 }], timeout: 5000,
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' } } });
  return [Array.from(new Uint8Array(made.rawId)), Array.from(new Uint8Array(made.response.getPublicKey()))]";

/// A site with a browser in which ann is signed in and has a passkey, and a real sshd.
struct Stage {
    scene: Scene,
    window: Window,
    ann: Person,
    sshd: Sshd,
}

impl Stage {
    fn new(lines: &str) -> Self {
        let mut scene = Scene::new();
        // The agent was there before the provider's address was.
        scene.site.machine.stop("samekey-agent");
        scene.site.machine.start_agent().unwrap();
        let mut ann = scene.person("ann");
        let window = scene.chromium.window();
        sign_in(&scene, &window, &mut ann);
        let _key = window.plug(&Key::platform());
        bind(&window, "ann");
        let sshd = scene.site.sshd(lines);
        Self {
            scene,
            window,
            ann,
            sshd,
        }
    }

    fn site(&self) -> &Site {
        &self.scene.site
    }

    /// Gives the password and asks for an approval instead of a code.
    fn up_to_the_approval(&self) -> Waiting {
        let mut terminal = ssh(&self.sshd, "ann", &["-o", "NumberOfPasswordPrompts=1"]);
        terminal.see(PASSWORD_PROMPT).unwrap();
        terminal.line(PASSWORD).unwrap();
        choose_the_passkey(terminal)
    }

    /// Finds the login in the browser.
    fn find(&self, waiting: &Waiting) {
        self.window.go(&self.scene.page("/approve"));
        self.window.fill("#code", &waiting.code.to_lowercase());
        self.window.press("Next");
        self.window.see("Approve with passkey");
    }

    fn approve(&self, number: &str) {
        self.window.fill("#number", number);
        self.window.click("#approve-with-passkey");
    }

    /// How often the trail tells it.
    fn times_told(&self, texts: &[&str]) -> usize {
        let trail = self.site().trail();
        let lines = trail
            .lines()
            .filter(|line| texts.iter().all(|text| line.contains(text)));
        lines.count()
    }

    /// Waits until the trail tells it more often than `before`; how long that took.
    fn told_soon(&self, texts: &[&str], before: usize) -> Duration {
        let begun = Instant::now();
        self.site()
            .machine
            .until(&format!("{texts:?} in the trail"), |_| self.times_told(texts) > before)
            .unwrap();
        begun.elapsed()
    }
}

/// A login at the prompt of its approval.
struct Waiting {
    terminal: Terminal,
    code: String,
    number: String,
}

impl Waiting {
    /// Presses Enter, lets `decide` happen, and sees the refusal in the trail in time. The person is told when libpam
    /// returns, which takes its time after any failure (pam_unix asks for two seconds).
    fn refused_soon(mut self, stage: &Stage, code: &str, sentence: &str, decide: impl FnOnce()) {
        let line = ["sign-in-refused", code];
        let before = stage.times_told(&line);
        self.terminal.line("").unwrap();
        decide();
        let took = stage.told_soon(&line, before);
        assert_soon(code, took);
        self.terminal.see(sentence).unwrap();
        self.terminal.see("Permission denied").unwrap();
    }
}

fn choose_the_passkey(mut terminal: Terminal) -> Waiting {
    terminal.see(CODE_PROMPT).unwrap();
    terminal.see("other methods: ").unwrap();
    terminal.line("?").unwrap();
    terminal.see("1  passkey").unwrap();
    terminal.see("go back: ").unwrap();
    terminal.line("1").unwrap();
    terminal.see("Approve this login with your passkey").unwrap();
    terminal.see("or ? for other methods: ").unwrap();
    let (code, number) = (after(&terminal, "Code    "), after(&terminal, "Number  "));
    Waiting { terminal, code, number }
}

/// The word that follows the last of these labels.
fn after(terminal: &Terminal, label: &str) -> String {
    let rest = terminal.shown().rsplit(label).next().unwrap();
    rest.split_whitespace().next().unwrap().to_owned()
}

/// A passkey of the browser's, bound to this person.
fn bind(window: &Window, person: &str) {
    let realm = realm();
    let login = person.parse().unwrap();
    let account = realm
        .store
        .read(|tx| samekey_shared::accounts::rows::find(tx, &login))
        .unwrap()
        .unwrap();
    let made = window.run_async(CREATE, &json!([account.id.to_bytes()])).unwrap();
    let bytes = |value: &serde_json::Value| -> Vec<u8> { serde_json::from_value(value.clone()).unwrap() };
    let point = bytes(&made[1]);
    let (x, y) = point[point.len() - 64..].split_at(32);
    let public_key = [&b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20"[..], x, b"\x22\x58\x20", y].concat();
    let new = NewCredential {
        credential_id: bytes(&made[0]),
        rp_id: "localhost".into(),
        public_key,
        sign_count: 1,
        aaguid: [0; 16],
        transports: vec!["internal".into()],
        discoverable: Some(true),
        user_verified: true,
        backup_eligible: false,
        backed_up: false,
        attested: false,
        app_id: None,
    };
    let authority = Authority::new(Actor::Account(person.to_owned()), Door::Web);
    let name = "laptop".parse().unwrap();
    let _ = bind_key::finish(&realm, &authority, account.id, &name, &new, None).unwrap();
}

fn realm() -> Realm {
    let config = Config::load(Path::new("/etc/samekey/samekey.toml")).unwrap();
    Realm::open(&config, Arc::new(SystemClock), Arc::new(SystemEntropy::default())).unwrap()
}

/// Ends the time of whatever waits: the clock of these programs is the system's, and nobody wants to wait a minute.
fn let_time_run_out() {
    let now = SystemClock.now();
    realm()
        .store
        .write(|tx: &mut Tx<'_>| {
            tx.execute(
                "UPDATE approvals SET expires_at = $1 WHERE state = 'pending'",
                samekey_shared::params![now],
            )
            .map(drop)
        })
        .map_err(|error: StoreError| error)
        .unwrap();
}

fn sign_in(scene: &Scene, window: &Window, person: &mut Person) {
    window.go(&scene.page("/approve"));
    window.fill("#username", person.name);
    window.click("#with-password");
    window.fill("#password", WEB_PASSWORD);
    window.click("#with-password");
    give_code(window, &person.code());
    window.see("Code of the login");
}

boxed! {
    fn a_login_over_ssh_is_approved_in_the_browser_and_so_is_sudo_inside() {
        let stage = Stage::new("");
        let mut waiting = stage.up_to_the_approval();
        stage.find(&waiting);
        let shown = stage.window.text();
        for fact in ["sshd", "ann", "127.0.0.1"] {
            assert!(shown.contains(fact), "{fact}: {shown}");
        }
        // Beside the time, whose digits may be the same by chance.
        let lines = shown.lines().filter(|line| !line.contains("s left"));
        let mut words = lines.flat_map(|line| line.split(|c: char| !c.is_alphanumeric()));
        assert!(words.all(|word| word != waiting.number), "the number is the terminal's: {shown}");
        waiting.terminal.line("").unwrap();
        stage.approve(&waiting.number);
        stage.window.see("Login approved");
        waiting.terminal.see(SHELL).unwrap();
        assert!(stage.site().told(&["approval-approved", "sshd"]), "{}", stage.site().trail());
        assert!(stage.site().told(&["sign-in-granted", "passkey", "sshd"]), "{}", stage.site().trail());

        let mut terminal = waiting.terminal;
        terminal.line("sudo id -un").unwrap();
        terminal.see("password for ann").unwrap();
        terminal.line(PASSWORD).unwrap();
        let mut waiting = choose_the_passkey(terminal);
        stage.find(&waiting);
        let shown = stage.window.text();
        assert!(shown.contains("sudo id -un") && shown.contains("local user ann"), "{shown}");
        stage.approve(&waiting.number);
        stage.window.see("Login approved");
        waiting.terminal.line("").unwrap();
        waiting.terminal.see("root\n").unwrap();
        assert!(stage.site().told(&["sign-in-granted", "passkey", "sudo"]), "{}", stage.site().trail());
    }

    fn a_key_and_then_an_approval_and_the_page_names_the_key() {
        let stage = Stage::new("AuthenticationMethods publickey,keyboard-interactive:pam");
        stage.site().machine.pam("sshd", OURS_ALONE).unwrap();
        let key = stage.ann.key();
        let mut waiting = choose_the_passkey(ssh(&stage.sshd, "ann", &["-i", &key]));
        stage.find(&waiting);
        assert!(stage.window.text().contains("SHA256:"), "{}", stage.window.text());
        stage.approve(&waiting.number);
        stage.window.see("Login approved");
        waiting.terminal.line("").unwrap();
        waiting.terminal.see(SHELL).unwrap();
    }

    fn whoever_has_shown_no_first_factor_is_not_offered_an_approval() {
        let stage = Stage::new("");
        stage.site().machine.pam("sshd", OURS_ALONE).unwrap();
        let mut terminal = ssh(&stage.sshd, "ann", &[]);
        terminal.see(CODE_PROMPT).unwrap();
        terminal.see("other methods: ").unwrap();
        terminal.line("?").unwrap();
        terminal.see("go back: ").unwrap();
        assert!(!terminal.shown().contains("passkey"), "{}", terminal.shown());
        assert!(!stage.site().told(&["approval-opened"]), "{}", stage.site().trail());
    }

    fn what_is_not_approved_is_refused_within_two_seconds_and_told() {
        let stage = Stage::new("");
        let denied = stage.up_to_the_approval();
        stage.find(&denied);
        denied.refused_soon(&stage, "approval_denied", "This login was denied in the browser.", || {
            stage.window.click("#deny");
            stage.window.see("Login denied");
        });
        assert!(stage.site().told(&["approval-denied", "\"denied\""]), "{}", stage.site().trail());

        let wrong = stage.up_to_the_approval();
        stage.find(&wrong);
        let other = if wrong.number == "10" { "11" } else { "10" };
        wrong.refused_soon(&stage, "approval_wrong_number", "Another number was typed", || {
            stage.approve(other);
            stage.window.see("Login not approved");
        });
        assert!(stage.site().told(&["approval-denied", "\"wrong_number\""]), "{}", stage.site().trail());

        let late = stage.up_to_the_approval();
        stage.find(&late);
        let number = late.number.clone();
        late.refused_soon(&stage, "approval_expired", "Nobody approved this login in time.", let_time_run_out);
        assert!(stage.site().told(&["\"approval-expired\""]), "{}", stage.site().trail());
        stage.approve(&number);
        stage.window.see("Its time ran out");

        let reported = stage.up_to_the_approval();
        stage.find(&reported);
        reported.refused_soon(&stage, "approval_denied", "This login was denied in the browser.", || {
            stage.window.click("#report");
            stage.window.see("Login denied and reported");
        });
        assert!(stage.site().told(&["approval-reported"]), "{}", stage.site().trail());
        // The place is silent for a while: what is typed still works.
        let mut silenced = ssh(&stage.sshd, "ann", &["-o", "NumberOfPasswordPrompts=1"]);
        silenced.see(PASSWORD_PROMPT).unwrap();
        silenced.line(PASSWORD).unwrap();
        silenced.see("other methods: ").unwrap();
        silenced.line("?").unwrap();
        silenced.see("go back: ").unwrap();
        silenced.line("1").unwrap();
        silenced.see("Too many approvals were asked for lately.").unwrap();
        silenced.see(CODE_PROMPT).unwrap();
    }

    fn a_client_that_hangs_up_cancels_its_approval_within_two_seconds() {
        let stage = Stage::new("");
        let waiting = stage.up_to_the_approval();
        stage.find(&waiting);
        let number = waiting.number.clone();
        waiting.terminal.kill();
        assert_soon("hung up", stage.told_soon(&["approval-cancelled", "gave_up"], 0));
        stage.told_soon(&["sign-in-refused", "gave_up"], 0);
        stage.approve(&number);
        stage.window.see("The login went away");
        assert!(!stage.site().told(&["approval-approved"]), "{}", stage.site().trail());
    }

    fn an_agent_killed_while_somebody_approves_lets_nobody_in() {
        let mut stage = Stage::new("");
        let mut waiting = stage.up_to_the_approval();
        stage.find(&waiting);
        stage.scene.site.machine.stop("samekey-agent");
        stage.approve(&waiting.number);
        stage.window.see("Approve");
        waiting.terminal.line("").unwrap();
        waiting.terminal.see("Permission denied").unwrap();
        assert!(!stage.site().told(&["sign-in-granted", "sshd"]), "{}", stage.site().trail());
    }

    fn the_prompt_is_ascii_and_shows_a_qr_code_on_demand() {
        let stage = Stage::new("");
        let mut waiting = stage.up_to_the_approval();
        assert!(waiting.terminal.shown().is_ascii(), "{}", waiting.terminal.shown());
        waiting.terminal.line("q").unwrap();
        waiting.terminal.see("Press Enter when it is approved, or ? for other methods: ").unwrap();
        // Which characters the client shows depends on its locale; that it goes on does not.
        waiting.terminal.line("?").unwrap();
        waiting.terminal.see("authenticator app").unwrap();
        waiting.terminal.see("go back: ").unwrap();
        waiting.terminal.line("1").unwrap();
        waiting.terminal.see(CODE_PROMPT).unwrap();
        assert!(stage.site().told(&["approval-cancelled", "other_method"]), "{}", stage.site().trail());
    }
}

fn assert_soon(what: &str, took: Duration) {
    println!("{what}: refused after {} ms", took.as_millis());
    assert!(took < SOON, "{what}: {took:?}");
}

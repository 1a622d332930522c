//! What a grant comes to beside the machine's own rows: session, code, or the question of consent.
//!
//! Everything random is drawn before, since a unit of work may run more than once; what was written is remembered by its
//! last run.

use super::flow::{Begun, CheckDevices, Connecting, Proven, Purpose, WeakPassword};
use super::turn::Person;
use crate::app::AppState;
use crate::clients::{self, Client, Consent};
use crate::grants::{self, Code, CodeDetails, consents};
use crate::http::Failure;
use crate::oidc::authorize::request::{AuthorizeRequest, Prompt};
use crate::oidc::authorize::{self, levels};
use crate::oidc::device;
use crate::oidc::errors::AuthorizeError;
use crate::oidc::{fapi2, par};
use crate::sessions::{self, COOKIE_BYTES, NewSession};
use samekey_shared::accounts::password::Weakness;
use samekey_shared::audit::{self, Actor, Event, EventKind};
use samekey_shared::flows::{Basis, FlowError, Grant, Shown};
use samekey_shared::ids::{AccountId, SessionId};
use samekey_shared::methods::{Evidence, FirstFactor, Method};
use samekey_shared::outbox;
use samekey_shared::policy::EmailUse;
use samekey_shared::secrets::opaque::Token;
use samekey_shared::source::Door;
use samekey_shared::store::{StoreError, Tx};
use samekey_shared::trust::{self, TrustToken};

/// See the module.
pub(super) struct Conclusion<'a> {
    app: &'a AppState,
    request: Option<AuthorizeRequest>,
    device: Option<Connecting>,
    person: &'a Person,
    fresh: SessionId,
    cookie: Token,
    code: Token,
    own: Token,
    token: TrustToken,
    weak: Option<Weakness>,
    written: Option<Written>,
}

/// What the last run wrote.
#[derive(Debug, Clone)]
pub(super) struct Written {
    /// Whether the session has a new cookie.
    pub renewed: bool,
    /// Whether a passkey was the first factor.
    pub with_passkey: bool,
    /// For how many seconds this browser is remembered from now on.
    pub remembered: Option<i64>,
    /// How the flow goes on.
    pub end: End,
}

/// How a flow goes on after a grant.
#[derive(Debug, Clone)]
pub(super) enum End {
    /// A code was written.
    Code,
    /// The person must agree first.
    Consent(Proven),
    /// The application gets an error.
    Error(AuthorizeError),
    /// The application was removed meanwhile.
    Gone,
    /// An e-mailed code let them in: they are told to check their devices, and go on from there.
    CheckDevices(CheckDevices),
    /// The same, without an application.
    Emergency,
    /// Their password is easy to guess: they are told so, and go on from there.
    WeakPassword(WeakPassword),
    /// A device was signed in, or it was too late.
    Device(Connected),
    /// No application asked.
    Portal,
}

/// Whether the device that somebody signed in still waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connected {
    /// It did, and has its grant now.
    Yes,
    /// It was decided before, or its time ran out.
    TooLate,
}

impl<'a> Conclusion<'a> {
    pub(super) fn prepare(app: &'a AppState, person: &'a Person, purpose: &Purpose) -> Result<Self, Failure> {
        let entropy = app.realm.entropy.as_ref();
        let (request, device) = match purpose {
            Purpose::Application(request) => (Some(request.as_ref().clone()), None),
            Purpose::Connect(device) => (None, Some(device.as_ref().clone())),
            Purpose::Portal(_) | Purpose::Devices | Purpose::Administration(_) => (None, None),
        };
        Ok(Self {
            app,
            request,
            device,
            person,
            fresh: SessionId::draw(entropy)?,
            cookie: Token::draw(entropy, COOKIE_BYTES)?,
            code: Token::draw(entropy, grants::SECRET_BYTES)?,
            own: Token::draw(entropy, COOKIE_BYTES)?,
            token: TrustToken::draw(entropy)?,
            weak: None,
            written: None,
        })
    }

    /// The same, with what is told of the password that was typed on the way.
    pub(super) fn telling(self, weak: Option<Weakness>) -> Self {
        Self { weak, ..self }
    }

    /// The new session, if one was begun.
    pub(super) fn begun(&self) -> Option<Begun> {
        let written = self.written.as_ref().filter(|written| written.renewed)?;
        Some(Begun {
            session: self.cookie.text().to_owned(),
            with_passkey: written.with_passkey,
            browser: self.is_new().then(|| self.own.text().to_owned()),
            remembered: written.remembered.map(|lives| (self.token.text(), lives)),
        })
    }

    /// The code's text; worth something only where [`End::Code`] was written.
    pub(super) fn code(&self) -> String {
        self.code.text().to_owned()
    }

    pub(super) fn into_written(self) -> Option<Written> {
        self.written
    }

    /// Runs in the machine's unit of work.
    pub(super) fn write(&mut self, tx: &mut Tx<'_>, grant: &Grant) -> Result<(), StoreError> {
        let account = grant
            .account
            .ok_or_else(|| StoreError::Inconsistent("a web grant without an account".into()))?;
        let (session, renewed) = self.session(tx, account, grant)?;
        self.recognise(tx, account, grant)?;
        let now = self.app.realm.clock.now();
        if grant.evidence.iter().any(|one| one.key().is_some() && one.at() == now) {
            sessions::end_born_of_replaced(tx, account, Some(session))?;
        }
        if self.app.realm.mail {
            outbox::speaks(tx, account, self.person.visitor.t.language())?;
        }
        let end = match (&self.request, &self.device) {
            (_, Some(what)) => self.toward_device(tx, what, account, session, grant)?,
            (None, None) if self.is_emergency(tx, grant)? => End::Emergency,
            (None, None) => self.weak_password(grant, None).unwrap_or(End::Portal),
            (Some(request), None) => self.toward_application(tx, request, account, session, grant)?,
        };
        self.written = Some(Written {
            renewed,
            with_passkey: grant.first == FirstFactor::Passkey,
            remembered: grant.remember,
            end,
        });
        Ok(())
    }

    /// Whether an e-mailed code stood in for a device just now (Q4).
    fn is_emergency(&self, tx: &mut Tx<'_>, grant: &Grant) -> Result<bool, StoreError> {
        let now = self.app.realm.clock.now();
        let by_mail = |one: &Evidence| one.method() == Method::Email && one.at() == now;
        if !grant.evidence.iter().any(by_mail) {
            return Ok(false);
        }
        match self.app.realm.policy(tx) {
            Ok(policy) => Ok(policy.settings().email == EmailUse::Emergency),
            Err(FlowError::Store(error)) => Err(error),
            Err(error) => Err(StoreError::Inconsistent(error.to_string())),
        }
    }

    /// What is told of the password, if it was what let the person in (W15).
    fn weak_password(&self, grant: &Grant, application: Option<CheckDevices>) -> Option<End> {
        let weakness = self.weak.filter(|_| grant.first == FirstFactor::Password)?;
        Some(End::WeakPassword(WeakPassword { weakness, application }))
    }

    fn is_new(&self) -> bool {
        self.person.visitor.shows.mark.is_none()
    }

    /// Knows the browser again after a proof (W3), and remembers it where that was wished and allowed (R29).
    fn recognise(&self, tx: &mut Tx<'_>, account: AccountId, grant: &Grant) -> Result<(), StoreError> {
        if grant.basis != Basis::Proven {
            return Ok(());
        }
        let (visitor, now) = (&self.person.visitor, self.app.realm.clock.now());
        let own = visitor.shows.mark.unwrap_or_else(|| trust::mark_of(&self.own));
        trust::know_browser(tx, account, &own, now)?;
        if let Some(lives) = grant.remember {
            let place = (visitor.browser.as_str(), &visitor.source);
            let before = visitor.shows.remembered.as_ref();
            trust::remember(tx, &self.token, account, place, before, lives, now)?;
        }
        Ok(())
    }

    /// The session this grant rests on, and whether it has a new cookie: so when anything was proven anew.
    fn session(&self, tx: &mut Tx<'_>, account: AccountId, grant: &Grant) -> Result<(SessionId, bool), StoreError> {
        let now = self.app.realm.clock.now();
        let before = self.person.session.as_ref();
        if let Some(before) = before {
            let unchanged = before.account.id == account
                && before.first == grant.first
                && Some(before.first_at) == grant.first_at
                && before.evidence == grant.evidence;
            if unchanged && sessions::touch(tx, before.id, grant.session, now)? {
                return Ok((before.id, false));
            }
        }
        let new = NewSession {
            id: self.fresh,
            secret_hash: self.cookie.hash(),
            browser: self.person.visitor.browser.clone(),
            source: self.person.visitor.source.to_string(),
            expires_at: grant.first_at.unwrap_or(now).saturating_add(grant.session.lasts),
            idle: grant.session.idle,
        };
        Ok((sessions::begin(tx, &new, account, grant, before, now)?, true))
    }

    /// Gives the device what its person proved, if it is still theirs to give; the question of consent was answered before.
    fn toward_device(
        &self,
        tx: &mut Tx<'_>,
        what: &Connecting,
        account: AccountId,
        session: SessionId,
        grant: &Grant,
    ) -> Result<End, StoreError> {
        let now = self.app.realm.clock.now();
        let waiting = device::by_id(tx, what.waiting)?.filter(|waiting| waiting.client == what.client);
        let client = clients::by_id(tx, what.client.as_str())?;
        let (Some(waiting), Some(client)) = (waiting.filter(|_| what.account == account), client) else {
            return Ok(End::Device(Connected::TooLate));
        };
        let given = device::given(
            &client,
            &waiting,
            grant,
            (account, session),
            (&self.person.visitor.source, now),
        );
        if !device::approve(tx, waiting.id, &given, now)? {
            return Ok(End::Device(Connected::TooLate));
        }
        if client.settings.consent == Consent::Asked {
            consents::give(tx, account, &client.id, &waiting.scopes, now)?;
        }
        let event = Event::new(EventKind::DeviceSignInApproved, Actor::Account(grant.login.to_string()))
            .about(&grant.login)
            .request(grant.request)
            .at(Door::Web, format!("oidc:{}", client.id))
            .from(&self.person.visitor.source)
            .detail("device", waiting.id)
            .detail("asked-from", &waiting.source)
            .detail("scope", &waiting.scopes);
        audit::append(tx, &event, now)?;
        Ok(End::Device(Connected::Yes))
    }

    fn toward_application(
        &self,
        tx: &mut Tx<'_>,
        request: &AuthorizeRequest,
        account: AccountId,
        session: SessionId,
        grant: &Grant,
    ) -> Result<End, StoreError> {
        let Some(client) = still_registered(tx, request)? else {
            return Ok(End::Gone);
        };
        if !authorize::is_hinted(self.app, &client, account, request) {
            return Ok(End::Error(AuthorizeError::LoginRequired));
        }
        let acr = match levels::told(request, &client, grant) {
            Ok(acr) => acr,
            Err(error) => return Ok(End::Error(error)),
        };
        let proven = Proven {
            grant: grant.request,
            account,
            session,
            acr,
            amr: grant.amr().into_iter().map(str::to_owned).collect(),
            auth_time: grant.auth_time,
            shown: Shown::of(grant, &self.person.visitor.source, self.app.realm.clock.now()),
        };
        let must_agree = must_agree(tx, request, &client, account)?;
        if self.is_emergency(tx, grant)? {
            return Ok(End::CheckDevices(CheckDevices { proven, must_agree }));
        }
        let waiting = CheckDevices {
            proven: proven.clone(),
            must_agree,
        };
        if let Some(end) = self.weak_password(grant, Some(waiting)) {
            return Ok(end);
        }
        if must_agree {
            return Ok(End::Consent(proven));
        }
        if give_code(tx, self.app, &client, (request, proven), &self.code)? {
            Ok(End::Code)
        } else {
            let used = AuthorizeError::InvalidRequestUri("the request_uri was used before");
            Ok(End::Error(used))
        }
    }
}

/// Writes the code that answers the request, and spends with it what was pushed (RFC 9126 section 7.3); false where another
/// code had answered that before.
pub(super) fn give_code(
    tx: &mut Tx<'_>,
    app: &AppState,
    client: &Client,
    (request, proven): (&AuthorizeRequest, Proven),
    token: &Token,
) -> Result<bool, StoreError> {
    if let Some(handle) = request.pushed
        && !par::spend(tx, handle, app.realm.clock.now())?
    {
        return Ok(false);
    }
    grants::insert_code(tx, &token.hash(), &code(app, client, request, proven))?;
    Ok(true)
}

/// The code that this request and this proof come to.
fn code(app: &AppState, client: &Client, request: &AuthorizeRequest, proven: Proven) -> Code {
    Code {
        grant: proven.grant,
        client: request.return_to.client.clone(),
        account: proven.account,
        session: proven.session,
        redirect_uri: request.return_to.redirect_uri.clone(),
        challenge: request.challenge.clone(),
        details: CodeDetails {
            scopes: request.scopes.clone(),
            nonce: request.nonce.clone(),
            acr: proven.acr,
            amr: proven.amr,
            auth_time: proven.auth_time,
            claims: request.claims.clone(),
            resources: request.resources.clone(),
            dpop_jkt: request.dpop_jkt.clone(),
            shown: Some(proven.shown),
        },
        expires_at: app.realm.clock.now() + fapi2::code_seconds(client, app.config.code_seconds),
    }
}

/// The client, if it and the redirect address are still registered (oidc.md row 10).
pub(super) fn still_registered(tx: &mut Tx<'_>, request: &AuthorizeRequest) -> Result<Option<Client>, StoreError> {
    let client = clients::by_id(tx, request.return_to.client.as_str())?;
    Ok(client.filter(|client| client.redirect(&request.return_to.redirect_uri).is_some()))
}

fn must_agree(
    tx: &mut Tx<'_>,
    request: &AuthorizeRequest,
    client: &Client,
    account: AccountId,
) -> Result<bool, StoreError> {
    if request.prompts(Prompt::Consent) {
        return Ok(true);
    }
    match client.settings.consent {
        Consent::Given => Ok(false),
        Consent::Asked => Ok(!consents::covers(tx, account, &client.id, &request.scopes)?),
    }
}

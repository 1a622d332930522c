//! `/api/v1/accounts`: listed, made, changed, locked, removed.

use super::{ApiError, Changed, ProblemDocument, body, changed, limit, named, told};
use crate::admin::Seat;
use crate::app::App;
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use samekey_shared::accounts::Account;
use samekey_shared::administration::{Filter, Listed, NewPerson, Properties, Rescue, Which};
use samekey_shared::devices::DeviceKind;
use samekey_shared::roles::Role;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// An account in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountEntry {
    /// Its id: `sub` in tokens.
    #[schema(value_type = String)]
    pub id: samekey_shared::ids::AccountId,
    /// The user name.
    pub name: String,
    /// The person's name.
    pub display_name: Option<String>,
    /// The profile's address.
    pub email: Option<String>,
    /// `active`, `locked` or `disabled`.
    pub state: &'static str,
    /// `owner`, `admin`, `helpdesk`, `auditor` or `user`.
    pub role: &'static str,
    /// Flags that the policy may ask for.
    pub flags: BTreeSet<String>,
    /// Kinds of second factor that are bound.
    pub kinds: Vec<&'static str>,
    /// When it was made, in seconds since 1970.
    pub created_at: i64,
    /// When it first signed in.
    pub first_sign_in_at: Option<i64>,
}

/// A page of accounts.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountPage {
    /// In the order of their names.
    pub accounts: Vec<AccountEntry>,
    /// `after` of the next page, if there is one.
    pub next: Option<String>,
}

/// A lock that wrong answers made.
#[derive(Debug, Serialize, ToSchema)]
pub struct LockEntry {
    /// Whom it keeps off.
    pub who: String,
    /// Until when.
    pub until: i64,
}

/// One account.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountDetail {
    /// The account.
    #[serde(flatten)]
    pub account: AccountEntry,
    /// Groups of the store.
    pub groups: BTreeSet<String>,
    /// What applications may be told of the person: claims of OpenID Connect and their values.
    pub attributes: BTreeMap<String, String>,
    /// Recovery codes that are left.
    pub recovery_left: u32,
    /// Locks that hold.
    pub locks: Vec<LockEntry>,
    /// Whether "this was not me" holds its person's own changes.
    pub held: bool,
}

/// An account to be made.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NewAccountBody {
    /// The person's name.
    pub display_name: Option<String>,
    /// The profile's address: for reference, never for verification.
    pub email: Option<String>,
    /// Flags.
    pub flags: BTreeSet<String>,
    /// Groups of the store.
    pub groups: BTreeSet<String>,
    /// The role; `user` unless said otherwise.
    pub role: Option<String>,
}

/// What is to be changed; what is left out stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ChangeBody {
    /// The person's name; an empty one takes it away.
    pub display_name: Option<String>,
    /// All flags.
    pub flags: Option<BTreeSet<String>>,
    /// All groups of the store.
    pub groups: Option<BTreeSet<String>>,
    /// What applications may be told of the person, such as `given_name` or `address.locality`; an empty one is taken away.
    pub attributes: BTreeMap<String, String>,
}

/// Another role.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleBody {
    /// `owner`, `admin`, `helpdesk`, `auditor` or `user`.
    pub role: String,
}

/// The typed word.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmationBody {
    /// `YES`
    pub confirmation: String,
}

/// A rescue.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RescueBody {
    /// Seconds, from 300 to 86400.
    pub seconds: i64,
    /// Why, for the trail.
    pub reason: String,
}

/// Until when a rescue lasts.
#[derive(Debug, Serialize, ToSchema)]
pub struct RescueAnswer {
    /// In seconds since 1970.
    pub until: i64,
}

fn entry(account: &Account, kinds: &BTreeSet<DeviceKind>) -> AccountEntry {
    AccountEntry {
        id: account.id,
        name: account.name.to_string(),
        display_name: account.display_name.clone(),
        email: account.email.clone(),
        state: account.state.as_str(),
        role: account.role.as_str(),
        flags: account.flags.clone(),
        kinds: kinds.iter().map(|kind| kind.as_str()).collect(),
        created_at: account.created_at,
        first_sign_in_at: account.first_sign_in_at,
    }
}

fn role(text: &str) -> Result<Role, ApiError> {
    text.parse()
        .map_err(|why: samekey_shared::roles::NotARole| ApiError::invalid(why.to_string()))
}

/// Lists accounts, page by page.
#[utoipa::path(get, path = "/api/v1/accounts", tag = "accounts", params(
    ("which" = Option<String>, Query, description = "all, unenrolled, one-kind, locked, disabled, owner, admin, helpdesk, auditor"),
    ("text" = Option<String>, Query, description = "beginning of the user name, or part of the name shown or the address"),
    ("after" = Option<String>, Query, description = "the name before the page"),
    ("limit" = Option<u32>, Query, description = "1 to 1000"),
), responses((status = 200, body = AccountPage), (status = 403, body = ProblemDocument)))]
pub async fn list(State(app): State<App>, Extension(seat): Extension<Seat>) -> Result<Response, ApiError> {
    let limit = limit(&seat)?;
    let which = seat.params.value("which").unwrap_or("all").parse();
    let which: Which =
        which.map_err(|why: samekey_shared::administration::NotAChoice| ApiError::invalid(why.to_string()))?;
    let text = seat.field("text").to_owned();
    let after = seat.params.value("after").map(str::to_owned);
    let page = seat
        .work(&app, move |desk| {
            desk.accounts(
                &Filter {
                    which,
                    text: text.clone(),
                },
                after.as_deref(),
                limit,
            )
        })
        .await?;
    let accounts = page.items.iter().map(|Listed { account, kinds }| entry(account, kinds));
    told(&AccountPage {
        accounts: accounts.collect(),
        next: page.next,
    })
}

/// Shows one account.
#[utoipa::path(get, path = "/api/v1/accounts/{name}", tag = "accounts", params(("name" = String, Path)),
    responses((status = 200, body = AccountDetail), (status = 404, body = ProblemDocument)))]
pub async fn show(
    State(app): State<App>,
    Extension(seat): Extension<Seat>,
    Path(name): Path<String>,
) -> Result<Response, ApiError> {
    let name = named(&name)?;
    let detail = seat.work(&app, move |desk| desk.show(&name)).await?;
    let kinds = detail.bound.devices.iter().map(|device| device.kind).collect();
    let locks = detail.locks.iter().map(|lock| LockEntry {
        who: lock.bucket.clone(),
        until: lock.until,
    });
    told(&AccountDetail {
        account: entry(&detail.account, &kinds),
        groups: detail.groups,
        attributes: detail
            .attributes
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        recovery_left: detail.bound.recovery_left,
        locks: locks.collect(),
        held: detail.held,
    })
}

/// Makes an account, or finds that it is there just so.
#[utoipa::path(put, path = "/api/v1/accounts/{name}", tag = "accounts", params(("name" = String, Path)),
    request_body = NewAccountBody, responses((status = 200, body = Changed), (status = 409, body = ProblemDocument)))]
pub async fn add(
    State(app): State<App>,
    Extension(seat): Extension<Seat>,
    Path(name): Path<String>,
) -> Result<Response, ApiError> {
    let name = name
        .parse()
        .map_err(|why: samekey_shared::accounts::LoginNameError| ApiError::invalid(why.to_string()))?;
    let wanted: NewAccountBody = body(&seat)?;
    let new = NewPerson {
        display_name: wanted.display_name,
        email: wanted.email,
        flags: wanted.flags,
        groups: wanted.groups,
        role: wanted.role.as_deref().map_or(Ok(Role::User), role)?,
    };
    changed(seat.work(&app, move |desk| desk.add(&name, &new)).await?)
}

/// Changes the name shown, flags, groups and what applications may be told.
#[utoipa::path(patch, path = "/api/v1/accounts/{name}", tag = "accounts", params(("name" = String, Path)),
    request_body = ChangeBody, responses((status = 200, body = Changed), (status = 403, body = ProblemDocument)))]
pub async fn change(
    State(app): State<App>,
    Extension(seat): Extension<Seat>,
    Path(name): Path<String>,
) -> Result<Response, ApiError> {
    let name = named(&name)?;
    let ChangeBody {
        display_name,
        flags,
        groups,
        attributes,
    } = body(&seat)?;
    let to = Properties {
        display_name,
        flags,
        groups,
        attributes,
    };
    changed(seat.work(&app, move |desk| desk.change(&name, &to)).await?)
}

/// Gives another role.
#[utoipa::path(put, path = "/api/v1/accounts/{name}/role", tag = "accounts", params(("name" = String, Path)),
    request_body = RoleBody, responses((status = 200, body = Changed), (status = 403, body = ProblemDocument)))]
pub async fn appoint(
    State(app): State<App>,
    Extension(seat): Extension<Seat>,
    Path(name): Path<String>,
) -> Result<Response, ApiError> {
    let name = named(&name)?;
    let wanted: RoleBody = body(&seat)?;
    let to = role(&wanted.role)?;
    changed(seat.work(&app, move |desk| desk.appoint(&name, to)).await?)
}

/// Stops an account from signing in, at every door.
#[utoipa::path(post, path = "/api/v1/accounts/{name}/lock", tag = "accounts", params(("name" = String, Path)),
    responses((status = 200, body = Changed), (status = 403, body = ProblemDocument)))]
pub async fn lock(
    State(app): State<App>,
    Extension(seat): Extension<Seat>,
    Path(name): Path<String>,
) -> Result<Response, ApiError> {
    let name = named(&name)?;
    changed(seat.work(&app, move |desk| desk.lock(&name)).await?)
}

/// Lets an account sign in again, and lifts the locks that wrong answers made.
#[utoipa::path(post, path = "/api/v1/accounts/{name}/unlock", tag = "accounts", params(("name" = String, Path)),
    responses((status = 200, body = Changed), (status = 403, body = ProblemDocument)))]
pub async fn unlock(
    State(app): State<App>,
    Extension(seat): Extension<Seat>,
    Path(name): Path<String>,
) -> Result<Response, ApiError> {
    let name = named(&name)?;
    changed(seat.work(&app, move |desk| desk.unlock(&name)).await?)
}

/// Disables an account whose person has left.
#[utoipa::path(post, path = "/api/v1/accounts/{name}/disable", tag = "accounts", params(("name" = String, Path)),
    responses((status = 200, body = Changed), (status = 403, body = ProblemDocument)))]
pub async fn disable(
    State(app): State<App>,
    Extension(seat): Extension<Seat>,
    Path(name): Path<String>,
) -> Result<Response, ApiError> {
    let name = named(&name)?;
    changed(seat.work(&app, move |desk| desk.disable(&name)).await?)
}

/// Removes an account: its devices are unbound, its name becomes free, its trail stays.
#[utoipa::path(delete, path = "/api/v1/accounts/{name}", tag = "accounts", params(("name" = String, Path)),
    request_body = ConfirmationBody, responses((status = 200, body = Changed), (status = 403, body = ProblemDocument)))]
pub async fn remove(
    State(app): State<App>,
    Extension(seat): Extension<Seat>,
    Path(name): Path<String>,
) -> Result<Response, ApiError> {
    let name = named(&name)?;
    let typed: ConfirmationBody = body(&seat)?;
    seat.work(&app, move |desk| desk.remove(&name, &typed.confirmation))
        .await?;
    changed(true)
}

/// Lets somebody in without their device for a while.
#[utoipa::path(put, path = "/api/v1/accounts/{name}/rescue", tag = "accounts", params(("name" = String, Path)),
    request_body = RescueBody, responses((status = 200, body = RescueAnswer), (status = 409, body = ProblemDocument)))]
pub async fn rescue(
    State(app): State<App>,
    Extension(seat): Extension<Seat>,
    Path(name): Path<String>,
) -> Result<Response, ApiError> {
    let name = named(&name)?;
    let RescueBody { seconds, reason } = body(&seat)?;
    let rescue = Rescue { lasts: seconds, reason };
    let until = seat.work(&app, move |desk| desk.rescue(&name, &rescue)).await?;
    told(&RescueAnswer { until })
}

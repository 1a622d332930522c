//! `/api/v1/{me,overview,settings,policy}`: who calls, how the realm stands, what holds.

use super::{ApiError, Changed, ProblemDocument, body, changed, told};
use crate::admin::{Seat, days};
use crate::app::App;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use samekey_shared::administration::{Draft, FIELDS};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Who calls.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    /// The user name.
    pub name: String,
    /// The role.
    pub role: &'static str,
    /// What changes send in the header `X-Samekey-Csrf`.
    pub csrf: String,
}

/// One day's sign-ins.
#[derive(Debug, Serialize, ToSchema)]
pub struct DayEntry {
    /// `2026-05-01`
    pub day: String,
    /// Let in, at either door.
    pub let_in: i64,
    /// Refused.
    pub refused: i64,
}

/// How the realm stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct OverviewAnswer {
    /// Accounts.
    pub accounts: i64,
    /// Active, with a second factor.
    pub enrolled: i64,
    /// Of these, with one kind only.
    pub one_kind: i64,
    /// Active, still without one.
    pub due: i64,
    /// Locked by an administrator.
    pub locked: i64,
    /// Disabled.
    pub disabled: i64,
    /// User names kept off by wrong answers now.
    pub kept_off: i64,
    /// The last 30 days.
    pub days: Vec<DayEntry>,
}

/// The settings by key, as a policy's file has them.
#[derive(Debug, Serialize, ToSchema)]
pub struct SettingsAnswer {
    /// Key to value.
    pub settings: BTreeMap<&'static str, String>,
}

/// One version of the policy.
#[derive(Debug, Serialize, ToSchema)]
pub struct PolicyVersion {
    /// Its number; 0 for the shipped default.
    pub version: i64,
    /// Its hash, as the trail names it.
    pub hash: String,
    /// When it was applied.
    pub applied_at: Option<i64>,
    /// By whom.
    pub applied_by: Option<String>,
}

/// The policy that holds.
#[derive(Debug, Serialize, ToSchema)]
pub struct PolicyAnswer {
    /// The text.
    pub text: String,
    /// The versions, the newest first.
    pub versions: Vec<PolicyVersion>,
}

/// Tells who calls, and the token that changes need.
#[utoipa::path(get, path = "/api/v1/me", tag = "realm", responses((status = 200, body = Me), (status = 401, body = ProblemDocument)))]
pub async fn me(State(app): State<App>, Extension(seat): Extension<Seat>) -> Result<Response, ApiError> {
    told(&Me {
        name: seat.session.account.name.to_string(),
        role: seat.role().as_str(),
        csrf: seat.token(&app),
    })
}

/// Counts.
#[utoipa::path(get, path = "/api/v1/overview", tag = "realm",
    responses((status = 200, body = OverviewAnswer), (status = 403, body = ProblemDocument)))]
pub async fn overview(State(app): State<App>, Extension(seat): Extension<Seat>) -> Result<Response, ApiError> {
    let (found, days) = seat
        .work(&app, |desk| Ok((desk.overview()?, days::last(desk)?)))
        .await?;
    let days = days.iter().map(|day| DayEntry {
        day: samekey_shared::policy::show_moment(day.day * 86_400),
        let_in: day.let_in,
        refused: day.refused,
    });
    told(&OverviewAnswer {
        accounts: found.accounts.all,
        enrolled: found.enrolled,
        one_kind: found.one_kind,
        due: found.due,
        locked: found.accounts.locked,
        disabled: found.accounts.disabled,
        kept_off: found.kept_off,
        days: days.collect(),
    })
}

/// Shows the settings.
#[utoipa::path(get, path = "/api/v1/settings", tag = "realm",
    responses((status = 200, body = SettingsAnswer), (status = 403, body = ProblemDocument)))]
#[expect(
    clippy::redundant_closure_for_method_calls,
    reason = "a path would fix the desk's lifetime"
)]
pub async fn settings(State(app): State<App>, Extension(seat): Extension<Seat>) -> Result<Response, ApiError> {
    let settings = seat.work(&app, |desk| desk.settings()).await?;
    told(&SettingsAnswer {
        settings: FIELDS.iter().map(|field| (field.key, field.value(&settings))).collect(),
    })
}

/// Changes settings: a new version of the policy in which nothing else differs.
#[utoipa::path(patch, path = "/api/v1/settings", tag = "realm", request_body = BTreeMap<String, String>,
    responses((status = 200, body = Changed), (status = 422, body = ProblemDocument)))]
pub async fn change_settings(State(app): State<App>, Extension(seat): Extension<Seat>) -> Result<Response, ApiError> {
    let draft: Draft = body(&seat)?;
    changed(seat.work(&app, move |desk| desk.change_settings(&draft)).await?)
}

/// Shows the policy that holds, and its versions.
#[utoipa::path(get, path = "/api/v1/policy", tag = "realm",
    responses((status = 200, body = PolicyAnswer), (status = 403, body = ProblemDocument)))]
#[expect(
    clippy::redundant_closure_for_method_calls,
    reason = "a path would fix the desk's lifetime"
)]
pub async fn policy(State(app): State<App>, Extension(seat): Extension<Seat>) -> Result<Response, ApiError> {
    let (policy, history) = seat.work(&app, |desk| desk.policy()).await?;
    let versions = history.into_iter().map(|one| PolicyVersion {
        version: one.version,
        hash: one.hash,
        applied_at: Some(one.applied_at),
        applied_by: Some(one.by),
    });
    let versions: Vec<_> = versions.collect();
    told(&PolicyAnswer {
        text: policy.text().to_owned(),
        versions,
    })
}

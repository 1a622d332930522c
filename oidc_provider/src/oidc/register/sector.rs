//! `sector_identifier_uri` (OpenID Connect Registration 1.0 section 5): a list that its owner publishes, and that every
//! redirect address must stand in; else an application could take another sector's names.

use super::answer::Refused;
use crate::app::App;
use crate::clients::Metadata;
use crate::outbound;

/// Fetches the list and holds the redirect addresses against it.
pub(super) fn check(app: &App, metadata: &Metadata) -> Result<(), Refused> {
    let Some(address) = &metadata.sector_identifier_uri else {
        return Ok(());
    };
    let document = outbound::get(app, address, outbound::DOCUMENT).and_then(outbound::Fetched::document);
    let document = document.map_err(|why| {
        tracing::info!(?address, %why, "a sector_identifier_uri could not be fetched");
        Refused::metadata("sector_identifier_uri: it cannot be fetched")
    })?;
    let listed: Vec<String> = serde_json::from_slice(&document)
        .map_err(|_| Refused::metadata("sector_identifier_uri: it is no JSON list of addresses"))?;
    let mut own = metadata.redirect_uris.iter().flatten();
    if own.all(|uri| listed.contains(uri)) {
        Ok(())
    } else {
        Err(Refused::metadata(
            "sector_identifier_uri: a redirect address does not stand in its list",
        ))
    }
}

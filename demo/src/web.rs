//! The person at the web app: through the provider's real pages, form by form.

use samekey_demo::{Browser, BrowserError, Page};

/// Follows the app's sign-in link, gives name and password; the page that asks for the code.
pub fn up_to_the_code(browser: &mut Browser, app: &str, person: &str, password: &str) -> Result<Page, BrowserError> {
    let page = browser.open(&format!("{app}/sign-in?acr_values=urn:samekey:acr:mfa"))?;
    let page = browser.submit(&page.fill("username", person)?)?;
    browser.submit(&page.fill("password", password)?)
}

/// Gives the code; the page after it, at the provider or, if all went well, at the app.
pub fn give_code(browser: &mut Browser, page: &Page, code: &str) -> Result<Page, BrowserError> {
    browser.submit(&page.fill("code", code)?)
}

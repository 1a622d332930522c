//! The person: answers what a page asks, as the suite's scripted browser does, by plain forms.

use super::Suite;
use crate::browser::Page;
use crate::scene::ISSUER;
use axum::http::StatusCode;

/// More pages than any sign-in has.
const PAGES: usize = 12;

/// Something that was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    Name,
    Password,
    Code,
    Consent,
}

impl Suite {
    /// Answers until the provider sends the browser elsewhere, or shows a page that asks nothing.
    pub async fn answer_all(&self, first: Page) -> (Vec<Question>, Page) {
        let (mut questions, mut page) = (Vec::new(), first);
        for _ in 0..PAGES {
            if page.status == StatusCode::SEE_OTHER {
                let location = page.location();
                let Some(path) = ours(&location) else {
                    return (questions, page);
                };
                page = self.browser.get(path).await;
                continue;
            }
            let Some(question) = asked(&page) else {
                return (questions, page);
            };
            questions.push(question);
            page = self.answer(&page, question).await;
        }
        panic!("asked without end: {questions:?}")
    }

    /// Answers one question.
    pub async fn answer(&self, page: &Page, question: Question) -> Page {
        match question {
            Question::Name => self.press(page, "name", &[("username", "ann")]).await,
            Question::Password => self.press(page, "password", &[("password", Self::password())]).await,
            Question::Code => self.press(page, "code", &[("code", &self.fresh_code())]).await,
            Question::Consent => self.press(page, "allow", &[]).await,
        }
    }

    /// Presses a button of a page of the sign-in.
    pub async fn press(&self, page: &Page, action: &str, fields: &[(&str, &str)]) -> Page {
        let (flow, csrf) = (page.field("flow"), page.field("csrf"));
        let mut all = vec![("flow", flow.as_str()), ("csrf", csrf.as_str()), ("action", action)];
        all.extend(fields);
        self.browser.post("/sign-in", &all).await
    }

    /// The first page that an address leads to, with nothing answered.
    pub async fn page_at(&self, address: &str) -> Page {
        let mut page = self.browser.get(address).await;
        while page.status == StatusCode::SEE_OTHER {
            let location = page.location();
            let Some(path) = ours(&location) else {
                return page;
            };
            page = self.browser.get(path).await;
        }
        page
    }
}

/// The path of an address of the provider's own.
fn ours(location: &str) -> Option<&str> {
    let path = location.strip_prefix(ISSUER).unwrap_or(location);
    path.starts_with('/').then_some(path)
}

/// What a page asks, if it asks.
pub fn asked(page: &Page) -> Option<Question> {
    let has = |text: &str| page.body.contains(text);
    // The page of the password names the person too.
    if has("name=\"action\" value=\"password\"") {
        Some(Question::Password)
    } else if has("name=\"action\" value=\"name\"") {
        Some(Question::Name)
    } else if has("name=\"action\" value=\"code\"") {
        Some(Question::Code)
    } else if has("name=\"action\" value=\"allow\"") {
        Some(Question::Consent)
    } else {
        None
    }
}

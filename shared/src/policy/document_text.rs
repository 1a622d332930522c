//! Reads a policy file: every fault is told with its line, and one is enough not to load it.

use super::document::{Document, Exception, Rule};
use super::networks::SourceTerm;
use super::presets::Preset;
use super::problem::{Problem, Problems, Span};
use super::reader::{Fields, Item};
use super::requirement::{DEFAULT, Requirement};
use super::selectors::{Condition, Wanted, When};
use super::selectors_text::{self, Named};
use super::settings::{LOGIN_NETWORKS, Settings};
use super::terms::{Field, Terms, TwoTypes};
use super::{lints, settings_text, test_case_text};
use crate::accounts::GroupSource;
use crate::config::strict;
use crate::methods::{Level, Method};
use std::collections::BTreeMap;
use std::sync::Arc;
use toml::de::DeTable;

/// More text than any policy has; nothing larger is parsed.
const LARGEST: usize = 1024 * 1024;

const KEYS: [&str; 9] = [
    "version",
    "preset",
    "groups",
    "networks",
    "default",
    "rule",
    "exception",
    "test",
    "settings",
];

pub(super) const LEVELS: [&str; 6] = ["none", "single", "medium", "high", "highest", "hardware"];
pub(super) const METHODS: [&str; 5] = ["passkey", "security-key", "totp", "email", "recovery-code"];

/// Parses the whole text, its preset included.
pub(super) fn parse(text: &str) -> Result<Document, Vec<Problem>> {
    let mut problems = Problems::of(text);
    if text.len() > LARGEST {
        problems.add(&(0..0), "the policy is larger than 1 MiB");
        return Err(problems.sorted());
    }
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        for error in errors {
            problems.add(&error.span().unwrap_or(0..0), error.message());
        }
        return Err(problems.sorted());
    }
    let mut reading = Reading {
        text,
        problems,
        names: BTreeMap::new(),
    };
    let span = 0..0;
    let fields = Fields::of(table.get_ref(), span, "the policy", &KEYS, &mut reading.problems);
    let document = reading.document(&fields);
    let problems = reading.problems.sorted();
    if problems.is_empty() {
        Ok(document)
    } else {
        Err(problems)
    }
}

struct Reading<'t> {
    text: &'t str,
    problems: Problems<'t>,
    /// Names of rules and exceptions, with their lines.
    names: BTreeMap<String, String>,
}

impl Reading<'_> {
    fn document(&mut self, fields: &Fields<'_>) -> Document {
        if fields.get("version").is_none() {
            self.problems.add(&fields.span, "`version = 1` is missing");
        }
        fields.number("version", 1..=1, &mut self.problems);
        let preset: Option<Preset> = fields.word("preset", Preset::WORDS, &mut self.problems);
        let inherited = preset.and_then(|preset| self.inherit(preset));
        let networks = selectors_text::networks(fields.get("networks"), &mut self.problems);

        let own = fields.get("default").and_then(|item| self.terms(item, "[default]"));
        let (default, mut settings, mut rules) = match inherited {
            Some(parent) => (
                own.unwrap_or_default().or(&parent.default),
                parent.settings,
                parent.rules,
            ),
            None => (own.unwrap_or_default(), Settings::default(), Vec::new()),
        };
        if let Some(item) = fields.get("settings") {
            settings_text::read(&mut settings, item, &networks, &mut self.problems);
        }
        let mut document = Document {
            preset,
            groups: self.group_source(fields),
            base: Requirement::base(&default, &settings),
            default,
            rules: Vec::new(),
            exceptions: Vec::new(),
            tests: Vec::new(),
            settings,
            networks,
        };
        for item in self.tables(fields, "rule") {
            rules.extend(self.rule(item, &document.networks));
        }
        rules.extend(self.login_networks(fields, &document.settings));
        document.rules = rules;
        for item in self.tables(fields, "exception") {
            document.exceptions.extend(self.exception(item, &document.networks));
        }
        for item in self.tables(fields, "test") {
            let line = self.line(&item.span());
            document
                .tests
                .extend(test_case_text::read(item, line, &mut self.problems));
        }
        self.reachability(&document, fields);
        self.second_types(&document, fields);
        document
    }

    /// The preset's own document. Its rules take their names first.
    fn inherit(&mut self, preset: Preset) -> Option<Document> {
        match parse(preset.text()) {
            Ok(mut parent) => {
                for rule in &mut parent.rules {
                    rule.from_preset = true;
                    self.names.insert(rule.name.to_string(), format!("in preset {preset}"));
                }
                Some(parent)
            }
            Err(faults) => {
                for fault in faults {
                    self.problems.add(&(0..0), format!("shipped preset {preset}: {fault}"));
                }
                None
            }
        }
    }

    fn line(&self, span: &Span) -> usize {
        strict::position(self.text, span.start).0
    }

    fn tables<'a>(&mut self, fields: &Fields<'a>, key: &str) -> Vec<&'a Item<'a>> {
        let Some(item) = fields.get(key) else {
            return Vec::new();
        };
        if let Some(array) = item.as_ref().as_array() {
            return array.iter().collect();
        }
        self.problems.add(
            &item.span(),
            format!("write [[{key}]] with two brackets: there may be several"),
        );
        Vec::new()
    }

    fn group_source(&mut self, fields: &Fields<'_>) -> GroupSource {
        let table = fields
            .get("groups")
            .and_then(|item| Fields::in_value(item, "[groups]", &["source"], &mut self.problems));
        table
            .and_then(|table| table.word("source", GroupSource::WORDS, &mut self.problems))
            .unwrap_or(GroupSource::Nss)
    }

    fn terms(&mut self, item: &Item<'_>, what: &str) -> Option<Terms> {
        let known = Field::ALL.map(Field::as_str);
        let fields = Fields::in_value(item, what, &known, &mut self.problems)?;
        let p = &mut self.problems;
        let terms = Terms {
            level: fields.word::<Level>("level", &LEVELS, p),
            methods: fields
                .word_list::<Method>("methods", &METHODS, p)
                .map(|list| list.into_iter().collect()),
            remember: fields.duration("remember", p),
            recheck: fields.duration("recheck", p),
            max_age: fields.duration("max-age", p),
            session: fields.duration("session", p),
            idle: fields.duration("idle", p),
            grace: fields.duration("grace", p),
            deadline: fields.moment("deadline", p),
            two_types: fields.word("two-types", TwoTypes::WORDS, p),
            deny: fields.flag("deny", p),
        };
        Some(terms)
    }

    /// The terms of a rule or exception, which must say something.
    fn own_terms(&mut self, fields: &Fields<'_>, key: &str, what: &str) -> Terms {
        let terms = match fields.get(key) {
            Some(item) => self.terms(item, &format!("`{key}`")).unwrap_or_default(),
            None => Terms::default(),
        };
        let empty = fields
            .get(key)
            .and_then(|item| item.as_ref().as_table())
            .is_none_or(DeTable::is_empty);
        if empty {
            let message = format!("{what} says nothing: `{key} = {{ … }}` is missing");
            self.problems.add(&fields.span_of(key), message);
        }
        terms
    }

    fn rule(&mut self, item: &Item<'_>, networks: &Named) -> Option<Rule> {
        let known = ["name", "hard", "report-only", "when", "require"];
        let fields = Fields::in_value(item, "[[rule]]", &known, &mut self.problems)?;
        let name = self.name(&fields, "[[rule]]");
        Some(Rule {
            hard: fields.flag("hard", &mut self.problems).unwrap_or(false),
            report_only: fields.flag("report-only", &mut self.problems).unwrap_or(false),
            from_preset: false,
            when: self.when(&fields, networks),
            require: self.own_terms(&fields, "require", &format!("rule \"{name}\"")),
            line: self.line(&fields.span),
            name,
        })
    }

    /// The rule that the setting of this name stands for (W6): from nowhere else, but from the machine itself.
    fn login_networks(&mut self, fields: &Fields<'_>, settings: &Settings) -> Option<Rule> {
        if settings.login_networks.is_empty() {
            return None;
        }
        let span = fields.span_of("settings");
        if let Some(place) = self.names.get(LOGIN_NETWORKS) {
            let fault = format!("the setting `login-networks` makes a rule of that name: rename the one {place}");
            self.problems.add(&span, fault);
        }
        let mut places = settings.login_networks.clone();
        places.push(SourceTerm::Local);
        Some(Rule {
            name: LOGIN_NETWORKS.into(),
            hard: false,
            report_only: false,
            from_preset: false,
            when: When(vec![Condition {
                except: true,
                wanted: Wanted::Source(places),
            }]),
            require: Terms {
                deny: Some(true),
                ..Terms::default()
            },
            line: self.line(&span),
        })
    }

    fn when(&mut self, fields: &Fields<'_>, networks: &Named) -> When {
        let item = fields.get("when");
        item.map_or_else(When::default, |item| {
            selectors_text::read(item, networks, &mut self.problems)
        })
    }

    fn exception(&mut self, item: &Item<'_>, networks: &Named) -> Option<Exception> {
        let known = [
            "name",
            "when",
            "allow",
            "reason",
            "approved-by",
            "expires",
            "automation",
        ];
        let fields = Fields::in_value(item, "[[exception]]", &known, &mut self.problems)?;
        let name = self.name(&fields, "[[exception]]");
        let p = &mut self.problems;
        let exception = Exception {
            reason: fields.text("reason", p).unwrap_or_default(),
            approved_by: fields.text("approved-by", p).unwrap_or_default(),
            expires: fields.moment("expires", p),
            automation: fields.flag("automation", p).unwrap_or(false),
            when: self.when(&fields, networks),
            allow: self.own_terms(&fields, "allow", &format!("exception \"{name}\"")),
            line: self.line(&fields.span),
            name,
        };
        for (key, fault) in lints::of_exception(&exception, |key| fields.get(key).is_some()) {
            self.problems.add(&fields.span_of(key), fault);
        }
        Some(exception)
    }

    /// A name that no other rule or exception has.
    fn name(&mut self, fields: &Fields<'_>, what: &str) -> Arc<str> {
        let Some(name) = fields.text("name", &mut self.problems) else {
            if fields.get("name").is_none() {
                self.problems.add(&fields.span, format!("{what} has no `name`"));
            }
            return "?".into();
        };
        let span = fields.span_of("name");
        let plain = name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
        if !plain || name.len() > 64 || name == DEFAULT {
            let message =
                format!("\"{name}\" cannot be a name: at most 64 letters, digits, -, _ and ., other than `{DEFAULT}`");
            self.problems.add(&span, message);
        }
        let place = format!("on line {}", self.line(&span));
        if let Some(first) = self.names.get(&name) {
            self.problems
                .add(&span, format!("the name \"{name}\" is taken by another {first}"));
        } else {
            self.names.insert(name.clone(), place);
        }
        name.into()
    }

    /// A level that no accepted method reaches locks out whomever it meets.
    fn reachability(&mut self, document: &Document, fields: &Fields<'_>) {
        if let Some(fault) = lints::unreachable_level(&document.base) {
            self.problems
                .add(&fields.span_of("default"), format!("[default]: {fault}"));
            return;
        }
        let places: BTreeMap<String, Span> = self
            .tables(fields, "rule")
            .into_iter()
            .filter_map(|item| {
                let table = item.as_ref().as_table()?;
                let name = table.get("name")?.as_ref().as_str()?;
                Some((name.to_owned(), table.get("require")?.span()))
            })
            .collect();
        for rule in &document.rules {
            if let Some(fault) = lints::rule_out_of_reach(&document.base, rule) {
                let span = places.get(&*rule.name).cloned().unwrap_or(0..0);
                self.problems.add(&span, format!("rule \"{}\": {fault}", rule.name));
            }
        }
    }

    /// Nobody could bind the second kind of device that is demanded (Q22).
    fn second_types(&mut self, document: &Document, fields: &Fields<'_>) {
        if let Some(fault) = lints::one_kind_only(&document.base) {
            self.problems
                .add(&fields.span_of("default"), format!("[default]: {fault}"));
        }
        if let Some(fault) = lints::mail_without_mail(&document.settings) {
            self.problems.add(&fields.span_of("settings"), fault);
        }
        if let Some(fault) = lints::second_type_out_of_reach(document) {
            let key = if fields.get("settings").is_some() {
                "settings"
            } else {
                "default"
            };
            self.problems.add(&fields.span_of(key), fault);
        }
    }
}

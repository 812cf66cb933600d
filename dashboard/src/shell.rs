//! What stands around every page: the menu, the choices of the view, how fresh
//! everything is.

use askama::Template;
use chrono::Utc;

use crate::access::Who;
use crate::app::App;
use crate::assets;
use crate::figures::Ask;
use crate::format::Format;
use crate::pages::{PAGES, Page, Use};
use crate::pulse::Fresh;
use crate::texts::{Language, Text};
use crate::ui::{Block, Link, Mark};
use crate::view::{Basis, Compare, Dimension, OWN, Period, View, pairs};

/// A page, whole.
#[derive(Template)]
#[template(path = "page.html")]
pub struct Shell {
    language: Language,
    title: String,
    path: &'static str,
    here: String,
    events: String,
    menu: Vec<Link>,
    languages: Vec<Link>,
    user: String,
    sign_out: Option<String>,
    controls: Vec<Control>,
    own_days: Option<(String, String, bool)>,
    hidden: Vec<(String, String)>,
    chips: Vec<Link>,
    clear: String,
    stamp: String,
    trouble: bool,
    waiting: String,
    blocks: Vec<Block>,
}

/// A choice of the view.
struct Control {
    name: &'static str,
    title: &'static str,
    options: Vec<(String, String, bool)>,
}

impl Shell {
    /// A page of these blocks.
    pub fn new(
        app: &App,
        who: &Who,
        ask: &Ask,
        page: &Page,
        format: &Format,
        blocks: Vec<Block>,
    ) -> Self {
        let language = format.language;
        let view = &ask.view;
        let state = app.pulse.state();
        let fresh = state
            .fresh
            .get(&ask.tenant.name)
            .copied()
            .unwrap_or_default();
        let address = |path: &str, view: &View| format!("{path}{}", view.query());
        let elsewhere = view.elsewhere();
        let menu = PAGES.iter().filter(|one| one.is_in_menu).map(|one| Link {
            text: language.say(one.title).to_owned(),
            href: address(one.path, &elsewhere),
            is_here: one.path == page.path,
        });
        let languages = Language::ALL.into_iter().map(|(name, one)| Link {
            text: name.to_uppercase(),
            href: address(page.path, &view.with(|view| view.language = Some(one))),
            is_here: one == language,
        });
        let (controls, own_days) = controls(app, who, ask, page, format);
        let lags = (app.lags)().unwrap_or_default();
        let records: u64 = lags.iter().map(|lag| lag.records).sum();
        let waiting = if records > 0 && who.is_admin() {
            language.tell(Text::Waiting, &[&format.number(records as f64, 0)])
        } else {
            String::new()
        };
        let sign_out = who
            .session
            .as_ref()
            .map(|session| app.access.sessions().token(session));
        let tenant_only = View {
            tenant: view.tenant.clone(),
            language: Some(language),
            ..View::default()
        };
        Self {
            language,
            title: language.say(page.title).to_owned(),
            path: page.path,
            here: address(page.path, view),
            events: address("/events", &tenant_only),
            menu: menu.collect(),
            languages: languages.collect(),
            user: who.name.clone(),
            sign_out,
            hidden: hidden(view, &controls),
            chips: if page.uses.contains(&Use::Period) {
                chips(page, view, language)
            } else {
                Vec::new()
            },
            clear: address(
                page.path,
                &view.with(|view| view.filter = crate::view::Filter::default()),
            ),
            stamp: stamp(format, &fresh, Utc::now().timestamp_millis()),
            trouble: state.trouble.is_some(),
            waiting,
            controls,
            own_days,
            blocks,
        }
    }

    fn asset(name: &str) -> &'static str {
        assets::address(name)
    }
}

/// How fresh what is shown is, in words. `now`: milliseconds since 1970.
pub fn stamp(format: &Format, fresh: &Fresh, now: i64) -> String {
    let Some(at) = fresh.occurred_at else {
        return format.language.say(Text::NoDataYet).to_owned();
    };
    let is_today = format.date_of(at) == format.date_of(now);
    let moment = if is_today {
        format.clock(at)
    } else {
        format.time(at)
    };
    let behind = format.span((now - at).max(0) as f64 / 1000.0);
    format.language.tell(Text::DataTo, &[&moment, &behind])
}

type OwnDays = Option<(String, String, bool)>;

fn controls(
    app: &App,
    who: &Who,
    ask: &Ask,
    page: &Page,
    format: &Format,
) -> (Vec<Control>, OwnDays) {
    let (view, uses, language) = (&ask.view, page.uses, format.language);
    let say = |text| language.say(text);
    let mut all = Vec::new();
    let tenants = app.tenants_of(who);
    if tenants.len() > 1 {
        all.push(Control {
            name: "tenant",
            title: say(Text::Tenant),
            options: tenants
                .into_iter()
                .map(|name| (name.clone(), name.clone(), name == ask.tenant.name))
                .collect(),
        });
    }
    let mut own_days = None;
    if uses.contains(&Use::Period) {
        let period = view.period();
        let is_own = matches!(period, Period::Days(..));
        let mut options: Vec<_> = Period::NAMED
            .into_iter()
            .map(|one| (one.to_string(), period_name(language, one), one == period))
            .collect();
        options.push((OWN.to_owned(), say(Text::PeriodOwn).to_owned(), is_own));
        all.push(Control {
            name: "period",
            title: say(Text::Period),
            options,
        });
        own_days = Some((
            ask.span.first.to_string(),
            ask.span.last.to_string(),
            is_own,
        ));
    }
    if uses.contains(&Use::Compare) {
        let options = Compare::ALL.map(|(name, one)| {
            let text = match one {
                Compare::Previous => Text::ComparePrevious,
                Compare::Year => Text::CompareYear,
            };
            (name.to_owned(), say(text).to_owned(), one == view.compare)
        });
        all.push(Control {
            name: "compare",
            title: say(Text::Compare),
            options: options.into(),
        });
    }
    let models = |chosen: Option<&str>| {
        let name = |name: &String| (name.clone(), name.clone(), Some(name.as_str()) == chosen);
        ask.tenant.models.iter().map(name).collect::<Vec<_>>()
    };
    if uses.contains(&Use::Model) {
        all.push(Control {
            name: "model",
            title: say(Text::Model),
            options: models(Some(&ask.model)),
        });
    }
    if uses.contains(&Use::Versus) {
        let chosen = ask.versus.as_deref();
        let mut options = vec![(
            String::new(),
            say(Text::NoSecondModel).to_owned(),
            chosen.is_none(),
        )];
        options.extend(
            models(chosen)
                .into_iter()
                .filter(|(name, _, _)| *name != ask.model),
        );
        all.push(Control {
            name: "versus",
            title: say(Text::SecondModel),
            options,
        });
    }
    if uses.contains(&Use::Basis) {
        let options = Basis::ALL.map(|(name, one)| {
            let text = match one {
                Basis::Conversion => Text::BasisConversion,
                Basis::Touch => Text::BasisTouch,
            };
            (name.to_owned(), say(text).to_owned(), one == view.basis)
        });
        all.push(Control {
            name: "basis",
            title: say(Text::Basis),
            options: options.into(),
        });
    }
    (all, own_days)
}

fn period_name(language: Language, period: Period) -> String {
    match period {
        Period::Today => language.say(Text::PeriodToday).to_owned(),
        Period::Yesterday => language.say(Text::PeriodYesterday).to_owned(),
        Period::Last(days) => language.tell(Text::PeriodDays, &[&days.to_string()]),
        Period::Month => language.say(Text::PeriodMonth).to_owned(),
        Period::Quarter => language.say(Text::PeriodQuarter).to_owned(),
        Period::Year => language.say(Text::PeriodYear).to_owned(),
        Period::Days(..) => language.say(Text::PeriodOwn).to_owned(),
    }
}

/// What the form of the choices must send along: everything else of the address.
fn hidden(view: &View, controls: &[Control]) -> Vec<(String, String)> {
    let query = view.query();
    let all = pairs(query.trim_start_matches('?')).unwrap_or_default();
    let is_chosen = |name: &str| controls.iter().any(|control| control.name == name);
    all.into_iter()
        .filter(|(name, _)| !is_chosen(name))
        .collect()
}

fn chips(page: &Page, view: &View, language: Language) -> Vec<Link> {
    let chip = |(dimension, is_only, value): (Dimension, bool, &str)| {
        let name = match dimension {
            Dimension::Channel => Text::Channel,
            Dimension::Source => Text::Source,
            Dimension::Medium => Text::Medium,
            Dimension::Campaign => Text::Campaign,
        };
        let shown = if value.is_empty() {
            language.say(Text::EmptyName)
        } else {
            value
        };
        let text = if is_only { Text::Only } else { Text::Without };
        let without = view.with(|view| view.filter.remove(dimension, is_only, value));
        Link {
            text: language.tell(text, &[&language.say(name).to_lowercase(), shown]),
            href: format!("{}{}", page.path, without.query()),
            is_here: false,
        }
    };
    view.filter.values().map(chip).collect()
}

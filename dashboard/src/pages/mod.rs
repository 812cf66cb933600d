//! The pages: what each shows, in the order people need it.

mod calls;
mod channels;
mod deal;
mod funnel;
mod journeys;
mod live;
mod managers;
mod models;
mod overview;

use std::future::Future;
use std::pin::Pin;

use crate::Lag;
use crate::error::ReadError;
use crate::figures::Ask;
use crate::format::Format;
use crate::texts::{Language, Text};
use crate::ui::{Block, Choices, Link, Table};
use crate::view::View;

/// What a page is made with.
#[derive(Debug)]
pub struct Context {
    /// What is asked.
    pub ask: Ask,
    /// How figures are written.
    pub format: Format,
    /// The page's own address.
    pub path: &'static str,
    /// When something of the tenant was inserted last, milliseconds since 1970.
    pub arrived_at: Option<i64>,
    /// What the line has still to do, if that is known.
    pub lags: Option<Vec<Lag>>,
}

impl Context {
    /// The language.
    pub fn language(&self) -> Language {
        self.format.language
    }

    /// A text.
    pub fn say(&self, text: Text) -> &'static str {
        self.format.language.say(text)
    }

    /// A text with values in it.
    pub fn tell(&self, text: Text, values: &[&str]) -> String {
        self.format.language.tell(text, values)
    }

    /// This page's address with something changed.
    pub fn here(&self, change: impl FnOnce(&mut View)) -> String {
        format!("{}{}", self.path, self.ask.view.with(change).query())
    }

    /// The address of a deal.
    pub fn deal(&self, id: &str) -> String {
        let view = self.ask.view.elsewhere();
        format!(
            "/deal{}",
            view.with(|view| view.deal = Some(id.to_owned())).query()
        )
    }

    /// Links of which one is chosen.
    pub fn choices(
        &self,
        title: Text,
        links: impl IntoIterator<Item = (Text, String, bool)>,
    ) -> Block {
        let links = links.into_iter().map(|(text, href, is_here)| Link {
            text: self.say(text).to_owned(),
            href,
            is_here,
        });
        Block::Choices(Choices {
            title: self.say(title),
            links: links.collect(),
        })
    }

    /// A table, or what to do about there being none.
    pub fn table_or_empty(&self, table: Table) -> Block {
        if table.rows.is_empty() {
            return self.empty(&table.title);
        }
        Block::Table(Box::new(table))
    }

    /// There is nothing, and what to do about it.
    pub fn empty(&self, title: &str) -> Block {
        let mut lines = vec![title.to_owned(), self.say(Text::EmptyHere).to_owned()];
        if !self.ask.tenant.is_known {
            let tenant = &self.ask.tenant.name;
            lines[1] = self.tell(Text::EmptyTenant, &[tenant]);
            for text in [
                Text::SendWeb,
                Text::SendCosts,
                Text::SendDeals,
                Text::SendCalls,
            ] {
                lines.push(self.say(text).to_owned());
            }
        } else if self.ask.view.filter.is_empty() {
            lines.push(self.say(Text::EmptyPeriod).to_owned());
        } else {
            lines.push(self.say(Text::EmptyFiltered).to_owned());
        }
        Block::Empty(lines)
    }
}

/// The blocks of a page on their way.
pub type Building<'a> = Pin<Box<dyn Future<Output = Result<Vec<Block>, ReadError>> + Send + 'a>>;

/// A page.
#[derive(Clone, Copy)]
pub struct Page {
    /// Its address.
    pub path: &'static str,
    /// What people call it.
    pub title: Text,
    /// Whether it stands in the menu.
    pub is_in_menu: bool,
    /// What of the view it takes into account, so that nothing is offered that
    /// changes nothing.
    pub uses: &'static [Use],
    /// Builds it.
    pub build: for<'a> fn(&'a Context) -> Building<'a>,
}

/// What of a view a page takes into account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Use {
    /// The period, and the filters.
    Period,
    /// What the period is compared with.
    Compare,
    /// The model.
    Model,
    /// The second model.
    Versus,
    /// The basis.
    Basis,
}

impl std::fmt::Debug for Page {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.path)
    }
}

/// Every page, those of the menu in its order.
pub const PAGES: [Page; 9] = [
    Page {
        path: "/",
        title: Text::Overview,
        is_in_menu: true,
        uses: &[Use::Period, Use::Compare, Use::Model, Use::Basis],
        build: |context| Box::pin(overview::blocks(context)),
    },
    Page {
        path: "/channels",
        title: Text::Channels,
        is_in_menu: true,
        uses: &[Use::Period, Use::Model, Use::Versus, Use::Basis],
        build: |context| Box::pin(channels::blocks(context)),
    },
    Page {
        path: "/models",
        title: Text::Models,
        is_in_menu: true,
        uses: &[Use::Period, Use::Model, Use::Basis],
        build: |context| Box::pin(models::blocks(context)),
    },
    Page {
        path: "/journeys",
        title: Text::Journeys,
        is_in_menu: true,
        uses: &[Use::Period],
        build: |context| Box::pin(journeys::blocks(context)),
    },
    Page {
        path: "/calls",
        title: Text::Calls,
        is_in_menu: true,
        uses: &[Use::Period],
        build: |context| Box::pin(calls::blocks(context)),
    },
    Page {
        path: "/funnel",
        title: Text::Funnel,
        is_in_menu: true,
        uses: &[Use::Period, Use::Model, Use::Basis],
        build: |context| Box::pin(funnel::blocks(context)),
    },
    Page {
        path: "/managers",
        title: Text::Managers,
        is_in_menu: true,
        uses: &[Use::Period],
        build: |context| Box::pin(managers::blocks(context)),
    },
    Page {
        path: "/live",
        title: Text::Live,
        is_in_menu: true,
        uses: &[],
        build: |context| Box::pin(live::blocks(context)),
    },
    Page {
        path: "/deal",
        title: Text::Deal,
        is_in_menu: false,
        uses: &[],
        build: |context| Box::pin(deal::blocks(context)),
    },
];

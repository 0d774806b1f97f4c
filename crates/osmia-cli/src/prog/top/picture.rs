//! What programs cost, at one time.

use serde::Serialize;

use crate::prog::top::sampler::Row;
use crate::prog::top::screen;
use crate::report::{Page, Report};

/// What programs cost, at one time.
#[derive(Serialize)]
pub struct Picture<'a> {
    /// The programs, in their order.
    pub programs: Vec<&'a Row>,
}

impl Report for Picture<'_> {
    fn text(&self, page: &Page) -> String {
        screen::table(&self.programs, page)
    }
}

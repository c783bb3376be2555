//! The page of a refusal, where no other page can say it.

use askama::Template;

use super::Frame;
use crate::web::App;
use crate::web::error::Problem;

#[derive(Template)]
#[template(path = "problem.html", config = "src/web/askama.toml")]
struct ProblemPage<'a> {
    frame: Frame,
    problem: &'a Problem,
}

/// What went wrong, for a person.
pub(in crate::web) fn html(app: &App, problem: &Problem) -> askama::Result<String> {
    ProblemPage { frame: Frame::bare(app, "Not possible"), problem }.render()
}

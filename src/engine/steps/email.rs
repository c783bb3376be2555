//! The forward by e-mail (S28..S38, E77). Composed and sent by others; here only where to, and what
//! it must show.

use crate::engine::action::{Action, Delivery};
use crate::engine::case::Case;
use crate::engine::draft::Draft;
use crate::engine::{Flow, routing};

pub(in crate::engine) fn email(case: &Case<'_>, draft: &mut Draft) -> Flow {
    let (line, last) = (&case.rules.line, case.facts.last_outbound.as_ref());
    let (to, because) = routing::response_emails(line, last);
    if to.is_empty() {
        return Flow::Continue;
    }
    draft.why(format!("forwarded to {} address(es) of the {because}", to.len()));
    let mask_codes = !line.show_codes && routing::holds_code(&case.inbound.text);
    let tags = routing::tags(line, last);
    draft.act(Action::Deliver(Delivery::Email { to, because, tags, mask_codes }));
    Flow::Continue
}

//! One file per step of `engine::ORDER`. A step reads the case, adds to the draft, and says whether
//! later steps look at the message too.

mod away;
mod email;
mod help;
mod keyword;
mod loop_guard;
mod notify;
mod open_prompt;
mod opt_in;
mod opt_out;
mod order;
mod recipient;
mod relay;
mod repeat;
mod then;
mod thread;
mod welcome;

pub(super) use away::away;
pub(super) use email::email;
pub(super) use help::help;
pub(super) use keyword::keyword;
pub(super) use loop_guard::loop_guard;
pub(super) use notify::notify;
pub(super) use open_prompt::open_prompt;
pub(super) use opt_in::opt_in;
pub(super) use opt_out::opt_out;
pub(super) use recipient::recipient;
pub(super) use relay::relay;
pub(super) use repeat::repeat;
pub(super) use thread::thread;
pub(super) use welcome::welcome;

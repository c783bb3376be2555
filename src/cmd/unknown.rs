//! `simgate unknown`: settle texts that may or may not have been sent.

use super::client::Client;
use super::{Common, Failure, block_on, messages};

/// Arguments of `unknown`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// The texts whose outcome nobody knows.
    List {
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Send it again; the recipient may get it twice.
    Resend {
        /// The message's id.
        id: String,
    },
    /// Give it up; the recipient may have it all the same.
    Drop {
        /// The message's id.
        id: String,
    },
}

/// Lists or settles.
pub fn run(common: &Common, args: Args) -> Result<(), Failure> {
    let client = Client::new(&common.data_dir()?);
    block_on(async {
        let (id, act) = match args.action {
            Action::List { json } => {
                let unknown = messages::all(&client, "&direction=out&state=unknown").await?;
                messages::print(&unknown, json);
                return Ok(());
            }
            Action::Resend { id } => (id, "resend"),
            Action::Drop { id } => (id, "drop"),
        };
        let id: crate::types::MessageId =
            id.parse().map_err(|_| Failure::Usage(format!("{id:?} is no message's id")))?;
        let path = format!("/api/v1/messages/{id}/{act}");
        let settled = client.post(&path, serde_json::json!({})).await?;
        println!("{id} {}", settled["state"].as_str().unwrap_or_default());
        Ok(())
    })
}

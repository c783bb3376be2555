//! `simgate token`: what programs sign in with.

use serde_json::{Value, json};

use super::client::Client;
use super::{Common, Failure, block_on, terminal};

/// Arguments of `token`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Make a token and print it, this once.
    Create {
        /// What it is for.
        name: String,
        /// What it may do: send, read, admin.
        #[arg(long = "scope", value_name = "SCOPE", value_delimiter = ',', default_values = ["send", "read"])]
        scopes: Vec<String>,
        /// The only line it is good for.
        #[arg(long)]
        line: Option<String>,
        /// When it ends, such as 2027-01-31T00:00:00Z.
        #[arg(long, value_name = "TIME")]
        expires: Option<String>,
        /// Print id and token as JSON.
        #[arg(long)]
        json: bool,
    },
    /// All tokens, without their secrets.
    List {
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// End a token at once.
    Revoke {
        /// The token's id.
        id: String,
    },
}

/// Makes, lists or ends tokens.
pub fn run(common: &Common, args: Args) -> Result<(), Failure> {
    let client = Client::new(&common.data_dir()?);
    block_on(async {
        match args.action {
            Action::Create { name, scopes, line, expires, json } => {
                let mut asked = json!({ "name": name, "scopes": scopes });
                for (field, word) in [("line", line), ("expires_at", expires)] {
                    if let Some(word) = word {
                        asked[field] = json!(word);
                    }
                }
                let made = client.post("/api/v1/tokens", asked).await?;
                match json {
                    true => println!("{made}"),
                    false => println!("{}", made["token"].as_str().unwrap_or_default()),
                }
            }
            Action::List { json } => list(&client, json).await?,
            Action::Revoke { id } => {
                let id: i64 =
                    id.parse().map_err(|_| Failure::Usage(format!("{id:?} is no token's id")))?;
                client.delete(&format!("/api/v1/tokens/{id}")).await?;
                println!("{id} revoked");
            }
        }
        Ok(())
    })
}

async fn list(client: &Client, json: bool) -> Result<(), Failure> {
    let listed = client.get("/api/v1/tokens").await?;
    let items = listed["items"].as_array().cloned().unwrap_or_default();
    if json {
        items.iter().for_each(|token| println!("{token}"));
        return Ok(());
    }
    let row = |token: &Value| {
        let word = |field: &str| token[field].as_str().unwrap_or_default().to_owned();
        let scopes = token["scopes"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let scopes = scopes.collect::<Vec<_>>().join(",");
        let state = if token["revoked_at"].is_null() { "valid" } else { "revoked" };
        vec![word("id"), word("hint"), scopes, state.to_owned(), terminal::one_line(&word("name"))]
    };
    let rows: Vec<_> = items.iter().map(row).collect();
    print!("{}", terminal::table(&["id", "token", "scopes", "state", "name"], &rows));
    Ok(())
}

//! `simgate user`: people of ours.

use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::client::Client;
use super::{Common, Failure, block_on, terminal};
use crate::types::Secret;

/// Arguments of `user`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Add somebody.
    Add {
        /// First name.
        first_name: String,
        /// Last name.
        last_name: Option<String>,
        /// Address; it signs one account in.
        #[arg(long)]
        email: String,
        /// Mobile number.
        #[arg(long)]
        phone: Option<String>,
        /// admin, agent, viewer, or notified: is told of texts and has no login.
        #[arg(long, default_value = "agent")]
        role: String,
        /// The team conversations can be given to.
        #[arg(long)]
        team: Option<String>,
        /// Print the user as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Give somebody another role.
    Role {
        /// Id, address or phone.
        user: String,
        /// admin, agent, viewer or notified.
        role: String,
    },
    /// Deactivate somebody: what they had claimed is everybody's again.
    Disable {
        /// Id, address or phone.
        user: String,
    },
    /// Set somebody's password: asked for on the terminal, else the first line of standard input.
    Password {
        /// Id, address or phone.
        user: String,
        /// Read it from the first line of a file instead.
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
        /// Take the password away.
        #[arg(long, conflicts_with = "password_file")]
        remove: bool,
    },
    /// Everybody.
    List {
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
}

/// Adds, changes or lists people.
pub fn run(common: &Common, args: Args) -> Result<(), Failure> {
    let client = Client::new(&common.data_dir()?);
    block_on(async {
        match args.action {
            Action::Add { first_name, last_name, email, phone, role, team, json } => {
                let fields = [
                    ("first_name", Some(first_name)),
                    ("last_name", last_name),
                    ("email", Some(email)),
                    ("phone", phone),
                    ("role", Some(role)),
                    ("team", team),
                ];
                let given = fields.into_iter().filter_map(|(field, word)| {
                    word.map(|word| (field.to_owned(), Value::from(word)))
                });
                let asked = Value::Object(given.collect::<Map<_, _>>());
                let made = client.post("/api/v1/users", asked).await?;
                match json {
                    true => println!("{made}"),
                    false => println!("{} added", made["id"].as_str().unwrap_or_default()),
                }
            }
            Action::Role { user, role } => {
                let id = find(&client, &user).await?;
                client.patch(&format!("/api/v1/users/{id}"), json!({ "role": role })).await?;
                println!("{id} is {role}");
            }
            Action::Disable { user } => {
                let id = find(&client, &user).await?;
                client.patch(&format!("/api/v1/users/{id}"), json!({ "active": false })).await?;
                println!("{id} disabled");
            }
            Action::Password { user, password_file, remove } => {
                let id = find(&client, &user).await?;
                let password = match (remove, password_file) {
                    (true, _) => None,
                    (false, Some(file)) => Some(terminal::first_line(&file)?),
                    (false, None) => Some(terminal::new_secret("Password")?),
                };
                let set = json!({ "password": password.as_ref().map(Secret::expose) });
                client.post(&format!("/api/v1/users/{id}/password"), set).await?;
                println!("{id} {}", if remove { "has no password" } else { "has a new password" });
            }
            Action::List { json } => list(&client, json).await?,
        }
        Ok(())
    })
}

/// The id of the one user a word means.
async fn find(client: &Client, word: &str) -> Result<String, Failure> {
    let listed = client.get("/api/v1/users").await?;
    let all = listed["items"].as_array().into_iter().flatten();
    let is = |user: &&Value| {
        let said = |field: &str| user[field].as_str().unwrap_or_default();
        said("id") == word || said("phone") == word || said("email").eq_ignore_ascii_case(word)
    };
    let found: Vec<_> = all.filter(is).filter_map(|user| user["id"].as_str()).collect();
    match found[..] {
        [id] => Ok(id.to_owned()),
        [] => Err(Failure::Usage(format!("{word:?} is no user's id, address or phone"))),
        _ => Err(Failure::Usage(format!("{word:?} means several users: use the id"))),
    }
}

async fn list(client: &Client, json: bool) -> Result<(), Failure> {
    let listed = client.get("/api/v1/users").await?;
    let items = listed["items"].as_array().cloned().unwrap_or_default();
    if json {
        items.iter().for_each(|user| println!("{user}"));
        return Ok(());
    }
    let row = |user: &Value| {
        let word = |field: &str| user[field].as_str().unwrap_or_default().to_owned();
        let name = format!("{} {}", word("first_name"), word("last_name"));
        let state = match (user["active"].as_bool(), user["duty"].as_bool()) {
            (Some(false), _) => "disabled",
            (_, Some(false)) => "off duty",
            _ => "active",
        };
        let (email, name) = (terminal::one_line(&word("email")), terminal::one_line(name.trim()));
        vec![word("id"), word("role"), state.to_owned(), email, name]
    };
    let rows: Vec<_> = items.iter().map(row).collect();
    print!("{}", terminal::table(&["id", "role", "state", "email", "name"], &rows));
    Ok(())
}

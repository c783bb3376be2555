//! Who did something, as the lists of admins name them: people and programs by their names.

use std::collections::HashMap;

use crate::store::{Author, AuthorKind, ReadTx, StoreError};

/// The names of everybody and everything that acts.
pub(super) struct Actors {
    users: HashMap<String, String>,
    tokens: HashMap<String, String>,
}

impl Actors {
    pub(super) fn read(tx: &ReadTx<'_>) -> Result<Self, StoreError> {
        let users = tx.users()?.into_iter().map(|user| (user.id.to_string(), user.name()));
        let tokens = tx.tokens()?.into_iter().map(|token| (token.id.to_string(), token.name));
        Ok(Self { users: users.collect(), tokens: tokens.collect() })
    }

    /// The name; where nothing is called so any more, its kind and id.
    pub(super) fn name(&self, author: &Author) -> String {
        let id = author.id.as_deref().unwrap_or_default();
        match author.kind {
            AuthorKind::User | AuthorKind::Relay => {
                self.users.get(id).cloned().unwrap_or_else(|| format!("user {id}"))
            }
            AuthorKind::Token => match self.tokens.get(id) {
                Some(name) => format!("{name} (token)"),
                None => format!("token {id}"),
            },
            AuthorKind::Email => format!("{id} by e-mail"),
            AuthorKind::System if id == "socket" => "the command line".to_owned(),
            AuthorKind::System => "simgate".to_owned(),
            kind => format!("{} {id}", kind.as_str()),
        }
    }
}

//! Mail that another mail server hands over to us.

use std::sync::Arc;

use super::MailRoom;
use super::incoming::{self, Raw};
use crate::app::Shared;
use crate::email::Address;
use crate::io::mail_listener::{self, Intake, Storing};
use crate::io::mail_session::Handed;

/// Listens until the gateway stops.
pub(in crate::app) async fn run(shared: Arc<Shared>) {
    let Some(room) = shared.mail.clone() else { return };
    let Some(listen) = room.settings.listen else { return };
    let listener = match mail_listener::open(listen).await {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!(address = %listen.address, %error, "no mail can be handed over here");
            return;
        }
    };
    let intake = Arc::new(Desk { shared: Arc::clone(&shared), room: Arc::clone(&room) });
    let (host, limit) = (room.site.address.domain(), room.settings.limits().octets);
    tokio::select! {
        () = mail_listener::serve(listener, listen.protocol, host, limit, intake) => {}
        () = shared.stopped() => {}
    }
}

struct Desk {
    shared: Arc<Shared>,
    room: Arc<MailRoom>,
}

impl Intake for Desk {
    fn is_ours(&self, address: &str) -> bool {
        Address::parse(address).is_ok_and(|address| self.room.site.is_own(&address))
    }

    fn take<'a>(&'a self, mail: Handed) -> Storing<'a> {
        Box::pin(async move {
            match incoming::take(&self.shared, Raw::whole(&with_envelope(&mail)), None).await {
                Ok(()) => true,
                Err(error) => {
                    tracing::error!(%error, "a mail could not be stored; its server keeps it");
                    false
                }
            }
        })
    }
}

/// The envelope on top of the header, as a mailbox would have it (5321 §4.4).
fn with_envelope(mail: &Handed) -> Vec<u8> {
    let clean = |text: &str| text.chars().filter(|c| !c.is_control()).collect::<String>();
    let mut octets = format!("Return-Path: <{}>\r\n", clean(&mail.from)).into_bytes();
    for to in &mail.to {
        octets.extend(format!("Delivered-To: {}\r\n", clean(to)).bytes());
    }
    octets.extend(&mail.octets);
    octets
}

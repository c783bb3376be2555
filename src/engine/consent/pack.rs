//! Language packs: the words of consent as data. Four are shipped; people may change them and add
//! languages, but never take the base words away (C2). A word is written as people write it and
//! folded when compared.

use serde::Deserialize;

use crate::engine::normal::Comparable;

/// The consent words of one language.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pack {
    /// ISO 639 code.
    pub language: String,
    /// Opt out, alone or among filler words.
    pub opt_out: Vec<String>,
    /// Opt out only as the whole message: these words have other uses (C3).
    pub opt_out_alone: Vec<String>,
    /// Opt in, only as the whole message. YES is not among them (E88).
    pub opt_in: Vec<String>,
    /// Ask who we are, only as the whole message.
    pub help: Vec<String>,
    /// Words that change nothing beside an opt-out word.
    pub filler: Vec<String>,
    /// Phrases that may be meant as an opt-out (level 3).
    pub possible: Vec<String>,
    /// Phrases in which an opt-out word means something else (E79).
    pub harmless: Vec<String>,
}

impl Pack {
    /// The packs shipped, the international words of English first.
    pub fn shipped() -> Vec<Pack> {
        vec![english(), french(), spanish(), german()]
    }

    /// The shipped packs with the changed ones in their place, other languages behind them. The base
    /// words are always among those of English.
    pub fn in_force(changed: Vec<Pack>) -> Vec<Pack> {
        let mut packs = Pack::shipped();
        for pack in changed {
            match packs.iter_mut().find(|known| known.language == pack.language) {
                Some(known) => *known = pack,
                None => packs.push(pack),
            }
        }
        if let Some(english) = packs.iter_mut().find(|pack| pack.language == "en") {
            let lists = [
                (&mut english.opt_out, &["stop", "stopall", "unsubscribe"][..]),
                (&mut english.opt_out_alone, &["cancel", "end", "quit"][..]),
                (&mut english.opt_in, &["start", "join"][..]),
                (&mut english.help, &["help"][..]),
            ];
            for (list, base) in lists {
                let missing = base.iter().filter(|word| !list.iter().any(|known| known == *word));
                let missing: Vec<String> = missing.map(|word| (*word).to_owned()).collect();
                list.extend(missing);
            }
        }
        packs
    }
}

/// Whether a word or phrase can be compared with a text at all: something of it is left when it is
/// folded.
pub fn is_comparable(word: &str) -> bool {
    !Comparable::new(word).words.is_empty()
}

fn pack(language: &str, columns: [&str; 7]) -> Pack {
    let list = |text: &str| text.split(',').map(|word| word.trim().to_owned()).collect();
    let [opt_out, opt_out_alone, opt_in, help, filler, possible, harmless] = columns.map(list);
    let language = language.to_owned();
    Pack { language, opt_out, opt_out_alone, opt_in, help, filler, possible, harmless }
}

fn english() -> Pack {
    pack(
        "en",
        [
            "stop, stopall, stop all, unsubscribe, optout, opt out, revoke",
            "cancel, end, quit, td, remove",
            "start, join, unstop, subscribe",
            "help, info",
            "please, pls, plz, thanks, thank, you, thx, now, it, all, texting, texts, messaging, \
             messages, me, this, the, sms, us, ok",
            "take me off, off your list, remove me, unsuscribe, unsubcribe, wrong number, \
             do not text, dont text, don t text, no more texts, no more messages, leave me alone, \
             stop sending, stop texting, stop messaging",
            "stop by, stop at, stop in, stop over, stop off, stop for, bus stop, stop sign, \
             non stop, full stop",
        ],
    )
}

fn french() -> Pack {
    pack(
        "fr",
        [
            "arret, arrete, arrett, desabonner, desinscrire",
            "annuler, fin",
            "reprendre, reabonner",
            "aide",
            "svp, merci, s il vous plait, tout, les, messages, sms, maintenant",
            "arretez, ne m envoyez plus, retirez moi, mauvais numero, desinscrivez",
            "arret de bus, arret du, arret de, d arret, sans arret, arret maladie",
        ],
    )
}

fn spanish() -> Pack {
    pack(
        "es",
        [
            "parar, darse de baja, darme de baja",
            "baja, alto, cancelar, fin",
            "alta, iniciar",
            "ayuda",
            "por, favor, gracias, todo, los, mensajes, sms, ahora, ya",
            "no me escriban, no mas mensajes, borrenme, numero equivocado, quiero la baja",
            "sin parar, parar en, parar a",
        ],
    )
}

fn german() -> Pack {
    pack(
        "de",
        [
            "stopp, abmelden, abbestellen, austragen",
            "ende, abbruch",
            "anmelden, eintragen",
            "hilfe",
            "bitte, danke, sofort, jetzt, alles, alle, mich, sms, nachrichten",
            "keine sms mehr, keine nachrichten mehr, falsche nummer, loscht mich, \
             nehmen sie mich, horen sie auf",
            "stopp bei, stopp am, zum stopp",
        ],
    )
}

//! One test binary: each module is one user story.

mod accounts;
mod answers;
mod api;
mod at_corpora;
#[path = "../support/at_fuzz.rs"]
mod at_fuzz;
mod at_properties;
mod at_quirks;
mod at_vectors;
mod consent;
#[path = "../support/dialogue.rs"]
mod dialogue;
mod dialogues;
mod email_corpus;
#[path = "../support/email_fuzz.rs"]
mod email_laws;
mod email_out;
mod emulator;
#[path = "../support/emulator_fuzz.rs"]
mod emulator_fuzz;
mod engine;
mod evidence;
mod exports;
mod faults;
mod full_sim;
#[path = "../support/gateway.rs"]
mod gateway;
#[path = "../support/hostile.rs"]
mod hostile;
#[path = "../support/imap_script.rs"]
mod imap_script;
mod inbox;
mod inbox_decisions;
mod inbox_hostile;
mod long_message;
mod mail;
mod mail_claims;
#[path = "../support/mail_desk.rs"]
mod mail_desk;
mod mail_edges;
mod mail_results;
mod mailbox;
mod one_thread;
mod pages_admin;
mod pages_lines;
mod pages_mail;
mod pages_texts;
mod people;
mod privacy;
mod receive;
mod refusals;
mod relay;
mod retention;
mod send;
#[path = "../support/shop.rs"]
mod shop;
mod shutdown;
mod sim_pin;
mod sinks;
#[path = "../support/site.rs"]
mod site;
mod sms_goldens;
#[path = "../support/sms_fuzz.rs"]
mod sms_laws;
mod sms_long_texts;
mod sms_properties;
mod sms_vectors;
mod state_machines;
mod store;
mod store_inbound;
mod store_inbox;
mod store_notices;
mod store_outbound;
mod store_people;
mod store_plans;
mod store_queue_laws;
mod store_reports;
#[path = "../support/talk.rs"]
mod talk;
#[path = "../support/text_fuzz.rs"]
mod text_fuzz;
mod two_modems;
mod unknown;
mod unplugged;
mod web;
mod webhooks;

//! The conversation engine, shown by transcripts, by random conversations and by two gateways
//! that talk to each other.

mod golden;
mod random;
mod world;

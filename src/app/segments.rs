//! A text becomes the TPDUs that will be sent, byte for byte, at every attempt.

use crate::sms::{
    Address, MessageClass, SegmentOptions, Submit, Tpdu, ValidityPeriod, normal_text, segment,
};
use crate::store::{Outbound, Prepared};
use crate::types::{Millis, UnixTime};

/// Networks give up after days by themselves; asking for more only delays the report.
const LONGEST: Millis = Millis::from_secs(7 * 24 * 3_600);

/// Cuts a text and wraps each segment. The error is a sentence for the person who wrote it.
pub(super) fn prepare(
    outbound: &Outbound,
    reference: u16,
    now: UnixTime,
) -> Result<Prepared, String> {
    let destination =
        Address::number_of(outbound.to.as_str()).map_err(|error| error.to_string())?;
    let options = SegmentOptions {
        class: outbound.flash.then_some(MessageClass::Flash),
        reference,
        ..SegmentOptions::default()
    };
    let segments =
        segment(&normal_text(&outbound.text), &options).map_err(|error| error.to_string())?;
    let validity = outbound.valid_until.since(now).min(LONGEST);
    let tpdus = segments.segments.iter().map(|segment| {
        let submit = Submit {
            report: outbound.report,
            validity: Some(ValidityPeriod::at_least(validity)),
            ..Submit::new(destination, segment)
        };
        Tpdu::Submit(submit).encode().map_err(|error| error.to_string())
    });
    Ok(Prepared {
        alphabet: segments.coding.alphabet().name().to_owned(),
        tpdus: tpdus.collect::<Result<_, _>>()?,
    })
}

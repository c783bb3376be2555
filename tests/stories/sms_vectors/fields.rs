//! `fields.json`, `cbs.json`, `mms.json`: single fields and what is not a TPDU.

use serde_json::{Value, json};
use simgate::sms::cbs::CbsPage;
use simgate::sms::mms::{Expiry, MmsNotification};
use simgate::sms::{
    Address, Content, Dcs, DecodeError, Deliver, Pdu, Scts, Tpdu, TypeOfAddress, Udh,
    ValidityPeriod, Way, assemble, to_hex,
};
use simgate::types::Millis;

use super::{each, equal, number, octets, text};

#[test]
fn every_field_vector_holds() {
    each("fields.json", |vector| match text(vector, "kind") {
        "smsc-field" => smsc_field(vector),
        "address-field" => address_field(vector),
        "address-field-decode" => address_field_decode(vector),
        "address-value" => address_value(vector),
        "timestamp" => timestamp(vector),
        "validity-relative" => validity_relative(vector),
        "validity-enhanced" => validity_enhanced(vector),
        "udh-elements" => udh_elements(vector),
        "udh-block" => udh_block(vector),
        "dcs-table" => dcs_table(vector),
        "all-prefixes" => all_prefixes(vector),
        other => Err(format!("unknown kind {other}")),
    });
}

/// A number with the type of address of the vector.
fn address(vector: &Value) -> Address {
    let toa = TypeOfAddress::new(octets(vector, "toa")[0]);
    let number = text(vector, "number");
    let address = match toa.ton() {
        5 => Address::name(toa, number),
        _ => Address::digits(toa, number.trim_start_matches('+')),
    };
    address.expect("an address")
}

fn smsc_field(vector: &Value) -> Result<(), String> {
    let mut whole = octets(vector, "hex");
    let field = whole.len();
    whole.extend([0x00, 0x00]); // the shortest TPDU: an acknowledgement
    let pdu = Pdu::from_octets(&whole, Way::FromMobile).map_err(|e| e.to_string())?;
    let smsc = pdu.smsc.ok_or("no service centre")?;
    equal("number", smsc.number(), text(vector, "number").to_owned())?;
    let made = Pdu { smsc: Some(address(vector)), ..pdu }.octets().map_err(|e| e.to_string())?;
    equal("octets", &made[..field], &whole[..field])
}

fn address_field(vector: &Value) -> Result<(), String> {
    let field = octets(vector, "hex");
    let read = Address::from_octets(&field).map_err(|e| e.to_string())?;
    equal("number", read.number(), text(vector, "number").to_owned())?;
    equal("octets", address(vector).octets(), Ok(field))
}

fn address_field_decode(vector: &Value) -> Result<(), String> {
    let read = Address::from_octets(&octets(vector, "hex"));
    let got = match read {
        Ok(address) => json!({ "number": address.number() }),
        Err(error) => json!({ "error": error.code() }),
    };
    equal("read", &got, &vector["expected"])
}

/// Type and value without a length: as in the service centre field.
fn address_value(vector: &Value) -> Result<(), String> {
    let value = octets(vector, "toa_and_value_hex");
    if TypeOfAddress::new(value[0]).ton() == 5 {
        let semi_octets = 2 * (value.len() - 1) as u8;
        let field = [&[semi_octets], &value[..]].concat();
        let read = Address::from_octets(&field).map_err(|e| e.to_string())?;
        return equal("number", read.number(), text(&vector["expected"], "number").to_owned());
    }
    let whole = [&[value.len() as u8], &value[..], &[0, 0]].concat();
    let pdu = Pdu::from_octets(&whole, Way::FromMobile).map_err(|e| e.to_string())?;
    let number = pdu.smsc.map(|smsc| smsc.number());
    equal("number", number.as_deref(), vector["expected"]["number"].as_str())
}

fn timestamp(vector: &Value) -> Result<(), String> {
    let scts = Scts(octets(vector, "hex").try_into().expect("7 octets"));
    let iso = scts.local().map(|local| local.to_string());
    equal("time", iso.as_deref(), vector["iso"].as_str())?;
    match scts.unix().zip(scts.local().and_then(|local| local.offset_minutes)) {
        Some((time, offset)) => equal("octets", Scts::at(time, offset), Some(scts)),
        None => Ok(()),
    }
}

fn validity_relative(vector: &Value) -> Result<(), String> {
    let octet = octets(vector, "octet")[0];
    let wanted = Millis::from_secs(60 * number(vector, "minutes"));
    equal("octet", ValidityPeriod::at_least(wanted), ValidityPeriod::Relative(octet))?;
    let minutes = ValidityPeriod::Relative(octet).seconds().map(|seconds| u64::from(seconds / 60));
    equal("minutes", minutes, vector["octet_means_minutes"].as_u64())
}

fn validity_enhanced(vector: &Value) -> Result<(), String> {
    let octets: [u8; 7] = octets(vector, "hex").try_into().expect("7 octets");
    let expected = &vector["expected"];
    let minutes = expected["minutes"].as_u64().map(|minutes| minutes * 60);
    let seconds = ValidityPeriod::Enhanced(octets).seconds().map(u64::from);
    equal("seconds", seconds, minutes.or(expected["seconds"].as_u64()))
}

fn udh_elements(vector: &Value) -> Result<(), String> {
    let header = Udh::from_octets(octets(vector, "hex"));
    let bits = |wide| if wide { 16 } else { 8 };
    let concat = header
        .concat()
        .map(|c| json!({"ref": c.reference, "total": c.total, "seq": c.seq, "bits": bits(c.wide)}));
    let ports = header
        .ports()
        .map(|p| json!({"dst": p.destination, "src": p.source, "bits": bits(p.wide)}));
    equal("concat", concat.as_ref(), vector["expected"].get("concat"))?;
    equal("ports", ports.as_ref(), vector["expected"].get("ports"))
}

/// The block stands in the user data of a DELIVER with 8-bit data.
fn udh_block(vector: &Value) -> Result<(), String> {
    let block = octets(vector, "hex");
    let head = [0x44, 0x00, 0x81, 0x00, 0x04, 0, 0, 0, 0, 0, 0, 0, block.len() as u8];
    let expected = &vector["expected"];
    let deliver = match Tpdu::decode(&[&head, &block[..]].concat(), Way::ToMobile) {
        Ok(Tpdu::Deliver(deliver)) => deliver,
        Err(DecodeError::BadUdh { .. }) => {
            return equal("malformed", Some(true), expected["malformed"].as_bool());
        }
        other => return Err(format!("{other:?}")),
    };
    let header = deliver.header().ok_or("no header")?;
    equal("malformed", header.malformed(), expected["malformed"] == true)?;
    if header.malformed() {
        return Ok(());
    }
    let elements: Vec<Value> = header
        .elements()
        .map(|e| json!({"iei": format!("{:02X}", e.iei), "data": to_hex(e.data)}))
        .collect();
    equal("elements", &Value::from(elements), &expected["elements"])?;
    equal("rest", to_hex(&deliver.user_data.body_octets()), text(expected, "rest").to_owned())
}

fn dcs_table(vector: &Value) -> Result<(), String> {
    let rows = vector["rows"].as_array().expect("rows");
    equal("rows", rows.len(), 256)?;
    for row in rows {
        let dcs = Dcs(octets(row, "dcs")[0]);
        let waiting = dcs
            .message_waiting()
            .map(|w| json!({"kind": w.kind.name(), "active": w.active, "store": w.store}));
        let got = json!({
            "dcs": format!("{:02X}", dcs.0),
            "alphabet": dcs.alphabet().name(),
            "class": dcs.class().map(|class| class.number()),
            "compressed": dcs.compressed(),
            "auto_delete": dcs.auto_delete(),
            "mwi": waiting,
        });
        equal("row", &got, row)?;
    }
    Ok(())
}

fn all_prefixes(vector: &Value) -> Result<(), String> {
    let octets = octets(vector, "pdu_hex");
    Pdu::from_octets(&octets, Way::ToMobile).map_err(|e| format!("the whole: {e}"))?;
    let except = vector["expected"]["except_octets"].as_array().expect("a list");
    let readable: Vec<Value> = (0..octets.len())
        .filter(|length| Pdu::from_octets(&octets[..*length], Way::ToMobile).is_ok())
        .map(Value::from)
        .collect();
    equal("readable prefixes", &readable, except)
}

#[test]
fn every_cell_broadcast_vector_holds() {
    each("cbs.json", |vector| {
        let page = CbsPage::decode(&octets(vector, "pdu_hex")).map_err(|e| e.to_string())?;
        let got = json!({
            "serial": format!("{:04X}", page.serial),
            "geo_scope": page.geographic_scope(),
            "message_code": page.message_code(),
            "update_number": page.update_number(),
            "message_id": page.channel,
            "dcs": page.dcs.0,
            "page": page.page,
            "pages": page.pages,
            "alphabet": page.dcs.alphabet().name(),
            "language": page.language(),
            "text": page.text(),
        });
        equal("page", &got, &vector["expected"])
    });
}

#[test]
fn every_mms_vector_holds() {
    each("mms.json", |vector| {
        let pdus = vector["pdus"].as_array().expect("pdus");
        let segments: Vec<Deliver> = pdus
            .iter()
            .map(|pdu| match Pdu::decode(pdu.as_str().unwrap(), Way::ToMobile).map(|p| p.tpdu) {
                Ok(Tpdu::Deliver(deliver)) => deliver,
                other => panic!("{other:?}"),
            })
            .collect();
        let push = match assemble(&segments).remove(0).content {
            Content::Octets(push) => push,
            Content::Text(text) => return Err(format!("text {text:?}")),
        };
        let mms = MmsNotification::decode(&push).map_err(|e| e.to_string())?;
        let got = json!({
            "content_type": mms.content_type,
            "message_type": mms.message_type,
            "transaction_id": mms.transaction_id,
            "version": mms.version,
            "from": mms.from,
            "subject": mms.subject,
            "class": mms.class,
            "size": mms.size,
            "expiry": mms.expiry.map(|expiry| match expiry {
                Expiry::Relative(seconds) => json!({ "relative_s": seconds }),
                Expiry::Absolute(seconds) => json!({ "absolute_unix": seconds }),
            }),
            "content_location": mms.content_location,
            "h86": mms.delivery_report,
            "h8F": mms.priority,
        });
        for (key, expected) in vector["expected"].as_object().expect("fields") {
            equal(key, &got[key], expected)?;
        }
        Ok(())
    });
}

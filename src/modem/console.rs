//! A person's own AT command: what is refused, and why.
//!
//! Refused is what can lock a SIM, delete texts, change the firmware, wear out the flash, cost
//! money or take the modem away from us. Everything else is written as it is, one line.

use crate::at::ConsoleLine;

/// Checks a command; the error is a sentence for the person.
pub fn checked(command: &str) -> Result<ConsoleLine, String> {
    let line = ConsoleLine::new(command).map_err(|why| format!("Not a command line: {why}."))?;
    let upper: String = command.chars().filter(|c| !c.is_whitespace()).collect();
    let upper = upper.to_ascii_uppercase();
    let body = upper.strip_prefix("AT").unwrap_or(&upper);
    for part in body.split(';') {
        let refused = REFUSED.iter().find(|(start, only_set, _)| {
            part.strip_prefix(start).is_some_and(|rest| {
                if *only_set { rest.starts_with('=') && rest != "=?" } else { true }
            })
        });
        if let Some((start, _, why)) = refused {
            return Err(format!("{start} is refused here: {why}."));
        }
        if basic_part_is_harmful(part) {
            return Err(format!(
                "{part} is refused here: it dials, stores or takes the port away."
            ));
        }
    }
    Ok(line)
}

/// Basic commands stand in a row without separators: `E0D123`, `&F&W` (V.250 §5.3.1).
fn basic_part_is_harmful(part: &str) -> bool {
    let basic = part.split(['+', '^', '#', '!', '$', '*', '%']).next().unwrap_or("");
    let starts_amp = basic.contains("&W") || basic.contains("&Y");
    let mut previous = ' ';
    let letters = basic.chars().any(|c| {
        let alone = previous != '&';
        previous = c;
        alone && matches!(c, 'D' | 'A' | 'O')
    });
    starts_amp || letters
}

/// Beginning of the command, whether only its set form is meant, and why.
const REFUSED: &[(&str, bool, &str)] = &[
    ("+CPIN", true, "a wrong PIN or PUK locks the SIM"),
    ("+CPIN2", true, "a wrong PIN or PUK locks the SIM"),
    ("+CLCK", true, "it can lock the SIM or bar calls"),
    ("+CPWD", true, "it changes the SIM's passwords"),
    ("+CRSM", true, "it can write to the SIM's files"),
    ("+CSIM", true, "it speaks to the SIM directly"),
    ("+CCHO", true, "it speaks to the SIM directly"),
    ("+CGLA", true, "it speaks to the SIM directly"),
    ("^CPIN", true, "a wrong PIN or PUK locks the SIM"),
    ("^CARDLOCK", true, "a wrong unlock code locks the modem for good"),
    ("^CARDUNLOCK", true, "a wrong unlock code locks the modem for good"),
    ("#PSTK", true, "it speaks to the SIM directly"),
    ("+CFUN", true, "it restarts the modem or switches its radio off: use restart instead"),
    ("+CRESET", false, "it restarts the modem: use restart instead"),
    ("^RESET", false, "it restarts the modem: use restart instead"),
    ("#REBOOT", false, "it restarts the modem: use restart instead"),
    ("!RESET", false, "it restarts the modem: use restart instead"),
    ("+CPOWD", false, "it switches the modem off"),
    ("+QPOWD", false, "it switches the modem off"),
    ("#SHDN", false, "it switches the modem off"),
    ("^SMSO", false, "it switches the modem off"),
    ("^GODLOAD", false, "it starts the firmware loader"),
    ("!BOOTHOLD", false, "it starts the firmware loader"),
    ("+QDOWNLOAD", false, "it starts the firmware loader"),
    ("+CFOTA", false, "it changes the firmware"),
    ("+QFOTADL", false, "it changes the firmware"),
    ("#FWSWITCH", true, "it changes the firmware"),
    ("#FLASH", false, "it changes the firmware"),
    ("^NVWR", false, "it overwrites calibration data"),
    ("^DATALOCK", false, "it locks the modem"),
    ("^SETPORT", true, "it can take the AT port away"),
    ("^U2DIAG", true, "it can take the AT port away"),
    ("#USBCFG", true, "it can take the AT port away"),
    ("+QCFG=\"USBCFG\"", false, "it can take the AT port away"),
    ("!USBCOMP", true, "it can take the AT port away"),
    ("+CUSBPIDSWITCH", true, "it can take the AT port away"),
    ("+ZOPRT", true, "it can take the AT port away"),
    ("+ZCDRUN", true, "it can take the AT port away"),
    ("+EGMR", false, "it changes the IMEI"),
    ("+SIMEI", true, "it changes the IMEI"),
    ("!ENTERCND", false, "it opens commands that can ruin the modem"),
    ("+IPR", true, "it changes the speed of the port"),
    ("+ICF", true, "it changes the form of the port's characters"),
    ("+IFC", true, "it changes the flow control of the port"),
    ("+CMUX", true, "it takes the port away"),
    ("+CMGD", true, "it deletes texts; the gateway does that after storing them"),
    ("+CMGDA", true, "it deletes texts"),
    ("+QMGDA", true, "it deletes texts"),
    ("+CMGS", true, "it waits for a text: send through the gateway"),
    ("+CMGW", true, "it waits for a text: send through the gateway"),
    ("+CMGC", true, "it waits for a text: send through the gateway"),
    ("+CMSS", true, "send through the gateway"),
    ("+CNMA", false, "it acknowledges texts that are not stored"),
    ("+CMGF", true, "the gateway needs PDU mode"),
    ("+CNMI", true, "the gateway sets how texts are announced"),
    ("+CPMS", true, "the gateway sets where texts are stored"),
    ("+CSMP", true, "on some modems it empties the service centre number"),
    ("+CGDATA", false, "it takes the port away"),
    ("&W", false, "it wears out the flash and surprises other programs"),
    ("D", false, "it dials"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmless_questions_pass_and_harmful_commands_do_not() {
        for command in [
            "AT",
            "ATI",
            "at+csq",
            "AT+CPIN?",
            "AT+CLCK=?",
            "AT+CREG=2;+CREG?",
            "AT+CFUN?",
            "ATE0V1",
            "AT+CMGL=4",
            "AT+COPS=?",
            "AT^HCSQ?",
            "AT+CUSD=1,\"*100#\",15",
            "AT&V",
            "AT&F",
            "AT+CGDCONT?",
            "AT+CSCA=\"+447700900000\",145",
        ] {
            assert!(checked(command).is_ok(), "{command}: {:?}", checked(command));
        }
        for command in [
            "AT+CPIN=\"1234\"",
            "at+cpin = 1234",
            "AT+CSQ;+CPIN=\"1234\"",
            "AT+CLCK=\"SC\",1,\"1234\"",
            "AT+CPWD=\"SC\",\"1\",\"2\"",
            "AT+CFUN=1,1",
            "AT+CFUN=0",
            "AT^RESET",
            "AT^GODLOAD",
            "AT!BOOTHOLD",
            "AT+CMGD=1,4",
            "AT+CMGD=1",
            "ATD+447700900123;",
            "ATDT123",
            "ATE0D123;",
            "AT&W",
            "ATE0&W",
            "AT+IPR=115200",
            "AT+CMUX=0",
            "AT+EGMR=1,7,\"1\"",
            "ATA",
            "ATO",
            "A/",
            "AT+CMGS=20",
            "AT\rAT",
            "",
        ] {
            assert!(checked(command).is_err(), "{command} passes");
        }
    }
}

//! What the air looks like from one modem: signal, registration, operator.

/// The radio side of a modem.
#[derive(Clone, Debug)]
pub struct Radio {
    /// +CFUN: 1 full, 0 and 4 off.
    pub function: u8,
    /// `<rssi>` of +CSQ: 0 to 31, 99 unknown.
    pub signal: u8,
    /// `<stat>` once the SIM is ready (27.007 §7.2).
    pub stat: u8,
    /// Access technology: 0 GSM, 2 UTRAN, 7 E-UTRAN.
    pub technology: u8,
    /// Only `+CEREG` says registered, as on LTE without circuit-switched service.
    pub packet_only: bool,
    pub area: u16,
    pub cell: u32,
    pub operator: Operator,
}

/// A network by its names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// `Emulated Network`
    pub long: String,
    /// `Emulated`
    pub short: String,
    /// MCC and MNC.
    pub code: String,
}

impl Default for Radio {
    fn default() -> Self {
        let (long, short) = ("Emulated Network".to_owned(), "Emulated".to_owned());
        Self {
            function: 1,
            signal: 20,
            stat: 1,
            technology: 7,
            packet_only: false,
            area: 0x1A2B,
            cell: 0x0102_0304,
            operator: Operator { long, short, code: "99942".into() },
        }
    }
}

impl Radio {
    /// `<stat>` for +CREG, +CGREG, +CEREG when the SIM is usable.
    pub fn domains(&self) -> [u8; 3] {
        let lte = self.technology >= 7;
        match (self.packet_only, lte) {
            (true, _) => [0, 0, self.stat],
            (false, true) => [self.stat; 3],
            (false, false) => [self.stat, self.stat, 0],
        }
    }

    /// `<stat>[,<lac>,<ci>,<AcT>]` as level `n` shows it.
    pub fn fields(&self, stat: u8, n: u8) -> String {
        if n >= 2 && matches!(stat, 1 | 5 | 6 | 7 | 9 | 10) {
            format!("{stat},\"{:04X}\",\"{:08X}\",{}", self.area, self.cell, self.technology)
        } else {
            stat.to_string()
        }
    }

    /// `<oper>` in the format of +COPS=3,x.
    pub fn operator_name(&self, format: u8) -> &str {
        match format {
            0 => &self.operator.long,
            1 => &self.operator.short,
            _ => &self.operator.code,
        }
    }
}

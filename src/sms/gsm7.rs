//! Septets in octets: the packing of the GSM 7-bit alphabets.
//!
//! Septets go in one an octet and come out as a bit string whose first bit is the lowest of the
//! first octet. What a septet means is `charset`'s subject.
//!
//! 23.038 §6.1.2.1 (SMS), §6.1.2.3 (USSD).

const CR: u8 = 0x0D;

/// Packs septets behind `start_bit` (0 to 7) fill bits, which are 0, as are the bits at the end.
pub fn pack(septets: &[u8], start_bit: usize) -> Vec<u8> {
    let mut octets = Vec::with_capacity((start_bit + septets.len() * 7).div_ceil(8));
    pack_onto(&mut octets, septets, start_bit);
    octets
}

/// Appends what [`pack`] returns.
pub(super) fn pack_onto(octets: &mut Vec<u8>, septets: &[u8], start_bit: usize) {
    let mut bits = start_bit;
    let mut window = 0_u32;
    for &septet in septets {
        window |= u32::from(septet & 0x7F) << bits;
        bits += 7;
        while bits >= 8 {
            octets.push((window & 0xFF) as u8);
            window >>= 8;
            bits -= 8;
        }
    }
    if bits > 0 {
        octets.push((window & 0xFF) as u8);
    }
}

/// Unpacks up to `count` septets from bit `start_bit` (0 to 7) on; fewer when the octets end.
pub fn unpack(octets: &[u8], start_bit: usize, count: usize) -> Vec<u8> {
    let held = (octets.len() * 8).saturating_sub(start_bit) / 7;
    let count = count.min(held);
    let mut septets = Vec::with_capacity(count);
    let mut window = 0_u32;
    let mut bits = 0_usize;
    let mut skip = start_bit;
    for &octet in octets {
        window |= u32::from(octet) << bits;
        bits += 8;
        window >>= skip;
        bits -= skip;
        skip = 0;
        while bits >= 7 && septets.len() < count {
            septets.push((window & 0x7F) as u8);
            window >>= 7;
            bits -= 7;
        }
        if septets.len() == count {
            break;
        }
    }
    septets
}

/// Packs a USSD text: seven bits left over would read as `@`, so a CR fills them.
pub fn pack_ussd(septets: &[u8]) -> Vec<u8> {
    let mut padded = septets.to_vec();
    let ambiguous = padded.len().is_multiple_of(8) && padded.last() == Some(&CR);
    if padded.len() % 8 == 7 || ambiguous {
        padded.push(CR);
    }
    pack(&padded, 0)
}

/// Unpacks a USSD text, without the CR that [`pack_ussd`] added.
pub fn unpack_ussd(octets: &[u8]) -> Vec<u8> {
    let mut septets = unpack(octets, 0, octets.len() * 8 / 7);
    if septets.len().is_multiple_of(8) && septets.last() == Some(&CR) {
        septets.pop();
    }
    septets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn septets_lie_in_the_bit_string_from_its_lowest_bit_on() {
        assert_eq!(pack(b"hello", 0), [0xE8, 0x32, 0x9B, 0xFD, 0x06]);
        assert_eq!(pack(b"hello", 1), [0xD0, 0x65, 0x36, 0xFB, 0x0D]);
        assert_eq!(unpack(&[0xE8, 0x32, 0x9B, 0xFD, 0x06], 0, 5), b"hello");
        assert_eq!(unpack(&[0xD1, 0x65, 0x36, 0xFB, 0xFD], 1, 5), b"hello");
        assert_eq!(unpack(&[0xE8, 0x32], 0, 9), b"he", "no more than there is");
        assert!(unpack(&[], 7, 3).is_empty());
        for count in 0..=17 {
            let septets: Vec<u8> = (1..=count).collect();
            assert_eq!(unpack(&pack(&septets, 3), 3, septets.len()), septets);
        }
    }

    #[test]
    fn a_ussd_text_never_ends_in_a_letter_nobody_wrote() {
        for text in [&b"*100#"[..], b"seven77", b"eight888", b"nine99999", b"\r", b""] {
            assert_eq!(unpack_ussd(&pack_ussd(text)), text);
        }
        assert_eq!(pack_ussd(b"seven77"), pack(b"seven77\r", 0));
    }
}

//! Tables of how letters of cursive and Indic scripts join. They decide where an invisible joiner
//! is allowed (RFC 5892 appendix A.1 and A.2).
//!
//! JavaScript does not offer the two Unicode properties below, so this file contains their tables.
//! The test compares the tables with those of Unicode.

/// Letters that join to both sides (`Joining_Type=D`), in the Basic Multilingual Plane.
const DUAL: &[(u16, u16)] = &[
    (0x0620, 0x0620),
    (0x0626, 0x0626),
    (0x0628, 0x0628),
    (0x062a, 0x062e),
    (0x0633, 0x063f),
    (0x0641, 0x0647),
    (0x0649, 0x064a),
    (0x066e, 0x066f),
    (0x0678, 0x0687),
    (0x069a, 0x06bf),
    (0x06c1, 0x06c2),
    (0x06cc, 0x06cc),
    (0x06ce, 0x06ce),
    (0x06d0, 0x06d1),
    (0x06fa, 0x06fc),
    (0x06ff, 0x06ff),
    (0x0712, 0x0714),
    (0x071a, 0x071d),
    (0x071f, 0x0727),
    (0x0729, 0x0729),
    (0x072b, 0x072b),
    (0x072d, 0x072e),
    (0x074e, 0x0758),
    (0x075c, 0x076a),
    (0x076d, 0x0770),
    (0x0772, 0x0772),
    (0x0775, 0x0777),
    (0x077a, 0x077f),
    (0x07ca, 0x07ea),
    (0x0841, 0x0845),
    (0x0848, 0x0848),
    (0x084a, 0x0853),
    (0x0855, 0x0855),
    (0x0860, 0x0860),
    (0x0862, 0x0865),
    (0x0868, 0x0868),
    (0x0886, 0x0886),
    (0x0889, 0x088d),
    (0x088f, 0x088f),
    (0x08a0, 0x08a9),
    (0x08af, 0x08b0),
    (0x08b3, 0x08b8),
    (0x08ba, 0x08c8),
    (0x1807, 0x1807),
    (0x1820, 0x1878),
    (0x1887, 0x18a8),
    (0x18aa, 0x18aa),
    (0xa840, 0xa871),
];

/// Letters that join only to the letter before them (`Joining_Type=R`).
const RIGHT: &[(u16, u16)] = &[
    (0x0622, 0x0625),
    (0x0627, 0x0627),
    (0x0629, 0x0629),
    (0x062f, 0x0632),
    (0x0648, 0x0648),
    (0x0671, 0x0673),
    (0x0675, 0x0677),
    (0x0688, 0x0699),
    (0x06c0, 0x06c0),
    (0x06c3, 0x06cb),
    (0x06cd, 0x06cd),
    (0x06cf, 0x06cf),
    (0x06d2, 0x06d3),
    (0x06d5, 0x06d5),
    (0x06ee, 0x06ef),
    (0x0710, 0x0710),
    (0x0715, 0x0719),
    (0x071e, 0x071e),
    (0x0728, 0x0728),
    (0x072a, 0x072a),
    (0x072c, 0x072c),
    (0x072f, 0x072f),
    (0x074d, 0x074d),
    (0x0759, 0x075b),
    (0x076b, 0x076c),
    (0x0771, 0x0771),
    (0x0773, 0x0774),
    (0x0778, 0x0779),
    (0x0840, 0x0840),
    (0x0846, 0x0847),
    (0x0849, 0x0849),
    (0x0854, 0x0854),
    (0x0856, 0x0858),
    (0x0867, 0x0867),
    (0x0869, 0x086a),
    (0x0870, 0x0882),
    (0x088e, 0x088e),
    (0x08aa, 0x08ac),
    (0x08ae, 0x08ae),
    (0x08b1, 0x08b2),
    (0x08b9, 0x08b9),
];

/// Signs that join consonants (`Canonical_Combining_Class=Virama`).
const VIRAMAS: &[u32] = &[
    0x94d, 0x9cd, 0xa4d, 0xacd, 0xb4d, 0xbcd, 0xc4d, 0xccd, 0xd3b, 0xd3c, 0xd4d, 0xdca, 0xe3a,
    0xeba, 0xf84, 0x1039, 0x103a, 0x1714, 0x1715, 0x1734, 0x17d2, 0x1a60, 0x1b44, 0x1baa, 0x1bab,
    0x1bf2, 0x1bf3, 0x2d7f, 0xa806, 0xa82c, 0xa8c4, 0xa953, 0xa9c0, 0xaaf6, 0xabed, 0x10a3f,
    0x11046, 0x11070, 0x1107f, 0x110b9, 0x11133, 0x11134, 0x111c0, 0x11235, 0x112ea, 0x1134d,
    0x113ce, 0x113cf, 0x113d0, 0x11442, 0x114c2, 0x115bf, 0x1163f, 0x116b6, 0x1172b, 0x11839,
    0x1193d, 0x1193e, 0x119e0, 0x11a34, 0x11a47, 0x11a99, 0x11c3f, 0x11d44, 0x11d45, 0x11d97,
    0x11f41, 0x11f42, 0x1612f,
];

/// Whether the character is a virama. After a virama, both invisible joiners (U+200C and U+200D)
/// change what is displayed.
pub(crate) fn is_virama(c: char) -> bool {
    VIRAMAS.binary_search(&u32::from(c)).is_ok()
}

/// Whether the letter joins to the one after it.
pub(crate) fn joins_next(c: char) -> bool {
    // The letters below are of Phags-pa, Hanifi Rohingya and Adlam.
    is_in(DUAL, c)
        || matches!(c, '\u{a872}' | '\u{10d00}'..='\u{10d21}' | '\u{10d23}' | '\u{1e900}'..='\u{1e943}')
}

pub(crate) fn joins_previous(c: char) -> bool {
    is_in(DUAL, c)
        || is_in(RIGHT, c)
        || matches!(c, '\u{10d01}'..='\u{10d23}' | '\u{1e900}'..='\u{1e943}')
}

fn is_in(ranges: &[(u16, u16)], c: char) -> bool {
    let Ok(code) = u16::try_from(u32::from(c)) else {
        return false;
    };
    let at = ranges.partition_point(|(_, last)| *last < code);
    ranges.get(at).is_some_and(|(first, _)| *first <= code)
}

#[cfg(test)]
mod tests {
    use icu_properties::CodePointMapData;
    use icu_properties::props::{CanonicalCombiningClass, JoiningType};

    use super::*;

    /// Whether the tables cover this character. Beyond the Basic Multilingual Plane, they cover
    /// only the scripts that people use today.
    fn is_covered(c: char) -> bool {
        let code = u32::from(c);
        code < 0x1_0000
            || (0x10d00..=0x10d3f).contains(&code)
            || (0x1e900..=0x1e95f).contains(&code)
    }

    #[test]
    fn letters_join_as_unicode_says() {
        let types = CodePointMapData::<JoiningType>::new();
        for c in ('\0'..=char::MAX).filter(|c| is_covered(*c)) {
            let of = types.get(c);
            let dual = of == JoiningType::DualJoining;
            assert_eq!(
                joins_next(c),
                dual || of == JoiningType::LeftJoining,
                "{c:?}"
            );
            assert_eq!(
                joins_previous(c),
                dual || of == JoiningType::RightJoining,
                "{c:?}"
            );
        }
    }

    #[test]
    fn viramas_are_those_of_unicode() {
        let classes = CodePointMapData::<CanonicalCombiningClass>::new();
        for c in '\0'..=char::MAX {
            let of = classes.get(c);
            assert_eq!(is_virama(c), of == CanonicalCombiningClass::Virama, "{c:?}");
        }
    }
}

/// A set of ASCII characters, as 128 bits.
struct CharacterClass: Sendable {
    let low: UInt64
    let high: UInt64

    /// `tchar`, RFC 9110 §5.6.2: letters, digits and ``!#$%&'*+-.^_`|~``.
    static var token: CharacterClass { CharacterClass(low: 0x03FF_6CFA_0000_0000, high: 0x57FF_FFFF_C7FF_FFFE) }

    /// `pchar`, `/` and the `%` of an encoded byte, RFC 3986 §3.3: what a path consists of.
    static var path: CharacterClass { CharacterClass(low: 0x2FFF_FFF2_0000_0000, high: 0x47FF_FFFE_87FF_FFFF) }

    /// `reg-name`, RFC 3986 §3.2.2, but for the comma, which no host has and a merged list of two would.
    static var host: CharacterClass { CharacterClass(low: 0x2BFF_6FF2_0000_0000, high: 0x47FF_FFFE_87FF_FFFE) }

    @inline(__always)
    func contains(_ byte: UInt8) -> Bool {
        let word = byte < 64 ? low : high
        // The shift takes the bit's number modulo 64, which is what is meant, and without a branch.
        return byte < 128 && (word &>> UInt64(byte)) & 1 == 1
    }
}

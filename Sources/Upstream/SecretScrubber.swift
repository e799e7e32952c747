import Glibc

/// Takes one of the vendor's keys out of what the vendor says: it must never reach a client, not even in an echoed error.
/// Immutable; made once per key.
///
/// A vendor may echo a key in another form than it got it. Taken out is the key as it stands, with slashes escaped as some
/// writers of JSON do, in hex of either case, percent-encoded, and in base64, both alphabets, wherever it begins in what
/// was encoded: of that only the characters that the key alone decides.
struct SecretScrubber: Sendable {
    /// A shorter text is no secret, and likely to stand in a reply by chance, which must come back byte for byte.
    private static let lengthMin = 8

    private let forms: [[UInt8]]

    init(_ secret: [UInt8]) {
        guard secret.count >= Self.lengthMin else {
            forms = []
            return
        }
        var forms = [secret]
        let escaped = secret.flatMap { $0 == UInt8(ascii: "/") ? Array(#"\/"#.utf8) : [$0] }
        for digits in [Array("0123456789abcdef".utf8), Array("0123456789ABCDEF".utf8)] {
            forms.append(secret.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
            forms.append(secret.flatMap { Self.isUnreserved($0) ? [$0] : Self.percent($0, digits) })
            forms.append(secret.flatMap { Self.percent($0, digits) })
        }
        for offset in 0..<3 {
            let core = Self.base64(of: secret, at: offset)
            forms.append(core)
            forms.append(core.map { $0 == UInt8(ascii: "+") ? UInt8(ascii: "-") : $0 == UInt8(ascii: "/") ? 0x5F : $0 })
        }
        forms.append(escaped)
        // Each once; the key as it stands comes first.
        self.forms = forms.reduce(into: []) { if !$0.contains($1), $1.count >= Self.lengthMin { $0.append($1) } }
    }

    /// `bytes` with each occurrence of the key, in any of the forms, replaced by as many asterisks.
    func scrub(_ bytes: [UInt8]) -> [UInt8] {
        var scrubbed = bytes
        for form in forms {
            var position = 0
            while let index = Self.find(form, in: scrubbed, from: position) {
                for place in index..<(index + form.count) { scrubbed[place] = UInt8(ascii: "*") }
                position = index + form.count
            }
        }
        return scrubbed
    }

    private static func find(_ form: [UInt8], in bytes: [UInt8], from position: Int) -> Int? {
        bytes.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return nil }
            let end = bytes.count - form.count
            var position = position
            while position <= end, let next = memchr(start + position, Int32(form[0]), end - position + 1) {
                position = UnsafeRawPointer(next) - start
                if memcmp(next, form, form.count) == 0 { return position }
                position += 1
            }
            return nil
        }
    }

    /// RFC 3986 §2.3.
    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }

    private static func percent(_ byte: UInt8, _ digits: [UInt8]) -> [UInt8] {
        [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }

    /// The characters of base64 (RFC 4648 §4) that the secret alone decides when it begins so many bytes into a group of
    /// three: those that share bits with what stands before or behind it are left out.
    private static func base64(of secret: [UInt8], at offset: Int) -> [UInt8] {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var characters: [UInt8] = []
        let (firstBit, endBit) = (offset * 8, (offset + secret.count) * 8)
        for character in ((firstBit + 5) / 6)..<(endBit / 6) {
            let value = (character * 6..<character * 6 + 6).reduce(0) { value, bit in
                let place = bit - firstBit
                return value << 1 | Int(secret[place / 8] >> (7 - place % 8)) & 1
            }
            characters.append(alphabet[value])
        }
        return characters
    }
}

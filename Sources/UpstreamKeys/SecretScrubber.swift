import Glibc

/// Takes one of the vendor's keys out of what the vendor says: it must never reach a client, not even in an echoed error.
/// Immutable; made once per key.
///
/// A vendor may echo a key in another form than it got it, and what writes the echo may spell each character of that form
/// in several ways. The forms are the key as it stands, in hex of either case, and in base64, both alphabets, wherever it
/// begins in what was encoded: of that only the characters that the key alone decides. The spellings are those of
/// `Spelling`: each text is searched as it stands and as it reads once they are undone, since a writer of JSON may escape
/// any character, and a JSON text may hold another one as a string.
public struct SecretScrubber: Sendable {
    /// A shorter text is no secret, and likely to stand in a reply by chance, which must come back byte for byte.
    private static let lengthMin = 8
    /// A JSON text within a string of a JSON text, and so on, is read so deep.
    private static let nestingMax = 4

    private let forms: [[UInt8]]

    init(_ secret: [UInt8]) {
        guard secret.count >= Self.lengthMin else {
            forms = []
            return
        }
        var forms = [secret]
        for digits in [Array("0123456789abcdef".utf8), Array("0123456789ABCDEF".utf8)] {
            forms.append(secret.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
        }
        for offset in 0..<3 {
            let core = Self.base64(of: secret, at: offset)
            forms.append(core)
            forms.append(core.map { $0 == UInt8(ascii: "+") ? UInt8(ascii: "-") : $0 == UInt8(ascii: "/") ? 0x5F : $0 })
        }
        // Each once; the key as it stands comes first.
        self.forms = forms.reduce(into: []) { if !$0.contains($1), $1.count >= Self.lengthMin { $0.append($1) } }
    }

    /// `bytes` with each occurrence of the key, in any form and spelling, replaced by as many asterisks as it took there.
    ///
    /// All else stays as it is, byte for byte. The time is linear in the length.
    public func scrub(_ bytes: [UInt8]) -> [UInt8] {
        var text = bytes
        guard !forms.isEmpty else { return text }
        scrub(&text, nesting: Self.nestingMax)
        return text
    }

    private func scrub(_ text: inout [UInt8], nesting: Int) {
        mask(&text, occurrences(in: text))
        for spelling in [Spelling.percent, .entity] where spelling.mayStand(in: text) {
            mask(&text, spelling.source(of: occurrences(in: spelling.undo(text)), in: text))
        }
        guard nesting > 0, Spelling.json.mayStand(in: text) else { return }
        var inner = Spelling.json.undo(text)
        let before = inner
        scrub(&inner, nesting: nesting - 1)
        guard inner != before else { return }
        // What was masked within is masked without: each place there stands for one character here.
        mask(&text, Spelling.json.source(of: Self.differences(before, inner), in: text))
    }

    private func mask(_ text: inout [UInt8], _ ranges: [Range<Int>]) {
        for range in ranges { for place in range { text[place] = UInt8(ascii: "*") } }
    }

    /// Where any of the forms stands, in ascending order, none within another.
    private func occurrences(in text: [UInt8]) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        for form in forms {
            var position = 0
            while let index = Self.find(form, in: text, from: position) {
                ranges.append(index..<(index + form.count))
                position = index + form.count
            }
        }
        return Self.merged(ranges)
    }

    private static func merged(_ ranges: [Range<Int>]) -> [Range<Int>] {
        var merged: [Range<Int>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = merged.last, range.lowerBound <= last.upperBound {
                merged[merged.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        return merged
    }

    /// Where two texts of one length differ.
    private static func differences(_ one: [UInt8], _ other: [UInt8]) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        for index in one.indices where one[index] != other[index] {
            if let last = ranges.last, last.upperBound == index {
                ranges[ranges.count - 1] = last.lowerBound..<(index + 1)
            } else {
                ranges.append(index..<(index + 1))
            }
        }
        return ranges
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

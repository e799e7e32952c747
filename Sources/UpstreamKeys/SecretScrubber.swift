import Glibc

/// Masks one of the vendor's keys in the vendor's replies: a key must never reach a client, not even in an echoed
/// error. Immutable; made once per key.
///
/// A vendor may echo a key in a form other than the one it received, and the echo's writer may spell each character of
/// that form in several ways. The forms are: the key as is; in hex of either case; in base64 with either alphabet, at
/// any offset within the encoded text, reduced to the characters that the key alone determines. For the spellings see
/// `Spelling`. Each text is searched both as is and with the spellings decoded, since a JSON writer may escape any
/// character, and a JSON text may contain another one as a string.
public struct SecretScrubber: Sendable {
    /// A shorter text is no secret and may occur in a reply by chance, and replies must be passed on byte for byte.
    private static let lengthMin = 8
    /// The maximum depth of JSON texts nested as strings in JSON texts.
    private static let nestingMax = 4

    /// In one object, so that a copy costs one reference. Immutable.
    private final class Table: Sendable {
        let forms: [[UInt8]]
        let sieve: FormSieve
        /// For each byte, whether a form begins with it.
        let isFirst: [Bool]
        /// For each byte, whether a form has it.
        let isAny: [Bool]
        /// The length of the longest form; 0 without one.
        let reach: Int

        init(_ forms: [[UInt8]]) {
            self.forms = forms
            sieve = FormSieve(forms)
            reach = forms.map(\.count).max() ?? 0
            isFirst = forms.reduce(into: Array(repeating: false, count: 256)) { $0[Int($1[0])] = true }
            isAny = forms.joined().reduce(into: Array(repeating: false, count: 256)) { $0[Int($1)] = true }
        }
    }

    private let table: Table
    private var forms: [[UInt8]] { table.forms }

    init(_ secret: [UInt8]) {
        guard secret.count >= Self.lengthMin else {
            table = Table([])
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
        table = Table(forms.reduce(into: []) { if !$0.contains($1), $1.count >= Self.lengthMin { $0.append($1) } })
    }

    /// Returns `bytes` with each occurrence of the key, in any form and spelling, replaced by asterisks of the same
    /// length.
    ///
    /// All other bytes are unchanged. The time is linear in the length.
    public func scrub(_ bytes: [UInt8]) -> [UInt8] {
        if isClean(bytes) { return bytes }
        var text = bytes
        scrub(&text, nesting: Self.nestingMax)
        return text
    }

    /// Whether a text has nothing that could be a form, as most have: no form as it is, and nothing to decode.
    private func isClean(_ text: [UInt8]) -> Bool {
        let sieve = table.sieve
        if sieve.isEmpty { return true }
        if text.withUnsafeBufferPointer({ sieve.mayLie(in: $0) }) { return false }
        return !Spelling.percent.mayStand(in: text) && !Spelling.entity.mayStand(in: text)
            && !Spelling.json.mayStand(in: text)
    }

    /// Like `scrub`, but looks for the forms as they are only.
    func scrubForms(_ bytes: [UInt8]) -> [UInt8] {
        let found = occurrences(in: bytes)
        guard !found.isEmpty else { return bytes }
        var text = bytes
        mask(&text, found)
        return text
    }

    /// How many bytes at the end of `text` may be the beginning of a form.
    func beginning(atEndOf text: [UInt8]) -> Int {
        // Most texts end with a byte that no form has, such as a bracket or a line feed.
        guard !forms.isEmpty, let last = text.last, table.isAny[Int(last)] else { return 0 }
        for position in max(0, text.count - table.reach + 1)..<text.count where table.isFirst[Int(text[position])] {
            let rest = text[position...]
            if forms.contains(where: { $0.count > rest.count && $0.starts(with: rest) }) { return rest.count }
        }
        return 0
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
        // Characters masked in the decoded text are masked in the source, too: masking keeps lengths, so positions
        // correspond.
        mask(&text, Spelling.json.source(of: Self.differences(before, inner), in: text))
    }

    private func mask(_ text: inout [UInt8], _ ranges: [Range<Int>]) {
        if ranges.isEmpty { return }
        for range in ranges { for place in range { text[place] = UInt8(ascii: "*") } }
    }

    /// The ranges of all forms in the text, ascending and disjoint.
    private func occurrences(in text: [UInt8]) -> [Range<Int>] {
        text.withUnsafeBufferPointer { text in
            let candidates = table.sieve.candidates(in: text)
            guard !candidates.isEmpty else { return [] }
            var ranges: [Range<Int>] = []
            for candidate in candidates {
                for form in forms {
                    var position = candidate.lowerBound
                    while let index = Self.find(form, in: text, position..<candidate.upperBound) {
                        ranges.append(index..<(index + form.count))
                        position = index + form.count
                    }
                }
            }
            return ranges.isEmpty ? [] : Self.merged(ranges)
        }
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

    /// The ranges in which two texts of equal length differ.
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

    private static func find(_ form: [UInt8], in bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Int? {
        guard let start = UnsafeRawPointer(bytes.baseAddress) else { return nil }
        let end = range.upperBound - form.count
        var position = range.lowerBound
        while position <= end, let next = memchr(start + position, Int32(form[0]), end - position + 1) {
            position = UnsafeRawPointer(next) - start
            if memcmp(next, form, form.count) == 0 { return position }
            position += 1
        }
        return nil
    }

    /// The base64 characters (RFC 4648 §4) that the secret alone determines when it begins `offset` bytes into a group
    /// of three; characters that share bits with the bytes before or after it are left out.
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

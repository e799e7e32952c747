/// UUIDs for replies: in version 4 form, distinct for all replies of one seed.
///
/// SplitMix64 is a bijection of its counter, so the first halves of any two identifiers differ.
struct RequestIDSequence: Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> String {
        let high = mixed(), low = mixed()
        let digits = hexadecimal(high & ~0xF000 | 0x4000) + hexadecimal(low & ~(3 << 62) | 2 << 62)
        let text = Array(digits.utf8)
        let parts = [text[..<8], text[8..<12], text[12..<16], text[16..<20], text[20...]]
        return parts.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "-")
    }

    private mutating func mixed() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
        return value ^ value >> 31
    }

    private func hexadecimal(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

import TestSupport

/// Makes wrong messages of sound ones: bits turned, bytes, tokens and field lines put in, ranges left out, repeated or
/// taken from another message.
struct Mutator {
    private static let tokens: [[UInt8]] = [
        "\r", "\n", "\r\n", "\r\n\r\n", "\u{0}", ":", " ", "\t", ",", ";", "\u{7F}", "\u{80}", "\u{0B}", "\r\n ",
        "Transfer-Encoding:", "chunked", "Content-Length", "X_Api_Key", "HTTP/1.1", "HTTP/1.0", "Expect: ",
        "100-continue", "0\r\n\r\n", "5\r\nhello\r\n", "0x", "+", "-", "_", "%2f", "%", "../", "//", "http://", "#",
        "9223372036854775808", "ffffffffffffffff", "GET / HTTP/1.1\r\n",
    ].map(wire)

    private static let fieldLines: [[UInt8]] = [
        "Transfer-Encoding: chunked\r\n", "transfer-encoding:chunked\r\n", "Content-Length: 5\r\n",
        "CONTENT-LENGTH: 0\r\n", "Host: h\r\n", "host:\r\n", "x-api-key: k\r\n", "X_Api_Key: k\r\n",
        "Connection: close\r\n", "Connection: keep-alive\r\n", "Expect: 100-continue\r\n", "A: \t b \t\r\n",
        "\u{E9}: b\r\n", "A: \u{E9}\r\n",
    ].map(wire)

    let samples: [[UInt8]]
    private(set) var generator: SeededGenerator

    init(samples: [[UInt8]], generator: SeededGenerator) {
        self.samples = samples
        self.generator = generator
    }

    /// One of the samples, changed in one to three places.
    mutating func next() -> [UInt8] {
        var bytes = samples[number(below: samples.count)]
        for _ in 0...number(below: 3) { mutate(&bytes) }
        return bytes
    }

    /// Up to three places to cut so many bytes at, in ascending order.
    mutating func cuts(_ count: Int) -> [Int] { (0...number(below: 3)).map { _ in number(below: count + 1) }.sorted() }

    private mutating func mutate(_ bytes: inout [UInt8]) {
        let place = number(below: bytes.count + 1)
        let end = min(bytes.count, place + 1 + number(below: 12))
        switch number(below: 10) {
        case 0: if place < bytes.count { bytes[place] ^= 1 << UInt8(number(below: 8)) }
        case 1: if place < bytes.count { bytes[place] = UInt8(number(below: 256)) }
        case 2: bytes.insert(UInt8(number(below: 256)), at: place)
        case 3: bytes.removeSubrange(place..<end)
        case 4: bytes.insert(contentsOf: Array(bytes[place..<end]), at: place)
        case 5:
            let other = samples[number(below: samples.count)]
            bytes.replaceSubrange(place..., with: other[number(below: other.count)...])
        case 6, 7: bytes.insert(contentsOf: Self.tokens[number(below: Self.tokens.count)], at: place)
        default:
            let starts = bytes.indices.filter { $0 > 0 && bytes[$0 - 1] == 0x0A }
            guard !starts.isEmpty else { return }
            let line = Self.fieldLines[number(below: Self.fieldLines.count)]
            bytes.insert(contentsOf: line, at: starts[number(below: starts.count)])
        }
    }

    private mutating func number(below bound: Int) -> Int { Int(generator.next() % UInt64(bound)) }
}

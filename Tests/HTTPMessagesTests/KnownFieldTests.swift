import Testing

@testable import HTTPMessages

@Suite("KnownField")
struct KnownFieldTests {
    private static let names: [(String, KnownField)] = [
        ("host", .host), ("content-length", .contentLength), ("transfer-encoding", .transferEncoding),
        ("connection", .connection), ("expect", .expect), ("content-type", .contentType),
        ("content-encoding", .contentEncoding), ("cache-control", .cacheControl), ("x-api-key", .apiKey),
        ("x-request-id", .requestID), ("retry-after", .retryAfter),
        ("keep-alive", .keepAlive), ("traceparent", .traceParent), ("tracestate", .traceState),
    ]

    private func find(_ name: [UInt8]) -> KnownField {
        name.withUnsafeBufferPointer { KnownFieldTable.shared.find($0) }
    }

    @Test("a name is found in any letter case", arguments: names)
    func found(name: String, field: KnownField) {
        #expect(find(wire(name)) == field)
        #expect(find(wire(name.uppercased())) == field)
        for index in name.utf8.indices {
            let offset = name.utf8.distance(from: name.utf8.startIndex, to: index)
            var bytes = wire(name)
            if bytes[offset] != UInt8(ascii: "-") { bytes[offset] ^= 0x20 }
            #expect(find(bytes) == field)
        }
    }

    @Test("a name that differs in one character of a token is another field", arguments: names)
    func oneByteOff(name: String, field: KnownField) {
        let original = wire(name)
        for offset in original.indices {
            for byte in 0...255 as ClosedRange<UInt8> where CharacterClass.token.contains(byte) {
                var bytes = original
                bytes[offset] = byte
                let isSame = String(decoding: bytes, as: UTF8.self).lowercased() == name
                #expect(find(bytes) == (isSame ? field : .other), "byte \(byte) at \(offset)")
            }
        }
    }

    @Test("a name that is longer, shorter or only begins alike is another field", arguments: names)
    func otherLengths(name: String, field: KnownField) {
        #expect(find(wire(name + "s")) == .other)
        #expect(find(wire("x" + name)) == .other)
        #expect(find(wire(String(name.dropLast()))) == .other)
        #expect(find(wire(name + repeated("-", 64))) == .other)
    }

    @Test("names of all lengths are looked up without harm")
    func lengths() {
        for length in 1...200 { #expect(find([UInt8](repeating: UInt8(ascii: "q"), count: length)) == .other) }
    }
}

import HTTPMessages
import Testing

@Suite("Trace context")
struct TraceContextTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let version0 = "00-\(trace)-00f067aa0ba902b7-01"

    private func read(_ text: String) -> TraceContext? { TraceContext(traceparent: wire(text).span) }

    @Test(
        "a valid traceparent is read, and goes on with another span",
        arguments: [
            (version0, "01"), ("00-\(trace)-00f067aa0ba902b7-00", "00"), ("00-\(trace)-00f067aa0ba902b7-03", "03"),
            // Bits without a meaning are not passed on.
            ("00-\(trace)-00f067aa0ba902b7-ff", "03"), ("00-\(trace)-00f067aa0ba902b7-fc", "00"),
            // Of a later version only what is known here.
            ("cc-\(trace)-00f067aa0ba902b7-01", "01"), ("cc-\(trace)-00f067aa0ba902b7-03", "01"),
            ("fe-\(trace)-00f067aa0ba902b7-01-", "01"), ("01-\(trace)-00f067aa0ba902b7-01-what-the-future", "01"),
        ]
    )
    func valid(text: String, flags: String) throws {
        let context = try #require(read(text))
        #expect(String(decoding: context.traceIDText, as: UTF8.self) == Self.trace)
        #expect(context.parentID == 0x00F0_67AA_0BA9_02B7)
        let next = String(decoding: context.traceparent(span: 0xAB), as: UTF8.self)
        #expect(next == "00-\(Self.trace)-00000000000000ab-\(flags)")
        #expect(read(next)?.traceIDText == context.traceIDText)
    }

    @Test("identifiers of which one half is zero, or all but one bit, are valid")
    func sparse() throws {
        for trace in [String(repeating: "0", count: 31) + "1", "8" + String(repeating: "0", count: 31)] {
            let context = try #require(read("00-\(trace)-8000000000000000-00"))
            #expect(String(decoding: context.traceIDText, as: UTF8.self) == trace)
        }
    }

    @Test(
        "a malformed one counts as none",
        arguments: [
            "", "00", "-", "00-\(trace)-00f067aa0ba902b7", "00-\(trace)-00f067aa0ba902b7-",
            "00-\(trace)-00f067aa0ba902b7-0",
            // Longer than version 00 is.
            version0 + "-", version0 + "-00", version0 + "0", version0 + " ", " " + version0,
            // A later version goes on behind a dash.
            "01-\(trace)-00f067aa0ba902b7-010", "01-\(trace)-00f067aa0ba902b7-01.x",
            "ff-\(trace)-00f067aa0ba902b7-01", "0-\(trace)-00f067aa0ba902b7-01", "0g-\(trace)-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01", "00-\(trace)-0000000000000000-01",
            // Letters are lower-case.
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", "00-\(trace)-00F067AA0BA902B7-01",
            "00-\(trace)-00f067aa0ba902b7-0A", "CC-\(trace)-00f067aa0ba902b7-01",
            "00_\(trace)-00f067aa0ba902b7-01", "00-\(trace)_00f067aa0ba902b7-01", "00-\(trace)-00f067aa0ba902b7_01",
            "00-\(trace.dropLast())x-00f067aa0ba902b7-01", "00-\(trace)-00f067aa0ba902bx-01",
            "00-\(trace)-00f067aa0ba902b7-0x",
            "00-\(trace.dropLast())-00f067aa0ba902b7-01x", String(repeating: "0", count: 55),
            String(repeating: "-", count: 99),
        ]
    )
    func malformed(text: String) { #expect(read(text) == nil) }

    @Test("no byte of a valid one can be another than it may be")
    func everyByte() {
        let original = wire(Self.version0)
        for offset in original.indices {
            for byte in UInt8.min...UInt8.max {
                var bytes = original
                bytes[offset] = byte
                let isDash = [2, 35, 52].contains(offset)
                let isDigit = (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
                let isValid = isDash ? byte == UInt8(ascii: "-") : isDigit
                #expect((TraceContext(traceparent: bytes.span) != nil) == isValid, "byte \(byte) at \(offset)")
            }
        }
    }
}

@Suite("Trace state")
struct TraceStateTests {
    private func passed(_ lines: String...) -> String? {
        TraceState.passedOn(lines.map(wire)).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test(
        "a well-formed list goes on in its order, its lines as one",
        arguments: [
            ("a=1", "a=1"), ("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"),
            ("a=1 , \tb=2", "a=1,b=2"), (",a=1,,b=2,", "a=1,b=2"), ("t@sys=x", "t@sys=x"), ("0t@sys=x", "0t@sys=x"),
            ("a_-*/9= !~", "a_-*/9= !~"),
        ]
    )
    func wellFormed(text: String, expected: String) {
        #expect(passed(text) == expected)
        #expect(passed("first=0", text) == "first=0,\(expected)")
    }

    @Test(
        "a malformed list is dropped whole",
        arguments: [
            "a", "=1", "a=", "a=b=c", "A=1", "1=x", "a=1,a=2", "a =1", "a=1;b=2,c", "@s=1", "t@=1", "t@S=1", "t@s@u=1",
            "t@0s=1", "a=\u{7F}", "a=\u{1}", "a=é", "a=1,B=2", "t@system-of-15chr=1",
        ]
    )
    func malformed(text: String) {
        #expect(passed(text) == nil)
        #expect(passed("good=1", text) == nil)
    }

    @Test("nothing is passed on of nothing")
    func empty() {
        #expect(passed() == nil)
        #expect(passed("", " ,\t,") == nil)
    }

    @Test("the greatest keys, values and lists that there may be, and one more")
    func limits() {
        func name(_ count: Int) -> String { String(repeating: "k", count: count) }
        #expect(passed("\(name(200))=1") == "\(name(200))=1")
        #expect(passed("\(name(256))=\(name(255))") == "\(name(256))=\(name(255))")
        #expect(passed("\(name(257))=1") == nil)
        #expect(passed("a=\(name(256))") == "a=\(name(256))")
        #expect(passed("a=\(name(257))") == nil)
        #expect(passed("\(name(241))@s=1") == "\(name(241))@s=1")
        #expect(passed("\(name(242))@s=1") == nil)
        let members = (0..<33).map { "k\($0)=1" }
        #expect(passed(members.dropLast().joined(separator: ",")) == members.dropLast().joined(separator: ","))
        #expect(passed(members.joined(separator: ",")) == nil)
    }

    @Test("of a list above 512 bytes long members go first, then the last ones")
    func shortened() {
        let short = (0..<4).map { "k\($0)=" + String(repeating: "v", count: 100) }
        let long = "long=" + String(repeating: "v", count: 124)
        #expect(passed(([long] + short).joined(separator: ",")) == short.joined(separator: ","))
        let six = (0..<6).map { "k\($0)=" + String(repeating: "v", count: 100) }
        #expect(passed(six.joined(separator: ",")) == six.prefix(4).joined(separator: ","))
        let exact = "a=" + String(repeating: "v", count: 254) + ",b=" + String(repeating: "v", count: 253)
        #expect(exact.utf8.count == 512)
        #expect(passed(exact) == exact)
        #expect(passed("c=1," + exact) == "c=1," + exact.prefix { $0 != "," })
    }
}

/// The trace that a request belongs to, as its client says: W3C Trace Context, level 1, with the flags of level 2.
/// Pure.
///
/// A malformed `traceparent` counts as none (§3.2.2.1 of that text), and a malformed `tracestate` is dropped without it
/// (§3.3.1.4).
public struct TraceContext: Sendable, Equatable {
    /// The two halves of the trace's identifier, not both zero.
    public let traceID: (high: UInt64, low: UInt64)
    /// The span that the client made the request in; not zero.
    public let parentID: UInt64
    /// Bit 0: the client records the trace. Bit 1: its identifier is random. No other bit has a meaning, and none is
    /// passed on (§3.2.2.5).
    public let flags: UInt8

    private static let version0Count = 55

    /// Reads the value of a `traceparent` field, §3.2; nil when it is malformed.
    ///
    /// A later version than 00 may be longer, behind another dash, and is read as far as it is known (§4.3).
    public init?(traceparent value: Span<UInt8>) {
        guard value.count >= Self.version0Count, let version = Self.number(value, 0..<2), version != 0xFF,
            value.count == Self.version0Count || version > 0 && value[Self.version0Count] == UInt8(ascii: "-")
        else { return nil }
        let dash = UInt8(ascii: "-")
        guard value[2] == dash, value[35] == dash, value[52] == dash, let high = Self.number(value, 3..<19),
            let low = Self.number(value, 19..<35), let parent = Self.number(value, 36..<52),
            let flags = Self.number(value, 53..<55), high | low != 0, parent != 0
        else { return nil }
        (traceID.high, traceID.low, parentID) = (high, low, parent)
        // What other bits a later version has is not known.
        self.flags = UInt8(flags) & (version == 0 ? 0x03 : 0x01)
    }

    /// The `traceparent` of a request that is made within this trace; its version is 00, the highest that is known
    /// here.
    ///
    /// - Parameter span: the new request's own; not zero.
    public func traceparent(span: UInt64) -> [UInt8] {
        var text = Array("00-".utf8)
        for (number, digits) in [(traceID.high, 16), (traceID.low, 16)] { Self.append(number, digits, to: &text) }
        text.append(UInt8(ascii: "-"))
        Self.append(span, 16, to: &text)
        text.append(UInt8(ascii: "-"))
        Self.append(UInt64(flags), 2, to: &text)
        return text
    }

    /// The 32 digits of the trace's identifier.
    public var traceIDText: [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(32)
        Self.append(traceID.high, 16, to: &text)
        Self.append(traceID.low, 16, to: &text)
        return text
    }

    /// The 16 digits of a span.
    public static func text(ofSpan span: UInt64) -> [UInt8] {
        var text: [UInt8] = []
        append(span, 16, to: &text)
        return text
    }

    public static func == (left: TraceContext, right: TraceContext) -> Bool {
        left.traceID == right.traceID && left.parentID == right.parentID && left.flags == right.flags
    }

    /// A number in lower-case hexadecimal digits, at most 16; nil when another character is among them.
    private static func number(_ text: Span<UInt8>, _ range: Range<Int>) -> UInt64? {
        var number: UInt64 = 0
        for index in range {
            switch text[index] {
            case 0x30...0x39: number = number << 4 | UInt64(text[index] - 0x30)
            case 0x61...0x66: number = number << 4 | UInt64(text[index] - 0x61 + 10)
            default: return nil
            }
        }
        return number
    }

    private static func append(_ number: UInt64, _ digits: Int, to text: inout [UInt8]) {
        for place in (0..<digits).reversed() {
            let digit = UInt8(truncatingIfNeeded: number >> UInt64(place * 4)) & 0x0F
            text.append(digit < 10 ? 0x30 + digit : 0x61 + digit - 10)
        }
    }
}

import Caching
import HTTPMessages
import Oracles
import Vocabulary

@testable import Upstream

/// Any bytes, read as the value of each field that some room reads, and as what such values are made from.
struct FieldTarget {
    private let input: [UInt8]

    init(_ input: [UInt8]) { self.input = input }

    private var text: String { String(decoding: input, as: UTF8.self) }

    func run() throws(BrokenRule) {
        try checkCacheControl()
        try checkCacheStatus()
        try checkFreshness()
        try checkDates()
        try checkTrace()
        try checkQuery()
        try checkCredits()
        if MediaType.isJSON(input.span) { try hold(MediaType.mayBeJSON(input), "what is JSON may be JSON") }
    }

    // MARK: Caches

    private func directives(_ lines: [[UInt8]]) -> NaiveDirectives {
        var directives = CacheDirectives()
        for line in lines { directives.add(fieldValue: line.span) }
        return NaiveDirectives(
            noCache: directives.noCache,
            noStore: directives.noStore,
            onlyIfCached: directives.onlyIfCached,
            maxAgeSeconds: directives.maxAgeSeconds
        )
    }

    private func checkCacheControl() throws(BrokenRule) {
        let lines = input.split(separator: 0x0A, omittingEmptySubsequences: false).map(Array.init)
        let found = directives(lines)
        try hold(found == NaiveDirectives(lines), "directives are understood as RFC 9111 has them")
        try hold((0...CacheDirectives.secondsMax).contains(found.maxAgeSeconds ?? 0), "an age has its limits")
        // A quotation mark that stands alone would join the lines.
        guard !input.contains(UInt8(ascii: "\"")) else { return }
        let joined = Array(lines.joined(separator: [UInt8(ascii: ",")]))
        try hold(directives([joined]) == found, "lines mean the same as one list, RFC 9110 §5.3")
    }

    private func checkCacheStatus() throws(BrokenRule) {
        let written = CacheStatus.detail(text).text
        let value = try need(StructuredItem(written, of: "detail"), "a detail is a token or a string, RFC 8941")
        let printable = text.utf8.filter { (0x20...0x7E).contains($0) }
        try hold(value.text == String(decoding: printable, as: UTF8.self), "a detail is read again as it was")
    }

    /// The number in eight bytes of the input; zeros behind its end.
    private func number(_ index: Int) -> Int64 {
        (0..<8).reduce(0) { number, offset in
            let place = index * 8 + offset
            return number << 8 | Int64(place < input.count ? input[place] : 0)
        }
    }

    private func checkFreshness() throws(BrokenRule) {
        let (stored, now) = (Timestamp(microseconds: number(0)), Timestamp(microseconds: number(1)))
        let freshness = Freshness(storedAt: stored, now: now, lifetimeMicroseconds: number(2))
        try hold(freshness.ageSeconds >= 0, "no age is negative")
        try hold(freshness.isFresh == (freshness.ttlSeconds > 0), "a result is fresh while it has time to live")
        // RFC 8941 §3.3.1: fifteen digits.
        try hold(
            abs(freshness.ttlSeconds) < 1_000_000_000_000_000,
            "a time to live is an integer of a structured field"
        )
        let written = CacheStatus.hit(ttlSeconds: freshness.ttlSeconds).text
        try hold(written == "hit; ttl=\(freshness.ttlSeconds)", "a time to live is written as it is")
        try hold(
            freshness.maySubstitute(within: .zero) == freshness.isFresh,
            "without a window only a fresh result serves"
        )
        try hold(now > stored || freshness.ageSeconds == 0, "what the clock has set back behind counts as just stored")
    }

    // MARK: Times

    private func checkDates() throws(BrokenRule) {
        if let seconds = HTTPDate.parse(input.span) {
            var written: [UInt8] = []
            HTTPDate.write(secondsSinceEpoch: seconds, into: &written)
            try hold(HTTPDate.parse(written.span) == seconds, "a date that is written is read again as the same")
        }
        var written: [UInt8] = []
        HTTPDate.write(secondsSinceEpoch: number(0), into: &written)
        try hold(written.count == 29 && HTTPDate.parse(written.span) != nil, "every clock has a date")
        for now in [Timestamp(seconds: 0), Timestamp(microseconds: number(0))] {
            if let pause = RetryAfter.parse(input.span, now: now) {
                try hold(pause >= .zero && pause <= .seconds(86_400), "nobody waits without end")
            }
        }
        if let moment = Timestamp(rfc3339: text) {
            try hold(Timestamp(rfc3339: moment.rfc3339) == moment, "a moment that is written is read again as the same")
        }
        let moment = Timestamp(microseconds: number(1)).rfc3339
        try hold(Timestamp(rfc3339: moment)?.rfc3339 == moment, "every moment has a text")
    }

    // MARK: Others

    private func checkTrace() throws(BrokenRule) {
        if let context = TraceContext(traceparent: input.span) {
            let again = context.traceparent(span: context.parentID)
            try hold(TraceContext(traceparent: again.span) == context, "a trace that is passed on is the same trace")
            let text = TraceContext.text(ofSpan: context.parentID)
            try hold(
                again == Array("00-".utf8) + context.traceIDText + [0x2D] + text + again.suffix(3),
                "its parts are its own"
            )
        }
        let lines = input.split(separator: 0x0A, omittingEmptySubsequences: false).map(Array.init)
        guard let state = TraceState.passedOn(lines) else { return }
        try hold(!state.isEmpty && state.count <= 512, "a trace's state has its limit")
        try hold(TraceState.passedOn([state]) == state, "what is passed on once is passed on again")
        try hold(state.allSatisfy { (0x20...0x7E).contains($0) }, "a trace's state is printable")
    }

    private func checkQuery() throws(BrokenRule) {
        let readable = QueryDecoder.readableMembers(input.span)
        let count = input.split(separator: UInt8(ascii: "&")).count
        guard let members = QueryDecoder.members(input.span) else {
            return try hold(readable.count < count, "a query of which all decodes is taken")
        }
        try hold(members.count == count && members.count == readable.count, "no member of a query is lost")
        let written = members.map { Self.encoded($0.name) + [UInt8(ascii: "=")] + Self.encoded($0.value) }
        let query = Array(written.joined(separator: [UInt8(ascii: "&")]))
        let again = try need(QueryDecoder.members(query.span), "a query that is written is read again")
        try hold(again.map(\.name) == members.map(\.name) && again.map(\.value) == members.map(\.value), "as the same")
    }

    private static func encoded(_ text: String) -> [UInt8] {
        text.utf8.flatMap { byte in
            Array("%".utf8) + Array((byte < 16 ? "0" : "").utf8) + Array(String(byte, radix: 16).utf8)
        }
    }

    private func checkCredits() throws(BrokenRule) {
        let exact = MicroCredits(jsonNumber: input)
        guard case .number(let number)? = NaiveJSON.read(input), !input.contains(where: { $0 <= 0x20 }) else {
            // Leading zeros are for the reader of JSON to refuse.
            return try hold(MicroCredits(roundingJSONNumber: input)?.micros ?? 0 >= 0, "no amount is negative")
        }
        let rounded = MicroCredits(roundingJSONNumber: input)
        try hold(
            rounded?.micros == NaiveCredits.micros(number),
            "an amount is rounded to the nearest millionth, halves up"
        )
        guard let exact else { return }
        try hold(exact == rounded, "an exact amount needs no rounding")
        try hold(MicroCredits(jsonNumber: exact.description.utf8) == exact, "an amount that is written is read again")
    }
}

/// A parameter with a token or a string, RFC 8941 §3.3.3 and §3.3.4.
private struct StructuredItem {
    let text: String

    /// Nil when `field` is not `name=` and one of the two.
    init?(_ field: String, of name: String) {
        guard field.hasPrefix("\(name)=") else { return nil }
        let value = Array(field.utf8.dropFirst(name.utf8.count + 1))
        guard value.first == UInt8(ascii: "\"") else {
            let first = value.first.map { Character(Unicode.Scalar($0)) } ?? " "
            guard first.isLetter && first.isASCII || first == "*" else { return nil }
            let others = [UInt8(ascii: ":"), UInt8(ascii: "/")]
            guard value.allSatisfy({ NaiveHead.isToken($0) || others.contains($0) }) else { return nil }
            text = String(decoding: value, as: UTF8.self)
            return
        }
        guard value.count >= 2, value.last == UInt8(ascii: "\"") else { return nil }
        var content: [UInt8] = []
        var rest = value.dropFirst().dropLast()
        while let byte = rest.popFirst() {
            guard (0x20...0x7E).contains(byte), byte != UInt8(ascii: "\"") else { return nil }
            guard byte == UInt8(ascii: "\\") else {
                content.append(byte)
                continue
            }
            guard let escaped = rest.popFirst(), [UInt8(ascii: "\""), UInt8(ascii: "\\")].contains(escaped) else {
                return nil
            }
            content.append(escaped)
        }
        text = String(decoding: content, as: UTF8.self)
    }
}

import ContentCodings
import HTTPMessages
import Testing
import UpstreamKeys
import Vocabulary

@testable import Upstream

@Suite("ReplyVerdict")
struct ReplyVerdictTests {
    private static let vendorError = #"{"success": false, "error": "FORBIDDEN", "message": "no"}"#

    private func judge(_ status: Int, _ body: String = vendorError, _ fields: String = "") -> ReplyVerdict {
        let hasBody = status != 204 && status != 304
        let content = hasBody ? "Content-Length: \(body.utf8.count)\r\n\r\n\(body)" : "\r\n"
        let reader = ResponseReader(to: .post, bodyBytesMax: 1_000, limitName: "the limit")
        var consumed = 0
        let text = Array("HTTP/1.1 \(status) X\r\n\(fields)\(content)".utf8)
        let progress = reader.read(text.span, consumed: &consumed)
        #expect(progress == .complete)
        return ReplyVerdict.judge(reader, ReplyContent(reader, bytesMax: 1_000), now: Timestamp(seconds: 784_111_777))
    }

    /// A verdict in words, for comparisons.
    private func words(_ verdict: ReplyVerdict) -> String {
        switch verdict {
        case .success: "success"
        case .pass(let sign): "pass \(sign)"
        case .fail(let failure, let sign):
            "\(failure.code.errorCode.rawValue) charged \(failure.charged.rawValue) \(sign)"
        case .redirect(let location): "redirect \(location.map { String(decoding: $0, as: UTF8.self) } ?? "-")"
        case .rejected(let rejection): "rejected \(rejection)"
        case .limited(let pause): "limited \(pause.map { "\($0)" } ?? "by itself")"
        }
    }

    /// `docs/faults.md` §3, for every status. 1xx never gets here.
    private func expected(_ status: Int) -> String {
        switch status {
        case 200...299: "success"
        case 300...399: "redirect -"
        case 401: "rejected unauthorizedInShape"
        case 403: "rejected refused"
        case 429: "limited by itself"
        case 400...499: "pass neutral"
        case 500, 503: "pass failure"
        case 504: "upstream_timeout charged unknown failure"
        default: "upstream_invalid_response charged unknown failure"
        }
    }

    @Test("every status has the verdict of docs/faults.md §3")
    func statuses() {
        for status in 200...599 { #expect(words(judge(status)) == expected(status), "\(status)") }
    }

    @Test("a 401 is about the key, and is passed on only in the vendor's error shape")
    func unauthorized() {
        #expect(words(judge(401, Self.vendorError)) == "rejected unauthorizedInShape")
        for body in [#"{"message": "Unauthorized"}"#, "<html>", ""] {
            #expect(words(judge(401, body)) == "rejected unauthorized")
        }
    }

    @Test(
        "a 403 with the vendor's error shape may be about the document, any other is about the key",
        arguments: [
            (vendorError, true), (#"{"error": "x", "success": false}"#, true), (#"{"message": "Forbidden"}"#, false),
            (#"{"success": true, "error": "x"}"#, false), (#"{"success": false}"#, false),
            (#"{"success": false, "error": 5}"#, false), (#"{"success": "false", "error": "x"}"#, false),
            ("<html>Forbidden</html>", false), ("", false), ("[]", false),
            (#"{"success": false, "error": "x"} "#, true),
            (#"{"success": false, "error": "x""#, false),
        ]
    )
    func forbidden(_ body: String, _ isVendors: Bool) {
        let verdict = words(judge(403, body))
        #expect(verdict == (isVendors ? "rejected refused" : "rejected forbidden"))
    }

    @Test(
        "a 429 pauses for its Retry-After, in seconds or as a date",
        arguments: [
            ("7", Duration.seconds(7)), ("Sun, 06 Nov 1994 08:50:07 GMT", .seconds(30)), ("soon", nil), ("", nil),
        ] as [(String, Duration?)]
    )
    func limited(_ value: String, _ pause: Duration?) {
        guard case .limited(let told) = judge(429, "", "Retry-After: \(value)\r\n") else {
            Issue.record("not limited")
            return
        }
        #expect(told == pause)
    }

    // MARK: Content codings

    private func judge(_ status: Int, encoded body: [UInt8], _ coding: String) -> ReplyVerdict {
        let reader = ResponseReader(to: .post, bodyBytesMax: 1_000, limitName: "the limit")
        var consumed = 0
        let head = "HTTP/1.1 \(status) X\r\nContent-Encoding: \(coding)\r\nContent-Length: \(body.count)\r\n\r\n"
        let bytes = Array(head.utf8) + body
        #expect(reader.read(bytes.span, consumed: &consumed) == .complete)
        return ReplyVerdict.judge(reader, ReplyContent(reader, bytesMax: 1_000), now: Timestamp(seconds: 0))
    }

    @Test("a 403 is told from the words under its content coding")
    func encodedRefusal() {
        let encoded = ContentEncoder.encode(Array(Self.vendorError.utf8), .gzip)
        #expect(words(judge(403, encoded: encoded, "gzip")) == "rejected refused")
        #expect(words(judge(403, encoded: encoded.dropLast(), "gzip")) == "rejected forbidden")
        #expect(words(judge(403, encoded: encoded, "br")) == "rejected forbidden")
        #expect(words(judge(403, encoded: encoded, "identity, X-GZIP")) == "rejected refused")
    }

    @Test("a success whose body cannot be read may have been charged; an error is passed on, but not when it is broken")
    func unreadable() {
        let encoded = ContentEncoder.encode(Array("{}".utf8), .zlib)
        let long = ContentEncoder.encode([UInt8](repeating: 0x20, count: 1_001), .gzip)
        #expect(words(judge(200, encoded: encoded, "deflate")) == "success")
        let invalid = "upstream_invalid_response charged"
        for (body, coding) in [(encoded, "br"), (Array(encoded.dropLast()), "deflate"), (long, "gzip")] {
            #expect(words(judge(200, encoded: body, coding)) == "\(invalid) unknown failure")
        }
        #expect(words(judge(500, encoded: encoded, "br")) == "pass failure")
        #expect(words(judge(404, encoded: encoded, "br")) == "pass neutral")
        #expect(words(judge(404, encoded: long, "gzip")) == "\(invalid) no neutral")
        #expect(words(judge(503, encoded: encoded.dropLast(), "deflate")) == "\(invalid) no failure")
        // Without content there is nothing to decode.
        #expect(words(judge(200, encoded: [], "gzip")) == "success")
    }

    // MARK: What the call is told

    /// An answer in words.
    private func words(_ answer: UpstreamAttempt.StateMachine.Answer) -> String {
        switch answer {
        case .final(.reply(let reply), let report): "reply \(reply.status), \(report)"
        case .final(.unusable(let reply, let failure), let report):
            "\(failure.detail), \(report), reply \(reply.status)"
        case .final(.failure(let failure), let report): "\(failure.detail), \(report)"
        case .final(.givenUp, _), .final(.abandoned, _): "no answer"
        case .limited(let pause): "limited \(pause.map { "\($0)" } ?? "by itself")"
        case .rejected(let rejection, let reply): "rejected \(rejection), reply \(reply.status)"
        }
    }

    @Test("each verdict ends the call, pauses its key or rejects it, and tells the gate how the vendor is")
    func answers() {
        let reply = UpstreamReply(
            status: 299,
            contentType: nil,
            retryAfter: nil,
            contentEncoding: nil,
            body: [],
            duration: .zero,
            queued: .zero
        )
        func answer(_ verdict: ReplyVerdict) -> String {
            words(verdict.answer(status: 302, scrub: { _ in Array("masked".utf8) }, reply))
        }
        let failure = UpstreamFailure.invalidReply("why")
        #expect(answer(.success) == "reply 299, succeeded")
        #expect(answer(.pass(.neutral)) == "reply 299, answered(UpstreamKeys.CircuitBreaker.Sign.neutral)")
        #expect(
            answer(.fail(failure, .failure)) == "why, answered(UpstreamKeys.CircuitBreaker.Sign.failure), reply 299"
        )
        #expect(
            answer(.redirect(location: [0x61])) == "the vendor answered 302 with Location: masked, failed, reply 299"
        )
        #expect(answer(.limited(.seconds(2))) == "limited 2.0 seconds")
        #expect(answer(.rejected(.refused)) == "rejected refused, reply 299")
    }

    // MARK: Redirects

    @Test("where a redirect points is told to the log in printable characters, and not for ever")
    func redirected() {
        guard case .redirect(let location) = judge(301, "", "Location: https://h/\u{E9}\tx\r\n") else {
            Issue.record("not a redirect")
            return
        }
        let failure = UpstreamFailure.redirected(301, location: location)
        #expect(failure.detail == "the vendor answered 301 with Location: https://h/???x")
        #expect(failure.status == 502 && failure.charged == .no && failure.code == .invalidResponse)
        let long = UpstreamFailure.redirected(302, location: [UInt8](repeating: 0x61, count: 100_000))
        #expect(long.detail.utf8.count < 400)
        #expect(UpstreamFailure.redirected(307, location: nil).detail.hasSuffix("with no Location"))
    }

    @Test("no failure's words hold anything of the body")
    func words() {
        for status in [502, 504] {
            guard case .fail(let failure, _) = judge(status, "hidden") else {
                Issue.record("\(status) is passed on")
                continue
            }
            #expect(!failure.detail.contains("hidden") && !failure.clientMessage.contains("hidden"))
        }
    }
}

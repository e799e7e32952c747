import HTTPMessages
import Testing
import Vocabulary

@testable import Upstream

@Suite("ReplyVerdict")
struct ReplyVerdictTests {
    private static let vendorError = #"{"success": false, "error": "FORBIDDEN", "message": "no"}"#

    private func judge(_ status: Int, _ body: String = vendorError, _ fields: String = "") -> ReplyVerdict {
        let hasBody = status != 204 && status != 304
        let content = hasBody ? "Content-Length: \(body.utf8.count)\r\n\r\n\(body)" : "\r\n"
        var reader = ResponseReader(to: .post, bodyBytesMax: 1_000, limitName: "the limit")
        var consumed = 0
        let text = Array("HTTP/1.1 \(status) X\r\n\(fields)\(content)".utf8)
        let progress = reader.read(text.span, consumed: &consumed)
        #expect(progress == .complete)
        return ReplyVerdict.judge(reader, now: Timestamp(seconds: 784_111_777))
    }

    /// A verdict in words, for comparisons.
    private func words(_ verdict: ReplyVerdict) -> String {
        switch verdict {
        case .pass(let sign): "pass \(sign)"
        case .fail(let failure): "\(failure.code.rawValue) charged \(failure.charged.rawValue)"
        case .rejected(let rejection): "rejected \(rejection)"
        case .limited(let pause): "limited \(pause.map { "\($0)" } ?? "by itself")"
        }
    }

    /// FAULTS §3 and contract §5, for every status that there is. 1xx never gets here.
    private func expected(_ status: Int) -> String {
        switch status {
        case 200...299: "pass success"
        case 401: "rejected unauthorized"
        case 403: "rejected refused"
        case 429: "limited by itself"
        case 400...499: "pass success"
        case 500, 503: "pass failure"
        case 504: "upstream_timeout charged unknown"
        default: "upstream_invalid_response charged unknown"
        }
    }

    @Test("every status has the verdict of FAULTS §3")
    func statuses() {
        for status in 200...599 { #expect(words(judge(status)) == expected(status), "\(status)") }
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

    @Test("no failure's words hold anything of the body")
    func words() {
        for status in [502, 504, 302] {
            guard case .fail(let failure) = judge(status, "hidden") else {
                Issue.record("\(status) is passed on")
                continue
            }
            #expect(!failure.detail.contains("hidden") && !failure.clientMessage.contains("hidden"))
        }
    }
}

import Foundation
import Vocabulary

extension Fault {
    /// What goes wrong. The comments list the members of its JSON form, with defaults in parentheses.
    enum Kind: Equatable, Sendable {
        /// `delay`: `ms`. The usual reply, only later.
        case delay
        /// `hold`: no reply until a release; then the usual one.
        case hold
        /// `status`: `status`; `body` (the usual one for that status), `headers` (object of strings).
        case status(Int, body: String?, fields: [Field])
        /// `rate_limit`: a 429 with `retry_after` (a number of seconds, or text), or `retry_after_date` (seconds from
        /// now, sent as a date), or without the field.
        case rateLimit(RetryAfter?)
        /// `failed`: `request_status` (`failed`), `credits` (number; absent from the reply when absent here).
        case failed(requestStatus: String, credits: MicroCredits?)
        /// `reset_before_reply`, `close_before_reply`: RST or FIN without a byte.
        case resetBeforeReply, closeBeforeReply
        /// `reset_mid_reply`: RST after `bytes` of the body (half of it).
        case resetMidReply(bodyBytes: Int?)
        /// `truncated`: FIN when `missing` bytes of the announced body are still unsent (half of it).
        case truncated(missing: Int?)
        /// `bad_chunk`: a chunk whose size is not a number.
        case badChunk
        /// `both_framings`: Content-Length and Transfer-Encoding.
        case bothFramings
        /// `four_digit_status`: `HTTP/1.1 2000 OK`.
        case fourDigitStatus
        /// `nul_in_head`: a NUL in a field value.
        case nulInHead
        /// `head_too_large`: a field of `bytes` (100,000).
        case headTooLarge(bytes: Int)
        /// `not_json`: a 200 with `body` (an HTML page).
        case notJSON(body: String)
        /// `json_not_object`: a 200 with `body` (`["completed"]`).
        case jsonNotObject(body: String)
        /// `other_document`: a 200 about another document.
        case otherDocument
        /// `wrong_label`: a classification that is not one of the labels.
        case wrongLabel
        /// `credits`: `credits` is the JSON text of `credits_used`, or `missing`.
        case credits(text: String?)
        /// `extra_bytes_after_reply`: `bytes` (text; part of another reply) after the reply, on an open connection.
        case extraBytesAfterReply(String)
        /// `content_on_204`: a 204 with a Content-Length and the usual body.
        case contentOn204
        /// `interim`: `interim_count` (1) heads with status `interim_status` (103) before the reply.
        case interim(count: Int, status: Int)
        /// `encoded`: the usual reply, or `body` with `status`, in a content coding: `coding` is `gzip`, `x-gzip`,
        /// `deflate`, `raw-deflate` (announced as deflate), or any name, which is then announced without encoding the
        /// body; `padding` (0) spaces precede the body before encoding, `missing` (0) bytes are cut from the end of the
        /// encoded body, and `garbage` (text) follows it.
        case encoded(EncodedReply)
        /// `chunked`: a valid chunked reply in chunks of `chunk_bytes` (16).
        case chunked(chunkBytes: Int)
        /// `http10`: HTTP/1.0, the body ends with the connection.
        case http10
        /// `connection_close`: `Connection: close`, and the connection is closed.
        case connectionClose
        /// `slow`: one byte every `interval_ms` (1).
        case slow(interval: Duration)
        /// `raw`: the bytes in `base64` are sent as they are, then `then` decides about the connection: `keep`,
        /// `close`, `reset`, `stall` (`close`).
        case raw([UInt8], then: Delivery.Ending)
        /// `sized`: a 200 with `bytes` of content, of the type `type` (`application/octet-stream`), sent as fast as
        /// they are taken. The last `missing` (0) of them do not come; `then` (`close`) decides what does.
        case sized(bytes: Int, type: String, missing: Int, then: Delivery.Ending)
    }

    struct Field: Equatable, Sendable {
        let name: String
        let value: String
    }
}

extension Fault.Kind {
    /// Whether the vendor charges for a call that ends this way. A fault after the work was done is charged; so may be
    /// a time-out in front of the vendor's program, which keeps working behind it.
    var charges: Bool {
        switch self {
        case .status(let status, _, _): status < 400 || status == 502 || status == 504
        case .encoded(let reply): reply.status.map { $0 < 400 } ?? true
        case .rateLimit: false
        case .failed, .delay, .hold, .resetBeforeReply, .closeBeforeReply, .resetMidReply, .truncated, .badChunk,
            .bothFramings, .fourDigitStatus, .nulInHead, .headTooLarge, .notJSON, .jsonNotObject, .otherDocument,
            .wrongLabel, .credits, .extraBytesAfterReply, .contentOn204, .interim, .chunked, .http10,
            .connectionClose, .slow, .raw, .sized:
            true
        }
    }

    init(_ members: inout ControlMembers) throws(ControlFault) {
        guard let name = try members.text("kind") else { throw ControlFault("kind must be given") }
        if let plain = Fault.Kind.plain[name] {
            self = plain
            return
        }
        switch name {
        case "status": self = try .status(&members)
        case "rate_limit": self = try .rateLimit(&members)
        case "failed":
            let status = try members.text("request_status") ?? "failed"
            self = .failed(requestStatus: status, credits: try members.credits("credits", atMost: .maximum))
        case "reset_mid_reply": self = .resetMidReply(bodyBytes: try members.integer("bytes", 0...1_000_000))
        case "truncated": self = .truncated(missing: try members.integer("missing", 1...1_000_000))
        case "head_too_large": self = .headTooLarge(bytes: try members.integer("bytes", 1...10_000_000) ?? 100_000)
        case "not_json":
            self = .notJSON(body: try members.text("body") ?? "<html><body>Service temporarily confused</body></html>")
        case "json_not_object": self = .jsonNotObject(body: try members.text("body") ?? #"["completed"]"#)
        case "credits":
            guard let text = try members.numberText("credits") else { throw ControlFault("credits must be given") }
            self = .credits(text: text == "missing" ? nil : text)
        case "extra_bytes_after_reply":
            self = .extraBytesAfterReply(try members.text("bytes") ?? "HTTP/1.1 200 OK\r\nContent-Len")
        case "interim":
            let count = try members.integer("interim_count", 1...1_000) ?? 1
            self = .interim(count: count, status: try members.integer("interim_status", 100...199) ?? 103)
        case "chunked": self = .chunked(chunkBytes: try members.integer("chunk_bytes", 1...1_000_000) ?? 16)
        case "encoded": self = .encoded(try EncodedReply(&members))
        case "slow": self = .slow(interval: try members.milliseconds("interval_ms") ?? .milliseconds(1))
        case "raw": self = try .raw(&members)
        case "sized": self = try .sized(&members)
        default: throw ControlFault("kind: there is no fault \(name)")
        }
    }

    /// The kinds without members of their own.
    private static let plain: [String: Fault.Kind] = [
        "delay": .delay, "hold": .hold, "reset_before_reply": .resetBeforeReply,
        "close_before_reply": .closeBeforeReply, "bad_chunk": .badChunk, "both_framings": .bothFramings,
        "four_digit_status": .fourDigitStatus, "nul_in_head": .nulInHead, "other_document": .otherDocument,
        "wrong_label": .wrongLabel, "content_on_204": .contentOn204, "http10": .http10,
        "connection_close": .connectionClose,
    ]

    private static func status(_ members: inout ControlMembers) throws(ControlFault) -> Fault.Kind {
        guard let status = try members.integer("status", 200...599) else { throw ControlFault("status must be given") }
        var fields: [Fault.Field] = []
        if var object = try members.object("headers") {
            for name in object.names {
                fields.append(Fault.Field(name: name, value: try object.text(name) ?? ""))
            }
        }
        return .status(status, body: try members.text("body"), fields: fields)
    }

    private static func rateLimit(_ members: inout ControlMembers) throws(ControlFault) -> Fault.Kind {
        .rateLimit(try RetryAfter(&members))
    }

    private static func raw(_ members: inout ControlMembers) throws(ControlFault) -> Fault.Kind {
        guard let text = try members.text("base64"), let bytes = Data(base64Encoded: text) else {
            throw ControlFault("base64 must be given, in base64")
        }
        return .raw(Array(bytes), then: try ending(&members))
    }

    private static func sized(_ members: inout ControlMembers) throws(ControlFault) -> Fault.Kind {
        guard let bytes = try members.integer("bytes", 0...1_000_000_000_000) else {
            throw ControlFault("bytes must be given")
        }
        let type = try members.text("type") ?? "application/octet-stream"
        let missing = try members.integer("missing", 0...bytes) ?? 0
        return .sized(bytes: bytes, type: type, missing: missing, then: try ending(&members))
    }

    private static func ending(_ members: inout ControlMembers) throws(ControlFault) -> Delivery.Ending {
        guard let ending = Delivery.Ending(rawValue: try members.text("then") ?? "close") else {
            throw ControlFault("then must be keep, close, reset or stall")
        }
        return ending
    }
}

extension RetryAfter {
    /// Reads `retry_after` or `retry_after_date`; nil without both.
    init?(_ members: inout ControlMembers) throws(ControlFault) {
        if let seconds = try members.integer("retry_after_date", -86_400...86_400) {
            self = .date(secondsFromNow: seconds)
            return
        }
        guard let text = try members.numberText("retry_after") else { return nil }
        self = Int(text).map(RetryAfter.seconds) ?? .text(text)
    }
}

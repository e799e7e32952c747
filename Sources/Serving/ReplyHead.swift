public import HTTPMessages
public import Vocabulary

/// Writes the heads of replies, one at a time, into a reused buffer. Confined to its owner.
///
/// Call `begin`, write the other fields of the reply, call `end`.
public struct ReplyHead: ~Copyable {
    /// Takes the fields between `begin` and `end`.
    public var fields: HeadWriter
    private var dateSecond = Int64.min
    private var date: [UInt8] = []

    public init(capacity: Int) { fields = HeadWriter(capacity: capacity) }

    /// Writes the status line and Date, which is formatted once per second.
    public mutating func begin(_ status: Int, now: Timestamp) {
        fields.removeAll()
        fields.statusLine(status)
        let second = now.wholeSeconds
        if second != dateSecond {
            date.removeAll(keepingCapacity: true)
            date += "Date: ".utf8
            HTTPDate.write(secondsSinceEpoch: second, into: &date)
            date += "\r\n".utf8
            dateSecond = second
        }
        fields.append(date)
    }

    /// Writes the status line alone, of a reply that brings its own Date.
    public mutating func begin(_ status: Int) {
        fields.removeAll()
        fields.statusLine(status)
    }

    /// Writes Content-Length, in an answer to HEAD with the value for GET. A 204 has none (RFC 9110 §8.6).
    public mutating func contentLength(_ byteCount: Int, status: Int) {
        if status != 204 { fields.field("Content-Length", decimal: Int64(byteCount)) }
    }

    /// Writes the Connection field, if one is needed (RFC 9112 §9.3), and the empty line.
    public mutating func end(keepsAlive: Bool, isHTTP10: Bool) {
        if !keepsAlive {
            fields.field("Connection", "close")
        } else if isHTTP10 {
            fields.field("Connection", "keep-alive")
        }
        fields.endSection()
    }
}

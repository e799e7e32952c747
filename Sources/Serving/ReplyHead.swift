public import HTTPMessages
public import Vocabulary

/// Writes the heads of replies, one at a time, into a buffer that is used again. Confined to its owner.
///
/// `begin`, the fields that the reply has besides, `end`.
public struct ReplyHead: ~Copyable {
    /// For the fields between `begin` and `end`.
    public var fields: HeadWriter
    private var dateSecond = Int64.min
    private var date: [UInt8] = []

    public init(capacity: Int) { fields = HeadWriter(capacity: capacity) }

    /// The status line and Date, which is formatted once a second.
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

    /// Content-Length as it is for GET, also in answer to HEAD; RFC 9110 §8.6: none in a 204.
    public mutating func contentLength(_ byteCount: Int, status: Int) {
        if status != 204 { fields.field("Content-Length", decimal: Int64(byteCount)) }
    }

    /// What becomes of the connection (RFC 9112 §9.3), and the empty line.
    public mutating func end(keepsAlive: Bool, isHTTP10: Bool) {
        if !keepsAlive {
            fields.field("Connection", "close")
        } else if isHTTP10 {
            fields.field("Connection", "keep-alive")
        }
        fields.endSection()
    }
}

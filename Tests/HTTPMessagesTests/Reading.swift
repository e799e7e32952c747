import HTTPMessages

/// What reading a response in pieces comes to.
struct Reading: Equatable {
    var progress: ResponseReader.Progress
    var status = 0
    var body = ""
    var contentType: String?
    var retryAfter: String?
    var allowsReuse = false
    /// Bytes that the reader left alone.
    var rest = ""
}

/// Gives `pieces` to a reader one after the other, as a connection would: what was not consumed is given again.
func read(_ pieces: [[UInt8]], bodyBytesMax: Int = 1_000, endsAfter: Bool = false) -> (Reading, ResponseReader) {
    let reader = ResponseReader(to: .post, bodyBytesMax: bodyBytesMax, limitName: "the limit")
    var progress = ResponseReader.Progress.needMore
    var buffer: [UInt8] = []
    for piece in pieces {
        buffer += piece
        guard progress == .needMore else { continue }
        var consumed = 0
        progress = reader.read(buffer.span, consumed: &consumed)
        buffer.removeFirst(consumed)
    }
    if endsAfter, progress == .needMore { progress = reader.end() }
    var reading = Reading(progress: progress)
    if progress == .complete {
        reading.status = reader.status
        reading.body = String(decoding: reader.body, as: UTF8.self)
        reading.contentType = reader.contentType.map { String(decoding: $0, as: UTF8.self) }
        reading.retryAfter = reader.retryAfter.map { String(decoding: $0, as: UTF8.self) }
        reading.allowsReuse = reader.allowsReuse
        reading.rest = String(decoding: buffer, as: UTF8.self)
    }
    return (reading, reader)
}

func read(_ text: String, bodyBytesMax: Int = 1_000, endsAfter: Bool = false) -> Reading {
    read([Array(text.utf8)], bodyBytesMax: bodyBytesMax, endsAfter: endsAfter).0
}

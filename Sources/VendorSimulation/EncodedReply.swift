import ContentCodings

/// A reply in an unrequested content coding, intact or damaged.
struct EncodedReply: Equatable, Sendable {
    /// The value of `Content-Encoding`.
    let name: String
    /// The encoding to apply; nil leaves the body as is and only announces the coding.
    let frame: ContentEncoder.Frame?
    /// Replaces the usual body.
    let status: Int?
    let body: String?
    let padding: Int
    let missing: Int
    let garbage: String

    func apply(to message: inout ReplyMessage) {
        let plain = [UInt8](repeating: 0x20, count: padding) + message.body
        let encoded = frame.map { ContentEncoder.encode(plain, $0) } ?? plain
        message.body = encoded.dropLast(missing) + Array(garbage.utf8)
        message.fields.append(("Content-Encoding", name))
    }
}

extension EncodedReply {
    init(_ members: inout ControlMembers) throws(ControlFault) {
        let coding = try members.text("coding") ?? "gzip"
        name = coding == "raw-deflate" ? "deflate" : coding
        switch coding {
        case "gzip", "x-gzip": frame = .gzip
        case "deflate": frame = .zlib
        case "raw-deflate": frame = .raw
        default: frame = nil
        }
        status = try members.integer("status", 200...599)
        body = try members.text("body")
        padding = try members.integer("padding", 0...100_000_000) ?? 0
        missing = try members.integer("missing", 0...1_000_000) ?? 0
        garbage = try members.text("garbage") ?? ""
    }
}

import ContentCodings

/// A reply in a content coding that nobody asked for, whole or damaged.
struct EncodedReply: Equatable, Sendable {
    /// What `Content-Encoding` says.
    let name: String
    /// How it is done; nil leaves the body as it is, and only calls it encoded.
    let frame: ContentEncoder.Frame?
    /// In place of the usual one.
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

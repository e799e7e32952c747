import HTTPMessages

/// The parts of a request's head that the simulated vendor needs, copied out of the input.
struct RequestSummary {
    enum Destination: Equatable {
        /// `POST /v1/classify`
        case classify
        case other(method: String, path: String, query: String?)
    }

    let destination: Destination
    let keepsAlive: Bool
    /// The value of `x-api-key`.
    let key: String?
    /// The value of `x-request-id`.
    let requestID: String?
    /// The value of Content-Type.
    let contentType: String?

    init(_ head: borrowing RequestHead, in bytes: Span<UInt8>) {
        keepsAlive = head.keepsAlive
        key = head.first(.apiKey).map { RequestSummary.text(bytes, $0) }
        requestID = head.first(.requestID).map { RequestSummary.text(bytes, $0) }
        contentType = head.first(.contentType).map { RequestSummary.text(bytes, $0) }
        let path = RequestSummary.text(bytes, head.path)
        if head.method == .post, path == "/v1/classify" {
            destination = .classify
        } else {
            destination = .other(
                method: RequestSummary.text(bytes, head.methodRange),
                path: path.isEmpty ? "/" : path,
                query: head.query.map { RequestSummary.text(bytes, $0) }
            )
        }
    }

    private static func text(_ bytes: Span<UInt8>, _ range: ByteRange) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(range.count)
        for index in range.indices { text.append(bytes[index]) }
        return String(decoding: text, as: UTF8.self)
    }
}

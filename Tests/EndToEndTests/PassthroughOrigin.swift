import TestSupport

/// A gateway in front of an origin that records every byte that the vendor would get.
func withOrigin(
    _ configuration: JSON = [:],
    readsBody: Bool = true,
    answer: @escaping @Sendable (OriginRequest, RawConnection) throws -> Bool,
    _ body: (Gateway, RecordingOrigin) throws -> Void
) throws {
    let origin = try RecordingOrigin(readsBody: readsBody, answer)
    let base: JSON = ["upstream": ["base_url": .string(origin.url)]]
    try withGateway(base.overlaid(with: configuration)) { gateway in try body(gateway, origin) }
}

extension OriginRequest {
    /// What the vendor answers to this classify request: two credits and its first label.
    var classifyReply: String {
        get throws {
            let asked = try JSON.parse(body)
            let result: JSON = [
                "request_id": "r", "request_status": "completed", "document_id": asked["document_id"],
                "classification": asked["classification_schema"][0]["label"], "credits_used": 2,
            ]
            return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                + "Content-Length: \(result.text.utf8.count)\r\n\r\n\(result.text)"
        }
    }
}

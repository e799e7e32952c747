/// A request of a well-behaved client, in which a test may break one thing.
public struct TestRequest: Sendable {
    public var method: String
    public var target: String
    public var fields: [(name: String, value: String)]
    public var body: [UInt8]

    public init(
        _ method: String,
        _ target: String,
        fields: [(name: String, value: String)] = [],
        body: [UInt8] = []
    ) {
        self.method = method
        self.target = target
        self.fields = fields
        self.body = body
    }

    /// The vendor's documented call.
    public static func classify(
        _ body: String,
        key: String,
        fields: [(name: String, value: String)] = []
    ) -> TestRequest {
        TestRequest(
            "POST",
            "/v1/classify",
            fields: [("x-api-key", key), ("Content-Type", "application/json")] + fields,
            body: [UInt8](body.utf8)
        )
    }

    /// `Host` and, for a body, `Content-Length` are added.
    public var bytes: [UInt8] {
        var head = "\(method) \(target) HTTP/1.1\r\nHost: localhost\r\n"
        for (name, value) in fields { head += "\(name): \(value)\r\n" }
        if !body.isEmpty || method == "POST" { head += "Content-Length: \(body.count)\r\n" }
        return [UInt8]((head + "\r\n").utf8) + body
    }
}

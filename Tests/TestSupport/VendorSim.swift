/// A running `vendor-sim` with its control calls. Guarded by the simulator itself; each call opens its own connection.
public final class VendorSim: Sendable {
    public static let key = "vendor-secret-0123456789abcdef"

    public let process: ServerProcess
    public let port: UInt16
    public let scheme: String
    public var url: String { "\(scheme)://127.0.0.1:\(port)" }

    /// Starts one on a free port. With `--tls-certificate` among the options, control calls are not possible.
    public init(_ options: [String] = [], keys: [String] = [VendorSim.key]) throws {
        let keyOptions = keys.flatMap { ["--key", $0] }
        process = try .program("vendor-sim", ["--address", "127.0.0.1:0", "--delay", "0ms"] + keyOptions + options)
        let address = try process.announcement(after: "vendor-sim listening on ")
        guard let (scheme, port) = listeningAddress(address) else { throw TestFailure("no address in: \(address)") }
        self.scheme = scheme
        self.port = port
    }

    /// Makes one control call and returns its body; throws unless the status is 2xx.
    @discardableResult
    public func control(_ method: String, _ path: String, _ body: JSON? = nil) throws -> JSON {
        let connection = try RawConnection(port: port)
        let bytes = body.map { [UInt8]($0.text.utf8) } ?? []
        let fields = [("Content-Type", "application/json"), ("Connection", "close")]
        try connection.send(TestRequest(method, path, fields: fields, body: bytes).bytes)
        let response = try connection.response()
        guard (200..<300).contains(response.status) else {
            throw TestFailure("\(method) \(path) answered \(response.status): \(response.text)")
        }
        return response.json
    }

    public func account() throws -> JSON { try control("GET", "/sim/account") }

    /// Classify calls that reached the vendor, refused ones included.
    public func calls() throws -> Int {
        guard let calls = try account()["classify_calls"].int else { throw TestFailure("no count of classify calls") }
        return calls
    }

    /// All requests that reached the vendor, whatever their path.
    public func requests() throws -> Int {
        guard let calls = try account()["calls"].int else { throw TestFailure("no count of calls") }
        return calls
    }

    /// The next `count` classify calls (−1: all), about `document` if given, meet this fault.
    public func queueFault(_ kind: String, count: Int = 1, document: String? = nil, _ details: JSON = [:]) throws {
        var fault: JSON = ["kind": .string(kind), "count": JSON(integerLiteral: count)]
        if let document { fault = fault.overlaid(with: ["document_id": .string(document)]) }
        try control("POST", "/sim/faults", fault.overlaid(with: details))
    }

    /// Returns when this many classify calls are in flight.
    public func waitForCalls(inFlight count: Int) throws {
        try control("POST", "/sim/wait", ["in_flight": JSON(integerLiteral: count)])
    }

    /// Releases all calls that a `hold` fault keeps.
    public func release() throws {
        try control("POST", "/sim/release")
    }

    public func setDocument(_ id: String, _ settings: JSON) throws {
        try control("PUT", "/sim/documents/\(id)", settings)
    }
}

/// Scheme and port out of `http://127.0.0.1:8080`, whatever follows.
func listeningAddress(_ text: String) -> (scheme: String, port: UInt16)? {
    let parts = text.prefix { $0 != " " }.split(separator: ":")
    guard parts.count == 3, let port = UInt16(parts[2]) else { return nil }
    return (String(parts[0]), port)
}

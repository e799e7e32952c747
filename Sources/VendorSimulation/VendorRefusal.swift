import JSON

/// An error reply of the vendor: nothing was classified and nothing is charged.
struct VendorRefusal: Error, Equatable {
    var status: Int
    /// JSON text.
    var body: String
    var retryAfter: RetryAfter?

    /// An error in the vendor's documented shape.
    init(_ status: Int, _ error: String, _ message: String) {
        self.status = status
        body = #"{"success": false, "error": \#(JSONText.quoted(error)), "message": \#(JSONText.quoted(message))}"#
    }

    /// An error in the words of the layer in front of the vendor's program: one member, `message`.
    init(_ status: Int, frontDoor message: String, retryAfter: RetryAfter? = nil) {
        self.status = status
        self.retryAfter = retryAfter
        body = #"{"message": \#(JSONText.quoted(message))}"#
    }

    static let badKey = VendorRefusal(403, "forbidden", "The API key is missing or not valid")

    static func invalid(_ message: String) -> VendorRefusal { VendorRefusal(400, "invalid_request", message) }

    static func rateLimited(_ retryAfter: RetryAfter?) -> VendorRefusal {
        VendorRefusal(429, frontDoor: "Too Many Requests", retryAfter: retryAfter)
    }

    /// The usual body of a status: from the layer in front if the program did not answer, else from the program itself.
    static func usual(_ status: Int) -> VendorRefusal {
        switch status {
        case 401: VendorRefusal(401, frontDoor: "Unauthorized")
        case 429: rateLimited(nil)
        case 502: VendorRefusal(502, frontDoor: "Internal server error")
        case 504: VendorRefusal(504, frontDoor: "Endpoint request timed out")
        default: VendorRefusal(status, "simulated_\(status)", "A simulated answer with status \(status)")
        }
    }
}

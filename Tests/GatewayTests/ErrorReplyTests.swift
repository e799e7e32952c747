import Foundation
import Testing

@testable import Gateway

@Suite("Errors made here")
struct ErrorReplyTests {
    @Test("the body has the vendor's shape, whatever stands in the message")
    func shape() throws {
        let error = ErrorReply(400, "bad_request", "a \"quoted\" \\ line\nwith \u{1} and é")
        let object = try JSONSerialization.jsonObject(with: Data(error.body)) as? [String: Any]
        #expect(object?["success"] as? Bool == false)
        #expect(object?["error"] as? String == "bad_request")
        #expect(object?["message"] as? String == "a \"quoted\" \\ line\nwith \u{1} and é")
        #expect(object?.count == 3)
    }

    @Test(
        "what may pass by itself says when to come again",
        arguments: [ErrorReply.tooManyWaiting, .outOfMemory, .tooManyConnections, .draining]
    )
    func retryAfter(error: ErrorReply) {
        #expect(error.status == 503)
        #expect(error.retryAfterSeconds ?? 0 >= 1)
    }
}

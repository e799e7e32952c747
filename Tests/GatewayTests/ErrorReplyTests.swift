import Budgeting
import Foundation
import Testing
import Vocabulary

@testable import Gateway

@Suite("Errors made here")
struct ErrorReplyTests {
    @Test("the body has the vendor's shape, whatever stands in the message")
    func shape() throws {
        let error = ErrorReply(400, .badRequest, "a \"quoted\" \\ line\nwith \u{1} and é")
        let object = try JSONSerialization.jsonObject(with: Data(error.body)) as? [String: Any]
        #expect(object?["success"] as? Bool == false)
        #expect(object?["error"] as? String == "bad_request")
        #expect(object?["message"] as? String == "a \"quoted\" \\ line\nwith \u{1} and é")
        #expect(object?.count == 3)
    }

    private func denial(_ scope: BudgetScope, limit: Int64, granted: Int64 = 0, spent: Int64) -> Denial {
        Denial(
            scope: scope,
            window: .month,
            limit: MicroCredits(micros: limit),
            granted: MicroCredits(micros: granted),
            spent: MicroCredits(micros: spent),
            unconfirmed: .zero,
            reserved: .zero,
            estimate: MicroCredits(micros: 10),
            resetsAt: Timestamp(seconds: 1_000)
        )
    }

    @Test(
        "a refusal says when its budget resets, and whether the estimate alone is above the limit",
        arguments: [BudgetScope.team(TeamID(rawValue: "t")), .upstreamKey(UpstreamKeyID(rawValue: "k"))]
    )
    func denials(_ scope: BudgetScope) {
        let now = Timestamp(seconds: 900)
        let spent = ErrorReply(denial(scope, limit: 10, spent: 1), status: 402, now: now)
        #expect(spent.retryAfterSeconds == 101)
        #expect(spent.message.contains("resets at") && !spent.message.contains("estimate alone"))
        let hopeless = ErrorReply(denial(scope, limit: 9, spent: 0), status: 402, now: now)
        #expect(hopeless.retryAfterSeconds == 101)
        #expect(hopeless.message.contains("resets at") && hopeless.message.contains("estimate alone"))
        #expect(hopeless.code == spent.code && hopeless.status == spent.status)
    }

    @Test("a refusal names what is granted beside the limit, and counts it as room")
    func granted() {
        let team = BudgetScope.team(TeamID(rawValue: "t"))
        let now = Timestamp(seconds: 900)
        let refusal = ErrorReply(denial(team, limit: 9, granted: 2_000_000, spent: 1), status: 402, now: now)
        #expect(refusal.message.contains("limit 0.000009 and 2 granted, spent 0.000001,"), "\(refusal.message)")
        #expect(refusal.retryAfterSeconds == 101)
        let plain = ErrorReply(denial(team, limit: 10, spent: 1), status: 402, now: now)
        #expect(plain.message.contains("limit 0.00001, spent 0.000001,"), "\(plain.message)")
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

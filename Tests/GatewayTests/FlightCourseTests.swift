import Budgeting
import Caching
import Testing
import Vocabulary

@testable import Gateway
@testable import Upstream
@testable import UpstreamKeys

@Suite("The course of a flight")
struct FlightCourseTests {
    private typealias Sample = FlightSamples
    private static let result = Sample.result()

    private func reserving(stale: CachedResult? = nil) -> FlightCourse {
        var course = FlightCourse()
        _ = course.begin(stale.map { .stale($0) } ?? .nothing, needsPages: true, isDraining: false)
        _ = course.looked(.missing(stale: nil, documentPages: 2), isDraining: false)
        return course
    }

    private func forwarding(stale: CachedResult? = nil) -> FlightCourse {
        var course = reserving(stale: stale)
        _ = course.reserved(.admitted(Sample.reservation()), isDraining: false)
        return course
    }

    // MARK: Before the vendor

    private static let beginnings: [(FlightCourse.Look, Bool, Bool, String)] = [
        (.fresh(result), true, false, "land found"),
        (.fresh(result), false, true, "land found"),
        (.stale(result), true, false, "look up result pages"),
        (.nothing, true, false, "look up result pages"),
        (.nothing, false, false, "look up result"),
        (.nothing, false, true, "look up result"),
        (.unwanted, true, false, "look up pages"),
        (.unwanted, false, false, "reserve"),
        (.unwanted, false, true, "land draining"),
    ]

    @Test("it looks into memory, asks the store for what is needed, or goes on at once", arguments: beginnings.indices)
    func beginning(index: Int) {
        let (look, needsPages, isDraining, expected) = Self.beginnings[index]
        var course = FlightCourse()
        #expect(course.begin(look, needsPages: needsPages, isDraining: isDraining).words == expected)
    }

    private static let looks: [(FlightCourse.StoreLook, Bool, String)] = [
        (.fresh(result), false, "keep, land found"),
        (.fresh(result), true, "keep, land found"),
        (.missing(stale: nil, documentPages: nil), false, "reserve"),
        (.missing(stale: result, documentPages: 7), false, "reserve for 7"),
        (.missing(stale: nil, documentPages: 7), true, "land draining"),
        // I7: what may be paid for already is not paid for again.
        (.failed(Sample.fault), false, "land store failed, log store_find_failed"),
        (.failed(Sample.fault), true, "land store failed, log store_find_failed"),
    ]

    @Test("the store's answer to the look: a result, a reservation or nothing", arguments: looks.indices)
    func looked(index: Int) {
        let (look, isDraining, expected) = Self.looks[index]
        var course = FlightCourse()
        _ = course.begin(.nothing, needsPages: true, isDraining: false)
        #expect(course.looked(look, isDraining: isDraining).words == expected)
    }

    private static let answers: [(SpendingAnswer, Bool, String)] = [
        (.admitted(Sample.reservation()), false, "forward 1"),
        // I9: the reservation is durable, and a drain sends nothing.
        (.admitted(Sample.reservation()), true, "end 1: released"),
        (.denied(Sample.denial()), false, "hand on"),
        (.denied(Sample.denial()), true, "hand on"),
        (.noKey(Sample.failure(.noKey, .no)), false, "land no_upstream_key for 0, stale"),
        // I2: nothing is sent.
        (.failed(Sample.fault), false, "land store failed, log reservation_not_stored"),
        (.failed(Sample.fault), true, "land store failed, log reservation_not_stored"),
        // Several nodes: what another one has stored is looked up, what it has under way is followed.
        (.stored, false, "look up result pages"),
        (.elsewhere(ReservationID(rawValue: 7)), false, "follow 7"),
    ]

    @Test("the ledger's answer: forwarded only when admitted and durable", arguments: answers.indices)
    func reserved(index: Int) {
        let (answer, isDraining, expected) = Self.answers[index]
        var course = reserving(stale: Self.result)
        #expect(course.reserved(answer, isDraining: isDraining).words == expected)
    }

    private static let reply = FlightLanding.make(
        .forwarded(
            ForwardedReply(
                status: 404,
                contentType: Array("application/json".utf8),
                retryAfter: nil,
                contentEncoding: nil,
                body: Array(#"{"a": 1}"#.utf8),
                credits: MicroCredits(micros: 1_500_000),
                result: nil,
                duration: .milliseconds(3),
                queued: .zero
            ),
            stale: nil
        )
    )
    private static let landings: [(Result<LandingAnswer, StoreFault>, Bool, String)] = [
        (.success(.landed(reply)), false, "land elsewhere 404 for 1.5, stale"),
        (.success(.landed(reply)), true, "land elsewhere 404 for 1.5, stale"),
        (
            .success(
                .landed(FlightLanding.make(.failed(Sample.failure(.timeout, .unknown), stale: nil, charged: .zero)))
            ),
            false, "land elsewhere upstream_timeout for 0, stale"
        ),
        // What was the leader's own, or is not understood, is asked again.
        (.success(.landed(FlightLanding.make(.denied(Sample.denial())))), false, "reserve for 3"),
        (.success(.landed(FlightLanding.make(.refused))), false, "reserve for 3"),
        (.success(.landed(FlightLanding.make(nil))), false, "reserve for 3"),
        (.success(.landed(Landing(outcome: "", body: []))), false, "reserve for 3"),
        (.success(.landed(Landing(outcome: #"{"kind": "reply"}"#, body: []))), false, "reserve for 3"),
        (.success(.landed(Landing(outcome: #"{"kind": "reply", "status": 1e99}"#, body: []))), false, "reserve for 3"),
        (.success(.landed(Landing(outcome: #"{"kind": "reply", "status": -1}"#, body: []))), false, "reserve for 3"),
        (.success(.landed(Landing(outcome: #"{"kind": "failure", "code": "new"}"#, body: []))), false, "reserve for 3"),
        (.success(.lost), false, "reserve for 3"),
        (.success(.lost), true, "land draining"),
        (.failure(Sample.fault), false, "land store failed, log flight_not_followed"),
    ]

    @Test("another node's flight: its outcome, or the question is asked again", arguments: landings.indices)
    func landed(index: Int) {
        let (answer, isDraining, expected) = Self.landings[index]
        var course = FlightCourse()
        _ = course.begin(.stale(Self.result), needsPages: true, isDraining: false)
        _ = course.looked(.missing(stale: nil, documentPages: 3), isDraining: false)
        _ = course.reserved(.elsewhere(ReservationID(rawValue: 7)), isDraining: false)
        let step = course.landed(answer, isDraining: isDraining) { FlightLanding.outcome(of: $0, stale: $1) }
        #expect(step.words == expected)
    }

    @Test("a landing keeps all that a follower is told")
    func landing() {
        let reply = ForwardedReply(
            status: 200,
            contentType: Array("text/plain".utf8),
            retryAfter: Array("7".utf8),
            contentEncoding: Array("br".utf8),
            body: [0, 255, 10],
            credits: nil,
            result: nil,
            duration: .milliseconds(1_400),
            queued: .milliseconds(20)
        )
        let outcome = FlightLanding.outcome(of: FlightLanding.make(.forwarded(reply, stale: nil)), stale: nil)
        #expect("\(outcome as Any)" == "\(Optional(FlightOutcome.forwarded(reply, stale: nil)) as Any)")
        let failure = UpstreamFailure(.rateLimited, charged: .no, source: .vendor, "a \"b\"", retryAfterSeconds: 3)
        let failed = FlightOutcome.failed(failure, stale: nil, charged: MicroCredits(micros: 5))
        let read = FlightLanding.outcome(of: FlightLanding.make(failed), stale: nil)
        #expect("\(read as Any)" == "\(Optional(failed) as Any)")
    }

    @Test("a landing that would put a line break into a head is none", arguments: ["content_type", "retry_after"])
    func lineBreak(_ name: String) {
        func outcome(_ value: String) -> FlightOutcome? {
            let text = #"{"kind": "reply", "status": 200, "\#(name)": "\#(value)", "duration": 1, "queued": 0}"#
            return FlightLanding.outcome(of: Landing(outcome: text, body: []), stale: nil)
        }
        #expect(outcome("a b") != nil)
        for value in [#"a\r\nset-cookie: b"#, #"\u0000"#, #"a\n"#, #"\u007f"#] { #expect(outcome(value) == nil) }
    }

    @Test("a result that another node stored answers only if it is newer than what was seen")
    func accepts() {
        func accepts(_ look: FlightCourse.Look, _ stored: CachedResult?) -> Timestamp?? {
            var course = FlightCourse()
            var step = course.begin(look, needsPages: true, isDraining: false)
            if case .lookUp = step {
                step = course.looked(.missing(stale: stored, documentPages: nil), isDraining: false)
            }
            guard case .reserve(_, let accepts) = step else { return nil }
            return .some(accepts)
        }
        #expect(accepts(.unwanted, nil) == .some(nil))
        #expect(accepts(.nothing, nil) == Timestamp(microseconds: .min))
        #expect(accepts(.stale(Self.result), nil) == Self.result.storedAt)
        #expect(accepts(.nothing, Self.result) == Self.result.storedAt)
    }

    // MARK: The vendor's outcomes

    private static let good = #""classification":"invoice""#
    private static let replies: [(UpstreamReply, String, String)] = [
        (Sample.completed(good, #""credits_used":2"#), "settled 2, stored", "200 for 2"),
        (Sample.completed(good, #""credits_used":2,"num_pages":2"#), "settled 2, stored, 2 for 2", "200 for 2"),
        (Sample.completed(good, #""credits_used":2,"num_pages":-1"#), "settled 2, stored", "200 for 2"),
        (Sample.completed(#""credits_used":1.5"#, status: "failed"), "settled 1.5", "200 for 1.5"),
        (Sample.completed(status: "exception"), "settled 0", "200 for 0"),
        (
            Sample.completed(#""credits_used":-1"#, status: "failed"),
            "unconfirmed, log upstream_credits_unsound", "200 for ?"
        ),
        (Sample.completed(good), "unconfirmed, log upstream_credits_unsound", "200 for ?"),
        (Sample.completed(good, #""credits_used":"2""#), "unconfirmed, log upstream_credits_unsound", "200 for ?"),
        (Sample.completed(good, #""credits_used":1e99"#), "unconfirmed, log upstream_credits_unsound", "200 for ?"),
        (
            Sample.completed(#""classification":"poem","credits_used":2,"num_pages":2"#),
            "settled 2, 2 for 2, log upstream_result_not_storable", "200 for 2"
        ),
        (
            Sample.completed(good, #""credits_used":2"#, about: "0b13c9f2-5148-4ffb-bb7b-000000000009"),
            "settled 2, log upstream_invalid_response", "upstream_invalid_response for 2"
        ),
        (Sample.reply(200, "nothing"), "unconfirmed, log upstream_invalid_response", "upstream_invalid_response for 0"),
        (Sample.reply(400, "{}"), "released, in memory", "400 for ?"),
        (Sample.reply(404, #"{"credits_used":1}"#), "settled 1, in memory", "404 for 1"),
        (Sample.reply(404, "{}", contentEncoding: "br"), "released", "404 for ?"),
        (Sample.reply(404, #"{"credits_used":"x"}"#), "unconfirmed, in memory", "404 for ?"),
        (Sample.reply(404, "{}", contentType: "Application/JSON ; charset=utf-8"), "released, in memory", "404 for ?"),
        // No answer of the vendor's, or none whose Content-Type a hit would repeat.
        (Sample.reply(404, "<html></html>"), "released", "404 for ?"),
        (Sample.reply(404, "<html></html>", contentType: "application/json"), "released", "404 for ?"),
        (Sample.reply(400, "{}", contentType: "text/html"), "released", "400 for ?"),
        (Sample.reply(400, "{}", contentType: "application/json-seq"), "released", "400 for ?"),
        (Sample.reply(400, "{}", contentType: ""), "released", "400 for ?"),
        (Sample.reply(400, ""), "released", "400 for ?"),
        (Sample.reply(400, "[]"), "released", "400 for ?"),
        (Sample.reply(400, #"{"a":NaN}"#), "released", "400 for ?"),
        (Sample.reply(400, #"{"a":1,"a":2}"#), "released", "400 for ?"),
        (Sample.reply(402, "{}"), "released, log upstream_out_of_credits", "402 for ?"),
        (Sample.reply(402, #"{"credits_used":1}"#), "settled 1, log upstream_out_of_credits", "402 for 1"),
        (Sample.reply(403, "{}"), "released", "403 for ?"),
        (Sample.reply(500, "{}"), "released", "500 for ?"),
        (Sample.reply(500, #"{"credits_used":3}"#), "settled 3", "500 for 3"),
        (Sample.reply(503, #"{"credits_used":null}"#), "released", "503 for ?"),
        // The vendor may have done the work.
        (Sample.reply(202, "{}"), "unconfirmed", "202 for ?"),
        (Sample.reply(204, ""), "unconfirmed", "204 for ?"),
    ]

    @Test("what the vendor answers ends the reservation as docs/faults.md §3 says", arguments: replies.indices)
    func answered(index: Int) {
        let (reply, conclusion, outcome) = Self.replies[index]
        for stale in [nil, Self.result] {
            var course = forwarding(stale: stale)
            let said = course.answered(reply, to: Sample.question(), upstreamKey: Sample.upstreamKey)
            #expect(said.words == conclusion)
            #expect(course.concluded(withheld: nil).words == outcome + (stale == nil ? "" : ", stale"))
        }
    }

    @Test("what an answer that is not passed on says it costs is booked; else the failure says how it ends")
    func unusable() {
        let rows: [(UpstreamReply, UpstreamFailure, String, String)] = [
            (Sample.reply(502, #"{"credits_used":3}"#), Sample.failure(.invalidResponse, .unknown), "settled 3", "3"),
            (Sample.reply(504, #"{"credits_used":0.5}"#), Sample.failure(.timeout, .unknown), "settled 0.5", "0.5"),
            (Sample.reply(301, #"{"credits_used":3}"#), Sample.failure(.invalidResponse, .no), "settled 3", "3"),
            (
                Sample.reply(502, #"{"credits_used":-3}"#), Sample.failure(.invalidResponse, .unknown), "unconfirmed",
                "0"
            ),
            (Sample.reply(504, "<html>"), Sample.failure(.timeout, .unknown), "unconfirmed", "0"),
            (Sample.reply(301, #"{"credits_used":1e99}"#), Sample.failure(.invalidResponse, .no), "released", "0"),
        ]
        for (reply, failure, ending, charged) in rows {
            var course = forwarding(stale: Self.result)
            let code = failure.code.errorCode.rawValue
            #expect(course.answered(reply, unusable: failure).words == "\(ending), log \(code)")
            let outcome = course.concluded(withheld: nil)
            #expect(outcome.words == "\(code) for \(charged), stale")
            guard case .failed(let told, _, _) = outcome else {
                Issue.record("\(outcome.words)")
                continue
            }
            #expect((told.charged == .no) == (ending == "released"))
        }
    }

    @Test("no-store keeps nothing, and neither does an error without negative_ttl")
    func keepsNothing() {
        let rows: [(UpstreamReply, FlightQuestion, String)] = [
            (
                Sample.completed(Self.good, #""credits_used":2"#), Sample.question(mayStore: false),
                "settled 2"
            ),
            (Sample.reply(404, "{}"), Sample.question(mayStore: false), "released"),
            (Sample.reply(404, "{}"), Sample.question(negativeTTL: .zero), "released"),
        ]
        for (reply, question, expected) in rows {
            var course = forwarding()
            #expect(course.answered(reply, to: question, upstreamKey: Sample.upstreamKey).words == expected)
        }
    }

    @Test(
        "a failure is released only if it cost nothing, and a drain's is cut if it may have",
        arguments: [
            UpstreamFailure.Charge.no, .yes, .unknown,
        ]
    )
    func failed(charged: UpstreamFailure.Charge) {
        let ending = charged == .no ? "released" : "unconfirmed"
        for code in UpstreamFailure.Code.allCases {
            var course = forwarding(stale: Self.result)
            let conclusion = course.failed(Sample.failure(code, charged), moveDenial: nil)
            let isSaid = [.unreachable, .invalidResponse, .keyRejected, .timeout].contains(code)
            let note = isSaid ? ", log \(code.errorCode.rawValue)" : ""
            let cut = code == .draining && charged != .no ? ", cut" : ""
            #expect(conclusion.words == ending + cut + note)
            #expect(course.concluded(withheld: nil).words == "\(code.errorCode.rawValue) for 0, stale")
        }
    }

    @Test("without a key, the month that had no room for the call says more; of other failures it says nothing")
    func moveDenied() {
        let denial = Sample.denial(.upstreamKey(Sample.upstreamKey))
        for code in UpstreamFailure.Code.allCases {
            var course = forwarding()
            let conclusion = course.failed(Sample.failure(code, .no), moveDenial: denial)
            #expect(conclusion.ending == .released)
            #expect(
                course.concluded(withheld: nil).words
                    == (code == .noKey ? "denied" : "\(code.errorCode.rawValue) for 0")
            )
        }
    }

    @Test("a call given up costs nothing, and the store's fault is what everyone hears")
    func givenUp() {
        var course = forwarding(stale: Self.result)
        #expect(course.givenUp(Sample.fault).words == "released")
        #expect(course.concluded(withheld: nil).words == "store failed")
    }

    @Test("I5: what is withheld is the store's fault for everyone, whatever the outcome was")
    func withheld() {
        for (reply, _, _) in Self.replies {
            var course = forwarding()
            _ = course.answered(reply, to: Sample.question(), upstreamKey: Sample.upstreamKey)
            #expect(course.concluded(withheld: Sample.fault).words == "store failed")
        }
        var drained = reserving()
        _ = drained.reserved(.admitted(Sample.reservation()), isDraining: true)
        #expect(drained.concluded(withheld: nil).words == "draining")
    }

    // MARK: Impossible events

    @Test("an answer that nobody asked for traps: twice, too early, or after the end")
    func traps() async {
        await #expect(processExitsWith: .failure) {
            var course = FlightCourse()
            _ = course.looked(.failed(FlightSamples.fault), isDraining: false)
        }
        await #expect(processExitsWith: .failure) {
            var course = FlightCourse()
            _ = course.begin(.unwanted, needsPages: false, isDraining: false)
            _ = course.reserved(.admitted(FlightSamples.reservation()), isDraining: false)
            _ = course.reserved(.admitted(FlightSamples.reservation()), isDraining: false)
        }
        await #expect(processExitsWith: .failure) {
            var course = FlightCourse()
            _ = course.begin(.unwanted, needsPages: false, isDraining: false)
            _ = course.reserved(.denied(FlightSamples.denial()), isDraining: false)
            _ = course.givenUp(FlightSamples.fault)
        }
        await #expect(processExitsWith: .failure) {
            var course = FlightCourse()
            _ = course.begin(.unwanted, needsPages: false, isDraining: false)
            _ = course.reserved(.admitted(FlightSamples.reservation()), isDraining: true)
            _ = course.concluded(withheld: nil)
            _ = course.concluded(withheld: nil)
        }
    }
}

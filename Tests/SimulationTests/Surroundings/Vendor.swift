import Budgeting
import HTTPMessages
import UpstreamKeys
import Vocabulary

@testable import Upstream

/// A call as the vendor sees it.
struct VendorCall {
    /// Ascends; the vendor's answers name it.
    let number: Int
    let attempt: Attempt
    let reservation: ReservationID
    let question: Int
    let cacheKey: CacheKey
    let shares: Bool
    /// When its flight began.
    let flightStep: Int
    /// In millionths of credits; nil before the vendor has done the work.
    var charged: Int?
    /// Nobody waits for the answer any more: time is up, or the process is gone.
    var isLost = false
}

/// The vendor and the way of its answers. It charges when it does the work and answers later, with what it charged or
/// with something else, or not at all.
extension World {
    /// The first byte of a call goes out.
    func send(_ attempt: Attempt, with key: UpstreamKeyID) {
        checkSend(attempt, with: key)
        let asker = attempt.leader.asker
        callSteps.append(attempt.leader.flightStep)
        counts.calls += 1
        note("call \(callSteps.count - 1) of asker \(asker.number) goes out with \(key)")
        calls.append(
            VendorCall(
                number: callSteps.count - 1,
                attempt: attempt,
                reservation: attempt.keeper.id,
                question: asker.question,
                cacheKey: asker.cacheKey,
                shares: attempt.leader.shares,
                flightStep: attempt.leader.flightStep
            )
        )
    }

    /// Nobody waits for the answer any more; the vendor may charge for it yet.
    func forget(_ attempt: Attempt) {
        for index in calls.indices where calls[index].attempt === attempt { calls[index].isLost = true }
    }

    /// The vendor goes on with one of its calls. False when it has none.
    func moveVendor(_ choice: Int) -> Bool {
        guard !calls.isEmpty else { return false }
        let index = choice % calls.count
        let action = draw(16)
        guard calls[index].charged == nil else {
            answer(index)
            return true
        }
        switch action {
        case 0..<11: charge(index)
        case 11..<15: refuse(index)
        default: breakOff(index)
        }
        return true
    }

    private func charge(_ index: Int) {
        let question = Places.questions[calls[index].question]
        var price = question.pagePrice * question.pages * 1_000_000
        switch draw(24) {
        case 0, 1: price *= 4
        case 2: price += 250_001
        case 3: price = 0
        case 4 where chance(1, in: 4): price = 100_000_000 * 1_000_000
        default: break
        }
        calls[index].charged = price
        note("the vendor charges \(MicroCredits(micros: Int64(price))) for call \(calls[index].number)")
        counts.charged += 1
        charges[calls[index].reservation, default: 0] += price
        checkCharged(calls[index].reservation)
        if calls[index].isLost {
            counts.chargedInVain += 1
            calls.remove(at: index)
        }
    }

    // MARK: Answers

    /// What the vendor says once it has done the work, and how the reservation must end then.
    private func answer(_ index: Int) {
        let call = calls[index]
        let price = MicroCredits(micros: Int64(call.charged ?? 0))
        let id = Places.questions[call.question].request.documentID
        let pages = Places.questions[call.question].pages
        let start = #"{"n":\#(call.number),"document_id":"\#(id)","num_pages":\#(pages)"#
        let good = start + #","request_status":"completed","classification":"invoice""#
        let settled = ReservationEnding.Outcome.settled(price)
        switch draw(36) {
        case 0: reply(index, 200, good + "}", .unconfirmed)
        case 1: reply(index, 200, good + #","credits_used":-1}"#, .unconfirmed)
        case 2: reply(index, 200, good + #","credits_used":"\#(price)"}"#, .unconfirmed)
        case 3: reply(index, 200, good + #","credits_used":1e99}"#, .unconfirmed)
        case 4: reply(index, 200, good + #","credits_used":null}"#, .unconfirmed)
        case 5: reply(index, 200, good + #","credits_used":\#(price),"credits_used":\#(price)}"#, .unconfirmed)
        case 6: reply(index, 200, start + #","request_status":"failed","credits_used":\#(price)}"#, settled)
        case 7: reply(index, 200, start + #","request_status":"completed","credits_used":\#(price)}"#, settled)
        case 8:
            let other = #"{"document_id":"\#(Places.documents[0])0","request_status":"completed""#
            reply(index, 200, other + #","credits_used":\#(price)}"#, settled)
        case 9: reply(index, 200, "oops", .unconfirmed)
        case 10: reply(index, 502, "{}", .unconfirmed)
        case 11: reply(index, 504, "{}", .unconfirmed)
        case 12: breakOff(index)
        default: reply(index, 200, good + #","credits_used":\#(price)}"#, settled)
        }
    }

    /// What the vendor says when it has not done the work.
    private func refuse(_ index: Int) {
        let error = #"{"n":\#(calls[index].number),"success":false,"error":"no","message":"no"}"#
        switch draw(20) {
        case 0, 1: reply(index, 500, error, .released)
        case 2: reply(index, 503, error, .released)
        case 3, 4: reply(index, 404, error, .released)
        case 5: reply(index, 400, error, .released)
        case 6: reply(index, 402, error, .released)
        case 7, 8: reply(index, 401, error, .released)
        case 9, 10: reply(index, 403, error, .released)
        case 11: reply(index, 403, "forbidden", .released)
        case 12, 13: reply(index, 429, error, .released, "Retry-After: \(draw(40))\r\n")
        case 14: reply(index, 429, error, .released)
        case 15: reply(index, 302, "", .released, "Location: https://elsewhere.test/\r\n")
        case 16: reply(index, 200, #"{"request_status":"failed"}"#, .settled(.zero))
        case 17: reply(index, 502, "", .unconfirmed)
        case 18: breakOff(index)
        default: lose(index)
        }
    }

    /// The vendor never answers.
    private func lose(_ index: Int) {
        note("the vendor has forgotten call \(calls[index].number)")
        calls.remove(at: index)
    }

    /// The connection ends before the reply is whole.
    private func breakOff(_ index: Int) {
        let call = calls.remove(at: index)
        guard !call.isLost else { return }
        note("the connection of call \(call.number) ends")
        counts.broken += 1
        call.attempt.keeper.expected = .unconfirmed
        let code: UpstreamFailure.Code = chance(1, in: 2) ? .unreachable : .invalidResponse
        let failure = UpstreamFailure(code, charged: .unknown, source: .network, "simulated")
        call.attempt.answered(.final(.failure(failure), .failed))
    }

    /// A whole response arrives, and is read and judged by the product.
    private func reply(
        _ index: Int,
        _ status: Int,
        _ body: String,
        _ expected: ReservationEnding.Outcome,
        _ fields: String = ""
    ) {
        let call = calls.remove(at: index)
        guard !call.isLost else { return }
        note("the vendor answers call \(call.number): \(status) \(body)")
        if expected == .unconfirmed { counts.unconfirmed += 1 }
        call.attempt.keeper.expected = expected
        let text = "HTTP/1.1 \(status) X\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
        let reader = ResponseReader(to: .post, bodyBytesMax: 10_000, limitName: "the limit")
        var consumed = 0
        guard reader.read(Array(text.utf8).span, consumed: &consumed) == .complete else {
            preconditionFailure("a response that is none: \(text)")
        }
        let content = ReplyContent(reader, bytesMax: 10_000)
        let verdict = ReplyVerdict.judge(reader, content, now: now.wall)
        let answer = verdict.answer(
            status: reader.status,
            scrub: { $0 },
            UpstreamReply(
                status: reader.status,
                contentType: reader.contentType,
                retryAfter: reader.retryAfter,
                contentEncoding: content.encoding,
                body: content.body,
                duration: .zero,
                queued: .zero
            )
        )
        switch answer {
        case .limited: counts.limited += 1
        case .rejected: counts.rejected += 1
        case .final: break
        }
        call.attempt.answered(answer)
    }
}
